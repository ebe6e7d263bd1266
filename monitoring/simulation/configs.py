"""Running configurations of the simulated routers and switches, as their command line prints them."""

from datetime import UTC, datetime

from monitoring.simulation.devices import COMMUNITY, UPLINK, SimDevice, children


def running_config(device: SimDevice, revision: int = 0) -> str:
    """The configuration after `revision` changes by a technician: each adds a VLAN. Lines end with a plain newline."""
    changed = datetime(2026, 9, 1 + device.seed % 28, 8 + revision % 9, revision % 60, tzinfo=UTC)
    lines = [
        "Building configuration...",
        "",
        "Current configuration : 4711 bytes",
        "!",
        f"! Last configuration change at {changed:%H:%M:%S} UTC {changed:%a %b} {changed.day} {changed.year} by drift",
        "!",
        f"version {device.software[:4]}",
        "service timestamps log datetime msec",
        "service password-encryption",
        "!",
        f"hostname {device.name}",
        "!",
        f"enable secret 9 $9$sim{device.seed:08x}$invented.for.the.demonstration",
        f"username drift privilege 15 secret 9 $9$usr{device.seed:08x}$invented.for.the.demonstration",
        "!",
    ]
    lines += [line for number in (10, 20, 30) for line in (f"vlan {number}", f" name {_vlan(number)}", "!")]
    for number in range(revision):
        lines += [f"vlan {900 + number}", f" name endring-{number + 1}", "!"]
    for port in range(1, device.model.ports + 1):
        lines += _interface(device, port)
    lines += [
        f"snmp-server community {COMMUNITY} RO",
        f"snmp-server location {device.place}",
        "line vty 0 15",
        " login local",
        " transport input ssh",
        "!",
        "end",
        "",
    ]
    return "\n".join(lines)


def _vlan(number: int) -> str:
    return {10: "administrasjon", 20: "skole", 30: "gjest"}[number]


def _interface(device: SimDevice, port: int) -> list[str]:
    below = children(device.name)
    at = port - UPLINK - 1
    lines = [f"interface {device.model.port_name.format(port)}"]
    if port == UPLINK:
        lines += [f" description {device.parent or 'internett'}", " switchport mode trunk"]
    elif at < len(below):
        lines += [f" description {below[at].name}", " switchport access vlan 10"]
    else:
        lines += [" switchport access vlan 20", " spanning-tree portfast"]
    return [*lines, "!"]
