"""Guessing at one person's password from many addresses: counted in the cache; who is known to the person goes on.

Limits of an address, and of an address with a name, are allauth's (ACCOUNT_RATE_LIMITS). This is about what they cannot
see: a thousand machines that try one name. The name is never locked. A browser, and a network address, that the person
signed in with before meet no wait. From anywhere else the first try is always free, so that the right password opens at
once; after a wrong one the same address waits, each time twice as long. Beyond `CEILING` the first try waits too, and
the letter with a new password is the way in: the browser that used it is known.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from allauth.account.signals import password_reset
from allauth.core.internal.ratelimit import truncate_ip
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.core.cache import cache
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from cmdb.models import AuditEntry, AuditKind, User

MOST: Final = 50
WITHIN: Final = 15 * 60
"""So many wrong passwords for one person in so many seconds are nobody's own slips."""
CEILING: Final = 2000
FIRST_WAIT: Final = 15
KNOWN_MOST: Final = 10
KNOWN_WITHIN: Final = 5 * 60
LETTERS: Final = 3
LETTERS_WITHIN: Final = 60 * 60
"""Letters with a link for one person; each stays good for days, so a stranger who asks for them keeps nobody out."""
COOKIE: Final = "samdrift-known"
KNOWN_FOR: Final = 180 * 24 * 3600
_SALT: Final = "servicedesk.project.guesses"


# --- whom a try is for, and where it comes from


def name_in(credentials: Mapping[str, Any]) -> str:
    """What was typed."""
    return str(credentials.get("email") or credentials.get("username") or "").strip().lower()[:254]


def whose(credentials: Mapping[str, Any]) -> str:
    """The person's number: user name and address are two names of one. Else what was typed."""
    name = name_in(credentials)
    wanted = Q(username__iexact=name) | Q(email__iexact=name)
    pk = User.objects.filter(wanted).order_by("pk").values_list("pk", flat=True).first() if name else None
    return f"={pk}" if pk is not None else name


def place(address: str) -> str:
    """An address as it is counted: whoever has one of IPv6 has the network around it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped) if mapped else str(truncate_ip(str(found)))


# --- wrong passwords


def count(who: str, address: str) -> None:
    """One wrong password."""
    _more(_key("all", who), WITHIN)
    key = _key("from", who, place(address))
    tries, _last = cache.get(key) or (0, 0)
    cache.set(key, (tries + 1, time.time()), WITHIN)


def wait(who: str, address: str) -> int:
    """Seconds until a try from there is taken; 0 for the first one, for a known address, and while nobody attacks."""
    total = int(cache.get(_key("all", who)) or 0)
    if total < MOST or is_known_address(who, address):
        return 0
    tries, last = cache.get(_key("from", who, place(address))) or (0, 0)
    if not tries:
        return WITHIN if total >= CEILING else 0
    return max(0, round(last + min(FIRST_WAIT * 2 ** (tries - 1), WITHIN) - time.time()))


def is_known_address(who: str, address: str) -> bool:
    """Whether the person signed in from there before: the audit log knows."""
    if not who.startswith("="):
        return False
    since = timezone.now() - timedelta(seconds=KNOWN_FOR)
    rows = AuditEntry.objects.filter(kind=AuditKind.SIGN_IN, actor=int(who[1:]), at__gte=since)
    recent = rows.exclude(address=None).order_by("-at", "-pk").values_list("address", flat=True)[:200]
    return place(address) in {place(str(one)) for one in set(recent)}


# --- browsers


def is_known(request: HttpRequest, who: str) -> bool:
    """Whether the person has signed in with this browser before."""
    return who.startswith("=") and int(who[1:]) in _read(request)


def count_in(request: HttpRequest) -> None:
    """One wrong password in a known browser."""
    if _read(request):
        _more(_key("in", request.COOKIES[COOKIE]), KNOWN_WITHIN)


def tried_in(request: HttpRequest) -> int:
    """Wrong passwords in this browser of late."""
    return int(cache.get(_key("in", request.COOKIES.get(COOKIE, ""))) or 0)


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


# --- letters


def may_write_to(user: User) -> bool:
    """Whether one more letter with a link goes to the person now."""
    return _more(_key("letters", str(user.pk)), LETTERS_WITHIN) <= LETTERS


def _read(request: HttpRequest) -> list[int]:
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return []
    return [pk for pk in found if isinstance(pk, int)] if isinstance(found, list) else []


def _more(key: str, seconds: int) -> int:
    """Count one more in a window that began with the first."""
    if cache.add(key, 1, seconds):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # fell due in between
        cache.set(key, 1, seconds)
        return 1


def _key(*parts: str) -> str:
    return f"sign-in-guesses:{signing.Signer(salt=_SALT).signature(' '.join(parts))}"


def _note(sender: object, request: HttpRequest | None, user: User, **_rest: Any) -> None:
    if request is not None:
        request.signed_in = user.pk  # type: ignore[attr-defined]


user_logged_in.connect(_note, dispatch_uid="servicedesk.project.guesses")
# Who opened the letter and chose a new password has shown more than a password.
password_reset.connect(_note, dispatch_uid="servicedesk.project.guesses.reset")
