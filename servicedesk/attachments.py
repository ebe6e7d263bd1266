"""Files on tickets: taken in with limits, kept under a name of our own, given out only as downloads."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import PurePath
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from cmdb.common import ui
from servicedesk import filenames
from servicedesk.models import Attachment, Entry, Ticket

#: Limits of pages and API. Mail brings what its server let through.
MOST_FILES = 5
LARGEST = 10 * 1024 * 1024
# Shown in the browser when asked for; everything else is downloaded, so nothing from outside runs on our pages.
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"})
_written: ContextVar[list[tuple[Storage, str]] | None] = ContextVar("written", default=None)


def check(files: Iterable[UploadedFile]) -> list[UploadedFile]:
    """The files as a list; ValidationError with a sentence when there are too many or one is too large or empty."""
    found = list(files)
    if len(found) > MOST_FILES:
        raise ValidationError(_("At most %(count)d files at a time.") % {"count": MOST_FILES})
    for file in found:
        if (file.size or 0) > LARGEST:
            raise ValidationError(
                _("%(name)s is too large: at most %(size)s.")
                % {"name": filenames.safe(file.name or ""), "size": ui.file_size(LARGEST)}
            )
        if not file.size:
            raise ValidationError(_("%(name)s is empty.") % {"name": filenames.safe(file.name or "")})
    return found


def add(
    ticket: Ticket, files: Iterable[UploadedFile], *, public: bool, entry: Entry | None = None
) -> list[Attachment]:
    """Keep files that `check` let through."""
    return [
        keep(ticket, file, filenames.safe(file.name or ""), said=file.name or "", public=public, entry=entry)
        for file in files
    ]


def keep(
    ticket: Ticket,
    file: File | bytes,
    name: str,
    *,
    said: str = "",
    inline_id: str = "",
    public: bool,
    entry: Entry | None = None,
) -> Attachment:
    """One file under a safe name; `said` is the sender's wording. The type follows from the name, not from what is claimed."""
    wording = filenames.original(said)
    row = Attachment(
        ticket=ticket, entry=entry, name=name, original_name=wording if wording != name else "", is_public=public,
        size=len(file) if isinstance(file, bytes) else file.size or 0, inline_id=inline_id,
        content_type=(mimetypes.guess_type(name)[0] or "application/octet-stream")[:100],
    )  # fmt: skip
    ending = re.sub(r"[^a-z0-9.]", "", PurePath(name).suffix.lower())[:12]
    content = ContentFile(file) if isinstance(file, bytes) else file
    row.file.save(f"{uuid4().hex}{ending}", content, save=False)
    written = _written.get()
    if written is not None:
        written.append((row.file.storage, row.file.name or ""))
    row.save()
    return row


@contextmanager
def undone_on_failure() -> Iterator[None]:
    """What is written in here vanishes from the disk again if it ends in an exception, as the rows do."""
    mine: list[tuple[Storage, str]] = []
    outer = _written.get()
    begun = _written.set(mine)
    try:
        yield
    except BaseException:
        for storage, name in mine:
            storage.delete(name)
        raise
    finally:
        _written.reset(begun)
    if outer is not None:
        outer.extend(mine)
