"""One verb on several tickets: each on its own, each refusal told, the others done."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cmdb.web import SignedInRequest
from servicedesk.actions.assign import take
from servicedesk.actors import Actor
from servicedesk.forms.bulk import FORMS, BulkForm
from servicedesk.models import Ticket
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
    """`pick` names the tickets, `verb` what to do (take, assign, prioritise, merge); `take` alone takes one row.

    What needs an answer is asked on a page of its own first (`sure` is not sent yet).
    """
    single = request.POST.get("take", "")
    picked = [single] if single else list(dict.fromkeys(request.POST.getlist("pick")))[:AT_ONCE]
    target = back_to(request, reverse("desk:queue"))
    verb = "take" if single else request.POST.get("verb", "")
    if not picked or (verb != "take" and verb not in FORMS):
        messages.warning(request, _("Choose what to do with them.") if picked else _("Choose tickets first."))
        return redirect(target)
    if verb == "take":
        act: Act = take
    else:
        sure = "sure" in request.POST
        form = FORMS[verb](request.POST if sure else None, user=request.user)
        if not (sure and form.is_valid()):
            return _ask(request, form, verb, picked, target)
        act = form.run
    done, refused = run(request, picked, act)
    if done:
        said = ngettext("%(n)d ticket done.", "%(n)d tickets done.", len(done)) % {"n": len(done)}
        messages.success(request, _("%(reference)s is yours.") % {"reference": done[0]} if single else said)
    for reference, sentence in refused[:TOLD]:
        messages.warning(request, f"{reference}: {sentence}")
    if len(refused) > TOLD:
        messages.warning(request, _("And %(n)d more were refused.") % {"n": len(refused) - TOLD})
    return redirect(target)


def _ask(request: SignedInRequest, form: BulkForm, verb: str, picked: list[str], target: str) -> HttpResponse:
    """The form for all of them."""
    context = {
        "form": form,
        "verb": verb,
        "picked": picked,
        "rows": list(_visible(request, picked)[:TOLD]),
        "target": target,
    }
    return render(request, "servicedesk/desk/bulk.html", context, status=422 if form.is_bound else 200)


def _visible(request: SignedInRequest, references: list[str]) -> QuerySet[Ticket]:
    asked = [reference for reference in references if _REFERENCE.match(reference)]
    return Ticket.objects.visible_to(request.user).filter(reference__in=asked)


def run(request: SignedInRequest, references: list[str], act: Act) -> tuple[list[str], list[tuple[str, str]]]:
    """Do it to each; answers the references that went, and the others with their sentences."""
    found = {ticket.reference: ticket for ticket in _visible(request, references)}
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
