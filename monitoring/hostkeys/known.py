"""Which host keys are known, what devices show, and what people decide about it. A changed key is a problem of its target:
told at each session that meets it, over when the key is accepted or forgotten, the old one is back or nobody asks there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from cmdb import audit
from cmdb.models import AuditKind
from monitoring import events
from monitoring.hostkeys.keys import CHANGED, Key
from monitoring.models import HostKey, Severity, Target

KIND = "host_key"


class MovedOnError(Exception):
    """Other keys are known or shown by now than those that somebody looked at."""


# --- what sessions need


def keys_of(targets: Iterable[Target]) -> dict[int, Key]:
    """The known keys by target, each at the target's address and port of now. One statement."""
    rows = list(targets)
    found = {
        (one.target_id, one.address, one.port): one.known
        for one in HostKey.objects.filter(target__in=[row.pk for row in rows])
    }
    keys = {row.pk: found.get((row.pk, row.address, row.ssh_port)) for row in rows}
    return {pk: key for pk, key in keys.items() if key is not None}


def record(target: Target, shown: Key, at: datetime) -> bool:
    """Remember what a session with `target` (as it was then) was shown; whether that is the known key.

    The first one is kept. Of two sessions that met different keys at first use one is first; the other's has changed.
    """
    with transaction.atomic():
        place = {"target": target, "address": target.address, "port": target.ssh_port}
        rows = HostKey.objects.select_for_update(of=("self",), no_key=True).filter(**place)
        row = rows.first()
        if row is None:
            first = HostKey(known_since=at, **place)
            first.known = shown
            HostKey.objects.bulk_create([first], ignore_conflicts=True)
            row = rows.get()
        if row.known is None:
            row.known, row.known_since = shown, at
            row.save()
        elif row.known == shown:
            if row.is_changed:
                _end(row, target, "it shows the known host key again", at)
        else:
            if row.offered != shown:
                row.offered, row.offered_at = shown, at
                row.save()
            _begin(row, target, at)
        return row.known == shown


# --- what people decide


def of_target(target: Target) -> HostKey | None:
    """The row of the target's address and port of now."""
    return HostKey.objects.filter(target=target, address=target.address, port=target.ssh_port).first()


def accept(target: Target, offered: str) -> None:
    """Let the new key in, whose fingerprint somebody has looked at. Twice is once. :raises MovedOnError:"""
    with transaction.atomic():
        row = _locked(target)
        if not row.is_changed and row.fingerprint == offered:
            return
        if not row.is_changed or row.offered_fingerprint != offered:
            raise MovedOnError
        now = timezone.now()
        row.known, row.known_since = row.offered, now
        audit.record(AuditKind.HOST_KEY_ACCEPTED, target, detail={"fingerprint": offered})
        _end(row, target, "the new host key was accepted", now)


def forget(target: Target, known: str, offered: str) -> None:
    """Keep whichever key is shown next, instead of those that somebody has looked at. Twice is once. :raises MovedOnError:"""
    with transaction.atomic():
        row = _locked(target)
        if row.known is None:
            return
        if (row.fingerprint, row.offered_fingerprint) != (known, offered):
            raise MovedOnError
        row.known = None
        audit.record(AuditKind.HOST_KEY_FORGOTTEN, target, detail={"fingerprint": known})
        _end(row, target, "the host key was forgotten", timezone.now())


def settle(now: datetime | None = None) -> int:
    """Nobody need decide about keys at addresses where their target is not logged in to any more; how many there were."""
    moved = ~Q(address=F("target__address")) | ~Q(port=F("target__ssh_port")) | Q(target__ssh_credential=None)
    with transaction.atomic():
        rows = HostKey.objects.exclude(offered_key="").filter(moved, target__isnull=False)
        found = list(rows.select_for_update(of=("self",), skip_locked=True).select_related("target"))
        for row in found:
            if row.target is not None:
                _end(row, row.target, "its address was changed, or it is not logged in to any more", now)
    return len(found)


def _locked(target: Target) -> HostKey:
    row = of_target(target)
    if row is None:
        raise MovedOnError
    return HostKey.objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)


# --- the problem and its end


def _begin(row: HostKey, target: Target, at: datetime) -> None:
    """Each time: the engine makes one alert of it, also where an earlier one was closed with its target switched off."""
    events.post(
        target, KIND, severity=Severity.EXCEPTION, source="backup", problem_key=events.problem_key(target.pk, KIND),
        text=f"{CHANGED} ({row.offered_fingerprint})", at=at,
        data={"known": row.fingerprint, "shown": row.offered_fingerprint},
    )  # fmt: skip


def _end(row: HostKey, target: Target, text: str, at: datetime | None) -> None:
    was_changed = row.is_changed
    row.offered, row.offered_at = None, None
    row.save()
    if was_changed:
        events.post(
            target, KIND, severity=Severity.INFORMATION, source="backup",
            problem_key=events.problem_key(target.pk, KIND), clears=True, text=text, at=at,
        )  # fmt: skip
