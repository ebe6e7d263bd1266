"""ENTITY-MIB (RFC 6933): what the device is made of; here its model and serial number."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from monitoring.mibs.values import Value, cell_number, cell_text, table

ENTRY: Final = "1.3.6.1.2.1.47.1.1.1.1"
WALKS: Final = (ENTRY,)
CHASSIS, STACK = 3, 11


@dataclass(frozen=True, slots=True)
class Part:
    """One physical part; texts "" where unsaid. `kind` as in the MIB: 3 chassis, 6 power supply, 9 module, 11 stack."""

    index: int
    kind: int | None
    name: str
    descr: str
    model: str
    serial: str
    manufacturer: str
    software: str


def parts(rows: Iterable[tuple[str, Value]]) -> list[Part]:
    """From the rows of WALKS, by index."""
    found = [
        Part(
            int(index),
            cell_number(row, 5),
            cell_text(row, 7) or "",
            cell_text(row, 2) or "",
            cell_text(row, 13) or "",
            cell_text(row, 11) or "",
            cell_text(row, 12) or "",
            cell_text(row, 10) or "",
        )
        for index, row in table(rows, ENTRY).items()
        if index.isdecimal()
    ]
    return sorted(found, key=lambda part: part.index)


def chassis(found: Iterable[Part]) -> Part | None:
    """The part that stands for the whole: the first chassis that names a serial number, else the first chassis."""
    boxes = [part for part in found if part.kind == CHASSIS]
    return next((box for box in boxes if box.serial), boxes[0] if boxes else None)
