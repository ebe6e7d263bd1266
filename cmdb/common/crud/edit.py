"""Writing: create and edit. Whatever is saved is looked up again through the person's own eyes."""

import copy
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from cmdb.common import links
from cmdb.common.crud.saving import make_form, save
from cmdb.common.crud.views import CrudView
from cmdb.common.forms import ScopedModelForm
from cmdb.common.trees import lock_tree


class FormView(CrudView):
    """What create and edit share."""

    template = "form"

    def make_form(self, instance: Any = None, data: Any = None, files: Any = None) -> ScopedModelForm:
        """The form, narrowed to the person."""
        initial = {} if instance is not None or data is not None else self.initial()
        return make_form(self.crud, self.user, self.verb, data, files, instance=instance, initial=initial)

    def initial(self) -> dict[str, str]:
        """Fields named in the address are filled in: "new item for this organisation"."""
        assert self.crud.form is not None
        names = [name for name in self.crud.form.base_fields if name in self.request.GET]
        return {name: self.request.GET[name] for name in names}

    def save(self, form: ScopedModelForm) -> Any:
        """Save a valid form; None with the reason in the form. Override to do more in the same transaction."""
        return save(self.crud, self.user, self.verb, form)

    def refuse(self, form: ScopedModelForm, context: dict[str, Any]) -> HttpResponse:
        """The form again, with what was typed and what is wrong."""
        return self.render({"form": form, "conflicts": form.conflicts, **context}, status=422)

    def done(self, obj: Any) -> HttpResponse:
        """Say it and go on."""
        messages.success(self.request, _("%(name)s is saved.") % {"name": str(obj)})
        target = self.request.POST.get("next", "")
        if not links.stays_here(target):
            target = self.crud.url("detail", obj)
        return HttpResponseRedirect(target)


class CreateView(FormView):
    """A new row."""

    verb = "create"

    def context(self) -> dict[str, Any]:
        """Words around the form."""
        kind = str(self.crud.model._meta.verbose_name)
        cancel = self.crud.url("list") if self.crud.table else "/"
        title = _("New %(kind)s") % {"kind": kind}
        return {
            "title": title,
            "cancel_url": cancel,
            "breadcrumbs": self.trail(),
            "next": self.request.GET.get("next"),
        }

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty form."""
        return self.render({"form": self.make_form(), **self.context()})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save, or the form again (422)."""
        with transaction.atomic():
            lock_tree(self.crud.model)
            form = self.make_form(None, request.POST, request.FILES)
            obj = self.save(form) if form.is_valid() else None
        if obj is None:
            form.instance.pk = None
            return self.refuse(form, self.context())
        return self.done(obj)


class EditView(FormView):
    """Change a row."""

    verb = "write"

    def context(self, obj: Any) -> dict[str, Any]:
        """Words around the form."""
        title = _("Edit %(name)s") % {"name": str(obj)}
        trail = self.trail((str(obj), self.crud.url("detail", obj)))
        cancel = self.crud.url("detail", obj)
        return {"object": obj, "title": title, "cancel_url": cancel, "breadcrumbs": trail}

    def may(self, obj: Any) -> bool:
        """Whether the person may do it to this very row."""
        return self.crud.may_write(self.user, obj)

    def allowed(self, key: Any, lock: bool = False) -> Any:
        """The row, 404 if it cannot be seen, 403 if it cannot be changed."""
        rows = self.rows().select_for_update(of=("self",)) if lock else self.rows()
        obj = self.find(key, rows)
        if not self.may(obj):
            raise PermissionDenied
        return obj

    def get(self, request: HttpRequest, key: Any) -> HttpResponse:
        """The form with what is stored."""
        obj = self.allowed(key)
        return self.render({"form": self.make_form(obj), **self.context(obj)})

    def post(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Save, or the form again (422). The row is locked from the comparison to the saving."""
        with transaction.atomic():
            lock_tree(self.crud.model)
            obj = self.allowed(key, lock=True)
            stored = copy.copy(obj)  # the form changes its instance even when it refuses
            form = self.make_form(obj, request.POST, request.FILES)
            saved = self.save(form) if form.is_valid() else None
        if saved is None:
            return self.refuse(form, self.context(stored))
        return self.done(saved)
