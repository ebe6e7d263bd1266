"""The page that leads a superuser through the first day; it is gone when everything is there."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cmdb.common.forms import ScopedForm
from cmdb.web import SignedInRequest
from servicedesk import first_day
from servicedesk.forms.first_day import FORMS
from servicedesk.models import Priority
from sla.models import Measure
from sla.words import KINDS


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: SignedInRequest) -> HttpResponse:
    """Every step with done or missing, and the form of the first that is missing."""
    if not request.user.is_superuser:
        raise Http404
    if request.method == "POST":
        return _make(request)
    done = first_day.done()
    step = _next(done)
    if step is None:
        raise Http404
    return _show(request, done, FORMS[step.key](user=request.user))


def _make(request: SignedInRequest) -> HttpResponse:
    """One step. What is there already stays as it is; what comes later waits for its turn."""
    key, done = request.POST.get("step", ""), first_day.done()
    if key not in FORMS:
        raise Http404
    step = _next(done)
    if key in done or step is None or step.key != key:
        messages.info(
            request, _("That is there already.") if key in done else _("One thing after the other.")
        )
        return redirect("first_day" if step else "start")
    form = FORMS[key](request.POST, user=request.user)
    if not form.is_valid():
        return _show(request, done, form, status=422)
    made = first_day.make(key, form.cleaned_data, request.user)
    over = first_day.is_over()
    if not made:
        messages.info(request, _("That is there already."))
    elif over:
        messages.success(request, _("Everything is there. This is the desk, with an empty queue."))
    else:
        messages.success(request, _("%(step)s: done.") % {"step": step.title})
    return redirect("start" if over else "first_day")


def _next(done: set[str]) -> first_day.Step | None:
    return next((step for step in first_day.STEPS if step.key not in done), None)


def _show(request: SignedInRequest, done: set[str], form: ScopedForm, status: int = 200) -> HttpResponse:
    step = _next(done)
    context: dict[str, Any] = {
        "steps": [(one, one.key in done) for one in first_day.STEPS],
        "step": step,
        "form": form,
        "left": len(first_day.STEPS) - len(done),
    }
    if step is not None and step.key == "agreement":
        context |= {
            "promises": _promises(),
            "goal": first_day.GOAL,
            "calendar": first_day.first_calendar(),
            "priorities": Priority.labels,
        }
    return render(request, "servicedesk/first_day.html", context, status=status)


def _promises() -> list[tuple[Any, Any, list[int]]]:
    """Kind, measure and working seconds by priority, as the agreement will hold them."""
    return [
        (KINDS[kind], Measure(measure).label, list(promised if len(promised) > 1 else promised * 4))
        for kind, measures in first_day.PROMISES.items()
        for measure, promised in measures.items()
    ]
