"""Whose mail domain an address is in: mail from it is taken for the word of a person there, so nobody hands out a neighbour's."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cmdb.models import Organisation, OrganisationKind


def home_of(address: str) -> Organisation | None:
    """The organisation whose own mail domain it is, the highest of several; suppliers and strangers have none."""
    domain = address.rpartition("@")[2]
    if not domain:
        return None
    homes = Organisation.objects.filter(email__iendswith=f"@{domain}", is_active=True)
    return homes.exclude(kind=OrganisationKind.SUPPLIER).order_by("tree_id", "lft").first()


def foreign(address: str, organisation: Organisation, *, of_region: bool = False) -> Organisation | None:
    """Whose domain the address is in, if that is neither `organisation` nor lies above or below it.

    `of_region`: the region's own domain is the region's alone too (what a municipality's administrator may not hand out).
    """
    home = home_of(address.strip())
    if home is None or home.pk == organisation.pk:
        return None
    if home.kind == OrganisationKind.REGION:
        return home if of_region or not home.is_ancestor_of(organisation) else None
    near = home.is_ancestor_of(organisation) or organisation.is_ancestor_of(home)
    return None if near and organisation.kind != OrganisationKind.REGION else home


def check(address: str, organisation: Organisation, *, of_region: bool = False) -> None:
    """ValidationError where the domain is another's (`foreign`)."""
    home = foreign(address, organisation, of_region=of_region)
    if home is not None:
        raise ValidationError(
            _("The address belongs to %(name)s: register the person there.") % {"name": home}
        )
