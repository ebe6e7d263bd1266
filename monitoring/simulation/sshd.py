"""Command lines of the simulated routers and switches over SSH: log in, enable, show running-config."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import asyncssh

from monitoring.simulation.configs import running_config
from monitoring.simulation.devices import SSH_ENABLE, SSH_PASSWORD, SSH_USER, SimDevice

SILENT_COMMANDS: Final = ("terminal ", "configure terminal", "end")
KEY_FILE: Final = "simulation_host_key"
asyncssh.set_log_level(logging.CRITICAL)


def host_key(var: Path) -> asyncssh.SSHKey:
    """The key by which the devices of folder `var` are known, the same after each start: no device changes its own."""
    path = var / KEY_FILE
    try:
        return asyncssh.read_private_key(path)
    except (FileNotFoundError, asyncssh.KeyImportError):
        fresh = var / f"{KEY_FILE}.{os.getpid()}"
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
        os.replace(fresh, path)
        return asyncssh.read_private_key(path)


class _Login(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return username == SSH_USER and password == SSH_PASSWORD


class CommandLines:
    """One listener for each device on its own address. `revision` tells how often its configuration was changed.

    `hangs` names devices whose answers stop half-way: the fault that every fetching program must survive.
    """

    def __init__(
        self,
        devices: Mapping[str, SimDevice],
        port: int,
        revision: Callable[[SimDevice], int] = lambda device: 0,
        hangs: frozenset[str] = frozenset(),
        keys: Sequence[asyncssh.SSHKey] = (),
    ) -> None:
        """`devices` by address; `keys` are theirs, a new one where none is given."""
        self._devices, self.port, self._revision, self._hangs = devices, port, revision, hangs
        self._listeners: dict[str, asyncssh.SSHAcceptor] = {}
        self._connections: dict[str, set[Any]] = {}
        self._shells: dict[str, set[asyncio.Task[Any]]] = {}
        self._keys = list(keys) or [asyncssh.generate_private_key("ssh-ed25519")]

    async def open(self, address: str) -> None:
        """Listen on a device's address. Twice is once. Raises OSError where the port is taken."""
        if address in self._listeners:
            return
        alive: set[Any] = set()

        class Login(_Login):
            def connection_made(self, conn: Any) -> None:
                self.conn = conn
                alive.add(conn)

            def connection_lost(self, exc: Exception | None) -> None:
                alive.discard(self.conn)

        self._connections[address], self._shells[address] = alive, set()
        self._listeners[address] = await asyncssh.listen(
            address,
            self.port,
            server_factory=Login,
            server_host_keys=self._keys,
            process_factory=self._shell,
            line_editor=False,
            encoding="utf-8",
            reuse_address=True,
        )

    async def close(self, address: str) -> None:
        """A dead device: its port is closed, its sessions break off."""
        listener = self._listeners.pop(address, None)
        if listener is None:
            return
        listener.close()
        for connection in list(self._connections.pop(address)):
            connection.abort()
        for shell in list(self._shells.pop(address)):
            shell.cancel()
        await listener.wait_closed()

    async def close_all(self) -> None:
        await asyncio.gather(*(self.close(address) for address in list(self._listeners)))

    async def _shell(self, process: Any) -> None:
        address = process.get_extra_info("sockname")[0]
        device, task = self._devices[address], asyncio.current_task()
        if task is not None and address in self._shells:
            self._shells[address].add(task)
            task.add_done_callback(self._shells[address].discard)
        with suppress(asyncssh.BreakReceived, asyncssh.TerminalSizeChanged, ConnectionError):
            await self._talk(process, device)
        process.exit(0)

    async def _talk(self, process: Any, device: SimDevice) -> None:
        mark = ">"
        process.stdout.write(f"\r\n{device.name}{mark}")
        async for raw in process.stdin:
            command = raw.strip()
            process.stdout.write(f"{command}\r\n")  # netmiko waits for its own words
            if command in ("exit", "logout", "quit"):
                return
            if command == "enable" and mark == ">":
                process.stdout.write("Password: ")
                given = (await process.stdin.readline()).strip()
                mark = "#" if given == SSH_ENABLE else ">"
                process.stdout.write("\r\n" if mark == "#" else "\r\n% Access denied\r\n\r\n")
            elif command:
                answer = self._answer(command, device, mark)
                if device.name in self._hangs and command.startswith("show run"):
                    process.stdout.write(answer[: len(answer) // 2])
                    await asyncio.sleep(3600)
                process.stdout.write(answer)
            process.stdout.write(f"{device.name}{mark}")

    def _answer(self, command: str, device: SimDevice, mark: str) -> str:
        if command.startswith(SILENT_COMMANDS):
            return ""
        if command.startswith("show run") and mark == "#":
            return running_config(device, self._revision(device)).replace("\n", "\r\n")
        if command.startswith("show ver"):
            return f"{device.model.descr}\r\nProcessor board ID {device.serial}\r\n"
        return "% Invalid input detected at '^' marker.\r\n\r\n"
