"""Mail that came in: stored raw before anything else, then turned into a report, a comment or a note (invariant 4).

Whose word a mail is follows from who may see the ticket, never from the identifier alone: a signature says which ticket is
meant, the sender's account says what the sender may do. Letters from machines never open or reopen anything (RFC 3834).
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb.models import Organisation, OrganisationKind, User
from servicedesk import attachments, cleaning
from servicedesk.access import Who, standing, works_on
from servicedesk.actions.comment import comment
from servicedesk.actions.link import link
from servicedesk.actions.note import note
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.reply import reply
from servicedesk.actors import MAIL, Actor
from servicedesk.mail import quoting, reading, tokens
from servicedesk.mail.reading import Incoming
from servicedesk.models import Channel, Entry, InboundMail, LinkKind, State, Ticket
from servicedesk.workflow import MoveRefused

logger = logging.getLogger(__name__)

BATCH = 50
#: A mail bomb from one address: beyond so many new tickets an hour its mails are kept and shown to the administrator.
MOST_AN_HOUR = 20
#: A mail that failed this long is left for the administrator.
GIVE_UP = timedelta(hours=24)
_SPEAKS = frozenset({Who.REPORTER, Who.KEYUSER, Who.OWNER, Who.SUPPLIER})


def store(raw: bytes, *, received_at: datetime | None = None) -> InboundMail | None:
    """Keep a mail; None if it is here already. Call it before telling the mail server that it has been taken."""
    key = _key(raw)
    row, made = InboundMail.objects.get_or_create(
        key=key, defaults={"raw": raw, "received_at": received_at or timezone.now()}
    )
    return row if made else None


def _key(raw: bytes) -> str:
    """The Message-ID names a mail only together with its content: anybody can reuse an identifier."""
    digest = hashlib.sha256(raw).hexdigest()
    try:
        named = reading.read(raw).message_id
    except reading.UnreadableError:
        named = ""
    return f"{named[:180]} {digest[:32]}" if named else digest


def run(now: datetime | None = None) -> int:
    """Act on stored mails, the oldest first; answers how many were handled. Two workers take different ones."""
    now = now or timezone.now()
    done = 0
    for pk in (
        InboundMail.objects.filter(handled_at=None)
        .order_by("received_at")
        .values_list("pk", flat=True)[:BATCH]
    ):
        try:
            with transaction.atomic():
                row = (
                    InboundMail.objects.select_for_update(skip_locked=True)
                    .filter(pk=pk, handled_at=None)
                    .first()
                )
                if row is not None:
                    _handle(row, now)
                    done += 1
        except Exception as error:
            logger.exception("mail %s is not handled yet", pk)
            _failed(pk, error, now)
    return done


def _failed(pk: int, error: Exception, now: datetime) -> None:
    rows = InboundMail.objects.filter(pk=pk, handled_at=None)
    rows.update(error=f"{type(error).__name__}: {error}".replace("\x00", "")[:300])
    rows.filter(received_at__lt=now - GIVE_UP).update(handled_at=now, result="failed")


def _handle(row: InboundMail, now: datetime) -> None:
    try:
        mail = reading.read(bytes(row.raw))
    except reading.UnreadableError as error:
        row.result, row.error = "unreadable", str(error)
    else:
        row.result, row.ticket = _act(mail, row, now)
    row.handled_at = now
    row.save(update_fields=["result", "error", "ticket", "handled_at"])


def _act(mail: Incoming, row: InboundMail, now: datetime) -> tuple[str, Ticket | None]:
    """(what became of it, the ticket)."""
    if mail.own:
        return "own", None
    ticket, token = thread_of(mail)
    if mail.machine:
        return _from_machine(mail, ticket if token is not None else None)
    sender = sender_of(mail.sender)
    if ticket is not None and (sender is not None or token is not None):
        answer = _on_ticket(mail, ticket, sender, token)
        if answer is not None:
            return answer, ticket
    return _new(mail, row, sender, ticket, now)


# --- which ticket, which person ---------------------------------------------------------------------------


def thread_of(mail: Incoming) -> tuple[Ticket | None, tokens.Token | None]:
    """The ticket that a mail belongs to, and the genuine identifier that says so (None: by weaker signs).

    Weaker: it answers a mail that opened or joined a ticket (a colleague's answer to all), or names a reference in
    its subject. These say which ticket is meant, not that the sender may see it.
    """
    for token in tokens.read(mail.references):
        ticket = Ticket.objects.filter(reference=token.reference).first()
        if ticket is not None:
            return ticket, token
    for named in mail.references.split()[::-1][:50]:
        earlier = InboundMail.objects.filter(key__startswith=f"{named[:180]} ", ticket__isnull=False).first()
        if earlier is not None:
            return earlier.ticket, None
    found = tokens.REFERENCE.search(mail.subject)
    return (Ticket.objects.filter(reference=found[1].upper()).first() if found else None), None


def sender_of(address: str) -> User | None:
    """The one active person with this address; two with the same are nobody."""
    people = list(User.objects.filter(email__iexact=address, is_active=True)[:2]) if address else []
    return people[0] if len(people) == 1 else None


# --- acting ---------------------------------------------------------------------------------------------


def _from_machine(mail: Incoming, ticket: Ticket | None) -> tuple[str, Ticket | None]:
    """A letter of ours that did not arrive is worth a note; everything else automatic is only kept."""
    if mail.machine == "bounce" and ticket is not None:
        text = _("A letter about this could not be delivered.") + "\n\n" + mail.text[:1000]
        note(MAIL, ticket, body=text, mail=mail.message_id)
        return "bounce", ticket
    return mail.machine, None


def _on_ticket(mail: Incoming, ticket: Ticket, sender: User | None, token: tokens.Token | None) -> str | None:
    """What became of it, or None if it should open a ticket of its own."""
    body = _body(mail)
    if sender is None:
        # Genuine thread, unknown sender (forwarded to somebody outside): for those who work on it to judge.
        text = _("Mail from %(sender)s, who is not known here:") % {"sender": mail.sender}
        _file(mail, note(MAIL, ticket, body=f"{text}\n\n{body}", mail=mail.message_id), public=False)
        return "note"
    actor, who = Actor.of(sender), standing(sender, ticket)
    try:
        if works_on(sender, ticket) and Who.REPORTER not in who:
            # Only an answer to the letter that we sent to this very person speaks in the desk's name.
            genuine = token is not None and token.user == sender.pk and Who.STAFF in who
            act = reply if genuine else note
            _file(mail, act(actor, ticket, body=body), public=genuine)
            return "reply" if genuine else "note"
        if who & _SPEAKS:
            _file(mail, comment(actor, ticket, body=body, mail=mail.message_id), public=True)
            return "comment"
        if _same_municipality(sender, ticket) or token is not None:
            # A colleague who got the letter or the report: written down for the desk, without opening a twin.
            _file(mail, note(MAIL, ticket, body=f"{sender} <{mail.sender}>:\n\n{body}"), public=False)
            return "note"
    except MoveRefused:
        return None  # closed, or resolved too long ago: a new ticket, linked to the old one
    return None


def _same_municipality(sender: User, ticket: Ticket) -> bool:
    return ticket.organisation_id in sender.access.own_orgs


def _new(
    mail: Incoming, row: InboundMail, sender: User | None, old: Ticket | None, now: datetime
) -> tuple[str, Ticket | None]:
    home = sender.organisation if sender is not None else _home_of(mail.sender)
    if home is None:
        return "unknown_sender", None
    if _too_many(mail, sender, now):
        return "too_many", None
    actor = Actor.of(sender) if sender is not None else MAIL
    text = _body(mail) if sender is not None else f"{mail.sender_name} <{mail.sender}>\n\n{_body(mail)}"
    title = tokens.REFERENCE.sub("", mail.subject).strip() or text.strip()[:80] or _("Mail without a subject")
    try:
        ticket = open_ticket(
            actor,
            title=title[: cleaning.TITLE],
            description=text,
            channel=Channel.EMAIL,
            organisation=home,
            reporter=sender,
            opened_at=min(row.received_at, now),
            data={"mail": mail.message_id},
        )
    except (PermissionDenied, ValidationError) as error:
        row.error = str(error)[:300]
        return "refused", None
    _file(mail, ticket, public=True)
    if old is not None and (sender is None or sender.pk == old.reporter_id or works_on(sender, old)):
        link(MAIL, ticket, target=old, kind=LinkKind.RELATES)
    return "opened", ticket


def _home_of(address: str) -> Organisation | None:
    """The organisation whose own mail domain it is; suppliers and strangers have none."""
    domain = address.rpartition("@")[2]
    if not domain:
        return None
    homes = Organisation.objects.filter(email__iendswith=f"@{domain}", is_active=True)
    return homes.exclude(kind=OrganisationKind.SUPPLIER).order_by("lft").first()


def _too_many(mail: Incoming, sender: User | None, now: datetime) -> bool:
    recent = Ticket.objects.filter(
        channel=Channel.EMAIL, opened_at__gte=now - timedelta(hours=1), reporter=sender
    )
    if sender is None:
        recent = recent.filter(description__contains=f"<{mail.sender}>")
    return recent.exclude(state=State.CANCELLED).count() >= MOST_AN_HOUR


def _body(mail: Incoming) -> str:
    """What was written now, and the names of what was attached; never empty."""
    text = quoting.newest(mail.text)[: cleaning.BODY - 2_000]
    names = ", ".join(cleaning.line(file.name, 10_000, "files")[:80] for file in mail.files[:20])
    if names:
        text += "\n\n" + _("Attached: %(names)s") % {"names": names}
    return text.strip() or _("(no text)")


def _file(mail: Incoming, ticket: Ticket, *, public: bool) -> None:
    """Keep the attachments that pass the same limits as the portal's; the raw mail keeps the others."""
    files = [
        SimpleUploadedFile(file.name or "file", ContentFile(file.data).read())
        for file in mail.files
        if 0 < len(file.data) <= attachments.LARGEST
    ][: attachments.MOST_FILES]
    if files:
        entry = Entry.objects.filter(ticket=ticket).latest("pk")
        attachments.add(ticket, files, public=public, entry=entry)
