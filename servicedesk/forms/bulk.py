"""What is asked before one verb is done to several tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cmdb.common.fields import PickField
from cmdb.common.forms import ScopedForm
from cmdb.models import Team, User
from servicedesk import lists
from servicedesk.actions.assign import assign
from servicedesk.actions.merge import merge
from servicedesk.actions.prioritise import prioritise
from servicedesk.forms.verbs import pairs
from servicedesk.models import Priority, Ticket

if TYPE_CHECKING:
    from servicedesk.actors import Actor


class BulkForm(ScopedForm):
    """Base: `run` is called once per ticket, after `is_valid()`."""

    heading: str | Promise
    button: str | Promise

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        """Do it to one; refusals come as exceptions."""
        raise NotImplementedError


class BulkAssignForm(BulkForm):
    heading = _("Assign the chosen tickets")
    button = _("Assign")
    team = forms.ChoiceField(label=_("Team"), required=False)
    assignee = PickField(User.objects.all(), url_name="desk:pick_worker", label=_("Person"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = pairs(lists.of(self.user).teams, _("As it is"))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """One of the two; the team's row is read once for all tickets."""
        given = super().clean() or {}
        if not given.get("team") and not given.get("assignee") and not self.errors:
            self.add_error("team", _("Choose a team or a person."))
        elif given.get("team"):
            given["team"] = Team.objects.get(pk=given["team"])
        return given

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        given = self.cleaned_data
        return assign(actor, ticket, team=given["team"] or None, assignee=given["assignee"])


class BulkPriorityForm(BulkForm):
    heading = _("Priority of the chosen tickets")
    button = _("Set priority")
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Priority.choices, coerce=int, initial=3)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("Needed where it differs from what impact and urgency give."),
    )

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        given = self.cleaned_data
        return prioritise(actor, ticket, priority_=given["priority"], reason=given["reason"])


class BulkMergeForm(BulkForm):
    heading = _("Merge the chosen tickets")
    button = _("Merge")
    into = PickField(
        Ticket.objects.all(),
        url_name="desk:pick_ticket",
        label=_("They go on in"),
        help_text=_("The chosen ones end, their reporters follow this one."),
        error_messages={"required": _("Choose the ticket that goes on.")},
    )

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        return merge(actor, ticket, into=self.cleaned_data["into"])


FORMS: dict[str, type[BulkForm]] = {
    "assign": BulkAssignForm,
    "prioritise": BulkPriorityForm,
    "merge": BulkMergeForm,
}
