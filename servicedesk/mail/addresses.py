"""Names and addresses in a header, however it is written."""

from __future__ import annotations

import re
from email.utils import getaddresses

from servicedesk import cleaning
from servicedesk.mail import charsets

_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]@]{1,64}@[^\s<>,;:\"()@]{1,190}")
#: Anywhere in a line; «kari@a.no@b.no» is nobody's.
_SOMEWHERE = re.compile(rf"(?<![^\s<>,;:\"'()\[\]|]){_ADDRESS.pattern}(?![^\s<>,;]*@)")
_MOST = 5_000


def people(value: str) -> list[tuple[str, str]]:
    """(name, address in lower case), in order; groups (RFC 5322, 3.4) give their members. Never fails."""
    source = " ".join(value[:_MOST].split())
    try:
        pairs = getaddresses([source])
    except (ValueError, IndexError, AttributeError, TypeError, RecursionError):
        pairs = []  # comments in comments in comments
    found = []
    for shown, address in pairs:
        exact = _ADDRESS.fullmatch(_bare(cleaning.fit(charsets.raw(address))))
        if exact:
            found.append((cleaning.line_of(charsets.header(shown))[:150], exact.group().lower()[:254]))
    if not found and (some := _SOMEWHERE.search(cleaning.fit(charsets.header(source)))):
        found = [("", _bare(some.group()).lower()[:254])]
    return found


def _bare(address: str) -> str:
    """Without what programs put around it: quotation marks of another sort, the root's dot."""
    return address.strip().strip("'‘’").removesuffix(".")


def first(value: str) -> tuple[str, str]:
    """The first name and address; empty where there is none."""
    return next(iter(people(value)), ("", ""))
