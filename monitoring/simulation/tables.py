"""What simulated devices answer: one table of OIDs for each model, shared by all devices of that model.

A cell is a fixed value or a function of the running device, so uptimes run, counters rise, and a port goes
down with what is plugged into it. Only LLDP differs from device to device and is laid over.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from monitoring.simulation import ber
from monitoring.simulation.cells import Cell, Rows, Running, counted, port_status, wavering
from monitoring.simulation.devices import BY_NAME, UPLINK, SimDevice, children, port_towards
from monitoring.simulation.models import MODELS, Model, Oid

MIB2: Final = (1, 3, 6, 1, 2, 1)
UCD: Final = (1, 3, 6, 1, 4, 1, 2021)
LLDP: Final = (1, 0, 8802, 1, 1, 2, 1)
DAY: Final = 86_400.0
HAS_LLDP: Final = frozenset(("router", "switch", "ap"))


def table_of(device: SimDevice) -> Rows:
    return Rows(_model_rows(device.model_name), _lldp(device) if device.kind in HAS_LLDP else None)


def _octets(text: str) -> Cell:
    return Cell(ber.OCTETS, text.encode())


def _int(value: int) -> Cell:
    return Cell(ber.INTEGER, value)


def mac(device: SimDevice, port: int) -> bytes:
    """A locally administered address."""
    return b"\x02\x5d" + (device.seed & 0xFFFFFF).to_bytes(3, "big") + bytes((port & 0xFF,))


@lru_cache(None)
def _model_rows(name: str) -> dict[Oid, Cell]:
    model = MODELS[name]
    rows = _system(model) | _interfaces(model)
    rows |= {
        "router": _entity, "switch": _entity, "ap": _entity,
        "ups": _ups, "printer": _printer, "linux": _linux, "windows": _windows,
    }[model.kind](model)  # fmt: skip
    return rows


def _system(model: Model) -> dict[Oid, Cell]:
    group = (*MIB2, 1)
    return {
        (*group, 1, 0): _octets(model.descr),
        (*group, 2, 0): Cell(ber.OID, model.object_id),
        (*group, 3, 0): Cell(ber.TIMETICKS, lambda r: int(r.uptime * 100)),
        (*group, 4, 0): _octets("Servicedesk, tlf. 2222"),
        (*group, 5, 0): Cell(ber.OCTETS, lambda r: r.device.name.encode()),
        (*group, 6, 0): Cell(ber.OCTETS, lambda r: r.device.place.encode()),
        (*group, 7, 0): _int(72),
    }


def _interfaces(model: Model) -> dict[Oid, Cell]:
    rows: dict[Oid, Cell] = {(*MIB2, 2, 1, 0): _int(model.ports)}
    for port in range(1, model.ports + 1):
        rows |= _interface(model, port)
    return rows


def _interface(model: Model, port: int) -> dict[Oid, Cell]:
    name = model.port_name.format(port)
    busy = model.megabits * 1e6 / 8 * (0.04 if port == UPLINK else 0.01)
    kind = 71 if model.kind == "ap" and port > 1 else 6  # ieee80211, ethernetCsmacd

    def flow(salt: int, wide: bool) -> Cell:
        if wide:
            return Cell(ber.COUNTER64, lambda r: _if_up(r, port, counted(r, busy, salt)))
        return Cell(ber.COUNTER32, lambda r: _if_up(r, port, counted(r, busy, salt)) % (1 << 32))

    base, extra = (*MIB2, 2, 2, 1), (*MIB2, 31, 1, 1, 1)
    inward, outward = port * 2, port * 2 + 1
    columns = {
        1: _int(port), 2: _octets(name), 3: _int(kind), 4: _int(1500),
        5: Cell(ber.GAUGE32, min(model.megabits * 1_000_000, (1 << 32) - 1)),
        6: Cell(ber.OCTETS, lambda r: mac(r.device, port)),
        7: _int(1), 8: Cell(ber.INTEGER, lambda r: port_status(r, port)),
        9: Cell(ber.TIMETICKS, 1200),
        10: flow(inward, False), 13: Cell(ber.COUNTER32, 0), 14: Cell(ber.COUNTER32, 0),
        16: flow(outward, False), 19: Cell(ber.COUNTER32, 0), 20: Cell(ber.COUNTER32, 0),
    }  # fmt: skip
    wide = {
        1: _octets(name), 6: flow(inward, True), 10: flow(outward, True),
        15: Cell(ber.GAUGE32, model.megabits), 18: Cell(ber.OCTETS, lambda r: alias(r, port).encode()),
    }  # fmt: skip
    return {(*base, c, port): cell for c, cell in columns.items()} | {
        (*extra, c, port): cell for c, cell in wide.items()
    }


def _if_up(running: Running, port: int, value: int) -> int:
    """A port that never was up has counted nothing."""
    return value if running.plugged(port) or port_status(running, port) == 1 else 0


def alias(running: Running, port: int) -> str:
    """The description that a technician gave the port."""
    below = running.plugged(port)
    if below is not None:
        return below.name
    return running.device.parent or "" if port == UPLINK else ""


def _entity(model: Model) -> dict[Oid, Cell]:
    row = (*MIB2, 47, 1, 1, 1, 1)
    columns = {
        2: _octets(f"{model.vendor} {model.name}"), 3: Cell(ber.OID, model.object_id), 4: _int(0), 5: _int(3),
        6: _int(-1), 7: _octets("Chassis"), 10: _octets(model.software),
        11: Cell(ber.OCTETS, lambda r: r.device.serial.encode()),
        12: _octets(model.vendor), 13: _octets(model.name),
    }  # fmt: skip
    return {(*row, c, 1): cell for c, cell in columns.items()}


def _ups(model: Model) -> dict[Oid, Cell]:
    group = (*MIB2, 33, 1)
    return {
        (*group, 1, 1, 0): _octets(model.vendor),
        (*group, 1, 2, 0): _octets(model.name),
        (*group, 1, 3, 0): _octets(model.software),
        (*group, 2, 1, 0): _int(2),
        (*group, 2, 2, 0): _int(0),
        (*group, 2, 3, 0): Cell(ber.INTEGER, lambda r: wavering(r, 38, 52, 1)),
        (*group, 2, 4, 0): Cell(ber.INTEGER, lambda r: wavering(r, 97, 100, 2)),
        (*group, 2, 7, 0): Cell(ber.INTEGER, lambda r: wavering(r, 21, 27, 3, DAY)),
        (*group, 3, 3, 1, 3, 1): Cell(ber.INTEGER, lambda r: wavering(r, 227, 234, 4, 600)),
        (*group, 4, 1, 0): _int(3),
        (*group, 4, 4, 1, 5, 1): Cell(ber.INTEGER, lambda r: wavering(r, 24, 41, 5)),
        (*group, 6, 1, 0): Cell(ber.GAUGE32, 0),
    }


def _printer(model: Model) -> dict[Oid, Cell]:
    supply = (*MIB2, 43, 11, 1, 1)
    rows: dict[Oid, Cell] = {
        (*MIB2, 25, 3, 2, 1, 3, 1): _octets(f"{model.vendor} {model.name}"),
        (*MIB2, 25, 3, 5, 1, 1, 1): _int(3),
        (*MIB2, 25, 3, 5, 1, 2, 1): Cell(ber.OCTETS, b"\x00\x00"),
        (*MIB2, 43, 5, 1, 1, 17, 1): Cell(ber.OCTETS, lambda r: r.device.serial.encode()),
        (*MIB2, 43, 10, 2, 1, 4, 1, 1): Cell(ber.COUNTER32, lambda r: 20_000 + counted(r, 0.01, 9)),
    }
    for number, colour in enumerate(("Black", "Cyan", "Magenta", "Yellow"), 1):
        rows |= {
            (*supply, 6, 1, number): _octets(f"{colour} toner cartridge"),
            (*supply, 8, 1, number): _int(100),
            (*supply, 9, 1, number): Cell(
                ber.INTEGER,
                lambda r, number=number: max(3, 96 - int(r.uptime / DAY * (0.3 + r.share(number))) % 94),
            ),
        }
    return rows


def _storage(
    number: int, kind: int, name: str, unit: int, size: int, low: float, high: float
) -> dict[Oid, Cell]:
    row = (*MIB2, 25, 2, 3, 1)
    return {
        (*row, 1, number): _int(number),
        (*row, 2, number): Cell(ber.OID, (*MIB2, 25, 2, 1, kind)),
        (*row, 3, number): _octets(name),
        (*row, 4, number): _int(unit),
        (*row, 5, number): _int(size),
        (*row, 6, number): Cell(ber.INTEGER, lambda r: wavering(r, size * low, size * high, number, DAY)),
    }


def _host(processors: Sequence[int], memory_kib: int) -> dict[Oid, Cell]:
    group = (*MIB2, 25)
    rows: dict[Oid, Cell] = {
        (*group, 1, 1, 0): Cell(ber.TIMETICKS, lambda r: int(r.uptime * 100)),
        (*group, 1, 5, 0): Cell(ber.GAUGE32, lambda r: wavering(r, 1, 4, 11)),
        (*group, 1, 6, 0): Cell(ber.GAUGE32, lambda r: wavering(r, 180, 240, 12)),
        (*group, 2, 2, 0): _int(memory_kib),
    }
    for number in processors:
        rows[*group, 3, 3, 1, 2, number] = Cell(
            ber.INTEGER, lambda r, number=number: wavering(r, 4, 55, number, 900)
        )
    return rows


def _linux(_: Model) -> dict[Oid, Cell]:
    memory = 64 << 20  # KiB
    return (
        _host(range(196608, 196612), memory)
        | _storage(1, 2, "Physical memory", 1024, memory, 0.5, 0.7)
        | _storage(3, 3, "Virtual memory", 1024, memory + (8 << 20), 0.4, 0.6)
        | _storage(36, 4, "/", 4096, 12_000_000, 0.35, 0.36)
        | _storage(37, 4, "/var", 4096, 120_000_000, 0.58, 0.64)
        | {
            (*UCD, 4, 5, 0): _int(memory),
            (*UCD, 4, 6, 0): Cell(ber.INTEGER, lambda r: wavering(r, memory * 0.1, memory * 0.2, 21)),
            (*UCD, 4, 14, 0): _int(memory // 50),
            (*UCD, 4, 15, 0): _int(memory // 4),
            (*UCD, 10, 1, 5, 1): Cell(ber.INTEGER, lambda r: wavering(r, 20, 190, 22, 700)),
            (*UCD, 11, 11, 0): Cell(ber.INTEGER, lambda r: wavering(r, 48, 94, 23, 700)),
        }
    )


def _windows(_: Model) -> dict[Oid, Cell]:
    memory = 32 << 20  # KiB
    return (
        _host(range(6, 10), memory)
        | _storage(1, 4, r"C:\ Label:  Serial Number 5a1c70de", 4096, 31_000_000, 0.55, 0.56)
        | _storage(2, 4, r"D:\ Label:Data  Serial Number 72be0911", 4096, 240_000_000, 0.7, 0.73)
        | _storage(3, 3, "Virtual Memory", 65536, memory // 64 * 2, 0.4, 0.5)
        | _storage(4, 2, "Physical Memory", 65536, memory // 64, 0.45, 0.6)
    )


def _lldp(device: SimDevice) -> dict[Oid, Cell]:
    local, names = (*LLDP, 3), device.model.port_name
    rows: dict[Oid, Cell] = {
        (*local, 1, 0): _int(4),
        (*local, 2, 0): Cell(ber.OCTETS, mac(device, 0)),
        (*local, 3, 0): _octets(device.name),
        (*local, 4, 0): _octets(device.model.descr),
    }
    for port in range(1, device.model.ports + 1):
        rows |= {
            (*local, 7, 1, 2, port): _int(5),
            (*local, 7, 1, 3, port): _octets(names.format(port)),
            (*local, 7, 1, 4, port): _octets(names.format(port)),
        }
    seen = [(port_towards(child), child, UPLINK) for child in children(device.name) if child.kind in HAS_LLDP]
    if device.parent:
        seen.append((UPLINK, BY_NAME[device.parent], port_towards(device)))
    for port, other, other_port in seen:
        rows |= _neighbour(port, other, other_port)
    return rows


def _neighbour(port: int, other: SimDevice, other_port: int) -> dict[Oid, Cell]:
    name = other.model.port_name.format(other_port)
    columns = {
        4: _int(4), 5: Cell(ber.OCTETS, mac(other, 0)), 6: _int(5), 7: _octets(name), 8: _octets(name),
        9: _octets(other.name), 10: _octets(other.model.descr),
    }  # fmt: skip
    return {(*LLDP, 4, 1, 1, c, 0, port, 1): cell for c, cell in columns.items()}
