"""Addresses of other servers, `scheme://user:password@host:port/path?option=value`, and what Django and Celery want of them.

One reader for all variables. Passwords may hold any character as it is; only where that leaves two readings (an @ in
the password and a / too, or a % before two hexadecimal digits) must it be written as %40, %2F, %25. What is handed on is
written anew with all of them encoded, so that every library reads the same.
A refusal names the variable and never repeats its value, which may hold a password.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from django.core.exceptions import ImproperlyConfigured

_PLACE = re.compile(
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[^@:/?#\[\]\s]*)(?::(?P<port>\d{1,5}))?(?:/(?P<path>[^?#]*))?(?:\?(?P<query>[^#]*))?"
)

MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


@dataclass(frozen=True)
class Address:
    """The decoded parts; `host` is bare (no brackets), `port` None where none was given."""

    scheme: str
    user: str = ""
    password: str = ""
    host: str = ""
    port: int | None = None
    path: str = ""
    options: dict[str, str] = field(default_factory=dict)

    def text(self, scheme: str = "") -> str:
        """The address with every special character encoded."""
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        person = f"{quote(self.user, safe='')}{secret}@" if self.user or secret else ""
        host = f"[{self.host}]" if ":" in self.host else quote(self.host, safe="")
        port = f":{self.port}" if self.port else ""
        path = f"/{quote(self.path, safe='/')}" if self.path else ""
        options = f"?{urlencode(self.options)}" if self.options else ""
        return f"{scheme or self.scheme}://{person}{host}{port}{path}{options}"


def read_address(
    name: str, text: str, schemes: Collection[str], example: str, *, host: bool = True
) -> Address:
    """The parts of the address in the variable `name`, or a refusal that says what to set. `host`: one must be there."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in schemes:
        raise ImproperlyConfigured(
            f"{name} does not begin with {_or(schemes)}: set {name} to an address like {example}"
        )
    found = _readings(rest)
    if len(found) > 1:
        raise ImproperlyConfigured(
            f"{name} can be read in two ways: write @ as %40 and / as %2F where they belong to the user's name, the password or the path of {name}."
        )
    if not found or (host and not found[0][2]["host"]):
        raise ImproperlyConfigured(f"{name} cannot be read: set {name} to an address like {example}")
    user, password, place = found[0]
    port = int(place["port"]) if place["port"] else None
    if port is not None and not 0 < port < 65536:
        raise ImproperlyConfigured(
            f"The port of {name} is none: set {name} to an address like {example} with a port from 1 to 65535."
        )
    return Address(
        scheme.lower(), unquote(user), unquote(password), unquote(place["host"].strip("[]")), port,
        unquote(place["path"] or ""), dict(parse_qsl(place["query"] or "", keep_blank_values=True)),
    )  # fmt: skip


def _readings(rest: str) -> list[tuple[str, str, re.Match[str]]]:
    """(user, password, place) for every @ that could be the one before the host, and for none of them."""
    found = []
    for cut in [-1, *(index for index, letter in enumerate(rest) if letter == "@")]:
        place = _PLACE.fullmatch(rest[cut + 1 :])
        if place is not None:
            user, _, password = rest[: max(cut, 0)].partition(":")
            found.append((user, password, place))
    return found


def _or(schemes: Collection[str]) -> str:
    *most, last = (f"{scheme}://" for scheme in schemes)
    return f"{', '.join(most)} or {last}" if most else last


def database(name: str, text: str) -> dict[str, Any]:
    """Django's settings for a PostgreSQL server, if one is named; a host that begins with / is the folder of its socket."""
    if not text:
        return {}
    example = "postgres://user:password@host:5432/name"
    at = read_address(name, text, ("postgres", "postgresql"), example, host=False)
    if not at.path:
        raise ImproperlyConfigured(f"{name} names no database: set {name} to an address like {example}")
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    try:
        make_conninfo(**at.options)
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            f"{name} has an option that PostgreSQL does not know ({str(error).strip()}): set {name} to an address like {example}"
        ) from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": at.path,
        "USER": at.user,
        "PASSWORD": at.password,
        "HOST": at.host,
        "PORT": str(at.port or ""),
        "OPTIONS": dict(at.options),
    }


def cache(name: str, text: str) -> dict[str, Any]:
    """Django's settings for a cache: Redis or Valkey, or the memory of each process."""
    if not text:
        return {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "samdrift",
            # Django's 300 would forget who guessed as soon as some hundred addresses do.
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    schemes = {"redis": "redis", "rediss": "rediss", "rediscache": "redis"}
    at = read_address(name, text, schemes, "redis://:password@host:6379/1")
    if at.path and not at.path.isdigit():
        raise ImproperlyConfigured(
            f"{name} ends in {at.path!r}, which is no number of a Redis database: set {name} to an address like redis://host:6379/1"
        )
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": at.text(schemes[at.scheme]),
    }


def broker(name: str, text: str) -> str:
    """Celery's address of a broker; without one the queue of files."""
    if not text or text == "filesystem://":
        return "filesystem://"
    schemes = ("redis", "rediss", "amqp", "amqps", "filesystem")
    return read_address(name, text, schemes, "redis://:password@host:6379/0").text()


def mailbox(name: str, text: str) -> str:
    """The address of the mailbox that becomes tickets, or nothing."""
    if not text:
        return ""
    example = "imaps://user:password@host/INBOX"
    at = read_address(name, text, ("imap", "imaps", "imap+tls"), example)
    if not at.user:
        raise ImproperlyConfigured(f"{name} names no user: set {name} to an address like {example}")
    return at.text()


def mail(name: str, text: str, folder: Path) -> dict[str, Any]:
    """Django's settings for sending mail. Without an address it lies readable in `folder`."""
    files = {"EMAIL_BACKEND": "servicedesk.mail.filebased.EmailBackend"}
    if not text:
        return files | {"EMAIL_FILE_PATH": folder}
    at = read_address(name, text, (*MAIL_PORTS, "filemail"), "smtp+tls://user:password@host:587", host=False)
    if at.scheme == "filemail":
        if at.host or not at.path:
            raise ImproperlyConfigured(
                f"{name} names no folder: set {name} to filemail:///folder/of/the/mails"
            )
        return files | {"EMAIL_FILE_PATH": Path("/") / at.path}
    if not at.host or at.path.strip("/") or at.options:
        raise ImproperlyConfigured(
            f"{name} is no address of a mail server alone: set {name} to an address like smtp+tls://user:password@host:587"
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_FILE_PATH": folder,
        "EMAIL_HOST": at.host,
        "EMAIL_PORT": at.port or MAIL_PORTS[at.scheme],
        "EMAIL_HOST_USER": at.user,
        "EMAIL_HOST_PASSWORD": at.password,
        "EMAIL_USE_TLS": at.scheme == "smtp+tls",
        "EMAIL_USE_SSL": at.scheme == "smtp+ssl",
    }
