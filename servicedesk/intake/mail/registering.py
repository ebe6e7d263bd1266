"""A person who is not in the register yet writes: made while the first ticket is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from cmdb import maildomains
from cmdb.models import Membership, Organisation, Role, User

if TYPE_CHECKING:
    from servicedesk.actors import Actor


def register(actor: Actor, *, name: str, address: str, organisation: Organisation) -> User:
    """A reporter without a password: sign-in comes from the identity provider or from a reset.

    Mail from this address will be this person's word: where one works, and never with another municipality's domain.
    """
    if actor.user is None or organisation.pk not in actor.user.access.work_orgs:
        raise PermissionDenied(_("You do not work for this municipality."))
    address = address.strip().lower()
    validate_email(address)
    if User.objects.filter(email__iexact=address).exists():
        raise ValidationError(_("Somebody has this address already: choose that person."))
    maildomains.check(address, organisation)
    with transaction.atomic():
        person = User(
            username=address[:150], email=address, display_name=name[:150], organisation=organisation
        )
        person.set_unusable_password()
        person.full_clean(exclude=["password"])
        person.save()
        Membership.objects.create(user=person, role=Role.REPORTER, organisation=organisation)
    return person
