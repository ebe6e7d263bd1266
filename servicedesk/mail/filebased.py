"""Mail as files that a person can open: one .eml per letter, named by time, addressee and subject. For demo and development."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Writes into settings.EMAIL_FILE_PATH. A file appears whole or not at all."""

    def __init__(self, fail_silently: bool = False, file_path: str | None = None, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self.folder = Path(file_path or settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """One file per letter; answers how many."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for letter in email_messages:
            path = self.folder / _name(letter)
            draft = path.with_suffix(".part")
            draft.write_bytes(_readable(letter))
            draft.replace(path)
        return len(email_messages)


def _readable(letter: EmailMessage) -> bytes:
    """A plain letter with its headers as people read them, in UTF-8 (RFC 6532); one with parts as it would travel."""
    message = letter.message()
    if message.is_multipart():
        return message.as_bytes()
    shown = {"Content-Transfer-Encoding": "8bit"}
    heads = [
        f"{name}: {shown.get(name) or make_header(decode_header(str(value)))}"
        for name, value in message.items()
    ]
    return ("\n".join(heads) + "\n\n" + str(letter.body)).encode(errors="replace")


def _name(letter: EmailMessage) -> str:
    when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
    who = re.sub(r"[^\w.@-]+", "", letter.to[0] if letter.to else "nobody", flags=re.ASCII)[:60]
    what = re.sub(r"[^\w-]+", "-", str(letter.subject)).strip("-")[:60]
    return f"{when}Z {who} {what} {uuid4().hex[:4]}.eml"
