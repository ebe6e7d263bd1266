"""Who uses the installation while it is killed: people who report by the API, and faults that monitoring tells of."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time

from tests.cluster import ROOT
from tests.kill.stage import Stage

PAUSE = 0.2  # seconds between two reports of one person


class Load:
    """Three people and one writer of faults. What was acknowledged is certain, what was not may be there or not."""

    def __init__(self, stage: Stage, token: str, people: int = 3) -> None:
        self.stage, self.token = stage, token
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.number = 0
        self.sure: set[str] = set()
        self.unsure: set[str] = set()
        self.faults: set[str] = set()
        self.unsure_faults: set[str] = set()
        self.refused = 0
        self.threads = [threading.Thread(target=self._person, daemon=True) for _ in range(people)]
        self.threads.append(threading.Thread(target=self._faults, daemon=True))

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join(30)

    def _next(self) -> int:
        with self.lock:
            self.number += 1
            return self.number

    def _person(self) -> None:
        while not self.ended.wait(PAUSE):
            title = f"load {self._next()}"
            self.unsure.add(title)
            try:
                status = self._post(title)
            except (OSError, http.client.HTTPException):
                continue
            if status == 201:
                self.sure.add(title)
            else:
                self.refused += 1
            self.unsure.discard(title) if status in (201, 503) else None

    def _post(self, title: str) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.stage.port, timeout=20)
        try:
            heads = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            line.request("POST", "/api/v1/tickets", json.dumps({"title": title}), heads)
            answer = line.getresponse()
            answer.read()
            return answer.status
        finally:
            line.close()

    def _faults(self) -> None:
        writer = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.region", "faults"], cwd=ROOT, env=self.stage.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert writer.stdin is not None
        assert writer.stdout is not None
        number = 0
        while not self.ended.wait(0.5):
            number += 1
            writer.stdin.write(f"{number}\n")
            writer.stdin.flush()
            said = writer.stdout.readline().split()
            (self.faults if said[:1] == ["ok"] else self.unsure_faults).add(f"fault {number}")
        writer.stdin.close()
        writer.wait(20)


def settle(stage: Stage, seconds: float = 700) -> float:
    """Until workers have nothing left to do; how long that took. What a killed one had claimed is free when its lease ends."""
    began = time.monotonic()
    while stage.region("pending"):
        if time.monotonic() - began > seconds:
            raise RuntimeError(f"{stage.region('pending')} things are still to do after {seconds:.0f} s")
        time.sleep(1)
    return time.monotonic() - began
