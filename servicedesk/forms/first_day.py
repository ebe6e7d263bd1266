"""Forms of the first day's steps: as little as one knows on that day; the rest has its own pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.common.forms import ScopedForm
from cmdb.models import User
from servicedesk import first_day
from sla.models import Agreement


class RegionForm(ScopedForm):
    """The IT unit."""

    name = forms.CharField(label=_("Name"), max_length=120)
    number = forms.CharField(
        label=_("Organisation number"),
        required=False,
        max_length=11,
        validators=[RegexValidator(r"^(\d ?){9}$", _("An organisation number has nine digits."))],
    )
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)

    def clean_number(self) -> str:
        """Without the blanks in which people write it."""
        return str(self.cleaned_data["number"]).replace(" ", "")


class MunicipalityForm(RegionForm):
    """Its first municipality."""

    inhabitants = forms.IntegerField(
        label=_("Inhabitants"), required=False, min_value=0, max_value=10_000_000
    )


class RoleForm(ScopedForm):
    """Who the superuser is."""

    display_name = forms.CharField(label=_("Your name"), max_length=150)
    email = forms.EmailField(label=_("Your e-mail"), max_length=254)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        known = "" if user.display_name == user.username else user.display_name
        super().__init__(
            *args, user=user, initial={"display_name": known, "email": user.email}, **kwargs
        )  # a user name is no name

    def clean_email(self) -> str:
        """Mail tells people apart by their addresses."""
        email = str(self.cleaned_data["email"])
        if User.objects.filter(email__iexact=email).exclude(pk=self.user.pk).exists():
            raise forms.ValidationError(_("Another person has this address."))
        return email


class TeamForm(ScopedForm):
    """Who takes tickets."""

    name = forms.CharField(label=_("Name"), max_length=80, initial=_("Service desk"))
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)


class CalendarForm(ScopedForm):
    """Monday to Friday, the same hours every day."""

    name = forms.CharField(label=_("Name"), max_length=80, initial=_("Core hours"))
    opens = forms.TimeField(label=_("Opens"), initial=dt.time(8))
    closes = forms.TimeField(label=_("Closes"), initial=dt.time(15, 45))
    half_days = forms.BooleanField(
        label=_("Closes at noon on Christmas Eve, New Year's Eve and the Wednesday before Easter"),
        required=False,
        initial=True,
    )

    def clean(self) -> dict[str, Any]:
        """It closes after it opens."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        opens, closes = values.get("opens"), values.get("closes")
        if opens and closes and closes <= opens:
            self.add_error("closes", _("It must close after it opens."))
        return values


class AgreementForm(ScopedForm):
    """The promises of the table above it, from the first day of this month."""

    name = forms.CharField(label=_("Name"), max_length=120)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        municipality = first_day.first_municipality()
        self.fields["name"].initial = _("Service level agreement %(name)s") % {"name": municipality}
        self.municipality = municipality

    def clean(self) -> dict[str, Any]:
        """No other version of it lies in the days ahead."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        draft = Agreement(
            organisation=self.municipality, valid_from=timezone.localdate().replace(day=1), name="x"
        )
        try:
            draft.clean()
        except forms.ValidationError as error:
            raise forms.ValidationError(error.messages) from error
        return values


FORMS: dict[str, type[ScopedForm]] = {
    "region": RegionForm,
    "municipality": MunicipalityForm,
    "role": RoleForm,
    "team": TeamForm,
    "calendar": CalendarForm,
    "agreement": AgreementForm,
}
