"""The answers that a change waits for, and whose they are to give.

The change manager answers for the service; where the risk is high, one member of the commissioning committee answers for
each municipality that the change reaches. A municipality without a member is answered for by the change manager, openly.
In an emergency whoever leads or is on call decides, and documents afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection
from django.utils.translation import gettext as _

from cmdb.models import Role, User
from servicedesk import reach
from servicedesk.access import Who, standing
from servicedesk.models import Approval, Change, ChangeType, Decision, State, Ticket

if TYPE_CHECKING:
    from cmdb.models import Organisation

#: From this risk factor on the commissioning committee decides too (DOMAIN rule 6).
COMMITTEE_RISK = 12
_EMERGENCY = frozenset({Who.CHANGE_MANAGER, Who.LEAD, Who.ON_CALL})

_MEMBERS = """
select m.id, u.id from cmdb_organisation m
  join cmdb_organisation o on o.tree_id = m.tree_id and m.lft between o.lft and o.rght
  join cmdb_membership b on b.organisation_id = o.id and b.role = 'commissioner'
  join cmdb_user u on u.id = b.user_id and u.is_active
 where m.id = any(%s)
"""


def members(municipalities: Iterable[int | None]) -> dict[int, list[User]]:
    """Active members of the committee by municipality, the role held there or above. Two statements at most."""
    keys = [pk for pk in municipalities if pk is not None]
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, [keys])
        pairs = set(cursor.fetchall())
    people = User.objects.select_related("organisation").in_bulk({user for _pk, user in pairs})
    found: dict[int, list[User]] = defaultdict(list)
    for pk, user in sorted(pairs, key=lambda pair: (pair[0], people[pair[1]].sort_name, pair[1])):
        found[pk].append(people[user])
    return dict(found)


def asks_committee(change: Change) -> bool:
    """Whether the municipalities decide too."""
    return change.type == ChangeType.NORMAL and change.risk_factor >= COMMITTEE_RISK


def ask(ticket: Ticket, change: Change) -> list[Approval]:
    """Answers that are missing are waited for from now on; those given or asked for already stay. The new ones."""
    wanted: list[tuple[str, Organisation | None]] = [(Role.CHANGEMANAGER.value, None)]
    if asks_committee(change):
        wanted += [(Role.COMMISSIONER.value, one) for one in reach.reached(ticket)]
    known = set(Approval.objects.filter(ticket=ticket).values_list("role", "organisation_id"))
    new = [
        Approval(ticket=ticket, role=role, organisation=one)
        for role, one in wanted
        if (role, one.pk if one is not None else None) not in known
    ]
    return Approval.objects.bulk_create(new)


def waiting(ticket: Ticket, *, lock: bool = False) -> list[Approval]:
    """Answers still outstanding."""
    rows = Approval.objects.filter(ticket=ticket, decision=Decision.WAITING).select_related("organisation")
    return list((rows.select_for_update(of=("self",)) if lock else rows).order_by("pk"))


def owned(user: User | None, ticket: Ticket, rows: Iterable[Approval]) -> list[Approval]:
    """Those of `rows` that are this person's to give."""
    rows = list(rows)
    if user is None or not rows:
        return []
    who = standing(user, ticket)
    change: Change | None = getattr(ticket, "change", None)
    if change is not None and change.type == ChangeType.EMERGENCY:
        return rows if who & _EMERGENCY else []
    mine = user.access.orgs(Role.COMMISSIONER)
    manages = Who.CHANGE_MANAGER in who
    seats = members(row.organisation_id for row in rows) if manages else {}
    return [
        row
        for row in rows
        if row.organisation_id in mine
        or (manages and (row.role != Role.COMMISSIONER or row.organisation_id not in seats))
    ]


def awaits(user: User, ticket: Ticket) -> bool:
    """Whether an answer of this person is outstanding."""
    return ticket.state == State.APPROVAL and bool(owned(user, ticket, waiting(ticket)))


@dataclass
class Seat:
    """One answer as the page shows it. `people`: who may give it; none: the change manager does."""

    row: Approval
    people: list[User] = field(default_factory=list)

    @property
    def decision(self) -> Decision:
        return Decision(self.row.decision)

    @property
    def is_waiting(self) -> bool:
        return self.decision == Decision.WAITING

    @property
    def names(self) -> str:
        """Those who may give it; one is enough."""
        return str(_(" or ")).join(str(person) for person in self.people)

    @property
    def is_vacant(self) -> bool:
        """A municipality that nobody is a member for."""
        return self.row.organisation_id is not None and not self.people


def seats(ticket: Ticket) -> list[Seat]:
    """All answers of a change, asked for or given: the change manager's first, then by municipality."""
    rows = Approval.objects.filter(ticket=ticket).select_related("decided_by", "organisation")
    found = sorted(
        rows, key=lambda row: (row.organisation is not None, getattr(row.organisation, "sort_name", ""))
    )
    open_ = [row.organisation_id for row in found if row.decision == Decision.WAITING]
    people = members(open_)
    return [Seat(row, people.get(row.organisation_id or 0, [])) for row in found]
