"""The timeline as a page shows it: what people wrote as cards, every other step as one muted line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmdb.common import ui
from servicedesk.letters import Letter
from servicedesk.models import (
    Attachment,
    Authentication,
    ChangeOutcome,
    Channel,
    Entry,
    LinkKind,
    PendReason,
    Priority,
    State,
    Ticket,
    Verb,
)
from sla.models import Measure

#: Icon of a step that nobody wrote a text to.
_ICONS: Mapping[str, str] = {
    Verb.OPEN: "inbox", Verb.ASSIGN: "person", Verb.PEND: "pause", Verb.RESUME: "play", Verb.RESOLVE: "check",
    Verb.REOPEN: "refresh", Verb.CLOSE: "closed", Verb.CANCEL: "cancelled", Verb.EDIT: "edit",
    Verb.PRIORITISE: "p2", Verb.LINK: "link", Verb.MERGE: "merge", Verb.SUBMIT: "send", Verb.APPROVE: "check",
    Verb.REJECT: "cancelled", Verb.START: "play", Verb.FINISH: "check", Verb.DECLARE_MAJOR: "megaphone",
    Verb.ALERT: "robot", Verb.BREACH: "breach", Verb.SOON: "soon", Verb.NOTE: "lock",
}  # fmt: skip
_FIELDS: Mapping[str, Any] = {
    "title": gettext_lazy("title"), "description": gettext_lazy("description"),
    "category": gettext_lazy("category"), "service": gettext_lazy("service"), "item": gettext_lazy("item"),
    "organisation": gettext_lazy("organisation"), "supplier": gettext_lazy("supplier"),
    "reporter": gettext_lazy("reporter"), "impact": gettext_lazy("impact"), "urgency": gettext_lazy("urgency"),
    "plan": gettext_lazy("how"), "reason": gettext_lazy("why"), "backout_plan": gettext_lazy("way back"),
    "test_plan": gettext_lazy("how it is tested"), "mitigation": gettext_lazy("what lowers the risk"),
    "planned_start": gettext_lazy("window from"), "planned_end": gettext_lazy("window until"),
    "probability": gettext_lazy("probability"), "consequence": gettext_lazy("consequence"),
    "root_cause": gettext_lazy("root cause"), "workaround": gettext_lazy("workaround"),
    "is_known_error": gettext_lazy("known error"), "type": gettext_lazy("type"),
}  # fmt: skip
_LONG = frozenset(
    {"description", "plan", "reason", "backout_plan", "test_plan", "mitigation", "root_cause", "workaround"}
)


@dataclass(frozen=True)
class Line:
    """One step. `card`: "" for a muted line, else "in", "out" or "note" (how the card looks). `origin`: how a mail's sender was known."""

    at: datetime
    actor: str
    words: str
    icon: str
    card: str = ""
    body: str = ""
    unit: str = ""
    origin: str = ""
    files: list[Attachment] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    #: What a mail quotes and lacks, and where its original lies.
    data: Mapping[str, Any] = field(default_factory=dict)


def lines(
    ticket: Ticket,
    entries: Iterable[Entry],
    files: Iterable[Attachment],
    letters: Mapping[int, list[Letter]] = MappingProxyType({}),
) -> list[Line]:
    """All steps, oldest first; files beside the step that brought them, those of the report beside the report.

    :param letters: by entry, for those who work on it.
    """
    by_entry: dict[int | None, list[Attachment]] = defaultdict(list)
    for file in files:
        by_entry[file.entry_id].append(file)
    found: list[Line] = []
    for entry in entries:
        sent = letters.get(entry.pk, [])
        if entry.verb == Verb.OPEN:
            opened = _opened(ticket, entry)
            found.append(Line(entry.at, entry.actor_name, opened, "inbox", letters=sent))
            body = ticket.description or ticket.title
            found.append(_card(entry, ticket, "in", body, by_entry[None] + by_entry[entry.pk]))
        elif entry.body:
            card = _card(entry, ticket, _side(entry, ticket), entry.body, by_entry[entry.pk])
            found.append(replace(card, letters=sent))
        else:
            icon, own = _ICONS.get(entry.verb, "info"), by_entry[entry.pk]
            found.append(Line(entry.at, entry.actor_name, words(entry), icon, files=own, letters=sent))
    return found


