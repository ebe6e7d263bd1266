"""The demo's changes: some twenty-five a month, most on systems, some on devices whose windows cost planned downtime."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from cmdb.models import Item, Organisation, Service
from monitoring.models import MaintenanceWindow
from servicedesk.demo import texts
from servicedesk.demo.catalogue import SYSTEMS, Catalogue
from servicedesk.demo.network import Network
from servicedesk.demo.outages import Outage
from servicedesk.demo.region import Region
from servicedesk.models import ChangeOutcome, ChangeType

OSLO = ZoneInfo("Europe/Oslo")
A_WEEK = 6
DEVICES = ("rh-sw1", "skole-sw1", "rh-srv1", "rt1", "rh-ap1")


@dataclass
class Work:
    """One change that was carried out: what, when, how it went, and the downtime that it cost."""

    title: str
    item: Item
    service: Service | None
    organisations: tuple[Organisation, ...]
    type: str
    begin: dt.datetime
    planned_end: dt.datetime
    end: dt.datetime
    outcome: str
    probability: int
    consequence: int
    reason: str = "Rettelser og støtte fra leverandøren."
    plan: str = "Sikkerhetskopi, oppdatering, prøve med superbruker, åpne igjen."
    backout: str = "Legg tilbake sikkerhetskopien fra samme kveld."
    outages: list[Outage] = field(default_factory=list)

    @property
    def type_label(self) -> str:
        return str(ChangeType(self.type).label)


def plan(
    region: Region, catalogue: Catalogue, network: Network, start: dt.datetime, now: dt.datetime
) -> list[Work]:
    """Changes of every week between `start` and yesterday, and the maintenance windows of those on devices."""
    works: list[Work] = []
    week = start.astimezone(OSLO).date()
    while week < now.astimezone(OSLO).date() - dt.timedelta(days=8):
        rng = random.Random(f"changes {week:%Y-%m-%d}")
        works += [_work(rng, week, region, catalogue, network) for _each in range(A_WEEK)]
        week += dt.timedelta(days=7)
    _windows([work for work in works if work.outages])
    return works


def _work(rng: random.Random, week: dt.date, region: Region, catalogue: Catalogue, network: Network) -> Work:
    municipality = rng.choice(region.municipalities)
    day = week + dt.timedelta(days=rng.randrange(5))
    begin = dt.datetime.combine(day, dt.time(rng.choice((17, 18, 20, 22))), tzinfo=OSLO).astimezone(dt.UTC)
    end = begin + dt.timedelta(minutes=rng.randrange(20, 110))
    on_device = rng.random() < 0.25
    if on_device:
        name = f"{municipality.slug}-{rng.choice(DEVICES)}"
        item, service = network.items[name], catalogue.services[f"nett-{municipality.slug}"]
    else:
        slug = rng.choice(SYSTEMS)[0]
        name, item, service = "", catalogue.systems[slug, municipality.slug], catalogue.services[slug]
    words = {
        "system": item.software.name if item.software else item.name, "device": item.name,
        "place": municipality.name,
    }  # fmt: skip
    titles = [
        t for t in texts.CHANGES if ("{device}" in t) == on_device and (on_device or "{place}" not in t)
    ]
    return Work(
        title=rng.choice(titles).format(**words), item=item, service=service, organisations=(municipality,),
        type=rng.choices([str(t) for t in ChangeType], (55, 38, 7))[0], begin=begin,
        planned_end=begin + dt.timedelta(hours=2), end=end,
        outcome=rng.choices([str(o) for o in ChangeOutcome], (88, 7, 3, 2))[0],
        probability=rng.randrange(1, 4), consequence=rng.randrange(1, 5),
        outages=[Outage(name, begin + dt.timedelta(minutes=5), end)] if on_device else [],
    )  # fmt: skip


def _windows(works: list[Work]) -> None:
    """The window of a change is maintenance; announced when it was approved, a few days before."""
    rows = [
        MaintenanceWindow(
            organisation=work.item.organisation, title=work.title[:200], source_key=f"past-{number:04d}",
            starts_at=work.begin, ends_at=work.planned_end, announced_at=work.begin - dt.timedelta(days=3),
        )
        for number, work in enumerate(works)
    ]  # fmt: skip
    MaintenanceWindow.objects.bulk_create(rows)
    through = MaintenanceWindow.items.through
    through._default_manager.bulk_create(
        through(maintenancewindow=row, item=work.item) for row, work in zip(rows, works, strict=True)
    )
