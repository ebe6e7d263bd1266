"""The bridge between targets and the simulated devices of the demo: which target is one, switch it off and on."""

from dataclasses import dataclass

from django.conf import settings

from monitoring.models import Target
from monitoring.simulation.devices import BY_ADDRESS, DEVICES, SimDevice, silent
from monitoring.simulation.faults import read_faults, set_fault


def is_demo() -> bool:
    """Whether this installation is a demo, in which devices may be stopped from a page."""
    return bool(getattr(settings, "SAMDRIFT_DEMO", str(getattr(settings, "STAGE", "")) == "demo"))


def device_of(target: Target) -> SimDevice | None:
    """The simulated device behind a target, None for a real one and outside the demo."""
    return BY_ADDRESS.get(target.address) if is_demo() else None


@dataclass(frozen=True)
class Fault:
    """One simulated device: switched off itself, or silent because something above it is."""

    device: SimDevice
    is_off: bool
    is_silent: bool

    def as_data(self) -> dict[str, object]:
        device = self.device
        return {
            "name": device.name,
            "kind": device.kind,
            "address": device.address,
            "parent": device.parent,
            "down": self.is_off,
            "silent": self.is_silent,
        }


def faults() -> list[Fault]:
    """All simulated devices, the first a switch that others hang behind."""
    off = read_faults(settings.VAR)
    mute = silent(off)
    return [Fault(device, device.name in off, device.name in mute) for device in DEVICES]


def switch(name: str, *, off: bool) -> None:
    """Switch a simulated device off or on. KeyError for an unknown name; twice is once."""
    set_fault(settings.VAR, name, off)
