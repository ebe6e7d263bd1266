"""Looking for devices: asks every address of a network with the known credentials, and makes targets of what answers."""

import asyncio
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cmdb.models import Item, Organisation
from monitoring.asking import UnaskableError, auth_of, load_credentials
from monitoring.collectors import Identity, identity
from monitoring.egress import RefusedError
from monitoring.egress.rules import Road, Rules
from monitoring.models import CheckKind, Credential, Target
from monitoring.snmp import Answer, Endpoint, available, get_many

MOST_ADDRESSES: Final = 4096
TIMEOUT: Final = 1.0
RETRIES: Final = 0
"""A second pass asks those again that were silent: a lost datagram must not hide a device."""
CONCURRENCY: Final = {"gufo": 400, "pysnmp": 100}


class DiscoveryError(ValueError):
    """Why nothing was asked; the text is for the operator."""


@dataclass(frozen=True)
class Found:
    """One device that answered."""

    address: str
    port: int
    credential: Credential
    identity: Identity
    target: Target | None = None
    """The target that asks it already."""
    item: Item | None = None
    """The item of the register that it seems to be."""

    @property
    def name(self) -> str:
        return self.identity.name or self.address

    def as_data(self) -> dict[str, object]:
        """Plain values; no secret."""
        who = self.identity
        return {
            "address": self.address,
            "port": self.port,
            "name": self.name,
            "class": who.kind,
            "profile": who.profile.name,
            "vendor": who.vendor,
            "model": who.model,
            "serial": who.serial,
            "location": who.location,
            "description": who.descr,
            "credential": self.credential.name,
            "target": self.target.pk if self.target else None,
            "item": self.item.pk if self.item else None,
        }


def addresses(network: str) -> list[str]:
    """The addresses of a network in CIDR form; DiscoveryError for what is none, or too large."""
    try:
        found = ipaddress.ip_network(network.strip(), strict=False)
    except ValueError:
        raise DiscoveryError(
            _("“%(network)s” is not a network: write it as 10.20.0.0/24.") % {"network": network}
        ) from None
    if found.num_addresses > MOST_ADDRESSES:
        words = _(
            "%(network)s has %(count)s addresses; at most %(most)s can be asked at once. Take it in parts."
        )
        raise DiscoveryError(words % {"network": found, "count": found.num_addresses, "most": MOST_ADDRESSES})
    if found.is_multicast or found.is_unspecified:
        raise DiscoveryError(_("%(network)s is not a network of devices.") % {"network": found})
    return [str(address) for address in found.hosts()] or [str(found.network_address)]


def known_ports() -> list[int]:
    """161, and the ports that targets already have."""
    used = Target.objects.filter(check_kind=CheckKind.SNMP).values_list("port", flat=True).distinct()[:5]
    return sorted({161, *used})


def discover(
    network: str,
    credentials: Iterable[Credential] | None = None,
    ports: Sequence[int] | None = None,
    organisation: Organisation | None = None,
) -> list[Found]:
    """Ask all of `network` with each credential on each port; what answered, in the order of addresses.

    `credentials` default to all SNMP ones, each for `organisation` (default: its own). An address that the rules of egress
    keep from a credential is not asked with it. Stored are neither targets nor items: see `make_targets`.
    """
    wanted = addresses(network)
    if credentials is None:
        credentials = sorted(load_credentials().values(), key=lambda c: (c.kind, c.pk))
    usable = _usable(credentials)
    if not usable:
        raise DiscoveryError(_("There is no SNMP credential to ask with: make one first."))
    allowed = _allowed(wanted, usable, organisation)
    if not any(allowed.values()):
        raise DiscoveryError(
            _(
                "Nothing was sent to %(network)s: the network must be named under Monitoring, Networks, and on the"
                " credential's page."
            )
            % {"network": network}
        )
    answers = asyncio.run(_ask(allowed, usable, ports or known_ports()))
    return _matched(answers)


