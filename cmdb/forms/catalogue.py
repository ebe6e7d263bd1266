"""Classes, services, software, licences and contracts."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cmdb import attributes
from cmdb.forms.base import RegisterForm
from cmdb.models import (
    CIClass,
    Contract,
    Item,
    Licence,
    LicenceMetric,
    Organisation,
    OrganisationKind,
    Service,
    ServiceComponent,
    Software,
)
from cmdb.models.classes import ATTRIBUTE_TYPES


class AttributesField(forms.CharField):
    """Attributes of a class as lines of text: ``name; label; type; required; choices with commas``."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """Lines out of the stored list; what was typed stays as it is."""
        if not isinstance(value, list):
            return value
        return "\n".join(
            "; ".join(
                [
                    entry["name"],
                    str(entry.get("label", "")),
                    entry["type"],
                    *(["required" if entry.get("required") else ""] if _long(entry) else []),
                    *([", ".join(map(str, entry["choices"]))] if entry.get("choices") else []),
                ]
            )
            for entry in value
        )

    def to_python(self, value: Any) -> Any:
        """The list that is stored."""
        text = super().to_python(value)
        lines = [(n, line.strip()) for n, line in enumerate(str(text).splitlines(), 1) if line.strip()]
        return [self._entry(n, line) for n, line in lines]

    @staticmethod
    def _entry(number: int, line: str) -> dict[str, Any]:
        name, label, kind, required, choices = [
            *(part.strip() for part in line.split(";", 4)),
            "",
            "",
            "",
            "",
        ][:5]
        if kind not in ATTRIBUTE_TYPES:
            raise ValidationError(
                gettext("Line %(number)d: the third part must be one of %(types)s.")
                % {"number": number, "types": ", ".join(sorted(ATTRIBUTE_TYPES))}
            )
        if required not in ("", "required"):
            raise ValidationError(
                gettext("Line %(number)d: the fourth part is “required” or empty.") % {"number": number}
            )
        entry: dict[str, Any] = {"name": name, "label": label or name, "type": kind}
        if required:
            entry["required"] = True
        if choices:
            entry["choices"] = list(dict.fromkeys(c.strip() for c in choices.split(",") if c.strip()))
        return entry

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is spelled."""
        try:
            return bool(self.to_python(data) != (initial or []))
        except ValidationError:
            return True


def _long(entry: dict[str, Any]) -> bool:
    return bool(entry.get("required") or entry.get("choices"))


class CIClassForm(RegisterForm):
    """A class and the attributes it adds. What items hold already must still fit afterwards."""

    attributes = AttributesField(
        required=False,
        label=_("Attributes"),
        help_text=_(
            "One a line: name; label; type; required; choices with commas. Types: text, integer, number, boolean, date,"
            " choice. Example: memory_gib; Memory (GiB); integer"
        ),
    )

    class Meta:
        model = CIClass
        fields = ("name", "slug", "parent", "family", "layer", "attributes")

    def clean(self) -> Any:
        cleaned = super().clean()
        if self.instance.pk is not None and "attributes" in self.changed_data and not self.errors:
            self._keep_values()
        return cleaned

    def _keep_values(self) -> None:
        """Refuse a change that would leave values behind which nothing describes any more."""
        wanted = self.cleaned_data["attributes"]
        below = {
            cls.pk: attributes.definitions(cls) for cls in self.instance.get_descendants(include_self=True)
        }
        own = {entry["name"] for entry in CIClass.objects.get(pk=self.instance.pk).attributes}
        held = Item.objects.filter(item_class__in=below).values_list("item_class_id", "attributes")
        wrong: dict[str, int] = {}
        for pk, values in held.iterator(chunk_size=2000):
            others = [e for e in below[pk] if e["name"] not in own]
            if sentences := attributes.problems([*others, *wanted], values):
                wrong[sentences[0]] = wrong.get(sentences[0], 0) + 1
        for sentence, count in list(wrong.items())[:5]:
            self.add_error(
                "attributes",
                gettext("%(count)d items stand against it: %(why)s") % {"count": count, "why": sentence},
            )


