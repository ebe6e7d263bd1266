"""Forms of the desk: a ticket taken by phone or at the counter, corrections, saved views."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cmdb.common.fields import PickField
from cmdb.common.forms import ScopedForm
from cmdb.models import Item, Organisation, Service, User
from servicedesk import lists
from servicedesk.forms.portal import FilesField
from servicedesk.forms.verbs import VerbForm, pairs, text_field
from servicedesk.models import Category, Channel, Kind, Level, SavedView, Ticket

KINDS = (Kind.INCIDENT, Kind.REQUEST, Kind.PROBLEM)
CHANNELS = (Channel.PHONE, Channel.WALK_IN, Channel.EMAIL)


class CreateForm(ScopedForm):
    """Somebody calls. Everything but the title has an answer of its own; impact left empty is taken from the register."""

    text_limit = 100_000

    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[(kind.value, kind.label) for kind in KINDS],
        widget=forms.RadioSelect,
        initial=Kind.INCIDENT,
    )
    # Their organisation and supplier are asked for when the ticket is opened: read along.
    reporter = PickField(
        User.objects.select_related("organisation"),
        url_name="desk:pick_person",
        label=_("Who reports it"),
        required=False,
    )
    caller = forms.CharField(
        label=_("Name and phone, if the person is not in the register"), max_length=120, required=False
    )
    organisation = forms.ChoiceField(
        label=_("Municipality"),
        required=False,
        help_text=_("Left empty: that of the person who reports it."),
    )
    title = forms.CharField(
        label=_("In a few words"),
        max_length=200,
        error_messages={"required": _("Say in a few words what it is about.")},
    )
    description = text_field(_("Description"), rows=5, required=False)
    item = PickField(
        Item.objects.select_related("supplier", "organisation"),
        url_name="desk:pick_item",
        label=_("System or item"),
        required=False,
    )
    service = forms.ChoiceField(label=_("Service"), required=False)
    impact = forms.TypedChoiceField(
        label=_("Impact"),
        choices=[("", _("As the register says")), *Level.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    urgency = forms.TypedChoiceField(
        label=_("Urgency"), choices=Level.choices, coerce=int, initial=Level.MEDIUM.value
    )
    channel = forms.ChoiceField(
        label=_("How it came"),
        choices=[(channel.value, channel.label) for channel in CHANNELS],
        initial=Channel.PHONE,
    )
    opened_at = forms.DateTimeField(
        label=_("Reported"),
        required=False,
        help_text=_("If it was earlier than now: the clocks count from then."),
    )
    files = FilesField(label=_("Pictures or files"))  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = lists.of(self.user)
        self.fields["organisation"].choices = pairs(known.municipalities, _("The reporter's"))  # type: ignore[attr-defined]
        self.fields["service"].choices = pairs(known.services, _("None in particular"))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Somebody reported it, or a municipality is named."""
        given = super().clean() or {}
        if given.get("caller") and not given.get("reporter") and not given.get("organisation"):
            self.add_error("organisation", _("Say which municipality the person calls from."))
        if given.get("opened_at") and given["opened_at"] > timezone.now():
            self.add_error("opened_at", _("This lies in the future."))
        return given

    def order(self) -> dict[str, Any]:
        """Arguments for actions.open_ticket."""
        given = self.cleaned_data
        text = given["description"]
        if given["caller"] and not given["reporter"]:
            said = gettext("Reported by %(name)s") % {"name": given["caller"]}
            text = f"{said}\n\n{text}".strip()
        organisation = given["organisation"]
        service = given["service"]
        return {
            "title": given["title"],
            "kind": given["kind"],
            "description": text,
            "channel": given["channel"],
            "organisation": Organisation.objects.get(pk=organisation) if organisation else None,
            "reporter": given["reporter"],
            "service": Service.objects.get(pk=service) if service else None,
            "item": given["item"],
            "impact": given["impact"],
            "urgency": given["urgency"],
            "opened_at": given["opened_at"],
        }


class EditForm(VerbForm):
    """Correct what is written: the ticket's own words and ties, and a problem's analysis."""

    text_limit = 100_000

    title = forms.CharField(
        label=_("In a few words"),
        max_length=200,
        error_messages={"required": _("Say in a few words what it is about.")},
    )
    description = text_field(_("Description"), rows=6, required=False)
    category = forms.ModelChoiceField(
        Category.objects.filter(is_active=True), label=_("Category"), required=False
    )
    item = PickField(Item.objects.all(), url_name="desk:pick_item", label=_("System or item"), required=False)
    service = forms.ChoiceField(label=_("Service"), required=False)
    supplier = forms.ChoiceField(label=_("Supplier"), required=False)
    root_cause = text_field(_("Root cause"), required=False)
    workaround = text_field(
        _("Workaround"), required=False, help_text=_("Shown on tickets about the same system.")
    )
    is_known_error = forms.BooleanField(label=_("Known error"), required=False)

    unscoped = ("category",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = lists.of(self.user)
        self.choose("service", known.services, _("None in particular"))
        self.choose("supplier", known.suppliers, _("None"))
        self._categories()
        if self.ticket.kind != Kind.PROBLEM:
            for name in PROBLEM_FIELDS:
                del self.fields[name]
        self.initial = {**self._now(), **self.initial}

    def _categories(self) -> None:
        field: Any = self.fields["category"]
        field.queryset = field.queryset.filter(kind=self.ticket.kind)

    def _now(self) -> dict[str, Any]:
        ticket = self.ticket
        found: dict[str, Any] = {
            "title": ticket.title,
            "description": ticket.description,
            "category": ticket.category_id,
            "item": ticket.item_id,
            "service": ticket.service_id or "",
            "supplier": ticket.supplier_id or "",
        }
        if ticket.kind == Kind.PROBLEM:
            found |= {name: getattr(ticket.problem, name) for name in PROBLEM_FIELDS}
        return found

    def values(self) -> dict[str, Any]:
        """What was changed, as actions.edit takes it."""
        found = {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}
        for name, model in (("service", Service), ("supplier", Organisation)):
            if name in found:
                key = found[name]
                found[name] = model._default_manager.get(pk=key) if key else None
        return found

    def run(self, actor: Any, ticket: Ticket) -> Ticket:
        """Save what was changed."""
        from servicedesk.actions.edit import edit

        return edit(actor, ticket, **self.values())


PROBLEM_FIELDS = ("root_cause", "workaround", "is_known_error")


class SaveViewForm(ScopedForm):
    """A name for the filters that are in force."""

    name = forms.CharField(
        label=_("Name"), max_length=80, error_messages={"required": _("Give the view a name.")}
    )
    query = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)

    def save(self) -> SavedView:
        """A name that is there already gets the new filters."""
        given = self.cleaned_data
        view, _new = SavedView.objects.update_or_create(
            user=self.user, name=given["name"].strip(), defaults={"query": given["query"]}
        )
        return view
