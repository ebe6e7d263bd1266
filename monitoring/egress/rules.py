"""Whether something may be sent to an address: for whom, on which road, with which credential.

Loaded once for a round; afterwards plain arithmetic, so that thousands of targets cost no statement. Networks lie in the
tables (`Network`, `Credential.networks`), what is never asked in `addresses`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from cmdb.models import Organisation
from monitoring.egress import addresses
from monitoring.egress.addresses import Address, Net, Never
from monitoring.egress.connecting import never, parsed, simulated
from monitoring.egress.refusals import Reason, Refusal, RefusedError
from monitoring.models import CheckKind, Credential, Network, NetworkUse, Target

WEB_PORT = 443


class Road(NamedTuple):
    """One way out: to an address or name, for an organisation, with a credential or none; `web`: an HTTPS check on its
    usual port; `service`: any check that says what listens at a port."""

    name: str
    organisation_id: int
    credential: Credential | None = None
    web: bool = False
    service: bool = False

    @classmethod
    def check(
        cls, name: str, organisation_id: int, kind: str, port: int | None, credential: Credential | None
    ) -> Self:
        """The road of a check of this kind; only SNMP takes its credential along."""
        web = kind == CheckKind.HTTPS and port == WEB_PORT
        sent = credential if kind == CheckKind.SNMP else None
        return cls(name, organisation_id, sent, web, kind in (CheckKind.TCP, CheckKind.HTTPS))

    @classmethod
    def of(cls, target: Target) -> Self:
        """The road of a target's check; the credential must be on the row already, as `load_credentials` gives it."""
        return cls.check(
            target.address, target.organisation_id, target.check_kind, target.port, target.credential
        )

    @classmethod
    def ssh(cls, target: Target) -> Self:
        """The road of its configuration backup."""
        return cls(target.address, target.organisation_id, target.ssh_credential)


@dataclass(frozen=True, slots=True)
class Named:
    """A network with its owner."""

    network: Net
    organisation_id: int
    web_only: bool = False


Place = tuple[int, int, int]


class Rules:
    """What is named, and whose it is. `load` reads it in two statements."""

    def __init__(self, named: Iterable[Named], places: Mapping[int, Place]) -> None:
        """`places`: tree, left and right number of each organisation."""
        self._places = places
        self._devices: dict[tuple[int, int], dict[int, list[Named]]] = defaultdict(lambda: defaultdict(list))
        self._web: list[Named] = []
        for one in named:
            if one.web_only:
                self._web.append(one)
            else:
                width = (one.network.version, one.network.prefixlen)
                self._devices[width][int(one.network.network_address)].append(one)
        self._widths = sorted(self._devices, key=lambda width: -width[1])
        self._known: dict[tuple[str, int, int, bool, bool], Refusal | None] = {}

    @classmethod
    def load(cls) -> Self:
        """As the tables say now."""
        rows = Network.objects.values_list("prefix", "organisation_id", "use")
        named = [
            Named(network, owner, use == NetworkUse.WEB)
            for prefix, owner, use in rows
            if (network := addresses.network(prefix))
        ]
        places = Organisation.objects.order_by().values_list("pk", "tree_id", "lft", "rght")
        return cls(named, {pk: (tree, left, right) for pk, tree, left, right in places})

    # --- one address

    def check(self, address: str, road: Road) -> None:
        """RefusedError unless `road` may lead to `address`."""
        key = (
            address,
            road.organisation_id,
            road.credential.pk if road.credential else 0,
            road.web,
            road.service,
        )
        if key not in self._known:
            self._known[key] = self._refusal(address, road)
        if refused := self._known[key]:
            raise RefusedError(*refused)

    def way(self, road: Road, found: Mapping[str, Sequence[str]]) -> str:
        """The address to connect to: the first permitted one of those that `resolve` found for the road's name."""
        if not addresses.literal(road.name) and not addresses.is_host_name(road.name):
            raise RefusedError(Reason.FORM, road.name[:60])
        if addresses.is_own_name(road.name):
            raise RefusedError(Reason.NEVER, road.name, Never.LOOPBACK)
        refused: RefusedError | None = None
        for address in found.get(road.name, ()):
            try:
                self.check(address, road)
            except RefusedError as error:
                refused = refused or error
            else:
                return address
        if refused is None:
            raise RefusedError(Reason.UNKNOWN_NAME, road.name[:60])
        # Where a name leads is the resolver's to tell, not ours: the device may be another organisation's.
        about = road.credential.name if refused.reason is Reason.OWNER and road.credential else road.name[:60]
        raise RefusedError(refused.reason, about, refused.never)

    def _refusal(self, text: str, road: Road) -> Refusal | None:
        address = addresses.literal(text)
        if address is None:
            return Refusal(Reason.FORM, text[:60])
        if kind := never(address):
            return Refusal(Reason.NEVER, str(address), kind)
        owners = self._narrowest(address)
        if owners and addresses.is_broadcast(address, owners[0].network):
            return Refusal(Reason.NEVER, str(address), Never.BROADCAST)
        mine = road.organisation_id
        if not any(self._on_one_line(one.organisation_id, mine) for one in owners):
            # A network that somebody else named is theirs, on the web road and among simulated devices too.
            if owners or not (self._is_web(address, road) or self._is_simulated(address, road)):
                return Refusal(Reason.FOREIGN, str(address))
        return self._misused(road.credential, address, mine) if road.credential else None

    def _is_simulated(self, address: Address, road: Road) -> bool:
        """Simulated devices need no named network; what listens beside them at a port is nobody's to look for."""
        return not road.service and addresses.holds(simulated(), address)

    def _is_web(self, address: Address, road: Road) -> bool:
        if not road.web or not address.is_global:
            return False
        mine = road.organisation_id
        return any(address in one.network and self._is_under(mine, one.organisation_id) for one in self._web)

    def _narrowest(self, address: Address) -> list[Named]:
        bits, number = address.max_prefixlen, int(address)
        for version, length in self._widths:
            if version == address.version:
                start = number >> (bits - length) << (bits - length)
                if found := self._devices[version, length].get(start):
                    return found
        return []

    # --- credentials

    def _misused(self, credential: Credential, address: Address, organisation_id: int) -> Refusal | None:
        if not self._is_under(organisation_id, credential.organisation_id):
            return Refusal(Reason.OWNER, credential.name)
        unnamed = not credential.networks and addresses.holds(simulated(), address)
        if not unnamed and not addresses.holds(parsed(tuple(credential.networks)), address):
            return Refusal(Reason.CREDENTIAL, str(address))
        return None

    def covers(self, wide: Net, organisation_id: int) -> bool:
        """Whether all of `wide` lies in one named network of the organisation's line."""
        return any(
            addresses.within(wide, one.network) and self._on_one_line(one.organisation_id, organisation_id)
            for rows in self._devices.values()
            for named in rows.values()
            for one in named
        )

    # --- the tree

    def _is_under(self, inner: int, outer: int) -> bool:
        a, b = self._places.get(inner), self._places.get(outer)
        return a is not None and b is not None and a[0] == b[0] and b[1] <= a[1] and a[2] <= b[2]

    def _on_one_line(self, a: int, b: int) -> bool:
        return self._is_under(a, b) or self._is_under(b, a)
