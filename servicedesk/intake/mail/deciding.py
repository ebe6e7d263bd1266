"""What people do with a mail that was held: take it in, answer it, refuse its sender, put it aside. Each once (two people at
one mail: the second is told), each with its name, nothing deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb.common import ui
from servicedesk import cleaning
from servicedesk.actions.comment import comment
from servicedesk.actions.note import note
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.intake.mail import acting, keeping, people
from servicedesk.mail import machines, reading, storing, tokens
from servicedesk.mail.reading import Incoming
from servicedesk.models import Channel, InboundMail, Kind, Message, Outcome, Reason, Ticket
from servicedesk.workflow import MoveRefused

if TYPE_CHECKING:
    from cmdb.models import Organisation, User

#: Nobody reads an answer to these, or a machine answers it again.
UNANSWERABLE = frozenset({Reason.BOUNCE, Reason.OWN, Reason.AUTOMATIC, Reason.UNREADABLE})


@contextmanager
def deciding(actor: Actor, pk: int) -> Iterator[InboundMail]:
    """A mail that waits, locked; afterwards it bears the actor's name. 404 for a foreign one, a sentence for a decided one."""
    with transaction.atomic():
        rows = InboundMail.objects.visible_to(actor.user).select_for_update(of=("self",))
        row = rows.filter(pk=pk).first()
        if row is None:
            raise Http404
        refuse_decided(row)
        yield row
        row.decided_by, row.decided_at = actor.user, timezone.now()
        row.save(
            update_fields=[
                "outcome",
                "reason",
                "ticket",
                "entry",
                "error",
                "organisation",
                "decided_by",
                "decided_at",
            ]
        )


def refuse_decided(row: InboundMail) -> None:
    """Say who was first."""
    if row.is_waiting:
        return
    who = str(row.decided_by) if row.decided_by is not None else _("The system")
    at = ui.moment(row.decided_at or row.handled_at or row.received_at)
    raise MoveRefused(_("%(name)s has dealt with this mail already, %(at)s.") % {"name": who, "at": at})


def read(row: InboundMail) -> Incoming | None:
    """The mail's values; None where it cannot be read."""
    try:
        return reading.read(storing.load(row.pk))
    except reading.UnreadableError:
        return None


# --- taken in ----------------------------------------------------------------------------------------------


def open_from(
    actor: Actor, pk: int, *, title: str, kind: Kind | str, reporter: User | None, organisation: Organisation
) -> Ticket:
    """Open a ticket with the mail's words and files, for a person or (reporter None) for a municipality alone."""
    user = _person(actor)
    if organisation.pk not in user.access.work_orgs:
        raise PermissionDenied(_("You do not work for this municipality."))
    with deciding(actor, pk) as row:
        mail = read(row)
        text = (
            keeping.first(mail) if mail is not None else _("(The mail cannot be read; its original is kept.)")
        )
        named = f"{row.sender_name} <{row.sender}>\n\n" if reporter is None else ""
        ticket = open_ticket(
            # Without a person nobody but the desk is told: then it is nobody's report, taken in by the actor.
            actor if reporter is not None else Actor.system(actor.name),
            title=title,
            kind=kind,
            description=f"{named}{text}",
            channel=Channel.EMAIL,
            organisation=organisation,
            reporter=reporter,
            opened_at=max(row.received_at, timezone.now() - keeping.LONGEST_AGO),
            data=_facts(actor, mail, row) | _author(row, reporter),
        )
        entry = keeping.files(mail, ticket, public=True) if mail is not None else ticket.entries.latest("pk")
        row.outcome, row.reason, row.ticket, row.entry = Outcome.OPENED, "", ticket, entry
        row.organisation = ticket.organisation
        acting.acknowledge(ticket)
    return ticket


