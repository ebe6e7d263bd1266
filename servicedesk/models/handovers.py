"""To which supplier a ticket is handed over, since when and until when; and how long a supplier reads on afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Case, DurationField, ExpressionWrapper, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from cmdb.common.models import Timestamped
from cmdb.models import Organisation

#: Where the table says nothing.
READING_DAYS = 30


class HandOver(models.Model):
    """One time that a supplier held a ticket; written by servicedesk.handovers alone, from the timeline's own instants.

    Open (`ended_at` empty) exactly while the ticket names the supplier and is not over.
    """

    ticket = models.ForeignKey("servicedesk.Ticket", models.CASCADE, related_name="hand_overs")
    supplier = models.ForeignKey(
        Organisation, models.PROTECT, related_name="hand_overs", verbose_name=_("supplier")
    )
    handed_at = models.DateTimeField(_("handed over"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        ordering = ["handed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(ended_at=None), name="hand_over_to_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("handed_at")),
                name="hand_over_ends_after_it_began",
            ),
        ]
        indexes = [models.Index(fields=["supplier", "ended_at"], name="hand_over_readable")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.supplier_id}"

    @classmethod
    def with_end_of_reading(cls) -> models.QuerySet[HandOver]:
        """All of them with `reads_until`: None while it lasts."""
        terms = ReadingTerm.objects.filter(Q(supplier=OuterRef("supplier")) | Q(supplier=None))
        days = Coalesce(
            Subquery(terms.order_by(F("supplier").asc(nulls_last=True)).values("days")[:1]), READING_DAYS
        )
        grace = ExpressionWrapper(Value(timedelta(days=1)) * days, output_field=DurationField())
        until = ExpressionWrapper(F("ended_at") + grace, output_field=models.DateTimeField())
        return cls._default_manager.annotate(reads_until=Case(When(ended_at__isnull=False, then=until)))

    @classmethod
    def readable(cls, suppliers: Iterable[int]) -> models.QuerySet[HandOver]:
        """Those whose ticket the people of `suppliers` may read now."""
        rows = cls.with_end_of_reading().filter(supplier__in=suppliers)
        return rows.filter(Q(ended_at=None) | Q(reads_until__gt=Now()))


class ReadingTerm(Timestamped):
    """For how many days a supplier reads a ticket after the hand-over ended; the row without a supplier holds for all others."""

    supplier = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, related_name="reading_terms",
        verbose_name=_("supplier"), help_text=_("Left empty: all suppliers without a row of their own."),
    )  # fmt: skip
    days = models.PositiveSmallIntegerField(
        _("days"), default=READING_DAYS, validators=[MaxValueValidator(3650)]
    )

    class Meta:
        verbose_name = _("supplier's reading time")
        verbose_name_plural = _("suppliers' reading times")
        constraints = [
            models.UniqueConstraint(
                fields=["supplier"], nulls_distinct=False, name="reading_term_once",
                violation_error_message=_("There is a row for this already."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.supplier or _('All suppliers')}: {self.days}"
