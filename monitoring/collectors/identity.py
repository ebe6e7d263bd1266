"""What is this device: name, maker, model, serial number, kind?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from monitoring.collectors.identities import identify
from monitoring.collectors.profiles import Profile, profile_for
from monitoring.mibs import entity, printer, snmpv2, ups
from monitoring.mibs.values import Value, Values

OIDS: Final = (*snmpv2.OIDS, printer.SERIAL, *ups.IDENT_OIDS)
"""One GET; a device that is no printer or UPS answers those with noSuchObject."""
WALKS: Final = entity.WALKS


@dataclass(frozen=True, slots=True)
class Identity:
    """Texts are "" where the device does not say."""

    name: str
    descr: str
    object_id: str
    contact: str
    location: str
    vendor: str
    model: str
    kind: str
    """Short name of a class of the register (`monitoring.collectors.identities`)."""
    serial: str
    profile: Profile
    uptime_seconds: float | None


def read(values: Values, rows: Iterable[tuple[str, Value]] = ()) -> Identity:
    """From a GET of OIDS and, where it was made, a walk of WALKS."""
    system = snmpv2.system(values)
    box = entity.chassis(entity.parts(rows))
    maker, ups_model = ups.model(values)
    object_id, descr = system.object_id or "", system.descr or ""
    known = identify(object_id, descr)
    return Identity(
        name=system.name or "",
        descr=descr,
        object_id=object_id,
        contact=system.contact or "",
        location=system.location or "",
        vendor=(box.manufacturer if box else "") or maker or known.vendor,
        model=(box.model if box else "") or ups_model or known.model,
        kind=known.kind,
        serial=(box.serial if box else "") or printer.serial(values) or "",
        profile=profile_for(object_id, descr),
        uptime_seconds=system.uptime_seconds,
    )
