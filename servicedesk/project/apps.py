"""The wiring as an app: no tables, but commands, checks and the last word over templates and static files."""

import os

from django.apps import AppConfig
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
        from servicedesk.project import checks  # noqa: F401

        if os.environ.get("SAMDRIFT_PART") != "web":
            from servicedesk.project.celery import app  # noqa: F401
