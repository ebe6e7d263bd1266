"""Typed readers of the environment and the secrets that a trial run makes for itself. No Django app is needed here.

Every setting that an operator may change is read through this module, so the list of names in
docs/operations.md is complete when it names what this file and settings.py read.
"""

import base64
import builtins
import importlib.util
import json
import os
import secrets
import ssl
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_Text: TypeAlias = builtins.str
_Flag: TypeAlias = builtins.bool
_Number: TypeAlias = builtins.int

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Environment:
    """Typed readers. A variable that is empty counts as not set; a value that cannot be meant is refused by its name."""

    def bool(self, name: _Text, default: _Flag = False) -> _Flag:
        """1 or 0, true or false, yes or no, on or off."""
        word = self.str(name).lower()
        if word and word not in YES | NO:
            raise ImproperlyConfigured(f"{name} is {word!r}, neither yes nor no: set {name} to 1 or 0.")
        return word in YES if word else default

    def int(self, name: _Text, default: _Number, least: _Number = 0, most: _Number | None = None) -> _Number:
        """A whole number from `least` to `most`."""
        word = self.str(name)
        if not word:
            return default
        number = builtins.int(word) if word.isascii() and word.lstrip("-").isdigit() else None
        if number is None or number < least or (most is not None and number > most):
            wanted = (
                f"a whole number of {least} or more" if most is None else f"a number from {least} to {most}"
            )
            raise ImproperlyConfigured(f"{name} is {word!r}: set {name} to {wanted}.")
        return number

    def json(self, name: _Text, default: Any = None) -> Any:
        """What a JSON text says. The text is not repeated in a refusal: it may hold secrets."""
        word = self.str(name)
        try:
            return json.loads(word) if word else default
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} is no JSON ({error}): set {name} to a JSON text.") from None

    def str(self, name: _Text, default: _Text = "") -> _Text:
        """The text without blanks around it."""
        return os.environ.get(name, "").strip() or default


env = Environment()

BASE_DIR = Path(__file__).resolve().parents[2]


class Stage(StrEnum):
    """What the process is for; `SAMDRIFT_ENV` names it."""

    DEVELOPMENT = "development"
    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


def read_stage() -> Stage:
    """`SAMDRIFT_ENV`, development unless set. An unknown word is refused, and so is an empty one: an environment file with
    a gap must not turn production into a playground."""
    word = os.environ.get("SAMDRIFT_ENV", Stage.DEVELOPMENT.value).strip().lower()
    try:
        return Stage(word)
    except ValueError:
        known = ", ".join(Stage)
        raise ImproperlyConfigured(f"SAMDRIFT_ENV is {word!r}: set it to one of {known}.") from None


def read_var() -> Path:
    """The folder of everything that changes (`SAMDRIFT_VAR`, else var/ beside manage.py); made if absent."""
    path = Path(env.str("SAMDRIFT_VAR") or BASE_DIR / "var").expanduser().absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder {path} cannot be made ({error.strerror}): set SAMDRIFT_VAR to a folder that this account may write to."
        ) from error
    return path


def package_folder(name: str) -> Path:
    """The folder of an installed package, which is not imported for that."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ImproperlyConfigured(f"The package {name} is not installed: run make setup.")
    return Path(next(iter(found.submodule_search_locations)))


def read_words(name: str) -> list[str]:
    """A comma separated list without its empty parts."""
    return [word.strip() for word in env.str(name).split(",") if word.strip()]


def read_names(name: str) -> list[str]:
    """Names of servers, comma separated; addresses and sentences are refused."""
    words = read_words(name)
    for word in words:
        if not all(letter.isalnum() or letter in ".-_" for letter in word):
            raise ImproperlyConfigured(f"{name} holds {word!r}: set {name} to names like mx.example.no")
    return words


ROLES = (
    "reporter", "keyuser", "owner", "technician", "lead", "changemanager", "oncall", "supplier", "commissioner", "board", "admin",
)  # fmt: skip
"""Those of cmdb.models.Role, whose module needs settings; a test holds them together."""


def read_roles(name: str) -> list[str]:
    """Roles, comma separated."""
    words = [word.lower() for word in read_words(name)]
    for word in words:
        if word not in ROLES:
            raise ImproperlyConfigured(
                f"{name} holds {word!r}, which is no role: set {name} to some of {', '.join(ROLES)}."
            )
    return words


def read_choice(name: str, choices: Sequence[str], default: str) -> str:
    """One of some words, in whatever case."""
    word = env.str(name, default).upper()
    if word not in choices:
        raise ImproperlyConfigured(f"{name} is {word!r}: set {name} to one of {', '.join(choices)}.")
    return word


def read_origin(name: str, text: str, *, path: bool = False) -> str:
    """An address of a site, `https://name` or with a port; with `path` it may go on. No slash at its end."""
    parts = urlsplit(text)
    try:
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        good = False
    if (
        not good
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
        or (parts.path.strip("/") and not path)
    ):
        raise ImproperlyConfigured(
            f"{name} holds {text!r}: set {name} to an address like https://desk.example.no"
        )
    return text.rstrip("/")


def trial_origin(var: Path) -> str:
    """Where a trial run's pages are: as `serve` wrote it down, whatever process asks."""
    try:
        return (var / "origin").read_text().strip() or "http://127.0.0.1:8000"
    except OSError:
        return "http://127.0.0.1:8000"


