"""Text from outside made fit to be stored: what the database cannot take is dropped, what is too long is refused."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

TITLE = 200
DESCRIPTION = 100_000
BODY = 100_000
RESOLUTION = 20_000
REASON = 200
# NUL ends a text in PostgreSQL, lone surrogates have no UTF-8; other control signs do nothing but confuse readers.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def fit(value: str) -> str:
    """Without the signs that the database cannot take."""
    return _UNFIT.sub("", value)


def text(value: str, limit: int, field: str) -> str:
    """Many lines. ValidationError with a sentence, keyed by `field`, beyond `limit` characters."""
    clean = fit(value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(clean) > limit:
        raise ValidationError(
            {field: _("This text is too long: at most %(limit)d characters, it has %(size)d.")
             % {"limit": limit, "size": len(clean)}}
        )  # fmt: skip
    return clean


def line(value: str, limit: int, field: str) -> str:
    """One line: every run of blanks becomes one, so that nothing can break out of a mail's subject."""
    return text(" ".join(value[: limit * 50].split()), limit, field)


def title(value: str) -> str:
    """A ticket's title: one line, not empty."""
    clean = line(value, TITLE, "title")
    if not clean:
        raise ValidationError({"title": _("Say in a few words what it is about.")})
    return clean
