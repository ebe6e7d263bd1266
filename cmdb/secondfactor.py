"""Roles whose people need a second factor (`SAMDRIFT_MFA_ROLES`), and who has one.

The list stands in the environment and not in a table, so that no administrator's stolen password can empty it.
"""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings

from cmdb.models import Role, User

#: Recovery codes alone are none: they are made beside one of these.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_required(user: User) -> bool:
    """Whether one of the person's roles asks for it; a superuser holds every role."""
    wanted = settings.SAMDRIFT_MFA_ROLES
    return bool(wanted) and ((user.is_superuser and Role.ADMIN in wanted) or user.access.has(*wanted))


def has_one(user: User) -> bool:
    """Whether the person set one up."""
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def is_missing(user: User) -> bool:
    """Required and not there. One statement for those who need one, none for the others."""
    return is_required(user) and not has_one(user)
