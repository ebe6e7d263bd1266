"""Fill an empty, migrated database with the workload that the pages are measured on: 100,000 tickets, 2,000 people.

    python -m tests.benchmarks.load WORKLOAD.py        (or SAMDRIFT_WORKLOAD=WORKLOAD.py)

WORKLOAD.py is the generator that the bare Django project measured beside ours was filled from, so that both hold the
same rows: `users()` and `tickets()` as dicts. Without it this says so and leaves. Municipality n has queue n; the first
fifty people are technicians (password "floor"). Open tickets get their clocks, closed ones a case without clocks.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicedesk.project.settings")

PASSWORD = "floor"
BATCH = 5000
SYSTEMS = 60
HOUR = 3600


def workload(argument: str) -> ModuleType | None:
    """The generator, or None with a sentence."""
    path = Path(argument or os.environ.get("SAMDRIFT_WORKLOAD", ""))
    if not path.is_file():
        print("No workload: name the generator's file, or set SAMDRIFT_WORKLOAD. Nothing was loaded.")
        return None
    spec = importlib.util.spec_from_file_location("workload", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def batches(rows: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Lists of `size`."""
    found = iter(rows)
    while block := list(islice(found, size)):
        yield block


class World:
    """Organisations, people, systems and promises that the tickets hang on."""

    def __init__(self, source: ModuleType) -> None:
        self.source = source
        self._organisations()
        self._people()
        self._systems()
        self._promises()

    def _organisations(self) -> None:
        from cmdb.models import Organisation, OrganisationKind, Team

        make = Organisation.objects.create
        self.region = make(name="Region", slug="region", kind=OrganisationKind.REGION)
        names = [f"Org {n}" for n in range(1, self.source.NQ + 1)]
        kind = OrganisationKind.MUNICIPALITY
        self.organisations = [
            make(name=name, slug=name.lower().replace(" ", "-"), kind=kind, parent=self.region)
            for name in names
        ]
        self.teams = [
            Team.objects.create(
                name=f"{one.name} service desk", slug=f"{one.slug}-desk", organisation=self.region
            )
            for one in self.organisations
        ]

    def _people(self) -> None:
        from django.contrib.auth.hashers import make_password

        from cmdb.models import Membership, Role, User

        password = make_password(PASSWORD)
        self.people = User.objects.bulk_create(
            [
                User(
                    username=one["username"],
                    display_name=f"{one['first']} {one['last']}",
                    email=one["email"],
                    organisation=self.organisations[one["org"] - 1],
                    language="en",
                    password=password,
                )
                for one in self.source.users()
            ],
            batch_size=1000,
        )
        staff, others = self.people[: self.source.NSTAFF], self.people[self.source.NSTAFF :]
        Membership.objects.bulk_create(
            [Membership(user=one, organisation=self.region, role=Role.TECHNICIAN) for one in staff]
            + [Membership(user=one, organisation=one.organisation, role=Role.REPORTER) for one in others],
            batch_size=1000,
        )
        self.teams[0].members.add(*staff[:10])

    def _systems(self) -> None:
        from cmdb.models import CIClass, Family, Item, Layer, Service, ServiceComponent

        kind = CIClass.objects.filter(family=Family.SYSTEM).first() or CIClass.objects.create(
            name="System", slug="bench-system", family=Family.SYSTEM, layer=Layer.SYSTEMS
        )
        self.items = []
        for number in range(SYSTEMS):
            where = number % len(self.organisations)
            self.items.append(
                Item.objects.create(
                    name=f"System {number + 1}", item_class=kind, team=self.teams[where],
                    organisation=self.organisations[where],
                )
            )  # fmt: skip
            service = Service.objects.create(
                name=f"Service {number + 1}", slug=f"service-{number + 1}", organisation=self.region
            )
            service.consumers.add(self.organisations[where])
            ServiceComponent.objects.create(service=service, item=self.items[-1])

    def _promises(self) -> None:
        from sla.models import Agreement, AgreementTarget, Calendar, CalendarVersion, Measure

        week = {day: [["08:00", "16:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
        calendar = Calendar.objects.create(name="Core hours", slug="bench-core")
        CalendarVersion.objects.create(
            calendar=calendar,
            valid_from=datetime(2020, 1, 1, tzinfo=UTC),
            spec={"timezone": "Europe/Oslo", "week": week, "dates": {}},
        )
        for one in self.organisations:
            agreement = Agreement.objects.create(
                organisation=one, name=f"SLA {one.name}", valid_from=date(2020, 1, 1), calendar=calendar
            )
            AgreementTarget.objects.bulk_create(
                AgreementTarget(
                    agreement=agreement, kind="incident", priority=None, measure=measure, seconds=seconds
                )
                for measure, seconds in ((Measure.RESPONSE, 4 * HOUR), (Measure.RESOLUTION, 40 * HOUR))
            )


def load(source: ModuleType) -> None:
    """Everything, in the order of its keys."""
    from servicedesk.models import Entry, Kind, ReferenceCounter, Ticket

    world = World(source)
    for block in batches(source.tickets()):
        cases = _cases(world, block)
        tickets = [_ticket(world, one, case) for one, case in zip(block, cases, strict=True)]
        Ticket.objects.bulk_create(tickets, batch_size=1000)
        entries = [
            entry
            for one, ticket in zip(block, tickets, strict=True)
            for entry in _entries(world, one, ticket)
        ]
        Entry.objects.bulk_create(entries, batch_size=2000)
    ReferenceCounter.objects.update_or_create(kind=Kind.INCIDENT, defaults={"last": source.N})


def _reference(one: dict[str, Any]) -> str:
    return f"INC-{one['id']:05d}"


def _cases(world: World, block: list[dict[str, Any]]) -> list[Any]:
    """A case each; clocks for those that are open."""
    from sla.history import History, Step
    from sla.history import load as load_cases
    from sla.models import Case

    still = load_cases(
        History(
            reference=_reference(one), title=one["subject"][:200], kind="incident", channel="portal",
            organisation_id=world.organisations[one["queue"] - 1].pk, priority=min(one["priority"], 4),
            opened_at=one["created"], system_id=world.items[one["id"] % SYSTEMS].pk,
            steps=[Step(at=f["date"], verb="answered", actor="") for f in one["followups"][:1]],
        )
        for one in block
        if one["open"]
    )  # fmt: skip
    by_reference = {case.reference: case for case in still}
    closed = Case.objects.bulk_create(
        [
            Case(
                reference=_reference(one), title=one["subject"][:200], kind="incident", channel="portal",
                organisation=world.organisations[one["queue"] - 1],
                municipality=world.organisations[one["queue"] - 1],
                priority=min(one["priority"], 4), opened_at=one["created"], resolved_at=one["due"],
                closed_at=one["due"],
            )
            for one in block
            if not one["open"]
        ],
        batch_size=1000,
    )  # fmt: skip
    by_reference |= {case.reference: case for case in closed}
    return [by_reference[_reference(one)] for one in block]


def _ticket(world: World, one: dict[str, Any], case: Any) -> Any:
    from servicedesk.models import State, Ticket

    due = one["due"] if one["open"] else None
    return Ticket(
        reference=_reference(one), kind="incident", title=one["subject"][:200], description=one["body"],
        state=State.IN_PROGRESS if one["open"] and one["owner"] else State.NEW if one["open"] else State.CLOSED,
        priority=min(one["priority"], 4), channel="portal",
        organisation=world.organisations[one["queue"] - 1], item=world.items[one["id"] % SYSTEMS],
        team=world.teams[one["queue"] - 1],
        assignee=world.people[one["owner"] - 1] if one["owner"] else None,
        reporter=world.people[one["requester"] - 1], case=case, opened_at=one["created"],
        touched_at=one["followups"][-1]["date"] if one["followups"] else one["created"],
        closed_at=None if one["open"] else one["due"], due_at=due,
        clock_measure="resolution" if due else "", clock_state="missed" if due else "",
        clock_started_at=one["created"] if due else None,
        clock_soon_at=one["created"] + (due - one["created"]) * 3 / 4 if due else None,
    )  # fmt: skip


def _entries(world: World, one: dict[str, Any], ticket: Any) -> Iterator[Any]:
    from servicedesk.models import Entry, Verb

    reporter = world.people[one["requester"] - 1]
    yield Entry(
        ticket=ticket, verb=Verb.OPEN, at=one["created"], actor=reporter, actor_name=reporter.display_name,
        is_public=True, data={"channel": "portal", "priority": ticket.priority},
    )  # fmt: skip
    for answer in one["followups"]:
        who = world.people[answer["user"] - 1]
        yield Entry(
            ticket=ticket, verb=Verb.REPLY, at=answer["date"], actor=who, actor_name=who.display_name,
            is_public=True, body=answer["text"],
        )  # fmt: skip


def main() -> None:
    """Load, then tell the planner what is there."""
    source = workload(sys.argv[1] if len(sys.argv) > 1 else "")
    if source is None:
        return
    import django
    from django.conf import settings

    django.setup()
    from servicedesk.project.embedded import ensure_database

    with nullcontext() if os.environ.get("DATABASE_URL") else ensure_database(settings.VAR):
        fill(source)


def fill(source: ModuleType) -> None:
    """Migrate, load, and tell the planner what is there."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from servicedesk.models import Ticket

    call_command("migrate", verbosity=0)
    if Ticket.objects.exists():
        sys.exit("There are tickets already: the workload wants an empty database.")
    begun = time.perf_counter()
    with transaction.atomic():
        load(source)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    took = timedelta(seconds=round(time.perf_counter() - begun))
    print(f"{Ticket.objects.count()} tickets in {took}")


if __name__ == "__main__":
    main()
