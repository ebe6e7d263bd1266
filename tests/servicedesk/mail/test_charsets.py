"""Bytes as text: no letter is lost for a label that is wrong, odd or a trick."""

from __future__ import annotations

import encodings
import pkgutil

import pytest

from servicedesk.mail import charsets

WORDS = "Skriveren på rådhuset er død – «hjelp»"
PLAIN = "Printer is dead! Call +47 900 00 000 (now)."
EVERY = sorted(found.name for found in pkgutil.iter_modules(encodings.__path__))


@pytest.mark.parametrize("label", EVERY)
def test_utf8_wins_over_whatever_python_calls_an_encoding(label: str) -> None:
    assert charsets.decode(WORDS.encode(), label) == WORDS


@pytest.mark.parametrize("label", [*EVERY, "ebcdic-cp-us", "ibm037", "csibm500", "x-unknown", "UTF-7"])
def test_plain_text_is_plain_text(label: str) -> None:
    assert charsets.decode(PLAIN.encode(), label) == PLAIN


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Får ikke åpnet døra", "cp037"), ("HJELP 123", "cp500"), ("Får ikke åpnet døra", "cp865"), ("Får ikke åpnet døra", "mac_roman"),
        ("Får ikke åpnet døra", "utf-16-le"), ("Får ikke åpnet døra", "utf-7"), ("łódź", "cp1250"), ("Принтер не працює", "cp1251"),
        ("Принтер", "koi8-r"), ("你好世界", "gb2312"), ("联通", "gbk"), ("プリンタ", "shift_jis"), ("プリンタ", "iso-2022-jp"), ("프린터", "euc-kr"),
        ("Ελλάδα", "iso-8859-7"), ("ต", "tis-620"),
    ],
)  # fmt: skip
def test_a_label_that_is_right_is_believed(text: str, label: str) -> None:
    assert charsets.decode(text.encode(label), label) == text
    assert charsets.decode(text.encode(), label) == text


@pytest.mark.parametrize("label", ["cp037", "iso-2022-jp", "hz", "utf-7", "utf-16", "utf-8", "idna"])
def test_western_bytes_under_a_label_that_they_cannot_have(label: str) -> None:
    assert charsets.decode("Får ikke åpnet døra".encode("latin-1"), label) == "Får ikke åpnet døra"


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        (b"\xef\xbb\xbfF\xe5r ikke", "utf-8", "Får ikke"),  # two files that somebody joined
        (b"\x93Hei\x94 \x96 5 \x80", "iso-8859-15", "“Hei” – 5 €"),
        (b"\x93\xb3\xf3d\x9f\x94", "iso-8859-2", "“łódŸ”"),
        ("打印机坏了".encode("gb18030") + b"\xff", "gb2312", "打印机坏了ÿ"),
        (b"Ring +4790000000 og +47-1", "utf-7", "Ring +4790000000 og +47-1"),
    ],
)
def test_mixtures(data: bytes, label: str, text: str) -> None:
    assert charsets.decode(data, label) == text


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("win-1251", "cp1251"), ("Windows1251", "cp1251"), ("x-cp1251", "cp1251"), ("cp-1251", "cp1251"), ("IBM850", "cp850"), ("iso88592", "iso8859-2"),
        ("8859-2", "iso8859-2"), ("iso_8859-2:1987", "iso8859-2"), ("8859_1", "cp1252"), ("utf8", "utf-8"), ("utf_8_sig", "utf-8"), ("x-none", ""),
    ],
)  # fmt: skip
def test_labels_that_no_register_knows(label: str, name: str) -> None:
    assert charsets.codec(label) == name
