"""Names of files from outside made fit for every disk and list; the sender's own wording is kept beside as text."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from collections.abc import Collection

from servicedesk import cleaning

#: Letters and bytes that a name may have: file systems end at 255 bytes, and a number may be put behind.
MOST_LETTERS = 150
MOST_BYTES = 200
MOST_ORIGINAL = 2_000
_UNFIT = re.compile(r'[<>:"|?*]')
#: Names that Windows takes for devices, with whatever ending.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?=\s*(?:\.|$))", re.IGNORECASE
)
_EXTENSION = re.compile(r"\.[^.\s]{1,10}$")
_EXTENSIONS = {
    "application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/tiff": ".tif",
    "image/webp": ".webp", "image/heic": ".heic", "image/bmp": ".bmp", "image/svg+xml": ".svg",
    "text/calendar": ".ics", "application/ics": ".ics", "text/plain": ".txt", "text/html": ".html", "text/csv": ".csv",
    "text/x-vcard": ".vcf", "text/vcard": ".vcf", "text/directory": ".vcf", "message/rfc822": ".eml",
    "text/rtf": ".rtf", "application/rtf": ".rtf", "message/global": ".eml", "application/ms-tnef": ".dat", "application/zip": ".zip", "audio/mpeg": ".mp3",
    "application/x-zip-compressed": ".zip", "audio/x-wav": ".wav", "audio/wav": ".wav", "application/xml": ".xml",
    "text/xml": ".xml", "application/json": ".json", "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s", "application/pkcs7-mime": ".p7m", "application/x-pkcs7-mime": ".p7m",
    "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc", "application/pgp-keys": ".asc",
    "message/delivery-status": ".txt", "message/disposition-notification": ".txt", "text/rfc822-headers": ".txt",
}  # fmt: skip
#: What a file without a type begins with.
_MAGIC = (
    (b"%PDF-", ".pdf"), (b"\x89PNG\r\n", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"PK\x03\x04", ".zip"),
    (b"BEGIN:VCALENDAR", ".ics"), (b"BEGIN:VCARD", ".vcf"),
)  # fmt: skip


def original(name: str) -> str:
    """The sender's wording, fit to be stored and shown as text."""
    return " ".join(cleaning.fit(name[:MOST_ORIGINAL]).split())


def safe(name: str, *, kind: str = "", data: bytes = b"", otherwise: str = "file") -> str:
    """A name without path, tricks or excess, with the ending that its type has if it has none of its own."""
    clean = _bare(name) or _bare(otherwise) or "file"
    if not _EXTENSION.search(clean):
        clean += extension(kind, data)
    if _DEVICE.match(clean):
        clean = f"_{clean}"
    return _shortened(clean)


def extension(kind: str, data: bytes = b"") -> str:
    """The ending of a content type, with its dot; by the first bytes where the type says nothing."""
    known = _EXTENSIONS.get(kind) or (mimetypes.guess_extension(kind) if kind else None)
    if known and known != ".bin":
        return known
    return next((end for begin, end in _MAGIC if data.startswith(begin)), "")


def apart(name: str, taken: Collection[str]) -> str:
    """`name`, or the first of "name (2)", "name (3)" … that is not among `taken` (compared without case)."""
    used = {one.casefold() for one in taken}
    stem, ending = _parted(name)
    number, found = 1, name
    while found.casefold() in used:
        number += 1
        found = f"{stem} ({number}){ending}"
    return found


def _bare(name: str) -> str:
    """The last part of a path, without signs that a disk or a reader could stumble over."""
    line = unicodedata.normalize("NFC", cleaning.line_of(name[:MOST_ORIGINAL]))
    parts = [part.strip(" .") for part in re.split(r"[/\\]", line)]
    return _UNFIT.sub("_", next((part for part in reversed(parts) if part), "")).strip(" .")


def _parted(name: str) -> tuple[str, str]:
    """(stem, ending); two short endings (.tar.gz) belong together."""
    stem, ending = name, ""
    for _once in range(2):
        found = _EXTENSION.search(stem)
        if found is None or not found.start():
            break
        stem, ending = stem[: found.start()], found.group() + ending
    return stem, ending


def _shortened(name: str) -> str:
    stem, ending = _parted(name)
    while len(stem) + len(ending) > MOST_LETTERS or len((stem + ending).encode()) > MOST_BYTES:
        stem = stem[:-1]
    return (stem.rstrip(" .") or "file") + ending
