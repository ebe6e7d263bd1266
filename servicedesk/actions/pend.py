"""Put a ticket on hold, with a reason that has an owner (rule C.2.5)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.models import Organisation
from servicedesk import cleaning, notify
from servicedesk.actions.step import step
from servicedesk.actors import Actor
from servicedesk.models import PendReason, Ticket, Verb
from servicedesk.workflow import MoveRefused


def pend(
    actor: Actor,
    ticket: Ticket,
    *,
    reason: PendReason | str,
    body: str = "",
    until: datetime | None = None,
    supplier: Organisation | None = None,
) -> Ticket:
    """Wait for the reporter, a supplier, or a date.

    :param body: the question or explanation; the reporter gets it by mail when it is the reporter who is waited for.
    :param until: when it comes back by itself; needed for a date, a reminder for the others.
    """
    body = cleaning.text(body, cleaning.BODY, "body")
    if reason and reason not in PendReason.values:
        raise MoveRefused(_("Say what it waits for."), field="reason")
    with step(actor, ticket, Verb.PEND, {"reason": reason}) as one:
        if reason == PendReason.DATE and until is None:
            raise MoveRefused(_("Say until when."), field="until")
        if until is not None and until <= timezone.now():
            raise MoveRefused(_("The date lies in the past."), field="until")
        if supplier is not None:
            one.set(supplier=supplier)
        if reason == PendReason.SUPPLIER and one.ticket.supplier_id is None:
            raise MoveRefused(_("Say which supplier."), field="supplier")
        one.set(pend_reason=str(reason), pend_until=until)
        one.pause_reason = str(reason)
        to_reporter = reason == PendReason.CUSTOMER and bool(body)
        one.record(body, public=to_reporter or reason != PendReason.CUSTOMER)
        if to_reporter:
            one.tell(notify.WAITING, notify.askers(one.ticket), text=body)
    return one.ticket
