"""Pictures of a report: described here, drawn by sla.reports.draw in a process of its own, kept by a digest of the description."""

from __future__ import annotations

import fcntl
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from sla.reports import draw, fonts
from sla.reports.document import digest
from sla.reports.sheet import Sheet

log = logging.getLogger(__name__)
NAMES = ("incidents", "changes", "trend")
COLOURS = 4
#: Goes up when draw.py draws differently, so that kept pictures are not used any more.
VERSION = 2
TIMEOUT = 60


def described(sheet: Sheet) -> dict[str, dict[str, Any]]:
    """Descriptions by name; one that has nothing to show is missing."""
    most = max((row[2].text for split in sheet.splits for row in split.rows), key=_whole, default="0")
    found = {split.name: _bars(split, _whole(most)) for split in sheet.splits if split.series}
    if len(sheet.trend) > 1:
        found["trend"] = {
            "kind": "trend",
            "points": [{"month": f"{t.short} {i}", "count": t.count, "before": t.before_count} for i, t in enumerate(sheet.trend)],
            "now": _("this year"),
            "then": _("the year before"),
        }  # fmt: skip
    return found


def _whole(text: str) -> int:
    return int("".join(c for c in text if c.isdecimal()) or 0)


def _bars(split: Any, most: int) -> dict[str, Any]:
    return {"kind": "bars", "rows": folded(split.series), "types": legend(split.types), "most": most}


def legend(types: list[str]) -> list[str]:
    """The types that have a colour of their own; from the fourth on they share one."""
    return types if len(types) <= COLOURS else [*types[: COLOURS - 1], _("Others")]


def folded(series: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The series with at most four types, largest first, so that no fifth colour is needed."""
    if max((one["order"] for one in series), default=0) < COLOURS:
        return series
    kept: dict[tuple[str, int], dict[str, Any]] = {}
    for one in series:
        place = min(one["order"], COLOURS - 1)
        name = one["type"] if place < COLOURS - 1 else _("Others")
        row = kept.setdefault((one["system"], place), {**one, "order": place, "type": name, "count": 0})
        row["count"] += one["count"]
    return list(kept.values())


def alternative(sheet: Sheet, name: str) -> str:
    """What a picture shows, for whoever does not see it."""
    if name == "trend":
        first, last = sheet.trend[0], sheet.trend[-1]
        return _("Line: reported faults from %(first)s (%(a)s) to %(last)s (%(b)s); the table has every month.") % {
            "first": first.month, "a": first.count, "last": last.month, "b": last.count,
        }  # fmt: skip
    split = next(split for split in sheet.splits if split.name == name)
    return _("Bars: %(heading)s by system and type; the table has every number.") % {"heading": split.heading}


# --- drawing and keeping ------------------------------------------------------------------------------------------------


def kept(described_chart: dict[str, Any]) -> str | None:
    """The picture, if it was drawn before."""
    path = _place(described_chart)
    return path.read_text(encoding="utf-8") if path.is_file() else None


def drawn(charts: dict[str, dict[str, Any]]) -> dict[str, str]:
    """SVG by name in the light theme's colours; what is not kept is drawn now. What can not be drawn is missing."""
    found = {name: svg for name, chart in charts.items() if (svg := kept(chart))}
    if len(found) < len(charts):
        # A page asks for its pictures one by one at the same moment: the first draws them all, the others find them.
        with _alone():
            missing = {name: chart for name, chart in charts.items() if name not in found and not kept(chart)}
            try:
                for chart, svg in zip(missing.values(), _draw(list(missing.values())), strict=True):
                    _keep(chart, svg)
            except (OSError, subprocess.SubprocessError, ValueError):
                # The tables say the same; a report without pictures is still the report.
                log.exception("charts could not be drawn")
        found = {name: svg for name, chart in charts.items() if (svg := kept(chart))}
    return found


@contextmanager
def _alone() -> Iterator[None]:
    """One drawing at a time on this machine."""
    folder = Path(settings.VAR) / "charts"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def themed(svg: str) -> str:
    """The picture for a page: it follows the scheme."""
    return draw.themed(svg)


def _draw(charts: list[dict[str, Any]]) -> list[str]:
    if not charts:
        return []
    place = fonts.folder()
    asked = json.dumps({"fonts": str(place) if place else None, "charts": charts})
    done = subprocess.run(
        [sys.executable, "-m", "sla.reports.draw"],
        input=asked, capture_output=True, text=True, timeout=TIMEOUT, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    pictures: list[str] = json.loads(done.stdout)
    return pictures


def _place(chart: dict[str, Any]) -> Path:
    return Path(settings.VAR) / "charts" / f"{digest([VERSION, chart])}.svg"


def _keep(chart: dict[str, Any], svg: str) -> None:
    path = _place(chart)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{digest(svg)[:8]}.part")
    part.write_text(svg, encoding="utf-8")
    part.replace(path)


def forget(days: int = 30) -> int:
    """Remove pictures that were drawn long ago; they are drawn again when asked for."""
    import time

    limit = time.time() - days * 86400
    old = [p for p in (Path(settings.VAR) / "charts").glob("*.*g") if p.stat().st_mtime < limit]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
