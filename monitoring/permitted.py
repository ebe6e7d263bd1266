"""What forms ask before something is saved: may this person send this credential there, and may anything go there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from cmdb.models import Organisation
from monitoring.access import KEEPERS
from monitoring.egress import Reason, RefusedError, addresses, resolve_now
from monitoring.egress.addresses import Net
from monitoring.egress.connecting import simulated
from monitoring.egress.rules import Road, Rules
from monitoring.models import Credential, Network, NetworkUse

# Each of these decides where a credential of the target is sent, or which.
DECIDING = frozenset(
    {"address", "port", "ssh_port", "credential", "ssh_credential", "organisation", "check_kind"}
)


def kept_by(user: Any) -> Collection[int]:
    """Organisations whose credentials the person keeps: makes, replaces and sends."""
    found: Collection[int] = user.access.orgs(*KEEPERS)
    return found


def problems(
    user: Any, initial: Mapping[str, Any], changed: Collection[str], cleaned: Mapping[str, Any]
) -> Iterator[tuple[str | None, str]]:
    """(field, sentence) of what stands against a target as a form would save it."""
    if DECIDING & set(changed):
        held: set[Any] = {initial.get("credential"), initial.get("ssh_credential")} - {None, ""}
        wanted = {one.pk for one in (cleaned.get("credential"), cleaned.get("ssh_credential")) if one}
        rows = Credential.objects.filter(pk__in=held | wanted).defer("secret")
        if any(one.organisation_id not in kept_by(user) for one in rows):
            yield (
                None,
                _(
                    "A stored credential is sent to this target. Its address, ports, check, owner and credentials are"
                    " changed by who keeps that credential: a team lead or an administrator."
                ),
            )
            return
    yield from _roads(cleaned)


def _roads(cleaned: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the rules of egress say to each road of the target. A name that is not known yet may be saved."""
    address, owner, kind = cleaned.get("address"), cleaned.get("organisation"), cleaned.get("check_kind")
    if not address or owner is None or not kind:
        return
    found, known = resolve_now([address]), Rules.load()
    check = Road.check(address, owner.pk, kind, cleaned.get("port"), cleaned.get("credential"))
    roads = [("credential", check)]
    if cleaned.get("ssh_credential"):
        roads.append(("ssh_credential", Road(address, owner.pk, cleaned["ssh_credential"])))
    for name, road in roads:
        try:
            known.way(road, found)
        except RefusedError as refused:
            if refused.reason is not Reason.UNKNOWN_NAME:
                about_credential = refused.reason in (Reason.CREDENTIAL, Reason.OWNER)
                yield name if about_credential else "address", sentence(refused, owner, road.credential)
                return


def sentence(refused: RefusedError, owner: Organisation, credential: Credential | None) -> str:
    """Why, and what would have to be named where."""
    values = {"address": refused.about, "organisation": owner.name, "credential": str(credential or "")}
    if refused.reason is Reason.NEVER:
        return _("Nothing is ever sent to %(address)s: no device has such an address.") % values
    if refused.reason is Reason.FOREIGN:
        return name_it(refused.about, owner)
    if refused.reason is Reason.OWNER:
        return _("“%(credential)s” belongs to another organisation and is not used for %(organisation)s.") % (
            values
        )
    if refused.reason is Reason.CREDENTIAL:
        return (
            _(
                "“%(credential)s” is not sent to %(address)s. Who keeps it can name the network on the credential's page."
            )
            % values
        )
    return _("This is neither an IP address nor a host name.")


def name_it(what: str, owner: Organisation) -> str:
    """What is missing, and where it would be named."""
    return _(
        "%(what)s lies in no network of %(organisation)s. A team lead or administrator of the region can name the network"
        " that holds it under Monitoring, Networks."
    ) % {"what": what, "organisation": owner.name}


def not_named(networks: Sequence[str], owner: Organisation) -> str:
    """The first of `networks` that lies in no named network of the organisation's; "" if all do."""
    known = Rules.load()
    for text in networks:
        network = addresses.network(text)
        if network is None or not known.covers(network, owner.pk):
            return text
    return ""


def clash(network: Net, owner: Organisation, pk: int | None) -> str:
    """Why a network cannot be named for devices; "" if it can."""
    inside = any(addresses.within(network, one) for one in simulated())
    if addresses.reaches_never(network) and not inside:
        return _("It holds addresses that no device has: loopback, link-local, multicast and the like.")
    if network.prefixlen < (8 if network.version == 4 else 16):
        return _("This is too wide for the network of an organisation.")
    line = owner.get_ancestors(include_self=True) | owner.get_descendants()
    others = Network.objects.filter(use=NetworkUse.DEVICES).exclude(pk=pk or 0).exclude(organisation__in=line)
    for prefix in others.values_list("prefix", flat=True):
        other = addresses.network(prefix)
        if other and other.version == network.version and other.overlaps(network):
            return _("Part of it is named for another organisation already: %(network)s.") % {
                "network": other
            }
    return ""
