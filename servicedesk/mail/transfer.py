"""How a part was made fit to travel (RFC 2045, section 6), undone as far as it can be. Of broken text nothing is dropped."""

from __future__ import annotations

import binascii
import re
import unicodedata

from servicedesk.mail import charsets, uu

_QP = re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]*(?:\r?\n|\r))")
_COMMENT = re.compile(r"\([^()]*\)")
_CODED = re.compile(rb"[A-Za-z0-9+/=]+")
_UU = frozenset({"uuencode", "xuuencode", "uue", "xuue"})
#: So much of a text tells whether it is one.
_SAMPLE = 8_000
_MOST_LINES = 500_000
_FEWEST, _SHORT, _LINE = 6, 16, 60
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")


def way(field: str) -> str:
    """Content-Transfer-Encoding in one spelling, however it is written: «BASE64 », «"base 64"», «Quoted_Printable; x»."""
    said = _COMMENT.sub("", field[:200]).partition(";")[0].lower()
    return re.sub(r"[^a-z0-9]", "", said)


def decode(data: bytes, field: str, *, words: bool = False, charset: str = "") -> bytes:
    """The bytes that travelled. `words`: they are text, in `charset` if it is to be believed."""
    named = way(field)
    if named in ("quotedprintable", "qp"):
        return _QP.sub(lambda found: binascii.unhexlify(found[1]) if found[1] else b"", data)
    if named in ("base64", "b64", "xbase64"):
        return _base64_text(data, charset) if words else charsets.base64(data)
    if named in _UU:
        found = uu.decode(data.decode("latin-1").splitlines())
        return found if found is not None else data
    return data


def _base64_text(data: bytes, charset: str) -> bytes:
    """Text out of base64; what a server put before or behind it, and what was never encoded, stays as it is."""
    bare = b"".join(data.split())
    whole = charsets.base64(data)
    clean = not bare or _CODED.fullmatch(bare) is not None
    if clean and (not bare or _reads(whole, charset)):
        return whole
    found = _line_by_line(data, charset)
    if found != data:
        return found
    # No text, but without fault: what its label says. Blanks between the signs: what the rest says, if it says something.
    return whole if (clean and len(bare) > _LINE) or _is_utf8(whole) else data


def _line_by_line(data: bytes, charset: str) -> bytes:
    if data.count(b"\n") > _MOST_LINES:
        return data
    out: list[bytes] = []
    coded: list[bytes] = []
    for line in data.splitlines(keepends=True):
        bare = line.strip()
        if _CODED.fullmatch(bare) or _is_broken_code(bare, charset):
            coded.append(line)
            if b"=" not in bare:
                continue
            line = b""
        out += [_piece(coded, charset), line]
        coded = []
    return b"".join([*out, _piece(coded, charset)])


def _is_broken_code(line: bytes, charset: str) -> bool:
    """Whether the line says something once the signs that are none of base64 are left out."""
    if len(line) < _SHORT or len(line.split()) != 1:
        return False
    found = charsets.base64(line)
    return len(found) >= len(line) // 2 and _reads(found, charset)


def _piece(lines: list[bytes], charset: str) -> bytes:
    source = b"".join(lines)
    found = charsets.base64(source)
    if not found or not _reads(found, charset):
        return source
    return found if found.endswith(b"\n") else found + b"\n"


def _is_utf8(data: bytes) -> bool:
    """Whether it is surely text: long enough not to be so by chance."""
    try:
        return len(data) >= _FEWEST and not _CONTROLS.search(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _reads(data: bytes, charset: str) -> bool:
    """Whether this is text rather than what comes of decoding text that was never encoded."""
    some = data[:_SAMPLE]
    text = charsets.decode(some, charset).removesuffix("\ufffd")
    if not text or _CONTROLS.search(text):
        return False
    try:
        some[: -3 if len(data) > _SAMPLE else None].decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return True
    if len(some) < _SHORT and charsets.codec(charset) not in charsets.WIDE:
        return sum(byte < 0x80 for byte in some) >= 0.7 * len(some)
    usual = sum(unicodedata.category(sign)[0] in "LNPZ" or sign in "\r\n\t" for sign in text)
    return usual >= 0.85 * len(text)
