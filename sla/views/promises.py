"""Agreements, their targets, calendars and declared outages: what is promised, and when it is counted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb.common.crud import CreateView, CrudView, DetailView, EditView, ListView
from cmdb.common.ui import duration, percent
from sla import calendars, publish, words
from sla.forms import DAY_NAMES, HoursForm, written
from sla.models import Agreement, Calendar, Measure
from sla.views.overview import tabs


class TabbedList(ListView):
    """A list among the board's tabs."""

    def page(self, table: Any, filterset: Any) -> dict[str, Any]:
        """With the tabs; which one is current follows from the list's address."""
        found = tabs("")
        path = self.request.path
        shown = [type(tab)(tab.label, tab.url, tab.url == path) for tab in found]
        return super().page(table, filterset) | {"tabs": shown}


class AgreementDetail(DetailView):
    """An agreement with its targets, and what it leaves out."""

    def context(self, obj: Agreement) -> dict[str, Any]:
        targets = list(obj.targets.select_related("calendar"))
        services = list(obj.service_targets.select_related("service", "calendar"))
        writes = self.crud.may_write(self.user, obj)
        return super().context(obj) | {
            "targets": [
                {
                    "pk": t.pk, "kind": words.kind(t.kind), "name": words.promise(t.measure, t.priority),
                    "time": duration(t.seconds, exact=True), "goal": percent(t.goal, 0),
                    "calendar": t.calendar or obj.calendar,
                }
                for t in targets
            ],
            "services": [
                {
                    "pk": t.pk, "service": t.service, "goal": percent(t.availability, 3),
                    "hours": t.calendar or _("around the clock"),
                    "longest": duration(t.longest_outage_seconds, exact=True) if t.longest_outage_seconds else "",
                }
                for t in services
            ],
            "missing": missing(obj),
            "writes": writes,
        }  # fmt: skip


def missing(agreement: Agreement) -> list[str]:
    """Promises that are there for some priorities and not for others, as sentences."""
    found: dict[tuple[str, str], set[int | None]] = {}
    for target in agreement.targets.all():
        found.setdefault((target.kind, target.measure), set()).add(target.priority)
    said = []
    for (kind, measure), priorities in sorted(found.items()):
        left = [step for step in words.PRIORITIES if step not in priorities]
        if left and None not in priorities:
            values = {
                "kind": words.kind(kind), "measure": Measure(measure).label,
                "priorities": ", ".join(words.priority(step) for step in left),
            }  # fmt: skip
            said.append(
                _("%(kind)s, %(measure)s: no target for priority %(priorities)s. Such tickets get no clock.")
                % values
            )
    if not found:
        said.append(_("No targets on tickets: no ticket gets a clock under this agreement."))
    return said


class TargetCreate(CreateView):
    """After saving back to the agreement."""

    def done(self, obj: Any) -> HttpResponse:
        messages.success(self.request, _("%(name)s is saved.") % {"name": str(obj)})
        return HttpResponseRedirect(_agreement_url(self, obj))


class TargetEdit(EditView):
    """After saving back to the agreement."""

    def done(self, obj: Any) -> HttpResponse:
        messages.success(self.request, _("%(name)s is saved.") % {"name": str(obj)})
        return HttpResponseRedirect(_agreement_url(self, obj))


def _agreement_url(_view: CrudView, obj: Any) -> str:
    return reverse("board:agreement_detail", args=[obj.agreement_id])


class CalendarDetail(DetailView):
    """A calendar's hours as they are now, and when they changed."""

    def context(self, obj: Calendar) -> dict[str, Any]:
        spec = calendars.current_spec(obj)
        text = written(spec, f"{timezone.localtime():%Y}") if spec is not None else {}
        return super().context(obj) | {
            "week": [(DAY_NAMES[day], text.get(day) or _("closed")) for day in DAY_NAMES] if spec else [],
            "dates": [line.partition(" ")[::2] for line in text.get("dates", "").splitlines()],
            "zone": text.get("timezone", ""),
            "problem": _problem(spec),
            "versions": obj.versions.order_by("-valid_from")[:20],
            "hours_url": self.crud.url("hours", obj) if self.crud.may_write(self.user, obj) else "",
        }


def _problem(spec: Any) -> str:
    """A sentence where nothing can be counted in these hours."""
    if spec is None:
        return _("This calendar has no hours yet. Clocks that count in it do not start.")
    try:
        work = calendars.parse(spec)
    except ValueError as error:
        return _("These hours can not be read: %(error)s") % {"error": error}
    return (
        "" if work.has_open_hours else _("This calendar is never open: nothing that counts in it falls due.")
    )


class CalendarHours(CrudView):
    """New hours for a calendar, with a preview where they reach into the past."""

    verb = "write"
    template = "hours"

    def calendar(self, key: Any) -> Calendar:
        """The row, 404 if it is not seen, 403 if it is not theirs to change."""
        obj: Calendar = self.find(key)
        if not self.crud.may_write(self.user, obj):
            raise PermissionDenied
        return obj

    def get(self, request: HttpRequest, key: Any) -> HttpResponse:
        """The hours as they are; for a calendar without any, core hours with Norwegian holidays to begin with."""
        obj = self.calendar(key)
        spec = calendars.current_spec(obj) or calendars.norwegian_spec(
            timezone.now().year, timezone.now().year + 1
        )
        return self.show(obj, HoursForm(initial=written(spec, f"{timezone.localtime():%Y}"), user=self.user))

    def post(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Preview, or save."""
        obj = self.calendar(key)
        form = HoursForm(request.POST, user=self.user)
        if not form.is_valid():
            return self.show(obj, form, status=422)
        now, spec, at = timezone.now(), form.cleaned_data["spec"], form.cleaned_data["valid_from"]
        if "preview" in request.POST:
            return self.show(obj, form, said=publish.preview(obj, spec, at, now=now))
        try:
            publish.publish(
                obj, spec, max(at, now) if not form.cleaned_data["past"] else at, now=now, actor=str(self.user),
                past=form.cleaned_data["past"],
            )  # fmt: skip
        except publish.PublishError as error:
            form.add_error(None, str(error))
            return self.show(obj, form, status=422)
        messages.success(request, _("The hours are saved."))
        return HttpResponseRedirect(self.crud.url("detail", obj))

    def show(
        self, obj: Calendar, form: HoursForm, said: publish.Preview | None = None, status: int = 200
    ) -> HttpResponse:
        """The form."""
        title = _("Hours of %(name)s") % {"name": obj}
        context = {
            "form": form, "object": obj, "title": title, "said": said, "cancel_url": self.crud.url("detail", obj),
            "breadcrumbs": self.trail((str(obj), self.crud.url("detail", obj))), "submit_label": _("Save the hours"),
        }  # fmt: skip
        return self.render(context, status)
