"""A mail becomes a report, a comment or a note, or is held for people to decide.

Whose word a mail is follows from who may see the ticket, never from the identifier alone: a signature says which ticket is
meant, the sender's account says what the sender may do. Letters from machines never open or reopen anything (RFC 3834).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from cmdb.models import User
from servicedesk import cleaning, notify
from servicedesk.access import Who, standing, works_on
from servicedesk.actions.comment import comment
from servicedesk.actions.link import link
from servicedesk.actions.note import note
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.reply import reply
from servicedesk.actions.step import send
from servicedesk.actors import MAIL, Actor
from servicedesk.intake.mail import bouncing, keeping, people, trust, twins
from servicedesk.intake.mail.people import Author
from servicedesk.mail import machines, reading, storing, tokens
from servicedesk.mail.reading import Incoming
from servicedesk.models import Channel, Entry, InboundMail, LinkKind, Outcome, Reason, Ticket, Verb
from servicedesk.workflow import MoveRefused

#: A mail bomb from one address: beyond so many new tickets an hour its mails are held.
MOST_AN_HOUR = 20
#: Many people write through one form, and an answer costs the desk less than a ticket.
MOST_FROM_A_FORM = 200
MOST_ANSWERS = 100
_SPEAKS = frozenset({Who.REPORTER, Who.KEYUSER, Who.OWNER, Who.SUPPLIER})


@dataclass
class Done:
    """What became of a mail."""

    outcome: Outcome
    reason: Reason | str = ""
    ticket: Ticket | None = None
    entry: Entry | None = None


def handle(row: InboundMail, now: datetime, *, released: bool = False) -> None:
    """Read a mail, act on it, and write down what became of it, in the caller's transaction.

    :param released: a person let it through, so the limit of the hour does not hold it.
    """
    row.handled_at = now
    raw = storing.load(row.pk)
    try:
        mail = reading.read(raw)
    except reading.UnreadableError as error:
        _take_over(row, reading.summary(raw))
        done = _held(Reason.UNREADABLE, row, str(error))
    else:
        _take_over(row, mail)
        row.error = ""
        done = _act(mail, row, now, released=released)
    row.outcome, row.reason, row.ticket, row.entry = done.outcome, done.reason, done.ticket, done.entry
    row.save(
        update_fields=[
            "message_id", "content_key", "sender", "sender_name", "subject", "organisation", "authentication",
            "authentication_detail", "outcome", "reason", "ticket", "entry", "error", "handled_at", "decided_at",
        ]
    )  # fmt: skip


def _take_over(row: InboundMail, brief: Incoming | reading.Summary) -> None:
    row.message_id, row.sender = brief.message_id, brief.sender
    row.sender_name, row.subject = brief.sender_name, brief.subject


def _held(reason: Reason, row: InboundMail | None = None, why: str = "") -> Done:
    if row is not None:
        row.error = why[:300]
    return Done(Outcome.HELD, reason)


def _act(mail: Incoming, row: InboundMail, now: datetime, *, released: bool = False) -> Done:
    before = twins.earlier(mail, row)
    if before is not None:
        return Done(Outcome.DUPLICATE, "", before.ticket, before.entry)
    author = people.author_of(mail)
    ticket, token = people.thread_of(mail)
    row.organisation = people.concerned(author, ticket if token is not None else None)
    trust.check(mail, row)
    if mail.own:
        return _held(Reason.OWN)
    sign = machines.judge(mail.head)
    if sign.kind == "bounce" and (returned := bouncing.take(mail, row, now)) is not None:
        return _bounced(returned, row)
    if people.is_refused(mail.sender, row.organisation):
        row.decided_at = now  # people have decided on all of them
        return _held(Reason.REFUSED_SENDER)
    if sign.kind and (sign.strong or author.form is None):
        reason = Reason.BOUNCE if sign.kind == "bounce" else Reason.AUTOMATIC
        return _held(reason, row, sign.said)
    if not trust.believed(author, row):
        return _held(Reason.NOT_AUTHENTICATED)
    if not released and _too_many(row, author, now):
        return _held(Reason.TOO_MANY)
    # A form's Reply-To is what somebody typed: it opens, and writes into no ticket that is there.
    if ticket is not None and author.form is None and (author.user is not None or token is not None):
        done = _on_ticket(mail, row, ticket, author, token)
        if done is not None:
            return done
    return _new(mail, row, author, ticket, now)


def _bounced(returned: bouncing.Returned, row: InboundMail) -> Done:
    """A letter of ours that did not arrive: shown on its ticket, or held beside the mail that it answered."""
    if returned.ticket is None:
        return _held(Reason.BOUNCE)
    row.organisation = returned.ticket.organisation
    return Done(Outcome.NOTED, Reason.BOUNCE, returned.ticket, returned.entry)


def _on_ticket(
    mail: Incoming, row: InboundMail, ticket: Ticket, author: Author, token: tokens.Token | None
) -> Done | None:
    """What became of it, or None if it should open a ticket of its own."""
    sender = author.user
    if sender is None:
        return _from_outside(mail, row, ticket, author)
    body, facts = keeping.answer(mail), keeping.facts(mail, row, answer=True)
    actor, who = Actor.of(sender), standing(sender, ticket)
    try:
        if works_on(sender, ticket) and Who.REPORTER not in who:
            # Only an answer to the letter that we sent to this very person speaks in the desk's name.
            genuine = token is not None and token.user == sender.pk and Who.STAFF in who
            if genuine:
                reply(actor, ticket, body=body, **facts)
            else:
                note(actor, ticket, body=body, **facts)
            outcome = Outcome.COMMENTED if genuine else Outcome.NOTED
            return Done(outcome, "", ticket, keeping.files(mail, ticket, public=genuine))
        if may_speak(sender, ticket):
            comment(actor, ticket, body=body, **facts)
            return Done(Outcome.COMMENTED, "", ticket, keeping.files(mail, ticket, public=True))
        if ticket.organisation_id in sender.access.own_orgs or token is not None:
            # A colleague who got the letter or the report: written down for the desk, without opening a twin.
            note(MAIL, ticket, body=f"{sender} <{author.address}>:\n\n{body}", **facts)
            return Done(Outcome.NOTED, "", ticket, keeping.files(mail, ticket, public=False))
    except MoveRefused:
        return None  # closed, or resolved too long ago: a new ticket, linked to the old one
    return None


def _from_outside(mail: Incoming, row: InboundMail, ticket: Ticket, author: Author) -> Done | None:
    """A genuine thread, and nobody in the register: who reported it speaks, what others wrote is for the desk to judge."""
    body, facts = keeping.answer(mail), keeping.facts(mail, row, answer=True)
    reported = author.address in [who.email for who in notify.correspondents(ticket)]
    if reported:
        try:
            comment(Actor.system(f"{author.name} <{author.address}>"[:150]), ticket, body=body, **facts)
        except MoveRefused:
            return None
    else:
        text = _("Mail from %(sender)s, who is not known here:") % {"sender": author.address}
        note(MAIL, ticket, body=f"{text}\n\n{body}", **facts)
    outcome = Outcome.COMMENTED if reported else Outcome.NOTED
    return Done(outcome, "", ticket, keeping.files(mail, ticket, public=reported))


def may_speak(person: User, ticket: Ticket) -> bool:
    """Whether the person has a part in the ticket, so that a comment is the person's to write."""
    return bool(standing(person, ticket) & _SPEAKS)


