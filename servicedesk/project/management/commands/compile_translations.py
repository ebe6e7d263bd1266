"""`manage.py compile_translations`: .po to .mo without gettext's programs, which a fresh machine lacks."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand


def compile_all() -> list[Path]:
    """Compile every catalogue of ours that is newer than its result; returns what was written."""
    written = []
    for folder in settings.LOCALE_PATHS:
        for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                continue
            import polib

            draft = target.with_suffix(f".{os.getpid()}.new")
            polib.pofile(str(source)).save_as_mofile(str(draft))
            draft.rename(target)  # two test runs at once: nobody reads half a catalogue
            written.append(target)
    return written


class Command(BaseCommand):
    """Compile what changed."""

    help = "Compile the translations that changed."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Says what was written."""
        try:
            written = compile_all()
        except OSError as error:
            raise CommandError(
                f"{error.filename} cannot be written ({error.strerror}): run make setup as the account that owns the sources."
            ) from error
        for path in written:
            self.stdout.write(str(path))
