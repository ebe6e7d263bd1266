"""Files on tickets: taken in with limits, kept under a name of our own, given out only as downloads."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from pathlib import PurePath
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from cmdb.common import ui
from servicedesk import cleaning
from servicedesk.models import Attachment, Entry, Ticket

MOST_FILES = 5
LARGEST = 10 * 1024 * 1024
# Shown in the browser when asked for; everything else is downloaded, so nothing from outside runs on our pages.
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"})


def check(files: Iterable[UploadedFile]) -> list[UploadedFile]:
    """The files as a list; ValidationError with a sentence when there are too many or one is too large or empty."""
    found = list(files)
    if len(found) > MOST_FILES:
        raise ValidationError(_("At most %(count)d files at a time.") % {"count": MOST_FILES})
    for file in found:
        if (file.size or 0) > LARGEST:
            raise ValidationError(
                _("%(name)s is too large: at most %(size)s.")
                % {"name": file.name, "size": ui.file_size(LARGEST)}
            )
        if not file.size:
            raise ValidationError(_("%(name)s is empty.") % {"name": file.name})
    return found


def add(
    ticket: Ticket, files: Iterable[UploadedFile], *, public: bool, entry: Entry | None = None
) -> list[Attachment]:
    """Keep files that `check` let through. The type follows from the name, not from what the sender claims."""
    made = []
    for file in files:
        name = cleaning.line(PurePath((file.name or "").replace("\\", "/")).name, 150, "files") or "file"
        row = Attachment(
            ticket=ticket, entry=entry, name=name, size=file.size or 0, is_public=public,
            content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        )  # fmt: skip
        row.file.save(f"{uuid4().hex}{PurePath(name).suffix[:12].lower()}", file, save=True)
        made.append(row)
    return made
