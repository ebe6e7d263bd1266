"""Text from outside: what deceives or breaks is dropped, what people write stays."""

from __future__ import annotations

import unicodedata

import pytest

from servicedesk import cleaning


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ("Faktura \u202egnp.exe", "Faktura gnp.exe"),
        ("a\u200bb\ufeffc\u2060d\u00ade", "abcde"),
        ("a\x00b\x07c\x1bd\x7fe\x9bf", "abcdef"),
        ("\ud800x\udfff", "x"),
        ("a\r\nb\u2028c\x85d", "a b c d"),
        ("a\u200db", "ab"),
        ("👩\u200d🚒 og ❤\ufe0f", "👩\u200d🚒 og ❤\ufe0f"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("שלום", "שלום"),
        ("\U000e0041x", "x"),
        ("Blåbær på bordet – «ja» 5 €", "Blåbær på bordet – «ja» 5 €"),
    ],
)
def test_a_title(value: str, clean: str) -> None:
    assert cleaning.title(value) == clean


def test_nothing_that_is_not_seen_is_left() -> None:
    every = "".join(chr(n) for n in range(0x110000))
    kept = cleaning.fit(every)
    left = {sign for sign in kept if unicodedata.category(sign) in ("Cc", "Cs")}
    assert left <= set("\t\n\r\x85")
    assert not {"\u202e", "\u200b", "\u2066", "\ufeff", "\u061c"} & set(kept)
    assert {"å", "ß", "語", "😀", "\ufe0f", "\ufffd"} <= set(kept)