def _side(entry: Entry, ticket: Ticket) -> str:
    if not entry.is_public:
        return "note"
    return "in" if entry.verb == Verb.COMMENT or entry.actor_id in (None, ticket.reporter_id) else "out"


def _card(entry: Entry, ticket: Ticket, side: str, body: str, files: list[Attachment]) -> Line:
    home = entry.actor.organisation if entry.actor is not None else None
    who = ticket.reporter.display_name if ticket.reporter is not None else _("the reporter")
    said = "" if side == "in" else words(entry)
    if side == "out" and entry.verb == Verb.REPLY:
        said = _("Reply to %(name)s") % {"name": who}
    elif side == "note" and entry.verb == Verb.NOTE:
        said = _("Internal note")
    unit = home.name if home is not None and side == "in" else ""
    return Line(
        entry.at, entry.actor_name, said, "", side, body, unit, _origin(entry), files, data=entry.data
    )


def _origin(entry: Entry) -> str:
    """How it was known who wrote a mail, and who took it in; for those who work on it."""
    sender = entry.data.get("sender")
    if not isinstance(sender, dict):
        return ""
    if sender.get("form"):
        known = _("by a form on a web page, the name is not checked")
    elif sender.get("authentication") == Authentication.PASS:
        known = _("by mail, sender verified (%(by)s)") % {"by": sender.get("by") or "DMARC"}
    elif sender.get("authentication") == Authentication.UNCHECKED:
        known = _("by mail, sender not checked")
    else:
        known = _("by mail, sender not verified")
    taken = entry.data.get("taken_in_by")
    return known + (", " + _("taken in by %(name)s") % {"name": taken} if taken else "")


def _opened(ticket: Ticket, entry: Entry) -> str:
    channel = dict(Channel.choices).get(entry.data.get("channel"), "")
    step = entry.data.get("priority")
    how = _("reported it (%(channel)s)") % {"channel": channel}
    if step not in Priority.values:
        return how
    return how + " · " + _("priority %(priority)s") % {"priority": Priority(step).label}


def words(entry: Entry) -> str:
    """What a step was, behind the name of whoever did it; plain text."""
    after = entry.data.get("after", {})
    teller = _TELLERS.get(Verb(entry.verb))
    said = teller(entry, after) if teller is not None else ""
    return said or str(entry.get_verb_display())


def _name(value: Any) -> str:
    return str(value.get("name", "")) if isinstance(value, dict) else "" if value is None else str(value)


def _label(choices: Iterable[tuple[Any, Any]], value: Any) -> str:
    return str(dict(choices).get(value, value if value is not None else ui.DASH))


def _assign(entry: Entry, after: Mapping[str, Any]) -> str:
    assignee, team = after.get("assignee"), _name(after.get("team"))
    if isinstance(assignee, dict):
        if entry.actor_id == assignee.get("id"):
            return _("took it")
        return _("gave it to %(name)s") % {"name": _name(assignee)}
    if team:
        return _("gave it to the team %(team)s") % {"team": team}
    return _("gave it back to the team") if "assignee" in after else ""


def _pend(_entry: Entry, after: Mapping[str, Any]) -> str:
    said = _waits(after)
    supplier = _name(after.get("supplier"))
    return f"{said} · " + _("handed over to %(supplier)s") % {"supplier": supplier} if supplier else said


def _waits(after: Mapping[str, Any]) -> str:
    reason = _label(PendReason.choices, after.get("pend_reason"))
    until = after.get("pend_until")
    if until:
        at = ui.moment(datetime.fromisoformat(until))
        return _("put it on hold: %(reason)s, until %(at)s") % {"reason": reason, "at": at}
    return _("put it on hold: %(reason)s") % {"reason": reason}


