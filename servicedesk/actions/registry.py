"""The verbs by name, for callers that have a name: the API. Pages call the functions themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from servicedesk.actions.approve import approve
from servicedesk.actions.assign import assign, take
from servicedesk.actions.cancel import cancel
from servicedesk.actions.close import close
from servicedesk.actions.comment import comment
from servicedesk.actions.declare_major import declare_major
from servicedesk.actions.edit import edit
from servicedesk.actions.finish import finish
from servicedesk.actions.link import link
from servicedesk.actions.merge import merge
from servicedesk.actions.note import note
from servicedesk.actions.pend import pend
from servicedesk.actions.prioritise import prioritise
from servicedesk.actions.reject import reject
from servicedesk.actions.reopen import reopen
from servicedesk.actions.reply import reply
from servicedesk.actions.resolve import resolve
from servicedesk.actions.resume import resume
from servicedesk.actions.start import start
from servicedesk.actions.submit import submit
from servicedesk.models import Ticket

#: name → function(actor, ticket, **values) -> Ticket
VERBS: Mapping[str, Callable[..., Ticket]] = {
    "assign": assign,
    "take": take,
    "reply": reply,
    "comment": comment,
    "note": note,
    "pend": pend,
    "resume": resume,
    "resolve": resolve,
    "reopen": reopen,
    "close": close,
    "cancel": cancel,
    "edit": edit,
    "prioritise": prioritise,
    "link": link,
    "merge": merge,
    "submit": submit,
    "approve": approve,
    "reject": reject,
    "start": start,
    "finish": finish,
    "declare_major": declare_major,
}


def perform(name: str, actor: Any, ticket: Ticket, values: Mapping[str, Any]) -> Ticket:
    """Do it; KeyError for a name that is no verb."""
    return VERBS[name](actor, ticket, **values)
