"""The simulated region: four municipalities and the core that their shared IT unit runs.

Everything about a device that a register or a poller has to know is here; what it answers is in tables.py.
The first device is a switch that others hang behind: `demo_fault --list` promises that.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from monitoring.simulation.models import MODELS, Model
from monitoring.snmp.data import SnmpAuth

COMMUNITY: Final = "samdrift-demo"
SSH_USER: Final = "backup"
SSH_PASSWORD: Final = "demo-backup"  # noqa: S105 - opens simulated devices on this machine only
SSH_ENABLE: Final = "demo-enable"

V2C: Final = SnmpAuth.v2c(COMMUNITY)
V3: Final = SnmpAuth.v3("samdrift-poll", "SHA1", "demo-auth-key", "AES128", "demo-priv-key")

REGION: Final = "region"
"""`municipality` of what belongs to all of them."""
MUNICIPALITIES: Final = {
    "fjordvik": "Fjordvik",
    "storelv": "Storelv",
    "lyngmo": "Lyngmo",
    "nesheim": "Nesheim",
}
UPLINK: Final = 1
"""On every device the way up is port 1; what hangs behind it follows from port 2 on."""


@dataclass(frozen=True, slots=True)
class SimDevice:
    """`kind` is a profile name of monitoring.collectors; `parent` the name of the device it is reached through;
    `model_name`, `vendor`, `serial`, `software` are what the device itself answers."""

    name: str
    kind: str
    municipality: str
    place: str
    address: str
    parent: str | None
    auth: SnmpAuth
    model_name: str
    serial: str

    @property
    def model(self) -> Model:
        return MODELS[self.model_name]

    @property
    def vendor(self) -> str:
        return self.model.vendor

    @property
    def software(self) -> str:
        return self.model.software

    @property
    def has_ssh(self) -> bool:
        return self.model.ssh

    @property
    def seed(self) -> int:
        """A number of its own, the same in every run."""
        return zlib.crc32(self.name.encode())


def _device(
    name: str, model: str, municipality: str, place: str, host: int, parent: str | None, auth: SnmpAuth = V2C
) -> SimDevice:
    area = 0 if municipality == REGION else 1 + list(MUNICIPALITIES).index(municipality)
    serial = f"SIM{zlib.crc32(name.encode()):08X}"
    return SimDevice(
        name, MODELS[model].kind, municipality, place, f"127.10.{area}.{host}", parent, auth, model, serial
    )


_ROUTER, _CORE, _SWITCH, _AP = "ISR4331/K9", "C9300-24T", "WS-C2960X-24TS-L", "AP-515"
_UPS, _PRINTER, _LINUX, _WINDOWS = (
    "Eaton 5PX 1500i RT2U G2", "Color LaserJet MFP M480", "PowerEdge R650", "PowerEdge R550",
)  # fmt: skip


def _municipality(slug: str) -> list[SimDevice]:
    """The town hall's switch first: most of the municipality hangs behind it."""
    name, hall, school = MUNICIPALITIES[slug], f"{slug}-rh-sw1", f"{slug}-skole-sw1"
    rows: list[tuple[str, str, str, int, str, SnmpAuth]] = [
        (hall, _SWITCH, f"{name} rådhus", 2, f"{slug}-rt1", V3 if slug == "nesheim" else V2C),
        (school, _SWITCH, f"{name} skole", 10, hall, V2C),
        (f"{slug}-rh-ap1", _AP, f"{name} rådhus", 20, hall, V2C),
        (f"{slug}-skole-ap1", _AP, f"{name} skole", 21, school, V2C),
        (f"{slug}-rh-ups1", _UPS, f"{name} rådhus", 30, hall, V2C),
        (f"{slug}-rh-prn1", _PRINTER, f"{name} rådhus", 40, hall, V2C),
        (f"{slug}-rh-srv1", _WINDOWS, f"{name} rådhus", 50, hall, V2C),
        (f"{slug}-rt1", _ROUTER, f"{name} rådhus", 1, "region-core-sw1", V3 if slug == "storelv" else V2C),
    ]
    return [
        _device(n, model, slug, place, host, parent, auth) for n, model, place, host, parent, auth in rows
    ]


def _region() -> list[SimDevice]:
    hall = "Fjordvik datarom"
    return [
        _device("region-core-sw1", _CORE, REGION, hall, 2, "region-core-rt1", V3),
        _device("region-core-rt1", _ROUTER, REGION, hall, 1, None),
        _device("region-db-srv1", _LINUX, REGION, hall, 51, "region-core-sw1", V3),
        _device("region-app-srv1", _LINUX, REGION, hall, 52, "region-core-sw1"),
        _device("region-web-srv1", _LINUX, REGION, hall, 53, "region-core-sw1"),
        _device("region-ad-srv1", _WINDOWS, REGION, hall, 54, "region-core-sw1"),
        _device("region-ups1", _UPS, REGION, hall, 30, "region-core-sw1"),
    ]


def _build() -> list[SimDevice]:
    devices = [device for slug in MUNICIPALITIES for device in _municipality(slug)]
    devices += [
        _device("fjordvik-helse-sw1", _SWITCH, "fjordvik", "Fjordvik helsehus", 11, "fjordvik-rt1"),
        _device("fjordvik-helse-prn1", _PRINTER, "fjordvik", "Fjordvik helsehus", 41, "fjordvik-helse-sw1"),
    ]
    return devices + _region()


DEVICES: Final[list[SimDevice]] = _build()
BY_NAME: Final = {device.name: device for device in DEVICES}
BY_ADDRESS: Final = {device.address: device for device in DEVICES}


@lru_cache(None)
def children(name: str) -> tuple[SimDevice, ...]:
    """What hangs directly behind a device, in the order of its ports from 2 on."""
    return tuple(device for device in DEVICES if device.parent == name)


def port_towards(child: SimDevice) -> int:
    """The port of its parent that a device is plugged into."""
    assert child.parent is not None
    return UPLINK + 1 + children(child.parent).index(child)


@lru_cache(None)
def behind(name: str) -> frozenset[str]:
    """All that can no longer be reached when this device is dead, without itself."""
    direct = children(name)
    return frozenset(d.name for d in direct).union(*(behind(d.name) for d in direct))


def silent(down: Iterable[str]) -> frozenset[str]:
    """Who does not answer when these are dead: they themselves and all behind them."""
    names = [name for name in down if name in BY_NAME]
    return frozenset(names).union(*(behind(name) for name in names))
