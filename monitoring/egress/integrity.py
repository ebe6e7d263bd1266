"""What the rules of egress keep from being asked, over the live data. Nothing is resolved or sent here."""

from collections.abc import Iterator

from monitoring.egress import addresses
from monitoring.egress.refusals import REFUSED, RefusedError
from monitoring.egress.rules import Road, Rules
from monitoring.models import Credential, Target


def check() -> Iterator[str]:
    """One sentence per credential beyond its networks and per target that is not asked. A few statements in all."""
    rules = Rules.load()
    for credential in Credential.objects.filter(archived_at=None).defer("secret"):
        for text in credential.networks:
            network = addresses.network(text)
            if network is None or not rules.covers(network, credential.organisation_id):
                yield f"credential {credential.pk} names {text}, which is no network of its organisation"
    # What was never asked yet is told by its first poll; what was asked before tells at once that it no longer is.
    targets = Target.objects.filter(is_enabled=True, archived_at=None).exclude(last_polled_at=None)
    targets = targets.select_related("credential", "ssh_credential")
    for target in targets.defer("credential__secret", "ssh_credential__secret"):
        if refused := _refused(target, rules):
            yield f"target {target.pk}: {refused}"


def _refused(target: Target, rules: Rules) -> str:
    """Why it is not asked, or not backed up; where a name leads is what its last poll found."""
    if addresses.literal(target.address) is None and addresses.is_host_name(target.address):
        return target.last_error if target.last_error.startswith(REFUSED) else ""
    for road in (Road.of(target), *([Road.ssh(target)] if target.ssh_credential else [])):
        try:
            rules.way(road, {road.name: (road.name,)})
        except RefusedError as refused:
            return str(refused)
    return ""
