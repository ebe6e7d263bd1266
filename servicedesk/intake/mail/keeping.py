"""What of a mail stands on the ticket: its words, the files it brought, and what of them could not be kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from servicedesk import attachments, cleaning
from servicedesk.mail import quoting
from servicedesk.mail.reading import File, Incoming
from servicedesk.models import Authentication, Entry, InboundMail, Ticket

#: What a caller may put before the text (who wrote, where the sender is unknown here).
_ROOM = 2_000
_MOST = cleaning.BODY - _ROOM
_MOST_QUOTED = 50_000
#: How far back a ticket may say that it was reported.
LONGEST_AGO = timedelta(days=365)


def first(mail: Incoming) -> str:
    """The text of a mail that opens a ticket: all of it, whatever it quotes or forwards. Never empty."""
    return _limited(mail.text)


def answer(mail: Incoming) -> str:
    """What was written now in an answer; never empty. What it quotes is in `facts`."""
    return _limited(quoting.split(mail.text).own)


def facts(mail: Incoming, row: InboundMail, *, answer: bool = False) -> dict[str, Any]:
    """What the timeline's entry keeps about the mail: its identifier, where the original lies, how the sender
    was known, what an answer quotes, and which files are missing."""
    sender = {
        "address": mail.sender,
        "authentication": str(row.authentication),
        "by": row.authentication_detail,
    }
    found: dict[str, Any] = {"mail": mail.message_id, "inbound": row.pk, "sender": sender}
    if row.authentication == Authentication.PASS and mail.reply_to and mail.reply_to != mail.sender:
        found["reply_to"] = mail.reply_to
    quoted = quoting.split(mail.text).quoted[:_MOST_QUOTED] if answer else ""
    if quoted:
        found["quoted"] = quoted
    if mail.left_out:
        found["left_out"] = [{"name": name, "why": why} for name, why in mail.left_out[:100]]
        found["left_out_count"] = len(mail.left_out)
    return found


def files(mail: Incoming, ticket: Ticket, *, public: bool) -> Entry:
    """Keep the mail's files beside the entry that it just made; answers the entry."""
    entry = Entry.objects.filter(ticket=ticket).latest("pk")
    found = mail.files
    if len(mail.text.strip()) > _MOST:
        found = [*found, File(_("whole text") + ".txt", mail.text.encode())]
    for file in found:
        attachments.keep(
            ticket, file.data, file.name, said=file.original_name, inline_id=file.inline_id, public=public,
            entry=entry,
        )  # fmt: skip
    return entry


def _limited(text: str) -> str:
    whole = text.strip()
    if len(whole) <= _MOST:
        return whole or _("(no text)")
    return whole[:_MOST].rstrip() + "\n\n" + _("(The text goes on in the attached file.)")
