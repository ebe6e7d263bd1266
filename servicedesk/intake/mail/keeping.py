"""What of a mail stands on the ticket: its words, the files it brought, and what of them could not be kept."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import gettext as _

from servicedesk import attachments, cleaning
from servicedesk.mail import quoting
from servicedesk.mail.reading import Incoming
from servicedesk.models import Entry, InboundMail, Ticket


def first(mail: Incoming) -> str:
    """The text of a mail that opens a ticket; never empty."""
    return _limited(mail.text)


def answer(mail: Incoming) -> str:
    """What was written now in an answer; never empty."""
    return _limited(quoting.newest(mail.text))


def facts(mail: Incoming, row: InboundMail) -> dict[str, Any]:
    """What the timeline's entry keeps about the mail: its identifier, where the original lies, how the sender was known."""
    sender = {
        "address": mail.sender,
        "authentication": str(row.authentication),
        "by": row.authentication_detail,
    }
    return {"mail": mail.message_id, "inbound": row.pk, "sender": sender}


def files(mail: Incoming, ticket: Ticket, *, public: bool) -> Entry:
    """Keep the mail's files beside the entry that it just made; answers the entry."""
    entry = Entry.objects.filter(ticket=ticket).latest("pk")
    found = [
        SimpleUploadedFile(file.name or "file", ContentFile(file.data).read())
        for file in mail.files
        if 0 < len(file.data) <= attachments.LARGEST
    ][: attachments.MOST_FILES]
    if found:
        attachments.add(ticket, found, public=public, entry=entry)
    return entry


def _limited(text: str) -> str:
    return text[: cleaning.BODY - 2_000].strip() or _("(no text)")
