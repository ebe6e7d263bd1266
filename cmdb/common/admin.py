"""Django's administration over rows that history names: it asks the same questions as the pages before it deletes."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cmdb.common.archive import held, is_archived

ARCHIVE_FIELDS = ("archived_at", "archived_by", "archived_because")


class KeptAdmin(admin.ModelAdmin):
    """What is held is listed as protected, for one row and for many; an archived row is read only."""

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """With what the model itself says against it."""
        rows = list(objs)
        to_delete, counts, missing, protected = super().get_deleted_objects(rows, request)
        for row in rows:
            protected += [f"{row}: {reason}" for reason in held(row)]
        return to_delete, counts, missing, protected

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes what is archived; it is taken back on its page."""
        return not is_archived(obj) and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """When, by whom and why it was archived is shown."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return (*fields, *ARCHIVE_FIELDS) if is_archived(obj) else fields
