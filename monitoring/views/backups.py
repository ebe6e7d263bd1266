"""A fetched configuration: the difference to the one before, and the text without its secrets."""

from __future__ import annotations

from typing import Any

from cmdb.common.crud import DetailView
from monitoring import auditing, backups
from monitoring.models import BackupResult, ConfigBackup

SIGNS = {"+": "ins", "-": "del", "@": "hunk"}


class BackupDetail(DetailView):
    """Lines of the difference carry their sign as a word too, so that colour is not all that tells."""

    def context(self, obj: ConfigBackup) -> dict[str, Any]:
        """The text comes from the row itself, or from the last one that holds it."""
        holder: ConfigBackup | None = obj
        if obj.result == BackupResult.UNCHANGED:
            older = ConfigBackup.objects.filter(
                target=obj.target_id, result=BackupResult.CHANGED, taken_at__lte=obj.taken_at
            )
            holder = older.order_by("-taken_at", "-pk").first()
        lines = backups.difference(obj)
        auditing.configuration_shown(obj)
        return super().context(obj) | {
            "lines": [
                (SIGNS.get(line[:1], ""), line) for line in lines if not line.startswith(("---", "+++"))
            ],
            "only_secrets": obj.result == BackupResult.CHANGED
            and not lines
            and bool(obj.lines_added or obj.lines_removed),
            "text": backups.shown(holder) if holder is not None and obj.result != BackupResult.FAILED else "",
        }