def read_sender(name: str, default: str) -> str:
    """A mail address, with or without a name before it."""
    text = env.str(name, default)
    if "@" not in parseaddr(text)[1].strip("@") or any(letter in text for letter in "\r\n"):
        raise ImproperlyConfigured(
            f"{name} is {text!r}: set {name} to a mail address like Samdrift <samdrift@example.no>"
        )
    return text


def read_providers(name: str) -> list[dict[str, Any]]:
    """Municipalities' identity providers, as allauth takes them."""
    given = env.json(name, default=[])
    if not given:
        return []
    from servicedesk.project.providers import read

    return read(name, given)


def read_certificates(name: str) -> str:
    """The path of a file with certificates that are believed beside nobody else's (PEM); "" for the system's own."""
    path = env.str(name)
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except (OSError, ValueError) as error:
            raise ImproperlyConfigured(
                f"{name} cannot be used ({type(error).__name__}): set {name} to a file of certificates in PEM form."
            ) from error
    return path


def read_day(name: str) -> date | None:
    """A day, 2026-11-01."""
    text = env.str(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ImproperlyConfigured(f"{name} is no day: set {name} to one like 2026-11-01.") from None


def required(name: str, what: str) -> str:
    """A value that production does not run without; `what` ends the refusal: "set NAME to ..."."""
    value = env.str(name)
    if not value.strip(", "):
        raise ImproperlyConfigured(f"SAMDRIFT_ENV is production and {name} is missing: set {name} to {what}.")
    return value


def secret_key(stage: Stage, var: Path) -> str:
    """The key that signs sessions and tokens. In production at least 50 characters, given by the operator."""
    if stage is not Stage.PRODUCTION:
        return env.str("SAMDRIFT_SECRET_KEY") or kept_secret(
            var, "secret_key", lambda: secrets.token_urlsafe(60)
        )
    key = required(
        "SAMDRIFT_SECRET_KEY",
        "a random text of at least 50 characters (python3 -c 'import secrets; print(secrets.token_urlsafe(60))')",
    )
    if len(key) < 50 or len(set(key)) < 5:
        raise ImproperlyConfigured(
            "SAMDRIFT_SECRET_KEY is too simple to be safe: set SAMDRIFT_SECRET_KEY to at least 50 random characters."
        )
    return key


def encryption_keys(stage: Stage, var: Path) -> list[str]:
    """Fernet keys for secrets at rest, newest first: the first encrypts, all decrypt."""
    what = "one or more keys, newest first, comma separated (manage.py encryption_key prints a new one)"
    if stage is Stage.PRODUCTION:
        required("SAMDRIFT_ENCRYPTION_KEYS", what)
    keys = read_words("SAMDRIFT_ENCRYPTION_KEYS") or kept_secret(
        var, "encryption_key", new_encryption_key
    ).split(",")  # several after a restore: those of the backup, and the one that was in use
    for number, key in enumerate(keys, start=1):
        if not is_encryption_key(key):
            raise ImproperlyConfigured(
                f"Key {number} of SAMDRIFT_ENCRYPTION_KEYS is no Fernet key: set SAMDRIFT_ENCRYPTION_KEYS to {what}."
            )
    return keys


def allowed_hosts(stage: Stage) -> list[str]:
    """Host names that the site answers to; "*" is refused in production."""
    if stage is not Stage.PRODUCTION:
        return read_words("SAMDRIFT_ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
    required("SAMDRIFT_ALLOWED_HOSTS", "the site's host names, comma separated")
    hosts = read_words("SAMDRIFT_ALLOWED_HOSTS")
    if "*" in hosts:
        raise ImproperlyConfigured(
            'SAMDRIFT_ALLOWED_HOSTS holds "*", which trusts every name: set SAMDRIFT_ALLOWED_HOSTS to the site\'s own host names.'
        )
    return hosts


def new_encryption_key() -> str:
    """A new Fernet key: 32 random bytes, URL-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def is_encryption_key(key: str) -> bool:
    """Whether `key` is 32 bytes in URL-safe base64."""
    try:
        return len(base64.urlsafe_b64decode(key.encode())) == 32
    except ValueError:
        return False


def kept_secret(var: Path, name: str, make: Callable[[], str]) -> str:
    """The text in var/secrets/NAME, made once. Two processes that start together agree on one: the link is made only if absent."""
    folder = var / "secrets"
    path = folder / name
    if not path.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=folder)  # mode 0600
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)
    return path.read_text().strip()
