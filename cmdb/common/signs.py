"""Signs that no text from outside may hold: what the database cannot take, and what shows a reader something else than what is written."""

from __future__ import annotations

import re

# NUL ends a text in PostgreSQL, lone surrogates have no UTF-8. The other control signs, the overrides of direction, what
# has no width and the tags show a reader something else than what is written ("Faktura fdp.exe").
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
# Joiners belong between letters of other scripts and between the parts of a picture letter; between Latin ones they hide.
_JOINERS = re.compile("(?<![^\x00-\u02ff])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\u02ff])")
LINES = re.compile("\r\n|[\r\x85\u2028\u2029]")


def fit(value: str) -> str:
    """Without the signs that the database cannot take or that deceive readers."""
    return _JOINERS.sub("", _UNFIT.sub("", value))


def line_of(value: str) -> str:
    """One line: every run of blanks becomes one, so that nothing can break out of a mail's subject."""
    return " ".join(fit(LINES.sub(" ", value)).split())
