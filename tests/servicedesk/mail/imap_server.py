"""A mail server on the loopback that speaks as much IMAP4rev1 as fetching needs, and misbehaves when it is told to."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Folder:
    """Letters by their identifier. `seen`: what people have read; `silent`: what the server does not give out; `drops`:
    where it hangs up."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 1
    seen: set[int] = field(default_factory=set)
    silent: set[int] = field(default_factory=set)
    drops: set[int] = field(default_factory=set)
    sizes: dict[int, int] = field(default_factory=dict)
    dates: dict[int, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.say(b"* OK ready")
        while line := self.rfile.readline():
            tag, _space, rest = line.strip().partition(b" ")
            words = rest.split()
            name = b" ".join(words[:2] if words[0].upper() == b"UID" else words[:1]).decode().upper()
            self.folder.asked.append(rest.decode())
            try:
                answer = self.answer(name, words)
            except ConnectionError:
                return
            self.say(tag + b" " + answer)
            if name == "STARTTLS" and self.server.context is not None:
                self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
            if name == "LOGOUT":
                return

    @property
    def folder(self) -> Folder:
        return self.server.folder

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")
        self.wfile.flush()

    def answer(self, name: str, words: list[bytes]) -> bytes:
        if name == "CAPABILITY":
            self.say(b"* CAPABILITY IMAP4rev1 STARTTLS")
        elif name == "LOGIN" and words[2] != b'"secret"':
            return b"NO [AUTHENTICATIONFAILED] wrong"
        elif name in ("SELECT", "EXAMINE"):
            self.say(b"* %d EXISTS" % len(self.folder.mails))
            self.say(b"* OK [UIDVALIDITY %d] valid" % self.folder.validity)
        elif name == "UID SEARCH":
            first = int(words[words.index(b"UID", 1) + 1].split(b":")[0])
            last = max(self.folder.mails, default=0)
            found = sorted(uid for uid in self.folder.mails if uid >= min(first, last))
            self.say(b"* SEARCH " + b" ".join(b"%d" % uid for uid in found))
        elif name == "UID FETCH":
            return self.give(int(words[2]), b" ".join(words[3:]).upper())
        elif name == "LOGOUT":
            self.say(b"* BYE")
        return b"OK done"

    def give(self, uid: int, what: bytes) -> bytes:
        if uid in self.folder.drops:
            raise ConnectionError
        if uid in self.folder.silent:
            return b"NO [SERVERBUG] internal error"
        raw = self.folder.mails.get(uid)
        if raw is None:
            return b"OK nothing"
        if b"BODY" not in what:
            size = self.folder.sizes.get(uid, len(raw))
            date = self.folder.dates.get(uid, "17-Jul-1996 02:44:25 -0700")
            self.say(b'* 1 FETCH (UID %d RFC822.SIZE %d INTERNALDATE "%s")' % (uid, size, date.encode()))
            return b"OK done"
        if b"PEEK" not in what:
            self.folder.seen.add(uid)
        if b"HEADER" in what:
            raw = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        self.say(b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, len(raw)) + raw + b")")
        return b"OK done"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, folder: Folder, context: ssl.SSLContext | None, *, at_once: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.folder, self.context, self.at_once = folder, context, at_once

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        if self.context is not None and self.at_once:
            connection = self.context.wrap_socket(connection, server_side=True)
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not like the certificate hangs up."""


@contextmanager
def serving(folder: Folder, context: ssl.SSLContext | None = None, scheme: str = "imap") -> Iterator[str]:
    """The address of a mailbox with these letters."""
    with _Server(folder, context, at_once=scheme == "imaps") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"{scheme}://desk:secret@localhost:{server.server_address[1]}/INBOX"
        server.shutdown()
        thread.join()
