"""The simulated devices as items, targets and relations, and what the systems and services rest on."""

from __future__ import annotations

from dataclasses import dataclass, field

from cmdb.models import Item, Organisation, Place, Relation, ServiceComponent
from monitoring.models import Credential, Target
from monitoring.models import Network as OwnNetwork
from monitoring.simulation.devices import (
    COMMUNITY,
    DEVICES,
    REGION,
    SSH_ENABLE,
    SSH_PASSWORD,
    SSH_USER,
    V3,
    SimDevice,
)
from servicedesk.demo.catalogue import Catalogue
from servicedesk.demo.region import Region

CLASS_OF = {
    "router": "router", "switch": "switch", "ap": "access-point", "ups": "ups",
    "printer": "printer", "linux": "linux-server", "windows": "windows-server",
}  # fmt: skip
TEAM_OF = {"router": "nettverk", "switch": "nettverk", "ap": "nettverk"}
CRITICALITY = {"router": 1, "switch": 2, "linux": 1, "windows": 2, "ups": 2}
PLACE_OF = {"rådhus": "rh", "skole": "skole", "helsehus": "sykehjem"}
INTERVAL = 10
# What each system runs on in the region's data centre; cloud systems are reached over the region's line.
RUNS_ON = {
    "profil": ("region-db-srv1", "region-app-srv1"),
    "winmed": ("region-db-srv1", "region-app-srv1"),
    "agresso": ("region-db-srv1", "region-web-srv1"),
    "ephorte": ("region-app-srv1",),
    "gisline": ("region-web-srv1",),
    "microsoft-365": ("region-ad-srv1", "region-core-rt1"),
    "visma-hrm": ("region-core-rt1",),
    "gatsoft": ("region-core-rt1",),
    "telefoni": ("region-core-rt1",),
}


@dataclass
class Network:
    """Items and targets by device name."""

    items: dict[str, Item] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)


def load(region: Region, catalogue: Catalogue, port: int, ssh_port: int) -> Network:
    """Make items, targets and relations of all simulated devices, answering at `port` and `ssh_port`."""
    made = Network()
    snmp, ssh = _credentials(region.region, _networks(region))
    for device in DEVICES:
        made.items[device.name] = _item(device, region, catalogue)
        made.targets[device.name] = _target(device, made.items[device.name], snmp, ssh, port, ssh_port)
    for device in DEVICES:
        if device.parent:
            target = made.targets[device.name]
            target.parent = made.targets[device.parent]
            target.save(update_fields=["parent"])
            Relation.objects.create(
                source=made.items[device.name], target=made.items[device.parent], kind="connects_to"
            )
    _systems(made, region, catalogue)
    return made


def _networks(region: Region) -> list[str]:
    """Each municipality's own network, and that of the region's data centre."""
    found = []
    for device in DEVICES:
        owner, prefix = _owner(device, region), device.address.rpartition(".")[0] + ".0/24"
        if prefix not in found:
            OwnNetwork.objects.create(
                name=f"Administrasjonsnett, {owner.name}", organisation=owner, prefix=prefix
            )
            found.append(prefix)
    return found


def _credentials(organisation: Organisation, networks: list[str]) -> tuple[dict[str, Credential], Credential]:
    snmp = {
        "2c": Credential.objects.create(
            name="SNMP, les (v2c)", kind="snmp_v2c", organisation=organisation, networks=networks,
            secret={"community": COMMUNITY},
        ),
        "3": Credential.objects.create(
            name="SNMP, les (v3)", kind="snmp_v3", organisation=organisation, networks=networks,
            secret={
                "user": V3.user, "auth_protocol": V3.auth_protocol, "auth_key": V3.auth_key,
                "priv_protocol": V3.priv_protocol, "priv_key": V3.priv_key,
            },
        ),
    }  # fmt: skip
    ssh = Credential.objects.create(
        name="SSH, konfigurasjon", kind="ssh", organisation=organisation, networks=networks,
        secret={"username": SSH_USER, "password": SSH_PASSWORD, "enable": SSH_ENABLE},
    )  # fmt: skip
    return snmp, ssh


def _owner(device: SimDevice, region: Region) -> Organisation:
    return region.region if device.municipality == REGION else region.organisations[device.municipality]


def _place(device: SimDevice, region: Region) -> Place:
    key = PLACE_OF.get(device.place.split()[-1], "")
    return region.places.get(f"{device.municipality}-{key}", region.places["region"])


def _item(device: SimDevice, region: Region, catalogue: Catalogue) -> Item:
    return Item.objects.create(
        name=device.name, item_class=catalogue.classes[CLASS_OF[device.kind]], organisation=_owner(device, region),
        place=_place(device, region), serial=device.serial, manufacturer=device.vendor, model=device.model_name,
        address=device.address, operating_system=device.software, team=region.teams[TEAM_OF.get(device.kind, "drift")],
        criticality=CRITICALITY.get(device.kind, 3),
        attributes={"ports": 24} if device.kind == "switch" else {},
    )  # fmt: skip


def _target(
    device: SimDevice, item: Item, snmp: dict[str, Credential], ssh: Credential, port: int, ssh_port: int
) -> Target:
    return Target.objects.create(
        name=device.name, organisation=item.organisation, item=item, check_kind="snmp", address=device.address,
        port=port, credential=snmp[device.auth.version], interval=INTERVAL,
        ssh_credential=ssh if device.has_ssh else None, ssh_port=ssh_port,
    )  # fmt: skip


def _systems(made: Network, region: Region, catalogue: Catalogue) -> None:
    for (slug, municipality), system in catalogue.systems.items():
        local = (f"{municipality}-rh-prn1", f"{municipality}-rh-srv1") if slug == "utskrift" else ()
        for name in (*RUNS_ON.get(slug, ()), *local):
            kind = "runs_on" if name.endswith("srv1") else "depends_on"
            Relation.objects.create(source=system, target=made.items[name], kind=kind)
    for municipality in region.municipalities:
        for name in (f"{municipality.slug}-rt1", f"{municipality.slug}-rh-sw1"):
            ServiceComponent.objects.create(
                service=catalogue.services[f"nett-{municipality.slug}"], item=made.items[name],
                organisation=municipality,
            )  # fmt: skip
