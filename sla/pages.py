"""The board's plain pages, one declaration per model; who may do what is said in sla.access."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from cmdb.common.crud import Crud
from cmdb.common.ui import percent
from sla import filters, forms, tables
from sla.access import DECLARERS, IMPROVERS, KEEPERS, READERS
from sla.models import Agreement, AgreementTarget, Calendar, DeclaredOutage, Improvement, ServiceTarget
from sla.views import promises
from sla.views.promises import TabbedList

improvements = Crud(
    Improvement, namespace="board", prefix="improvements",
    table=tables.ImprovementTable, filterset=filters.ImprovementFilter, form=forms.ImprovementForm,
    fields=("title", "organisation", "description", "state", "owner", "due_on", "measured_before", "measured_after", "created_at"),
    read_roles=READERS, write_roles=IMPROVERS, delete_roles=KEEPERS, search=("title",),
    empty=(_("No improvements yet"), _("What the board decides is followed up here.")),
    views={"list": TabbedList},
)  # fmt: skip

outages = Crud(
    DeclaredOutage, namespace="board", prefix="outages",
    table=tables.DeclaredOutageTable, filterset=filters.DeclaredOutageFilter, form=forms.DeclaredOutageForm,
    fields=("service", "organisation", "starts_at", "ends_at", "degraded", "reason", "declared_by"),
    read_roles=READERS, write_roles=DECLARERS, delete_roles=KEEPERS, owner="service__organisation_id",
    empty=(_("No declared outages"), _("What no poller saw can be declared, and then counts like a measured outage.")),
    views={"list": TabbedList},
)  # fmt: skip

agreements = Crud(
    Agreement, namespace="board", prefix="agreements",
    table=tables.AgreementTable, filterset=filters.AgreementFilter, form=forms.AgreementForm,
    fields=(
        "organisation", "version", "valid_from", "valid_until", "calendar", "reopen_days", "pauses_for_supplier",
        "notice_hours", (_("Least share of measured time"), lambda a, user: percent(a.minimum_coverage, 1)),
    ),
    read_roles=READERS, write_roles=KEEPERS, delete_roles=KEEPERS,
    empty=(_("No agreements yet"), _("Without an agreement no ticket gets a clock.")),
    views={"list": TabbedList, "detail": promises.AgreementDetail},
)  # fmt: skip

targets = Crud(
    AgreementTarget, namespace="board", prefix="targets", name="target", form=forms.AgreementTargetForm,
    fields=("agreement", "kind", "priority", "measure", "seconds", "goal", "calendar"),
    read_roles=READERS, write_roles=KEEPERS, delete_roles=KEEPERS, owner="agreement__organisation_id",
    views={"create": promises.TargetCreate, "edit": promises.TargetEdit},
)  # fmt: skip

service_targets = Crud(
    ServiceTarget, namespace="board", prefix="service-targets", name="servicetarget", form=forms.ServiceTargetForm,
    fields=("agreement", "service", "availability", "calendar", "longest_outage_seconds"),
    read_roles=READERS, write_roles=KEEPERS, delete_roles=KEEPERS, owner="agreement__organisation_id",
    views={"create": promises.TargetCreate, "edit": promises.TargetEdit},
)  # fmt: skip


class CalendarCrud(Crud):
    """Calendars, and the page for their hours."""

    @property
    def urls(self) -> list[URLPattern]:
        """With it."""
        hours = promises.CalendarHours.as_view(crud=self)
        return [path(f"{self.prefix}/<int:key>/hours/", hours, name="calendar_hours"), *super().urls]


calendars = CalendarCrud(
    Calendar, namespace="board", prefix="calendars",
    table=tables.CalendarTable, filterset=filters.CalendarFilter, form=forms.CalendarForm,
    fields=("organisation",), read_roles=READERS, write_roles=KEEPERS, delete_roles=KEEPERS,
    empty=(_("No calendars yet"), _("Working hours are counted in a calendar.")),
    views={"list": TabbedList, "detail": promises.CalendarDetail},
)  # fmt: skip

ALL = (improvements, outages, agreements, targets, service_targets, calendars)
