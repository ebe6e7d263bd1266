"""What belongs to a ticket's page beside the ticket: other tickets and what it touches, each in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast

from cmdb.models import Item
from servicedesk.models import (
    OPEN_STATES,
    Kind,
    LinkKind,
    State,
    Ticket,
    TicketItem,
)

if TYPE_CHECKING:
    from cmdb.models import User

NEAR = 5  # of a person's other tickets, of similar ones
CHILDREN = 30


@dataclass(frozen=True)
class Other:
    """Another ticket in a list beside this one; `note` is the link's word, or a workaround."""

    reference: str
    title: str
    kind: str
    state: State
    priority: int
    due_at: datetime | None
    note: str = ""


@dataclass
class Around:
    """Tickets by why they are shown."""

    parent: list[Other] = field(default_factory=list)
    children: list[Other] = field(default_factory=list)
    linked: list[Other] = field(default_factory=list)
    requester: list[Other] = field(default_factory=list)
    known: list[Other] = field(default_factory=list)
    similar: list[Other] = field(default_factory=list)


_NOTHING = Value("", output_field=CharField())


# What a ticket touches and is linked to: rows that belong to the ticket, so whoever sees it may read them. Names of
# linked tickets are another matter: `tied` asks for those that the person sees.
_SURROUNDINGS = """
select 'service', s.id, s.name, s.criticality, '' from servicedesk_ticketservice x
  join cmdb_service s on s.id = x.service_id where x.ticket_id = %(ticket)s
union all select 'organisation', o.id, o.name, 0, '' from servicedesk_ticketorganisation x
  join cmdb_organisation o on o.id = x.organisation_id where x.ticket_id = %(ticket)s
union all select 'item', i.id, i.name, 0, x.role from servicedesk_ticketitem x
  join cmdb_item i on i.id = x.item_id where x.ticket_id = %(ticket)s
union all select 'out', target_id, '', 0, kind from servicedesk_ticketlink where source_id = %(ticket)s
union all select 'in', source_id, '', 0, kind from servicedesk_ticketlink where target_id = %(ticket)s
"""


@dataclass
class Touched:
    """What a ticket touches, by name; items with their role. `links`: key of another ticket → the link in words."""

    services: list[tuple[int, str]] = field(default_factory=list)
    organisations: list[tuple[int, str]] = field(default_factory=list)
    items: list[tuple[int, str, str]] = field(default_factory=list)
    links: dict[int, str] = field(default_factory=dict)


def touched(ticket: Ticket) -> Touched:
    """Services (most critical first), municipalities, items and links, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SURROUNDINGS, {"ticket": ticket.pk})
        rows = cursor.fetchall()
    found = Touched()
    for what, pk, name, _order, word in sorted(rows, key=lambda row: (row[3], row[2])):
        if what == "item":
            found.items.append((pk, name, word))
        elif what in ("out", "in"):
            words = dict(LinkKind.choices) if what == "out" else _BACK
            found.links[pk] = str(words.get(word, word))
        else:
            (found.services if what == "service" else found.organisations).append((pk, name))
    return found


def tied(user: User, ticket: Ticket, links: Mapping[int, str]) -> Around:
    """Tickets that this person sees and that somebody tied to it: the whole, its parts, linked ones. One statement.

    :param links: of `touched`.
    """
    keys = {*links, *([ticket.parent_id] if ticket.parent_id is not None else [])}
    rows = Ticket.objects.visible_to(user).filter(
        Q(parent=ticket) | Q(pk__in=keys) if keys else Q(parent=ticket)
    )
    found = Around()
    fields = ("pk", "parent_id", "reference", "title", "kind", "state", "priority", "due_at")
    for pk, parent, *rest in rows.order_by("-opened_at").values_list(*fields)[: CHILDREN + len(keys)]:
        reference, title, kind, state, priority, due = rest
        one = Other(reference, title, kind, State(state), priority, due, links.get(pk, ""))
        if pk == ticket.parent_id:
            found.parent.append(one)
        elif parent == ticket.pk:
            found.children.append(one)
        else:
            found.linked.append(one)
    return found


def near(user: User, ticket: Ticket) -> Around:
    """Tickets that this person sees and that may help: the reporter's other open ones, problems with a way around on the
    same item or service, open ones that look the same. One statement; none where nothing is known of it."""
    seen = Ticket.objects.visible_to(user).exclude(pk=ticket.pk).order_by()
    still, nothing = seen.filter(state__in=OPEN_STATES), _NOTHING
    parts: list[Any] = []
    if ticket.reporter_id is not None:
        of_person = still.filter(reporter=ticket.reporter_id).order_by("-opened_at")[:NEAR]
        parts.append(_part("requester", of_person, nothing))
    same = same_thing(ticket)
    if same is not None:
        known = still.filter(same, kind=Kind.PROBLEM).filter(
            Q(problem__is_known_error=True) | ~Q(problem__workaround="")
        )
        parts.append(_part("known", known.order_by("-opened_at")[:NEAR], F("problem__workaround")))
        alike = still.filter(same, kind=ticket.kind).exclude(parent=ticket)
        parts.append(_part("similar", alike.order_by("-opened_at")[:NEAR], nothing))
    if not parts:
        return Around()
    return _sorted(parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0])


def same_thing(ticket: Ticket) -> Q | None:
    """Tickets about the same item, else about the same service; None where neither is known."""
    if ticket.item_id is not None:
        about = Q(item=ticket.item_id)
        return about | Q(item=None, service=ticket.service_id) if ticket.service_id is not None else about
    return Q(service=ticket.service_id) if ticket.service_id is not None else None


def _part(why: str, rows: QuerySet[Any], note: Any) -> Any:
    return rows.values_list(
        Cast(Value(why), CharField()), "reference", "title", "kind", "state", "priority", "due_at",
        Cast(note, CharField()),
    )  # fmt: skip


def _sorted(rows: Any) -> Around:
    found: dict[str, list[Other]] = defaultdict(list)
    for why, reference, title, kind, state, priority, due, note in rows:
        found[why].append(Other(reference, title, kind, State(state), priority, due, note))
    return Around(**found)


def _back() -> dict[str, Any]:
    """A link read from its target."""
    from django.utils.translation import gettext_lazy as _

    return {
        LinkKind.RELATES: LinkKind.RELATES.label,
        LinkKind.DUPLICATES: _("is duplicated by"),
        LinkKind.CAUSED_BY: _("causes"),
        LinkKind.SOLVED_BY: _("solves"),
    }


_BACK = _back()


def items(user: User, ticket: Ticket) -> list[TicketItem]:
    """Items that it is about and that this person may know of: one's own register, what one's supplier house delivers.

    A fault reaches neighbours' items too; their names are not for everybody who sees the ticket. One statement.
    """
    known = Q(item__in=Item.objects.visible_to(user).values("pk"))
    known |= Q(item__supplier__in=user.access.orgs("supplier"), ticket__supplier=F("item__supplier"))
    rows = TicketItem.objects.filter(known, ticket=ticket).order_by("pk")
    return list(rows.select_related("item__item_class", "item__organisation")[:200])
