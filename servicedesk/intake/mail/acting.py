"""A mail becomes a report, a comment or a note, or is held for people to decide.

Whose word a mail is follows from who may see the ticket, never from the identifier alone: a signature says which ticket is
meant, the sender's account says what the sender may do. Letters from machines never open or reopen anything (RFC 3834).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from cmdb.models import User
from servicedesk import cleaning
from servicedesk.access import Who, standing, works_on
from servicedesk.actions.comment import comment
from servicedesk.actions.link import link
from servicedesk.actions.note import note
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.reply import reply
from servicedesk.actors import MAIL, Actor
from servicedesk.intake.mail import keeping
from servicedesk.intake.mail.people import home_of, sender_of, thread_of
from servicedesk.mail import reading, tokens
from servicedesk.mail.reading import Incoming
from servicedesk.models import Channel, Entry, InboundMail, LinkKind, Outcome, Reason, State, Ticket
from servicedesk.workflow import MoveRefused

#: A mail bomb from one address: beyond so many new tickets an hour its mails are held.
MOST_AN_HOUR = 20
_SPEAKS = frozenset({Who.REPORTER, Who.KEYUSER, Who.OWNER, Who.SUPPLIER})


@dataclass
class Done:
    """What became of a mail."""

    outcome: Outcome
    reason: Reason | str = ""
    ticket: Ticket | None = None
    entry: Entry | None = None


def handle(row: InboundMail, now: datetime) -> None:
    """Read a mail, act on it, and write down what became of it, in the caller's transaction."""
    row.handled_at = now
    try:
        mail = reading.read(bytes(row.raw))
    except reading.UnreadableError as error:
        row.outcome, row.reason, row.error = Outcome.HELD, Reason.UNREADABLE, str(error)[:300]
        row.save(update_fields=["outcome", "reason", "error", "handled_at"])
        return
    row.message_id, row.sender = mail.message_id[:250], mail.sender
    row.sender_name, row.subject = mail.sender_name, mail.subject
    done = _act(mail, row, now)
    row.outcome, row.reason, row.ticket, row.entry = done.outcome, done.reason, done.ticket, done.entry
    row.save(
        update_fields=[
            "message_id", "sender", "sender_name", "subject", "organisation", "authentication",
            "authentication_detail", "outcome", "reason", "ticket", "entry", "error", "handled_at",
        ]
    )  # fmt: skip


def _held(reason: Reason) -> Done:
    return Done(Outcome.HELD, reason)


def _act(mail: Incoming, row: InboundMail, now: datetime) -> Done:
    if mail.own:
        return _held(Reason.OWN)
    ticket, token = thread_of(mail)
    if mail.machine:
        return _from_machine(mail, row, ticket if token is not None else None)
    sender = sender_of(mail.sender)
    if ticket is not None and (sender is not None or token is not None):
        done = _on_ticket(mail, row, ticket, sender, token)
        if done is not None:
            return done
    return _new(mail, row, sender, ticket, now)


def _from_machine(mail: Incoming, row: InboundMail, ticket: Ticket | None) -> Done:
    """A letter of ours that did not arrive is worth a note; everything else automatic is held."""
    if mail.machine == "bounce" and ticket is not None:
        text = _("A letter about this could not be delivered.") + "\n\n" + mail.text[:1000]
        note(MAIL, ticket, body=text, **keeping.facts(mail, row))
        entry = Entry.objects.filter(ticket=ticket).latest("pk")
        return Done(Outcome.NOTED, Reason.BOUNCE, ticket, entry)
    return _held(Reason.BOUNCE if mail.machine == "bounce" else Reason.AUTOMATIC)


def _on_ticket(
    mail: Incoming, row: InboundMail, ticket: Ticket, sender: User | None, token: tokens.Token | None
) -> Done | None:
    """What became of it, or None if it should open a ticket of its own."""
    body, facts = keeping.answer(mail), keeping.facts(mail, row)
    if sender is None:
        # Genuine thread, unknown sender (forwarded to somebody outside): for those who work on it to judge.
        text = _("Mail from %(sender)s, who is not known here:") % {"sender": mail.sender}
        note(MAIL, ticket, body=f"{text}\n\n{body}", **facts)
        return Done(Outcome.NOTED, "", ticket, keeping.files(mail, ticket, public=False))
    actor, who = Actor.of(sender), standing(sender, ticket)
    try:
        if works_on(sender, ticket) and Who.REPORTER not in who:
            # Only an answer to the letter that we sent to this very person speaks in the desk's name.
            genuine = token is not None and token.user == sender.pk and Who.STAFF in who
            if genuine:
                reply(actor, ticket, body=body)
            else:
                note(actor, ticket, body=body, **facts)
            outcome = Outcome.COMMENTED if genuine else Outcome.NOTED
            return Done(outcome, "", ticket, keeping.files(mail, ticket, public=genuine))
        if who & _SPEAKS:
            comment(actor, ticket, body=body, **facts)
            return Done(Outcome.COMMENTED, "", ticket, keeping.files(mail, ticket, public=True))
        if ticket.organisation_id in sender.access.own_orgs or token is not None:
            # A colleague who got the letter or the report: written down for the desk, without opening a twin.
            note(MAIL, ticket, body=f"{sender} <{mail.sender}>:\n\n{body}", **facts)
            return Done(Outcome.NOTED, "", ticket, keeping.files(mail, ticket, public=False))
    except MoveRefused:
        return None  # closed, or resolved too long ago: a new ticket, linked to the old one
    return None


def _new(mail: Incoming, row: InboundMail, sender: User | None, old: Ticket | None, now: datetime) -> Done:
    home = sender.organisation if sender is not None else home_of(mail.sender)
    if home is None:
        return _held(Reason.UNKNOWN_SENDER)
    row.organisation = home
    if _too_many(mail, sender, now):
        return _held(Reason.TOO_MANY)
    text = keeping.first(mail)
    try:
        ticket = open_ticket(
            Actor.of(sender) if sender is not None else MAIL,
            title=_title(mail, text),
            description=text if sender is not None else f"{mail.sender_name} <{mail.sender}>\n\n{text}",
            channel=Channel.EMAIL,
            organisation=home,
            reporter=sender,
            opened_at=min(row.received_at, now),
            data=keeping.facts(mail, row),
        )
    except (PermissionDenied, ValidationError) as error:
        row.error = str(error)[:300]
        return _held(Reason.REFUSED)
    entry = keeping.files(mail, ticket, public=True)
    if old is not None and (sender is None or sender.pk == old.reporter_id or works_on(sender, old)):
        link(MAIL, ticket, target=old, kind=LinkKind.RELATES)
    return Done(Outcome.OPENED, "", ticket, entry)


def _title(mail: Incoming, text: str) -> str:
    title = tokens.REFERENCE.sub("", mail.subject).strip() or text.strip()[:80] or _("Mail without a subject")
    return title[: cleaning.TITLE]


def _too_many(mail: Incoming, sender: User | None, now: datetime) -> bool:
    recent = Ticket.objects.filter(
        channel=Channel.EMAIL, opened_at__gte=now - timedelta(hours=1), reporter=sender
    )
    if sender is None:
        recent = recent.filter(description__contains=f"<{mail.sender}>")
    return recent.exclude(state=State.CANCELLED).count() >= MOST_AN_HOUR
