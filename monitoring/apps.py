from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = _("monitoring")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What the audit log hears of by itself."""
        from monitoring import auditing  # noqa: F401
