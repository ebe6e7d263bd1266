"""Why nothing is sent. Free of Django: who only opens sockets pays for no tables."""

from enum import StrEnum
from typing import Final, NamedTuple

from monitoring.egress.addresses import Never

REFUSED: Final = "refused by the rules of egress"
"""How the stored words of each refusal begin."""


class Reason(StrEnum):
    """Why nothing is sent; the words as they are stored, told in the reader's language by monitoring.words."""

    FORM = f"{REFUSED}: this is neither an address nor a name"
    UNKNOWN_NAME = "the name does not resolve"
    NEVER = f"{REFUSED}: no device has this address"
    FOREIGN = f"{REFUSED}: in no network of its organisation"
    CREDENTIAL = f"{REFUSED}: outside the networks of its credential"
    OWNER = f"{REFUSED}: its credential belongs to another organisation"


class Refusal(NamedTuple):
    """`about` is the address, or the credential's name; `never` says more where no device has the address."""

    reason: Reason
    about: str = ""
    never: Never | None = None


class RefusedError(Exception):
    """Nothing was sent. `str()` is stored and shown."""

    def __init__(self, reason: Reason, about: str = "", never: Never | None = None) -> None:
        super().__init__(f"{reason} ({about})" if about else str(reason))
        self.reason, self.about, self.never = reason, about, never
