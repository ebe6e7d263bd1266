"""Organisations, places, people, teams and roles."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cmdb import maildomains
from cmdb.forms.base import RegisterForm
from cmdb.models import Membership, Organisation, OrganisationKind, Place, Role, Team, User


class OrganisationForm(RegisterForm):
    """A node of the region's tree, or a supplier beside it."""

    class Meta:
        model = Organisation
        fields = (
            "name",
            "slug",
            "kind",
            "parent",
            "number",
            "language",
            "inhabitants",
            "email",
            "phone",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["parent"]
        mine = self.user.access.orgs(Role.ADMIN)
        choice.queryset = choice.queryset.filter(pk__in={*mine, self.instance.parent_id} - {None})

    def clean(self) -> Any:
        cleaned = super().clean()
        kind, parent = self.cleaned_data.get("kind"), self.cleaned_data.get("parent")
        if kind == OrganisationKind.SUPPLIER and parent is not None:
            self.add_error("parent", _("A supplier stands beside the region, not in it."))
        if kind in (OrganisationKind.MUNICIPALITY, OrganisationKind.UNIT) and parent is None:
            self.add_error("parent", _("Say which organisation it is part of."))
        if kind == OrganisationKind.REGION:
            self._clean_region(parent)
        return cleaned

    def clean_email(self) -> str:
        """An organisation's address says whose mail domain it is: none claims a neighbour's, or the region's."""
        email = str(self.cleaned_data["email"])
        if not email or "email" not in self.changed_data or self.user.access.over_region(Role.ADMIN):
            return email
        here = self.instance if self.instance.pk else self.cleaned_data.get("parent")
        home = maildomains.foreign(email, here, of_region=True) if here else maildomains.nearest(email)
        if home is None:
            own = here.get_descendants(include_self=True) if here else Organisation.objects.none()
            home = maildomains.below(email).exclude(pk__in=own).first()
        if home is not None:
            raise ValidationError(_("This mail domain belongs to %(name)s.") % {"name": home})
        return email

    def _clean_region(self, parent: Organisation | None) -> None:
        """A region keeps what its municipalities share: none of them makes itself one."""
        if parent is not None:
            self.add_error("parent", _("A region is part of nothing."))
        if "kind" in self.changed_data and not self.user.access.over_region(Role.ADMIN):
            self.add_error("kind", _("Only the region's administrator makes a region."))


class PlaceForm(RegisterForm):
    """A site, building, floor or room."""

    pick: ClassVar = {"parent": "cmdb:place_pick"}

    class Meta:
        model = Place
        fields = ("name", "kind", "parent", "organisation", "address", "notes")


class TeamForm(RegisterForm):
    """A team; its members are added on its page."""

    class Meta:
        model = Team
        fields = ("name", "slug", "organisation", "email")


class PersonForm(RegisterForm):
    """Who somebody is; what somebody may do follows from roles, which have their own page."""

    class Meta:
        model = User
        fields = (
            "username",
            "display_name",
            "title",
            "organisation",
            "email",
            "phone",
            "language",
            "is_active",
        )
        help_texts = {"is_active": _("Switched off, a person can not sign in; the history stays.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].required = True
        self.fields["organisation"].required = True

    def clean_email(self) -> str:
        """Two people with one address could not be told apart when mail comes in."""
        email = str(self.cleaned_data["email"])
        if email and User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Somebody else has this address already."))
        return email

    def clean(self) -> Any:
        """Mail from an address is its person's word: of a neighbour's domain only the region hands one out."""
        cleaned = super().clean()
        email, organisation = self.cleaned_data.get("email"), self.cleaned_data.get("organisation")
        changed = {"email", "organisation"} & set(self.changed_data)
        if email and organisation and changed and not self.user.access.over_region(Role.ADMIN):
            try:
                maildomains.check(email, organisation, of_region=True)
            except ValidationError as error:
                self.add_error("email", error)
        return cleaned

    def save(self, commit: bool = True) -> Any:
        """A new person has no password: sign-in comes from the identity provider or from a reset."""
        if self.instance.pk is None:
            self.instance.set_unusable_password()
        return super().save(commit)


class MembershipForm(RegisterForm):
    """A role in an organisation and everything under it."""

    pick: ClassVar = {"user": "cmdb:person_pick"}

    class Meta:
        model = Membership
        fields = ("user", "role", "organisation")
