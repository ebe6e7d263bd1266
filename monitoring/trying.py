"""«Test now»: ask something once, before or without saving it, and show what it says of itself."""

import asyncio
from dataclasses import dataclass

from django.utils import timezone

from monitoring import poll
from monitoring.asking import UnaskableError, endpoint_of, load_credentials
from monitoring.collectors import Identity, identity
from monitoring.egress import resolve
from monitoring.egress.rules import Rules
from monitoring.models import CheckKind, Target
from monitoring.outcome import Outcome, Result
from monitoring.snmp import get_one


@dataclass(frozen=True)
class Tried:
    """`identity` where an SNMP device answered. Its texts are the device's own: escape them."""

    outcome: Outcome
    identity: Identity | None = None

    @property
    def is_ok(self) -> bool:
        return self.outcome.result is Result.ANSWERED


def try_now(target: Target) -> Tried:
    """Ask `target`, which need not be saved; takes a few seconds at most and never raises for what it answers."""
    if target.check_kind != CheckKind.SNMP:
        return Tried(poll.ask([target])[0])
    # Read before there is a loop, in which Django refuses the database.
    target.credential = load_credentials([target.credential_id or 0]).get(target.credential_id or 0)
    return asyncio.run(_try_snmp(target, Rules.load()))


async def _try_snmp(target: Target, rules: Rules) -> Tried:
    at = timezone.now()
    try:
        endpoint = endpoint_of(target, rules, await resolve({target.address}))
    except UnaskableError as error:
        return Tried(Outcome(target.pk or 0, at, Result.UNASKABLE, str(error)))
    answer = await get_one(endpoint, identity.OIDS)
    fresh = Target(pk=target.pk or 0, address=target.address)
    outcome = poll.read(fresh, answer, at)
    return Tried(outcome, identity.read(answer.values) if answer.ok else None)
