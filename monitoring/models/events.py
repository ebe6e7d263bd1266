"""Event, alert and maintenance: three things joined by a problem key (ITIL monitoring and event management)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.common.models import EncryptedTextField, Timestamped
from cmdb.common.querysets import VisibleManager
from cmdb.models import Item, Organisation
from monitoring.models.targets import READERS, Target

if TYPE_CHECKING:
    from cmdb.models import User


class Severity(models.TextChoices):
    """ITIL's three classes of event."""

    INFORMATION = "information", _("Information")
    WARNING = "warning", _("Warning")
    EXCEPTION = "exception", _("Exception")


class Event(models.Model):
    """Something happened; append-only. Rows are made through monitoring.events.post() alone.

    `problem_key` names the problem ("<target id>:<kind>[:<instance>]"), `clears` says that it is over.
    `handled_at` is the engine's receipt.
    """

    target = models.ForeignKey(
        Target, models.PROTECT, null=True, blank=True, related_name="monitoring_events"
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="monitoring_events")
    kind = models.CharField(_("kind"), max_length=40)
    problem_key = models.CharField(max_length=200, blank=True)
    clears = models.BooleanField(default=False)
    severity = models.CharField(_("severity"), max_length=12, choices=Severity)
    source = models.CharField(_("source"), max_length=20)
    text = models.CharField(_("text"), max_length=500, blank=True)
    data = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)
    # When the engine looks at it: put off while it is not clear yet whether a parent's fault explains it.
    due_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["id"], name="event_unhandled", condition=Q(handled_at=None)),
            models.Index(
                fields=["problem_key", "id"], name="event_open_by_key", condition=Q(handled_at=None)
            ),
            models.Index(fields=["target", "-at"], name="event_by_target"),
            models.Index(fields=["-at"], name="event_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.orgs(*READERS))


class AlertMute(models.TextChoices):
    """Why an open alert calls nobody."""

    NONE = "", _("No")
    MAINTENANCE = "maintenance", _("Planned work")
    FLAPPING = "flapping", _("Flapping")


class AlertEnd(models.TextChoices):
    """Why an alert closed though its problem may still be there."""

    OVER = "", _("It is over")
    OFF = "off", _("Its target was switched off")
    ARCHIVED = "archived", _("Its target was archived")


class Alert(Timestamped):
    """A problem that needs somebody: at most one open row for a problem key. Targets in a shadow get none.

    `version` grows with each change that floors above must react to (opened, unmuted, closed): they keep a
    receipt per (alert, version).
    """

    target = models.ForeignKey(Target, models.PROTECT, related_name="alerts", verbose_name=_("target"))
    item = models.ForeignKey(
        Item, models.PROTECT, null=True, blank=True, related_name="alerts", verbose_name=_("item")
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="alerts", verbose_name=_("organisation")
    )
    problem_key = models.CharField(max_length=200)
    kind = models.CharField(_("kind"), max_length=40)
    severity = models.CharField(_("severity"), max_length=12, choices=Severity)
    text = models.CharField(_("text"), max_length=500, blank=True)
    mute = models.CharField(_("silent because of"), max_length=12, choices=AlertMute, blank=True, default="")
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_because = models.CharField(
        _("closed because"), max_length=12, choices=AlertEnd, blank=True, default=""
    )
    occurrences = models.PositiveIntegerField(_("times"), default=1)
    shadowed_count = models.PositiveIntegerField(_("in the shadow"), default=0)
    version = models.PositiveIntegerField(default=1)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["problem_key"], condition=Q(closed_at=None), name="alert_one_open"
            )
        ]
        indexes = [models.Index(fields=["-opened_at"], name="alert_newest")]

    def __str__(self) -> str:
        return f"{self.target}: {self.text or self.kind}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.orgs(*READERS))


class MaintenanceWindow(Timestamped):
    """Planned work on items, and on all that is reached through them: alerts inside are silent, downtime is planned.

    `source_key` is the planner's own name for it (a change reference), so that planning twice is once.
    `announced_at` against `starts_at` shows whether notice was given in time.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="maintenance_windows")
    title = models.CharField(_("title"), max_length=200)
    source_key = models.CharField(max_length=60, unique=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    announced_at = models.DateTimeField(_("announced"), default=timezone.now)
    cancelled_at = models.DateTimeField(_("called off"), null=True, blank=True)
    items: models.ManyToManyField[Item, models.Model] = models.ManyToManyField(
        Item, related_name="maintenance_windows", blank=True, verbose_name=_("items")
    )

    objects = VisibleManager()

    class Meta:
        verbose_name = _("maintenance window")
        verbose_name_plural = _("maintenance windows")
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")),
                name="maintenance_has_length",
                violation_error_message=_("The window must end after it begins."),
            )
        ]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.reach_orgs)


class BackupResult(models.TextChoices):
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    FAILED = "failed", _("Failed")


class ConfigBackup(models.Model):
    """A device's running configuration as fetched over SSH, encrypted, with the difference to the one before."""

    target = models.ForeignKey(Target, models.PROTECT, related_name="backups", verbose_name=_("target"))
    taken_at = models.DateTimeField(_("taken"), default=timezone.now)
    result = models.CharField(_("result"), max_length=10, choices=BackupResult)
    error = models.CharField(_("error"), max_length=300, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    content = EncryptedTextField(_("configuration"), blank=True)
    diff = EncryptedTextField(_("difference"), blank=True)
    lines_added = models.PositiveIntegerField(_("lines added"), default=0)
    lines_removed = models.PositiveIntegerField(_("lines removed"), default=0)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("configuration backup")
        verbose_name_plural = _("configuration backups")
        ordering = ["-taken_at", "-pk"]
        indexes = [models.Index(fields=["target", "-taken_at"], name="backup_by_target")]

    def __str__(self) -> str:
        return f"{self.target} {self.taken_at:%Y-%m-%d %H:%M}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(target__organisation__in=user.access.orgs(*READERS))
