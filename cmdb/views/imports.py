"""Import of a spreadsheet: send it, see what would become of every row, then confirm."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import IO, Any, Final

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from cmdb import attributes
from cmdb.access import REGISTER_WRITERS
from cmdb.intake.columns import FIELDS, label
from cmdb.intake.reading import FileRefusedError
from cmdb.intake.spreadsheets import CHANGED, NEW, REFUSED, SAME, Plan, import_items

MAX_ROWS: Final = 5_000
SHOWN: Final = 500
FOLDER: Final = "imports"
KEPT: Final = timedelta(days=1)


class ImportView(LoginRequiredMixin, View):
    """The two steps on one address. The file waits in the store between them, known to the sender's session only."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Those who may write in some register."""
        user: Any = request.user
        if user.is_authenticated and not user.access.has(*REGISTER_WRITERS):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        """A file to preview, or a token to carry out."""
        return self._confirm(request) if "token" in request.POST else self._preview(request)

    def _preview(self, request: HttpRequest) -> HttpResponse:
        file = request.FILES.get("file")
        if file is None:
            return self._page(request, problem=_("Choose a file first."), status=422)
        name = re.sub(r"[^\w. ()-]", "_", file.name or "file")[-100:]
        try:
            plan = import_items(
                _bytes(file),
                name,
                user=request.user,
                dry_run=True,
                max_rows=MAX_ROWS,
            )
        except FileRefusedError as error:
            return self._page(request, problem=str(error), status=422)
        file.seek(0)
        token = secrets.token_urlsafe(16)
        _sweep()
        default_storage.save(f"{FOLDER}/{token}", file)
        request.session["cmdb_import"] = {"token": token, "name": name}
        return self._page(request, plan=plan, token=token)

    def _confirm(self, request: HttpRequest) -> HttpResponse:
        waiting = request.session.pop("cmdb_import", None) or {}
        path = f"{FOLDER}/{waiting.get('token')}"
        if waiting.get("token") != request.POST["token"] or not default_storage.exists(path):
            return self._page(request, problem=_("The file no longer waits here. Send it again."), status=409)
        try:
            with default_storage.open(path) as file:
                plan = import_items(_bytes(file), waiting["name"], user=request.user, max_rows=MAX_ROWS)
        except FileRefusedError as error:
            return self._page(request, problem=str(error), status=422)
        finally:
            default_storage.delete(path)
        counts = plan.counts
        messages.success(
            request,
            _("%(new)d items made, %(changed)d changed, %(same)d as before, %(refused)d refused.") % counts,
        )
        return HttpResponseRedirect(reverse("cmdb:item_list"))

    def _page(
        self,
        request: HttpRequest,
        *,
        plan: Plan | None = None,
        token: str = "",
        problem: str = "",
        status: int = 200,
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "plan": plan,
            "token": token,
            "problem": problem,
            "max_rows": MAX_ROWS,
            "breadcrumbs": [(_("Register"), reverse("cmdb:start")), (_("Import"), reverse("cmdb:import"))],
        }
        if plan is None:
            context["columns"] = [(n, label(n)) for n in FIELDS]
            context["extra"] = _extra()
        else:
            order = {REFUSED: 0, NEW: 1, CHANGED: 2, SAME: 3}
            context["rows"] = sorted(plan.rows, key=lambda row: (order[row.verb], row.number))[:SHOWN]
            context["hidden"] = max(0, len(plan.rows) - SHOWN)
            context["useful"] = plan.counts[NEW] + plan.counts[CHANGED]
        return render(request, "cmdb/import.html", context, status=status)


def _bytes(file: Any) -> IO[bytes]:
    """The plain file behind Django's wrapper."""
    plain: IO[bytes] = file.file
    return plain


def _extra() -> list[tuple[str, str]]:
    """(name, label) of every attribute of a class."""
    entries = {e["name"]: e for some in attributes.definitions_by_class().values() for e in some}
    return [(name, attributes.label(entry)) for name, entry in sorted(entries.items())]


def _sweep() -> None:
    """Files that nobody confirmed go after a day."""
    if not default_storage.exists(FOLDER):
        return
    for name in default_storage.listdir(FOLDER)[1]:
        path = f"{FOLDER}/{name}"
        if timezone.now() - default_storage.get_modified_time(path) > KEPT:
            default_storage.delete(path)
