"""What targets answered: their states over time, the last values of their metrics, and these rolled up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cmdb.common.history import never_deleted
from cmdb.common.querysets import VisibleManager
from monitoring.models.targets import READERS, Target, TargetState

if TYPE_CHECKING:
    from cmdb.models import User


class Interval(models.Model):
    """From when to when a target was in a state. Intervals of a target neither overlap nor leave a hole (invariant 3)."""

    target = models.ForeignKey(Target, models.PROTECT, related_name="intervals")
    state = models.CharField(_("state"), max_length=10, choices=TargetState)
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("until"), null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("state interval")
        verbose_name_plural = _("state intervals")
        triggers = [never_deleted()]
        constraints = [
            models.UniqueConstraint(fields=["target", "started_at"], name="interval_starts_once"),
            models.UniqueConstraint(fields=["target"], condition=Q(ended_at=None), name="interval_one_open"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=models.F("started_at")),
                name="interval_has_length",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target_id} {self.state} {self.started_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(target__organisation__in=user.access.orgs(*READERS))


class Reading(models.Model):
    """The last value of one metric of a target."""

    target = models.ForeignKey(Target, models.CASCADE, related_name="readings")
    metric = models.CharField(pgettext_lazy("reading", "metric"), max_length=60)
    instance = models.CharField(_("instance"), max_length=120, blank=True)
    value = models.FloatField(_("value"))
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    at = models.DateTimeField(_("at"))

    objects = VisibleManager()

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        constraints = [models.UniqueConstraint(fields=["target", "metric", "instance"], name="reading_last")]

    def __str__(self) -> str:
        return f"{self.metric} {self.instance}={self.value}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(target__organisation__in=user.access.orgs(*READERS))


class Period(models.TextChoices):
    HOUR = "hour", _("Hour")
    DAY = "day", _("Day")


class ReadingRollup(models.Model):
    """Least, greatest, sum and count of a metric in an hour or a day (UTC)."""

    target = models.ForeignKey(Target, models.PROTECT, related_name="rollups")
    metric = models.CharField(max_length=60)
    instance = models.CharField(max_length=120, blank=True)
    period = models.CharField(max_length=4, choices=Period)
    starts_at = models.DateTimeField()
    minimum = models.FloatField()
    maximum = models.FloatField()
    total = models.FloatField()
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("rolled-up reading")
        verbose_name_plural = _("rolled-up readings")
        constraints = [
            models.UniqueConstraint(
                fields=["target", "metric", "instance", "period", "starts_at"], name="rollup_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.starts_at:%Y-%m-%d %H}"
