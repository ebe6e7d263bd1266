"""Slow questions to devices that answer: which ports and disks are worth asking each time, and who their neighbours are.

Walks, once after a device first answered and then once a day. What a walk did not finish changes nothing that was
known before (invariant 9).
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from monitoring.asking import UnaskableError, endpoint_of, load_credentials
from monitoring.collectors import COLLECTORS, host, interfaces, neighbours, printer, profile_named
from monitoring.egress import Found, resolve
from monitoring.egress.rules import Rules
from monitoring.mibs import host_resources, ifmib
from monitoring.mibs.lldp import Neighbour as Seen
from monitoring.mibs.values import Value
from monitoring.models import CheckKind, Neighbour, Target, TargetState
from monitoring.snmp import Endpoint, available, walk

logger = logging.getLogger(__name__)

AGAIN: Final = timedelta(days=1)
RETRY: Final = timedelta(hours=1)
AT_ONCE: Final = 8
WALK_SECONDS: Final = 4.0
ROWS: Final = 5000

PORT_COLUMNS: Final = (
    *(f"{ifmib.IF_ENTRY}.{column}" for column in (3, 5, 7, 8)),
    *(f"{ifmib.IF_X_ENTRY}.{column}" for column in (1, 15)),
)
"""Type, speeds, administrator's and real state, name: not the twenty counters beside them."""


@dataclass
class Learnt:
    """What walks of one target found; None where a walk was not complete."""

    target: Target
    instances: dict[str, list[str]] = field(default_factory=dict)
    neighbours: list[Seen] | None = None
    complete: bool = True


def run(now: datetime | None = None, limit: int = AT_ONCE) -> int:
    """Learn about up to `limit` targets that are due for it; how many there were."""
    now = now or timezone.now()
    due = Q(learnt_at=None) | Q(learnt_at__lte=now - AGAIN)
    rows = Target.objects.filter(due, is_enabled=True, check_kind=CheckKind.SNMP, state=TargetState.UP)
    targets = list(rows.exclude(profile="").order_by("learnt_at", "pk")[:limit])
    credentials = load_credentials({t.credential_id for t in targets if t.credential_id})
    for target in targets:
        target.credential = credentials.get(target.credential_id or 0)
    if targets:
        save(learn(targets), now)
    return len(targets)


def learn(targets: Sequence[Target]) -> list[Learnt]:
    """Walk all of `targets` at once. Never raises for what they answer."""
    rules = Rules.load()

    async def all_() -> list[Learnt]:
        found = await resolve({target.address for target in targets})
        return list(await asyncio.gather(*(_learn(target, rules, found) for target in targets)))

    return asyncio.run(all_())


async def _learn(target: Target, rules: Rules, found: Found) -> Learnt:
    learnt = Learnt(target)
    try:
        endpoint = endpoint_of(target, rules, found)
    except UnaskableError:
        learnt.complete = False
        return learnt
    try:
        for name in profile_named(target.profile).collectors:
            await _instances(learnt, endpoint, COLLECTORS[name].name)
        rows = await _rows(learnt, endpoint, neighbours.WALKS)
        learnt.neighbours = None if rows is None else neighbours.read(rows)
    except Exception:  # a device may send anything, and one must not end the walks of the others
        logger.exception("what target %s lists cannot be read", target.pk)
        learnt.complete = False
    return learnt


async def _instances(learnt: Learnt, endpoint: Endpoint, collector: str) -> None:
    if collector == "interfaces":
        rows = await _rows(learnt, endpoint, PORT_COLUMNS)
        if rows is not None:
            learnt.instances[collector] = list(interfaces.hot_instances(interfaces.read(rows)))
    elif collector == "host":
        rows = await _rows(learnt, endpoint, (host_resources.STORAGE_ENTRY,))
        if rows is not None:
            learnt.instances[collector] = list(host.hot_instances(host.read_stores(rows)))
    elif collector == "printer":
        rows = await _rows(learnt, endpoint, printer.WALKS)
        if rows is not None:
            learnt.instances[collector] = [supply.index for supply in printer.read_supplies(rows)][:8]


async def _rows(learnt: Learnt, endpoint: Endpoint, oids: Sequence[str]) -> list[tuple[str, Value]] | None:
    """Rows below all of `oids`; None if any walk broke off."""
    found: list[tuple[str, Value]] = []
    for oid in oids:
        part = await walk(endpoint, oid, available()[0], ROWS, WALK_SECONDS)
        if not part.complete:
            learnt.complete = False
            return None
        found += part.rows
    return found


def save(found: Sequence[Learnt], now: datetime) -> None:
    """Keep what was learnt; where a walk broke off, what was known before stays and it is tried again in an hour."""
    for learnt in found:
        target = learnt.target
        with transaction.atomic():
            known = {name: ids for name, ids in learnt.instances.items() if ids}
            Target.objects.filter(pk=target.pk).update(
                instances=target.instances | known,
                learnt_at=now if learnt.complete else now - AGAIN + RETRY,
            )
            if learnt.neighbours is not None:
                _save_neighbours(target, learnt.neighbours, now)


def _save_neighbours(target: Target, seen: Sequence[Seen], now: datetime) -> None:
    rows = {
        (one.local_port, one.chassis[:120], one.port[:120]): Neighbour(
            target=target,
            local_port=one.local_port,
            local_name=one.local_name[:120],
            remote_name=one.name[:120],
            remote_chassis=one.chassis[:120],
            remote_port=one.port[:120],
            seen_at=now,
        )
        for one in seen
        if 0 <= one.local_port < 1 << 31
    }
    Neighbour.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["target", "local_port", "remote_chassis", "remote_port"],
        update_fields=["local_name", "remote_name", "seen_at"],
    )
    Neighbour.objects.filter(target=target, seen_at__lt=now).delete()
