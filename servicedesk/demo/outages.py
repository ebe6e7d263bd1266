"""The demo's measured past: up and down of every simulated device for thirteen months, the same each time."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from monitoring.models import Interval, Target
from monitoring.simulation.devices import DEVICES
from servicedesk.demo.network import Network

# Outages a month and their usual length in minutes.
RATE = {"router": (0.12, 35), "switch": (0.18, 40), "linux": (0.2, 30), "windows": (0.25, 35), "ap": (0.4, 60),
        "printer": (0.8, 180), "ups": (0.05, 20)}  # fmt: skip
MINUTE = dt.timedelta(minutes=1)
Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class Outage:
    """One device that failed by itself; what hangs behind it fell with it."""

    device: str
    begin: dt.datetime
    end: dt.datetime


def draw(start: dt.datetime, now: dt.datetime) -> list[Outage]:
    """Unplanned failures between `start` and an hour before `now`, in order of time."""
    found = []
    for device in DEVICES:
        rng = random.Random(f"outage {device.name}")
        rate, usual = RATE[device.kind]
        at = start
        while True:
            at += dt.timedelta(days=rng.expovariate(rate / 30))
            length = MINUTE * max(3, round(usual * rng.lognormvariate(0, 0.7)))
            if at + length > now - dt.timedelta(hours=1):
                break
            found.append(Outage(device.name, at.replace(microsecond=0), (at + length).replace(microsecond=0)))
            at += length
    return sorted(found, key=lambda outage: (outage.begin, outage.device))


def write(
    network: Network, outages: list[Outage], planned: list[Outage], start: dt.datetime, now: dt.datetime
) -> None:
    """Intervals without holes from `start` on: down where it or what it is reached through was down, else up.

    One night in the past nobody polled: unknown, which is neither up nor down.
    """
    own: dict[str, list[Span]] = {device.name: [] for device in DEVICES}
    for outage in [*outages, *planned]:
        own[outage.device].append((outage.begin, outage.end))
    parent = {device.name: device.parent for device in DEVICES}
    blind = (start + dt.timedelta(days=70, hours=2), start + dt.timedelta(days=70, hours=5))
    rows: list[Interval] = []
    for name, target in network.targets.items():
        line, down = name, list(own[name])
        while (above := parent[line]) is not None:
            down += own[above]
            line = above
        rows += _intervals(target, _merged(down), blind, start)
    Interval.objects.bulk_create(rows, batch_size=2000)
    newest = {row.target_id: row.started_at for row in rows if row.ended_at is None}
    for target in network.targets.values():
        target.state, target.state_since = "up", newest[target.pk]
        target.last_polled_at = target.last_ok_at = target.due_at = now
    Target.objects.bulk_update(
        network.targets.values(), ["state", "state_since", "last_polled_at", "last_ok_at", "due_at"]
    )


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _intervals(target: Target, down: list[Span], blind: Span, start: dt.datetime) -> list[Interval]:
    edges: list[tuple[dt.datetime, str]] = [(start, "up")]
    for begin, end in down:
        if begin < blind[1] and end > blind[0]:
            continue  # what fell in that night was not seen
        edges += [(begin, "down"), (end, "up")]
    edges += [(blind[0], "unknown"), (blind[1], "up")]
    edges.sort()
    rows: list[Interval] = []
    for at, state in edges:
        if rows and rows[-1].started_at == at:
            rows[-1].state = state
            continue
        if rows:
            rows[-1].ended_at = at
        rows.append(Interval(target=target, state=state, started_at=at))
    return rows
