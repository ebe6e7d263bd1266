"""What changes and problems add to a ticket, and who approved a change."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cmdb.common.choices import Choices
from cmdb.common.models import Timestamped
from cmdb.models import Organisation
from servicedesk.models.tickets import Ticket


class ChangeType(models.TextChoices):
    STANDARD = "standard", _("Standard")
    NORMAL = "normal", _("Normal")
    EMERGENCY = "emergency", _("Emergency")


class ChangeOutcome(models.TextChoices):
    SUCCESS = "success", _("Successful")
    WITH_ISSUES = "with_issues", _("Successful with problems")
    BACKED_OUT = "backed_out", _("Backed out")
    FAILED = "failed", _("Failed")


_ONE_TO_FIVE = [MinValueValidator(1), MaxValueValidator(5)]


class Change(models.Model):
    """A change request's plan. Risk factor = probability 1–5 × consequence 1–5 (DOMAIN rule 6)."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="change")
    type = models.CharField(_("type"), max_length=12, choices=ChangeType, default=ChangeType.NORMAL)
    reason = models.TextField(_("why"), blank=True, max_length=10_000)
    plan = models.TextField(_("how"), blank=True, max_length=20_000)
    test_plan = models.TextField(_("how it is tested"), blank=True, max_length=10_000)
    backout_plan = models.TextField(_("way back"), blank=True, max_length=10_000)
    probability = models.PositiveSmallIntegerField(_("probability"), default=1, validators=_ONE_TO_FIVE)
    consequence = models.PositiveSmallIntegerField(_("consequence"), default=1, validators=_ONE_TO_FIVE)
    mitigation = models.TextField(_("what lowers the risk"), blank=True, max_length=10_000)
    planned_start = models.DateTimeField(_("window from"), null=True, blank=True)
    planned_end = models.DateTimeField(_("window until"), null=True, blank=True)
    started_at = models.DateTimeField(_("began"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=ChangeOutcome, blank=True)
    review = models.TextField(_("review"), blank=True, max_length=10_000)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_start=None) | Q(planned_end=None) | Q(planned_end__gt=F("planned_start")),
                name="change_window_has_length",
                violation_error_message=_("The window must end after it begins."),
            )
        ]

    def __str__(self) -> str:
        return self.ticket.reference

    @property
    def risk_factor(self) -> int:
        return self.probability * self.consequence


class Decision(Choices):
    WAITING = "waiting", "info", "clock", _("Waiting")
    APPROVED = "approved", "success", "check", _("Approved")
    REJECTED = "rejected", "danger", "cancelled", _("Rejected")


class Approval(Timestamped):
    """One answer that a change waits for: the change manager's, or that of one municipality's member of the committee.

    `organisation` is that municipality; empty for the change manager, and where the committee answered as a whole once.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="approvals")
    role = models.CharField(_("role"), max_length=20)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="approvals",
        verbose_name=_("municipality"),
    )  # fmt: skip
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, default=Decision.WAITING)
    decided_by = models.ForeignKey(
        "cmdb.User", models.PROTECT, null=True, blank=True, related_name="approvals"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "role", "organisation"], nulls_distinct=False, name="approval_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.role} {self.organisation_id or ''} {self.decision}"


class Problem(models.Model):
    """A problem's analysis; a known error is analysed, unresolved and has a workaround."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="problem")
    root_cause = models.TextField(_("root cause"), blank=True, max_length=10_000)
    workaround = models.TextField(_("workaround"), blank=True, max_length=10_000)
    is_known_error = models.BooleanField(_("known error"), default=False)

    class Meta:
        verbose_name = _("problem")
        verbose_name_plural = _("problems")

    def __str__(self) -> str:
        return self.ticket.reference
