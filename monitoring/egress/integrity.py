"""What the rules of egress keep from being asked, over the live data. Nothing is resolved or sent here."""

from collections.abc import Iterator

from monitoring.egress import addresses
from monitoring.egress.refusals import RefusedError
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
    targets = Target.objects.filter(is_enabled=True).select_related("credential", "ssh_credential")
    for target in targets.defer("credential__secret", "ssh_credential__secret"):
        roads = [Road.of(target), *([Road.ssh(target)] if target.ssh_credential else [])]
        for road in roads:
            if addresses.literal(road.name) is None and addresses.is_host_name(road.name):
                continue
            try:
                rules.way(road, {road.name: (road.name,)})
            except RefusedError as refused:
                yield f"target {target.pk}: {refused}"
                break
