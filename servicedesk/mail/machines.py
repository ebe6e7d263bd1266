"""Whether a machine wrote a mail (RFC 3834): such a mail neither opens nor reopens anything, and is never answered."""

from __future__ import annotations

import re
from email.message import Message

_SENDERS = re.compile(
    r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?:[+-].*)?@", re.IGNORECASE
)
_SIGNS = ("x-autoreply", "x-autorespond", "list-id", "list-unsubscribe")


def kind(mail: Message, sender: str) -> str:
    """ "" for a person, else "bounce" or "automatic"."""
    if mail.get_content_type() in ("multipart/report", "message/delivery-status"):
        return "bounce"
    if str(mail.get("return-path", "")).strip() == "<>":
        return "bounce"
    submitted = str(mail.get("auto-submitted", "")).split(";")[0].strip().lower()
    precedence = str(mail.get("precedence", "")).strip().lower()
    signs = (
        submitted not in ("", "no"),
        precedence in ("bulk", "junk", "list", "auto_reply"),
        any(name in mail for name in _SIGNS),
        bool(_SENDERS.match(sender)),
    )
    return "automatic" if any(signs) else ""
