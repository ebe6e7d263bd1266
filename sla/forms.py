"""Forms of the board's pages."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.common.forms import ScopedForm, ScopedModelForm
from cmdb.models import Organisation, Service
from sla import calendars
from sla.models import (
    Agreement,
    AgreementTarget,
    Calendar,
    DeclaredOutage,
    Improvement,
    Measure,
    ServiceTarget,
)
from sla.reports.scope import REPORTED_KINDS
from sla.strict import SpecError
from sla.words import KINDS
from sla.worktime import WEEKDAYS, CalendarError

DAY_NAMES = dict(
    zip(
        WEEKDAYS,
        (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")),
        strict=True,
    )
)
ZONES = ("Europe/Oslo", "UTC")
_SPAN = re.compile(r"(\d{1,2})[:.](\d{2})\s*[-–]\s*(\d{1,2})[:.](\d{2})")


class CorrectForm(ScopedForm):
    """Why figures of a frozen month changed."""

    reason = forms.CharField(label=_("Why the figures changed"), max_length=300)


class ImprovementForm(ScopedModelForm):
    """An entry of the improvement register."""

    class Meta:
        model = Improvement
        fields = (
            "title", "organisation", "description", "state", "owner", "due_on", "measured_before", "measured_after",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _only(self, "organisation", Organisation.objects.filter(kind__in=REPORTED_KINDS))


def _only(form: ScopedModelForm, name: str, rows: Any) -> None:
    """Narrow a choice further than to what the person may see."""
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
        field.queryset = field.queryset.filter(pk__in=rows.values("pk"))


class DeclaredOutageForm(ScopedModelForm):
    """An outage that no poller saw."""

    class Meta:
        model = DeclaredOutage
        fields = ("service", "organisation", "starts_at", "ends_at", "degraded", "reason")

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        begin, end = values.get("starts_at"), values.get("ends_at")
        if begin and begin > timezone.now():
            self.add_error(
                "starts_at", _("An outage is declared when it has begun; work ahead is planned as a change.")
            )
        if begin and end and end <= begin:
            self.add_error("ends_at", _("It must end after it begins."))
        return values

    def save(self, commit: bool = True) -> Any:
        if not self.instance.declared_by:
            self.instance.declared_by = str(self.user)[:150]
        return super().save(commit)


class AgreementForm(ScopedModelForm):
    """One version of a municipality's agreement; versions never overlap (Agreement.clean)."""

    class Meta:
        model = Agreement
        fields = (
            "organisation", "name", "version", "valid_from", "valid_until", "calendar", "reopen_days",
            "pauses_for_supplier", "notice_hours", "minimum_coverage",
        )  # fmt: skip


class AgreementTargetForm(ScopedModelForm):
    """A promise on tickets, its time in hours of the calendar."""

    hours = forms.DecimalField(label=_("Working hours"), min_value=0, decimal_places=2, max_digits=8)
    kind = forms.ChoiceField(label=_("Kind of ticket"), choices=list(KINDS.items()))
    priority = forms.TypedChoiceField(
        label=_("Priority"), required=False, coerce=int, empty_value=None,
        choices=[("", _("all")), (1, _("critical")), (2, _("high")), (3, _("normal")), (4, _("low"))],
    )  # fmt: skip
    field_order = ("agreement", "kind", "priority", "measure", "hours", "goal", "calendar")

    class Meta:
        model = AgreementTarget
        fields = ("agreement", "kind", "priority", "measure", "goal", "calendar")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["hours"].initial = round(self.instance.seconds / 3600, 2)

    def clean_hours(self) -> int:
        """Whole working seconds."""
        seconds = round(self.cleaned_data["hours"] * 3600)
        if seconds < 1:
            raise forms.ValidationError(_("A promise takes some time."))
        return seconds

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if "hours" in values:
            self.instance.seconds = values["hours"]
        supplier = getattr(values.get("agreement"), "organisation", None)
        if values.get("measure") == Measure.SUPPLIER and supplier is not None and supplier.kind != "supplier":
            self.add_error("measure", _("A supplier's time belongs to an agreement with a supplier."))
        return values


