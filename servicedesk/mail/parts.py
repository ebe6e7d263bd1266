"""The parts of a mail: which are its words, and which are files. Every part is one or the other."""

from __future__ import annotations

import html
import io
import re
from dataclasses import dataclass, field
from email.generator import BytesGenerator
from email.message import Message

from cmdb.common.html_text import html_to_plain
from servicedesk import filenames
from servicedesk.cleaning import fit
from servicedesk.mail import charsets, transfer, uu, versions
from servicedesk.mail.parsing import Part

#: HTML beyond this is kept whole as a file beside what is read of it.
MOST_HTML = 5_000_000
MOST_FILES = 200
_LARGE = 1_000_000
_TEXTS = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-amp-html")
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,3}=\s{0,3}["']?\s{0,3}([\w.:-]{2,40})""", re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """An attachment under a safe name. `original_name` is the sender's wording; `inline_id`: its Content-ID."""

    name: str
    data: bytes
    original_name: str = ""
    content_type: str = "application/octet-stream"
    inline_id: str = ""


@dataclass
class Body:
    """A piece of the text: plain, and the HTML that it stands for ("" if it was written plain)."""

    text: str
    html: str = ""


@dataclass
class Parts:
    """What a mail consists of. `left_out`: (name, why)."""

    bodies: list[Body] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def add(
        self, data: bytes, *, name: str = "", kind: str = "", inline_id: str = "", otherwise: str = ""
    ) -> None:
        """Keep a file under a name that no other of this mail has."""
        if len(self.files) >= MOST_FILES:
            self.left_out.append((filenames.original(name)[:200] or kind, "too_many_files"))
            return
        safe = filenames.safe(
            name, kind=kind, data=data, otherwise=otherwise or f"{_family(kind)}-{len(self.files) + 1}"
        )
        safe = filenames.apart(safe, [file.name for file in self.files])
        self.files.append(File(safe, data, filenames.original(name), kind, inline_id))


def _family(kind: str) -> str:
    """What a file without a name is called, before its number."""
    main = kind.partition("/")[0]
    if main in ("image", "audio", "video"):
        return main
    if kind in ("text/calendar", "application/ics"):
        return "calendar"
    return "message" if main == "message" else "file"


def collect(mail: Message) -> Parts:
    """All parts of a mail."""
    found = Parts()
    _walk(mail, found)
    return found


def _walk(part: Message, found: Parts) -> None:
    kind = part.get_content_type()
    inner = part.inner() if isinstance(part, Part) else []
    if kind.startswith("message/") and inner:
        _attached(part, inner, kind, found)
    elif kind == "multipart/alternative" and inner:
        _alternative(inner, found)
    elif inner:
        for one in inner:
            _walk(one, found)
    elif _is_words(part, kind):
        _words(part, kind, found)
    else:
        data = content(part)
        if len(data) > _LARGE:
            part.set_payload("")  # its text is larger still, and nobody asks for it again
        found.add(data, name=file_name(part), kind=kind, inline_id=content_id(part))


def _is_words(part: Message, kind: str) -> bool:
    if part.get_content_disposition() == "attachment" or file_name(part):
        return False
    return kind in _TEXTS or kind.startswith("multipart/")  # a multipart without its boundary is read as text


def _words(part: Message, kind: str, found: Parts) -> None:
    data = content(part, text=True)
    if kind not in ("text/plain", "text/markdown") and len(data) > MOST_HTML:
        found.add(data, kind=kind, otherwise="message")
        data = data[:MOST_HTML]
    text = fit(charsets.decode(data, parameter(part, "charset") or _said_inside(data, kind)))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if kind in ("text/html", "text/x-amp-html", "text/enriched", "text/richtext"):
        found.bodies.append(Body(fit(html_to_plain(text)), text))
        return
    if parameter(part, "format").lower() == "flowed":
        text = _unflowed(text, delete_space=parameter(part, "delsp").lower() == "yes")
    text, embedded = uu.extract(text)
    for name, bytes_ in embedded:
        found.add(bytes_, name=name)
    found.bodies.append(Body(text))


def _alternative(parts: list[Message], found: Parts) -> None:
    """One text said in several ways."""
    plain, rich = (Parts([], found.files, found.left_out) for _each in range(2))
    for part in parts:
        kind = part.get_content_type()
        if kind == "text/x-amp-html":
            continue
        _walk(part, plain if kind in ("text/plain", "text/markdown") else rich)
    text = versions.best(joined(plain), joined(rich))
    found.bodies.append(Body(text, as_html(rich)))


def joined(found: Parts) -> str:
    return "\n\n".join(text for body in found.bodies if (text := body.text.strip()))


def as_html(found: Parts) -> str:
    """The pieces as HTML, those that were written plain between them; "" if all were."""
    if not any(body.html.strip() for body in found.bodies):
        return ""
    pieces = [body.html or f"<pre>{html.escape(body.text)}</pre>" for body in found.bodies]
    return "\n<hr>\n".join(pieces)


def _attached(part: Message, inner: list[Message], kind: str, found: Parts) -> None:
    """A letter in the letter is a file of its own; the lines of a delivery report are text."""
    data = b"\n".join(as_bytes(one) for one in inner)
    if inner and not inner[0].keys():
        # Forbidden by RFC 2046, done all the same.
        data = transfer.decode(data, part.get("content-transfer-encoding", ""))
    subject = charsets.header(inner[0].get("subject", "")[:2_000]) if inner else ""
    name = file_name(part) or (subject[:80] if kind in ("message/rfc822", "message/global") else "")
    ending = filenames.extension(kind) or ".eml"
    if name and not name.lower().endswith(ending):
        name = name.replace("/", "-").replace("\\", "-").replace(".", " ").strip() + ending
    found.add(data, name=name, kind=kind, inline_id=content_id(part))


def as_bytes(mail: Message) -> bytes:
    """An attached letter as it came. What cannot be written again keeps at least its text."""
    out = io.BytesIO()
    try:
        BytesGenerator(out, mangle_from_=False, maxheaderlen=0, policy=mail.policy).flatten(mail)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return out.getvalue() + b"\n\n" + content(mail)
    return out.getvalue()


# --- a single part ---------------------------------------------------------------------------------------


def content(part: Message, *, text: bool = False) -> bytes:
    """The bytes of a leaf, decoded as far as they can be. Of broken text nothing is dropped."""
    data = part.source().encode("utf-8", "surrogateescape") if isinstance(part, Part) else b""
    return transfer.decode(
        data,
        part.get("content-transfer-encoding", ""),
        words=text or part.get_content_maintype() == "text",
        charset=parameter(part, "charset"),
    )


def _said_inside(data: bytes, kind: str) -> str:
    found = _META.search(data[:2_000]) if kind == "text/html" else None
    return found[1].decode("ascii", "ignore") if found else ""


def content_id(part: Message) -> str:
    return fit(charsets.raw(part.get("content-id", ""))).strip().strip("<>").strip()[:250]


def file_name(part: Message) -> str:
    """As the sender wrote it, in whichever way (RFC 2183, 2231, 2047, raw bytes)."""
    return parameter(part, "filename", "content-disposition") or parameter(part, "name")


def parameter(part: Message, name: str, header: str = "content-type") -> str:
    """A header's parameter as text; "" where there is none or it is beyond reading."""
    try:
        value = part.get_param(name, "", header)
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    if isinstance(value, tuple):
        label, _language, text = value
        return fit(charsets.decode((text or "").encode("latin-1", "replace"), label or "")).strip()
    return fit(charsets.header(str(value))).strip()


def _unflowed(text: str, *, delete_space: bool) -> str:
    """Lines that the writer's program broke are one again (RFC 3676); quoted ones and the signature stay."""
    out: list[str] = []
    open_line = False
    for line in text.split("\n"):
        marked = line.startswith(">")
        whole = line.removeprefix(" ")
        if open_line and out and not marked:
            out[-1] = (out[-1][:-1] if delete_space else out[-1]) + whole
        else:
            out.append(whole)
        open_line = whole.endswith(" ") and whole != "-- " and not marked
    return "\n".join(out)
