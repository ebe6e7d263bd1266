"""What the fields of a part say: its parameters, its name as a file, its identifier."""

from __future__ import annotations

import re
from email.message import Message

from servicedesk.cleaning import fit
from servicedesk.mail import charsets

#: "attachment filename=a.pdf", without the sign between.
_UNPARTED = re.compile(r"""\s*\w+\s+filename\s*=\s*["']?([^"';\r\n]+)""", re.IGNORECASE)
_ENDING = re.compile(r"[^\s/\\]\.[A-Za-z][A-Za-z0-9]{1,4}$")


def content_id(part: Message) -> str:
    return fit(charsets.raw(part.get("content-id", ""))).strip().strip("<>").strip()[:250]


def file_name(part: Message) -> str:
    """As the sender wrote it, in whichever way (RFC 2183, 2231, 2047, raw bytes)."""
    name = parameter(part, "filename", "content-disposition") or parameter(part, "name")
    if not name and (bare := _UNPARTED.match(part.get("content-disposition", "")[:1_000])):
        name = fit(charsets.header(bare[1])).strip()
    return name[1:-1] if len(name) > 2 and name[0] == name[-1] == "'" else name


def described(part: Message) -> str:
    """What else names a file, where it looks like the name of one."""
    for field_name in ("content-description", "content-location"):
        name = fit(charsets.header(part.get(field_name, "")[:1_000])).partition("?")[0].strip()
        if _ENDING.search(name):
            return name
    return ""


def parameter(part: Message, name: str, header: str = "content-type") -> str:
    """A header's parameter as text, the extended one first (RFC 2231); "" where there is none or it is beyond reading."""
    try:
        values: list[object] = [value for key, value in part.get_params([], header) if key.lower() == name]
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    value = next((one for one in values if isinstance(one, tuple)), values[0] if values else "")
    if isinstance(value, tuple):
        label, _language, text = value
        return fit(charsets.decode((text or "").encode("latin-1", "replace"), label or "")).strip()
    return fit(charsets.header(str(value))).strip()