class ServiceForm(RegisterForm):
    """A node of the service catalogue."""

    pick: ClassVar = {"team": "cmdb:team_pick"}

    class Meta:
        model = Service
        fields = (
            "name",
            "slug",
            "parent",
            "description",
            "organisation",
            "consumers",
            "team",
            "criticality",
            "on_call",
        )
        widgets = {"consumers": forms.CheckboxSelectMultiple}
        help_texts = {
            "on_call": _("On-call covers it outside core hours. This follows from the risk analysis."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["consumers"]
        # Not even those that the service has already: a neighbour's name is no business of everybody's.
        mine = Organisation.objects.visible_to(self.user)
        choice.queryset = mine.exclude(kind__in=(OrganisationKind.SUPPLIER, OrganisationKind.UNIT))

    def clean(self) -> Any:
        cleaned = super().clean()
        if self.cleaned_data.get("on_call") and self.cleaned_data.get("criticality", 0) > 2:
            self.add_error("on_call", _("On-call covers critical and high services only."))
        return cleaned

    def _save_m2m(self) -> None:
        """Consumers that the person can not see stay: a form takes away only what it showed."""
        shown: Any = self.fields["consumers"]
        hidden = list(
            self.instance.consumers.exclude(pk__in=shown.queryset.values("pk")).values_list("pk", flat=True)
        )
        super()._save_m2m()
        if hidden:
            self.instance.consumers.add(*hidden)


class ServiceComponentForm(RegisterForm):
    """What a service rests on."""

    pick: ClassVar = {"service": "cmdb:service_pick", "item": "cmdb:item_pick"}

    class Meta:
        model = ServiceComponent
        fields = ("service", "item", "organisation", "redundancy_group", "needed")
        help_texts = {
            "organisation": _("Leave it empty where it holds for everybody who uses the service."),
            "redundancy_group": _(
                "Components with the same word here stand in for each other, as two web servers do."
            ),
            "needed": _("How many of the group must be up for the service to work."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["needed"].required = False
        choice: Any = self.fields["organisation"]
        choice.queryset = choice.queryset.exclude(kind=OrganisationKind.SUPPLIER)

    def clean_needed(self) -> int:
        """One, unless said otherwise."""
        needed = self.cleaned_data.get("needed")
        if needed is not None and needed < 1:
            raise ValidationError(_("At least one is needed."))
        return needed or 1


class SoftwareForm(RegisterForm):
    """A product of the shared catalogue."""

    class Meta:
        model = Software
        fields = ("name", "publisher", "category", "description", "website")


class LicenceForm(RegisterForm):
    """A right to use a product."""

    pick: ClassVar = {"software": "cmdb:software_pick", "contract": "cmdb:contract_pick"}

    class Meta:
        model = Licence
        fields = (
            "software",
            "organisation",
            "contract",
            "metric",
            "bought",
            "reported_used",
            "used_at",
            "valid_until",
            "yearly_cost",
            "notes",
        )
        help_texts = {
            "reported_used": _("Only where it is not per device: those are counted from installations."),
        }

    def clean(self) -> Any:
        cleaned = super().clean()
        data = self.cleaned_data
        if data.get("metric") == LicenceMetric.DEVICE and data.get("reported_used") is not None:
            self.add_error(
                "reported_used", _("Licences per device are counted from installations. Leave this empty.")
            )
        if data.get("reported_used") is not None and not data.get("used_at") and not self.errors:
            self.add_error("used_at", _("Say on which day this number was right."))
        return cleaned


class ContractForm(RegisterForm):
    """A contract; its items are added on its page."""

    class Meta:
        model = Contract
        fields = (
            "name",
            "number",
            "kind",
            "organisation",
            "supplier",
            "starts_on",
            "ends_on",
            "notice_on",
            "yearly_cost",
            "notes",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["supplier"]
        choice.queryset = choice.queryset.filter(kind=OrganisationKind.SUPPLIER)

    def clean(self) -> Any:
        cleaned = super().clean()
        notice, ends = self.cleaned_data.get("notice_on"), self.cleaned_data.get("ends_on")
        if notice and ends and notice > ends:
            self.add_error("notice_on", _("Notice must be given before the contract ends."))
        return cleaned
