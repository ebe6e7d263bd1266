"""Charts as Vega-Lite, drawn to SVG. A program of its own without Django: `python -m sla.reports.draw < charts.json`.

The engine that draws (vl-convert) is large and starts slowly; a web worker never carries it, it asks this program once
and keeps the picture (sla.reports.charts). Input: {"fonts": folder or null, "charts": [chart, …]}, output: [svg, …].
A chart is {"kind": "bars", "rows": [{"system", "type", "order", "count"}], "types": [name, …], "most": int} or
{"kind": "trend", "points": [{"month", "count", "before"}], "now": word, "then": word}.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

# The light theme's colours; on a page each is replaced by its variable, so that the picture follows the scheme.
COLOURS = {
    "#0b5a6e": "var(--ds-color-accent-base-default)",
    "#458190": "var(--ds-color-accent-border-default)",
    "#856dae": "var(--ds-color-note-border-default)",
    "#b9bcbf": "var(--ds-color-neutral-border-subtle)",
    "#737a7f": "var(--ds-color-neutral-border-default)",
    "#565e65": "var(--ds-color-neutral-text-subtle)",
    "#222d36": "var(--ds-color-neutral-text-default)",
    "#ffffff": "var(--paper)",
    "#e4e6e7": "var(--line)",
}
SERIES = ["#0b5a6e", "#458190", "#856dae", "#b9bcbf"]
ACCENT, THEN, MUTED, INK, PAPER, LINE = "#0b5a6e", "#737a7f", "#565e65", "#222d36", "#ffffff", "#e4e6e7"
FONT = "Inter"


def chart(spec: dict[str, Any]) -> Any:
    """The Altair chart of one description."""
    return _bars(spec) if spec["kind"] == "bars" else _trend(spec)


def _bars(spec: dict[str, Any]) -> Any:
    """Stacked bars by system, the type's colour in fixed order, the sum at the bar's end."""
    import altair as alt

    rows, types = spec["rows"], spec["types"]
    order = list(dict.fromkeys(row["system"] for row in rows))
    sums = [{"system": s, "n": sum(r["count"] for r in rows if r["system"] == s)} for s in order]
    y = alt.Y("system:N", sort=order, title=None, axis=alt.Axis(labelLimit=150, labelPadding=8))
    x = alt.X("count:Q", axis=None, scale=alt.Scale(domain=[0, max(spec["most"], 1)]))
    colour = alt.Color("type:N", legend=None, scale=alt.Scale(domain=types, range=SERIES[: len(types)]))
    bars = alt.Chart(alt.Data(values=rows)).mark_bar(size=15, stroke=PAPER, strokeWidth=1.5)
    words = alt.Chart(alt.Data(values=sums)).mark_text(
        align="left", dx=6, fontSize=12, fontWeight=600, color=INK, font=FONT
    )
    layers = bars.encode(y=y, x=x, color=colour, order="order:Q") + words.encode(
        y=alt.Y("system:N", sort=order), x="n:Q", text="n:Q"
    )
    return _dressed(layers.properties(width=230, height=max(1, len(order)) * 26), right=34)


def _trend(spec: dict[str, Any]) -> Any:
    """A line a year, named at its end instead of in a legend."""
    import altair as alt

    points = [{**p, "place": i} for i, p in enumerate(spec["points"])]
    order = [p["month"] for p in points]
    last = points[-1:]
    x = alt.X(
        "month:O", sort=order, title=None, axis=alt.Axis(labelAngle=0, labelExpr="split(datum.label, ' ')[0]")
    )
    y = alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=4, grid=True, format="d"))
    base = alt.Chart(alt.Data(values=points))
    line = base.mark_line(
        color=ACCENT, strokeWidth=2.5, point=alt.OverlayMarkDef(color=ACCENT, size=36)
    ).encode(x=x, y=y)
    layers = line
    known = [p for p in points if p["before"] is not None]
    if known:
        then = alt.Chart(alt.Data(values=known)).mark_line(color=THEN, strokeWidth=2.5, strokeDash=[4, 4])
        layers = then.encode(x=x, y="before:Q") + line
    ends: list[tuple[str, str, str, Any, int]] = [
        ("count", spec["now"], ACCENT, 600, 9),
        ("before", spec["then"], MUTED, 400, -6),
    ]
    for field, word, colour, weight, dy in ends:
        named = [{**p, "word": f"{p[field]} {word}"} for p in last if p[field] is not None]
        if named:
            text = alt.Chart(alt.Data(values=named)).mark_text(
                align="left", dx=9, dy=dy, fontSize=12, fontWeight=weight, color=colour, font=FONT
            )
            layers += text.encode(x=x, y=f"{field}:Q", text="word:N")
    return _dressed(layers.properties(width=max(320, 62 * len(points)), height=170))


def _dressed(layers: Any, right: int = 90) -> Any:
    return (
        layers.configure(font=FONT, padding={"top": 6, "bottom": 8, "left": 4, "right": right}, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelFont=FONT, labelFontSize=12, labelColor=MUTED, gridColor=LINE, domainColor=THEN, tickColor=THEN,
        )
        .configure_axisY(domain=False, ticks=False, labelFontWeight=500)
    )  # fmt: skip


def to_svg(charts: list[dict[str, Any]], fonts: str | None = None) -> list[str]:
    """SVG texts in the light theme's colours."""
    import vl_convert

    if fonts:
        vl_convert.register_font_directory(fonts)
    return [_clean(vl_convert.vegalite_to_svg(chart(spec).to_dict())) for spec in charts]


def _clean(svg: str) -> str:
    """Roles and labels inside are noise: the figure around it has one name. Colours in one spelling."""
    svg = re.sub(r'\s(?:role|aria-[a-z]+)="[^"]*"', "", svg)
    return re.sub(r"#[0-9a-fA-F]{6}\b", lambda found: found[0].lower(), svg)


def themed(svg: str) -> str:
    """The same picture with the theme's variables instead of colours, for a page."""
    svg = re.sub(r"(?<=[\"'])white(?=[\"'])", PAPER, svg)
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: COLOURS.get(found[0], found[0]), svg)


def main() -> None:
    """Read descriptions, write pictures."""
    asked = json.load(sys.stdin)
    json.dump(to_svg(asked["charts"], asked.get("fonts")), sys.stdout)


if __name__ == "__main__":
    main()
