"""The one door for events: everything that happens to a target is told here, append-only.

Kinds and what they mean are listed in `monitoring.words`; `monitoring.engine` reads what is posted.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from monitoring.models import Event, Target

TEXT_LENGTH = 500


def problem_key(target_id: int, kind: str, instance: str = "") -> str:
    """The name of one problem of one target: "<target id>:<kind>[:<instance>]"."""
    return f"{target_id}:{kind}:{instance}"[:200] if instance else f"{target_id}:{kind}"


def draft(
    target: Target,
    kind: str,
    *,
    severity: str,
    source: str,
    problem_key: str = "",
    clears: bool = False,
    text: str = "",
    data: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> Event:
    """An event that is not saved yet; for `post_many`."""
    at = at or timezone.now()
    return Event(
        target=target,
        organisation_id=target.organisation_id,
        kind=kind,
        severity=severity,
        source=source,
        problem_key=problem_key,
        clears=clears,
        # PostgreSQL refuses NUL, and devices send anything.
        text=text.replace("\x00", " ")[:TEXT_LENGTH],
        data=data or {},
        at=at,
        due_at=at,
    )


def post(
    target: Target,
    kind: str,
    *,
    severity: str,
    source: str,
    problem_key: str = "",
    clears: bool = False,
    text: str = "",
    data: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> Event:
    """Tell that something happened to `target` at `at` (default: now), within the caller's transaction.

    `kind`: a word of `monitoring.words.KINDS`. `severity`: a `Severity`. `source`: who saw it (poll, trap,
    engine, backup). With `problem_key` the event begins a problem, or ends it if `clears`; without one it is
    information and never an alert. `text`: the technical detail as the device or library gave it.
    """
    event = draft(
        target,
        kind,
        severity=severity,
        source=source,
        problem_key=problem_key,
        clears=clears,
        text=text,
        data=data,
        at=at,
    )
    event.save(force_insert=True)
    return event


def post_many(drafts: Iterable[Event]) -> list[Event]:
    """Save drafts in their order, in one statement, within the caller's transaction."""
    return Event.objects.bulk_create(list(drafts))
