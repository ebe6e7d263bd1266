"""Text choices with colour and icon beside the label.

    class Level(Choices):
        LOW = "low", _("Low")
        HIGH = "high", "danger", "priority-high", _("High")

The label comes last, as in every Django choice class. ``Level("high").label``, ``.colour`` and ``.icon``
are what lists, tags and exports show. Colours are the design system's ``data-color`` words; an icon is a
name that the style sheet knows, or "".
"""

from collections.abc import Iterable
from typing import Any, Self

from django.db.models import TextChoices

COLOURS = ("neutral", "accent", "note", "info", "success", "warning", "danger")


class Choices(TextChoices):
    """TextChoices whose members may carry two more words: ``value, colour, icon, label``."""

    colour: str
    icon: str

    def __new__(cls, value: str, colour: str = "neutral", icon: str = "") -> Self:
        """Called by the enum machinery after it took the label away."""
        if colour not in COLOURS:
            raise ValueError(f"{value}: colour {colour!r} is none of {', '.join(COLOURS)}")
        member = str.__new__(cls, value)
        member._value_ = value
        member.colour = colour
        member.icon = icon
        return member

    @classmethod
    def looks(cls) -> dict[Any, tuple[str, str]]:
        """Colour and icon of every value, for cells that draw a whole page at once."""
        return {member.value: (member.colour, member.icon) for member in cls}


def labels(choices: Iterable[tuple[Any, Any]]) -> dict[Any, str]:
    """Labels by value in the language that is active now: one translation per value, not per row."""
    return {value: str(label) for value, label in choices}
