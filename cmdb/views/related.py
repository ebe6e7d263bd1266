"""Rows that belong to another one's page: relations, components, roles, and lists of members."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from cmdb.common import links
from cmdb.common.crud import CreateView, DeleteView, EditView
from cmdb.common.crud.views import CrudView
from cmdb.common.fields import PickField
from cmdb.common.forms import ScopedForm
from cmdb.common.scope import narrow


def back_url(request: HttpRequest) -> str:
    """``?next=`` where it stays on this site, else ""."""
    target = request.GET.get("next") or request.POST.get("next") or ""
    return target if links.stays_here(target) else ""


class BackDelete(DeleteView):
    """Delete, then back to the page that one came from."""

    def context(self, obj: Any) -> dict[str, Any]:
        """Cancel goes back too."""
        context = super().context(obj)
        return context | {"cancel_url": back_url(self.request) or context["cancel_url"]}

    def post(self, request: HttpRequest, key: Any) -> HttpResponse:
        """As usual, but for where it leads."""
        response = super().post(request, key)
        target = back_url(request)
        return HttpResponseRedirect(target) if target and response.status_code == 302 else response


class RelationCreate(CreateView):
    """Cancel goes back to the item."""

    def context(self) -> dict[str, Any]:
        """See BackDelete."""
        context = super().context()
        return context | {"cancel_url": back_url(self.request) or context["cancel_url"]}


class RelationEdit(EditView):
    """Back to the item where one came from there."""

    def context(self, obj: Any) -> dict[str, Any]:
        """See BackDelete."""
        context = super().context(obj)
        target = back_url(self.request)
        return context | {"cancel_url": target or context["cancel_url"], "next": target}


class LinkForm(ScopedForm):
    """One row to add, by suggestions."""

    def __init__(self, *args: Any, model: Any, url_name: str, label: Any, **kwargs: Any) -> None:
        self.base_fields = {  # type: ignore[misc]
            "add": PickField(model._default_manager.all(), url_name=url_name, label=label)
        }
        super().__init__(*args, **kwargs)


class LinkedRows(CrudView):
    """Add and take away rows of a many-to-many field: ``POST add=ID`` or ``remove=ID``; back to the page.

    Class attributes by ``as_view``: ``field`` (the many-to-many field), ``pick`` (URL name of its suggestions).
    Only rows that the person may see are added or taken away.
    """

    verb = "write"
    field = ""
    pick = ""

    def form(self, data: Any = None) -> LinkForm:
        """The field to add with."""
        related: Any = self.crud.model._meta.get_field(self.field)
        return LinkForm(
            data,
            user=self.user,
            model=related.related_model,
            url_name=self.pick,
            label=_("Add"),
        )

    def post(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Change and go back; a row that may not be named changes nothing."""
        with transaction.atomic():
            obj = self.find(key, self.rows().select_for_update(of=("self",)))
            if not self.crud.may_write(self.user, obj):
                raise PermissionDenied
            rows = getattr(obj, self.field)
            if "remove" in request.POST:
                gone = request.POST["remove"]
                found = narrow(rows.all(), self.user)
                rows.remove(*found.filter(pk=int(gone) if gone.isdecimal() and len(gone) < 16 else 0))
            else:
                form = self.form(request.POST)
                if form.is_valid():
                    rows.add(form.cleaned_data["add"])
                else:
                    messages.error(request, _("Choose one of the suggestions first."))
        return HttpResponseRedirect(self.crud.url("detail", obj))
