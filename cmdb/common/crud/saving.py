"""Making and saving forms of a declaration: one way for pages and API."""

import copy
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict
from django.http import Http404
from django.utils.translation import gettext as _
from mptt.exceptions import InvalidMove

from cmdb.common.archive import ARCHIVED, is_archived
from cmdb.common.crud.declare import Crud
from cmdb.common.forms import ScopedModelForm
from cmdb.common.problems import Problem
from cmdb.common.scope import narrow
from cmdb.common.trees import lock_tree


def make_form(crud: Crud, user: Any, verb: str, *args: Any, **kwargs: Any) -> ScopedModelForm:
    """The form of ``crud``; organisations to choose from are those in which the person may ``verb``."""
    assert crud.form is not None
    form = crud.form(*args, user=user, **kwargs)
    choice = form.fields.get((crud.owner or "").removesuffix("_id"))
    if choice is not None and hasattr(choice, "queryset"):
        mine = user.access.orgs(*crud.roles[verb])
        held = crud.owner_of(form.instance) if form.instance.pk is not None else None
        choice.queryset = choice.queryset.filter(pk__in={*mine, held} - {None})
        # Left empty it would be shared by all.
        choice.required = choice.required or not user.access.over_region(*crud.roles[verb])
    return form


def save(crud: Crud, user: Any, verb: str, form: ScopedModelForm) -> Any:
    """Save a valid form and return the row, or None with the reason in the form.

    A row that the person could not see or change afterwards is not saved: it would be a way to put things
    where one has no business, or to lose them. Call inside a transaction that holds the tree's lock.
    """
    try:
        with transaction.atomic():
            obj = form.save()
            person = _fresh(user)
            kept = narrow(crud.model._default_manager.filter(pk=obj.pk), person).first()
            if kept is None or not crud.may_with(person, verb, kept):
                raise ValidationError(
                    _("You may not keep it like this: you could not see or change it yourself afterwards.")
                )
            return kept
    except ValidationError as error:
        form.add_error(None, error)
    except InvalidMove:
        form.add_error(None, _("A branch of a tree cannot hang below itself."))
    except IntegrityError:
        form.add_error(
            None, _("Somebody else saved the same at this moment. Check the list, then try again.")
        )
    return None


def _fresh(user: Any) -> Any:
    """The same person with rights read anew: saving an organisation or a role may have changed them."""
    person = copy.copy(getattr(user, "_wrapped", user))  # request.user is lazy
    person.__dict__.pop("access", None)
    return person


def write(crud: Crud, user: Any, payload: Mapping[str, Any], key: Any = None) -> Any:
    """Create (no ``key``) or change a row from the API's ``payload`` of form fields; returns the saved row.

    Unnamed fields of an existing row stay. Raises Http404, PermissionDenied or Problem (422, by field).
    """
    verb = "create" if key is None else "write"
    if crud.form is None or not (crud.may(user, "read") and (key is not None or crud.may(user, verb))):
        raise PermissionDenied
    unknown = sorted(set(payload) - set(crud.form.base_fields))
    if unknown:
        raise Problem(
            422, _("Unknown fields"), errors={name: [_("There is no such field.")] for name in unknown}
        )
    with transaction.atomic():
        lock_tree(crud.model)
        obj, data = None, {name: "" if value is None else value for name, value in payload.items()}
        if key is not None:
            obj = crud.rows(user).select_for_update(of=("self",)).filter(**{crud.lookup: key}).first()
            if obj is None:
                raise Http404
            if not crud.may_with(user, verb, obj):
                raise PermissionDenied
            if is_archived(obj):
                raise Problem(409, _("Not saved"), str(ARCHIVED))
            held = model_to_dict(obj, fields=list(crud.form.base_fields))
            data = {**{name: _plain(value) for name, value in held.items()}, **data}
        form = make_form(crud, user, verb, data, instance=obj)
        saved = save(crud, user, verb, form) if form.is_valid() else None
        if saved is None:
            raise Problem(
                422, _("Not saved"), errors={name: list(map(str, e)) for name, e in form.errors.items()}
            )
    return saved


def _plain(value: Any) -> Any:
    """A stored value as a form takes it."""
    if isinstance(value, list):
        return [getattr(row, "pk", row) for row in value]
    return "" if value is None else value
