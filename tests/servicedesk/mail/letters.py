"""Raw mails as programs of all ages write them, for tests of the door that takes them in."""

from __future__ import annotations

import base64
from collections.abc import Sequence

SENDER = "own@example.no"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"
_numbers = iter(range(1, 1_000_000))


def heads(subject: bytes = b"Skriveren", sender: str = SENDER, **more: str) -> bytes:
    """Headers of a letter with an identifier that no other has."""
    lines = [f"From: Kari Eng <{sender}>".encode(), b"To: desk@example.no", b"Subject: " + subject]
    lines.append(f"Message-ID: <{next(_numbers)}@program.example.no>".encode())
    lines.append(b"Date: Mon, 05 Oct 2026 08:12:00 +0200")
    lines += [f"{name.replace('_', '-')}: {value}".encode() for name, value in more.items()]
    return b"\r\n".join(lines) + b"\r\n"


def plain(
    body: bytes, kind: bytes = b"text/plain; charset=utf-8", subject: bytes = b"Skriveren", **more: str
) -> bytes:
    """A letter of one part."""
    return heads(subject, **more) + b"Content-Type: " + kind + b"\r\n\r\n" + body


def part(body: bytes, kind: bytes = b"text/plain; charset=utf-8", *lines: bytes) -> bytes:
    """A part of a letter; files are encoded."""
    found = [b"Content-Type: " + kind, *lines]
    if not kind.startswith((b"text/", b"message/", b"multipart/")):
        found.append(b"Content-Transfer-Encoding: base64")
        body = base64.encodebytes(body)
    return b"\r\n".join(found) + b"\r\n\r\n" + body


def attached(data: bytes, name: bytes, kind: bytes = b"image/png") -> bytes:
    """A file under a name as it stands in the header, quotation marks included."""
    return part(data, kind, b"Content-Disposition: attachment; filename=" + name)


def multipart(
    parts: Sequence[bytes],
    kind: str = "mixed",
    edge: str = "edge",
    subject: bytes = b"Skriveren",
    **more: str,
) -> bytes:
    """A letter of several parts."""
    head = heads(subject, **more) + b"MIME-Version: 1.0\r\n"
    return head + branch(parts, kind, edge)


def branch(parts: Sequence[bytes], kind: str = "mixed", edge: str = "edge") -> bytes:
    """Several parts as one."""
    line = b"\r\n--" + edge.encode()
    head = f'Content-Type: multipart/{kind}; boundary="{edge}"\r\n\r\n'.encode()
    return head + b"".join(line + b"\r\n" + one for one in parts) + line + b"--\r\n"
