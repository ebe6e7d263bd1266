"""The demo's item classes, software catalogue, service catalogue, systems, licences and contracts."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from cmdb.models import (
    CIClass,
    Contract,
    Installation,
    Item,
    Licence,
    Organisation,
    Relation,
    Service,
    ServiceComponent,
    Software,
)
from servicedesk.demo.region import Region

CLASSES = (
    # slug, name, parent, family, layer
    ("server", "Server", None, "server", 1),
    ("linux-server", "Linux-server", "server", "server", 1),
    ("windows-server", "Windows-server", "server", "server", 1),
    ("network", "Nettutstyr", None, "network", 1),
    ("router", "Ruter", "network", "network", 1),
    ("switch", "Svitsj", "network", "network", 1),
    ("access-point", "Trådløst aksesspunkt", "network", "network", 1),
    ("client", "Klient", None, "client", 1),
    ("laptop", "Bærbar PC", "client", "client", 1),
    ("desktop", "Stasjonær PC", "client", "client", 1),
    ("printer", "Skriver", None, "printer", 1),
    ("ups", "Avbruddsfri strøm (UPS)", None, "power", 1),
    ("system", "System", None, "system", 2),
    ("business-system", "Fagsystem", "system", "system", 2),
    ("platform", "Felles plattform", "system", "system", 2),
)
ATTRIBUTES: dict[str, list[dict[str, object]]] = {
    "server": [
        {"name": "cores", "label": "Kjerner", "type": "integer"},
        {"name": "memory_gib", "label": "Minne (GiB)", "type": "integer"},
    ],
    "switch": [{"name": "ports", "label": "Porter", "type": "integer"}],
    "client": [{"name": "disk_encrypted", "label": "Kryptert disk", "type": "boolean"}],
    "system": [
        {"name": "hosting", "label": "Drift", "type": "choice", "choices": ["egen", "nabo", "sky"]},
        {"name": "personal_data", "label": "Behandler personopplysninger", "type": "boolean"},
    ],
}
# slug, product, publisher, service group, criticality, on call, hosting, supplier
SYSTEMS = (
    ("profil", "Profil", "Omsorgsoft", "fagsystem", 1, True, "egen", "omsorgsoft"),
    ("agresso", "Agresso", "Kystdata", "fagsystem", 2, False, "nabo", "kystdata"),
    ("visma-hrm", "Visma HRM", "Kystdata", "fagsystem", 2, False, "sky", "kystdata"),
    ("ephorte", "ePhorte", "Kystdata", "fagsystem", 2, False, "egen", "kystdata"),
    ("winmed", "Winmed Helse", "Omsorgsoft", "fagsystem", 1, True, "egen", "omsorgsoft"),
    ("gisline", "GISLINE", "Kystdata", "fagsystem", 3, False, "egen", "kystdata"),
    ("gatsoft", "Gatsoft turnus", "Omsorgsoft", "fagsystem", 2, False, "sky", "omsorgsoft"),
    ("mikromarc", "Mikromarc", "Kystdata", "fagsystem", 4, False, "sky", "kystdata"),
    ("microsoft-365", "Microsoft 365", "Microsoft", "plattform", 2, True, "sky", "nordlys-drift"),
    ("feide", "Feide", "Feide", "plattform", 2, False, "sky", "nordlys-drift"),
    ("telefoni", "Telefoni", "Radiolink", "plattform", 2, True, "sky", "radiolink"),
    ("utskrift", "Utskrift", "Fjellskriver", "plattform", 3, False, "egen", "fjellskriver"),
)
GROUPS = (
    ("brukerstotte", "Brukerstøtte", None),
    ("generell-drift", "Generell drift", None),
    ("nett", "Nett", "generell-drift"),
    ("plattform", "Felles plattformer", "generell-drift"),
    ("fagsystem", "Drift av fagsystemer", None),
    ("sikkerhet", "Sikkerhetsarbeid", None),
    ("innkjop", "Innkjøp og leverandøroppfølging", None),
)
TEAM_OF = {"fagsystem": "fagsystem", "plattform": "drift", "nett": "nettverk"}


@dataclass
class Catalogue:
    """Classes, services and systems by slug; systems also by (slug, municipality slug)."""

    classes: dict[str, CIClass] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    systems: dict[tuple[str, str], Item] = field(default_factory=dict)
    products: dict[str, Software] = field(default_factory=dict)


def load(region: Region, today: dt.date) -> Catalogue:
    """Make everything that is not a device."""
    made = Catalogue()
    _classes(made)
    _services(made, region)
    _systems(made, region, today)
    _contracts(made, region, today)
    return made


def _classes(made: Catalogue) -> None:
    for slug, name, parent, family, layer in CLASSES:
        made.classes[slug] = CIClass.objects.create(
            slug=slug, name=name, family=family, layer=layer, attributes=ATTRIBUTES.get(slug, []),
            parent=made.classes[parent] if parent else None,
        )  # fmt: skip


def _services(made: Catalogue, region: Region) -> None:
    for slug, name, parent in GROUPS:
        made.services[slug] = Service.objects.create(
            slug=slug, name=name, organisation=region.region, parent=made.services[parent] if parent else None,
            team=region.teams["servicedesk"],
        )  # fmt: skip
    leaves = [(row[0], row[1], row[3], row[4], row[5]) for row in SYSTEMS]
    leaves += [(f"nett-{m.slug}", f"Nett {_short(m)}", "nett", 1, True) for m in region.municipalities]
    for slug, name, group, criticality, on_call in leaves:
        service = Service.objects.create(
            slug=slug, name=name, organisation=region.region, parent=made.services[group],
            criticality=criticality, on_call=on_call, team=region.teams[TEAM_OF[group]],
        )  # fmt: skip
        made.services[slug] = service
    for slug, service in made.services.items():
        everybody = region.municipalities
        service.consumers.set([m for m in everybody if not slug.startswith("nett-") or slug.endswith(m.slug)])


def _short(organisation: Organisation) -> str:
    return organisation.name.removesuffix(" kommune")


def _systems(made: Catalogue, region: Region, today: dt.date) -> None:
    """Each municipality's own use of each product; some hosted by a neighbour, as such regions do."""
    rng = random.Random(11)
    for slug, product, publisher, group, criticality, _on_call, hosting, supplier in SYSTEMS:
        made.products[slug] = Software.objects.create(name=product, publisher=publisher, category=group)
        for municipality in region.municipalities:
            short = _short(municipality)
            people = region.reporters[municipality.slug]
            item = Item.objects.create(
                name=f"{product} {short}", organisation=municipality, software=made.products[slug],
                item_class=made.classes["platform" if group == "plattform" else "business-system"],
                criticality=criticality, team=region.teams[TEAM_OF[group]],
                owner=rng.choice(people), manager=rng.choice(people),
                supplier=region.organisations[supplier],
                yearly_cost=rng.randrange(40, 400) * 1000,
                end_of_life=today + dt.timedelta(days=rng.randrange(-90, 2000)) if rng.random() < 0.4 else None,
                attributes={"hosting": hosting, "personal_data": group == "fagsystem"},
            )  # fmt: skip
            made.systems[slug, municipality.slug] = item
            ServiceComponent.objects.create(service=made.services[slug], item=item, organisation=municipality)
    profil = made.systems["profil", "fjordvik"]
    profil.owner, profil.manager = region.users["owner"], region.users["keyuser"]
    profil.save()
    for a, b in (
        ("profil", "winmed"),
        ("visma-hrm", "agresso"),
        ("gatsoft", "visma-hrm"),
        ("ephorte", "gisline"),
    ):
        for municipality in region.municipalities:
            Relation.objects.create(
                source=made.systems[a, municipality.slug], target=made.systems[b, municipality.slug],
                kind="exchanges_with",
            )  # fmt: skip


