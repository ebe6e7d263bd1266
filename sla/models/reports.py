"""What the board reads and decides: frozen months, corrections, improvements, outages declared by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cmdb.common.archive import Archivable
from cmdb.common.history import never_deleted
from cmdb.common.models import Timestamped
from cmdb.common.querysets import VisibleManager
from cmdb.models import Organisation, Service

if TYPE_CHECKING:
    from cmdb.models import User


class Report(models.Model):
    """A month as it was published: figures, the ids behind each of them, and a hash over both (invariant 6).

    `organisation` is a municipality, or the region for all of them together. `data` is what sla.reports.monthly made.
    """

    month = models.DateField(_("month"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="reports", verbose_name=_("organisation")
    )
    data = models.JSONField()
    sha256 = models.CharField(max_length=64)
    frozen_at = models.DateTimeField(_("frozen"), default=timezone.now)
    frozen_by = models.CharField(_("frozen by"), max_length=150)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        triggers = [never_deleted()]
        ordering = ["-month", "organisation"]
        constraints = [
            models.UniqueConstraint(
                fields=["month", "organisation"],
                name="report_once",
                violation_error_message=_("This month is frozen already."),
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="report_month_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.month:%Y-%m}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.board_orgs)


class Correction(models.Model):
    """A dated addition to a frozen month; the month itself never changes."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="corrections")
    at = models.DateTimeField(_("at"), default=timezone.now)
    figure = models.CharField(_("figure"), max_length=120)
    before = models.CharField(_("was"), max_length=60)
    after = models.CharField(_("is"), max_length=60)
    reason = models.CharField(_("reason"), max_length=300)
    approved_by = models.CharField(_("approved by"), max_length=150)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        triggers = [never_deleted()]
        ordering = ["report", "at", "pk"]

    def __str__(self) -> str:
        return f"{self.report}: {self.figure}"


class ImprovementState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    DECIDED = "decided", _("Decided")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


class Improvement(Archivable, Timestamped):
    """An entry of the continual improvement register (ITIL): what, why, who, by when, and whether it helped."""

    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="improvements", verbose_name=_("organisation")
    )
    report = models.ForeignKey(
        Report, models.SET_NULL, null=True, blank=True, related_name="improvements", verbose_name=_("report")
    )
    owner = models.ForeignKey(
        "cmdb.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="improvements",
        verbose_name=_("owner"),
    )
    due_on = models.DateField(_("by"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ImprovementState, default=ImprovementState.PROPOSED
    )
    measured_before = models.CharField(_("measured before"), max_length=120, blank=True)
    measured_after = models.CharField(_("measured after"), max_length=120, blank=True)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("improvement")
        verbose_name_plural = _("improvements")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.title

    def held_because(self) -> list[str]:
        return [] if self.state == ImprovementState.PROPOSED else [gettext("It was decided on.")]

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.board_orgs)


class DeclaredOutage(Archivable, Timestamped):
    """An outage that no poller saw, declared by a person with a reason; it counts like a measured one."""

    service = models.ForeignKey(
        Service, models.PROTECT, related_name="declared_outages", verbose_name=_("service")
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="declared_outages",
        verbose_name=_("for"),
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    degraded = models.BooleanField(_("slow only"), default=False)
    reason = models.CharField(_("reason"), max_length=300)
    declared_by = models.CharField(_("declared by"), max_length=150)

    objects = VisibleManager()

    consequence = _("It counts no more, but in months that are frozen.")

    class Meta:
        verbose_name = _("declared outage")
        verbose_name_plural = _("declared outages")
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="declared_outage_has_length"
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.starts_at:%Y-%m-%d %H:%M}"

    def held_because(self) -> list[str]:
        return [gettext("It counts in the figures of its month.")]

    @classmethod
    def visible_q(cls, user: User) -> Q:
        access = user.access
        return Q(service__organisation__in=access.work_orgs | access.board_orgs)
