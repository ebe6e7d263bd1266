"""Transfer encodings, broken and mislabelled ones too: what can be decoded is, and what was never encoded stays as it is."""

from __future__ import annotations

import base64
import os
import time

import pytest

from servicedesk.mail import reading, transfer
from tests.servicedesk.mail.letters import part, plain

WORDS = "Får ikke åpnet døra"
CODED = base64.encodebytes(WORDS.encode())


def read(body: bytes, way: str, charset: str = "utf-8") -> str:
    kind = f"text/plain; charset={charset}".encode()
    return reading.read(plain(body, kind, Content_Transfer_Encoding=way)).text.replace("\r\n", "\n").strip()


@pytest.mark.parametrize(
    "way", ["BASE64 ", '"base64"', "base 64", "Base64 (RFC 2045)", "base64; x", "b64", "X-Base64"]
)
def test_base64_however_it_is_written(way: str) -> None:
    assert read(CODED, way) == WORDS


@pytest.mark.parametrize(
    "way", ["QUOTED-PRINTABLE", "quoted_printable", "quoted printable", '"quoted-printable"', "quoted-printable; x", "QP"]
)  # fmt: skip
def test_quoted_printable_however_it_is_written(way: str) -> None:
    assert read(b"F=C3=A5r ikke =c3=a5pnet d=C3=B8=  \r\nra", way) == WORDS


@pytest.mark.parametrize("way", ["8BIT", "8-bit", "7bit", "BINARY", "none", "x-foo", ""])
def test_what_is_not_encoded(way: str) -> None:
    assert read(WORDS.encode(), way) == WORDS


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"SGVpIHDDpSBkZWc=!!!###==", "Hei på deg"),
        (b"SGVp!!IHDDpSBk###ZWc=", "Hei på deg"),
        (b"SGVp IHDD pSBkZWc=", "Hei på deg"),
        (CODED.replace(b"\n", b" \n "), WORDS),
        (CODED[:-4], WORDS[:-1]),
        (CODED * 2, WORDS * 2),
        (b"Ekstern avsender\r\n\r\n" + CODED, f"Ekstern avsender\n\n{WORDS}"),
        (CODED + b"Hilsen virusfilteret", f"{WORDS}\nHilsen virusfilteret"),
        (CODED + b"\r\n--\r\nlisteserver", f"{WORDS}\n\n--\nlisteserver"),
        # never encoded at all
        (b"Hei\r\n\r\nDette er ikke kodet\r\nHilsen Kari", "Hei\n\nDette er ikke kodet\nHilsen Kari"),
        (b"Nede", "Nede"),
        (b"Hei, skriveren!", "Hei, skriveren!"),
        (b"", ""),
    ],
)
def test_broken_base64(body: bytes, text: str) -> None:
    assert read(body, "base64") == text


@pytest.mark.parametrize(
    ("text", "charset"),
    [(WORDS, "iso-8859-1"), ("Принтер не работает", "koi8-r"), (WORDS, "utf-16"), ("プリンタが壊れた", "iso-2022-jp"), ("打印机坏了", "gb18030")],
)  # fmt: skip
def test_other_charsets(text: str, charset: str) -> None:
    assert read(base64.encodebytes(text.encode(charset)), "base64", charset) == text


def test_a_named_text_that_was_never_encoded_is_kept_as_it_is() -> None:
    log = part(
        b"Feil i drift\r\nmange ord", b"text/plain; name=logg.txt", b"Content-Transfer-Encoding: base64"
    )
    (file,) = reading.read(plain(b"x").split(b"Content-Type")[0] + log).files
    assert file.data.startswith(b"Feil i drift")


@pytest.mark.parametrize(
    "body",
    [b"A" * 2_000_000, b"A\n" * 1_000_000, b"!A=\n" * 400_000, os.urandom(1_000_000), base64.encodebytes(os.urandom(1_000_000))],
    ids=["long", "lines", "broken", "noise", "binary"],
)  # fmt: skip
def test_made_up_text_does_not_take_long(body: bytes) -> None:
    begun = time.perf_counter()
    transfer.decode(body, "base64", words=True, charset="utf-8")
    assert time.perf_counter() - begun < 5
