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
from servicedesk.mail import charsets, fields, parsing, transfer, uu, versions
from servicedesk.mail.parsing import Part

#: HTML beyond this is kept whole as a file beside what is read of it.
MOST_HTML = 5_000_000
MOST_FILES = 200
MOST_OPENED = 20
_LARGE = 1_000_000
_TEXTS = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-amp-html")
#: What programs write that mean text.
_MEANT = frozenset(
    {
        "plain/text",
        "application/text",
        "application/plain",
        "application/txt",
        "text/txt",
        "text/plaintext",
        "txt/plain",
    }
)
_MARKUP = re.compile(r"\s*(?:<!doctype html\b[^>]{0,300}>|<html\b[^>]{0,300}>)", re.IGNORECASE)
_SAID = re.compile(rb"[\w\x80-\xff]{2}")
_BOILERPLATE = re.compile(rb"\bmime\b|\bmulti-?part\b", re.IGNORECASE)
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
    #: Kinds of the branches that had to be opened by hand.
    opened: list[str] = field(default_factory=list)

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
    if kind.startswith("multipart/"):
        inner = inner or _hidden(kind, content(part), found)
    if not inner:
        _leaf(part, kind, found)
    elif kind.startswith("message/"):
        _attached(part, inner, kind, found)
    else:
        _branch(part, kind, inner, found)


def _branch(part: Message, kind: str, inner: list[Message], found: Parts) -> None:
    if kind == "multipart/alternative":
        _alternative(inner, found)
    else:
        for one in inner:
            _walk(one, found)
    _around(part, kind, found)


def _leaf(part: Message, kind: str, found: Parts) -> None:
    if _is_words(part, kind):
        _words(part, kind, found)
        return
    data = content(part)
    if len(data) > _LARGE:
        part.set_payload("")  # its text is larger still, and nobody asks for it again
    found.add(
        data,
        name=fields.file_name(part) or fields.described(part),
        kind=kind,
        inline_id=fields.content_id(part),
    )


def _hidden(kind: str, body: bytes, found: Parts) -> list[Message]:
    """Parts that the part's own header does not open."""
    found.opened.append(kind)
    if len(found.opened) > MOST_OPENED:
        return []
    try:
        return parsing.again(kind, body)
    except parsing.UnreadableError:
        return []  # then it is read as text


def _around(part: Message, kind: str, found: Parts) -> None:
    """What stands outside of the parts, where it should not: parts behind an end that came too early, lines that a server put
    behind, a letter whose first part has no beginning."""
    behind = (part.epilogue or "").encode("utf-8", "surrogateescape")
    more = _hidden(kind, behind, found) if b"\n--" in b"\n" + behind else []
    for one in more:
        _walk(one, found)
    if not more and _SAID.search(behind):
        found.bodies.append(Body(fit(charsets.decode(behind)).replace("\r\n", "\n")))
    before = (part.preamble or "").encode("utf-8", "surrogateescape")
    if not joined(found) and _SAID.search(before) and not _BOILERPLATE.search(before):
        found.bodies.append(Body(fit(charsets.decode(before)).replace("\r\n", "\n")))


def _is_words(part: Message, kind: str) -> bool:
    if part.get_content_disposition() == "attachment" or fields.file_name(part):
        return False
    # A multipart that nothing opens is read as text.
    return kind in _TEXTS or kind.startswith("multipart/") or kind in _MEANT


def _words(part: Message, kind: str, found: Parts) -> None:
    data = content(part, text=True)
    if kind not in ("text/plain", "text/markdown") and len(data) > MOST_HTML:
        found.add(data, kind=kind, otherwise="message")
        data = data[:MOST_HTML]
    text = fit(charsets.decode(data, fields.parameter(part, "charset") or _said_inside(data, kind)))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if kind in ("text/html", "text/x-amp-html", "text/enriched", "text/richtext"):
        found.bodies.append(Body(fit(html_to_plain(text)), text))
        return
    if fields.parameter(part, "format").lower() == "flowed":
        text = _unflowed(text, delete_space=fields.parameter(part, "delsp").lower() == "yes")
    text, embedded = uu.extract(text)
    for name, bytes_ in embedded:
        found.add(bytes_, name=name)
    if _MARKUP.match(text):
        found.bodies.append(Body(fit(html_to_plain(text)), text))
        return
    found.bodies.append(Body(text))


def _alternative(parts: list[Message], found: Parts) -> None:
    """One text said in several ways."""
    plain, rich = (Parts([], found.files, found.left_out, found.opened) for _each in range(2))
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
    name = fields.file_name(part) or (subject[:80] if kind in ("message/rfc822", "message/global") else "")
    ending = filenames.extension(kind) or ".eml"
    if name and not name.lower().endswith(ending):
        name = name.replace("/", "-").replace("\\", "-").replace(".", " ").strip() + ending
    found.add(data, name=name, kind=kind, inline_id=fields.content_id(part))


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
        charset=fields.parameter(part, "charset"),
    )


def _said_inside(data: bytes, kind: str) -> str:
    found = _META.search(data[:2_000]) if kind == "text/html" else None
    return found[1].decode("ascii", "ignore") if found else ""


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
