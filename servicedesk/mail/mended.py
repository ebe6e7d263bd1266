"""Heads and boundaries that no program should write and some do, made such that a parser reads them as people would."""

from __future__ import annotations

import re

from servicedesk.mail.fingerprint import split

_FIELD = re.compile(rb"[!-9;-~]{1,100}:")
_LOOSE = re.compile(rb"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]+:")
#: Only where one of these follows was the head not over yet.
_KNOWN = re.compile(
    rb"(?:from|to|cc|subject|date|message-id|received|return-path|mime-version|content-type|content-transfer-encoding|reply-to|references|in-reply-to|"
    rb"auto-submitted|authentication-results|x-[a-z0-9-]{1,60}|list-[a-z]{1,20}|precedence|thread-[a-z]{1,10}|importance|dkim-signature|sender)[ \t]*:",
    re.IGNORECASE,
)
_MOST_LINES = 5_000
_EDGE = re.compile(rb"^--([^\r\n]{1,200}?)(?:--)?[ \t]*\r?$", re.MULTILINE)
_MOST_EDGES = 5_000


def head(raw: bytes) -> bytes:
    """The mail with a head that can be read: without what stands before it, with blanks before colons taken away, and with a
    line that is no field as a continuation of the one above it."""
    begin = raw.lstrip(b"\xef\xbb\xbf\r\n") if raw[:1] in (b"\xef", b"\r", b"\n") else raw
    top, _body = split(begin)
    lines = top.splitlines()
    if len(lines) > _MOST_LINES:
        return begin
    last = max((number for number, line in enumerate(lines) if _KNOWN.match(line)), default=-1)
    fixed = [_line(line, number) if number <= last else line for number, line in enumerate(lines)]
    if fixed == lines:
        return begin
    return b"\r\n".join(fixed) + begin[len(top) :]


def _line(line: bytes, number: int) -> bytes:
    if (
        _FIELD.match(line)
        or line[:1] in (b" ", b"\t")
        or (not number and line.startswith((b"From ", b">From ")))
    ):
        return line
    loose = _LOOSE.match(line)
    if loose:
        # A server that takes away what others wrote in its name may not know it so.
        strange = b"X-" if loose[1].lower() == b"authentication-results" else b""
        return strange + loose[1] + b":" + line[loose.end() :]
    return (b" " if number else b"X-First-Line: ") + line


def boundary(body: bytes) -> bytes:
    """What parts the pieces, judged by the body alone: the first such line, if it comes again. b"" for none."""
    found: list[bytes] = []
    for edge in _EDGE.finditer(body):
        found.append(edge[1])
        if len(found) > 1 and edge[1].rstrip() == found[0]:
            return found[0] if b'"' not in found[0] else b""
        if len(found) > _MOST_EDGES:
            break
    return b""
