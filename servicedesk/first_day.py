"""The first day of an installation: what must be there before anybody can work, in the order in which it is made.

A step is done when the database says so, whoever made it and however. Once all are, the page is gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Max, Model, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from cmdb.models import Membership, Organisation, OrganisationKind, Role, Team, User
from servicedesk.models import Kind
from sla import calendars
from sla.models import Agreement, AgreementTarget, Calendar, CalendarVersion, Measure

LOCK = 19_2026  # of the transaction that makes a step: two windows make one region
CALENDAR_YEARS = 5
HOUR = 3600
#: Promises to begin with: kind → measure → working seconds for priorities 1 to 4 (one figure: all of them).
PROMISES: dict[str, dict[Measure, tuple[int, ...]]] = {
    Kind.INCIDENT: {
        Measure.RESPONSE: (HOUR // 2, HOUR, 4 * HOUR, 8 * HOUR),
        Measure.RESOLUTION: (4 * HOUR, 8 * HOUR, 24 * HOUR, 40 * HOUR),
    },
    Kind.REQUEST: {Measure.RESPONSE: (8 * HOUR,), Measure.RESOLUTION: (40 * HOUR,)},
}
GOAL = 0.9
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "Æ": "ae", "Ø": "o", "Å": "a"})


@dataclass(frozen=True)
class Step:
    """One thing to make. `there`: the rows of which one must exist."""

    key: str
    title: str | Promise
    why: str | Promise
    there: Callable[[], Any]


STEPS = (
    Step(
        "region",
        _("The region"),
        _("The IT unit that you all work for. Municipalities, teams and what is shared belong to it."),
        lambda: Organisation.objects.filter(kind=OrganisationKind.REGION, parent=None, is_active=True),
    ),
    Step(
        "municipality",
        _("The first municipality"),
        _("Whose people report, and whose board reads. More of them are added in the register."),
        lambda: Organisation.objects.filter(
            kind=OrganisationKind.MUNICIPALITY, parent__kind=OrganisationKind.REGION, is_active=True
        ),
    ),
    Step(
        "role",
        _("Your own role"),
        _("The account alone opens nothing: what somebody may do follows from roles. You become administrator of the region."),
        lambda: Membership.objects.filter(
            role=Role.ADMIN, organisation__kind=OrganisationKind.REGION, user__is_active=True
        ),
    ),
    Step(
        "team",
        _("A team"),
        _("Tickets wait in the queue of a team. You are its first member."),
        lambda: Team.objects.filter(members__is_active=True, archived_at=None),
    ),
    Step(
        "calendar",
        _("A calendar"),
        _("Clocks run in working hours, and not on Norwegian public holidays."),
        lambda: Calendar.objects.filter(versions__isnull=False, archived_at=None),
    ),
    Step(
        "agreement",
        _("An agreement"),
        _("What the municipality was promised. Without one, tickets have no due time."),
        lambda: Agreement.objects.filter(
            Q(valid_until=None) | Q(valid_until__gt=timezone.localdate()),
            valid_from__lte=timezone.localdate(),
            targets__isnull=False,
        ),
    ),
)  # fmt: skip
BY_KEY = {step.key: step for step in STEPS}


def done() -> set[str]:
    """Keys of the steps that are done, in one statement."""
    query = User.objects.order_by().values(**{f"has_{step.key}": Exists(step.there()) for step in STEPS})
    row = query.first() or {}
    return {step.key for step in STEPS if row.get(f"has_{step.key}")}


def is_over() -> bool:
    """Whether everything is there."""
    return len(done()) == len(STEPS)


def make(key: str, values: dict[str, Any], user: User) -> bool:
    """Make a step's rows; False where somebody was quicker, and nothing is made twice."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        if key in done():
            return False
        _MAKERS[key](values, user)
        return True


def first_region() -> Organisation:
    """The region that the later steps hang on."""
    return BY_KEY["region"].there().order_by("pk")[0]


def first_municipality() -> Organisation:
    """The municipality that the first agreement is with."""
    return BY_KEY["municipality"].there().order_by("pk")[0]


def first_calendar() -> Calendar:
    """The calendar that the first agreement counts in."""
    return BY_KEY["calendar"].there().order_by("pk")[0]


def _make_region(values: dict[str, Any], _user: User) -> None:
    Organisation.objects.create(
        kind=OrganisationKind.REGION, slug=_slug(Organisation, values["name"]), **values
    )


def _make_municipality(values: dict[str, Any], _user: User) -> None:
    Organisation.objects.create(
        kind=OrganisationKind.MUNICIPALITY, parent=first_region(), slug=_slug(Organisation, values["name"]), **values
    )  # fmt: skip


def _make_role(values: dict[str, Any], user: User) -> None:
    region = first_region()
    user.display_name, user.email = values["display_name"], values["email"]
    user.organisation = user.organisation or region
    user.save(update_fields=["display_name", "email", "organisation"])
    Membership.objects.get_or_create(user=user, organisation=region, role=Role.ADMIN)


def _make_team(values: dict[str, Any], user: User) -> None:
    team = Team.objects.create(organisation=first_region(), slug=_slug(Team, values["name"]), **values)
    team.members.add(user)


def _make_calendar(values: dict[str, Any], _user: User) -> None:
    today = timezone.localdate()
    opens, closes = (f"{values[name]:%H:%M}" for name in ("opens", "closes"))
    calendar = Calendar.objects.create(name=values["name"], slug=_slug(Calendar, values["name"]))
    spec = calendars.norwegian_spec(today.year, today.year + CALENDAR_YEARS, opens, closes)
    spec["dates"] = calendars.norwegian_dates(
        today.year,
        today.year + CALENDAR_YEARS,
        half_days=values["half_days"] and opens < "12:00",
        opening=opens,
    )
    begin = dt.datetime(today.year, 1, 1, tzinfo=timezone.get_current_timezone())
    CalendarVersion.objects.create(calendar=calendar, valid_from=begin, spec=spec)


def _make_agreement(values: dict[str, Any], _user: User) -> None:
    municipality = first_municipality()
    latest = municipality.agreements.aggregate(Max("version"))["version__max"] or 0
    agreement = Agreement.objects.create(
        organisation=municipality, calendar=first_calendar(), version=latest + 1,
        valid_from=timezone.localdate().replace(day=1), **values,
    )  # fmt: skip
    AgreementTarget.objects.bulk_create(
        AgreementTarget(
            agreement=agreement, kind=kind, priority=priority, measure=measure, seconds=seconds, goal=GOAL
        )
        for kind, measures in PROMISES.items()
        for measure, promised in measures.items()
        for priority, seconds in (
            enumerate(promised, start=1) if len(promised) > 1 else [(None, promised[0])]
        )
    )


_MAKERS: dict[str, Callable[[dict[str, Any], User], None]] = {
    "region": _make_region,
    "municipality": _make_municipality,
    "role": _make_role,
    "team": _make_team,
    "calendar": _make_calendar,
    "agreement": _make_agreement,
}


def _slug(model: type[Model], name: str) -> str:
    """A short name that is free, from a name in Norwegian."""
    stem = slugify(str(name).translate(_LETTERS))[:50] or "x"
    taken = set(model._default_manager.filter(slug__startswith=stem).values_list("slug", flat=True))
    number, slug = 1, stem
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug
