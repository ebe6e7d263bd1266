"""Whether two letters are one: what was written is compared, not the way here. Nothing is parsed for it.

The Message-ID alone does not do: anybody can use it again with another content.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

#: What the writer's program says; servers on the way add to all other lines and change them.
_WRITTEN = frozenset(
    (
        b"from", b"sender", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to",
        b"references", b"auto-submitted", b"content-type", b"content-transfer-encoding",
    )
)  # fmt: skip
#: A letter without both looks like its twin of an hour ago ("toner low"): then its way here tells them apart.
_NAMING = frozenset((b"message-id", b"date"))
_MOST_HEAD = 1_000_000
_STEP = 1 << 20
_HEAD_END = re.compile(rb"\r\n\r\n|\n\r?\n|\r\r")
_FOLD = re.compile(rb"(?:\r\n|\n|\r)[ \t]+")
_NEWLINES = re.compile(rb"\r\n|\r")


def fingerprint(raw: bytes) -> str:
    """64 hexadecimal digits that a letter keeps on every way."""
    head, body = split(raw)
    lines = _lines(head)
    if not _NAMING & {name for name, _value in lines}:
        return hashlib.sha256(raw).hexdigest()
    digest = hashlib.sha256()
    for name, value in sorted(line for line in lines if line[0] in _WRITTEN):
        digest.update(name + b":" + b" ".join(value.split()) + b"\n")
    digest.update(b"\n")
    for piece in _pieces(body):
        digest.update(_NEWLINES.sub(b"\n", piece))
    return digest.hexdigest()


def _pieces(body: bytes) -> Iterator[bytes]:
    """The body without blank lines at its end, in pieces that part no line's end in two."""
    end = len(body)
    while end and body[end - 1] in b"\r\n ":
        end -= 1
    begin = 0
    while begin < end:
        stop = min(begin + _STEP, end)
        while stop < end and body[stop - 1] == 0x0D:
            stop += 1
        yield body[begin:stop]
        begin = stop


def split(raw: bytes) -> tuple[bytes, bytes]:
    """(head, body), parted at the first empty line."""
    if raw[:1] in (b"\n", b"\r"):
        return b"", raw
    found = _HEAD_END.search(raw, 0, _MOST_HEAD)
    if found is None:
        return raw[:_MOST_HEAD], raw[_MOST_HEAD:]
    return raw[: found.start()], raw[found.end() :]


def _lines(head: bytes) -> list[tuple[bytes, bytes]]:
    lines = []
    for line in _FOLD.sub(b" ", head).splitlines():
        name, colon, value = line.partition(b":")
        if colon:
            lines.append((name.strip().lower(), value))
    return lines
