"""Takes mail out of a mailbox: every mail is stored before the mailbox is told (invariant 4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from imap_tools import AND, BaseMailBox, MailBox, MailBoxUnencrypted, MailMessage

from servicedesk.mail import storing

LARGEST = 150 * 1024 * 1024

BATCH = 50
TIMEOUT = 30


class RawMessage(MailMessage):
    """Keeps the bytes as the server gave them: written anew from its parts, a broken mail would differ or fail."""

    def __init__(self, fetch_data: list[Any]) -> None:
        super().__init__(fetch_data)
        self.raw: bytes = self._get_message_data_parts(fetch_data)[0]


def fetch(url: str) -> int:
    """Store unread mails of the mailbox imaps://user:password@host[:port]/FOLDER; answers how many were new.

    A mail is marked as read only after it is stored; a kill in between fetches it again, and the key stops a second row.
    """
    taken = 0
    with _open(url) as box:
        heads = box.fetch(AND(seen=False), mark_seen=False, headers_only=True, limit=BATCH, bulk=False)
        for uid, size in [(head.uid, head.size_rfc822) for head in heads]:
            if uid is None:
                continue
            # Of what is too large only the head is taken: the administrator sees who sent it.
            wanted = box.fetch(AND(uid=uid), mark_seen=False, headers_only=size > LARGEST)
            for one in wanted:
                taken += storing.store(one.raw)[1]  # type: ignore[attr-defined]
            box.flag(uid, r"\Seen", True)
    return taken


def _open(url: str) -> BaseMailBox:
    parts = urlsplit(url)
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        # The address holds a password and is not repeated.
        raise ImproperlyConfigured("SAMDRIFT_IMAP_URL must look like imaps://user:password@host/INBOX")
    kind = MailBox if parts.scheme == "imaps" else MailBoxUnencrypted
    box = kind(parts.hostname, parts.port or (993 if parts.scheme == "imaps" else 143), timeout=TIMEOUT)
    box.email_message_class = RawMessage
    folder = unquote(parts.path.strip("/")) or "INBOX"
    return box.login(unquote(parts.username), unquote(parts.password or ""), initial_folder=folder)
