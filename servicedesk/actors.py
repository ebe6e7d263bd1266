"""Who acts: an argument of every verb, never a global, so that background work leaves a name too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmdb.models import User


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or with `user` None a part of the system ("monitoring", "mail"). `name` stays in the timeline for good."""

    user: User | None
    name: str

    @classmethod
    def of(cls, user: User) -> Actor:
        """The person who is signed in."""
        return cls(user=user, name=str(user)[:150])

    @classmethod
    def system(cls, name: str) -> Actor:
        """A part of the system; it may do what the moves allow to the system."""
        return cls(user=None, name=name)

    @property
    def is_system(self) -> bool:
        """Whether no person acts."""
        return self.user is None


MONITORING = Actor.system("monitoring")
MAIL = Actor.system("mail")
CLOCK = Actor.system("clock")
