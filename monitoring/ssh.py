"""Running configurations over SSH. The only file that imports netmiko (when first needed: it takes a second)."""

import logging
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Any, Final

from monitoring.egress import connectable
from monitoring.hostkeys.keys import ChangedError, Verifier, preferring
from monitoring.masking import mask

logger = logging.getLogger(__name__)

PLATFORM: Final = "cisco_ios"
"""What devices are taken for, as netmiko names it."""


class SshFault(StrEnum):
    """Why there is no configuration."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    AUTH = "auth"
    """User name or password refused."""
    ENABLE = "enable"
    """Logged in, but not let into privileged mode."""
    HOST_KEY = "host_key"
    """Another host key than the known one: nothing was sent."""
    PROTOCOL = "protocol"
    """Something that is no SSH server, or answers as no such device does."""


class SshError(Exception):
    """`kind` says which way it failed; the message is one sentence without secrets."""

    def __init__(self, kind: SshFault, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


def fetch_running_config(
    host: str,
    port: int,
    username: str,
    password: str,
    secret: str = "",
    device_type: str = PLATFORM,
    timeout: float = 30.0,
    *,
    verifier: Verifier,
) -> str:
    """The running configuration as the device prints it, newline-ended; `secret` is the enable password.

    `verifier` lets the device's host key in, or nothing is sent.

    Blocks for at most about `timeout` seconds in all. netmiko's own limits add up (twice the read timeout for a
    device that falls silent), so a watchdog cuts the connection when time is up. Raises SshError.
    """
    with _watched_socket(host, port, timeout) as (sock, expired):
        try:
            return _session(sock, host, port, username, password, secret, device_type, timeout, verifier)
        except Exception as error:
            if expired.is_set():
                raise SshError(SshFault.TIMEOUT, "it did not finish in time") from None
            raise _mapped(error, host) from None


def _session(
    sock: socket.socket,
    host: str,
    port: int,
    username: str,
    password: str,
    secret: str,
    device_type: str,
    timeout: float,
    verifier: Verifier,
) -> str:
    from netmiko import ssh_dispatcher

    # paramiko logs whole tracebacks of what the caller gets as an exception anyway
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    connection: Any = _guarded(ssh_dispatcher(device_type), verifier)(
        device_type=device_type,
        host=host,
        port=port,
        username=username,
        password=password,
        secret=secret,
        sock=sock,
        auth_timeout=timeout,
        banner_timeout=timeout,
        read_timeout_override=timeout,
        allow_agent=False,
        use_keys=False,
    )
    if secret:
        try:
            connection.enable()
        except ValueError:
            raise SshError(SshFault.ENABLE, "it does not accept the enable password") from None
    text = str(connection.send_command("show running-config"))
    with suppress(Exception):  # the configuration is here: a device that breaks off now is no failure
        connection.disconnect()
    if "\n" not in text.strip() or text.lstrip().startswith("%"):
        raise SshError(SshFault.PROTOCOL, "what it answers is no configuration")
    return text.replace("\r\n", "\n").strip("\n") + "\n"


def _guarded(platform: Any, verifier: Verifier) -> Any:
    """netmiko's class for a platform, whose sessions ask the verifier before they log in (by itself it takes any key)."""
    from paramiko import Transport

    def transport(sock: Any, **given: Any) -> Any:
        made = Transport(sock, **given)
        if verifier.known is not None:
            options = made.get_security_options()
            options.key_types = preferring(verifier.known.kind, options.key_types)
        return made

    class Guarded(platform):
        def _build_ssh_client(self) -> Any:
            client = super()._build_ssh_client()
            client.set_missing_host_key_policy(verifier)
            return client

        def _connect_params_dict(self) -> dict[str, Any]:
            return {**super()._connect_params_dict(), "transport_factory": transport}

    return Guarded


@contextmanager
def _watched_socket(host: str, port: int, timeout: float) -> Iterator[tuple[socket.socket, threading.Event]]:
    """A connected socket that is cut when time is up, and the event that says so."""
    expired = threading.Event()
    try:
        sock = socket.create_connection((connectable(host), port), timeout)
    except TimeoutError:
        raise SshError(SshFault.TIMEOUT, "no answer in time") from None
    except ConnectionRefusedError:
        raise SshError(SshFault.REFUSED, "connection refused") from None
    except OSError:
        raise SshError(SshFault.UNREACHABLE, "unreachable") from None

    def cut() -> None:
        expired.set()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    watchdog = threading.Timer(timeout, cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield sock, expired
    finally:
        watchdog.cancel()
        sock.close()


def _mapped(error: Exception, host: str) -> SshError:
    from netmiko.exceptions import NetmikoAuthenticationException, NetmikoTimeoutException, ReadTimeout

    if isinstance(error, SshError):
        return error
    if isinstance(error, ChangedError):
        return SshError(SshFault.HOST_KEY, str(error))
    if isinstance(error, NetmikoAuthenticationException):
        return SshError(SshFault.AUTH, "it does not accept the user name and password")
    if isinstance(error, ReadTimeout):
        return SshError(SshFault.TIMEOUT, "it fell silent")
    if isinstance(error, NetmikoTimeoutException):
        return SshError(SshFault.PROTOCOL, "it does not speak SSH")
    logger.info("configuration of %s: %s", host, type(error).__name__)
    return SshError(SshFault.PROTOCOL, "the connection broke off")


def printable_line(text: str) -> str:
    """The first line that says something, short, without control characters and secrets."""
    for line in text.splitlines():
        if clean := "".join(c for c in line if c.isprintable()).strip():
            return mask(clean)[:120]
    return ""


_VOLATILE: Final = re.compile(
    r"^(?:! (?:Last configuration change|NVRAM config last updated)|Current configuration\s*:|Building configuration"
    r"|ntp clock-period)",
)


def comparable(config: str) -> str:
    """Without the lines that change by themselves (dates, sizes): what two versions should be compared by."""
    kept = [line.rstrip() for line in config.splitlines() if not _VOLATILE.match(line)]
    return "\n".join(kept).strip("\n") + "\n"
