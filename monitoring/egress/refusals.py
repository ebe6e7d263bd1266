"""Why nothing is sent. Free of Django: who only opens sockets pays for no tables."""

from enum import StrEnum
from typing import NamedTuple

from monitoring.egress.addresses import Never


class Reason(StrEnum):
    """Why nothing is sent; the words as they are stored, told in the reader's language by monitoring.words."""

    FORM = "refused by the rules of egress: this is neither an address nor a name"
    UNKNOWN_NAME = "the name does not resolve"
    NEVER = "refused by the rules of egress: no device has this address"
    FOREIGN = "refused by the rules of egress: in no network of its organisation"
    CREDENTIAL = "refused by the rules of egress: outside the networks of its credential"
    OWNER = "refused by the rules of egress: its credential belongs to another organisation"


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
