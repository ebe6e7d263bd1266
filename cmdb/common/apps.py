"""The app of shared building blocks: no tables, no domain words."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    """Label ``common``; brings templates, static files and the checks of tables and keys."""

    name = "cmdb.common"
    label = "common"
    verbose_name = "Shared building blocks"

    def ready(self) -> None:
        """Register the system checks."""
        from cmdb.common import checks  # noqa: F401