def _prioritise(entry: Entry, after: Mapping[str, Any]) -> str:
    if "priority" not in after:
        return _("changed impact or urgency; the priority stays")
    before = _label(Priority.choices, entry.data.get("before", {}).get("priority"))
    now = _label(Priority.choices, after["priority"])
    return _("changed the priority from %(before)s to %(now)s") % {"before": before, "now": now}


def _edit(entry: Entry, after: Mapping[str, Any]) -> str:
    said = []
    changed = {name: [entry.data.get("before", {}).get(name), value] for name, value in after.items()}
    for name, (old, new) in (changed | entry.data.get("details", {})).items():
        label = str(_FIELDS.get(name, name))
        if name in _LONG or name not in _FIELDS:
            said.append(label)
        else:
            said.append(f"{label}: {_plain(old)} → {_plain(new)}")
    return _("changed %(fields)s") % {"fields": ", ".join(said)} if said else ""


def _plain(value: Any) -> str:
    if isinstance(value, str) and len(value) > 18 and value[4:5] == "-" and value[10:11] == "T":
        return ui.moment(datetime.fromisoformat(value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _name(value) or ui.DASH


def _link(entry: Entry, _after: Mapping[str, Any]) -> str:
    data = entry.data
    if "target" in data:
        kind = _label(LinkKind.choices, data.get("kind"))
        return _("linked: %(kind)s %(reference)s") % {"kind": kind, "reference": data["target"]}
    asked = _organisations(data.get("asks", ()))
    if asked:
        return _("added %(name)s, which reaches %(whom)s too") % {
            "name": _name(data.get("item")),
            "whom": asked,
        }
    return _("linked %(name)s") % {"name": _name(data.get("item"))}


def _organisations(rows: Iterable[Mapping[str, Any]]) -> str:
    """Municipalities of answers, as `decide.named` wrote them."""
    return ", ".join(_name(row["organisation"]) for row in rows if row["organisation"])


def _merge(entry: Entry, _after: Mapping[str, Any]) -> str:
    if "into" in entry.data:
        return _("merged it into %(reference)s") % {"reference": entry.data["into"]}
    return _("merged %(reference)s into this one") % {"reference": entry.data.get("from", "")}


def _clock(entry: Entry, _after: Mapping[str, Any]) -> str:
    measure = _label(Measure.choices, entry.data.get("measure"))
    if entry.verb == Verb.BREACH:
        return _("target missed: %(measure)s") % {"measure": measure}
    return _("target close: %(measure)s") % {"measure": measure}


def _alert(entry: Entry, _after: Mapping[str, Any]) -> str:
    said = entry.data.get("alert_text") or entry.data.get("alert_kind") or ""
    if entry.data.get("open") is False:
        return _("alert over: %(what)s") % {"what": said}
    return _("alert: %(what)s") % {"what": said}


def _finish(entry: Entry, _after: Mapping[str, Any]) -> str:
    outcome = _label(ChangeOutcome.choices, entry.data.get("outcome"))
    return _("ended the work: %(outcome)s") % {"outcome": outcome}


def _decided(entry: Entry, _after: Mapping[str, Any]) -> str:
    """For which municipalities; the change manager's own answer needs no name."""
    names = _organisations(entry.data.get("answered_for", ()))
    if not names:
        return ""
    said = _("approved for %(names)s") if entry.verb == Verb.APPROVE else _("rejected for %(names)s")
    return said % {"names": names}


def _plain_state(_entry: Entry, after: Mapping[str, Any]) -> str:
    if "state" not in after:
        return ""
    return _("took it up again: %(state)s") % {"state": _label(State.choices, after["state"])}


_TELLERS: Mapping[Verb, Any] = {
    Verb.ASSIGN: _assign, Verb.PEND: _pend, Verb.PRIORITISE: _prioritise, Verb.EDIT: _edit, Verb.LINK: _link,
    Verb.MERGE: _merge, Verb.BREACH: _clock, Verb.SOON: _clock, Verb.ALERT: _alert, Verb.FINISH: _finish,
    Verb.REOPEN: _plain_state, Verb.APPROVE: _decided, Verb.REJECT: _decided,
}  # fmt: skip
