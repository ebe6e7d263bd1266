"""Those whose answer a change waits for get one letter each, which says for whom they are asked."""

from __future__ import annotations

from collections import defaultdict

from cmdb.models import Organisation, Role, User
from servicedesk import approvals, notify
from servicedesk.actions.step import Step
from servicedesk.models import Approval, Change


def tell(one: Step, change: Change, asked: list[Approval]) -> None:
    """Letters to the members of the municipalities asked; the change manager also gets those of vacant seats."""
    if not asked:
        return
    seats = approvals.members(row.organisation_id for row in asked)
    managers = [who for who in notify.holders(one.ticket, Role.CHANGEMANAGER) if isinstance(who, User)]
    asks: dict[User, list[Organisation]] = defaultdict(list)
    vacant: list[Organisation] = []
    for row in asked:
        if row.organisation is None:
            asks.update({who: asks[who] for who in managers})
        elif row.organisation_id in seats:
            for who in seats[row.organisation.pk]:
                asks[who].append(row.organisation)
        else:
            vacant.append(row.organisation)
    for who in managers if vacant else ():
        asks[who] = asks[who]
    for who, mine in asks.items():
        one.tell(
            notify.APPROVAL,
            [who],
            change=change,
            municipalities=[one_of.name for one_of in mine],
            vacant=[one_of.name for one_of in vacant] if who in managers else [],
        )
