"""Recorded devices: a table read from a `.snmprec` (or `.snmprec.bz2`) file, as the snmpsim project writes them.

A line is OID|tag|value. It is read as bytes, since values hold raw carriage returns and worse; a tag that ends in
"x" marks a value in hexadecimal, a tag with ":" a computed one, which a replay leaves out. Values stay bytes
until somebody asks for them: a recording has up to a hundred thousand rows.
"""

import bz2
from pathlib import Path
from typing import Final

from monitoring.simulation import ber
from monitoring.simulation.cells import Cell
from monitoring.simulation.models import Oid

_TAGS: Final = {
    b"2": ber.INTEGER, b"4": ber.OCTETS, b"5": ber.NULL, b"6": ber.OID, b"64": ber.IP_ADDRESS,
    b"65": ber.COUNTER32, b"66": ber.GAUGE32, b"67": ber.TIMETICKS, b"68": ber.OPAQUE, b"70": ber.COUNTER64,
}  # fmt: skip
_NUMBERS: Final = frozenset((ber.INTEGER, ber.COUNTER32, ber.GAUGE32, ber.TIMETICKS, ber.COUNTER64))


class Recording:
    """A table to answer from."""

    def __init__(self, path: Path) -> None:
        raw = bz2.decompress(path.read_bytes()) if path.suffix == ".bz2" else path.read_bytes()
        self._rows: dict[Oid, tuple[bytes, bytes]] = {}
        for line in raw.split(b"\n"):
            parts = line.split(b"|", 2)
            if len(parts) == 3 and parts[1].removesuffix(b"x") in _TAGS:
                self._rows[tuple(map(int, parts[0].split(b".")))] = parts[1], parts[2]
        self.order: list[Oid] = sorted(self._rows)

    def get(self, oid: Oid) -> Cell | None:
        found = self._rows.get(oid)
        return cell(*found) if found else None


def cell(tag: bytes, raw: bytes) -> Cell:
    """One recorded value. Raises ValueError on one that its tag does not fit."""
    kind = _TAGS[tag.removesuffix(b"x")]
    if tag.endswith(b"x"):
        raw = bytes.fromhex(raw.decode("ascii"))
    if kind in _NUMBERS:
        return Cell(kind, int(raw))
    if kind == ber.OID:
        return Cell(kind, tuple(map(int, raw.strip(b". ").split(b"."))))
    if kind == ber.IP_ADDRESS and not tag.endswith(b"x"):
        return Cell(kind, bytes(map(int, raw.split(b"."))))
    return Cell(kind, raw)
