"""GET /targets and GET /alerts of the API; the wiring hangs the router below /api/v1/."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Router, Schema, Status

from cmdb.common.api import ArchiveIn, list_parameters, listing, page_of
from cmdb.common.crud import archive, delete, restore
from monitoring import live
from monitoring.access import READERS
from monitoring.filters import AlertFilter, TargetFilter
from monitoring.models import Alert, Target
from monitoring.pages import TARGET

router = Router(tags=["monitoring"])

TARGET_ORDER = {
    "name": "sort_name",
    "state_since": "state_since",
    "last_polled_at": "last_polled_at",
    "id": "pk",
}
ALERT_ORDER = {"opened_at": "opened_at", "id": "pk"}


class TargetOut(Schema):
    """One target; never a secret."""

    id: int
    name: str
    organisation: str
    item: int | None
    check: str
    address: str
    port: int
    enabled: bool
    profile: str
    state: str
    state_since: datetime
    shadowed_by: int | None
    parent: int | None
    interval_seconds: int
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    last_error: str
    rtt_ms: float | None
    uptime_seconds: int | None
    archived_at: datetime | None


class AlertOut(Schema):
    """One alert; open while `closed_at` is null."""

    id: int
    target: int
    target_name: str
    item: int | None
    organisation: str
    kind: str
    severity: str
    text: str
    mute: str
    opened_at: datetime
    closed_at: datetime | None
    closed_because: str
    occurrences: int
    shadowed_count: int


def _works(request: HttpRequest) -> Any:
    user: Any = request.user
    if not user.access.has(*READERS):
        raise PermissionDenied
    return user


def _target(target: Target) -> dict[str, Any]:
    return {
        "id": target.pk,
        "name": target.name,
        "organisation": target.organisation.slug,
        "item": target.item_id,
        "check": target.check_kind,
        "address": target.address,
        "port": target.port,
        "enabled": target.is_enabled,
        "profile": target.profile,
        "state": live.state_of(target),
        "state_since": target.state_since,
        "shadowed_by": target.shadowed_by_id,
        "parent": target.parent_id,
        "interval_seconds": target.interval,
        "last_polled_at": target.last_polled_at,
        "last_ok_at": target.last_ok_at,
        "last_error": target.last_error,
        "rtt_ms": target.rtt_ms,
        "uptime_seconds": target.uptime_seconds,
        "archived_at": target.archived_at,
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.pk,
        "target": alert.target_id,
        "target_name": alert.target.name,
        "item": alert.item_id,
        "organisation": alert.organisation.slug,
        "kind": alert.kind,
        "severity": alert.severity,
        "text": alert.text,
        "mute": alert.mute,
        "opened_at": alert.opened_at,
        "closed_at": alert.closed_at,
        "closed_because": alert.closed_because,
        "occurrences": alert.occurrences,
        "shadowed_count": alert.shadowed_count,
    }


@router.get(
    "/targets",
    response=page_of(TargetOut),
    openapi_extra=list_parameters(TargetFilter, TARGET_ORDER),
    summary="Targets",
)
def targets(request: HttpRequest) -> dict[str, Any]:
    """What is asked, with its state now (up, degraded, down, shadow, unknown). For those who work in monitoring."""
    rows = Target.objects.visible_to(_works(request)).select_related("organisation")
    return listing(request, rows, TargetFilter, order=TARGET_ORDER, default="name", serialize=_target)


@router.delete("/targets/{int:key}", response={204: None}, summary="Delete a target")
def target_delete(request: HttpRequest, key: int) -> Status[None]:
    """Only one that measured nothing yet; 409 with `reasons` for any other: archive that instead."""
    delete(TARGET, _works(request), key)
    return Status(204, None)


@router.post("/targets/{int:key}/archive", response=TargetOut, summary="Archive a target")
def target_archive(request: HttpRequest, key: int, payload: ArchiveIn) -> dict[str, Any]:
    """It is asked no more, and its open alert is closed; what it measured stays in every month."""
    return _target(archive(TARGET, _works(request), key, payload.because))


@router.post("/targets/{int:key}/restore", response=TargetOut, summary="Take a target back")
def target_restore(request: HttpRequest, key: int) -> dict[str, Any]:
    """It is asked again."""
    return _target(restore(TARGET, _works(request), key))


@router.get(
    "/alerts",
    response=page_of(AlertOut),
    openapi_extra=list_parameters(AlertFilter, ALERT_ORDER),
    summary="Alerts",
)
def alerts(request: HttpRequest) -> dict[str, Any]:
    """Alerts, the newest first; `open=true` for those that still need somebody."""
    rows = Alert.objects.visible_to(_works(request)).select_related("organisation", "target")
    return listing(request, rows, AlertFilter, order=ALERT_ORDER, default="-opened_at", serialize=_alert)
