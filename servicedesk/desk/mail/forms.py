"""What is asked before something is done with a held mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cmdb.common.fields import PickField
from cmdb.common.forms import ScopedForm, ScopedModelForm
from cmdb.maildomains import nearest
from cmdb.models import Organisation, Role, User
from servicedesk import lists
from servicedesk.forms.verbs import text_field
from servicedesk.intake.mail import people, refusing
from servicedesk.models import FormAddress, InboundMail, Kind, Ticket

#: In place of an organisation's key: the whole region.
REGION = "region"


class MailForm(ScopedForm):
    """Base: `MailForm(data, user=…, mail=…)`."""

    text_limit = 100_000

    def __init__(self, *args: Any, mail: InboundMail | None = None, **kwargs: Any) -> None:
        self.mail = mail
        super().__init__(*args, **kwargs)

    def municipalities(self) -> list[tuple[int, str]]:
        """Those for which the person works."""
        mine = self.user.access.work_orgs
        return [(pk, name) for pk, name in lists.of(self.user).municipalities if pk in mine]


class OpenForm(MailForm):
    """Whose ticket it becomes: somebody in the register, somebody new, or nobody but a municipality."""

    title = forms.CharField(
        label=_("In a few words"),
        max_length=200,
        error_messages={"required": _("Say in a few words what it is about.")},
    )
    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[(kind.value, kind.label) for kind in (Kind.INCIDENT, Kind.REQUEST)],
        widget=forms.RadioSelect,
        initial=Kind.INCIDENT,
    )
    reporter = PickField(
        User.objects.filter(is_active=True).select_related("organisation"),
        url_name="desk:pick_person",
        label=_("Who reports it"),
        required=False,
    )
    name = forms.CharField(
        label=_("Or somebody new: the name"),
        max_length=150,
        required=False,
        help_text=_(
            "The person is registered with the address that the mail came from, and gets the answers."
        ),
    )
    organisation = forms.ChoiceField(
        label=_("Municipality"),
        required=False,
        help_text=_("Needed where nobody in the register is chosen."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["organisation"]
        choice.choices = [("", _("The reporter's")), *self.municipalities()]

    def clean(self) -> dict[str, Any]:
        """One way to say who it is."""
        given = super().clean() or {}
        if given.get("reporter") and given.get("name"):
            self.add_error("name", _("Choose somebody, or register somebody new; not both."))
        elif not given.get("reporter") and not given.get("organisation") and not self.errors:
            self.add_error("organisation", _("Say which municipality it is for."))
        return given

    @property
    def home(self) -> Organisation:
        """The municipality that was named, else the reporter's home."""
        key, reporter = self.cleaned_data["organisation"], self.cleaned_data["reporter"]
        home = Organisation.objects.get(pk=key) if key else reporter.organisation
        if home is None:
            raise ValidationError({"organisation": _("Say which municipality it is for.")})
        return home


class AttachForm(MailForm):
    ticket = PickField(Ticket.objects.all(), url_name="desk:pick_ticket", label=_("Ticket"))
    person = PickField(
        User.objects.filter(is_active=True),
        url_name="desk:pick_person",
        label=_("As the word of"),
        required=False,
        help_text=_("Somebody who has a part in the ticket. Left empty: an internal note."),
    )


class AnswerForm(MailForm):
    subject = forms.CharField(label=_("Subject"), max_length=250)
    body = text_field(_("Your answer"), rows=8)


class RefuseForm(MailForm):
    """The address of a mail or its domain; without a mail the address is asked for."""

    address = forms.CharField(
        label=_("Address, or @domain"),
        max_length=254,
        help_text=_("@example.com means everybody there, and what is below it."),
    )
    where = forms.ChoiceField(label=_("For"))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["where"]
        region = [(REGION, _("The whole region"))] if refusing.may_refuse_for(self.user, None) else []
        choice.choices = [*region, *self.municipalities()]
        if self.mail is not None:
            own: Any = people.names_of(self.mail.sender)[:2]
            self.fields["address"] = forms.ChoiceField(
                label=_("Whom"),
                choices=[(name, name) for name in own],
                widget=forms.RadioSelect,
                initial=own[0],
            )

    def clean_address(self) -> str:
        """What would shut out one's own people is refused here already."""
        address = str(self.cleaned_data["address"]).strip().lower()
        refusing.check(address)
        return address

    @property
    def organisation(self) -> Organisation | None:
        """For whom; None: the region."""
        where = self.cleaned_data["where"]
        return None if where == REGION else Organisation.objects.get(pk=where)


class FormAddressForm(ScopedModelForm):
    """A form's address is believed: only an administrator names one, for a municipality of the own."""

    class Meta:
        model = FormAddress
        fields = ("address", "organisation", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["organisation"]
        choice.queryset = choice.queryset.filter(pk__in=self.user.access.orgs(Role.ADMIN))

    def clean_address(self) -> str:
        """Of one's own municipality: whoever names a neighbour's form would speak for the neighbour's people."""
        address = str(self.cleaned_data["address"]).strip().lower()
        home = nearest(address)
        if home is not None and home.pk not in self.user.access.orgs(Role.ADMIN):
            raise ValidationError(_("This address belongs to %(name)s.") % {"name": home})
        return address
