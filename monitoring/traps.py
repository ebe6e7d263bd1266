"""What devices tell by themselves becomes events, and a reason to ask them at once.

A notification is never believed alone: it says that something happened, the poll that it hurries says what is. Of one
sender only so many count in a while, so that a storm, or somebody who forges them, fills no table.
"""

import asyncio
import logging
import queue
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.utils import timezone

from cmdb import heartbeats
from monitoring import events, schedule
from monitoring.asking import UnaskableError, auth_of, load_credentials
from monitoring.masking import mask_text
from monitoring.mibs.confidential import without_secrets
from monitoring.mibs.values import Kind, Value, printable
from monitoring.models import CheckKind, Event, Severity, Target
from monitoring.snmp.listener import Listener, Notification, Peer

logger = logging.getLogger(__name__)

COLD_START: Final = "1.3.6.1.6.3.1.1.5.1"
WARM_START: Final = "1.3.6.1.6.3.1.1.5.2"
LINK_DOWN: Final = "1.3.6.1.6.3.1.1.5.3"
LINK_UP: Final = "1.3.6.1.6.3.1.1.5.4"
AUTH_FAILURE: Final = "1.3.6.1.6.3.1.1.5.5"
IF_INDEX: Final = "1.3.6.1.2.1.2.2.1.1."

KINDS: Final = {
    COLD_START: "restart",
    WARM_START: "restart",
    LINK_DOWN: "port_down",
    LINK_UP: "port_up",
    AUTH_FAILURE: "auth_failure",
}
MOST: Final = 30
WINDOW: Final = 60.0
"""So many events of one sender in so many seconds; what is over is counted and told once."""
WAITING: Final = 10_000
"""Notifications that may wait for the database."""
NEW_PEERS_SECONDS: Final = 30.0
SIGN_SECONDS: Final = 10.0
RETRY_SECONDS: Final = 2.0
PART: Final = "traps"
"""How the receiver is called among the signs of life."""


class Limit:
    """At most MOST of one sender within WINDOW seconds. Senders are forgotten when they fall quiet."""

    def __init__(self, most: int = MOST, window: float = WINDOW) -> None:
        self.most, self.window = most, window
        self.seen: dict[str, deque[float]] = defaultdict(deque)
        self.dropped: dict[str, int] = defaultdict(int)

    def allows(self, sender: str, now: float) -> bool:
        """Whether one more counts. A dropped one is remembered for `told`."""
        if len(self.seen) > 5000:
            self.seen = defaultdict(
                deque, {s: q for s, q in self.seen.items() if q and q[-1] > now - self.window}
            )
        times = self.seen[sender]
        while times and times[0] <= now - self.window:
            times.popleft()
        if len(times) >= self.most:
            self.dropped[sender] += 1
            return False
        times.append(now)
        return True

    def told(self, sender: str) -> int:
        """How many of this sender were dropped since last asked."""
        return self.dropped.pop(sender, 0)


def targets_of(senders: Iterable[str]) -> dict[str, Target]:
    """The SNMP target behind each address (the first, where several ports are asked)."""
    rows = Target.objects.filter(address__in=list(senders), check_kind=CheckKind.SNMP, is_enabled=True)
    return {target.address: target for target in rows.order_by("-pk")}


def handle(batch: Iterable[Notification], limit: Limit, now: float | None = None) -> list[Event]:
    """Save what a batch of notifications tells and hurry its senders. Unknown senders are logged, not stored."""
    now = time.monotonic() if now is None else now
    found = list(batch)
    targets = targets_of({n.agent or n.sender for n in found} | {n.sender for n in found})
    drafts, hurried = [], set()
    for notification in found:
        # A v1 trap may name another device than its sender, but only one that we ask anyway is believed.
        target = targets.get(notification.agent) or targets.get(notification.sender)
        if target is None:
            if limit.allows(notification.sender, now):
                logger.info("a trap from %s, which is no target: %s", notification.sender, notification.oid)
            continue
        hurried.add(target.pk)
        if limit.allows(f"target {target.pk}", now):
            drafts.append(_event(target, notification, limit.told(f"target {target.pk}")))
    with transaction.atomic():
        saved = events.post_many(drafts)
    schedule.hurry(hurried)
    return saved


