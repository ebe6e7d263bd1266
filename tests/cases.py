"""The small region that every test starts from: three people (own, colleague, stranger), those who work, some items.

    class TestQueue(RegionCase):
        def test_the_stranger_gets_404(self) -> None:
            client = self.client_of("stranger")

`own` reported things, `colleague` sits in the same unit and holds no role in them, `stranger` belongs to another
municipality. Everybody's password is "demo". Rows are made with plain constructors, once per class; a test that
needs more makes it itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import models
from django.test import Client, TestCase

from cmdb.models import (
    CIClass,
    Family,
    Item,
    Layer,
    Membership,
    Organisation,
    OrganisationKind,
    Place,
    Relation,
    RelationKind,
    Role,
    Service,
    ServiceComponent,
    Team,
    User,
)
from monitoring.models import Target
from servicedesk.models import Category, Kind
from sla.models import Agreement, AgreementTarget, Calendar, CalendarVersion, Measure

PASSWORD = "demo"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CORE_HOURS = {
    "timezone": "Europe/Oslo",
    "week": {day: [["08:00", "16:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "dates": {"2026-12-25": []},
}
HOUR = 3600
#: measure → working seconds for priorities 1 to 4
PROMISED = {
    Measure.RESPONSE: (HOUR // 2, HOUR, 4 * HOUR, 8 * HOUR),
    Measure.RESOLUTION: (4 * HOUR, 8 * HOUR, 24 * HOUR, 80 * HOUR),
}


@dataclass
class Region:
    """What `build` made. Organisations: `region` over `here` (with `unit`) and `there`; `supplier` beside them.

    Things hang like this: `system` runs on `server`, `server` and `printer` connect through `switch`;
    `mail` (used by both municipalities) rests on `system`, `payroll` (only `here`) on `server`.
    `system_there` is the neighbour's own, without any tie to the rest.
    """

    region: Organisation = field(init=False)
    here: Organisation = field(init=False)
    unit: Organisation = field(init=False)
    there: Organisation = field(init=False)
    supplier: Organisation = field(init=False)
    # the three people
    own: User = field(init=False)
    colleague: User = field(init=False)
    stranger: User = field(init=False)
    # those with a role; by the demo's account names
    keyuser: User = field(init=False)
    owner: User = field(init=False)
    technician: User = field(init=False)
    lead: User = field(init=False)
    changemanager: User = field(init=False)
    oncall: User = field(init=False)
    supplier_person: User = field(init=False)
    commissioner: User = field(init=False)
    board: User = field(init=False)
    admin: User = field(init=False)
    desk: Team = field(init=False)
    operations: Team = field(init=False)
    site: Place = field(init=False)
    switch: Item = field(init=False)
    server: Item = field(init=False)
    printer: Item = field(init=False)
    system: Item = field(init=False)
    system_there: Item = field(init=False)
    mail: Service = field(init=False)
    payroll: Service = field(init=False)
    switch_target: Target = field(init=False)
    server_target: Target = field(init=False)
    calendar: Calendar = field(init=False)
    agreement: Agreement = field(init=False)
    fault: Category = field(init=False)


#: account → (home, role, where the role holds); names are attributes of Region
PEOPLE = {
    "own": ("unit", Role.REPORTER, "here", "Kari Eng"),
    "colleague": ("unit", Role.REPORTER, "here", "Ola Bakke"),
    "stranger": ("there", Role.REPORTER, "there", "Siri Strand"),
    "keyuser": ("unit", Role.KEYUSER, "here", "Nils Haug"),
    "owner": ("here", Role.OWNER, "here", "Anne Lie"),
    "technician": ("region", Role.TECHNICIAN, "region", "Per Dahl"),
    "lead": ("region", Role.LEAD, "region", "Liv Moen"),
    "changemanager": ("region", Role.CHANGEMANAGER, "region", "Tor Berg"),
    "oncall": ("region", Role.ONCALL, "region", "Ida Vik"),
    "supplier_person": ("supplier", Role.SUPPLIER, "supplier", "Leif Rud"),
    "commissioner": ("here", Role.COMMISSIONER, "here", "Berit Aas"),
    "board": ("here", Role.BOARD, "region", "Geir Nes"),
    "admin": ("region", Role.ADMIN, "region", "Unni Sol"),
}


def build() -> Region:
    """Make the region in the database and return it; call it inside a test's transaction."""
    r = Region()
    _organisations(r)
    _people(r)
    _register(r)
    _services(r)
    _promises(r)
    r.fault = Category.objects.create(name="Fault", slug="fault", kind=Kind.INCIDENT)
    # Trees renumber their rows when a neighbour is added: what we hold must say what the database says.
    for entry in fields(Region):
        made: models.Model = getattr(r, entry.name)
        made.refresh_from_db()
    return r


