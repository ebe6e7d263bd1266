"""System checks of the wiring (ids `samdrift.…`); the ones on secrets are refusals in env.py already."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security)
def production_is_safe(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """What must not be so in production."""
    found: list[checks.CheckMessage] = []
    if not settings.PRODUCTION:
        return found
    if settings.DEBUG:
        found.append(
            checks.Error(
                "SAMDRIFT_DEBUG is on in production: error pages would show the inside.",
                hint="Unset it.",
                id="samdrift.E002",
            )
        )
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        found.append(
            checks.Warning(
                "No mail server is set, mail lies in the var folder.",
                hint="Set SAMDRIFT_EMAIL_URL, e.g. smtp+tls://user:password@mail.example:587",
                id="samdrift.W001",
            )
        )
    if not settings.SAMDRIFT_METRICS_TOKEN:
        found.append(
            checks.Warning(
                "/metrics answers to everybody who reaches it: counts of tickets, targets and alerts.",
                hint="Set SAMDRIFT_METRICS_TOKEN, or keep the path inside at the proxy.",
                id="samdrift.W003",
            )
        )
    return found


@checks.register()
def folders_are_writable(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """The var folder must take files from this account."""
    if os.access(settings.VAR, os.W_OK | os.X_OK):
        return []
    return [
        checks.Error(
            f"This account may not write to {settings.VAR}.",
            hint="Give it the folder, or set SAMDRIFT_VAR to another.",
            id="samdrift.E003",
        )
    ]


@checks.register()
def one_broker_per_machine(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """The file system broker serves one machine; a network drive below it loses messages."""
    if not settings.CELERY_BROKER_URL.startswith("filesystem:") or not _is_network_drive(settings.VAR):
        return []
    return [
        checks.Warning(
            f"{settings.VAR} lies on a network drive and holds the message queue.",
            hint="Set CELERY_BROKER_URL to a Redis, Valkey or RabbitMQ server.",
            id="samdrift.W002",
        )
    ]


def _is_network_drive(path: Path) -> bool:
    """Whether the file system that holds `path` is a remote one, by /proc/mounts."""
    best, kind = "", ""
    try:
        mounts = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return False
    for line in mounts:
        _, point, found, *_ = line.split(" ")
        if len(point) >= len(best) and path.is_relative_to(point):
            best, kind = point, found
    return kind in {"nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "fuse.sshfs"}
