"""What the asked process itself needs: its database with all tables, the broker, room on the disk, pages that render."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

LEAST_FREE = (
    64 * 1024 * 1024
)  # bytes below SAMDRIFT_VAR; less, and attachments, mail and queue are about to fail
PAGE = "/accounts/login/"  # asks templates, static names, translations, sessions, and nobody's rights

STYLE = "samdrift/css/base.css"

Finding = dict[str, Any]
Answer = Callable[[HttpRequest], HttpResponseBase]


def check_database() -> Finding:
    """The database answers a question."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return {"ok": True}


def check_migrations() -> Finding:
    """Every migration of this release was applied."""
    with connection.cursor() as cursor:
        cursor.execute("select app, name from django_migrations")
        missing = known_migrations() - set(cursor.fetchall())
    return {"ok": not missing, "missing": len(missing)}


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """(app, name) of what lies in the folders; reading their names is enough, importing them takes memory."""
    found = set()
    for config in apps.get_app_configs():
        folder = Path(config.path) / "migrations"
        found |= {(config.label, path.stem) for path in folder.glob("[0-9]*.py")}
    return frozenset(found)


def check_broker() -> Finding:
    """Messages can be left: the folder takes files, or the broker takes a connection within 2 s."""
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        folder: Path = settings.QUEUE_FOLDER / "messages"
        return {"ok": folder.is_dir() and os.access(folder, os.W_OK), "waiting": waiting_messages(folder)}
    from servicedesk.project.celery import app

    with app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
    return {"ok": True}


def waiting_messages(folder: Path) -> int:
    """Messages of all queues that nobody took yet, in the file system broker's folder."""
    with suppress(FileNotFoundError):
        return sum(name.endswith(".msg") and name[0] != "." for name in os.listdir(folder))
    return 0


def check_disk() -> Finding:
    """There is room for what people attach and for what is queued."""
    free = shutil.disk_usage(settings.VAR).free
    return {"ok": free >= LEAST_FREE, "free_bytes": free}


def check_pages(answer: Answer) -> Finding:
    """The sign-in page comes whole through everything that a visitor's request goes through, with its style sheet.

    `answer`: the rest of the middlewares, and the site behind them.
    """
    from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage

    if isinstance(staticfiles_storage, ManifestStaticFilesStorage) and not staticfiles_storage.exists(
        staticfiles_storage.stored_name(STYLE)  # ValueError where it was not collected
    ):
        return {"ok": False, "status": None}
    response = answer(_visit())
    return {"ok": response.status_code == 200, "status": response.status_code}


def _visit() -> HttpRequest:
    """A request as a browser beside the proxy would send it."""
    from io import BytesIO

    from django.core.handlers.wsgi import WSGIRequest

    host = next((name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"), "localhost")
    scheme = "https" if getattr(settings, "SECURE_SSL_REDIRECT", False) else "http"
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": PAGE,
        "SERVER_NAME": host,
        "SERVER_PORT": "443" if scheme == "https" else "80",
        "HTTP_HOST": host,
        "HTTP_X_FORWARDED_PROTO": scheme,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(),
    }
    return WSGIRequest(environ)
