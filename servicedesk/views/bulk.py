"""One verb on several tickets: each on its own, each refusal told, the others done."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cmdb.models import Team, User
from cmdb.web import SignedInRequest
from servicedesk.actions.assign import assign, take
from servicedesk.actions.prioritise import prioritise
from servicedesk.actors import Actor
from servicedesk.models import Priority, Ticket
from servicedesk.views.shared import actor, back_to, desk_only
from servicedesk.workflow import MoveRefused

AT_ONCE = 200
#: Refusals that are told one by one; more would hide the page.
TOLD = 10
_REFERENCE = re.compile(r"[A-Z]{3}-\d{1,12}\Z")

Act = Callable[[Actor, Ticket], Ticket]


@desk_only
@require_POST
def bulk(request: SignedInRequest) -> HttpResponse:
    """`pick` names the tickets, `verb` what to do (take, assign, prioritise); `take` alone takes one row."""
    single = request.POST.get("take", "")
    picked = [single] if single else list(dict.fromkeys(request.POST.getlist("pick")))[:AT_ONCE]
    target = back_to(request, reverse("desk:queue"))
    if not picked:
        messages.warning(request, _("Choose tickets first."))
        return redirect(target)
    try:
        act = take if single else _act(request)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return redirect(target)
    done, refused = run(request, picked, act)
    if done:
        said = ngettext("%(n)d ticket done.", "%(n)d tickets done.", len(done)) % {"n": len(done)}
        messages.success(request, _("%(reference)s is yours.") % {"reference": done[0]} if single else said)
    for reference, sentence in refused[:TOLD]:
        messages.warning(request, f"{reference}: {sentence}")
    if len(refused) > TOLD:
        messages.warning(request, _("And %(n)d more were refused.") % {"n": len(refused) - TOLD})
    return redirect(target)


def run(request: SignedInRequest, references: list[str], act: Act) -> tuple[list[str], list[tuple[str, str]]]:
    """Do it to each; answers the references that went, and the others with their sentences."""
    asked = [reference for reference in references if _REFERENCE.match(reference)]
    visible = Ticket.objects.visible_to(request.user).filter(reference__in=asked)
    found = {ticket.reference: ticket for ticket in visible}
    done, refused = [], []
    who = actor(request)
    for reference in references:
        if reference not in found:
            refused.append((reference, _("There is no such ticket, or you may not see it.")))
            continue
        try:
            act(who, found[reference])
        except MoveRefused as error:
            refused.append((reference, str(error.sentence)))
        except PermissionDenied as error:
            refused.append((reference, str(error) or _("You may not do that.")))
        except ValidationError as error:
            refused.append((reference, " ".join(error.messages)))
        else:
            done.append(reference)
    return done, refused


def _act(request: SignedInRequest) -> Act:
    """The verb with what was chosen for it; ValidationError where something is missing or not to be had."""
    acts: dict[str, Callable[[SignedInRequest], Act]] = {
        "take": lambda _request: take,
        "assign": _assign,
        "prioritise": _prioritise,
    }
    make = acts.get(request.POST.get("verb", ""))
    if make is None:
        raise ValidationError(_("Choose what to do with them."))
    return make(request)


def _chosen(rows: Any, value: str) -> Any:
    """A row that the person may choose, or None where nothing was chosen."""
    if not value:
        return None
    row = rows.filter(pk=int(value)).first() if value.isdecimal() and len(value) < 18 else None
    if row is None:
        raise ValidationError(_("This is none of the choices."))
    return row


def _assign(request: SignedInRequest) -> Act:
    team = _chosen(Team.objects.visible_to(request.user), request.POST.get("team", ""))
    person = _chosen(
        User.objects.visible_to(request.user).filter(is_active=True), request.POST.get("assignee", "")
    )
    if team is None and person is None:
        raise ValidationError(_("Choose a team or a person."))
    return lambda who, ticket: assign(who, ticket, team=team, assignee=person)


def _prioritise(request: SignedInRequest) -> Act:
    value = request.POST.get("priority", "")
    if value not in {str(step) for step in Priority.values}:
        raise ValidationError(_("Choose a priority."))
    reason = request.POST.get("reason", "")
    return lambda who, ticket: prioritise(who, ticket, priority_=int(value), reason=reason)
