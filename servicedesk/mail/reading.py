"""A raw mail as plain values, with limits: who, about what, which thread, and whether a machine sent it (RFC 3834)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import parseaddr

from imap_tools import MailMessage

from cmdb.common.text import html_to_plain
from servicedesk.cleaning import fit
from servicedesk.mail import tokens

#: Beyond this a mail is kept but not read.
LARGEST = 25 * 1024 * 1024
_MOST_TEXT = 200_000
_MOST_PARTS = 100
_MACHINES = re.compile(
    r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?:[+-].*)?@", re.IGNORECASE
)


class UnreadableError(Exception):
    """Bytes that make no mail."""


@dataclass(frozen=True)
class File:
    """An attachment as it came; the name is not to be trusted."""

    name: str
    data: bytes


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
    files: list[File] = field(default_factory=list)


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
        machine=_machine(mail, sender),
        own=_is_own(mail),
        files=[File(att.filename or "", att.payload) for att in mail.attachments if att.payload],
    )


def _one(mail: MailMessage, name: str) -> str:
    values = mail.headers.get(name, ())
    return str(values[0]) if values else ""


def _machine(mail: MailMessage, sender: str) -> str:
    """What no person wrote must neither open nor reopen anything, and is never answered."""
    kind = mail.obj.get_content_type()
    if kind in ("multipart/report", "message/delivery-status") or _one(mail, "return-path").strip() == "<>":
        return "bounce"
    submitted = _one(mail, "auto-submitted").split(";")[0].strip().lower()
    precedence = _one(mail, "precedence").strip().lower()
    signs = (
        submitted not in ("", "no"),
        precedence in ("bulk", "junk", "list", "auto_reply"),
        any(name in mail.headers for name in ("x-autoreply", "x-autorespond", "list-id", "list-unsubscribe")),
        bool(_MACHINES.match(sender)),
    )
    return "automatic" if any(signs) else ""


def _is_own(mail: MailMessage) -> bool:
    own = tokens.own_address()
    senders = {mail.from_.lower(), parseaddr(_one(mail, "sender"))[1].lower()}
    return own in senders or bool(tokens.read(_one(mail, "message-id")))
