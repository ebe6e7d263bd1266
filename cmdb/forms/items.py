"""Items with what their class adds, and their relations."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cmdb import attributes, lifecycle
from cmdb.common.forms import VERSION, fingerprint
from cmdb.forms.base import RegisterForm
from cmdb.models import CIClass, Item, OrganisationKind, Relation

PERSON = "cmdb:person_pick"


class ItemForm(RegisterForm):
    """All fields of an item; the fields of its class come behind them as ``a_<name>``.

    The class is the posted one, else the item's own, else the one in ``initial``. Values of attributes that the class
    does not have are dropped when the item is saved: a class is changed knowingly.
    """

    pick: ClassVar = {
        "place": "cmdb:place_pick",
        "software": "cmdb:software_pick",
        "owner": PERSON,
        "manager": PERSON,
        "user": PERSON,
        "team": "cmdb:team_pick",
        "replaced_by": "cmdb:item_pick",
    }
    PARTS: ClassVar[Any] = (
        (
            _("What it is"),
            (
                "name",
                "item_class",
                "asset_tag",
                "serial",
                "manufacturer",
                "model",
                "address",
                "operating_system",
                "software",
            ),
        ),
        (_("Where it belongs"), ("organisation", "place")),
        (_("Who answers for it"), ("owner", "manager", "team", "user", "supplier", "outside_procedure")),
        (
            _("Life and money"),
            (
                "lifecycle",
                "criticality",
                "purchased_on",
                "warranty_until",
                "end_of_life",
                "replaced_by",
                "yearly_cost",
                "notes",
            ),
        ),
    )

    class Meta:
        model = Item
        fields = (
            "name",
            "item_class",
            "organisation",
            "place",
            "lifecycle",
            "criticality",
            "asset_tag",
            "serial",
            "manufacturer",
            "model",
            "address",
            "operating_system",
            "software",
            "owner",
            "manager",
            "user",
            "team",
            "supplier",
            "purchased_on",
            "warranty_until",
            "end_of_life",
            "replaced_by",
            "yearly_cost",
            "outside_procedure",
            "notes",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "supplier" in self.fields:
            choice: Any = self.fields["supplier"]
            choice.queryset = choice.queryset.filter(kind=OrganisationKind.SUPPLIER)
        self.definitions: list[attributes.Definition] = []
        self._add_class_fields()

    def _add_class_fields(self) -> None:
        """Fields of the class, and a watch over them for edits that clash."""
        chosen = self._class()
        if "item_class" in self.fields:
            self.fields["item_class"].widget.attrs |= {
                "hx-get": f"{reverse('cmdb:item_attributes')}?item={self.instance.pk or ''}",
                "hx-target": "#attributes",
                "hx-trigger": "change",
                "hx-include": "closest form",
                "hx-swap": "outerHTML",
            }
        if chosen is None:
            return
        self.definitions = attributes.definitions(chosen)
        stored = self.instance.attributes if isinstance(self.instance.attributes, dict) else {}
        for entry in self.definitions:
            name = attributes.PREFIX + entry["name"]
            self.fields[name] = attributes.field(entry)
            if entry["name"] in stored:
                self.initial[name] = attributes.initial(entry, stored[entry["name"]])
            _native_date(self.fields[name])
        if self.instance.pk is not None:
            names = [name for name in self._meta.fields or () if name in self.fields]
            self.stored_version = fingerprint(self.instance, [*names, "attributes"])
            self.fields[VERSION].initial = self.stored_version

    def _class(self) -> CIClass | None:
        field: Any = self.fields.get("item_class")
        if field is None:
            return self.instance.item_class if self.instance.pk else None
        asked = self.data.get(self.add_prefix("item_class")) if self.is_bound else None
        if asked is None:
            asked = self.instance.item_class_id or self.initial.get("item_class")
        pk = getattr(asked, "pk", asked)
        if not str(pk).isdecimal() or len(str(pk)) > 15:
            return None
        return field.queryset.filter(pk=pk).select_related("parent").first()

    @property
    def parts(self) -> list[tuple[Any, list[Any]]]:
        """Headings with their bound fields, in the order of the page; those that the form has not are left out."""
        found = [
            (title, [self[name] for name in names if name in self.fields]) for title, names in self.PARTS
        ]
        return [(title, fields) for title, fields in found if fields]

    @property
    def class_fields(self) -> list[Any]:
        """Bound fields of the class."""
        return [self[name] for name in self.fields if name.startswith(attributes.PREFIX)]

    def clean(self) -> Any:
        cleaned = super().clean()
        self._clean_attributes()
        self._clean_lifecycle()
        return cleaned

    def _clean_attributes(self) -> None:
        values: dict[str, Any] = {}
        for entry in self.definitions:
            name = attributes.PREFIX + entry["name"]
            if name not in self.cleaned_data:
                continue  # refused already
            try:
                value = attributes.parse(entry, self.cleaned_data[name])
            except ValidationError as error:
                self.add_error(name, error)
                continue
            if value is not None:
                values[entry["name"]] = value
        if self._class() is not None:
            self.instance.attributes = values

    def _clean_lifecycle(self) -> None:
        to = self.cleaned_data.get("lifecycle")
        if not to or "lifecycle" not in self.changed_data:
            return
        probe = Item(pk=self.instance.pk, end_of_life=self.cleaned_data.get("end_of_life"))
        chosen = self.cleaned_data.get("item_class")
        probe.family = chosen.family if chosen else ""
        for sentence in lifecycle.refusals(probe, to):
            self.add_error("lifecycle", sentence)


def _native_date(field: forms.Field) -> None:
    if isinstance(field, forms.DateField):
        field.widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
        field.input_formats = ["%Y-%m-%d", "%d.%m.%Y"]


class CaretakerForm(ItemForm):
    """What a system's owner or manager keeps up without the IT unit: who manages it, how critical it is, its end, its
    cost, notes and the attributes of its class. Name, class, place, technical facts and owner stay with the unit."""

    PARTS: ClassVar[Any] = (
        (_("Who answers for it"), ("manager",)),
        (_("Life and money"), ("criticality", "end_of_life", "yearly_cost", "notes")),
    )

    class Meta:
        model = Item
        fields = ("manager", "criticality", "end_of_life", "yearly_cost", "notes")


class RelationForm(RegisterForm):
    """How one item rests on another."""

    pick: ClassVar = {"source": "cmdb:item_pick", "target": "cmdb:item_pick"}

    class Meta:
        model = Relation
        fields = ("source", "kind", "target", "redundancy_group", "needed", "notes")
        help_texts = {
            "kind": _("Read as a sentence: the item … the other item."),
            "redundancy_group": _(
                "Others of this item with the same word here stand in for each other, as two power supplies do."
            ),
            "needed": _("How many of the group must be there for the item to work."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["needed"].required = False

    def clean_needed(self) -> int:
        """One, unless said otherwise."""
        needed = self.cleaned_data.get("needed")
        if needed is not None and needed < 1:
            raise ValidationError(_("At least one is needed."))
        return needed or 1
