"""A raw mail as plain values, with limits: who, about what, which thread, and whether a machine sent it (RFC 3834)."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message
from email.utils import parseaddr

from imap_tools import MailMessage

from cmdb.common.text import html_to_plain
from servicedesk.cleaning import fit
from servicedesk.mail import machines, tokens

#: Beyond this a mail is kept but not read.
LARGEST = 25 * 1024 * 1024
_MOST_TEXT = 200_000
_MOST_PARTS = 100


class UnreadableError(Exception):
    """Bytes that make no mail."""


@dataclass(frozen=True)
class File:
    """An attachment. `original_name` is as the sender wrote it and not to be trusted; `inline_id`: its Content-ID."""

    name: str
    data: bytes
    original_name: str = ""
    content_type: str = "application/octet-stream"
    inline_id: str = ""


@dataclass(frozen=True)
class Incoming:
    """A mail in plain values. `machine`: "" for a person, else "bounce" or "automatic"; `own`: we sent it ourselves."""

    message_id: str
    sender: str
    sender_name: str
    subject: str
    text: str
    references: str
    machine: str
    own: bool
    reply_to: str = ""
    html: str = ""
    authentication: str = ""
    returned_ids: tuple[str, ...] = ()
    files: list[File] = field(default_factory=list)
    #: Names of files that are not kept, and why.
    left_out: list[tuple[str, str]] = field(default_factory=list)
    #: All headers, for those who decide on the mail.
    head: Message = field(default_factory=Message)


def read(raw: bytes) -> Incoming:
    """The values of a mail. UnreadableError for what is too large, nested too deep or broken."""
    if len(raw) > LARGEST:
        raise UnreadableError("too large")
    try:
        return _read(MailMessage.from_bytes(raw))
    except UnreadableError:
        raise
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError, AssertionError) as error:
        raise UnreadableError(type(error).__name__) from error


def _read(mail: MailMessage) -> Incoming:
    if sum(1 for _part in zip(mail.obj.walk(), range(_MOST_PARTS + 1), strict=False)) > _MOST_PARTS:
        raise UnreadableError("too many parts")
    name, sender = parseaddr(_one(mail, "from"))
    text = mail.text or html_to_plain(mail.html[:_MOST_TEXT])
    return Incoming(
        message_id=fit(_one(mail, "message-id")).strip()[:200],
        sender=fit(mail.from_ or sender).strip().lower()[:254],
        sender_name=fit(mail.from_values.name if mail.from_values else name)[:150],
        subject=" ".join(fit(mail.subject[:5_000]).split())[:300],
        text=fit(text[:_MOST_TEXT]),
        references=fit(f"{_one(mail, 'references')} {_one(mail, 'in-reply-to')}"[:20_000]),
        machine=machines.judge(mail.obj).kind,
        own=_is_own(mail),
        files=[File(att.filename or "", att.payload) for att in mail.attachments if att.payload],
        head=mail.obj,
    )


def _one(mail: MailMessage, name: str) -> str:
    values = mail.headers.get(name, ())
    return str(values[0]) if values else ""


def _is_own(mail: MailMessage) -> bool:
    own = tokens.own_address()
    senders = {mail.from_.lower(), parseaddr(_one(mail, "sender"))[1].lower()}
    return own in senders or bool(tokens.read(_one(mail, "message-id")))
