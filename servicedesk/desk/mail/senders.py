"""Refused senders, and the addresses of forms: lists that people keep."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from cmdb.access import WORKING_ROLES
from cmdb.common.crud import Crud
from cmdb.models import Role
from cmdb.web import SignedInRequest
from servicedesk.desk.mail import acts, forms, tables
from servicedesk.forms.verbs import refuse as refuse_form
from servicedesk.intake.mail import refusing
from servicedesk.models import FormAddress, RefusedSender
from servicedesk.sidelist import side_menu
from servicedesk.views.shared import actor, staff_only

FORM_ADDRESS = Crud(
    FormAddress,
    namespace="desk",
    prefix="mail/forms",
    name="form_address",
    table=tables.FormTable,
    form=forms.FormAddressForm,
    fields=("address", "organisation", "note"),
    read_roles=tuple(WORKING_ROLES),
    write_roles=(Role.ADMIN,),
    search=("address", "note"),
    empty=(
        gettext_lazy("No form is named"),
        gettext_lazy(
            "What a form on a web page sends is reported by the form. Name its address, and the person in Reply-To reports it."
        ),
    ),
)


class _AlsoRegion:
    """Organisations for which a refusal may be taken back; the region's own (None) with them."""

    def __init__(self, user: Any) -> None:
        self.mine, self.region = user.access.work_orgs, refusing.may_refuse_for(user, None)

    def __contains__(self, key: object) -> bool:
        return self.region if key is None else key in self.mine


@staff_only
@require_GET
def refused(request: SignedInRequest) -> HttpResponse:
    """Who is refused, by whom, for whom."""
    rows = RefusedSender.objects.visible_to(request.user)
    table = tables.RefusedTable(rows, rights={"take_back": _AlsoRegion(request.user)})
    table.configure(request)
    context = {
        "table": table,
        "title": _("Refused senders"),
        "lead": _("Their mail is kept and counted, and asks nobody."),
        "create_url": reverse("desk:refused_create"),
        "create_label": _("Refuse a sender"),
        "empty_title": _("Nobody is refused"),
        "empty_text": _("Refuse a sender from a held mail, or here by the address."),
        "side_menu": side_menu(request),
        "breadcrumbs": [(_("Held mail"), reverse("desk:mail")), (_("Refused senders"), "")],
    }
    return render(request, "servicedesk/desk/mail/refused.html", context)


@staff_only
def create(request: SignedInRequest) -> HttpResponse:
    """Refuse an address or a domain that has no mail here."""
    form = forms.RefuseForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                acts.refused(request, form)
            return redirect("desk:refused")
        except ValidationError as error:
            refuse_form(form, error)
        except PermissionDenied as error:
            form.add_error(None, str(error))
    context = {
        "form": form,
        "label": _("Refuse a sender"),
        "icon": "cancelled",
        "side_menu": side_menu(request),
        "breadcrumbs": [(_("Refused senders"), reverse("desk:refused")), (_("Refuse a sender"), "")],
    }
    return render(request, "servicedesk/desk/mail/act.html", context, status=422 if form.errors else 200)


@staff_only
@require_POST
def take_back(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a refusal; what it held without anybody looking waits again."""
    row = get_object_or_404(RefusedSender.objects.visible_to(request.user), pk=pk)
    address = row.address
    count = refusing.take_back(actor(request), row)
    said = ngettext("%(n)d mail waits again.", "%(n)d mails wait again.", count) % {"n": count}
    messages.success(request, _("%(address)s may write again.") % {"address": address} + " " + said)
    return redirect("desk:refused")
