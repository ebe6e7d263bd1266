"""Takes mail out of a mailbox: every letter alone, raw, by its identifier there and not by what people have read (RFC 3501, 2.3.1.1).

The watermark moves in the transaction that stores the letter. A letter that the server does not give out, or that is too
large, is set aside where people see it, and the next ones come.
"""

from __future__ import annotations

import hashlib
import imaplib
import logging
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_noop
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from servicedesk.mail import storing
from servicedesk.models import Mailbox, Reason

logger = logging.getLogger(__name__)

BATCH = 50
#: No new letter is begun after so many seconds; the next run goes on.
LONGEST = 60
TIMEOUT = 30
#: Beyond this only the head is taken, and people see that the rest lies in the mailbox.
LARGEST = 150 * 1024 * 1024
#: After so many vain tries a letter is set aside unread.
MOST_ATTEMPTS = 5
_HEAD = 200_000
#: A letter from longer ago was moved here; it came when it was moved.
_WAITED_AT_MOST = timedelta(days=7)
#: What a server, its network and its certificate may answer instead of mail.
ERRORS = (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError, EOFError)


class RefusedError(Exception):
    """The server says no to this letter and goes on talking."""


@dataclass(frozen=True)
class Place:
    """Where a mailbox is; `key` names it without its password."""

    kind: str
    host: str
    port: int
    user: str
    password: str
    folder: str

    @property
    def key(self) -> str:
        return f"{self.user}@{self.host}/{self.folder}"[:300]


def fetch(url: str) -> int:
    """Store what is new in the mailbox imaps://user:password@host[:port]/FOLDER; answers how many letters were.

    imaps:// and imap+tls:// (STARTTLS) verify the server's certificate. Only one worker fetches at a time.
    """
    place = read(url)
    mailbox, _made = Mailbox.objects.get_or_create(key=place.key)
    with _alone(place.key) as alone:
        if not alone:
            return 0
        try:
            with _open(place) as box:
                taken = _take(box, mailbox)
        except ERRORS as error:
            now = timezone.now()
            mailbox.failing_since = mailbox.failing_since or now
            mailbox.last_error = _kind(error)
            mailbox.save(update_fields=["failing_since", "last_error"])
            raise
    mailbox.last_success_at, mailbox.failing_since, mailbox.last_error = timezone.now(), None, ""
    mailbox.save(update_fields=["last_success_at", "failing_since", "last_error"])
    return taken


def read(url: str) -> Place:
    """The parts of a mailbox's address."""
    parts = urlsplit(url)
    if parts.scheme not in ("imap", "imaps", "imap+tls") or not parts.hostname or not parts.username:
        # The address holds a password and is not repeated.
        raise ImproperlyConfigured("SAMDRIFT_IMAP_URL must look like imaps://user:password@host/INBOX")
    port = parts.port or (993 if parts.scheme == "imaps" else 143)
    folder = unquote(parts.path.strip("/")) or "INBOX"
    return Place(
        parts.scheme, parts.hostname, port, unquote(parts.username), unquote(parts.password or ""), folder
    )


def _open(place: Place) -> BaseMailBox:
    """Signed in, the folder selected."""
    if place.kind == "imap":
        box: BaseMailBox = MailBoxUnencrypted(place.host, place.port, timeout=TIMEOUT)
    else:
        kind = MailBox if place.kind == "imaps" else MailBoxStartTls
        context = ssl.create_default_context(cafile=settings.SAMDRIFT_IMAP_CA or None)
        box = kind(place.host, place.port, timeout=TIMEOUT, ssl_context=context)
    return box.login(place.user, place.password, initial_folder=place.folder)


def _kind(error: BaseException) -> str:
    """What to tell people: the kind, and for a certificate what is wrong with it; never what the server was told."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{type(error).__name__}: {error.verify_message}"[:100]
    return type(error).__name__[:100]


@contextmanager
def _alone(key: str) -> Iterator[bool]:
    """A lock that ends with the connection to the database, so that a killed worker leaves none behind."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [number])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s)", [number])


def _take(box: BaseMailBox, mailbox: Mailbox) -> int:
    """One batch, letter by letter."""
    _begin(mailbox, _validity(box))
    begun, taken = time.monotonic(), 0
    for uid in _new(box, mailbox)[:BATCH]:
        if time.monotonic() - begun > LONGEST:
            break
        before = mailbox.last_uid
        try:
            taken += _one(box, mailbox, uid)
        except RefusedError as error:
            if not _given_up(mailbox, uid, str(error)):
                break
        except ERRORS:
            _given_up(mailbox, uid, gettext_noop("The connection ended while it was fetched."))
            raise
        if before and not settings.SAMDRIFT_IMAP_SINCE and uid > before + 1:
            Mailbox.objects.filter(pk=mailbox.pk).update(gone=mailbox.gone + uid - before - 1)
            mailbox.gone += uid - before - 1
    return taken


