"""A change request's plan: what, why, how, how tested, the way back, the risk, the window."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cmdb.common.fields import PickField
from cmdb.common.forms import ScopedForm
from cmdb.models import Item, Organisation, Service
from servicedesk import lists
from servicedesk.forms.verbs import pairs, text_field
from servicedesk.models import Change, ChangeType, Kind, Level, Ticket

#: What the numbers mean, so that two people give the same change the same number.
PROBABILITY = (
    (1, _("1 · has hardly ever gone wrong")),
    (2, _("2 · seldom")),
    (3, _("3 · now and then")),
    (4, _("4 · often")),
    (5, _("5 · goes wrong more often than not")),
)
CONSEQUENCE = (
    (1, _("1 · hardly noticed")),
    (2, _("2 · a few are hindered")),
    (3, _("3 · many are hindered")),
    (4, _("4 · a municipality can not work")),
    (5, _("5 · life and health, or several municipalities")),
)
PLAN = (
    "type", "reason", "plan", "test_plan", "backout_plan", "probability", "consequence", "mitigation",
    "planned_start", "planned_end",
)  # fmt: skip
ITEMS_AT_MOST = 50


class ChangeForm(ScopedForm):
    """Everything that the approver needs. Only the title and the type are asked for at once: a draft may be unfinished."""

    title = forms.CharField(
        label=_("What is changed, in a few words"),
        max_length=200,
        error_messages={"required": _("Say in a few words what it is about.")},
    )
    type = forms.ChoiceField(
        label=_("Type"),
        choices=ChangeType.choices,
        initial=ChangeType.NORMAL,
        help_text=_(
            "Standard: done often, pre-authorised. Emergency: cannot wait; decided by whoever leads or is on call."
        ),
    )
    organisation = forms.ChoiceField(
        label=_("For"), required=False, help_text=_("Left empty: your own organisation, so everybody.")
    )
    item = PickField(
        Item.objects.all(), url_name="desk:pick_item", label=_("System or item to add"), required=False
    )
    service = forms.ChoiceField(label=_("Service"), required=False)
    supplier = forms.ChoiceField(label=_("Supplier"), required=False)
    reason = text_field(_("Why"), required=False)
    plan = text_field(_("How"), rows=5, required=False, help_text=_("Step by step, with who does what."))
    test_plan = text_field(_("How it is tested"), required=False)
    backout_plan = text_field(
        _("Way back"), required=False, help_text=_("What is done if it goes wrong, and until when.")
    )
    probability = forms.TypedChoiceField(
        label=_("How likely is it that it goes wrong?"), choices=PROBABILITY, coerce=int, initial=1
    )
    consequence = forms.TypedChoiceField(
        label=_("How bad would that be?"), choices=CONSEQUENCE, coerce=int, initial=1
    )
    mitigation = text_field(
        _("What lowers the risk"), required=False, help_text=_("Needed from a risk factor of 12.")
    )
    planned_start = forms.DateTimeField(label=_("Window from"), required=False)
    planned_end = forms.DateTimeField(label=_("Window until"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = lists.of(self.user)
        selects: Any = self.fields
        selects["organisation"].choices = pairs(known.municipalities, _("All (the region)"))
        selects["service"].choices = pairs(known.services, _("None in particular"))
        selects["supplier"].choices = pairs(known.suppliers, _("None"))

    def clean(self) -> dict[str, Any]:
        """The window has a length, and both ends or none."""
        given = super().clean() or {}
        start, end = given.get("planned_start"), given.get("planned_end")
        if start and end and end <= start:
            self.add_error("planned_end", _("The window must end after it begins."))
        elif bool(start) != bool(end) and not {"planned_start", "planned_end"} & self.errors.keys():
            self.add_error("planned_end" if start else "planned_start", _("A window needs both ends."))
        return given

    def details(self) -> dict[str, Any]:
        """Fields of the change itself."""
        return {name: self.cleaned_data[name] for name in PLAN}

    def order(self, items: list[Item]) -> dict[str, Any]:
        """Arguments for actions.open_ticket."""
        given = self.cleaned_data
        return {
            "kind": Kind.CHANGE,
            "title": given["title"],
            "organisation": _get(Organisation, given["organisation"]),
            "service": _get(Service, given["service"]),
            "supplier": _get(Organisation, given["supplier"]),
            "items": items,
            "impact": _impact(given["consequence"]),
            "urgency": Level.HIGH if given["type"] == ChangeType.EMERGENCY else Level.LOW,
            "details": self.details(),
        }


class ChangeEditForm(ChangeForm):
    """The same plan, as long as it is a draft; what it is for and about stays."""

    organisation = None  # type: ignore[assignment]
    item = None  # type: ignore[assignment]

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        self.ticket = ticket
        now: Change = ticket.change
        initial = {name: getattr(now, name) for name in PLAN} | {
            "title": ticket.title,
            "service": ticket.service_id or "",
            "supplier": ticket.supplier_id or "",
        }
        super(ChangeForm, self).__init__(*args, initial=initial, **kwargs)
        known = lists.of(self.user)
        selects: Any = self.fields
        selects["service"].choices = pairs(known.services, _("None in particular"))
        selects["supplier"].choices = pairs(known.suppliers, _("None"))

    def values(self) -> dict[str, Any]:
        """What was changed, as actions.edit takes it."""
        found = {name: self.cleaned_data[name] for name in self.changed_data}
        for name, model in (("service", Service), ("supplier", Organisation)):
            if name in found:
                found[name] = _get(model, found[name])
        return found


def _get(model: Any, key: str) -> Any:
    return model._default_manager.get(pk=key) if key else None


def _impact(consequence: int) -> Level:
    """The consequence of a failure is the impact that the matrix knows."""
    if consequence >= 4:
        return Level.HIGH
    return Level.MEDIUM if consequence == 3 else Level.LOW
