"""The narrow tables that reports read: one case for each ticket, its clocks and their marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cmdb.common.history import never_deleted
from cmdb.common.querysets import VisibleManager
from cmdb.models import Item, Organisation, Service
from sla.models.agreements import Agreement, AgreementTarget, Measure
from sla.models.calendars import CalendarVersion

if TYPE_CHECKING:
    from cmdb.models import User


class Case(models.Model):
    """What of a ticket counts: who, what, when. The ticket floor writes it through sla.clocks, never directly.

    `type` is the incident's category or the change's type, as a slug, `type_label` as it was called then.
    `channel` tells who noticed: "monitoring", or how a person reported it.
    """

    reference = models.CharField(_("reference"), max_length=20, unique=True)
    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20)
    type = models.CharField(_("type"), max_length=40, blank=True)
    type_label = models.CharField(max_length=80, blank=True)
    channel = models.CharField(_("channel"), max_length=20)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="cases", verbose_name=_("organisation")
    )
    municipality = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        related_name="municipality_cases",
        verbose_name=_("municipality"),
    )
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, related_name="cases", verbose_name=_("service")
    )
    system = models.ForeignKey(
        Item, models.PROTECT, null=True, related_name="cases", verbose_name=_("system")
    )
    supplier = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="supplier_cases", verbose_name=_("supplier")
    )
    agreement = models.ForeignKey(
        Agreement, models.PROTECT, null=True, related_name="cases", verbose_name=_("agreement")
    )
    priority = models.PositiveSmallIntegerField(_("priority"))
    is_major = models.BooleanField(_("major"), default=False)
    outcome = models.CharField(_("outcome"), max_length=20, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    owned_at = models.DateTimeField(_("taken"), null=True)
    answered_at = models.DateTimeField(_("first answered"), null=True)
    first_resolved_at = models.DateTimeField(_("first resolved"), null=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects = VisibleManager()
    # What sla.clocks last read or saved through this very object (a sla.book.Book); not a column.
    clock_book: Any = None

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        triggers = [never_deleted()]
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["municipality", "opened_at"], name="case_by_month"),
            models.Index(fields=["opened_at"], name="case_opened"),
        ]

    def __str__(self) -> str:
        return self.reference

    @classmethod
    def visible_q(cls, user: User) -> Q:
        access = user.access
        return Q(organisation__in=access.work_orgs | access.board_orgs)


class ClockState(models.TextChoices):
    """`missed` stays missed, also while the clock still runs on (`stopped_at` empty)."""

    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    MET = "met", _("Met")
    MISSED = "missed", _("Missed")
    CANCELLED = "cancelled", _("Cancelled")
    SUPERSEDED = "superseded", _("Superseded")
    MERGED = "merged", _("Merged")


class Clock(models.Model):
    """One promise on one case. Written by sla.clocks alone; every figure follows from its entries (invariant 2)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="clocks")
    target = models.ForeignKey(AgreementTarget, models.PROTECT, null=True, related_name="clocks")
    calendar = models.ForeignKey(CalendarVersion, models.PROTECT, related_name="clocks")
    measure = models.CharField(_("what is measured"), max_length=12, choices=Measure)
    priority = models.PositiveSmallIntegerField(_("priority"))
    seconds = models.PositiveIntegerField(_("working seconds promised"))
    goal = models.FloatField(_("share that must hold"))
    state = models.CharField(_("state"), max_length=12, choices=ClockState, default=ClockState.RUNNING)
    is_paused = models.BooleanField(default=False)
    pause_reason = models.CharField(_("waits for"), max_length=40, blank=True)
    started_at = models.DateTimeField(_("from"))
    due_at = models.DateTimeField(_("due"), null=True)
    soon_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(_("missed at"), null=True)
    # Any end counts: stopped, cancelled, superseded, merged. The seconds are those at the last entry.
    stopped_at = models.DateTimeField(_("stopped"), null=True)
    elapsed_seconds = models.PositiveIntegerField(_("working seconds used"), default=0)
    paused_seconds = models.PositiveIntegerField(_("working seconds paused"), default=0)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        ordering = ["case", "measure", "pk"]
        indexes = [
            models.Index(fields=["due_at"], name="clock_due", condition=Q(state="running", is_paused=False)),
            models.Index(
                fields=["soon_at"], name="clock_soon", condition=Q(state="running", is_paused=False)
            ),
            models.Index(fields=["breached_at"], name="clock_missed", condition=Q(breached_at__isnull=False)),
            models.Index(fields=["stopped_at"], name="clock_stopped", condition=Q(stopped_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.measure} {self.state}"


class ClockEntry(models.Model):
    """What moved a clock, append-only: start, pause, resume, stop, reopen, cancel at an instant, with reason and actor."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="entries")
    at = models.DateTimeField(_("at"))
    do = models.CharField(max_length=10)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.CharField(_("by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("clock entry")
        verbose_name_plural = _("clock entries")
        triggers = [never_deleted()]
        ordering = ["clock", "at", "pk"]

    def __str__(self) -> str:
        return f"{self.do} {self.at:%Y-%m-%d %H:%M:%S}"


class MarkKind(models.TextChoices):
    SOON = "soon", _("Three quarters used")
    BREACH = "breach", _("Missed")


class Mark(models.Model):
    """A threshold that a clock passed, at its exact instant, also when the sweep ran late (rule C.2.10)."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="marks")
    kind = models.CharField(max_length=8, choices=MarkKind)
    at = models.DateTimeField(_("at"))
    noticed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        constraints = [models.UniqueConstraint(fields=["clock", "kind", "at"], name="mark_once")]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.kind}"
