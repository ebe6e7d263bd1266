"""`manage.py check_translations`: is every text of the product in every catalogue, filled, sure, placeholders kept?"""

import contextlib
import re
import shutil
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from servicedesk.project.env import BASE_DIR

FLOORS = ("cmdb", "monitoring", "sla", "servicedesk")
_PLACEHOLDER = re.compile(r"%\((\w+)\)|(?<![%{])\{(\w+)\}")


def faults(catalogue: Path) -> list[str]:
    """What is wrong in one .po file; paths are told from the project's root."""
    name = catalogue.relative_to(BASE_DIR)
    if not catalogue.exists():
        return [f"{name} is missing"]
    return [
        f"{name}:{entry.linenum} {fault}: {entry.msgid!r}"
        for entry in polib.pofile(str(catalogue))
        if not entry.obsolete and (fault := _fault(entry))
    ]


def _fault(entry: polib.POEntry) -> str:
    translations = list(entry.msgstr_plural.values()) or [entry.msgstr]
    if entry.fuzzy:
        return "is unsure (fuzzy)"
    if not all(translations):
        return "is empty"
    wanted = placeholders(entry.msgid) | placeholders(entry.msgid_plural)
    for text in translations:
        # One of several plural forms may do without the number ("one ticket"), a single text may not.
        if not placeholders(text) <= wanted or (len(translations) == 1 and placeholders(text) != wanted):
            return "has other placeholders than its text"
    return ""


def placeholders(text: str) -> set[str]:
    """The names in %(name)s and {name}."""
    return {first or second for first, second in _PLACEHOLDER.findall(text)}


def texts(catalogue: Path) -> set[tuple[str, str]]:
    """(context, text) of every living entry."""
    if not catalogue.exists():
        return set()
    return {
        (entry.msgctxt or "", entry.msgid) for entry in polib.pofile(str(catalogue)) if not entry.obsolete
    }


def texts_in_code(floor: str) -> set[tuple[str, str]]:
    """(context, text) of everything on a floor that is marked for translation. Works on a copy; needs xgettext."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / floor
        shutil.copytree(BASE_DIR / floor, copy, ignore=shutil.ignore_patterns("*.po", "*.mo", "__pycache__"))
        (copy / "locale").mkdir(exist_ok=True)
        with contextlib.chdir(copy):
            call_command("makemessages", locale=["nb"], verbosity=0, stdout=StringIO())
        return texts(copy / "locale" / "nb" / "LC_MESSAGES" / "django.po")


class Command(BaseCommand):
    """Non-zero with a list of what is wrong."""

    help = "Check that every text is in every catalogue, filled and sure, with its placeholders."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """All floors, all languages."""
        found: list[str] = []
        extract = shutil.which("xgettext") is not None
        for floor in FLOORS:
            wanted = texts_in_code(floor) if extract else set()
            for language, _name in settings.LANGUAGES:
                catalogue = BASE_DIR / floor / "locale" / language / "LC_MESSAGES" / "django.po"
                found += faults(catalogue)
                found += [
                    f"{floor} {language}: not in the catalogue: {text!r}"
                    for _c, text in sorted(wanted - texts(catalogue))
                ]
        if not extract:
            self.stdout.write("gettext is not installed: what the code says anew was not looked for.")
        for line in found:
            self.stderr.write(line)
        if found:
            raise CommandError(
                f"{len(found)} faults in the translations: run make messages, then fill what is empty."
            )
        self.stdout.write("Translations are complete.")
