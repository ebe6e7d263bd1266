"""One small form per verb: what it asks, and the action that it calls. Page and dialog show the same form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cmdb.common.fields import PickField
from cmdb.common.forms import ScopedForm
from cmdb.models import Item, Organisation, Team, User
from servicedesk import approvals, lists
from servicedesk.actions import (
    approve,
    assign,
    cancel,
    close,
    declare_major,
    finish,
    link,
    merge,
    pend,
    prioritise,
    reject,
    reopen,
    resolve,
    resume,
    start,
    submit,
)
from servicedesk.models import ChangeOutcome, Kind, Level, LinkKind, PendReason, Priority, Ticket, Verb
from servicedesk.workflow import MoveRefused

if TYPE_CHECKING:
    from servicedesk.actors import Actor

Text = str | Promise


def text_field(label: Any, rows: int = 3, **kwargs: Any) -> forms.CharField:
    """Several lines; what is too long is said, not cut."""
    return forms.CharField(
        label=label, widget=forms.Textarea(attrs={"rows": rows}), max_length=20_000, **kwargs
    )


def pairs(choices: list[tuple[int, str]], empty: Text) -> list[tuple[Any, Any]]:
    """Choices of a select out of keys and names, with a first line for none."""
    return [("", empty), *choices]


class VerbForm(ScopedForm):
    """Base: `VerbForm(data, user=…, ticket=…)`, then `run(actor, ticket)` after `is_valid()`."""

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        self.ticket = ticket
        super().__init__(*args, auto_id=f"id_{type(self).__name__.lower()}_%s", **kwargs)

    def choose(self, name: str, choices: list[tuple[int, str]], empty: Text) -> None:
        """Fill a select from one of the short lists."""
        self.fields[name].choices = pairs(choices, empty)  # type: ignore[attr-defined]

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        """Do it; refusals come as exceptions."""
        raise NotImplementedError


def refuse(form: forms.Form, error: MoveRefused | ValidationError) -> None:
    """Put what the action refused beside the field that it names, else on top."""
    if isinstance(error, MoveRefused):
        form.add_error(error.field if error.field in form.fields else None, str(error.sentence))
    elif hasattr(error, "error_dict"):
        for name, sentences in error.message_dict.items():
            form.add_error(name if name in form.fields else None, sentences)
    else:
        form.add_error(None, error.messages)


class TakeForm(VerbForm):
    """Nothing to ask."""

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        return assign.take(actor, ticket)


class AssignForm(VerbForm):
    team = forms.ChoiceField(label=_("Team"), required=False)
    assignee = PickField(User.objects.all(), url_name="desk:pick_worker", label=_("Person"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("team", lists.of(self.user).teams, _("As it is"))
        self.initial.setdefault("team", self.ticket.team_id or "")

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        given = self.cleaned_data
        team = Team.objects.get(pk=given["team"]) if given["team"] else None
        return assign.assign(actor, ticket, team=team, assignee=given["assignee"])


class PendForm(VerbForm):
    reason = forms.ChoiceField(
        label=_("What does it wait for?"),
        choices=PendReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what it waits for.")},
    )
    supplier = forms.ChoiceField(label=_("Supplier"), required=False)
    until = forms.DateTimeField(
        label=_("Until"),
        required=False,
        help_text=_("Comes back by itself at this time; needed for a date."),
    )
    body = text_field(
        _("Question or explanation"),
        required=False,
        help_text=_("Waiting for the reporter: this text is sent to the reporter."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("supplier", lists.of(self.user).suppliers, _("None"))
        self.initial.setdefault("supplier", self.ticket.supplier_id or "")

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        given = self.cleaned_data
        supplier = Organisation.objects.get(pk=given["supplier"]) if given["supplier"] else None
        return pend.pend(
            actor, ticket, reason=given["reason"], body=given["body"], until=given["until"], supplier=supplier
        )


class ResumeForm(VerbForm):
    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        return resume.resume(actor, ticket)


class ResolveForm(VerbForm):
    resolution = text_field(
        _("How was it resolved?"),
        help_text=_("The reporter gets this text."),
        error_messages={"required": _("Write how it was resolved.")},
    )

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        return resolve.resolve(actor, ticket, resolution=self.cleaned_data["resolution"])


class _BodyForm(VerbForm):
    """A verb that takes a text."""

    action: Callable[..., Ticket]

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        return type(self).action(actor, ticket, body=self.cleaned_data["body"])


class ReopenForm(_BodyForm):
    action = staticmethod(reopen.reopen)
    body = text_field(_("Why"), required=False)


class CloseForm(_BodyForm):
    action = staticmethod(close.close)
    body = text_field(_("Review"), required=False, help_text=_("What happened, and what is learnt from it."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.ticket.kind != Kind.CHANGE:
            self.fields["body"].label = _("Last word")
            self.fields["body"].help_text = ""


class CancelForm(_BodyForm):
    action = staticmethod(cancel.cancel)
    body = text_field(
        _("Why"),
        help_text=_("The reporter gets this text."),
        error_messages={"required": _("Write a text first.")},
    )


class DeclareMajorForm(_BodyForm):
    action = staticmethod(declare_major.declare_major)
    body = text_field(
        _("What is known"), required=False, help_text=_("In words for everybody: the status page shows it.")
    )


class _DecisionForm(_BodyForm):
    """Says for which municipalities the answer counts, where it is not only the change manager's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = approvals.owned(self.user, self.ticket, approvals.waiting(self.ticket))
        names = [row.organisation.name for row in rows if row.organisation is not None]
        if names:
            self.fields["body"].help_text = _("You answer for %(names)s.") % {"names": ", ".join(names)}


