"""Doing something with a ticket: every verb is one address; what is refused comes back with the form and its text."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cmdb.common.htmx import wants
from cmdb.web import SignedInRequest
from servicedesk import attachments, workflow
from servicedesk.actions.comment import comment
from servicedesk.actions.note import note
from servicedesk.actions.reply import reply
from servicedesk.actions.step import lock, refuse_stale
from servicedesk.forms.desk import EditForm
from servicedesk.forms.verbs import SPECS, Spec, VerbForm, refuse
from servicedesk.models import Entry, Ticket, Verb
from servicedesk.views.shared import actor, find, only, seen, sees_pages
from servicedesk.views.ticket import here, page, seen_field
from servicedesk.workflow import MoveRefused

EDIT = Spec("edit", Verb.EDIT, gettext_lazy("Save"), "edit", EditForm, gettext_lazy("Saved."), main=True)
WRITING = {"reply": (Verb.REPLY, reply), "note": (Verb.NOTE, note), "comment": (Verb.COMMENT, comment)}


def spec_of(name: str) -> Spec:
    """The verb by its name in the address; 404 for anything else."""
    if name == EDIT.name:
        return EDIT
    if name not in SPECS:
        raise Http404
    return SPECS[name]


@only(sees_pages)
def verb(request: SignedInRequest, reference: str, verb: str) -> HttpResponse:
    """GET: the form on a page of its own. POST: do it, or say in the form (422) why not."""
    row = find(request.user, reference)
    spec = spec_of(verb)
    if request.method not in ("GET", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, POST"})
    form = spec.form(request.POST if request.method == "POST" else None, user=request.user, ticket=row)
    if request.method == "POST":
        # Right and state are asked before the fields: a form that may not be sent needs no text.
        if _goes(request, row, spec, form) and form.is_valid() and do(request, row, spec, form):
            messages.success(request, str(spec.done))
            return redirect("desk:ticket", reference)
        row = find(request.user, reference)
    elif spec.verb not in workflow.available(request.user, row):
        _refuse_page(request, row, spec)
    context = {
        "ticket": row,
        "spec": spec,
        "form": form,
        "seen": seen_field(row),
        "breadcrumbs": here(request, row, str(spec.label)),
    }
    if wants(request) == f"dialog-{spec.name}-in":
        return render(request, "servicedesk/desk/dialog.html", context)
    status = 422 if request.method == "POST" else 200
    return render(request, "servicedesk/desk/verb.html", context, status=status)


#: Stands for every value that a verb needs: here only person and state are asked.
_GIVEN = dict.fromkeys(
    ("body", "reason", "resolution", "plan", "planned_start", "planned_end", "outcome"), "given"
)


def _refuse_page(request: SignedInRequest, row: Ticket, spec: Spec) -> None:
    """403 for the wrong person and the wrong state: a form that can not be sent would be a lie."""
    try:
        workflow.check(request.user, row, spec.verb, _GIVEN)
    except MoveRefused as refused:
        raise PermissionDenied(str(refused.sentence)) from refused


def _goes(request: SignedInRequest, row: Ticket, spec: Spec, form: VerbForm) -> bool:
    """Whether person and state let the verb go; the state's refusal is put onto the form."""
    try:
        workflow.check(request.user, row, spec.verb, _GIVEN)
    except MoveRefused as refused:
        form.is_valid()
        refuse(form, refused)
        return False
    return True


def do(request: SignedInRequest, row: Ticket, spec: Spec, form: VerbForm) -> bool:
    """The action in one transaction with the look at what happened since the page was drawn."""
    try:
        with transaction.atomic():
            _unchanged(request, row)
            form.run(actor(request), row)
            return True
    except (MoveRefused, ValidationError) as error:
        refuse(form, error)
    return False


def _unchanged(request: SignedInRequest, row: Ticket) -> None:
    """A colleague's step since this page was drawn is told before anything is done on top of it."""
    at = seen(request)
    if at is not None and row.touched_at > at:
        held = lock(row.pk)
        if held.touched_at > at:
            refuse_stale(held, at)


@only(sees_pages)
@require_POST
def write(request: SignedInRequest, reference: str) -> HttpResponse:
    """The editor: a reply, an internal note, or (for who does not work on it) a message; with files."""
    row = find(request.user, reference)
    kind = request.POST.get("visibility", "reply")
    if kind not in WRITING:
        raise Http404
    text = request.POST.get("body", "")
    verb, act = WRITING[kind]
    try:
        files = attachments.check(request.FILES.getlist("files"))
        with transaction.atomic():
            if verb == Verb.REPLY:
                _unchanged(request, row)
            act(actor(request), row, body=text)
            _keep_files(row, files, public=verb != Verb.NOTE)
    except MoveRefused as refused:
        return _again(request, reference, str(refused.sentence), text, verb)
    except ValidationError as error:
        return _again(request, reference, " ".join(error.messages), text, verb)
    said = {
        Verb.REPLY: _("Your reply is sent."),
        Verb.NOTE: _("The note is saved."),
        Verb.COMMENT: _("Your message is sent."),
    }
    messages.success(request, said[verb])
    return redirect("desk:ticket", reference)


def _keep_files(row: Ticket, files: list[Any], *, public: bool) -> None:
    if files:
        entry = Entry.objects.filter(ticket=row).order_by("-at", "-pk").first()
        attachments.add(row, files, public=public, entry=entry)


def _again(request: SignedInRequest, reference: str, error: str, text: str, verb: Verb) -> HttpResponse:
    """The page with the text still there, as it is now: a second press goes on top of what was read."""
    return page(request, find(request.user, reference), error=error, text=text, note=verb == Verb.NOTE)
