"""SAMDRIFT_ENV_FILE: the settings in a file of the form that systemd's EnvironmentFile= has, read by the program itself.

So commands see what the units see, whatever quotes, blanks and signs a value holds, and no secret stands on a command line.
Nothing is expanded. A variable that is in the environment already counts more than the file.
"""

import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

NAME = "SAMDRIFT_ENV_FILE"
_SKIP = re.compile(r"[ \t\r]*(?:[#;][^\n]*)?(?:\n|\Z)")
_KEY = re.compile(r"[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=")
_BLANKS = re.compile(r"[ \t\r]*")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_PLAIN = re.compile(r"((?:\\.|[^\\\n])*)(?:\n|\Z)", re.DOTALL)


def load() -> None:
    """Put what the file says into the environment; nothing where no file is named."""
    name = os.environ.get(NAME, "").strip()
    if not name:
        return
    try:
        text = Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise ImproperlyConfigured(
            f"{NAME} names {name}, which cannot be read ({error.strerror}): set {NAME} to a file that this account may read."
        ) from error
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(
            f"{name} is no text in UTF-8: set {NAME} to a file of lines NAME=value."
        ) from error
    for key, value in parse(text, name).items():
        os.environ.setdefault(key, value)


def parse(text: str, name: str = "the file") -> dict[str, str]:
    """The assignments; the last one of a variable counts. A line that is none is refused, without what it holds."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        if skipped := _SKIP.match(text, at):
            at = skipped.end()
            continue
        key = _KEY.match(text, at)
        read = _value(text, key.end()) if key else None
        if key is None or read is None:
            line = text.count("\n", 0, at) + 1
            raise ImproperlyConfigured(
                f"Line {line} of {name} is no NAME=value with its quotes closed: set {NAME} to a file of such lines."
            )
        found[key[1]], at = read
    return found


def _value(text: str, at: int) -> tuple[str, int] | None:
    """The value that begins here and where it ends: quoted pieces, then what is left of the line as it is."""
    pieces = ""
    while True:
        at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
        if single := _SINGLE.match(text, at):
            pieces, at = pieces + single[1], single.end()
        elif double := _DOUBLE.match(text, at):
            pieces, at = pieces + re.sub(r"\\([\"\\`$]|\n)", _unescaped, double[1]), double.end()
        elif text[at : at + 1] in ("'", '"'):
            return None
        else:
            plain = _PLAIN.match(text, at)
            if plain is None:
                return None
            rest = re.sub(r"\\(.|\n)", _unescaped, plain[1].rstrip(" \t\r"))
            return pieces + rest, plain.end()


def _unescaped(match: re.Match[str]) -> str:
    """The sign after a backslash; a line that ends in one goes on in the next."""
    return "" if match[1] == "\n" else match[1]
