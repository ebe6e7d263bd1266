"""Files that old programs write between the lines of a text (uuencode)."""

from __future__ import annotations

import binascii
import re

_BEGIN = re.compile(r"^begin [0-7]{3,4} (\S.{0,300})$")


def extract(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """(the text without them, [(name, bytes)]). What only looks like one stays text."""
    if "\nbegin " not in f"\n{text}":
        return text, []
    lines = text.split("\n")
    kept: list[str] = []
    found: list[tuple[str, bytes]] = []
    number = 0
    while number < len(lines):
        begin = _BEGIN.match(lines[number].strip())
        taken, data = _block(lines, number + 1) if begin else (0, b"")
        if begin is None or not data:
            kept.append(lines[number])
            number += 1
        else:
            found.append((begin[1], data))
            number += 1 + taken
    return "\n".join(kept), found


def decode(lines: list[str]) -> bytes | None:
    """The bytes of a part that is encoded so as a whole; None if it is not."""
    first = next((number for number, line in enumerate(lines) if _BEGIN.match(line.strip())), -1)
    return _block(lines, first + 1)[1] or None


def _block(lines: list[str], begin: int) -> tuple[int, bytes]:
    """(number of lines with the last one, their bytes); no bytes where one of them is no such line."""
    out: list[bytes] = []
    for number in range(begin, len(lines)):
        clean = lines[number].rstrip("\r\n")
        if clean.strip() == "end":
            return number + 1 - begin, b"".join(out)
        if not clean.strip(" `"):
            continue
        size = (ord(clean[0]) - 32) & 63
        if not " " <= clean[0] <= "`" or len(clean) < 1 + (size * 8 + 5) // 6:
            break
        try:
            out.append(binascii.a2b_uu(clean[: 1 + (size + 2) // 3 * 4].encode("ascii")))
        except (ValueError, UnicodeError):
            break
    return 0, b""
