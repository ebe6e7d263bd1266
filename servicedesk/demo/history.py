"""Thirteen months of the demo's desk: some 15,000 tickets with timelines, clocks and cases, the same each time."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from cmdb.models import Item, Organisation, User
from servicedesk import priority
from servicedesk.demo import texts, upcoming
from servicedesk.demo.catalogue import SYSTEMS, Catalogue
from servicedesk.demo.network import Network
from servicedesk.demo.outages import Outage, draw, write
from servicedesk.demo.planned import Work, plan
from servicedesk.demo.region import Region
from servicedesk.demo.saving import Draft, save
from servicedesk.models import Category, Level, PriorityRule
from sla.worktime import WorkCalendar, due_at

OSLO = ZoneInfo("Europe/Oslo")
HOURS = WorkCalendar.of(
    "Europe/Oslo", {day: [("08:00", "15:45")] for day in ("mon", "tue", "wed", "thu", "fri")}, {}
)
HOUR = 3600
A_MONTH = 1120
SEASON = {
    1: 1.15,
    2: 1.05,
    3: 1.05,
    4: 0.9,
    5: 0.95,
    6: 0.9,
    7: 0.5,
    8: 1.2,
    9: 1.1,
    10: 1.05,
    11: 1.05,
    12: 0.8,
}
FEWER_EACH_MONTH = 0.985
SHARES = {"fjordvik": 0.40, "storelv": 0.30, "lyngmo": 0.18, "nesheim": 0.12}
FAULTS = ("programvare", "leverandor", "nettverk", "utstyr", "tilgang")
FAULT_WEIGHTS = (34, 14, 14, 22, 16)
ORDERS = ("bestilling-tilgang", "bestilling-utstyr", "bestilling-annet")
# Working seconds that are promised, by priority; the draws below scale with them, so that most are kept.
RESPONSE = {1: HOUR // 2, 2: HOUR, 3: 4 * HOUR, 4: 8 * HOUR}
RESOLUTION = {1: 4 * HOUR, 2: 8 * HOUR, 3: 24 * HOUR, 4: 40 * HOUR}


@dataclass
class World:
    """All that a ticket may be about."""

    region: Region
    catalogue: Catalogue
    network: Network
    now: dt.datetime
    categories: dict[str, Category] = field(default_factory=dict)
    clients: dict[int, Item] = field(default_factory=dict)
    matrix: priority.Matrix = field(default_factory=dict)


def load(region: Region, catalogue: Catalogue, network: Network, now: dt.datetime, months: int) -> None:
    """Write the whole past up to `now`."""
    world = World(region, catalogue, network, now)
    for slug, name, kind in texts.CATEGORIES:
        world.categories[slug] = Category.objects.create(slug=slug, name=name, kind=kind)
    world.clients = {item.user_id: item for item in Item.objects.filter(family="client") if item.user_id}
    world.matrix = {(r.impact, r.urgency): r.priority for r in PriorityRule.objects.all()}
    start = _start(now, months)
    outages, works = draw(start, now), plan(region, catalogue, network, start, now)
    write(network, outages, [outage for work in works for outage in work.outages], start, now)
    drafts = [
        *_by_people(world, start),
        *_by_monitoring(world, outages),
        *(_by_plan(world, work) for work in works),
    ]
    save(world.region, sorted(drafts, key=lambda draft: (draft.opened_at, draft.title)), now)
    upcoming.load(region, catalogue, network, now)


def _start(now: dt.datetime, months: int) -> dt.datetime:
    local = now.astimezone(OSLO)
    number = local.year * 12 + local.month - 1 - months
    return dt.datetime(number // 12, number % 12 + 1, 1, tzinfo=OSLO).astimezone(dt.UTC)


def _by_people(world: World, start: dt.datetime) -> Iterator[Draft]:
    """Faults and orders of every working day; each month draws from its own seed, so a month never changes."""
    day = start.astimezone(OSLO).date()
    rng, month = random.Random(), 0
    while day <= world.now.astimezone(OSLO).date():
        if day.day == 1:
            rng.seed(f"tickets {day:%Y-%m}")
            month += 1
        per_day = A_MONTH * SEASON[day.month] * FEWER_EACH_MONTH**month / 21
        count = round(per_day * rng.uniform(0.8, 1.2)) if day.weekday() < 5 else round(per_day * 0.04)
        for _each in range(count):
            opened = dt.datetime.combine(day, _time(rng), tzinfo=OSLO).astimezone(dt.UTC)
            if opened < world.now:
                yield _ticket(world, rng, opened)
        day += dt.timedelta(days=1)


def _time(rng: random.Random) -> dt.time:
    minutes = min(max(int(rng.triangular(7 * 60 + 15, 16 * 60, 9 * 60 + 15)), 0), 23 * 60)
    return dt.time(minutes // 60, minutes % 60, rng.randrange(60))


def _ticket(world: World, rng: random.Random, opened: dt.datetime) -> Draft:
    slug = rng.choices(list(SHARES), list(SHARES.values()))[0]
    reporter = rng.choice(world.region.reporters[slug])
    is_fault = rng.random() < 0.66
    category = rng.choices(FAULTS, FAULT_WEIGHTS)[0] if is_fault else rng.choice(ORDERS)
    municipality = world.region.organisations[slug]
    item, service = _about(world, rng, category, municipality, reporter)
    impact = rng.choices(list(Level), (4, 16, 80))[0]
    urgency = rng.choices(list(Level), (14, 52, 34))[0] if is_fault else Level.MEDIUM
    words = {
        "system": item.software.name if item and item.software else "Kontorpakken",
        "place": _place(municipality),
    }
    draft = Draft(
        kind="incident" if is_fault else "request",
        title=rng.choice(texts.TITLES[category]).format(**words),
        description=rng.choice(texts.DETAILS).format(**words),
        channel=rng.choices(("portal", "email", "phone", "walk_in"), (52, 22, 20, 6))[0],
        organisation=reporter.organisation or municipality,
        category=world.categories[category], item=item, service=service, reporter=reporter,
        impact=int(impact), urgency=int(urgency), priority=int(priority.of(impact, urgency, world.matrix)), opened_at=opened,
        supplier=item.supplier if item and category == "leverandor" else None,
    )  # fmt: skip
    _work(world, rng, draft, reporter)
    return draft


def _about(
    world: World, rng: random.Random, category: str, municipality: Organisation, reporter: User
) -> tuple[Item | None, Any]:
    services = world.catalogue.services
    if category == "nettverk":
        name = rng.choice((f"{municipality.slug}-rh-ap1", f"{municipality.slug}-skole-ap1"))
        return world.network.items[name], services[f"nett-{municipality.slug}"]
    if category == "utstyr" and rng.random() < 0.35:
        return world.network.items[f"{municipality.slug}-rh-prn1"], services["utskrift"]
    if category in ("utstyr", "bestilling-utstyr"):
        return world.clients.get(reporter.pk), services["brukerstotte"]
    weights = [30, 22, 12, 16, 9, 6, 8, 3, 26, 8, 10, 6]
    slug = rng.choices([row[0] for row in SYSTEMS], weights)[0]
    return world.catalogue.systems[slug, municipality.slug], services[slug]


def _place(municipality: Organisation) -> str:
    return municipality.name.removesuffix(" kommune") + " rådhus"


def _work(world: World, rng: random.Random, draft: Draft, reporter: User) -> None:
    """Taken, answered, perhaps waited for, resolved, closed; what lies after now has not happened yet."""
    technician = rng.choice(world.region.technicians)
    draft.assignee, draft.team = technician, _team(world, draft)
    promised = RESPONSE[draft.priority] if draft.kind == "incident" else 8 * HOUR
    first = _after(draft.opened_at, promised * rng.lognormvariate(-1.15, 0.75))
    draft.add(first - dt.timedelta(minutes=rng.randrange(1, 4)), "owned", technician.display_name)
    draft.add(first, "answered", technician.display_name, body=rng.choice(texts.ANSWERS))
    at = first
    waits = rng.random()
    if waits < 0.2:
        reason = "customer" if waits < 0.12 else "supplier"
        at = _after(at, HOUR * rng.uniform(0.2, 2))
        question = rng.choice(texts.QUESTIONS) if reason == "customer" else ""
        draft.add(at, "pause", technician.display_name, detail=reason, body=question)
        at = _after(at, HOUR * rng.uniform(2, 14))
        draft.add(at, "resume", reporter.display_name if reason == "customer" else technician.display_name,
                  body=rng.choice(texts.REPLIES) if reason == "customer" else "")  # fmt: skip
    promised = RESOLUTION[draft.priority] if draft.kind == "incident" else 40 * HOUR
    at = _after(at, promised * rng.lognormvariate(-1.2, 0.8))
    draft.add(at, "resolve", technician.display_name, detail="solved", body=rng.choice(texts.SOLUTIONS))
    if rng.random() < 0.02:
        at = _after(at, HOUR * rng.uniform(1, 8))
        draft.add(at, "reopen", reporter.display_name, body="Det skjer fortsatt.")
        at = _after(at, HOUR * rng.uniform(1, 6))
        draft.add(at, "resolve", technician.display_name, detail="solved", body=rng.choice(texts.SOLUTIONS))
    draft.add(at + dt.timedelta(days=7), "close", "")
    draft.cut(world.now)


def _after(at: dt.datetime, seconds: float) -> dt.datetime:
    due = due_at(HOURS, at, max(60, int(seconds)))
    assert due is not None
    return due


def _team(world: World, draft: Draft) -> Any:
    if draft.service is not None and draft.service.team_id:
        return next(team for team in world.region.teams.values() if team.pk == draft.service.team_id)
    return world.region.teams["servicedesk"]


def _by_monitoring(world: World, outages: list[Outage]) -> Iterator[Draft]:
    """One incident for each outage that the pollers confirmed: it ends when the device answers again."""
    for outage in outages:
        if outage.end - outage.begin < dt.timedelta(minutes=5):
            continue
        rng = random.Random(f"incident {outage.device} {outage.begin:%Y%m%d%H%M}")
        item = world.network.items[outage.device]
        impact = Level.HIGH if item.criticality == 1 else Level.MEDIUM if item.criticality == 2 else Level.LOW
        technician = rng.choice(world.region.technicians)
        slug = item.organisation.slug
        draft = Draft(
            kind="incident", title=f"{outage.device} svarer ikke", description="", channel="monitoring",
            organisation=item.organisation, category=world.categories["nettverk" if "sw" in outage.device or "rt" in
            outage.device or "ap" in outage.device else "utstyr"],
            item=item, service=world.catalogue.services.get(f"nett-{slug}"), reporter=None, impact=int(impact),
            urgency=2, priority=int(priority.of(impact, Level.MEDIUM, world.matrix)), opened_at=outage.begin + dt.timedelta(minutes=1),
            assignee=technician, team=world.region.teams["nettverk"], affected=(item.organisation,),
        )  # fmt: skip
        draft.add(
            draft.opened_at + dt.timedelta(minutes=rng.randrange(2, 20)), "owned", technician.display_name
        )
        draft.add(max(outage.end, draft.opened_at), "resolve", "monitoring", detail="solved",
                  body="Enheten svarer igjen.")  # fmt: skip
        draft.add(outage.end + dt.timedelta(days=7), "close", "")
        draft.cut(world.now)
        yield draft


def _by_plan(world: World, work: Work) -> Draft:
    """A change that was carried out in its window."""
    rng = random.Random(f"change {work.title} {work.begin:%Y%m%d}")
    manager = world.region.users["changemanager"].display_name
    technician = rng.choice(world.region.technicians)
    draft = Draft(
        kind="change", title=work.title, description="", channel="portal", organisation=work.item.organisation,
        category=None, item=work.item, service=work.service, reporter=technician, impact=2, urgency=3, priority=3,
        opened_at=work.begin - dt.timedelta(days=rng.randrange(3, 20)), assignee=technician,
        team=world.region.teams["drift"], work=work, affected=work.organisations,
    )  # fmt: skip
    draft.add(draft.opened_at + dt.timedelta(hours=5), "approved", manager)
    draft.add(work.begin, "start", technician.display_name)
    draft.add(work.end, "resolve", technician.display_name, detail=work.outcome)
    draft.add(work.end + dt.timedelta(days=2), "close", technician.display_name)
    draft.cut(world.now)
    return draft