def _usable(credentials: Iterable[Credential]) -> list[Credential]:
    found = []
    for credential in credentials:
        try:
            auth_of(credential)
        except UnaskableError:
            continue
        found.append(credential)
    return found


def _allowed(
    wanted: Sequence[str], credentials: Sequence[Credential], organisation: Organisation | None
) -> dict[int, list[str]]:
    """The addresses that each credential may be sent to."""
    rules = Rules.load()
    found: dict[int, list[str]] = {}
    for credential in credentials:
        owner = organisation.pk if organisation else credential.organisation_id
        found[credential.pk] = []
        for address in wanted:
            try:
                rules.check(address, Road(address, owner, credential))
            except RefusedError:
                continue
            found[credential.pk].append(address)
    return found


async def _ask(
    allowed: dict[int, list[str]], credentials: Sequence[Credential], ports: Sequence[int]
) -> list[tuple[str, int, Credential, Answer]]:
    """One credential after the other, and each only where nothing answered yet: wrong ones look like attacks."""
    found: dict[tuple[str, int], tuple[Credential, Answer]] = {}
    engine = available()[0]
    for _pass in range(2):
        for credential in credentials:
            auth = auth_of(credential)
            requests = [
                ((address, port), Endpoint(address, auth, port, TIMEOUT, RETRIES), identity.OIDS)
                for address in allowed[credential.pk]
                for port in ports
                if (address, port) not in found
            ]
            answers = await get_many(requests, CONCURRENCY[engine], engine)
            found |= {key: (credential, answer) for key, answer in answers.items() if answer.ok}
    return [(address, port, credential, answer) for (address, port), (credential, answer) in found.items()]


def _matched(answers: Iterable[tuple[str, int, Credential, Answer]]) -> list[Found]:
    """With the targets and items that they are, by address, serial number and name, in this order of trust."""
    rows = [(address, port, c, identity.read(answer.values)) for address, port, c, answer in answers]
    targets = {
        (t.address, t.port): t
        for t in Target.objects.current().filter(
            check_kind=CheckKind.SNMP, address__in=[row[0] for row in rows]
        )
    }
    items = Item.objects.current().select_related("organisation")
    by_address = {str(i.address): i for i in items.filter(address__in=[row[0] for row in rows])}
    serials = [row[3].serial for row in rows if row[3].serial]
    by_serial = {i.serial: i for i in items.filter(serial__in=serials)}
    by_name = {
        i.name.casefold(): i for i in items.filter(name__in=[row[3].name for row in rows if row[3].name])
    }
    found = []
    for address, port, credential, who in rows:
        item = by_address.get(address) or by_serial.get(who.serial) or by_name.get(who.name.casefold())
        found.append(Found(address, port, credential, who, targets.get((address, port)), item))
    return sorted(found, key=lambda one: (ipaddress.ip_address(one.address).packed, one.port))


def make_targets(found: Iterable[Found], organisation: Organisation | None = None) -> list[Target]:
    """Targets for what has none yet; owned by the item's organisation, else `organisation`, else the credential's."""
    made, rules = [], Rules.load()
    for one in found:
        if one.target is not None:
            continue
        owner = (one.item.organisation if one.item else None) or organisation or one.credential.organisation
        try:
            rules.check(one.address, Road(one.address, owner.pk, one.credential))
        except RefusedError:
            continue
        try:
            with transaction.atomic():
                made.append(
                    Target.objects.create(
                        name=one.name[:120],
                        organisation=owner,
                        item=one.item,
                        address=one.address,
                        port=one.port,
                        credential=one.credential,
                        profile=one.identity.profile.name,
                    )
                )
        except IntegrityError:
            continue  # somebody made it while we were asking
    return made


def summary(found: Sequence[Found], made: Sequence[Target]) -> str:
    """One line of what came of it."""
    known = sum(one.target is not None for one in found)
    answered = ngettext("%(n)s device answers", "%(n)s devices answer", len(found)) % {"n": len(found)}
    return _("%(answered)s: %(known)s known, %(made)s new targets.") % {
        "answered": answered, "known": known, "made": len(made),
    }  # fmt: skip
