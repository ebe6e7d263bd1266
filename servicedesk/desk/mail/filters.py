"""What the list of held mail is narrowed by; what waits for somebody is meant unless the address says else."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cmdb.common.filters import FastFilterSet
from servicedesk import lists
from servicedesk.filters import under
from servicedesk.models import Authentication, InboundMail, Outcome, Reason

WAITING, DEALT, TAKEN, ALL = "waiting", "dealt", "taken", "all"
STATES = [
    (WAITING, _("Waiting for somebody")),
    (DEALT, _("Dealt with")),
    (TAKEN, _("On a ticket")),
    (ALL, _("All mail")),
]
NOBODY = "none"


class MailFilter(FastFilterSet):
    """Without `state` mail that waits is meant."""

    search_fields: ClassVar[tuple[str, ...]] = ("subject", "sender", "sender_name")

    state = django_filters.ChoiceFilter(
        method="by_state", label=_("State"), choices=STATES[1:], empty_label=STATES[0][1]
    )
    reason = django_filters.ChoiceFilter(label=_("Reason"), choices=Reason.choices, empty_label=_("All"))
    municipality = django_filters.ChoiceFilter(
        method="by_municipality", label=_("Municipality"), empty_label=_("All")
    )
    authentication = django_filters.ChoiceFilter(
        label=_("Sender"), choices=Authentication.choices, empty_label=_("All")
    )
    sender = django_filters.CharFilter(label=_("Address"), lookup_expr="iexact", max_length=254)

    class Meta:
        model = InboundMail
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = lists.of(self.user).municipalities if self.user is not None else []
        mine = self.user.access.work_orgs if self.user is not None else ()
        self.filters["municipality"].extra["choices"] = [
            *((pk, name) for pk, name in known if pk in mine),
            (NOBODY, _("None in particular")),
        ]

    def by_state(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """What was dealt with was held and decided on; what is on a ticket was never or is no more held."""
        if value == DEALT:
            return queryset.filter(outcome=Outcome.HELD, decided_at__isnull=False)
        return queryset.exclude(outcome=Outcome.HELD) if value == TAKEN else queryset

    def by_municipality(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """The municipality's and its units', or what concerns none."""
        if value == NOBODY:
            return queryset.filter(organisation=None)
        return queryset.filter(organisation__in=under(value))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """An empty state is a filter of its own: what waits."""
        queryset = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("state"):
            queryset = queryset.filter(outcome=Outcome.HELD, decided_at=None)
        return queryset