def _organisations(r: Region) -> None:
    make = Organisation.objects.create
    kinds = OrganisationKind
    r.region = make(name="Elvedal IKT", slug="elvedal", kind=kinds.REGION)
    r.here = make(name="Granli kommune", slug="granli", kind=kinds.MUNICIPALITY, parent=r.region)
    r.unit = make(name="Granli skole", slug="granli-skole", kind=kinds.UNIT, parent=r.here)
    r.there = make(
        name="Vassøy kommune", slug="vassoy", kind=kinds.MUNICIPALITY, parent=r.region, language="nn"
    )
    r.supplier = make(name="Fagsystem AS", slug="fagsystem", kind=kinds.SUPPLIER)


def _people(r: Region) -> None:
    password = make_password(PASSWORD)
    for account, (home, role, where, name) in PEOPLE.items():
        user = User(
            username="supplier" if account == "supplier_person" else account,
            display_name=name,
            email=f"{account}@example.no",
            organisation=getattr(r, home),
            language="en",
            password=password,
        )
        user.is_staff = user.is_superuser = account == "admin"
        user.save()
        Membership.objects.create(user=user, role=role, organisation=getattr(r, where))
        setattr(r, account, user)
    r.desk = Team.objects.create(
        name="Service desk", slug="desk", organisation=r.region, email="desk@example.no"
    )
    r.operations = Team.objects.create(name="Operations", slug="operations", organisation=r.region)
    r.desk.members.add(r.technician, r.lead)
    r.operations.members.add(r.oncall, r.technician)


def _register(r: Region) -> None:
    r.site = Place.objects.create(name="Granli", organisation=r.here)
    classes = {
        family: CIClass.objects.create(
            name=str(label),
            slug=family,
            family=family,
            layer=Layer.SYSTEMS if family == Family.SYSTEM else Layer.INFRASTRUCTURE,
        )
        for family, label in Family.choices
    }

    def item(name: str, family: Family, organisation: Organisation, **more: Any) -> Item:
        return Item.objects.create(
            name=name, item_class=classes[family], organisation=organisation, team=r.operations, **more
        )

    r.switch = item("sw-granli-1", Family.NETWORK, r.here, place=r.site)
    r.server = item("srv-granli-1", Family.SERVER, r.here, place=r.site)
    r.printer = item("prn-granli-1", Family.PRINTER, r.here, place=r.site)
    r.system = item("Profil", Family.SYSTEM, r.here, owner=r.owner, supplier=r.supplier)
    r.system_there = item("Komtek", Family.SYSTEM, r.there)
    for source, kind, target in (
        (r.system, RelationKind.RUNS_ON, r.server),
        (r.server, RelationKind.CONNECTS_TO, r.switch),
        (r.printer, RelationKind.CONNECTS_TO, r.switch),
    ):
        Relation.objects.create(source=source, kind=kind, target=target)
    r.switch_target = _target("sw-granli-1", r.switch, "127.0.8.1")
    r.server_target = _target("srv-granli-1", r.server, "127.0.8.2", parent=r.switch_target)


def _target(name: str, item: Item, address: str, parent: Target | None = None) -> Target:
    return Target.objects.create(
        name=name, organisation=item.organisation, item=item, address=address, parent=parent, interval=10
    )


def _services(r: Region) -> None:
    r.mail = Service.objects.create(name="E-mail", slug="mail", organisation=r.region, team=r.operations)
    r.mail.consumers.add(r.here, r.there)
    r.payroll = Service.objects.create(name="Payroll", slug="payroll", organisation=r.region, team=r.desk)
    r.payroll.consumers.add(r.here)
    ServiceComponent.objects.create(service=r.mail, item=r.system)
    ServiceComponent.objects.create(service=r.payroll, item=r.server)


def _promises(r: Region) -> None:
    """One agreement for each municipality, the same targets; weekdays 08 to 16 in Oslo."""
    r.calendar = Calendar.objects.create(name="Core hours", slug="core")
    CalendarVersion.objects.create(calendar=r.calendar, valid_from=LONG_AGO, spec=CORE_HOURS)
    for organisation in (r.there, r.here):
        agreement = Agreement.objects.create(
            organisation=organisation,
            name=f"SLA {organisation.name}",
            valid_from=date(2020, 1, 1),
            calendar=r.calendar,
        )
        AgreementTarget.objects.bulk_create(
            AgreementTarget(
                agreement=agreement, kind=kind, priority=priority, measure=measure, seconds=seconds, goal=0.9
            )
            for kind in (Kind.INCIDENT, Kind.REQUEST)
            for measure, promised in PROMISED.items()
            for priority, seconds in enumerate(promised, start=1)
        )
        r.agreement = agreement


class RegionCase(TestCase):
    """A test class with `self.r`, the region; made once per class, rolled back after each test."""

    r: Region

    @classmethod
    def setUpTestData(cls) -> None:
        cls.r = build()

    def client_of(self, account: str, **headers: str) -> Client:
        """A browser in which this person (an attribute of Region) is signed in."""
        client = Client(headers=headers or None)
        client.force_login(getattr(self.r, account), backend="django.contrib.auth.backends.ModelBackend")
        return client

    def fresh(self, account: str) -> User:
        """The person read anew: roles are kept on the object, so a test that changes them needs another one."""
        return User.objects.get(pk=getattr(self.r, account).pk)