def _contracts(made: Catalogue, region: Region, today: dt.date) -> None:
    rng = random.Random(12)
    for number, (slug, product, _publisher, _group, _crit, _on_call, hosting, supplier) in enumerate(SYSTEMS):
        begin = today.replace(day=1) - dt.timedelta(days=rng.randrange(200, 900))
        end = begin + dt.timedelta(days=4 * 365)
        contract = Contract.objects.create(
            number=f"AV-{2000 + number}", name=f"{product}, felles avtale",
            kind="operation" if hosting == "sky" else "maintenance",
            organisation=region.region, supplier=region.organisations[supplier],
            starts_on=begin, ends_on=end, notice_on=end - dt.timedelta(days=180),
            yearly_cost=rng.randrange(200, 1500) * 1000,
        )  # fmt: skip
        contract.items.set([item for (system, _m), item in made.systems.items() if system == slug])
        for municipality in region.municipalities:
            bought = max(10, (municipality.inhabitants or 0) * rng.randrange(10, 30) // 1000)
            Licence.objects.create(
                software=made.products[slug], organisation=municipality, contract=contract,
                metric="user", bought=bought, reported_used=int(bought * rng.uniform(0.6, 1.15)),
                used_at=today - dt.timedelta(days=rng.randrange(5, 60)), valid_until=end,
                yearly_cost=bought * 900,
            )  # fmt: skip


def clients(made: Catalogue, region: Region, today: dt.date) -> None:
    """A computer for every reporter, with an office package installed and licensed by device."""
    rng = random.Random(13)
    office = Software.objects.create(name="Kontorpakke klient", publisher="Microsoft", category="kontor")
    rows: list[Item] = []
    for municipality in region.municipalities:
        for number, user in enumerate(region.reporters[municipality.slug], start=1):
            bought = today - dt.timedelta(days=rng.randrange(60, 2000))
            rows.append(
                Item(
                    name=f"{municipality.slug[:2].upper()}-PC{number:04d}",
                    item_class=made.classes["laptop"],
                    family="client",
                    organisation=municipality,
                    user=user,
                    manufacturer=rng.choice(("Lenovo", "Dell", "HP")),
                    model=rng.choice(("14 G4", "15 G3", "13 G6")),
                    serial=f"S{rng.randrange(10**8):08d}",
                    purchased_on=bought,
                    warranty_until=bought + dt.timedelta(days=3 * 365),
                    attributes={"disk_encrypted": rng.random() < 0.95},
                )  # fmt: skip
            )
    saved = Item.objects.bulk_create(rows)
    Installation.objects.bulk_create(
        Installation(item=item, software=office, version="2026.1") for item in saved if rng.random() < 0.9
    )
    for municipality in region.municipalities:
        Licence.objects.create(
            software=office, organisation=municipality, metric="device",
            bought=len(region.reporters[municipality.slug]) - rng.randrange(-3, 5),
        )  # fmt: skip
