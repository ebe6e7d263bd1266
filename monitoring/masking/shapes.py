"""What a word of a configuration looks like."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

REMOVED: Final = "<removed>"

_QUOTES: Final = "\"'"
_HASH: Final = re.compile(r"\$[0-9A-Za-z.-]{1,12}\$\S{4,}")
_HEX: Final = re.compile(r"(?:0x)?[0-9A-Fa-f]{24,}|0x[0-9A-Fa-f]{12,}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
#: GigabitEthernet1/0/1, TenGigE0/0/0/1.100, Port-channel12
_PORT: Final = re.compile(r"(?:[A-Z][A-Za-z]*-?){1,4}[a-z]*[\d/.:]+")
_PATH: Final = re.compile(r"[/~.]?[\w.-]*[/:\\][\w./:\\-]*")
_FILE: Final = re.compile(
    r"[\w.+-]*\.(?:bin|img|pkg|conf|cfg|txt|swi|out|tgz|xml|log|pem|cer|crt|tar|SPA)\b[\w.]*"
)
_SEMVER: Final = re.compile(r"[vV]?\d+(?:[.()]\w+)+\)?\w*")
#: AutoQos-4.0-CiscoPhone: each part is a name, an abbreviation or a number.
_PART: Final = re.compile(r"(?:[A-ZÆØÅ][a-zæøå]+){1,4}\d*|[a-zæøå]+\d*|[A-ZÆØÅ]+\d*|\d+")
_LONGEST: Final = 250
"""No name is as long."""
_LOWER_UPPER: Final = re.compile(r"[a-zæøå][A-ZÆØÅ]")


def bare(word: str) -> str:
    """Without quotation marks and the punctuation that closes a statement."""
    return word.strip(";,{}[]()").strip(_QUOTES).rstrip(";,")


def is_number(word: str) -> bool:
    """Digits only."""
    return word.isascii() and word.isdecimal()


def is_address(word: str) -> bool:
    """An IP address, with or without its prefix length."""
    try:
        ipaddress.ip_interface(word)
    except ValueError:
        return False
    return not is_number(word)


def looks_random(word: str, *, strict: bool = False) -> bool:
    """Whether it looks like a password, key or hash rather than a name; `strict`: in doubt it does."""
    text = bare(word)
    if text == REMOVED or is_address(text):
        return False
    if _HASH.fullmatch(text) or _HEX.fullmatch(text):
        return True
    if len(text) > _LONGEST:
        return True
    if len(text) < (6 if strict else 8) or any(known.fullmatch(text) for known in (_PORT, _FILE, _SEMVER)):
        return False
    if all(_PART.fullmatch(part) for part in re.split(r"[-_.]", text)):
        return False
    has_digit = any(c.isdigit() for c in text)
    if _BASE64.fullmatch(text) and has_digit and _mixed(text):
        return True
    if _PATH.fullmatch(text):
        return False
    changes = len(_LOWER_UPPER.findall(text))
    return has_digit and _mixed(text) and changes >= (1 if strict else 2)


def _mixed(text: str) -> bool:
    return any(c.islower() for c in text) and any(c.isupper() for c in text)
