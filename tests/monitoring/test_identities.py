"""What a device is by its own words: right kinds, and none rather than a wrong one."""

import json
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from monitoring.collectors import profile_for
from monitoring.collectors.identities import ROWS, UNKNOWN, identify

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "cases" / "watch" / "identities.json"
E = "1.3.6.1.4.1."


@pytest.mark.parametrize(
    ("object_id", "descr", "kind", "vendor"),
    [
        (E + "318.1.3.4.5", "APC Web/SNMP Management Card (PDU)", "pdu", "APC"),
        (E + "318.1.3.27", "APC Web/SNMP Management Card (Smart-UPS 1500)", "ups", "APC"),
        (E + "534.1", "Eaton 5PX 2200", "ups", "Eaton"),
        (E + "3854.1", "sensorProbe8", "environment-sensor", "AKCP"),
        (E + "9.1.670", "Cisco Adaptive Security Appliance Version 9.12", "firewall", "Cisco"),
        (E + "9.1.2861", "Cisco Secure Firewall 3120 Threat Defense", "firewall", "Cisco"),
        (E + "9.1.1069", "Cisco Controller", "wireless-controller", "Cisco"),
        (E + "9.1.2494", "Cisco IOS Software [Cupertino], Catalyst L3 Switch Software (CAT9K_IOSXE)", "switch", "Cisco"),
        (E + "9.1.1208", "Cisco IOS Software, C2960S Software (C2960S-UNIVERSALK9-M)", "switch", "Cisco"),
        (E + "9.12.3.1.3.1467", "Cisco NX-OS(tm) n9000, Software (n9000-dk9)", "switch", "Cisco"),
        (E + "9.1.1045", "Cisco IOS Software, C2951 Software (C2951-UNIVERSALK9-M)", "router", "Cisco"),
        (E + "9.1.1861", "Cisco IOS Software, ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M)", "router", "Cisco"),
        (E + "9.1.1871", "Cisco IOS Software, C1700 Software (AP3G2-K9W7-M), AIR-CAP2702I", "access-point", "Cisco"),
        (E + "2636.1.1.1.2.63", "Juniper Networks, Inc. ex3400-48p Ethernet Switch, kernel JUNOS 20.4", "switch", "Juniper"),
        (E + "2636.1.1.1.2.29", "Juniper Networks, Inc. mx240 internet router", "router", "Juniper"),
        (E + "12356.101.1.10005", "", "firewall", "Fortinet"),
        (E + "12356.106.1.1", "", "switch", "Fortinet"),
        (E + "14823.1.2.111", "ArubaOS (MODEL: 515), Version 8.10", "access-point", "Aruba"),
        (E + "47196.4.1.1.1.100", "Aruba JL663A 6300M", "switch", "HPE Aruba"),
        (E + "11.2.3.7.11.160", "HP J9772A 2530-48G-PoEP Switch", "switch", "HP"),
        (E + "11.2.3.9.1", "HP ETHERNET MULTI-ENVIRONMENT", "printer", "HP"),
        (E + "2011.2.62.2.9", "Huawei AR1220 Huawei Versatile Routing Platform", "router", "Huawei"),
        (E + "41112.1.4", "EdgeRouter X", "router", "Ubiquiti"),
        (E + "10002.1", "UAP-AC-Pro 6.5", "access-point", "Ubiquiti"),
        (E + "14988.1", "RouterOS CCR1009-7G-1C-1S+", "router", "MikroTik"),
        (E + "14988.2", "SwOS v2.13", "switch", "MikroTik"),
        (E + "6574.1", "Linux nas01 4.4.302+ x86_64", "storage", "Synology"),
        (E + "8072.3.2.10", "Linux pve1 6.8.12-1-pve", "server", "net-snmp"),
        (E + "311.1.1.3.1.2", "Hardware: Intel64 Family 6 - Software: Windows Version 10.0", "server", "Microsoft"),
        (E + "232.9.4.11", "Integrated Lights-Out 5 2.72", "management-controller", "HPE"),
        (E + "1347.41", "KYOCERA Document Solutions Printing System", "printer", "Kyocera"),
        (E + "368.1", "AXIS P3245-LV Network Camera", "camera", "Axis"),
        (E + "9.1.99999", "Something of Cisco", UNKNOWN, "Cisco"),
        (E + "99999.1", "A thing", UNKNOWN, ""),
        ("", "", UNKNOWN, ""),
        (None, None, UNKNOWN, ""),
    ],
)  # fmt: skip
def test_kind_and_maker(object_id: str | None, descr: str | None, kind: str, vendor: str) -> None:
    found = identify(object_id, descr)
    assert (found.kind, found.vendor) == (kind, vendor)


@pytest.mark.parametrize(
    "object_id", ["x", "1.3.6.1.4.1.", "1.3.6.1.4.1.²", "1.3.6.1.4.1." + "9" * 5000, ".1.3.6.1.4.1.9"]
)
@pytest.mark.parametrize("descr", ["\x00\x1b[31m", "linux " * 20_000, "a" * 100_000, "🦺"])
def test_devices_send_anything(object_id: str, descr: str) -> None:
    begun = time.monotonic()
    identify(object_id, descr)
    assert time.monotonic() - begun < 0.5


def test_every_row_has_a_kind_and_something_to_go_by() -> None:
    assert len(ROWS) > 200
    assert all(row.kind and (row.prefix or row.words.pattern) for row in ROWS)


def test_what_is_asked_follows_from_the_kind() -> None:
    asked = {kind: profile_for(E + below, descr).name for kind, below, descr in (
        ("pdu", "318.1.3.4.6", ""), ("access point", "10002.1", "airOS"), ("windows", "311.1.1.3.1.1", ""), ("nothing", "99999", ""),
    )}  # fmt: skip
    assert asked == {"pdu": "generic", "access point": "ap", "windows": "windows", "nothing": "generic"}


def test_the_command_prints_json() -> None:
    out = StringIO()
    call_command("identify", E + "2636.1.1.1.2.41", "Juniper Networks, Inc. srx240h", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"class": "firewall", "vendor": "Juniper", "model": "srx240h"}


@pytest.mark.skipif(not SHARED.exists(), reason="the collected cases are not beside the project")
def test_collected_cases() -> None:
    for case in json.loads(SHARED.read_text()):
        found = identify(case["sysObjectID"], case["sysDescr"])
        assert (found.kind, found.vendor) == (case["class"], case["vendor"]), case
