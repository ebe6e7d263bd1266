"""`{% load changes %}`: windows, risk and roles in words."""

from __future__ import annotations

from django import template

from cmdb.models import Role
from servicedesk.models import Change
from servicedesk.tables import risk_word, window

register = template.Library()


@register.filter
def window_words(change: Change) -> str:
    """«26 Nov 18.00–20.00»."""
    return window(change.planned_start, change.planned_end) if change.planned_start is not None else ""


@register.filter
def risk(factor: int) -> str:
    """«12 · high»."""
    return f"{factor} · {risk_word(factor)}"


@register.filter
def role_name(role: str) -> str:
    """A role's name as people know it."""
    return str(dict(Role.choices).get(role, role))
