"""A whole configuration: keys over many lines, and sections whose head says what a name in them is."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final

from monitoring.masking.lines import mask_line
from monitoring.masking.shapes import REMOVED

#: Platforms (as netmiko names them, up to the first dash) whose words monitoring.masking.words knows.
_KNOWN: Final = frozenset(
    [
        "cisco",
        "juniper",
        "fortinet",
        "aruba",
        "hp",
        "hpe",
        "huawei",
        "extreme",
        "arista",
        "dell",
        "mikrotik",
        "paloalto",
        "vyos",
        "ubiquiti",
        "linux",
        "ruckus",
        "zyxel",
        "netgear",
    ]
)
_KEY_BEGINS: Final = re.compile(r"(?P<keep>.*?-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)(?P<rest>.*)$")
_KEY_ENDS: Final = re.compile(r".*?(?P<keep>-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*)$")
_BARE_KEY: Final = re.compile(r"\s*(?:key-string|key-data|private-key|key-blob)\s*$", re.IGNORECASE)
_BARE_KEY_ENDS: Final = re.compile(r"\s*(?:exit|quit|end|!|\}|next)\s*$", re.IGNORECASE)
_SECTION: Final = re.compile(r"\s*(?:config |edit |next\b|end\b|/[a-z])", re.IGNORECASE)
_COMMUNITIES: Final = re.compile(r"\bcommunity\b", re.IGNORECASE)
_QUOTE: Final = re.compile(r'(?<!\\)"')
_AT_MOST: Final = 400
"""Lines that one open quotation mark may swallow: more is a stray mark."""


def mask(config: str, platform: str = "") -> str:
    """The configuration with what may be a secret as `<removed>`, line by line.

    `platform` as netmiko calls it (cisco_ios, fortinet, juniper_junos …); an unknown one is masked by the strictest rules.
    """
    strict = platform.lower().partition("_")[0] not in _KNOWN
    return "\n".join(_masked(config.split("\n"), strict))


def _masked(lines: list[str], strict: bool) -> Iterator[str]:
    names = _name_sections(lines)
    at = 0
    while at < len(lines):
        line = lines[at].rstrip("\r")
        if begun := _KEY_BEGINS.match(line):
            at = yield from _private_key(lines, at, begun)
        elif _BARE_KEY.match(line):
            yield line
            at = yield from _bare_key(lines, at + 1)
        else:
            masked = mask_line(line, strict=strict, names=names[at])
            yield masked
            at += 1
            if REMOVED in masked and len(_QUOTE.findall(line)) % 2:
                at = _closing_quote(lines, at)


def _private_key(lines: list[str], at: int, begun: re.Match[str]) -> Generator[str, None, int]:
    """The armour stays, what is in it goes: also on one line, and to the end of the text where it is cut off."""
    if ended := _KEY_ENDS.match(begun["rest"]):
        yield f"{mask_line(begun['keep'])}{REMOVED}{ended['keep']}"
        return at + 1
    yield begun["keep"]
    yield REMOVED
    for number in range(at + 1, len(lines)):
        if ended := _KEY_ENDS.match(lines[number].rstrip("\r")):
            yield ended["keep"]
            return number + 1
    return len(lines)


def _bare_key(lines: list[str], at: int) -> Generator[str, None, int]:
    """`key-string` alone on its line: the key follows, until the mode is left."""
    if at < len(lines) and not _BARE_KEY_ENDS.match(lines[at]):
        yield REMOVED
    while at < len(lines) and not _BARE_KEY_ENDS.match(lines[at]):
        at += 1
    return at


def _closing_quote(lines: list[str], at: int) -> int:
    """The line after a masked value that goes on over lines; `at` itself where no quotation mark closes it."""
    for number in range(at, min(at + _AT_MOST, len(lines))):
        if len(_QUOTE.findall(lines[number])) % 2:
            return number + 1
    return at


def _name_sections(lines: list[str]) -> list[bool]:
    """For each line: whether it stands in a section about SNMP communities, by its heads or by a line beside it."""
    found: list[bool] = []
    heads: list[bool] = []
    path, start, beside = False, 0, False
    for line in lines:
        word = line.strip().lower()
        about = bool(_COMMUNITIES.search(line))
        if word.startswith("config "):
            heads.append(about)
        elif word.startswith("/"):
            path = about
        elif word == "end" and heads:
            heads.pop()
        if _SECTION.match(line):
            start, beside = len(found), False
        beside = beside or about
        found.append(any(heads) or path or beside)
        if beside:
            found[start:] = [True] * (len(found) - start)
    return found
