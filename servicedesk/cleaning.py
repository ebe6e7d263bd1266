"""Text from outside made fit to be stored: what the database cannot take and what deceives readers is dropped, what is too long is refused."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cmdb.common.signs import LINES, fit, line_of

__all__ = ["BODY", "DESCRIPTION", "REASON", "RESOLUTION", "TITLE", "fit", "line", "line_of", "text", "title"]

TITLE = 200
DESCRIPTION = 100_000
BODY = 100_000
RESOLUTION = 20_000
REASON = 200


def text(value: str, limit: int, field: str) -> str:
    """Many lines. ValidationError with a sentence, keyed by `field`, beyond `limit` characters."""
    clean = fit(LINES.sub("\n", value)).strip()
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
