"""Printer-MIB (RFC 3805) with the printer part of HOST-RESOURCES-MIB: can it print, what does it lack, how much toner."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from monitoring.mibs.values import Value, Values, cell_number, cell_text, number, raw_bytes, table, text

PRINTER_STATUS: Final = "1.3.6.1.2.1.25.3.5.1.1.1"
"""hrPrinterStatus of device 1, which is the printer itself on printers."""
ERROR_STATE: Final = "1.3.6.1.2.1.25.3.5.1.2.1"
SERIAL: Final = "1.3.6.1.2.1.43.5.1.1.17.1"
PAGES: Final = "1.3.6.1.2.1.43.10.2.1.4.1.1"
SUPPLY_ENTRY: Final = "1.3.6.1.2.1.43.11.1.1"
SUPPLY_NAME: Final = f"{SUPPLY_ENTRY}.6.1"
SUPPLY_CAPACITY: Final = f"{SUPPLY_ENTRY}.8.1"
SUPPLY_LEVEL: Final = f"{SUPPLY_ENTRY}.9.1"
OIDS: Final = (PRINTER_STATUS, ERROR_STATE, PAGES)
WALKS: Final = (SUPPLY_ENTRY,)

ERRORS: Final = (
    "low_paper", "no_paper", "low_toner", "no_toner", "door_open", "jammed", "offline", "service_requested",
    "input_tray_missing", "output_tray_missing", "marker_supply_missing", "output_near_full", "output_full",
    "input_tray_empty", "overdue_prevent_maint",
)  # fmt: skip
"""Bits of hrPrinterDetectedErrorState, the most significant bit of the first octet first."""
STOPPING: Final = frozenset(
    ("no_paper", "no_toner", "door_open", "jammed", "offline", "marker_supply_missing")
)
"""Those with which nothing comes out."""


class PrinterStatus(IntEnum):
    OTHER = 1
    UNKNOWN = 2
    IDLE = 3
    PRINTING = 4
    WARMUP = 5


@dataclass(frozen=True, slots=True)
class Supply:
    """Toner, drum, waste box … `percent` is None where the printer only says "some left" (-3) or nothing (-2)."""

    index: str
    name: str
    percent: float | None


@dataclass(frozen=True, slots=True)
class Printer:
    """`pages` since it was made; `errors` out of ERRORS."""

    status: PrinterStatus
    errors: frozenset[str]
    pages: int | None

    @property
    def is_stopped(self) -> bool:
        return bool(self.errors & STOPPING)


def printer(values: Values) -> Printer:
    status = number(values, PRINTER_STATUS)
    return Printer(
        PrinterStatus(status) if status in set(PrinterStatus) else PrinterStatus.UNKNOWN,
        errors(raw_bytes(values, ERROR_STATE) or b""),
        number(values, PAGES),
    )


def errors(raw: bytes) -> frozenset[str]:
    """The set bits. One octet or two: old printers send only the first."""
    return frozenset(
        name for bit, name in enumerate(ERRORS) if bit // 8 < len(raw) and raw[bit // 8] & (0x80 >> bit % 8)
    )


def percent(level: int | None, capacity: int | None) -> float | None:
    """Level of capacity. Negative numbers are the MIB's "other", "unknown" and "some left"."""
    if level is None or capacity is None or level < 0 or capacity <= 0:
        return None
    return min(100.0, 100.0 * level / capacity)


def supplies(rows: Iterable[tuple[str, Value]]) -> list[Supply]:
    """From the rows of WALKS; `index` as the MIB has it ("1.2": second supply of the printer)."""
    return [
        Supply(index, cell_text(row, 6) or index, percent(cell_number(row, 9), cell_number(row, 8)))
        for index, row in table(rows, SUPPLY_ENTRY).items()
    ]


def serial(values: Values) -> str | None:
    return text(values, SERIAL)
