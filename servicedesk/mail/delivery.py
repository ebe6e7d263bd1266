"""What a bounce says: which letter did not arrive, to whom, why, and whether for good (RFC 3464, RFC 3463, and older shapes)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

from servicedesk.mail.machines import header

_MOST_PARTS = 100
_MOST_TEXT = 100_000
_MOST_FAILURES = 50
_RETURNED = frozenset({"message/rfc822", "message/global"})
_RETURNED_HEADS = frozenset({"text/rfc822-headers", "message/global-headers"})
_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
#: In plain text (qmail, Exchange) the head of the returned letter is quoted.
_QUOTED_ID = re.compile(r"^[>\s]*message-id:\s*(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODE = re.compile(r"\b([45])\d\d[ -]")
_ADDRESS = re.compile(r"^[>\s]*<([^<>\s@]{1,64}@[^<>\s@]{1,189})>:?\s*$", re.MULTILINE)
#: A letter that is still on its way; only asked where no report says it.
_DELAY = re.compile(
    r"\bdelay|\bwarning\b|will (?:be retried|keep trying|continue)|do not need to resend|forsink|utsatt leveri|prøver igjen",
    re.IGNORECASE,
)


#: What servers call it; a notice of absence with an empty return path says none of it.
_FAILED = re.compile(
    r"undeliver|deliver(?:y|ed)?\b.{0,40}\b(?:fail|error|status|problem|impossible|unsuccess)|could ?n[o']t be delivered|not (?:be )?delivered|"
    r"failure notice|returned (?:mail|to sender)|mail delivery|no such (?:user|recipient)|user unknown|mailbox (?:full|unavailable)|"
    r"ikk?j?e (?:bli |blei? )?lever|kunne ikk?j?e|uleverbar|unzustellbar|nicht zugestellt|non remis|oleverbar",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Failure:
    """One addressee. `final`: it will not be tried again."""

    recipient: str = ""
    status: str = ""
    said: str = ""
    final: bool = True


@dataclass(frozen=True)
class Report:
    """`returned`: Message-IDs of the letter that comes back, the surest first; header text for `tokens.read`."""

    returned: str
    failures: list[Failure]

    @property
    def final(self) -> Failure | None:
        """The first addressee that it did not reach for good."""
        return next((one for one in self.failures if one.final), None)


def read(message: Message) -> Report:
    """What the bounce says; empty where it says nothing that can be used."""
    text = "\n".join(_texts(message))[:_MOST_TEXT]
    found = list(_reported(message)) or [_told(message, text)]
    return Report(returned=" ".join(_returned(message, text)), failures=found[:_MOST_FAILURES])


def _parts(message: Message) -> Iterator[Message]:
    for _count, part in zip(range(_MOST_PARTS), message.walk(), strict=False):
        yield part


def _returned(message: Message, text: str) -> Iterator[str]:
    """Of the letter itself, never of those that it answers: a forwarded answer that bounces is not our letter."""
    for part in _parts(message):
        kind = part.get_content_type()
        inner = part.get_payload()
        if kind not in _RETURNED | _RETURNED_HEADS:
            continue
        if isinstance(inner, list) and inner and isinstance(inner[0], Message):
            yield header(inner[0], "message-id")
        else:
            yield header(HeaderParser().parsestr(_plain(part).lstrip()), "message-id")
    yield from _QUOTED_ID.findall(text)
    yield header(message, "references")
    yield header(message, "in-reply-to")


def _texts(message: Message) -> Iterator[str]:
    for part in _parts(message):
        if part.get_content_maintype() == "text" and part.get_content_type() not in _RETURNED_HEADS:
            yield _plain(part)


def _plain(part: Message) -> str:
    data = part.get_payload(decode=True)
    return data.decode("utf-8", "replace")[:_MOST_TEXT] if isinstance(data, bytes) else ""


# --- why ---------------------------------------------------------------------------------------------------


def _reported(message: Message) -> Iterator[Failure]:
    for part in _parts(message):
        blocks = part.get_payload()
        if part.get_content_type() not in _REPORTS or not isinstance(blocks, list):
            continue
        for block in blocks:
            if isinstance(block, Message) and (block.get("final-recipient") or block.get("action")):
                yield _failure(block)


def _failure(block: Message) -> Failure:
    """`Action` decides: a letter given up after days of 4.x.x failed for good, one that waits did not."""
    action = header(block, "action").strip().lower()
    status = _STATUS.search(header(block, "status"))
    said = header(block, "diagnostic-code").partition(";")[2].strip() or header(block, "diagnostic-code")
    gone = action == "failed" or (not action and status is not None and status[1] == "5")
    recipient = header(block, "original-recipient") or header(block, "final-recipient")
    return Failure(
        recipient=_bare(recipient), status=status[0] if status else "", said=_short(said), final=gone
    )


def _told(message: Message, text: str) -> Failure:
    """From a bounce without a report: what its words give."""
    failed = header(message, "x-failed-recipients").split(",")[0].strip()
    named = _ADDRESS.search(text)
    status = _STATUS.search(text)
    code = _CODE.search(text)
    first = status[1] if status else code[1] if code else ""
    late = bool(_DELAY.search(header(message, "subject"))) or (
        first != "5" and not failed and bool(_DELAY.search(text[:2_000]))
    )
    certain = (
        bool(failed)
        or first == "5"
        or bool(_QUOTED_ID.search(text))
        or bool(_FAILED.search(f"{header(message, 'subject')}\n{text[:2_000]}"))
    )
    return Failure(
        recipient=(failed or (named[1] if named else "")).lower()[:254],
        status=status[0] if status else "",
        said=_short(
            text.strip().partition("\n\n")[0] if not named else text[named.end() :].strip().partition("\n")[0]
        ),
        final=certain and not late,
    )


def _bare(recipient: str) -> str:
    """«rfc822;kari@example.no» without its type."""
    return recipient.rpartition(";")[2].strip().strip("<>").lower()[:254]


def _short(text: str) -> str:
    return " ".join(text.split())[:200]
