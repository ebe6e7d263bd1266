"""Encryption of secrets at rest: Fernet with several keys, the newest first.

``settings.SAMDRIFT_ENCRYPTION_KEYS`` is a list of Fernet keys (32 random bytes in URL-safe base64, as
``cryptography.fernet.Fernet.generate_key()`` makes them). The first one encrypts, all of them decrypt:
a key is changed by putting the new one in front and saving the rows again.
"""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class SecretUnreadableError(Exception):
    """A stored secret was encrypted with a key that is not configured any more."""


class Secret(str):
    """Text that does not show itself in repr, so not in tracebacks, logs and debug pages either."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('…')" if self else "Secret('')"


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(
            "SAMDRIFT_ENCRYPTION_KEYS must hold Fernet keys, newest first, each 32 random bytes in URL-safe"
            " base64; make one with: python -c 'from cryptography.fernet import Fernet as F;"
            " print(F.generate_key().decode())'"
        ) from error


def box() -> MultiFernet:
    """The configured box. Raises ImproperlyConfigured with a sentence that says what to set."""
    keys = tuple(str(key) for key in getattr(settings, "SAMDRIFT_ENCRYPTION_KEYS", None) or ())
    if not keys:
        raise ImproperlyConfigured("SAMDRIFT_ENCRYPTION_KEYS is empty: set at least one Fernet key.")
    return _box(keys)


def encrypt(plain: str) -> str:
    """``plain`` as a Fernet token (text, about 4/3 of the size plus 100 characters)."""
    return box().encrypt(plain.encode()).decode("ascii")


def decrypt(token: str) -> Secret:
    """The plain text of ``token``; SecretUnreadableError if no configured key fits."""
    try:
        return Secret(box().decrypt(token.encode("ascii")).decode())
    except (InvalidToken, UnicodeEncodeError) as error:
        raise SecretUnreadableError(
            "A stored secret cannot be read with the keys in SAMDRIFT_ENCRYPTION_KEYS: put the old key back"
            " behind the new one, or enter the secret again."
        ) from error
