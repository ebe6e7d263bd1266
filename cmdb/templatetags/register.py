"""`{% load register %}`: dates as the register's pages write them."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cmdb.common import formats

register = template.Library()


@register.filter
def day(value: date | None) -> str:
    """A calendar day in the form of the language."""
    return formats.day(value)


@register.filter
def day_mark(value: date | None) -> SafeString | str:
    """A calendar day as ``<time>``."""
    return (
        ""
        if value is None
        else format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.day(value))
    )