def _event(target: Target, notification: Notification, dropped: int) -> Event:
    kind = KINDS.get(notification.oid, "trap")
    data: dict[str, object] = {"oid": notification.oid, "values": _shown(notification.values)}
    if dropped:
        data["dropped_before"] = dropped
    port = _port(notification.values)
    if port is not None:
        data["instance"] = str(port)
    return events.draft(
        target,
        kind,
        severity=Severity.INFORMATION,
        source="trap",
        text=str(port) if port is not None else notification.oid,
        data=data,
        at=timezone.now(),
    )


def _port(values: dict[str, Value]) -> int | None:
    for oid, value in values.items():
        if oid.startswith(IF_INDEX) and isinstance(value.value, int):
            return value.value
    return None


def _shown(values: dict[str, Value]) -> dict[str, object]:
    """Up to twenty values as JSON; texts without control characters and secrets, and not longer than a line."""
    rows = list(without_secrets(values).items())[:20]
    return {
        oid: mask_text(printable(v.value))[:200]
        if v.kind is Kind.BYTES and isinstance(v.value, bytes)
        else v.value
        for oid, v in rows
    }


def peers() -> list[Peer]:
    """All SNMP credentials: whoever knows one may tell us something. `engine_ids` of a v3 secret: whose traps."""
    found = []
    for credential in load_credentials().values():
        try:
            auth = auth_of(credential)
        except UnaskableError:
            continue
        ids = credential.secret.get("engine_ids") if isinstance(credential.secret, dict) else None
        found.append(Peer(auth, tuple(str(i) for i in ids) if isinstance(ids, list) else ()))
    return found


@dataclass
class Receiver:
    """`manage.py receive_traps`: a loop that listens, and a thread that writes to the database."""

    host: str
    port: int
    stop: asyncio.Event
    ready: threading.Event

    def __post_init__(self) -> None:
        self.waiting: queue.Queue[Notification | None] = queue.Queue(WAITING)
        self.lost = 0
        self.limit = Limit()
        self.is_saving = True
        self.ended = False

    def receive(self, notification: Notification) -> None:
        """Called by the listener; never waits."""
        try:
            self.waiting.put_nowait(notification)
        except queue.Full:
            self.lost += 1

    async def run(self) -> None:
        """Listen until `stop`. OSError where the port cannot be had."""
        loop = asyncio.get_running_loop()
        known = await loop.run_in_executor(None, peers)
        listener = Listener(self.host, self.port, known, self.receive)
        self.port = listener.port
        writer = threading.Thread(target=self.write, name="traps", daemon=True)
        writer.start()
        self.ready.set()
        signs = asyncio.create_task(self.give_signs(writer))
        try:
            while not self.stop.is_set():
                try:
                    await asyncio.wait_for(self.stop.wait(), NEW_PEERS_SECONDS)
                except TimeoutError:
                    for peer in await loop.run_in_executor(None, self._peers_or_none):
                        listener.add(peer)
        finally:
            listener.close()
            self.ended = True
            self.waiting.put(None)
            signs.cancel()
            await loop.run_in_executor(None, writer.join, 5)
            await loop.run_in_executor(None, heartbeats.end, PART)

    async def give_signs(self, writer: threading.Thread) -> None:
        """Out of the loop that listens, for as long as the thread that writes does its work."""
        while True:
            ok = writer.is_alive() and self.is_saving
            await asyncio.to_thread(heartbeats.beat, PART, ok=ok)
            await asyncio.sleep(SIGN_SECONDS)

    def _peers_or_none(self) -> list[Peer]:
        try:
            close_old_connections()
            return peers()
        except Exception:  # the database is away for a moment: go on with whom we know
            logger.exception("credentials cannot be read")
            return []

    def write(self) -> None:
        """Until None comes: save what waits, in batches."""
        while (first := self.waiting.get()) is not None:
            batch, end = [first], False
            while len(batch) < 500 and not self.waiting.empty():
                following = self.waiting.get()
                if following is None:
                    end = True
                    break
                batch.append(following)
            self.save(batch)
            if self.lost:
                logger.warning("%s notifications came faster than they could be saved", self.lost)
                self.lost = 0
            if end:
                return

    def save(self, batch: list[Notification]) -> None:
        """A database that is away is waited for, what comes meanwhile queues up; a batch that it refuses is logged and left."""
        while True:
            try:
                close_old_connections()
                handle(batch, self.limit)
            except (OperationalError, InterfaceError) as error:
                self.is_saving = False
                logger.warning("%s notifications wait for the database: %s", len(batch), type(error).__name__)
                if self.ended:
                    return
                time.sleep(RETRY_SECONDS)
                continue
            except Exception:
                logger.exception("%s notifications could not be saved", len(batch))
            self.is_saving = True
            return
