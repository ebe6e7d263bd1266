"""Writing: create, edit, delete. Whatever is saved is looked up again through the person's own eyes."""

import copy
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models, router, transaction
from django.db.models.deletion import Collector, ProtectedError, RestrictedError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
        if not url_has_allowed_host_and_scheme(target, {self.request.get_host()}, self.request.is_secure()):
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

    def allowed(self, key: Any, lock: bool = False) -> Any:
        """The row, 404 if it cannot be seen, 403 if it cannot be changed."""
        rows = self.rows().select_for_update(of=("self",)) if lock else self.rows()
        obj = self.find(key, rows)
        if not self.crud.may_with(self.user, self.verb, obj):
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


class DeleteView(EditView):
    """Delete a row, after saying what goes with it or what stands against it."""

    verb = "delete"
    template = "confirm_delete"

    def page(self, obj: Any) -> dict[str, Any]:
        """Counts by kind only: what depends may belong to others."""
        affected, blocked = dependents(obj)
        title = _("Delete %(name)s?") % {"name": str(obj)}
        return {**self.context(obj), "title": title, "affected": affected, "blocked": blocked}

    def get(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Ask."""
        return self.render(self.page(self.allowed(key)))

    def post(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Delete; 409 with the reasons where something stands against it."""
        with transaction.atomic():
            lock_tree(self.crud.model)
            obj = self.allowed(key, lock=True)
            name, kept = str(obj), copy.copy(obj)
            try:
                with transaction.atomic():
                    obj.delete()
            except (ProtectedError, RestrictedError):
                return self.render(self.page(kept), status=409)
        messages.success(request, _("%(name)s is deleted.") % {"name": name})
        return HttpResponseRedirect(self.crud.url("list") if self.crud.table else "/")


def _counts(rows: dict[Any, int]) -> list[str]:
    """``3 items`` per kind of row; connecting tables of many-to-many fields say nothing to people."""
    out = []
    for model, n in rows.items():
        if n and not model._meta.auto_created:
            kind = str(model._meta.verbose_name if n == 1 else model._meta.verbose_name_plural)
            out.append(ngettext("%(n)d %(kind)s", "%(n)d %(kind)s", n) % {"n": n, "kind": kind})
    return [capfirst(text) for text in sorted(out)]


def dependents(obj: models.Model) -> tuple[list[str], list[str]]:
    """What would be deleted along with ``obj``, and what forbids it: counts by kind, in words."""
    collector = Collector(using=router.db_for_write(type(obj), instance=obj), origin=obj)
    blocked: dict[Any, int] = {}
    try:
        collector.collect([obj])
    except (ProtectedError, RestrictedError) as error:
        rows = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
        for row in rows:
            blocked[type(row)] = blocked.get(type(row), 0) + 1
        return [], _counts(blocked)
    found = {model: len(rows) for model, rows in collector.data.items()}
    found[type(obj)] = found.get(type(obj), 1) - 1
    for queryset in collector.fast_deletes:
        model: Any = queryset.model
        found[model] = found.get(model, 0) + queryset.count()
    return _counts(found), []
