"""The whole simulated region in one process: agents, command lines, and the watch over the faults file."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Final

from monitoring.simulation import faults
from monitoring.simulation.agent import Agent, Network
from monitoring.simulation.cells import Running
from monitoring.simulation.devices import BY_ADDRESS, DEVICES, SimDevice, silent
from monitoring.simulation.sshd import CommandLines, host_key
from monitoring.simulation.tables import DAY, table_of

WATCH_SECONDS: Final = 0.3
logger = logging.getLogger(__name__)


class Region:
    """`start`, then `watch` until cancelled, then `stop`; all inside one running loop."""

    def __init__(self, var: Path, port: int, ssh_port: int) -> None:
        self.var, self._seen = var, 0
        self._state = faults.begin(var)
        self._network = Network(port)
        self._shells = CommandLines(
            BY_ADDRESS, ssh_port, lambda d: self._state.revisions.get(d.name, 0), keys=[host_key(var)]
        )
        self._agents: dict[str, Agent] = {}

    async def start(self) -> None:
        """Raises OSError where a port is taken."""
        for device in DEVICES:
            running = Running(device, self._started(device))
            agent = Agent(device.address, table_of(device), device.auth, running)
            self._agents[device.name] = agent
            self._network.add(agent)
        await self._apply()

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                changed = os.stat(self.var / faults.FILE).st_mtime_ns
                if changed != self._seen:
                    self._state = faults.load(self.var)
                    self._seen = changed
                    await self._apply()
            except (OSError, ValueError) as error:
                # Removed or damaged: the devices stay as they were until a readable file is there again.
                logger.debug("%s", error)

    async def stop(self) -> None:
        self._network.close()
        await self._shells.close_all()

    def _started(self, device: SimDevice) -> float:
        """When it came back from its last fault, else some time in the year before the simulation first ran."""
        return self._state.restarted.get(device.name, self._state.began - (3 + device.seed % 300) * DAY)

    async def _apply(self) -> None:
        dead, mute = frozenset(self._state.down), silent(self._state.down)
        for device in DEVICES:
            agent = self._agents[device.name]
            agent.is_silent = device.name in mute
            if agent.running:
                agent.running.dead = dead
                agent.running.started = self._started(device)
            if device.has_ssh:
                await (self._shells.close if agent.is_silent else self._shells.open)(device.address)
