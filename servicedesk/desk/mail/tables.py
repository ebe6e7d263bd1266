"""Lists of held mail, of refused senders and of forms."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext_lazy as _

from cmdb.common.tables import (
    Action,
    ActionCol,
    AgeCol,
    ChoiceCol,
    Col,
    DateCol,
    FastTable,
    Part,
    SelectCol,
    TwoLineCol,
)
from servicedesk.desk.mail import looks
from servicedesk.models import Authentication, FormAddress, InboundMail, RefusedSender


class MailTable(FastTable):
    """The newest first: what came in a heap stands together."""

    of = InboundMail
    caption = _("Mail")
    css = "q"
    row_css = "t"

    annotations: ClassVar = {
        "shown": Coalesce(NullIf("subject", Value("")), NullIf("sender", Value("")), Value("–"))
    }

    pick = SelectCol("shown", _("Choose «%(name)s»"), width="w-sel")
    subject = TwoLineCol(
        _("Mail"),
        "shown",
        to="desk:mail_one",
        order_by=("subject",),
        second=[Part("sender_name", "strong"), Part("sender", "dot"), Part("organisation__name", "dot")],
    )
    reason = ChoiceCol(looks.SHORT, _("Reason"), looks=looks.REASONS, width="w-due", label=False)
    authentication = ChoiceCol(
        Authentication, _("Sender"), looks=looks.FINDINGS, width="w-state", label=False
    )
    received_at = AgeCol(_("Received"), width="w-upd", css="c-upd nowrap", label=False)

    class Meta:
        order_by = ("-received_at",)


class RefusedTable(FastTable):
    """Addresses and domains."""

    of = RefusedSender
    caption = _("Refused senders")

    address = TwoLineCol(_("Sender"), "address", second=[Part("reason")])
    organisation = Col(_("For"), "organisation__name")
    made_by = Col(_("Refused by"), "made_by__display_name")
    made_at = DateCol(_("Since"))
    actions = ActionCol(
        Action(_("Take back"), "desk:refused_take_back", right="take_back", on="organisation_id", post=True)
    )

    class Meta:
        order_by = ("address",)


class FormTable(FastTable):
    """Addresses of forms on web pages."""

    of = FormAddress
    caption = _("Form addresses")

    address = TwoLineCol(_("Address"), "address", to="desk:form_address_detail", second=[Part("note")])
    organisation = Col(_("Municipality"), "organisation__name")

    class Meta:
        order_by = ("address",)
