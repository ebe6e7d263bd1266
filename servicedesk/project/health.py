"""/healthz, /readyz and /metrics: answered before sessions, languages and host names, for probes that know only an address."""

import hmac
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from servicedesk.project import heartbeat

BEAT_LATE = 60.0  # seconds; the heartbeat is due every 10
POLLER_LATE = 120.0  # seconds beyond a target's due time

Finding = dict[str, Any]


class ProbeMiddleware:
    """First in the row, so that a load balancer that names no known host still gets an answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.views = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = self.views.get(request.path_info)
        if view is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = view(request)
        response.headers["Cache-Control"] = "no-store"
        vars(response)["_has_been_logged"] = True  # else Django logs every 503 as an error
        return response


def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when database, broker, beat and pollers work, else 503; the body says what was found."""
    found = {name: _guarded(check) for name, check in CHECKS.items()}
    ready = all(finding["ok"] for finding in found.values())
    return JsonResponse({"ready": ready, "checks": found}, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format. With SAMDRIFT_METRICS_TOKEN set, only for who bears it."""
    token = settings.SAMDRIFT_METRICS_TOKEN
    if token and not hmac.compare_digest(
        request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()
    ):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    from servicedesk.project.figures import registry

    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)


def check_database() -> Finding:
    """The database answers a question."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return {"ok": True}


def check_broker() -> Finding:
    """Messages can be left: the folder takes files, or the broker takes a connection within 2 s."""
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        folder: Path = settings.QUEUE_FOLDER / "messages"
        return {"ok": folder.is_dir() and os.access(folder, os.W_OK), "waiting": waiting_messages(folder)}
    from servicedesk.project.celery import app

    with app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
    return {"ok": True}


def check_beat() -> Finding:
    """A worker handled beat's last heartbeat not long ago (on this machine, see SAMDRIFT_BEAT_HERE)."""
    age = heartbeat.age()
    if not settings.SAMDRIFT_BEAT_HERE:
        return {"ok": True, "age_seconds": None}
    return {"ok": age is not None and age <= BEAT_LATE, "age_seconds": None if age is None else round(age, 1)}


def check_poller() -> Finding:
    """No target waits for its round much longer than it should."""
    from servicedesk.project.figures import poller_lateness

    late = poller_lateness()
    return {"ok": late <= POLLER_LATE, "late_seconds": round(late, 1)}


CHECKS: dict[str, Callable[[], Finding]] = {
    "database": check_database,
    "broker": check_broker,
    "beat": check_beat,
    "poller": check_poller,
}


def waiting_messages(folder: Path) -> int:
    """Messages of all queues that nobody took yet, in the file system broker's folder."""
    with suppress(FileNotFoundError):
        return sum(name.endswith(".msg") and name[0] != "." for name in os.listdir(folder))
    return 0


def _guarded(check: Callable[[], Finding]) -> Finding:
    """A check that fails is a finding. Only the kind of error is told: messages may hold addresses."""
    try:
        return check()
    except Exception as error:  # any failure at all means: not ready
        connection.close()
        return {"ok": False, "error": type(error).__name__}
