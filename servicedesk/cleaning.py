"""Text from outside made fit to be stored: what the database cannot take and what deceives readers is dropped, what is too long is refused."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

TITLE = 200
DESCRIPTION = 100_000
BODY = 100_000
RESOLUTION = 20_000
REASON = 200
# NUL ends a text in PostgreSQL, lone surrogates have no UTF-8. The other control signs, the overrides of direction, what
# has no width and the tags show a reader something else than what is written ("Faktura fdp.exe").
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
# Joiners belong between letters of other scripts and between the parts of a picture letter; between Latin ones they hide.
_JOINERS = re.compile("(?<![^\x00-\u02ff])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\u02ff])")
_LINES = re.compile("\r\n|[\r\x85\u2028\u2029]")


def fit(value: str) -> str:
    """Without the signs that the database cannot take or that deceive readers."""
    return _JOINERS.sub("", _UNFIT.sub("", value))


def line_of(value: str) -> str:
    """One line: every run of blanks becomes one, so that nothing can break out of a mail's subject."""
    return " ".join(fit(_LINES.sub(" ", value)).split())


def text(value: str, limit: int, field: str) -> str:
    """Many lines. ValidationError with a sentence, keyed by `field`, beyond `limit` characters."""
    clean = fit(_LINES.sub("\n", value)).strip()
    if len(clean) > limit:
        raise ValidationError(
            {field: _("This text is too long: at most %(limit)d characters, it has %(size)d.")
             % {"limit": limit, "size": len(clean)}}
        )  # fmt: skip
    return clean


def line(value: str, limit: int, field: str) -> str:
    """One line; refused beyond `limit` characters."""
    return text(line_of(value[: limit * 50]), limit, field)


def title(value: str) -> str:
    """A ticket's title: one line, not empty."""
    clean = line(value, TITLE, "title")
    if not clean:
        raise ValidationError({"title": _("Say in a few words what it is about.")})
    return clean
