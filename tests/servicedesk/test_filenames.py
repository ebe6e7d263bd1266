"""Names of files: fit for every disk, whatever they are called outside."""

from __future__ import annotations

import pytest

from servicedesk import filenames


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Faktura 3.pdf", "Faktura 3.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\kari\\brev.doc", "brev.doc"),
        ("mappe/", "mappe"),
        ("..", "file"),
        (". . .", "file"),
        ("", "file"),
        ("   ", "file"),
        (".htaccess", "htaccess"),
        ("brev.doc. . ", "brev.doc"),
        ("a\x00b\r\nc.txt", "ab c.txt"),
        ("faktura\u202efdp.exe", "fakturafdp.exe"),
        ("a\u200bb.txt", "ab.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("LPT1 .doc", "_LPT1.doc"),
        ("console.txt", "console.txt"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("\ud800.txt", "txt"),
        ("arkiv.tar.gz", "arkiv.tar.gz"),
        ("Kommunestyremøte æøå 😀.docx", "Kommunestyremøte æøå 😀.docx"),
        ("a\u030a.txt", "å.txt"),
    ],
)
def test_safe(name: str, safe: str) -> None:
    assert filenames.safe(name) == safe


@pytest.mark.parametrize(
    "name", ["a" * 400 + ".png", "å" * 400 + ".png", "😀" * 400 + ".png", "x." * 400 + "png"]
)
def test_too_long_a_name_keeps_its_ending(name: str) -> None:
    safe = filenames.safe(name)
    assert safe.endswith(".png")
    assert len(safe) <= 150
    assert len(safe.encode()) <= 200


@pytest.mark.parametrize(
    ("name", "kind", "data", "safe"),
    [
        ("skann", "application/pdf", b"", "skann.pdf"),
        ("", "application/octet-stream", b"%PDF-1.4", "file.pdf"),
        ("", "", b"", "file"),
        ("brev.docx", "application/pdf", b"", "brev.docx"),
        ("x", "no/such", b"", "x"),
        ("x", "a" * 500, b"", "x"),
    ],
)
def test_a_missing_ending_follows_from_the_type(name: str, kind: str, data: bytes, safe: str) -> None:
    assert filenames.safe(name, kind=kind, data=data) == safe


def test_the_sender_s_wording_is_kept_as_text() -> None:
    assert filenames.original("../a\u202e\x00" + "b" * 300) == "../a" + "b" * 300