class ServiceTargetForm(ScopedModelForm):
    """A promise on a service, in per cent as people say it."""

    percent = forms.DecimalField(
        label=_("Availability promised (per cent)"),
        min_value=0,
        max_value=100,
        decimal_places=4,
        max_digits=7,
    )
    longest = forms.DecimalField(
        label=_("Longest single outage (hours)"), min_value=0, decimal_places=2, max_digits=8, required=False
    )
    field_order = ("agreement", "service", "percent", "calendar", "longest")

    class Meta:
        model = ServiceTarget
        fields = ("agreement", "service", "calendar")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _only(self, "service", Service.objects.filter(is_active=True))
        if self.instance.pk:
            self.fields["percent"].initial = round(self.instance.availability * 100, 4)
            longest = self.instance.longest_outage_seconds
            self.fields["longest"].initial = None if longest is None else round(longest / 3600, 2)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("percent") is not None:
            self.instance.availability = float(values["percent"] / 100)
        longest = values.get("longest")
        self.instance.longest_outage_seconds = None if longest is None else round(longest * 3600)
        return values


class CalendarForm(ScopedModelForm):
    """A calendar's name; its hours are changed on their own page."""

    class Meta:
        model = Calendar
        fields = ("name", "slug", "organisation")


class HoursForm(ScopedForm):
    """The hours of a calendar from an instant on, as people write them: "08:00-12:00, 13:00-16:00", a date a line."""

    timezone = forms.ChoiceField(label=_("Time zone"), choices=[(z, z) for z in ZONES])
    mon, tue, wed, thu, fri, sat, sun = (forms.CharField(label=DAY_NAMES[d], required=False, max_length=200) for d in WEEKDAYS)  # fmt: skip
    dates = forms.CharField(
        label=_("Other hours on dates"),
        required=False,
        widget=forms.Textarea,
        help_text=_("One date a line: 2026-12-24 08:00-12:00, or only the date when it is closed."),
    )
    valid_from = forms.DateTimeField(
        label=_("From"),
        required=False,
        help_text=_("Empty: from now on. What is over keeps the hours it was counted by."),
    )
    past = forms.BooleanField(
        label=_("These hours reach into the past: count again what they change"), required=False
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return values
        week = {day: self._spans(day, values.get(day) or "") for day in WEEKDAYS}
        dates = dict(self._date(line) for line in (values.get("dates") or "").splitlines() if line.strip())
        spec = {
            "timezone": values["timezone"],
            "week": {day: spans for day, spans in week.items() if spans},
            "dates": {day: spans for day, spans in dates.items() if day},
        }
        if not self.errors:
            try:
                calendars.parse(spec)
            except (SpecError, CalendarError) as error:
                raise forms.ValidationError(str(error)) from error
        values["spec"] = spec
        values["valid_from"] = values.get("valid_from") or timezone.now()
        return values

    def _spans(self, name: str, text: str) -> list[list[str]]:
        """ "8.00-16.00, 17:00-19:00" as pairs of "HH:MM"; anything else is an error of that field."""
        spans = []
        for part in filter(None, (p.strip() for p in text.split(","))):
            found = _SPAN.fullmatch(part)
            if not found:
                self.add_error(name, _("Write hours as 08:00-16:00, several with a comma between them."))
                return []
            h1, m1, h2, m2 = found.groups()
            spans.append([f"{int(h1):02}:{m1}", f"{int(h2):02}:{m2}"])
        return spans

    def _date(self, line: str) -> tuple[str, list[list[str]]]:
        day, _space, rest = line.strip().partition(" ")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            self.add_error("dates", _("Begin each line with a date as 2026-12-24."))
            return "", []
        return day, self._spans("dates", rest)


def written(spec: Any, since: str = "") -> dict[str, str]:
    """Hours as the form writes them; dates before `since` (ISO) are over and left out."""
    if not isinstance(spec, dict):
        return {"timezone": "UTC", **dict.fromkeys(WEEKDAYS, "00:00-24:00")}
    week = {day: _text(spec.get("week", {}).get(day, [])) for day in WEEKDAYS}
    dates = "\n".join(
        f"{day} {_text(spans)}".strip()
        for day, spans in sorted(spec.get("dates", {}).items())
        if day >= since
    )
    return {"timezone": spec.get("timezone", ZONES[0]), **week, "dates": dates}


def _text(spans: list[list[str]]) -> str:
    return ", ".join(f"{begin}-{end}" for begin, end in spans)
