"""What kind of device answers with this sysObjectID and sysDescr, and who makes it?

Enterprise numbers are IANA's. The rules are tried in order; an object identifier alone tells a maker, seldom a
kind, so most rules look into the description too.
"""

import re
from dataclasses import dataclass
from typing import Final

ENTERPRISES: Final = "1.3.6.1.4.1."

VENDORS: Final = {
    9: "Cisco", 11: "HP", 171: "D-Link", 253: "Xerox", 311: "Microsoft", 318: "APC", 367: "Ricoh", 476: "Vertiv",
    534: "Eaton", 641: "Lexmark", 674: "Dell", 890: "Zyxel", 1347: "Kyocera", 1602: "Canon", 1916: "Extreme",
    2011: "Huawei", 2435: "Brother", 2636: "Juniper", 4526: "Netgear", 6574: "Synology", 6876: "VMware",
    8072: "net-snmp", 12356: "Fortinet", 14823: "Aruba", 14988: "MikroTik", 18334: "Konica Minolta",
    25053: "Ruckus", 25461: "Palo Alto Networks", 25506: "H3C", 30065: "Arista", 41112: "Ubiquiti",
    47196: "HPE Aruba",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profile:
    """`name` is stored with a target; `collectors` are the names of those that its hot poll uses."""

    name: str
    collectors: tuple[str, ...]


PROFILES: Final = {
    profile.name: profile
    for profile in (
        Profile("router", ("uptime", "interfaces")),
        Profile("switch", ("uptime", "interfaces")),
        Profile("firewall", ("uptime", "interfaces")),
        Profile("ap", ("uptime", "interfaces")),
        Profile("ups", ("uptime", "ups")),
        Profile("printer", ("uptime", "printer")),
        Profile("linux", ("uptime", "linux_host")),
        Profile("windows", ("uptime", "host")),
        Profile("generic", ("uptime",)),
    )
}

_RULES: Final = tuple(
    (kind, prefix, re.compile(pattern, re.IGNORECASE))
    for kind, prefix, pattern in (
        ("windows", "1.3.6.1.4.1.311.1.1.3.1", ""),
        ("ups", "1.3.6.1.4.1.318.1", ""),
        ("ups", "1.3.6.1.4.1.534.1", ""),
        ("ups", "1.3.6.1.4.1.476.1", ""),
        ("ups", "1.3.6.1.2.1.33", ""),
        ("printer", "1.3.6.1.4.1.11.2.3.9", ""),
        *(("printer", f"1.3.6.1.4.1.{maker}", "") for maker in (253, 367, 641, 1347, 1602, 2435, 18334)),
        ("firewall", "1.3.6.1.4.1.12356", ""),
        ("firewall", "1.3.6.1.4.1.25461", ""),
        ("ap", "1.3.6.1.4.1.25053", ""),
        (
            "ap",
            "",
            r"\baccess point\b|\baironet\b|\bAIR-|\bC91\d\d|\bUAP\b|\bwireless ap\b|\binstant\b.*aruba",
        ),
        ("printer", "", r"\bprinter\b|\blaserjet\b|\bofficejet\b|\bprint server\b|\bmultifunction\b"),
        ("ups", "", r"\bups\b|uninterruptible"),
        ("windows", "", r"\bwindows\b"),
        (
            "switch",
            "1.3.6.1.4.1.9",
            r"\bC(2960|3560|3750|3850|9[2345]\d\d)|catalyst|cat[349]k|nx-os|\bswitch",
        ),
        ("router", "1.3.6.1.4.1.9", ""),
        ("switch", "1.3.6.1.4.1.11.2.3.7", ""),
        ("switch", "1.3.6.1.4.1.47196", ""),
        ("switch", "1.3.6.1.4.1.2636", r"\bex\d{4}|\bqfx"),
        ("router", "1.3.6.1.4.1.2636", ""),
        ("switch", "", r"\bswitch\b|\bprocurve\b|\bswos\b"),
        ("router", "", r"\brouter\b|\brouteros\b|\bvyos\b"),
        ("linux", "1.3.6.1.4.1.8072.3.2.10", ""),
        ("linux", "", r"\blinux\b"),
    )
)


def profile_for(sys_object_id: str | None, descr: str | None) -> Profile:
    """The profile of a device by its own words; `generic` (uptime only) where nothing is known."""
    object_id = (sys_object_id or "") + "."
    for kind, prefix, pattern in _RULES:
        if object_id.startswith(prefix + "." if prefix else "") and pattern.search(descr or ""):
            return PROFILES[kind]
    return PROFILES["generic"]


def profile_named(name: str) -> Profile:
    """The profile stored under a name; `generic` for an empty or unknown one."""
    return PROFILES.get(name, PROFILES["generic"])


def vendor_of(sys_object_id: str | None) -> str:
    """The maker by IANA enterprise number, "" where unknown. net-snmp is software, but then that is what answers."""
    if not (sys_object_id or "").startswith(ENTERPRISES):
        return ""
    number = (sys_object_id or "")[len(ENTERPRISES) :].partition(".")[0]
    return VENDORS.get(int(number), "") if number.isdecimal() else ""
