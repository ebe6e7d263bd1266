"""A raw mail as plain values: who, about what, which thread, its words and files, and whether a machine sent it (RFC 3834)."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message

from servicedesk import cleaning
from servicedesk.mail import addresses, charsets, machines, parsing, parts, tokens
from servicedesk.mail.parsing import UnreadableError
from servicedesk.mail.parts import File

__all__ = ["File", "Incoming", "UnreadableError", "read", "summary"]


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


@dataclass(frozen=True)
class Summary:
    """What a list shows of a mail, even of one that cannot be read."""

    message_id: str
    sender: str
    sender_name: str
    subject: str


def read(raw: bytes) -> Incoming:
    """The values of a mail. UnreadableError for what is nested too deep or no mail at all."""
    mail = parsing.parse(raw)
    try:
        return _read(mail)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError, AssertionError) as error:
        raise UnreadableError(type(error).__name__) from error


def summary(raw: bytes) -> Summary:
    """From the head alone. Never fails."""
    return _summary(parsing.head(raw))


def _read(mail: Message) -> Incoming:
    found = parts.collect(mail)
    brief = _summary(mail)
    return Incoming(
        message_id=brief.message_id,
        sender=brief.sender,
        sender_name=brief.sender_name,
        subject=brief.subject,
        text=parts.joined(found),
        html=parts.as_html(found),
        references=f"{_one(mail, 'references', 20_000)} {_one(mail, 'in-reply-to', 2_000)}",
        reply_to=addresses.first(_one(mail, "reply-to", 5_000, clean=False))[1],
        machine=machines.judge(mail).kind,
        own=_is_own(mail, brief),
        files=found.files,
        left_out=found.left_out,
        head=mail,
    )


def _summary(mail: Message) -> Summary:
    name, sender = addresses.first(_one(mail, "from", 5_000, clean=False))
    if not sender:
        name, sender = addresses.first(_one(mail, "sender", 5_000, clean=False))
    return Summary(
        message_id=_one(mail, "message-id", 1_000).strip()[:250],
        sender=sender,
        sender_name=name,
        subject=cleaning.line_of(charsets.header(_one(mail, "subject", 5_000, clean=False)))[:300],
    )


def _one(mail: Message, name: str, most: int, *, clean: bool = True) -> str:
    """A header's first value, at most so long; "" if it is not there."""
    value = str(mail.get(name, ""))[:most]
    return cleaning.fit(charsets.raw(value)) if clean else value


def _is_own(mail: Message, brief: Summary) -> bool:
    own = tokens.own_address()
    senders = {brief.sender, addresses.first(_one(mail, "sender", 5_000, clean=False))[1]}
    return own in senders or bool(tokens.read(brief.message_id))
