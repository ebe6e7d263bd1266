"""Guessing at one name from many addresses: counted in the cache, and the browsers that its person has signed in with.

Limits of an address and of an address with a name are allauth's (ACCOUNT_RATE_LIMITS). This is about what they cannot see:
a thousand machines that try one name. The name is never locked: a browser that its person used before goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.core.cache import cache
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from cmdb.models import User

MOST: Final = 50
WITHIN: Final = 15 * 60
"""So many wrong passwords for one name in so many seconds."""
COOKIE: Final = "samdrift-known"
KNOWN_FOR: Final = 180 * 24 * 3600
_SALT: Final = "servicedesk.project.guesses"


def count(name: str) -> None:
    """One wrong password."""
    key = _key(name)
    if cache.add(key, 1, WITHIN):
        return
    try:
        cache.incr(key)
    except ValueError:  # fell due in between
        cache.set(key, 1, WITHIN)


def is_under_attack(name: str) -> bool:
    """Whether so many wrong passwords came for the name that its person cannot have typed them."""
    return int(cache.get(_key(name)) or 0) >= MOST


def is_known(request: HttpRequest, credentials: Mapping[str, Any]) -> bool:
    """Whether the person of that name has signed in with this browser before."""
    known = _read(request)
    if not known:
        return False
    name, address = str(credentials.get("username") or ""), str(credentials.get("email") or "")
    wanted = Q(username__iexact=name) if name else Q(email__iexact=address)
    return User.objects.filter(wanted, pk__in=known).exists()


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """After a sign-in: the browser is known to the person. Several persons share one, at most ten."""
    pk = getattr(request, "signed_in", None)
    if pk is None:
        return
    people = [pk, *(known for known in _read(request) if known != pk)][:10]
    response.set_cookie(
        COOKIE, signing.dumps(people, salt=_SALT), max_age=KNOWN_FOR, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def _read(request: HttpRequest) -> list[int]:
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return []
    return [pk for pk in found if isinstance(pk, int)] if isinstance(found, list) else []


def _key(name: str) -> str:
    return f"sign-in-guesses:{signing.Signer(salt=_SALT).signature(name)}"


def _note(sender: object, request: HttpRequest | None, user: User, **_rest: Any) -> None:
    if request is not None:
        request.signed_in = user.pk  # type: ignore[attr-defined]


user_logged_in.connect(_note, dispatch_uid="servicedesk.project.guesses")