def _validity(box: BaseMailBox) -> int:
    """The generation of the folder's identifiers; 0 where the server has none."""
    _name, found = box.client.response("UIDVALIDITY")
    words = [word for word in found if isinstance(word, bytes) and word.strip().isdigit()]
    return int(words[-1]) if words else 0


def _begin(mailbox: Mailbox, validity: int) -> None:
    """A new generation begins anew; what is here already is known by its content."""
    if mailbox.uid_validity == validity:
        return
    mailbox.uid_validity, mailbox.last_uid = validity, 0
    mailbox.failing_uid = mailbox.failing_attempts = 0
    mailbox.save(update_fields=["uid_validity", "last_uid", "failing_uid", "failing_attempts"])


def _new(box: BaseMailBox, mailbox: Mailbox) -> list[int]:
    """Identifiers beyond the watermark, ascending. A server answers 7:* with the last one even if that is 5."""
    since: date | None = settings.SAMDRIFT_IMAP_SINCE
    criteria = ["UID", f"{mailbox.last_uid + 1}:*"]
    if since is not None:
        criteria += ["SINCE", f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"]
    status, found = box.client.uid("SEARCH", *criteria)
    if status != "OK":
        raise imaplib.IMAP4.error("SEARCH is refused")
    uids = {int(word) for line in found if line for word in line.split() if word.isdigit()}
    return sorted(uid for uid in uids if uid > mailbox.last_uid)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _one(box: BaseMailBox, mailbox: Mailbox, uid: int) -> bool:
    """Store a letter; whether it is new."""
    facts = b" ".join(
        part for part in _ask(box, uid, "(RFC822.SIZE INTERNALDATE)") if isinstance(part, bytes)
    )
    found = re.search(rb"RFC822\.SIZE (\d+)", facts, re.IGNORECASE)
    size = int(found[1]) if found else 0
    if size > LARGEST:
        head = _literal(_ask(box, uid, "(BODY.PEEK[HEADER])")) or b""
        storing.set_aside(
            head[:_HEAD],
            mailbox,
            uid,
            Reason.TOO_LARGE,
            size,
            "It lies in the mailbox; only its head is here.",
        )
        return True
    raw = _literal(_ask(box, uid, "(BODY.PEEK[])"))
    if raw is None:  # moved away since we asked what is there
        storing.pass_by(mailbox, uid)
        mailbox.gone += 1
        mailbox.save(update_fields=["gone"])
        return False
    _row, made = storing.store(raw, mailbox=mailbox, uid=uid, received_at=_received(facts))
    return made


def _ask(box: BaseMailBox, uid: int, what: str) -> list[Any]:
    """The server's answer about one letter; nothing if it is not there."""
    status, found = box.client.uid("FETCH", str(uid), what)
    if status != "OK":
        raise RefusedError(gettext_noop("The mail server does not give it out."))
    return [part for part in found if part is not None]


def _literal(answer: list[Any]) -> bytes | None:
    return next((bytes(part[1]) for part in answer if isinstance(part, tuple) and len(part) > 1), None)


def _received(facts: bytes) -> datetime | None:
    """When the server got it: clocks count from then, also where the mailbox was out of reach for hours."""
    parsed = imaplib.Internaldate2tuple(facts)
    if parsed is None:
        return None
    at, now = datetime.fromtimestamp(time.mktime(parsed), UTC), timezone.now()
    return at if now - _WAITED_AT_MOST < at <= now else None


def _given_up(mailbox: Mailbox, uid: int, why: str) -> bool:
    """Count a vain try; True if the letter was set aside, so that the next ones can be taken."""
    mailbox.failing_attempts = mailbox.failing_attempts + 1 if mailbox.failing_uid == uid else 1
    mailbox.failing_uid = uid
    mailbox.save(update_fields=["failing_uid", "failing_attempts"])
    if mailbox.failing_attempts < MOST_ATTEMPTS:
        return False
    logger.error("mail %s of %s is set aside: %s", uid, mailbox.key, why)
    storing.set_aside(b"", mailbox, uid, Reason.UNREADABLE, 0, why)
    mailbox.failing_uid = mailbox.failing_attempts = 0
    return True
