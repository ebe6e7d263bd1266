"""The demo's organisations, places, teams and people."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from django.contrib.auth.hashers import make_password

from cmdb.models import Membership, Organisation, Place, Role, Team, User
from servicedesk.demo.names import people, username

PASSWORD = "demo"  # noqa: S105 - the demo's published password; load_demo refuses to run in production
MUNICIPALITIES = (
    # slug, name, organisation number (invented), inhabitants, language
    ("fjordvik", "Fjordvik kommune", "900000001", 19400, "nb"),
    ("storelv", "Storelv kommune", "900000002", 14200, "nb"),
    ("lyngmo", "Lyngmo kommune", "900000003", 8300, "nn"),
    ("nesheim", "Nesheim kommune", "900000004", 5600, "nb"),
)
UNITS = (
    ("radhus", "Rådhuset"),
    ("skole", "Sentrum skole"),
    ("helse", "Helse og omsorg"),
    ("teknisk", "Teknisk drift"),
    ("oppvekst", "Oppvekst"),
    ("kultur", "Kultur og bibliotek"),
)
SUPPLIERS = (
    ("kystdata", "Kystdata AS"),
    ("nordlys-drift", "Nordlys Drift AS"),
    ("omsorgsoft", "Omsorgsoft AS"),
    ("fjellskriver", "Fjellskriver AS"),
    ("radiolink", "Radiolink Nett AS"),
)
TEAMS = (
    ("servicedesk", "Brukerstøtte"),
    ("drift", "Drift"),
    ("nettverk", "Nettverk"),
    ("fagsystem", "Fagsystem"),
)
# username, name, organisation slug, role, team slugs, job title
ACCOUNTS = (
    ("reporter", "Kari Nes", "fjordvik-helse", Role.REPORTER, "", "Sykepleier"),
    ("keyuser", "Mona Eide", "fjordvik-helse", Role.KEYUSER, "", "Superbruker Profil"),
    ("owner", "Hanne Vold", "fjordvik-helse", Role.OWNER, "", "Virksomhetsleder"),
    ("technician", "Ingrid Berg", "fjordregionen", Role.TECHNICIAN, "servicedesk drift", "Tekniker"),
    ("lead", "Sara Haug", "fjordregionen", Role.LEAD, "servicedesk drift nettverk fagsystem", "Teamleder"),
    ("changemanager", "Geir Sandvik", "fjordregionen", Role.CHANGEMANAGER, "drift", "Endringsansvarlig"),
    ("oncall", "Tor Moen", "fjordregionen", Role.ONCALL, "drift nettverk", "Driftstekniker"),
    ("supplier", "Pål Lie", "omsorgsoft", Role.SUPPLIER, "", "Konsulent"),
    ("commissioner", "Turid Strand", "fjordvik-radhus", Role.COMMISSIONER, "", "Digitaliseringsleder"),
    ("board", "Gunnar Sæther", "fjordvik-radhus", Role.BOARD, "", "Kommunedirektør"),
    ("admin", "Randi Opdal", "fjordregionen", Role.ADMIN, "drift", "Daglig leder"),
    ("stranger", "Ole Tveit", "nesheim-skole", Role.REPORTER, "", "Lærer"),
)
# Roles that are held in the whole region although the person sits in one municipality.
REGIONAL = {Role.BOARD: "fjordregionen", Role.COMMISSIONER: "fjordvik"}
#: Members of the commissioning committee beside Fjordvik's: (user name, name, municipality). Nesheim's seat is vacant.
MEMBERS = (("arne.moe", "Arne Moe", "storelv"), ("lise.ness", "Lise Ness", "lyngmo"))
REPORTERS_PER_UNIT = 9
TECHNICIANS = 14


@dataclass
class Region:
    """What was made, by slug, for the steps that follow."""

    region: Organisation
    organisations: dict[str, Organisation] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    reporters: dict[str, list[User]] = field(default_factory=dict)
    technicians: list[User] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def municipalities(self) -> list[Organisation]:
        return [self.organisations[row[0]] for row in MUNICIPALITIES]


@cache
def _password() -> str:
    return make_password(PASSWORD)


def load() -> Region:
    """Make the organisations, places, teams and everybody who signs in."""
    region = Organisation.objects.create(
        name="Fjordregionen IKT", slug="fjordregionen", kind="region", number="900000000",
        email="servicedesk@fjordregionen.example", phone="75 00 00 00",
    )  # fmt: skip
    made = Region(region, {"fjordregionen": region})
    _organisations(made)
    _places(made)
    for slug, name in TEAMS:
        made.teams[slug] = Team.objects.create(
            name=name, slug=slug, organisation=region, email=f"{slug}@fjordregionen.example"
        )
    _accounts(made)
    _members(made)
    _staff(made)
    return made


def _organisations(made: Region) -> None:
    for slug, name, number, inhabitants, language in MUNICIPALITIES:
        municipality = Organisation.objects.create(
            name=name, slug=slug, kind="municipality", parent=made.region, number=number,
            inhabitants=inhabitants, language=language, email=f"post@{slug}.example",
        )  # fmt: skip
        made.organisations[slug] = municipality
        for unit, title in UNITS:
            made.organisations[f"{slug}-{unit}"] = Organisation.objects.create(
                name=f"{title}, {name.removesuffix(' kommune')}", slug=f"{slug}-{unit}", kind="unit",
                parent=municipality, language=language,
            )  # fmt: skip
    for slug, name in SUPPLIERS:
        made.organisations[slug] = Organisation.objects.create(
            name=name, slug=slug, kind="supplier", email=f"support@{slug}.example"
        )
    made.region.refresh_from_db()
    for organisation in made.organisations.values():
        organisation.refresh_from_db()


def _places(made: Region) -> None:
    for slug, name, *_rest in MUNICIPALITIES:
        organisation, short = made.organisations[slug], name.removesuffix(" kommune")
        for key, title, rooms in (
            ("rh", f"{short} rådhus", ("Datarom", "2. etasje")),
            ("skole", f"{short} skole", ("Bygg A",)),
            ("sykehjem", f"{short} sykehjem", ("1. etasje", "Vaktrom")),
        ):
            site = Place.objects.create(name=title, kind="site", organisation=organisation)
            made.places[f"{slug}-{key}"] = site
            for room in rooms:
                Place.objects.create(name=room, kind="room", organisation=organisation, parent=site)
    made.places["region"] = Place.objects.create(
        name="Regionens datasenter", kind="site", organisation=made.region
    )


def _accounts(made: Region) -> None:
    for name, full, slug, role, teams, title in ACCOUNTS:
        user = _person(made, name, full, slug, title)
        user.is_staff = user.is_superuser = role == Role.ADMIN
        user.save()
        holds = made.organisations[REGIONAL.get(role, slug)]
        Membership.objects.create(user=user, organisation=holds, role=role)
        made.users[name] = user
        for team in teams.split():
            made.teams[team].members.add(user)
    made.technicians = [made.users[name] for name in ("technician", "lead", "oncall")]


def _members(made: Region) -> None:
    for login, full, slug in MEMBERS:
        user = _person(made, login, full, f"{slug}-radhus", "Digitaliseringsrådgiver")
        user.save()
        Membership.objects.create(user=user, organisation=made.organisations[slug], role=Role.COMMISSIONER)
        made.users[login] = user


def _staff(made: Region) -> None:
    """Technicians of the region, and people in every unit who report faults."""
    names = people(7)
    for number in range(TECHNICIANS):
        first, last = next(names)
        user = _person(made, username(first, last, number), f"{first} {last}", "fjordregionen", "Tekniker")
        user.save()
        Membership.objects.create(user=user, organisation=made.region, role=Role.TECHNICIAN)
        made.teams[TEAMS[number % len(TEAMS)][0]].members.add(user)
        made.technicians.append(user)
    rows: list[User] = []
    for slug, *_rest in MUNICIPALITIES:
        for unit, _title in UNITS:
            for _each in range(REPORTERS_PER_UNIT):
                first, last = next(names)
                login = username(first, last, 100 + len(rows))
                rows.append(_person(made, login, f"{first} {last}", f"{slug}-{unit}", ""))
    saved = User.objects.bulk_create(rows)
    Membership.objects.bulk_create(
        Membership(user=user, organisation_id=user.organisation_id, role=Role.REPORTER) for user in saved
    )
    for user in saved:
        municipality = user.organisation.slug.split("-")[0] if user.organisation else ""
        made.reporters.setdefault(municipality, []).append(user)
    made.reporters["fjordvik"].append(made.users["reporter"])
    made.reporters["nesheim"].append(made.users["stranger"])


def _person(made: Region, login: str, full: str, slug: str, title: str) -> User:
    first, last = full.split(" ", 1)
    return User(
        username=login, first_name=first, last_name=last, display_name=full, title=title,
        email=f"{login}@{slug.split('-')[0]}.example", organisation=made.organisations[slug],
        language="" if made.organisations[slug].kind == "region" else made.organisations[slug].language,
        password=_password(),
    )  # fmt: skip
