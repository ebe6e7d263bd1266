"""Whose mail domain an address is in: mail from it is taken for the word of a person there, so nobody hands out a neighbour's."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from cmdb.models import Organisation, OrganisationKind


def domain_of(address: str) -> str:
    """The domain as DNS knows it: small letters, IDN as ASCII (also where it is written with other dots), no dot at its end."""
    domain = (
        unicodedata.normalize("NFKC", address.strip().rpartition("@")[2]).strip().rstrip(".\u3002").lower()
    )
    try:
        return punycode(domain).lower().rstrip(".")
    except UnicodeError:  # no domain at all
        return domain


def home_of(address: str) -> Organisation | None:
    """The organisation whose own mail domain it is, the highest of several; suppliers and strangers have none."""
    return _owner(domain_of(address)) if "@" in address else None


def _owner(domain: str) -> Organisation | None:
    if not domain:
        return None
    written = Q(email__iendswith=f"@{domain}")
    with suppress(UnicodeError):
        written |= Q(email__iendswith=f"@{domain.encode().decode('idna')}")
    homes = Organisation.objects.filter(written, is_active=True).exclude(kind=OrganisationKind.SUPPLIER)
    return homes.order_by("tree_id", "lft").first()


def nearest(address: str) -> Organisation | None:
    """Whose domain it is, or whose sub-domain: who has a domain has all below it."""
    labels = domain_of(address).split(".")
    above = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return next(filter(None, map(_owner, above)), None)


def below(address: str) -> QuerySet[Organisation]:
    """Organisations whose mail domains lie below the address's."""
    ends = Q(email__iendswith=f".{domain_of(address)}")
    with suppress(UnicodeError):
        ends |= Q(email__iendswith=f".{domain_of(address).encode().decode('idna')}")
    return Organisation.objects.filter(ends, is_active=True).exclude(kind=OrganisationKind.SUPPLIER)


def foreign(address: str, organisation: Organisation, *, of_region: bool = False) -> Organisation | None:
    """Whose domain the address is in, or below, if that is neither `organisation` nor lies above or below it.

    `of_region`: the region's own domain is the region's alone too (what a municipality's administrator may not hand out).
    """
    home = nearest(address)
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
