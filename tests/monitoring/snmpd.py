"""The real snmpd of net-snmp, on the loopback, for as long as a test runs."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitoring.snmp import Endpoint, SnmpAuth, get_one
from tests.monitoring.agents import free_port, own_address

BINARY = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

COMMUNITY = "loopback-only"
SYS_DESCR = "1.3.6.1.2.1.1.1.0"
USERS = {
    "sha-aes": SnmpAuth.v3("shaaes", "SHA1", "auth-password-1", "AES128", "priv-password-1"),
    "sha256-aes": SnmpAuth.v3("sha256aes", "SHA256", "auth-password-2", "AES128", "priv-password-2"),
    "md5-only": SnmpAuth.v3("md5only", "MD5", "auth-password-3"),
}
_NAMES = {"SHA1": "SHA", "SHA256": "SHA-256", "MD5": "MD5", "AES128": "AES"}


@contextmanager
def running_snmpd(folder: Path) -> Iterator[Endpoint]:
    """Starts it with its own configuration and state in `folder`; yields its v2c endpoint."""
    assert BINARY is not None
    address = own_address()
    (folder / "snmpd.conf").write_text(_config(folder))
    target = Endpoint(address, SnmpAuth.v2c(COMMUNITY), free_port(address), 2.0, 1)
    process = subprocess.Popen(
        [BINARY, "-f", "-Lf", str(folder / "log"), "-C", "-c", str(folder / "snmpd.conf"),
         "-p", str(folder / "pid"), f"udp:{address}:{target.port}"],
        env={"PATH": "/usr/bin:/bin", "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(process, folder, target)
        yield target
    finally:
        process.terminate()
        process.wait(10)


def _config(folder: Path) -> str:
    lines = [
        f"rocommunity {COMMUNITY} default",
        "sysDescr A real snmpd",
        "sysContact æøå@example.test",
        "sysName real.example.test",
        "sysLocation kjelleren",
        f"persistentDir {folder}",
    ]
    for auth in USERS.values():
        private = f" {_NAMES[auth.priv_protocol]} {auth.priv_key}" if auth.priv_protocol else ""
        lines += [
            f"createUser {auth.user} {_NAMES[auth.auth_protocol]} {auth.auth_key}{private}",
            f"rouser {auth.user} {'authPriv' if private else 'authNoPriv'}",
        ]
    return "\n".join(lines) + "\n"


def _wait(process: "subprocess.Popen[bytes]", folder: Path, target: Endpoint) -> None:
    """Until it answers: a port that is taken may be somebody else's."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"snmpd ended: {(folder / 'log').read_text()}")
        if asyncio.run(get_one(target, [SYS_DESCR])).ok:
            return
        time.sleep(0.05)
    raise AssertionError("snmpd did not answer")
