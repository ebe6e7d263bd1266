"""What a device is by its sysObjectID and sysDescr: kind, maker, model. A table, read from the top; the first row that fits says it.

An object identifier alone often tells a maker and
no kind, so many rows look into the description too. What no row knows stays network gear of its maker: a wrong kind is worse
than none, because thresholds, classes and impact follow from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from monitoring.collectors.vendors import MODELS, TABLE, VENDORS

ENTERPRISES: Final = "1.3.6.1.4.1."
UNKNOWN: Final = "network-gear"


@dataclass(frozen=True, slots=True)
class Identified:
    """`kind` is a short name of a class of the register; `network-gear` where nothing tells. Texts are "" where unknown."""

    kind: str
    vendor: str
    model: str


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    prefix: str
    words: re.Pattern[str]
    vendor: str


def _rows() -> tuple[_Row, ...]:
    found = []
    for line in TABLE.strip().splitlines():
        if line.startswith("#"):
            continue
        kind, below, rest = line.split("|", 2)
        words, _bar, vendor = rest.rpartition("|")
        prefix = below.strip()
        if prefix and not prefix.startswith("1.3."):
            prefix = ENTERPRISES + prefix
        found.append(_Row(kind.strip(), prefix, re.compile(words.strip(), re.IGNORECASE), vendor.strip()))
    return tuple(found)


ROWS: Final = _rows()


def identify(sys_object_id: str | None, descr: str | None) -> Identified:
    """What answers with these two (SNMPv2-MIB, RFC 3418); devices send anything, so anything is taken."""
    object_id = (sys_object_id or "").strip().strip(".")
    text = " ".join((descr or "").split())[:500]
    for row in ROWS:
        below = not row.prefix or f"{object_id}.".startswith(f"{row.prefix}.")
        if below and row.words.search(text):
            vendor = row.vendor or vendor_of(object_id) or _named(text)
            return Identified(row.kind, vendor, model_of(vendor, text))
    vendor = vendor_of(object_id) or _named(text)
    return Identified(UNKNOWN, vendor, model_of(vendor, text))


def vendor_of(sys_object_id: str | None) -> str:
    """The maker by IANA enterprise number, "" where unknown. net-snmp is software, but then that is what answers."""
    object_id = (sys_object_id or "").strip(".")
    if not object_id.startswith(ENTERPRISES):
        return ""
    number = object_id[len(ENTERPRISES) :].partition(".")[0]
    return VENDORS.get(int(number), "") if number.isascii() and number.isdecimal() and len(number) < 9 else ""


def _named(text: str) -> str:
    """The maker that the description begins with, where the identifier names none."""
    first = text.lower()
    known = (name for name in set(VENDORS.values()) if re.match(rf"{re.escape(name.lower())}\b", first))
    return max(known, key=len, default="")


def model_of(vendor: str, text: str) -> str:
    """The model in the words of its maker, "" where the description names none."""
    for maker, pattern in MODELS:
        if maker == vendor and (found := pattern.search(text)):
            return found[1].strip()[:80]
    return ""
