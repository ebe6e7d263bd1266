"""The wiring as an app: no tables, but commands, checks and the last word over templates and static files."""

import os
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks as system_checks
from django.utils.translation import gettext_lazy as _


class ProjectConfig(AppConfig):
    """Label ``project``; the top of the tower, so nobody imports it."""

    name = "servicedesk.project"
    label = "project"
    verbose_name = _("Samdrift")

    def ready(self) -> None:
        """Register the system checks, and the Celery app that tasks bind to.

        The processes of the pages do without Celery (10 MB each): pages write rows, and beat's sweeps find them.
        """
        from servicedesk.project import auditing, checks, guesses  # noqa: F401

        if os.environ.get("SAMDRIFT_PART") != "web":
            from servicedesk.project.celery import app  # noqa: F401


class AdministrationConfig(SimpleAdminConfig):
    """Django's administration, whose classes are looked for when somebody opens it (or checks the system)."""

    def ready(self) -> None:
        """The stock checks; the classes must be there before they are judged."""
        system_checks.register(check_dependencies, system_checks.Tags.admin)
        system_checks.register(check_administration, system_checks.Tags.admin)


def check_administration(**options: Any) -> Sequence[system_checks.CheckMessage]:
    """Every registered class of the administration."""
    from servicedesk.project import administration  # noqa: F401

    return check_admin_app(**options)
