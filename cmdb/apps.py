from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CmdbConfig(AppConfig):
    name = "cmdb"
    verbose_name = _("register")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What the audit log hears of by itself."""
        from cmdb import auditing  # noqa: F401
