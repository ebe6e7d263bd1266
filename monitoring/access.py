"""Who works with monitoring. The others see states through panels on pages that they may read anyway."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from monitoring.models.targets import READERS

if TYPE_CHECKING:
    from collections.abc import Callable

WRITERS = ("technician", "lead", "admin")
"""Who makes and changes targets, in their organisations."""
KEEPERS = ("lead", "admin")
"""Who makes and changes credentials."""


def for_readers(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Signed in and working here, or the sign-in page, or 403. Rows stay narrowed by the view itself."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.access.has(*READERS):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


__all__ = ["KEEPERS", "READERS", "WRITERS", "for_readers"]
