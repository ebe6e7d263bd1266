"""Make or change an item from plain values, with the same form, rights and checks as the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms.models import model_to_dict
from django.http import Http404
from django.utils.translation import gettext as _

from cmdb import attributes
from cmdb.common.archive import ARCHIVED, is_archived
from cmdb.common.crud.saving import make_form, save
from cmdb.common.problems import Problem
from cmdb.forms import CaretakerForm, ItemForm
from cmdb.models import Criticality, Item, Lifecycle


def put_item(user: Any, values: Mapping[str, Any], key: int | None = None) -> Item:
    """The saved item. `values`: form fields by name (keys of related rows), and `attributes` as a mapping.

    What is not named stays; an attribute given as None is emptied.
    :raises Http404: an item that the person may not see. :raises PermissionDenied: one that may not be changed.
    :raises Problem: 422 with sentences by field.
    """
    from cmdb.pages import ITEM

    if not ITEM.may(user, "read") or (key is None and not ITEM.may(user, "create")):
        raise PermissionDenied
    with transaction.atomic():
        item = None
        if key is not None:
            item = ITEM.rows(user).select_for_update(of=("self",)).filter(pk=key).first()
            if item is None:
                raise Http404
            if not ITEM.may_with(user, "write", item):
                raise PermissionDenied
            if is_archived(item):
                raise Problem(409, _("Not saved"), str(ARCHIVED))
        form = _form(user, item, values)
        saved = save(ITEM, user, "create" if item is None else "write", form) if form.is_valid() else None
        if saved is None:
            raise Problem(422, _("Not saved"), errors=_errors(form))
    made: Item = saved
    return made


def _form(user: Any, item: Item | None, values: Mapping[str, Any]) -> ItemForm:
    """The form that this person may use on this item, filled with what is stored and what was given."""
    from cmdb.pages import ITEM

    given = {name: "" if value is None else value for name, value in values.items() if name != "attributes"}
    extra = values.get("attributes") or {}
    if item is not None and not ITEM.writes(user, item):
        base: Any = CaretakerForm
        refused = sorted(set(given) - set(CaretakerForm.base_fields))
        if refused:
            sentence = _("Only the IT unit changes this.")
            raise Problem(422, _("Not saved"), errors={name: [sentence] for name in refused})
    else:
        base = ItemForm
    held = {} if item is None else _held(item, base)
    data = {**held, **given, **{attributes.PREFIX + name: _word(value) for name, value in extra.items()}}
    if base is CaretakerForm:
        form: Any = CaretakerForm(data, instance=item, user=user)
    else:
        data = {"lifecycle": Lifecycle.IN_USE, "criticality": Criticality.NORMAL, **data}
        form = make_form(ITEM, user, "create" if item is None else "write", data, instance=item)
    unknown = sorted(name for name in extra if attributes.PREFIX + name not in form.fields)
    if unknown:
        sentence = _("The class has no such attribute.")
        raise Problem(422, _("Not saved"), errors={f"attributes.{name}": [sentence] for name in unknown})
    return form


def _held(item: Item, form: Any) -> dict[str, Any]:
    held = model_to_dict(item, fields=list(form.base_fields))
    stored = item.attributes if isinstance(item.attributes, dict) else {}
    held |= {attributes.PREFIX + name: _word(value) for name, value in stored.items()}
    return {name: "" if value is None else value for name, value in held.items()}


def _word(value: Any) -> Any:
    """A stored value as the form field takes it."""
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else value


def _errors(form: Any) -> dict[str, list[str]]:
    """Sentences by the names that the caller used."""
    return {
        f"attributes.{name.removeprefix(attributes.PREFIX)}"
        if name.startswith(attributes.PREFIX)
        else name: list(map(str, messages))
        for name, messages in form.errors.items()
    }
