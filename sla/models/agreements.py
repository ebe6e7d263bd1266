"""What was promised: an agreement of one municipality, its targets on tickets and on services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cmdb.common.archive import ARCHIVED, Archivable, Kept
from cmdb.common.history import tracked
from cmdb.common.models import Timestamped
from cmdb.common.querysets import VisibleManager
from cmdb.models import Organisation, Service
from sla.models.calendars import Calendar

if TYPE_CHECKING:
    from cmdb.models import User


@tracked
class Agreement(Archivable, Timestamped):
    """One version of a municipality's service level agreement; in force on the days [valid_from, valid_until)."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="agreements", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=120)
    version = models.PositiveIntegerField(_("version"), default=1)
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until, not included"), null=True, blank=True)
    calendar = models.ForeignKey(
        Calendar, models.PROTECT, related_name="agreements", verbose_name=_("calendar")
    )
    reopen_days = models.PositiveSmallIntegerField(
        _("days in which a resolved ticket can be reopened"), default=14
    )
    pauses_for_supplier = models.BooleanField(_("waiting for a supplier pauses resolution"), default=False)
    notice_hours = models.PositiveSmallIntegerField(
        _("hours of notice that make work planned"),
        default=48,
        help_text=_("Work announced later than this counts as downtime."),
    )
    minimum_coverage = models.FloatField(
        _("least share of measured time"),
        default=0.95,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )

    objects = VisibleManager()

    parts = frozenset({"targets", "service_targets"})

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["organisation", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "version"], name="agreement_version_once"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="agreement_has_length",
            ),
            models.CheckConstraint(
                condition=Q(archived_at=None) | Q(valid_until__isnull=False),
                name="agreement_archived_is_ended",
                violation_error_message=ARCHIVED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.version}"

    @property
    def has_begun(self) -> bool:
        """Whether months may have been counted by it."""
        return self.valid_from <= timezone.localdate()

    def held_because(self) -> list[str]:
        return [gettext("It has been in force: months are counted by it.")] if self.has_begun else []

    def needed_by(self) -> list[str]:
        """While it holds, or is still to come, tickets get their clocks by it."""
        if self.valid_until is None or self.valid_until > timezone.localdate():
            return [gettext("It is not over: say first until when it holds.")]
        return super().needed_by()

    def clean(self) -> None:
        """Two versions of one municipality's agreement are never in force on the same day."""
        if (
            not self.organisation_id or getattr(self, "valid_from", None) is None
        ):  # the form has said so already
            return
        others = Agreement.objects.filter(organisation=self.organisation_id).exclude(pk=self.pk)
        others = others.filter(Q(valid_until=None) | Q(valid_until__gt=self.valid_from))
        if self.valid_until:
            others = others.filter(valid_from__lt=self.valid_until)
        other = others.order_by("valid_from").first()
        if other:
            message = _("%(name)s is in force on some of these days. End it first.")
            raise ValidationError({"valid_from": message % {"name": other}})

    @classmethod
    def visible_q(cls, user: User) -> Q:
        access = user.access
        return Q(organisation__in=access.work_orgs | access.board_orgs | access.orgs("owner"))


class _Promise(Kept):
    """What an agreement promises: part of every month in which the agreement held."""

    agreement: Agreement

    class Meta:
        abstract = True

    def held_because(self) -> list[str]:
        if not self.agreement.has_begun:
            return []
        return [
            gettext(
                "Its agreement has been in force: months are counted by it. End it, and make the next version."
            )
        ]


class Measure(models.TextChoices):
    """Which promise a clock measures (rule C.2.1)."""

    RESPONSE = "response", _("Response")
    RESOLUTION = "resolution", _("Resolution")
    UPDATE = "update", _("Update")
    OWN = "own", _("Time to own")
    SUPPLIER = "supplier", _("Supplier's time")


@tracked
class AgreementTarget(_Promise, Timestamped):
    """A promise on tickets of a kind and a priority (1 highest … 4; empty: all)."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="targets")
    kind = models.CharField(_("kind of ticket"), max_length=20)
    priority = models.PositiveSmallIntegerField(_("priority"), null=True, blank=True)
    measure = models.CharField(_("what is measured"), max_length=12, choices=Measure)
    seconds = models.PositiveIntegerField(_("working seconds"), validators=[MinValueValidator(1)])
    goal = models.FloatField(
        _("share that must hold"), default=0.9, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    calendar = models.ForeignKey(
        Calendar,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="targets",
        verbose_name=_("other calendar"),
    )

    objects = VisibleManager()

    class Meta:
        verbose_name = _("ticket target")
        verbose_name_plural = _("ticket targets")
        ordering = ["agreement", "kind", "priority", "measure"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "kind", "priority", "measure"],
                name="agreement_target_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(seconds__gt=0), name="agreement_target_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.priority or '*'} {self.get_measure_display()}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """Whoever may read the agreement."""
        return Q(agreement__in=Agreement.objects.visible_to(user).values("pk"))


@tracked
class ServiceTarget(_Promise, Timestamped):
    """A promise on a service: the share of agreed time in which it is up, and its longest single outage."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="service_targets")
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="service_targets", verbose_name=_("service")
    )
    availability = models.FloatField(
        _("availability promised"), validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    calendar = models.ForeignKey(
        Calendar, models.PROTECT, null=True, blank=True, related_name="service_targets",
        verbose_name=_("service hours (empty: all hours)"),
    )  # fmt: skip
    longest_outage_seconds = models.PositiveIntegerField(
        _("longest single outage (s)"), null=True, blank=True
    )

    objects = VisibleManager()

    class Meta:
        verbose_name = _("service target")
        verbose_name_plural = _("service targets")
        ordering = ["agreement", "service"]
        constraints = [models.UniqueConstraint(fields=["agreement", "service"], name="service_target_once")]

    def __str__(self) -> str:
        return f"{self.service} {self.availability:.3%}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """Whoever may read the agreement."""
        return Q(agreement__in=Agreement.objects.visible_to(user).values("pk"))
