"""Which device hangs on which port? The raw material of the topology."""

from collections.abc import Iterable
from typing import Final

from monitoring.mibs import lldp
from monitoring.mibs.lldp import Neighbour
from monitoring.mibs.values import Value, Values

OIDS: Final = lldp.OIDS
WALKS: Final = lldp.WALKS


def read(rows: Iterable[tuple[str, Value]]) -> list[Neighbour]:
    """Neighbours out of a walk of WALKS."""
    return lldp.neighbours(rows)


def own_name(values: Values) -> str:
    """By which name its neighbours know this device: out of a GET of OIDS."""
    return lldp.local_name(values)
