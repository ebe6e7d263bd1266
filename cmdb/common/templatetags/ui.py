"""`{% load ui %}`: icons, marks, words, addresses of the same page with other parameters, and form fields."""

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from cmdb.common import ui

register = template.Library()

for name in ("icon", "state", "live", "priority", "avatar", "clock", "days", "progress"):
    register.simple_tag(getattr(ui, name), name=name)
register.simple_tag(ui.badge, name="tag")
register.simple_tag(ui.time_element, name="time_ago")
for name in (
    "duration",
    "percent",
    "number",
    "kroner",
    "file_size",
    "moment",
    "letter_moment",
    "deadline",
    "initials",
    "ago",
):
    register.filter(name, getattr(ui, name))
for name in ("clock_time", "long_date", "date_words"):
    register.filter(name, getattr(ui, name))


@register.simple_tag
def choice(member: Any) -> SafeString | str:
    """A value of `choices.Choices` as icon and word."""
    if not member:
        return ui.DASH
    return ui.state(member.label, getattr(member, "colour", "neutral"), getattr(member, "icon", ""))


@register.filter
def exact_duration(seconds: float | None) -> str:
    """A length of time without days, so that it can be added up by the reader."""
    return ui.duration(seconds, exact=True)


# --- addresses -----------------------------------------------------------------------------------------

#: Parameters that say which page of a list it is; another filter or order begins at the first one.
_PLACES = frozenset({"page", "cursor", "after"})


@register.simple_tag(takes_context=True)
def page_url(context: Context, **changes: Any) -> str:
    """The address of this page with parameters changed: `{% page_url page=2 %}`; None takes one away.

    Any change but one of the page itself goes back to the first page.
    """
    query: QueryDict = context["request"].GET.copy()
    if not _PLACES & changes.keys():
        changes |= dict.fromkeys(_PLACES)
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None and value != "":
            query[key] = str(value)
    return "?" + query.urlencode()


@register.simple_tag(takes_context=True)
def drop_url(context: Context, key: str, value: Any = None) -> str:
    """The address of this page without a filter, or without one of its values: what a filter chip links to."""
    query: QueryDict = context["request"].GET.copy()
    left = [] if value is None else [v for v in query.getlist(key) if v != str(value)]
    query.pop(key, None)
    for place in _PLACES:
        query.pop(place, None)
    if left:
        query.setlist(key, left)
    return "?" + query.urlencode()


@register.filter
def page_numbers(page: Any) -> list[int | None]:
    """Numbers for the pagination around a page of `Paginator`; None is the gap."""
    marks = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [mark if isinstance(mark, int) else None for mark in marks]


# --- forms ---------------------------------------------------------------------------------------------


def _kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "group"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    return "hidden" if widget.is_hidden else "input"


@register.inclusion_tag("common/partials/field.html")
def field(bound: BoundField, label: str = "", **extra: Any) -> dict[str, Any]:
    """One field of any form: label, help, field, error, tied together for screen readers.

    Other arguments become attributes of the input: `{% field form.hva rows=3 autocomplete="off" %}`.
    """
    kind = _kind(bound.field.widget)
    given = {key.replace("_", "-"): value for key, value in extra.items()}
    # several widgets in one field (a date and a time): Django names them itself
    whole = kind == "group" or (kind == "input" and bound.field.widget.use_fieldset)
    attrs = given if kind == "group" else {"class": _classes(bound), **_rows(bound), **given}
    return {
        "bound": bound,
        "kind": "group" if whole else kind,
        "choices": bound.subwidgets if kind == "group" else [],
        "label": label or bound.label,
        "widget": bound.as_widget(attrs=attrs),
        "optional": not bound.field.required and kind == "input",
        "help_id": f"{bound.id_for_label or bound.auto_id}_helptext",
        "error_id": f"{bound.id_for_label or bound.auto_id}_error",
    }


def _rows(bound: BoundField) -> dict[str, Any]:
    """Four rows unless the form says otherwise: Django's own ten look like an order to write a lot."""
    widget = bound.field.widget
    return {"rows": 4} if isinstance(widget, forms.Textarea) and str(widget.attrs.get("rows")) == "10" else {}


def _classes(bound: BoundField) -> str:
    """`ds-input`, and what the form asked for itself."""
    own = bound.field.widget.attrs.get("class", "")
    return " ".join(dict.fromkeys(["ds-input", *own.split()]))


@register.filter
def error_count(form: Any) -> int:
    """How many fields and sentences of a form want something."""
    return sum(len(errors) for errors in form.errors.values())


def _with_label(bound: BoundField, text: Any) -> str:
    return f"{str(bound.label).rstrip(':?')}: {text}"


@register.filter
def all_missing(form: Any) -> bool:
    """Whether every error says that something was left out; else the heading must not say so."""
    data = form.errors.as_data()
    return all(error.code == "required" for errors in data.values() for error in errors)


@register.filter
def error_links(form: Any) -> list[tuple[str, str]]:
    """Anchor and sentence of every error, for the summary on top of a form."""
    links: list[tuple[str, str]] = []
    for key, errors in form.errors.items():
        bound = form[key] if key in form.fields else None
        anchor = (bound.id_for_label or bound.auto_id) if bound is not None else ""
        links += [(anchor, _with_label(bound, text) if bound is not None else str(text)) for text in errors]
    return links


LEVELS = {"debug": "neutral", "info": "info", "success": "success", "warning": "warning", "error": "danger"}


@register.filter
def alert_color(message: Any) -> str:
    """The colour role of one of Django's messages."""
    return LEVELS.get(message.level_tag, "info")


@register.simple_tag
def page_words() -> dict[str, str]:
    """The sentences that the scripts of the page use, translated here because scripts have no catalogue."""
    words = {
        "left": _("%(time)s left"),
        "breached": _("Breached %(time)s"),
        "hours": _("%(hours)s h"),
        "hoursMinutes": _("%(hours)s h %(minutes)s min"),
        "minutes": _("%(minutes)s min"),
        "underOne": _("under 1 min"),
        "saving": _("Saving …"),
        "chosen": _("%(count)s chosen"),
        "lost": _("No contact with the server. Nothing is lost; try again in a moment."),
        "failed": _("That did not work. Try again, or reload the page."),
        "denied": _("You may not do that."),
        "gone": _("That no longer exists, or you may not see it."),
        "signedOut": _("You are signed out. Sign in again in another tab, then repeat what you did."),
        "draft": _("Your draft from earlier is back."),
        "copied": _("The link is copied."),
        "none": _("Nothing found"),
        "list": _("Suggestions"),
        "suggestions": _("%(count)s suggestions"),
    }
    return {key: str(text) for key, text in words.items()}