class ApproveForm(_DecisionForm):
    action = staticmethod(approve.approve)
    body = text_field(_("Comment"), rows=2, required=False)


class RejectForm(_DecisionForm):
    action = staticmethod(reject.reject)
    body = text_field(_("Why not"), error_messages={"required": _("Write a text first.")})


class SubmitForm(VerbForm):
    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        return submit.submit(actor, ticket)


class StartForm(VerbForm):
    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        return start.start(actor, ticket)


class FinishForm(VerbForm):
    outcome = forms.ChoiceField(
        label=_("How did it go?"),
        choices=ChangeOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say how it went.")},
    )
    body = text_field(_("What happened"), required=False)

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        given = self.cleaned_data
        return finish.finish(actor, ticket, outcome=given["outcome"], body=given["body"])


def _level(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=Level.choices, coerce=int)


class PrioritiseForm(VerbForm):
    impact = _level(_("Impact"))
    urgency = _level(_("Urgency"))
    priority = forms.TypedChoiceField(
        label=_("Priority"),
        choices=[("", _("By the matrix")), *Priority.choices],
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("Another one than the matrix gives needs a reason."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"impact": self.ticket.impact, "urgency": self.ticket.urgency, **self.initial}

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        given = self.cleaned_data
        return prioritise.prioritise(
            actor, ticket, impact=given["impact"], urgency=given["urgency"], priority_=given["priority"],
            reason=given["reason"],
        )  # fmt: skip


class LinkForm(VerbForm):
    kind = forms.ChoiceField(label=_("This ticket"), choices=LinkKind.choices)
    target = PickField(
        Ticket.objects.all(), url_name="desk:pick_ticket", label=_("Other ticket"), required=False
    )
    item = PickField(
        Item.objects.all(), url_name="desk:pick_item", label=_("Or a system or item"), required=False
    )

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        given = self.cleaned_data
        return link.link(actor, ticket, target=given["target"], kind=given["kind"], item=given["item"])


class MergeForm(VerbForm):
    into = PickField(
        Ticket.objects.all(),
        url_name="desk:pick_ticket",
        label=_("Goes on in"),
        help_text=_("This one ends, its reporter follows the other. Clocks count from the earlier report."),
        error_messages={"required": _("Choose the ticket that goes on.")},
    )

    def run(self, actor: Actor, ticket: Ticket) -> Ticket:
        return merge.merge(actor, ticket, into=self.cleaned_data["into"])


@dataclass(frozen=True)
class Spec:
    """How a verb looks: its button, its form, what is said when it is done. `direct`: nothing to ask, one press does it."""

    name: str
    verb: Verb
    label: Text
    icon: str
    form: type[VerbForm]
    done: Text
    direct: bool = False
    main: bool = False  # the one button that stands out
    shown: bool = False  # stands in the head, else in the menu behind the dots


def _spec(verb: Verb, label: Text, icon: str, form: type[VerbForm], done: Text, **how: bool) -> Spec:
    return Spec(verb.value, verb, label, icon, form, done, **how)


#: In the order of their buttons.
SPECS: dict[str, Spec] = {
    spec.name: spec
    for spec in (
        Spec("take", Verb.ASSIGN, _("Take it"), "hand", TakeForm, _("It is yours."), direct=True, shown=True),
        _spec(Verb.APPROVE, _("Approve"), "check", ApproveForm, _("Approved."), main=True, shown=True),
        _spec(Verb.REJECT, _("Reject"), "cancelled", RejectForm, _("Rejected."), shown=True),
        _spec(
            Verb.SUBMIT,
            _("Ask for approval"),
            "send",
            SubmitForm,
            _("Sent."),
            direct=True,
            main=True,
            shown=True,
        ),
        _spec(
            Verb.START,
            _("Begin the work"),
            "play",
            StartForm,
            _("Begun."),
            direct=True,
            main=True,
            shown=True,
        ),
        _spec(Verb.FINISH, _("End the work"), "check", FinishForm, _("Ended."), main=True, shown=True),
        _spec(Verb.PEND, _("Set waiting"), "pause", PendForm, _("It waits."), shown=True),
        _spec(
            Verb.RESUME, _("Take up again"), "play", ResumeForm, _("Taken up again."), direct=True, shown=True
        ),
        _spec(Verb.RESOLVE, _("Resolve"), "check", ResolveForm, _("Resolved."), main=True, shown=True),
        _spec(Verb.CLOSE, _("Close"), "closed", CloseForm, _("Closed."), main=True, shown=True),
        _spec(Verb.REOPEN, _("Reopen"), "refresh", ReopenForm, _("Reopened."), shown=True),
        _spec(Verb.ASSIGN, _("Assign to …"), "person", AssignForm, _("Assigned.")),
        _spec(Verb.PRIORITISE, _("Priority …"), "p2", PrioritiseForm, _("Priority kept.")),
        _spec(Verb.LINK, _("Link …"), "link", LinkForm, _("Linked.")),
        _spec(Verb.MERGE, _("Merge into …"), "merge", MergeForm, _("Merged.")),
        _spec(
            Verb.DECLARE_MAJOR, _("Declare major incident …"), "megaphone", DeclareMajorForm, _("Declared.")
        ),
        _spec(Verb.CANCEL, _("Cancel the ticket …"), "cancelled", CancelForm, _("Cancelled.")),
    )
}