def attach(actor: Actor, pk: int, *, ticket: Ticket, person: User | None) -> Ticket:
    """Write the mail to a ticket: as the word of `person`, who must have a part in it, or (None) as an internal note."""
    if ticket.organisation_id not in _person(actor).access.work_orgs:
        raise PermissionDenied(_("You do not work on this ticket."))
    with deciding(actor, pk) as row:
        mail = read(row)
        text = (
            keeping.answer(mail)
            if mail is not None
            else _("(The mail cannot be read; its original is kept.)")
        )
        facts = _facts(actor, mail, row, answer=True)
        if person is not None:
            if not acting.may_speak(person, ticket):
                raise MoveRefused(
                    _("%(name)s has no part in %(reference)s: attach the mail as a note.")
                    % {"name": person, "reference": ticket.reference}
                )
            done = comment(Actor.of(person), ticket, body=text, **facts)
        else:
            done = note(actor, ticket, body=f"{row.sender_name} <{row.sender}>:\n\n{text}", **facts)
        public = person is not None
        entry = keeping.files(mail, done, public=public) if mail is not None else done.entries.latest("pk")
        row.outcome, row.reason = Outcome.COMMENTED if public else Outcome.NOTED, ""
        row.ticket, row.entry, row.organisation = done, entry, done.organisation
    return done


def try_again(actor: Actor, pk: int) -> InboundMail:
    """Treat the mail as if it came now, whatever the limit of the hour says: people or tickets may be known since."""
    with transaction.atomic():
        with deciding(actor, pk) as row:
            acting.handle(row, timezone.now(), released=True)
        if row.outcome == Outcome.HELD and row.reason != Reason.REFUSED_SENDER:
            row.decided_by, row.decided_at = None, None
            row.save(update_fields=["decided_by", "decided_at"])
    return row


def _facts(actor: Actor, mail: Incoming | None, row: InboundMail, *, answer: bool = False) -> dict[str, Any]:
    found = keeping.facts(mail, row, answer=answer) if mail is not None else {"inbound": row.pk}
    return found | {"taken_in_by": actor.name}


def _author(row: InboundMail, reporter: User | None) -> dict[str, Any]:
    """Who is to get the answers, where that is nobody in the register and a person whose name is not in doubt."""
    doubted = {*UNANSWERABLE, Reason.NOT_AUTHENTICATED}
    if reporter is not None or not row.sender or row.reason in doubted:
        return {}
    return {"author": {"address": row.sender, "name": row.sender_name}}


def _person(actor: Actor) -> User:
    if actor.user is None:
        raise PermissionDenied
    return actor.user


# --- answered, aside ---------------------------------------------------------------------------------------


def address_of(mail: Incoming) -> str:
    """Where its sender wants the answer: Reply-To, else From."""
    return mail.reply_to or mail.sender


def answer(actor: Actor, pk: int, *, subject: str, body: str) -> Message:
    """A letter to the sender by the outbox; the mail is dealt with."""
    with deciding(actor, pk) as row:
        mail = read(row)
        if mail is None or row.reason in UNANSWERABLE or machines.judge(mail.head).kind == "bounce":
            raise MoveRefused(_("Nobody would read an answer to this mail."))
        to = address_of(mail)
        if "@" not in to:
            raise MoveRefused(_("The mail names no address to answer to."))
        number = row.answered_by.count() + 1
        return Message.objects.create(
            key=f"mail:{row.pk}:{number}",
            answers=row,
            recipient=people.sender_of(to),
            address=to,
            kind="mail",
            language="nb",
            subject=cleaning.line(subject, 250, "subject"),
            body=cleaning.text(body, cleaning.BODY, "body"),
            message_id=tokens.message_id(f"{tokens.MAIL}-{row.pk}", number, 0),
        )


def put_aside(actor: Actor, rows: QuerySet[InboundMail]) -> int:
    """They need nothing; answers how many of `rows` waited. One statement, however many."""
    mine = InboundMail.objects.visible_to(actor.user).order_by().values("pk")
    waiting = rows.order_by().filter(pk__in=mine, outcome=Outcome.HELD, decided_at=None)
    return waiting.update(decided_by=actor.user, decided_at=timezone.now())


def take_back(actor: Actor, pk: int) -> InboundMail:
    """What was put aside or refused waits again; what became a ticket does not."""
    with transaction.atomic():
        rows = InboundMail.objects.visible_to(actor.user).select_for_update(of=("self",))
        row = rows.filter(pk=pk).first()
        if row is None:
            raise Http404
        if row.outcome != Outcome.HELD:
            raise MoveRefused(_("This mail stands on a ticket already."))
        row.decided_by, row.decided_at = None, None
        row.save(update_fields=["decided_by", "decided_at"])
    return row