def _new(mail: Incoming, row: InboundMail, author: Author, old: Ticket | None, now: datetime) -> Done:
    sender = author.user
    home = people.concerned(author, None)
    row.organisation = home
    if home is None:
        return _held(Reason.UNKNOWN_SENDER)
    text = keeping.first(mail)
    try:
        ticket = open_ticket(
            Actor.of(sender) if sender is not None else MAIL,
            title=_title(mail, text),
            description=text if sender is not None else f"{author.name} <{author.address}>\n\n{text}",
            channel=Channel.EMAIL,
            organisation=home,
            reporter=sender,
            opened_at=min(row.received_at, now),
            data=_opening(mail, row, author),
        )
    except (PermissionDenied, ValidationError) as error:
        return _held(Reason.REFUSED, row, str(error))
    entry = keeping.files(mail, ticket, public=True)
    acknowledge(ticket)
    if (
        old is not None
        and author.form is None
        and (sender is None or sender.pk == old.reporter_id or works_on(sender, old))
    ):
        link(MAIL, ticket, target=old, kind=LinkKind.RELATES)
    return Done(Outcome.OPENED, "", ticket, entry)


def _opening(mail: Incoming, row: InboundMail, author: Author) -> dict[str, Any]:
    """What the first entry keeps, with who is to be answered: of a form's mail whom it names, the form itself never."""
    found = keeping.facts(mail, row)
    if author.form is not None:
        found.pop("reply_to", None)
        found["sender"]["form"] = author.form.address
        if author.address == author.form.address:
            return found
    return found | {"author": {"address": author.address, "name": author.name}}


def acknowledge(ticket: Ticket) -> None:
    """Tell who is not in the register, too, that the mail has arrived; a reporter was told when the ticket was opened."""
    people = notify.correspondents(ticket)
    if people:
        entry = Entry.objects.get(ticket=ticket, verb=Verb.OPEN)
        send(ticket, entry, [(notify.RECEIVED, [*people], {})])


def _title(mail: Incoming, text: str) -> str:
    title = tokens.REFERENCE.sub("", mail.subject).strip() or text.strip()[:80] or _("Mail without a subject")
    return title[: cleaning.TITLE]


def _too_many(row: InboundMail, author: Author, now: datetime) -> bool:
    """Whether this address had its share of the hour: of tickets, and of answers."""
    recent = InboundMail.objects.filter(sender=row.sender, handled_at__gt=now - timedelta(hours=1))
    opened = recent.filter(outcome=Outcome.OPENED, decided_at=None).count()
    answers = recent.filter(outcome__in=[Outcome.COMMENTED, Outcome.NOTED], decided_at=None).count()
    most = MOST_FROM_A_FORM if author.form is not None else MOST_AN_HOUR
    return opened >= most or answers >= MOST_ANSWERS
