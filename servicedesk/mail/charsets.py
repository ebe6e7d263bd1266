"""Bytes of a mail as text: the declared charset is tried, then UTF-8, then what Windows wrote; no word is dropped for a wrong label."""

from __future__ import annotations

import binascii
import codecs
import re
from functools import cache

#: Labels that people's programs write and Python does not know, and those that mean their Windows superset (WHATWG).
_ALIASES = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso8859-1": "cp1252", "iso-8859-1": "cp1252", "latin-1": "cp1252",
    "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949",
    "utf8mb4": "utf-8", "utf-8-sig": "utf-8", "utf8mb3": "utf-8", "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8",
    "unicode-1-1-utf-8": "utf-8", "unicode-1-1-utf-7": "utf-7", "x-mac-roman": "mac-roman", "macintosh": "mac-roman",
    "x-sjis": "cp932", "ks_c_5601-1987": "cp949", "x-gbk": "gb18030", "ansi": "cp1252", "x-ansi": "cp1252",
}  # fmt: skip
#: Python calls these encodings; none is a charset of mail (names of hosts, escapes of programs, one that always fails).
_NO_CHARSETS = frozenset(
    {
        "idna",
        "punycode",
        "undefined",
        "unicode-escape",
        "raw-unicode-escape",
        "unicode_escape",
        "mbcs",
        "oem",
        "charmap",
    }
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_CODE_PAGE = re.compile(r"^(?:x-)?(?:windows|win|cp|ibm|dos|ansi|ms)?[-_ ]?(?:cp)?[-_]?(\d{3,4})$")
_ISO = re.compile(r"^(?:x-)?(?:iso)?[-_]?8859[-_]?(\d{1,2})(?:[-_:].*)?$")
_LETTERS = b"ABCXYZabcxyz 0189"
_SHIFTED = re.compile(rb"\+[A-Za-z0-9+/]{2,}-")
_TELEPHONE = re.compile(rb"\+\d+(?![A-Za-z0-9+/])")
#: Two bytes a letter, the second of them maybe one of ASCII.
WIDE = frozenset(
    (
        "gb18030", "big5", "big5hkscs", "cp932", "cp949", "cp950", "euc_jp", "euc_jis_2004", "euc_jisx0213", "johab", "shift_jis_2004", "shift_jisx0213",
    )
)  # fmt: skip
_WINDOWS = [bytes([n]).decode("cp1252", "ignore") or chr(n) for n in range(256)]
_UNUSED = {number: _WINDOWS[number] for number in range(0x80, 0xA0)}
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?(.{0,2000}?)\?=", re.DOTALL)
#: As every program writes it: nothing odd, and padding at the very end only. Large files need no copies then.
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(_WINDOWS[byte] for byte in error.object[error.start : error.end]), error.end


codecs.register_error("servicedesk.windows", _as_windows)


def codec(label: str) -> str:
    """Python's name of a charset; "" where it is unknown or none."""
    word = re.split(r"[\s;,*\"']", label.strip(" \"'").lower(), maxsplit=1)[0]
    if not word.isascii() or not word.isprintable() or len(word) > 60:
        return ""
    page = _CODE_PAGE.match(word)
    for one in (word, f"cp{page[1]}" if page else "", _ISO.sub(r"iso8859-\1", word)):
        try:
            name = codecs.lookup(_ALIASES.get(one, one)).name
        except LookupError:
            continue
        return "" if name in _NO_CHARSETS else _ALIASES.get(name, name)
    return ""


def decode(data: bytes, declared: str = "") -> str:
    """Text of `data`. Never fails."""
    for bom, named in _BOMS:
        if data.startswith(bom):
            return data.decode(named, "servicedesk.windows" if named == "utf-8-sig" else "replace")
    name = codec(declared)
    if name in ("", "utf-8", "cp1252") or not _may_be(data, name):
        return _western(data, name if name == "cp1252" else "")
    at_last = "replace" if data.isascii() or name.startswith("utf-") else "servicedesk.windows"
    for one, errors in ((name, "strict"), (name if data.isascii() else "utf-8", "strict"), (name, at_last)):
        try:
            text = data.decode(one, errors)
        except (LookupError, ValueError):  # LookupError: hex, rot13 and their like turn bytes into bytes
            continue
        # Nobody writes the control signs that ISO puts where Windows has its quotation marks and dashes.
        return text.translate(_UNUSED) if name.startswith("iso8859") else text
    return _western(data, "")


def _may_be(data: bytes, name: str) -> bool:
    """Whether the bytes may be what the label says. Valid UTF-8 of several bytes a letter is hardly ever anything else."""
    if name.startswith(("utf-16", "utf-32")):
        return 0 in data[:2000]
    if name.startswith(("iso2022", "hz")):
        return data.isascii()
    if name == "utf-7":
        return bool(_SHIFTED.search(data)) and not _TELEPHONE.search(data)
    if not _speaks_ascii(name):  # EBCDIC: its letters lie above 0x80, and its blank is no blank of ASCII
        high = sum(byte > 0x7F for byte in data[:2000])
        if high < 0.4 * len(data[:2000]):
            return False
    if data.isascii():
        return True
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    wide = sum(sign > "\x7f" for sign in text[:20_000])
    # Two letters of East Asia may by chance be one of UTF-8, but neither many nor few among Latin ones.
    return name in WIDE and wide < 4 and wide > 0.3 * len(text)


@cache
def _speaks_ascii(name: str) -> bool:
    try:
        return _LETTERS.decode(name) == _LETTERS.decode()
    except (LookupError, ValueError):
        return True


def _western(data: bytes, name: str) -> str:
    wide = _without_bom(data)
    if wide:
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Valid UTF-8 with a foot in another charset stays; bytes that are none are what Windows means by them.
        return data.decode(name or "utf-8", "servicedesk.windows")


def _without_bom(data: bytes) -> str:
    """UTF-16 that says nothing of itself: every second byte of western text is NUL."""
    some = data[:2000]
    if len(some) < 4 or some.count(0) < len(some) // 3:
        return ""
    return "utf-16-le" if some[1::2].count(0) > some[::2].count(0) else "utf-16-be"


def header(value: str) -> str:
    """A header's value as a person reads it (RFC 2047), raw bytes included; on one line."""
    parts: list[tuple[bytes | None, str]] = []  # (bytes of an encoded word, its charset) or (None, text)
    end = 0
    for word in _WORD.finditer(value):
        gap = value[end : word.start()]
        if gap.strip() or not (parts and parts[-1][0] is not None):
            parts.append((None, raw(gap)))
        charset, data = word[1].partition("*")[0], _encoded(word[2], word[3])
        if parts and parts[-1][0] is not None and parts[-1][1].lower() == charset.lower():
            data = (parts.pop()[0] or b"") + data  # a letter of several bytes may be cut between two words
        parts.append((data, charset))
        end = word.end()
    parts.append((None, raw(value[end:])))
    text = "".join(word if data is None else decode(data, word) for data, word in parts)
    return " ".join(text.split())


def raw(value: str) -> str:
    """The email package's text of a header, whose foreign bytes stand in it as surrogates."""
    if value.isascii():
        return value
    return decode(value.encode("utf-8", "surrogateescape"))


def _encoded(way: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if way in "bB":
        return base64(data)
    return _HEX.sub(lambda found: bytes([int(found[1], 16)]), data.replace(b"_", b" "))


def base64(data: bytes) -> bytes:
    """What base64 says, however broken: foreign signs left out, every padded piece read, a torn end read as far as it goes."""
    padding = data.find(b"=")
    if not data.translate(None, _ALPHABET) and (padding < 0 or not data[padding:].strip(b"=\r\n")):
        try:
            return binascii.a2b_base64(data)
        except ValueError:
            pass  # torn: read piece by piece
    compact = re.sub(rb"[^A-Za-z0-9+/=]", b"", data)
    out: list[bytes] = []
    for piece in re.findall(rb"[^=]+", compact):
        whole = piece if len(piece) % 4 != 1 else piece[:-1]
        out.append(binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)))
    return b"".join(out)
