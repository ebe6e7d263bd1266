"""What can be done with one held mail: each a page with its form; the second of two people reads who was first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from cmdb.web import SignedInRequest
from servicedesk.desk.mail import forms, views
from servicedesk.forms.verbs import refuse as refuse_form
from servicedesk.intake.mail import deciding, refusing, registering
from servicedesk.models import InboundMail, Outcome
from servicedesk.views.shared import actor, staff_only
from servicedesk.workflow import MoveRefused


def _page(
    request: SignedInRequest,
    shown: dict[str, Any],
    form: forms.MailForm,
    label: Any,
    icon: str,
    lead: Any = "",
) -> HttpResponse:
    """The form over the mail that it is about."""
    context = shown | {
        "form": form,
        "label": label,
        "icon": icon,
        "lead": lead,
        "breadcrumbs": views.crumbs(shown["row"], str(label)),
    }
    return render(request, "servicedesk/desk/mail/act.html", context, status=422 if form.errors else 200)


def _do(form: forms.MailForm, act: Callable[[], HttpResponse]) -> HttpResponse | None:
    """What the act answers; None with its refusal in the form."""
    try:
        with transaction.atomic():
            return act()
    except (MoveRefused, ValidationError) as error:
        refuse_form(form, error)
    except PermissionDenied as error:
        form.add_error(None, str(error) or _("You may not do that."))
    return None


def _decided(request: SignedInRequest, row: InboundMail) -> HttpResponse | None:
    """Back to the mail with who was first, where somebody was."""
    try:
        deciding.refuse_decided(row)
    except MoveRefused as error:
        messages.warning(request, str(error.sentence))
        return redirect("desk:mail_one", row.pk)
    return None


@staff_only
def open_ticket(request: SignedInRequest, pk: int) -> HttpResponse:
    """Open a ticket for somebody found, somebody new, or a municipality alone."""
    row = views.find(request, pk)
    if (answer := _decided(request, row)) is not None:
        return answer
    shown = views.page(request, row)
    home = row.organisation
    municipality = home.get_ancestors(include_self=True).filter(kind="municipality").first() if home else None
    initial = {
        "title": row.subject[:200],
        "reporter": shown["known"],
        "organisation": municipality.pk if municipality is not None and not shown["known"] else "",
    }
    form = forms.OpenForm(request.POST or None, user=request.user, mail=row, initial=initial)
    if request.method == "POST" and form.is_valid():
        answer = _do(form, lambda: _opened(request, row, form))
        if answer is not None:
            return answer
    return _page(request, shown, form, gettext_lazy("Open a ticket"), "plus")


def _opened(request: SignedInRequest, row: InboundMail, form: forms.OpenForm) -> HttpResponse:
    given, who = form.cleaned_data, actor(request)
    person = given["reporter"]
    if given["name"]:
        person = registering.register(who, name=given["name"], address=row.sender, organisation=form.home)
    ticket = deciding.open_from(
        who, row.pk, title=given["title"], kind=given["kind"], reporter=person, organisation=form.home
    )
    messages.success(request, _("%(reference)s is opened.") % {"reference": ticket.reference})
    return redirect("desk:ticket", ticket.reference)


@staff_only
def attach(request: SignedInRequest, pk: int) -> HttpResponse:
    """Write it to a ticket."""
    row = views.find(request, pk)
    if (answer := _decided(request, row)) is not None:
        return answer
    shown = views.page(request, row)
    initial = {"ticket": shown["meant"], "person": shown["known"]}
    form = forms.AttachForm(request.POST or None, user=request.user, mail=row, initial=initial)
    if request.method == "POST" and form.is_valid():
        answer = _do(form, lambda: _attached(request, row, form))
        if answer is not None:
            return answer
    return _page(request, shown, form, gettext_lazy("Attach to a ticket"), "clip")


def _attached(request: SignedInRequest, row: InboundMail, form: forms.AttachForm) -> HttpResponse:
    given = form.cleaned_data
    ticket = deciding.attach(actor(request), row.pk, ticket=given["ticket"], person=given["person"])
    messages.success(request, _("The mail stands on %(reference)s.") % {"reference": ticket.reference})
    return redirect("desk:ticket", ticket.reference)


@staff_only
def answer(request: SignedInRequest, pk: int) -> HttpResponse:
    """Write to the sender, without a ticket."""
    row = views.find(request, pk)
    if (early := _decided(request, row)) is not None:
        return early
    shown = views.page(request, row)
    to = shown["reply_to"] or row.sender
    subject = row.subject if row.subject.lower().startswith(("re:", "sv:")) else f"Re: {row.subject}"
    form = forms.AnswerForm(
        request.POST or None, user=request.user, mail=row, initial={"subject": subject[:250]}
    )
    if request.method == "POST" and form.is_valid():
        done = _do(form, lambda: _answered(request, row, form))
        if done is not None:
            return done
    lead = _("The letter goes to %(address)s.") % {"address": to}
    return _page(request, shown, form, gettext_lazy("Answer the sender"), "reply", lead)


def _answered(request: SignedInRequest, row: InboundMail, form: forms.AnswerForm) -> HttpResponse:
    letter = deciding.answer(actor(request), row.pk, **form.cleaned_data)
    messages.success(request, _("The answer goes to %(address)s.") % {"address": letter.address})
    return redirect("desk:mail")


@staff_only
def refuse(request: SignedInRequest, pk: int) -> HttpResponse:
    """Refuse this sender from now on."""
    row = views.find(request, pk)
    form = forms.RefuseForm(request.POST or None, user=request.user, mail=row)
    if request.method == "POST" and form.is_valid():
        done = _do(form, lambda: refused(request, form))
        if done is not None:
            return done
    lead = gettext_lazy("Its mail is kept and counted, and asks nobody any more. You can take it back.")
    return _page(
        request, views.page(request, row), form, gettext_lazy("Refuse the sender"), "cancelled", lead
    )


def refused(request: SignedInRequest, form: forms.RefuseForm) -> HttpResponse:
    """Refuse, and say how many mails that settled."""
    given = form.cleaned_data
    row, done = refusing.refuse(
        actor(request), given["address"], organisation=form.organisation, reason=given["reason"]
    )
    said = ngettext("%(n)d waiting mail is settled.", "%(n)d waiting mails are settled.", done) % {"n": done}
    messages.success(request, _("%(address)s is refused.") % {"address": row.address} + " " + said)
    return redirect("desk:mail")


# --- without a question ------------------------------------------------------------------------------------


@staff_only
@require_POST
def now(request: SignedInRequest, pk: int, act: str) -> HttpResponse:
    """Put aside, let through, take back."""
    row = views.find(request, pk)
    try:
        messages.success(request, _NOW[act](request, row))
    except MoveRefused as error:
        messages.warning(request, str(error.sentence))
    return redirect("desk:mail_one", row.pk)


def _aside(request: SignedInRequest, row: InboundMail) -> str:
    if not deciding.put_aside(actor(request), InboundMail.objects.filter(pk=row.pk)):
        deciding.refuse_decided(views.find(request, row.pk))
    return _("The mail is put aside.")


def _again(request: SignedInRequest, row: InboundMail) -> str:
    done = deciding.try_again(actor(request), row.pk)
    if done.outcome == Outcome.HELD:
        raise MoveRefused(_("It is still held: %(reason)s.") % {"reason": done.get_reason_display()})
    return _("It is on %(reference)s.") % {"reference": done.ticket.reference if done.ticket else "–"}


def _back(request: SignedInRequest, row: InboundMail) -> str:
    deciding.take_back(actor(request), row.pk)
    return _("The mail waits again.")


_NOW: dict[str, Callable[[SignedInRequest, InboundMail], str]] = {
    "aside": _aside,
    "again": _again,
    "back": _back,
}
