"""One act on many held mails: asked first, with what it touches; those chosen, or all that fit the filters."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from cmdb.web import SignedInRequest
from servicedesk.desk.mail import views
from servicedesk.desk.mail.filters import MailFilter
from servicedesk.intake.mail import deciding, people, refusing
from servicedesk.models import InboundMail, Outcome
from servicedesk.sidelist import side_menu
from servicedesk.views.shared import actor, back_to, staff_only
from servicedesk.workflow import MoveRefused

#: Letting through opens tickets and sends letters: so many at a time.
THROUGH_AT_ONCE = 200
#: Picked rows of one page, and addresses that are refused at a time.
AT_ONCE = 2_000
SHOWN = 10
TOLD = 10
#: act → what its page asks, and its button.
ACTS: dict[str, tuple[str | Promise, str | Promise]] = {
    "aside": (gettext_lazy("Put these mails aside?"), gettext_lazy("Put aside")),
    "refuse": (gettext_lazy("Refuse the senders of these mails?"), gettext_lazy("Refuse the senders")),
    "again": (gettext_lazy("Let these mails through?"), gettext_lazy("Let through")),
}


@staff_only
@require_POST
def bulk(request: SignedInRequest) -> HttpResponse:
    """`pick` names the mails, `all` means all that fit `query`; nothing is done before `sure` was sent."""
    act, target = request.POST.get("act", ""), back_to(request, reverse("desk:mail"))
    rows = chosen(request)
    if act not in ACTS or not rows.exists():
        messages.warning(request, _("Choose mails first."))
        return redirect(target)
    if "sure" not in request.POST:
        return _ask(request, act, rows, target)
    _DO[act](request, rows)
    return redirect(target)


def chosen(request: SignedInRequest) -> QuerySet[InboundMail]:
    """Mails that wait, which the person sees: those picked, or all that fit the filters."""
    waiting = views.visible(request).filter(outcome=Outcome.HELD, decided_at=None)
    if request.POST.get("all"):
        fitting = MailFilter(QueryDict(request.POST.get("query", "")[:2_000]), waiting, request=request)
        rows: QuerySet[InboundMail] = fitting.qs
        return rows
    picked = [int(key) for key in request.POST.getlist("pick") if key.isdecimal() and len(key) < 18]
    return waiting.filter(pk__in=picked[:AT_ONCE])


def _ask(request: SignedInRequest, act: str, rows: QuerySet[InboundMail], target: str) -> HttpResponse:
    query = request.POST.get("query", "")[:2_000]
    everything = views.visible(request).filter(outcome=Outcome.HELD, decided_at=None)
    fitting = MailFilter(QueryDict(query), everything, request=request).qs.count()
    count = rows.count()
    senders = rows.order_by().values("sender").distinct()
    context: dict[str, Any] = {
        "title": ACTS[act][0],
        "button": ACTS[act][1],
        "act": act,
        "count": count,
        "senders": senders.count(),
        "rows": list(rows.order_by("-received_at", "-pk")[:SHOWN]),
        "picked": request.POST.getlist("pick"),
        "everything": bool(request.POST.get("all")),
        "fitting": fitting if fitting > count else 0,
        "query": query,
        "target": target,
        "side_menu": side_menu(request),
    }
    return render(request, "servicedesk/desk/mail/bulk.html", context)


def _aside(request: SignedInRequest, rows: QuerySet[InboundMail]) -> None:
    done = deciding.put_aside(actor(request), rows)
    messages.success(
        request, ngettext("%(n)d mail is put aside.", "%(n)d mails are put aside.", done) % {"n": done}
    )


def _refuse(request: SignedInRequest, rows: QuerySet[InboundMail]) -> None:
    """Each address on its own, for the whole region where the person may, else for the mail's municipality."""
    who, region = actor(request), refusing.may_refuse_for(request.user, None)
    told: list[str] = []
    done = 0
    for row in rows.select_related("organisation").order_by("sender").distinct("sender")[:AT_ONCE]:
        if people.sender_of(row.sender) is not None:
            # A forged mail must not shut out whom it names.
            told.append(_("%(address)s belongs to somebody in the register.") % {"address": row.sender})
            continue
        try:
            refusing.refuse(who, row.sender, organisation=None if region else row.organisation)
            done += 1
        except ValidationError as error:
            told += error.messages
    messages.success(
        request, ngettext("%(n)d sender is refused.", "%(n)d senders are refused.", done) % {"n": done}
    )
    _say(request, told)


def _again(request: SignedInRequest, rows: QuerySet[InboundMail]) -> None:
    who, done = actor(request), 0
    told: list[str] = []
    if rows.count() > THROUGH_AT_ONCE:
        told.append(_("At most %(n)d at a time: the others wait on.") % {"n": THROUGH_AT_ONCE})
    for row in list(rows.order_by("received_at", "pk")[:THROUGH_AT_ONCE]):
        try:
            tried = deciding.try_again(who, row.pk)
        except (MoveRefused, Http404) as error:
            told.append(f"{row}: {getattr(error, 'sentence', error)}")
            continue
        if tried.outcome == Outcome.HELD:
            told.append(f"{row}: {tried.get_reason_display()}")
        else:
            done += 1
    messages.success(
        request, ngettext("%(n)d mail is on a ticket.", "%(n)d mails are on tickets.", done) % {"n": done}
    )
    _say(request, told)


def _say(request: SignedInRequest, told: list[str]) -> None:
    for sentence in told[:TOLD]:
        messages.warning(request, sentence)
    if len(told) > TOLD:
        messages.warning(request, _("And %(n)d more were refused.") % {"n": len(told) - TOLD})


_DO = {"aside": _aside, "refuse": _refuse, "again": _again}
