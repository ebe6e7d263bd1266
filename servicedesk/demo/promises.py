"""The demo's calendars and agreements: one agreement for each municipality, common content, small differences."""

from __future__ import annotations

import datetime as dt

from cmdb.models import Organisation
from servicedesk.demo.catalogue import Catalogue
from servicedesk.demo.region import Region
from sla.models import Agreement, AgreementTarget, Calendar, CalendarVersion, ServiceTarget

HOUR = 3600
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
# kind, priority, measure, working seconds, share that must hold
TARGETS = (
    ("incident", 1, "response", HOUR // 2, 0.95),
    ("incident", 2, "response", HOUR, 0.9),
    ("incident", 3, "response", 4 * HOUR, 0.9),
    ("incident", 4, "response", 8 * HOUR, 0.85),
    ("incident", 1, "resolution", 4 * HOUR, 0.9),
    ("incident", 2, "resolution", 8 * HOUR, 0.9),
    ("incident", 3, "resolution", 24 * HOUR, 0.85),
    ("incident", 4, "resolution", 40 * HOUR, 0.85),
    ("request", None, "response", 8 * HOUR, 0.85),
    ("request", None, "resolution", 40 * HOUR, 0.9),
)
# The smaller municipalities bought slower ordinary work; nobody bought slower critical work.
SLOWER = {"lyngmo": 1.5, "nesheim": 1.5}
SERVICE_GOALS = {1: 0.998, 2: 0.995, 3: 0.99, 4: 0.98}


def load(region: Region, catalogue: Catalogue, first_month: dt.date) -> dict[str, Agreement]:
    """Calendars and the agreements in force from the January before the history begins, by municipality slug."""
    core = _calendar("kjernetid", "Kjernetid", "08:00", "15:45", first_month)
    long = _calendar("utvidet", "Utvidet tid", "07:00", "18:00", first_month)
    return {
        municipality.slug: _agreement(municipality, core, long, catalogue, first_month)
        for municipality in region.municipalities
    }


def _calendar(slug: str, name: str, opens: str, closes: str, first_month: dt.date) -> Calendar:
    from sla.calendars import norwegian_dates

    calendar = Calendar.objects.create(slug=slug, name=name)
    CalendarVersion.objects.create(
        calendar=calendar,
        valid_from=dt.datetime(first_month.year - 1, 1, 1, tzinfo=dt.UTC),
        spec={
            "timezone": "Europe/Oslo",
            "week": {day: [[opens, closes]] for day in WEEKDAYS},
            "dates": norwegian_dates(first_month.year - 1, first_month.year + 4, opening=opens),
        },
    )
    return calendar


def _agreement(
    municipality: Organisation, core: Calendar, long: Calendar, catalogue: Catalogue, first_month: dt.date
) -> Agreement:
    agreement = Agreement.objects.create(
        organisation=municipality, name=f"Tjenestenivåavtale {municipality.name}",
        valid_from=dt.date(first_month.year, 1, 1), calendar=core,
        pauses_for_supplier=municipality.slug == "storelv",
        # Real agreements ask for days of notice; here a change that is tried out now shall be seen as planned work.
        notice_hours=0,
    )  # fmt: skip
    slower = SLOWER.get(municipality.slug, 1)
    AgreementTarget.objects.bulk_create(
        AgreementTarget(
            agreement=agreement, kind=kind, priority=priority, measure=measure, goal=goal,
            seconds=int(seconds * (slower if (priority or 3) > 2 else 1)),
            calendar=long if priority == 1 else None,
        )
        for kind, priority, measure, seconds, goal in TARGETS
    )  # fmt: skip
    ServiceTarget.objects.bulk_create(
        ServiceTarget(
            agreement=agreement, service=service, availability=SERVICE_GOALS[service.criticality],
            calendar=long if service.criticality > 1 else None, longest_outage_seconds=8 * HOUR,
        )
        for slug, service in catalogue.services.items()
        if service.is_leaf_node() and (not slug.startswith("nett-") or slug == f"nett-{municipality.slug}")
        and slug not in ("brukerstotte", "sikkerhet", "innkjop")
    )  # fmt: skip
    return agreement
