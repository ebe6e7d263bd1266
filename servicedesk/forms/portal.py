"""What a person who reports something is asked: as little as possible, and never what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Count, Q
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from cmdb.common.forms import ScopedForm
from cmdb.models import Family, Item, Lifecycle
from servicedesk import attachments
from servicedesk.models import Level, Ticket

if TYPE_CHECKING:
    from cmdb.models import User

OWN_FIRST = 8
OTHERS = 40
# How bad it is, in the reporter's words → urgency and, where the words say so, impact. None: from the register.
BADNESS: dict[str, tuple[Level, Level | None]] = {
    "all": (Level.HIGH, Level.MEDIUM),
    "me": (Level.MEDIUM, None),
    "slow": (Level.LOW, None),
}


class FilesField(forms.FileField):
    """Several files at once; each checked for size."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.FileInput()
        widget.allow_multiple_selected = True
        widget.attrs["multiple"] = True
        super().__init__(widget=widget, required=False, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return attachments.check(files)


class ReportForm(ScopedForm):
    """A fault in three answers: what, which system, how bad."""

    what = forms.CharField(
        label=_("What is wrong?"),
        help_text=_("One sentence is enough. We ask for the rest if we need it."),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write in one sentence what does not work.")},
    )
    system = forms.ChoiceField(
        label=_("Which system?"),
        help_text=_("Your own come first."),
        error_messages={
            "required": _("Choose a system, or «Something else»."),
            "invalid_choice": _("Choose a system from the list, or «Something else»."),
        },
    )
    badness = forms.ChoiceField(
        label=_("How bad is it?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose one of the answers."),
            "invalid_choice": _("Choose one of the answers."),
        },
    )
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    files = FilesField(label=_("Pictures or files"))  # type: ignore[assignment]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        own, others = systems_of(user)
        self._items = {str(item.pk): item for item in (*own, *others)}
        groups: list[tuple[Any, Any]] = [("", _("Choose …"))]
        if own:
            groups.append((_("Your systems"), [(str(item.pk), item.name) for item in own]))
        if others:
            groups.append((_("Others in your municipality"), [(str(item.pk), item.name) for item in others]))
        groups.append(("other", _("Something else, or I do not know")))
        self.fields["system"].choices = groups  # type: ignore[attr-defined]
        self.fields["badness"].choices = [  # type: ignore[attr-defined]
            ("all", _two_lines(_("We cannot do our work"), _("Several are hit, or life and health"))),
            ("me", _two_lines(_("I cannot do my work"), _("Only I am hit"))),
            ("slow", _two_lines(_("It is awkward"), _("I get around it"))),
        ]

    @property
    def item(self) -> Item | None:
        """The chosen system; None for something else."""
        return self._items.get(self.cleaned_data["system"])

    @property
    def title(self) -> str:
        """The first line, cut at a word."""
        first = self.cleaned_data["what"].strip().splitlines()[0]
        return first if len(first) <= 120 else first[:117].rsplit(" ", 1)[0] + " …"

    def order(self) -> dict[str, Any]:
        """Arguments for actions.open_ticket."""
        urgency, impact = BADNESS[self.cleaned_data["badness"]]
        text = self.cleaned_data["what"].strip()
        return {
            "title": self.title,
            "description": "" if text == self.title else text,
            "item": self.item,
            "urgency": urgency,
            "impact": impact,
        }


def _two_lines(first: Any, second: Any) -> Any:
    return format_html('<b>{}</b><br><span class="muted">{}</span>', first, second)


def systems_of(user: User) -> tuple[list[Item], list[Item]]:
    """Own systems and equipment (used, owned, reported before), then what the municipality reports most. Two statements."""
    in_use = Item.objects.visible_to(user).filter(
        lifecycle__in=(Lifecycle.IN_USE, Lifecycle.PHASING_OUT), organisation__in=user.access.own_orgs
    )
    mine = Ticket.objects.filter(reporter=user, item__isnull=False).order_by("-opened_at").values("item")[:50]
    own: list[Item] = list(
        in_use.filter(Q(user=user) | Q(owner=user) | Q(manager=user) | Q(pk__in=mine))
        .annotate(times=Count("tickets", filter=Q(tickets__reporter=user)))
        .order_by("-times", "sort_name")[:OWN_FIRST]
    )
    others = (
        in_use.filter(family=Family.SYSTEM)
        .exclude(pk__in=[item.pk for item in own])
        .order_by("criticality", "sort_name")[:OTHERS]
    )
    return own, sorted(others, key=lambda item: item.sort_name)


class OrderForm(ScopedForm):
    """Something is wanted: equipment, access, a new user."""

    title = forms.CharField(
        label=_("What do you need?"),
        max_length=200,
        error_messages={"required": _("Write in a few words what you need.")},
    )
    description = forms.CharField(
        label=_("More about it"),
        help_text=_("For whom, from when, and what for."),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    files = FilesField(label=_("Pictures or files"))  # type: ignore[assignment]


class AnswerForm(ScopedForm):
    """The reporter writes on a ticket."""

    body = forms.CharField(
        label=_("Your message"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write a text first.")},
    )
    files = FilesField(label=_("Pictures or files"))  # type: ignore[assignment]
