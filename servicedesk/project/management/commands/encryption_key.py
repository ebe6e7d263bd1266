"""`manage.py encryption_key`: a new key for SAMDRIFT_ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from servicedesk.project.env import new_encryption_key


class Command(BaseCommand):
    """Print one new key."""

    help = "Print a new key for SAMDRIFT_ENCRYPTION_KEYS: put it in front of the ones in use."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """To standard output, nowhere else."""
        self.stdout.write(new_encryption_key())
