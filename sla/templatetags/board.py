"""`{% load board %}`: figures that open their rows, and the marks of a report."""

from __future__ import annotations

from urllib.parse import quote

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cmdb.common import ui
from cmdb.common.ui import Look
from sla.reports.sheet import Figure

register = template.Library()


@register.simple_tag(takes_context=True)
def figure(context: Context, shown: Figure | None, css: str = "a-fig") -> SafeString | str:
    """A number as a link to its rows, where the page has rows (`rows_url`); else as text."""
    if shown is None:
        return ui.DASH
    base = context.get("rows_url")
    if not shown.key or not base:
        return format_html('<span class="{}">{}</span>', css, shown.text) if css != "a-fig" else shown.text
    return format_html(
        '<a class="{}" href="{}{}/">{}</a>', css, base, quote(shown.key, safe=":*"), shown.text
    )


@register.simple_tag
def look(shown: Look, extra: str = "") -> SafeString:
    """Icon and word of a verdict or a state."""
    return ui.state(f"{shown.label}{extra}", shown.color, shown.icon)


@register.filter
def get(mapping: dict[str, object] | None, key: str) -> object:
    """An entry by name, or nothing."""
    return mapping.get(key, "") if mapping else ""
