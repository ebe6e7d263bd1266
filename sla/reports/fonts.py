"""Inter as TrueType files for whoever can not read web fonts: the PDF and the measuring of chart labels."""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

log = logging.getLogger(__name__)
WEIGHTS = {"Regular": 400, "SemiBold": 600}
SOURCE = "vendor/inter-latin.woff2"


def folder() -> Path | None:
    """A folder with Inter, made once from the front-end's own font; None where that was never fetched."""
    place = Path(settings.VAR) / "fonts"
    if all((place / f"Inter-{name}.ttf").is_file() for name in WEIGHTS):
        return place
    source = finders.find(SOURCE)
    if not source or not Path(str(source)).is_file():
        return None
    try:
        _make(Path(str(source)), place)
    except Exception:  # a font is never worth a report
        log.exception("Inter could not be made into TrueType files")
        return None
    return place


def _make(source: Path, place: Path) -> None:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
    from fontTools.varLib.instancer import instantiateVariableFont  # type: ignore[import-untyped]

    logging.getLogger("fontTools").setLevel(logging.WARNING)
    place.mkdir(parents=True, exist_ok=True)
    for name, weight in WEIGHTS.items():
        font = TTFont(source)
        axes = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes} | {"wght": weight}
        made = instantiateVariableFont(font, axes, updateFontNames=False)
        made.flavor = None
        _name(made, "SemiBold" if weight == 600 else "Regular", weight)
        part = place / f".Inter-{name}.part"
        made.save(part)
        part.replace(place / f"Inter-{name}.ttf")


def _name(font: object, style: str, weight: int) -> None:
    """One family with two weights, under the name that charts use too."""
    names = font["name"]  # type: ignore[index]
    for number, text in ((1, "Inter"), (2, style), (4, f"Inter {style}"), (6, f"Inter-{style}"),
                         (16, "Inter"), (17, style)):  # fmt: skip
        names.setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight  # type: ignore[index]
