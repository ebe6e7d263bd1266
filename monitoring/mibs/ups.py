"""UPS-MIB (RFC 1628): is the power on, how long does the battery last."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from monitoring.mibs.values import Values, number, text

_UPS: Final = "1.3.6.1.2.1.33.1"
IDENT_MANUFACTURER: Final = f"{_UPS}.1.1.0"
IDENT_MODEL: Final = f"{_UPS}.1.2.0"
BATTERY_STATUS: Final = f"{_UPS}.2.1.0"
SECONDS_ON_BATTERY: Final = f"{_UPS}.2.2.0"
MINUTES_REMAINING: Final = f"{_UPS}.2.3.0"
CHARGE_REMAINING: Final = f"{_UPS}.2.4.0"
BATTERY_TEMPERATURE: Final = f"{_UPS}.2.7.0"
INPUT_VOLTAGE: Final = f"{_UPS}.3.3.1.3.1"
OUTPUT_SOURCE: Final = f"{_UPS}.4.1.0"
OUTPUT_LOAD: Final = f"{_UPS}.4.4.1.5.1"
ALARMS_PRESENT: Final = f"{_UPS}.6.1.0"
OIDS: Final = (
    BATTERY_STATUS, SECONDS_ON_BATTERY, MINUTES_REMAINING, CHARGE_REMAINING, BATTERY_TEMPERATURE,
    INPUT_VOLTAGE, OUTPUT_SOURCE, OUTPUT_LOAD, ALARMS_PRESENT,
)  # fmt: skip
IDENT_OIDS: Final = (IDENT_MANUFACTURER, IDENT_MODEL)


class BatteryStatus(IntEnum):
    UNKNOWN = 1
    NORMAL = 2
    LOW = 3
    DEPLETED = 4


class Source(IntEnum):
    """Where the output's power comes from."""

    OTHER = 1
    NONE = 2
    NORMAL = 3
    BYPASS = 4
    BATTERY = 5
    BOOSTER = 6
    REDUCER = 7


@dataclass(frozen=True, slots=True)
class Ups:
    """Charge and load in percent, temperature in °C, voltage in V. None where the device does not say."""

    battery: BatteryStatus
    source: Source
    seconds_on_battery: int | None
    minutes_left: int | None
    charge: int | None
    temperature: int | None
    input_voltage: int | None
    load: int | None
    alarms: int | None

    @property
    def on_battery(self) -> bool:
        return self.source is Source.BATTERY or bool(self.seconds_on_battery)


def ups(values: Values) -> Ups:
    battery, source = number(values, BATTERY_STATUS), number(values, OUTPUT_SOURCE)
    return Ups(
        BatteryStatus(battery) if battery in set(BatteryStatus) else BatteryStatus.UNKNOWN,
        Source(source) if source in set(Source) else Source.OTHER,
        number(values, SECONDS_ON_BATTERY),
        number(values, MINUTES_REMAINING),
        _percent(number(values, CHARGE_REMAINING), 100),
        number(values, BATTERY_TEMPERATURE),
        number(values, INPUT_VOLTAGE),
        _percent(number(values, OUTPUT_LOAD), 200),
        number(values, ALARMS_PRESENT),
    )


def model(values: Values) -> tuple[str, str]:
    """Manufacturer and model, "" where unknown."""
    return text(values, IDENT_MANUFACTURER) or "", text(values, IDENT_MODEL) or ""


def _percent(raw: int | None, most: int) -> int | None:
    return raw if raw is not None and 0 <= raw <= most else None
