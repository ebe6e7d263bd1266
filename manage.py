#!/usr/bin/env python3
"""Samdrift's commands. `manage.py serve` runs everything on one machine."""

import os
import sys

#: Commands that ask no database, or (serve) start their own. Everything else gets the private cluster where no
#: DATABASE_URL is set: the supervisor's if one lives, else one for the command's own time.
WITHOUT_DATABASE = frozenset(
    {
        *(
            "serve",
            "sla_clock",
            "sla_availability",
            "encryption_key",
            "collectstatic",
            "check",
            "compilemessages",
            "compile_translations",
        ),
        *("makemessages", "help", "version", "--help", "-h", "--version", "diffsettings", "findstatic"),
    }
)


def needs_database(arguments: list[str]) -> bool:
    """Whether this command needs the private cluster from us. Below `serve` and in the test suite it stands already."""
    if len(arguments) < 2 or arguments[1] in WITHOUT_DATABASE or "--help" in arguments:
        return False
    return not any(
        os.environ.get(name) for name in ("DATABASE_URL", "SAMDRIFT_SUPERVISED", "SAMDRIFT_TEST_SOCKET")
    )


def run(arguments: list[str]) -> None:
    """Run one command, with a database beneath it where it needs one."""
    from django.core.management import execute_from_command_line

    if (
        len(arguments) < 2
        or arguments[1] in WITHOUT_DATABASE
        or "--help" in arguments
        or os.environ.get("DATABASE_URL")
    ):
        execute_from_command_line(arguments)
        return
    from servicedesk.project.embedded import EmbeddedError, ensure_database
    from servicedesk.project.env import read_var

    try:
        with ensure_database(read_var()):
            execute_from_command_line(arguments)
    except EmbeddedError as error:
        sys.exit(str(error))


def main() -> None:
    """Wrong settings end in their one sentence, not in a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicedesk.project.settings")
    from django.core.exceptions import ImproperlyConfigured

    from servicedesk.project import envfile

    try:
        envfile.load()
        run(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
