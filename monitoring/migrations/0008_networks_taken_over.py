"""An installation that was upgraded goes on asking what it asks: its targets' networks are named, for people to check."""

import ipaddress
from collections import defaultdict

from django.conf import settings
from django.db import migrations

NOTE = "Taken over from the targets at the upgrade: please check it."


def network_of(text):
    """The network that a target's address is taken to lie in; None for a name, and for what is no device's address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    simulated = [ipaddress.ip_network(one) for one in getattr(settings, "SAMDRIFT_EGRESS_SIMULATED", ())]
    if any(address in one for one in simulated):
        return ipaddress.ip_network((address, 24), strict=False)
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped or address.is_loopback or address.is_link_local or address.is_multicast or address.is_reserved:
        return None
    if address.is_unspecified or "%" in text:
        return None
    if address.is_private:
        near = ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False)
        # A device that is the last of it shows that the network is wider: by itself it is no broadcast address.
        return near if address.version == 6 or address != near.broadcast_address else ipaddress.ip_network(address)
    return ipaddress.ip_network(address)


def is_public_page(kind, port, address):
    """A web page that is checked by its name: where it lies is not known here."""
    return kind == "https" and port == 443 and network_of(address) is None and any(map(str.isalpha, address))


def take_over(apps, _editor):
    """What is asked today goes on being asked, and each credential is sent where it is sent today, and nowhere else."""
    Target, Network = apps.get_model("monitoring", "Target"), apps.get_model("monitoring", "Network")
    Organisation, Credential = apps.get_model("cmdb", "Organisation"), apps.get_model("monitoring", "Credential")
    parents = dict(Organisation.objects.values_list("pk", "parent_id"))
    owners, used, pages = defaultdict(set), defaultdict(set), set()
    rows = Target.objects.filter(archived_at=None)
    for address, owner, kind, port, *credentials in rows.values_list(
        "address", "organisation_id", "check_kind", "port", "credential_id", "ssh_credential_id"
    ):
        if is_public_page(kind, port, address):
            pages.add(owner)
        if network := network_of(address):
            owners[network].add(owner)
            for pk in filter(None, credentials):
                used[pk].add(network)
    for network, found in owners.items():
        for owner in common(found, parents):
            Network.objects.create(
                name=str(network), prefix=str(network), organisation_id=owner, use="devices", note=NOTE
            )
    for owner in common(pages, parents) if pages else ():
        for prefix in ("0.0.0.0/0", "::/0"):
            Network.objects.create(
                name="Internet", prefix=prefix, organisation_id=owner, use="web", note=NOTE
            )
    for pk, networks in used.items():
        Credential.objects.filter(pk=pk).update(networks=sorted(map(str, networks)))


def common(found, parents):
    """The lowest organisation above all of `found`; where there is none, they themselves."""
    lines = []
    for pk in found:
        line = []
        while pk is not None:
            line.append(pk)
            pk = parents.get(pk)
        lines.append(line)
    shared = [pk for pk in lines[0] if all(pk in line for line in lines)]
    return shared[:1] or sorted(found)


class Migration(migrations.Migration):

    dependencies = [
        ("monitoring", "0007_networks"),
    ]

    operations = [migrations.RunPython(take_over, migrations.RunPython.noop)]
