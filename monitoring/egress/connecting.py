"""The last look where a socket is opened, and the loopback networks that a demo or a test simulates. Free of tables."""

from functools import lru_cache

from monitoring.egress import addresses
from monitoring.egress.addresses import Address, Net, Never
from monitoring.egress.refusals import Reason, RefusedError


@lru_cache(16)
def parsed(networks: tuple[str, ...]) -> tuple[Net, ...]:
    """Networks from their text; what is none is left out."""
    return tuple(found for text in networks if (found := addresses.network(text)))


def simulated() -> tuple[Net, ...]:
    """Loopback networks whose devices a demo or a test simulates; none in production: it is no variable."""
    from django.conf import settings  # here: what asks devices is imported without Django

    return parsed(tuple(getattr(settings, "SAMDRIFT_EGRESS_SIMULATED", ())))


def never(address: Address) -> Never | None:
    """`addresses.never`, the simulated networks set apart."""
    kind = addresses.never(address)
    return None if kind is Never.LOOPBACK and addresses.holds(simulated(), address) else kind


def connectable(text: str) -> str:
    """The last look, where a socket is opened: an address, never a name, and none that no device has."""
    address = addresses.literal(text)
    if address is None:
        raise RefusedError(Reason.FORM, text[:60])
    if kind := never(address):
        raise RefusedError(Reason.NEVER, str(address), kind)
    return str(address)
