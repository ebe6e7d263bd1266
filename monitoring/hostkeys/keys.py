"""A host key, and who looks at it before anything is sent. Free of Django and of tables: sessions run in threads."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

CHANGED: Final = "it shows another SSH host key than the known one"

# One RSA key signs in several ways; elsewhere the way has the name of the kind of key.
_SIGNED_BY: Final = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


class Key(NamedTuple):
    """A public key as OpenSSH writes it in known_hosts: the kind, and the key in base 64."""

    kind: str
    text: str

    @classmethod
    def of(cls, kind: str, blob: bytes) -> Self:
        """From the bytes that go over the wire."""
        return cls(kind, base64.b64encode(blob).decode())

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -lf` prints it."""
        digest = hashlib.sha256(base64.b64decode(self.text)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


class ChangedError(Exception):
    """Another key than the known one was shown; neither user name nor password was sent."""

    def __init__(self, shown: Key) -> None:
        super().__init__(f"{CHANGED} ({shown.fingerprint})")


class Verifier:
    """Looks at the key of one session. paramiko asks it (`missing_host_key`) when the server has proven that it holds
    the key, and before the login; `shown` is what it saw, whatever became of the session."""

    def __init__(self, known: Key | None) -> None:
        self.known = known
        self.shown: Key | None = None

    def missing_host_key(self, client: Any, _hostname: str, key: Any) -> None:
        """Let the known key in, and any where none is known. :raises ChangedError: else."""
        self.shown = Key.of(key.get_name(), key.asbytes())
        if self.known is not None and self.shown != self.known:
            client.close()
            raise ChangedError(self.shown)


def preferring(kind: str, algorithms: Sequence[str]) -> tuple[str, ...]:
    """The same algorithms, those of this kind of key first: a device that has several keys must not look changed because
    another one was agreed upon. One that no longer has that kind shows another, and has changed."""
    ours = _SIGNED_BY.get(kind, (kind,))
    return tuple(sorted(algorithms, key=lambda one: one not in ours))
