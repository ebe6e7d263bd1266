"""Message identifiers that name a ticket and are signed, so that a forged one is worth nothing (RFC 5322, section 3.6.4)."""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import NamedTuple

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "servicedesk.mail"
_ID = re.compile(r"<([A-Z]{3}-\d{1,12})\.(\d{1,18})\.(\d{1,18})\.([0-9a-f]{32})@[^<>\s@]{1,250}>")
#: Anybody's Message-ID, fit to be written into a header.
IDENTIFIER = re.compile(r"<[!-;=?-~]{3,240}>")
#: In place of a ticket's prefix: the answer to a mail that became none.
MAIL = "MSG"
REFERENCE = re.compile(r"\[((?:INC|REQ|PRB|CHG)-\d{5,12})\]", re.IGNORECASE)


class Token(NamedTuple):
    """What a genuine identifier of ours says: ticket, entry and addressee (0 in the thread's root)."""

    reference: str
    entry: int
    user: int


def own_address() -> str:
    """The desk's own address, lower case."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower()


def message_id(reference: str, entry: int, user: int) -> str:
    """The identifier of the letter about `entry` to `user`; always the same, so that a second copy is known as one."""
    payload = f"{reference}.{entry}.{user}"
    return f"<{payload}.{_sign(payload)}@{own_address().rpartition('@')[2] or 'localhost'}>"


def thread_id(reference: str) -> str:
    """The root that all letters about a ticket refer to."""
    return message_id(reference, 0, 0)


def read(text: str) -> list[Token]:
    """Genuine identifiers in header text (In-Reply-To, References), the last one first; forged ones are left out."""
    found = []
    for reference, entry, user, signature in _ID.findall(text[:20_000]):
        if constant_time_compare(signature, _sign(f"{reference}.{entry}.{user}")):
            found.append(Token(reference, int(entry), int(user)))
    return found[::-1]


def _sign(payload: str) -> str:
    return salted_hmac(_SALT, payload, algorithm="sha256").hexdigest()[:32]
