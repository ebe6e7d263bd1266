"""What lies ahead of the demo's now: planned changes, a problem with its workaround, improvements, frozen months."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from servicedesk.actions.approve import approve
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.submit import submit
from servicedesk.actors import Actor
from servicedesk.demo.catalogue import Catalogue
from servicedesk.demo.network import Network
from servicedesk.demo.region import Region
from servicedesk.models import ChangeType, Message
from sla.models import Improvement
from sla.reports.freezing import freeze

OSLO = ZoneInfo("Europe/Oslo")
FROZEN_MONTHS = (3, 2)


def load(region: Region, catalogue: Catalogue, network: Network, now: dt.datetime) -> None:
    """Through the same verbs as everybody uses; the letters that they cause are not sent."""
    technician, manager = Actor.of(region.users["technician"]), Actor.of(region.users["changemanager"])
    for days, hour, title, item, service in (
        (3, 18, "Oppgradering av Agresso", catalogue.systems["agresso", "fjordvik"], "agresso"),
        (
            6,
            20,
            "Bytte av kjernesvitsj Storelv skole",
            network.items["storelv-skole-sw1"],
            "nett-storelv",
        ),
    ):
        day = now.astimezone(OSLO).date() + dt.timedelta(days=days)
        begin = dt.datetime.combine(day, dt.time(hour), tzinfo=OSLO).astimezone(dt.UTC)
        ticket = open_ticket(
            technician, kind="change", title=title, organisation=region.region, item=item,
            service=catalogue.services[service],
            details={
                "type": ChangeType.NORMAL, "reason": "Leverandøren slutter å støtte dagens versjon.",
                "plan": "Sikkerhetskopi, oppgradering, prøve med superbruker.",
                "backout_plan": "Tilbake til sikkerhetskopien.", "probability": 2, "consequence": 3,
                "planned_start": begin, "planned_end": begin + dt.timedelta(hours=2),
            },
        )  # fmt: skip
        approve(manager, submit(technician, ticket))
    _committee(region, catalogue, now)
    open_ticket(
        technician, kind="problem", title="Profil: låste rader etter nattlig kopiering", organisation=region.region,
        item=catalogue.systems["profil", "fjordvik"], service=catalogue.services["profil"],
        details={
            "root_cause": "Kopieringsjobben holder tabellåsen til den er ferdig.",
            "workaround": "Stopp jobben før klokken 06.", "is_known_error": True,
        },
    )  # fmt: skip
    Message.objects.update(sent_at=now)
    _improvements(region, now)
    for back in FROZEN_MONTHS:
        month = _first_of(now, back)
        for organisation in (region.region, *region.municipalities):
            freeze(month, organisation, str(region.users["lead"]))


def _committee(region: Region, catalogue: Catalogue, now: dt.datetime) -> None:
    """A change of high risk that reaches all: one member has said yes, the others are waited for, one seat is vacant."""
    day = now.astimezone(OSLO).date() + dt.timedelta(days=9)
    begin = dt.datetime.combine(day, dt.time(17), tzinfo=OSLO).astimezone(dt.UTC)
    technician = Actor.of(region.users["technician"])
    ticket = open_ticket(
        technician, kind="change", title="Ny versjon av ePhorte i alle kommunene", organisation=region.region,
        service=catalogue.services["ephorte"],
        details={
            "type": ChangeType.NORMAL, "reason": "Leverandøren slutter å støtte dagens versjon.",
            "plan": "Sikkerhetskopi, oppgradering kommune for kommune, prøve med superbrukere.",
            "backout_plan": "Tilbake til sikkerhetskopien.", "probability": 3, "consequence": 4,
            "mitigation": "En prøve i testmiljøet uken før.",
            "planned_start": begin, "planned_end": begin + dt.timedelta(hours=4),
        },
    )  # fmt: skip
    approve(Actor.of(region.users["arne.moe"]), submit(technician, ticket))


def _first_of(now: dt.datetime, months_back: int) -> dt.date:
    local = now.astimezone(OSLO)
    number = local.year * 12 + local.month - 1 - months_back
    return dt.date(number // 12, number % 12 + 1, 1)


def _improvements(region: Region, now: dt.datetime) -> None:
    for title, days, state, before, after in (
        ("Flytt nattlig kopiering av Profil til etter 22", 30, "decided", "3 avbrudd i måneden", ""),
        ("Reservelinje til Nesheim rådhus", 90, "proposed", "2 t 40 min nede i kvartalet", ""),
        ("Felles opplæring av superbrukere", -20, "done", "38 spørsmål i måneden", "21 spørsmål i måneden"),
    ):
        Improvement.objects.create(
            title=title, organisation=region.region, owner=region.users["lead"], state=state,
            due_on=now.date() + dt.timedelta(days=days), measured_before=before, measured_after=after,
        )  # fmt: skip
