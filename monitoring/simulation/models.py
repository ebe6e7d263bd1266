"""The makes of device that the simulated region has bought: what each says of itself and how many ports it has."""

from dataclasses import dataclass
from typing import Final

Oid = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """`port_name` has one place for the number; `megabits` is the speed of a port; `ssh` whether it has a command line."""

    kind: str
    vendor: str
    name: str
    descr: str
    object_id: Oid
    ports: int = 1
    port_name: str = "eth{}"
    megabits: int = 1000
    software: str = ""
    ssh: bool = False


_ENTERPRISE: Final = (1, 3, 6, 1, 4, 1)

MODELS: Final = {
    model.name: model
    for model in (
        Model(
            "router",
            "Cisco",
            "ISR4331/K9",
            "Cisco IOS Software [Amsterdam], ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.3.5",
            (*_ENTERPRISE, 9, 1, 2068),
            ports=12,
            port_name="GigabitEthernet0/0/{}",
            software="17.3.5",
            ssh=True,
        ),
        Model(
            "switch",
            "Cisco",
            "C9300-24T",
            "Cisco IOS Software [Bengaluru], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.6.4",
            (*_ENTERPRISE, 9, 1, 2494),
            ports=24,
            port_name="TenGigabitEthernet1/0/{}",
            megabits=10_000,
            software="17.6.4",
            ssh=True,
        ),
        Model(
            "switch",
            "Cisco",
            "WS-C2960X-24TS-L",
            "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E8",
            (*_ENTERPRISE, 9, 1, 1208),
            ports=28,
            port_name="GigabitEthernet1/0/{}",
            software="15.2(7)E8",
            ssh=True,
        ),
        Model(
            "ap",
            "Aruba",
            "AP-515",
            "ArubaOS (MODEL: 515), Version 8.10.0.9 wireless access point",
            (*_ENTERPRISE, 14823, 1, 2, 120),
            ports=3,
            port_name="port{}",
            software="8.10.0.9",
        ),
        Model(
            "ups",
            "Eaton",
            "Eaton 5PX 1500i RT2U G2",
            "Eaton 5PX UPS, network card 2.1.5",
            (*_ENTERPRISE, 534, 1),
            megabits=100,
            software="2.1.5",
        ),
        Model(
            "printer",
            "HP",
            "Color LaserJet MFP M480",
            "HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153,EEPROM JSI24200009,CIDATE 04/14/2022",
            (*_ENTERPRISE, 11, 2, 3, 9, 1),
            software="2404237_054231",
        ),
        Model(
            "linux",
            "Dell",
            "PowerEdge R650",
            "Linux server 6.1.0-28-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 x86_64",
            (*_ENTERPRISE, 8072, 3, 2, 10),
            ports=2,
            software="Debian 12",
        ),
        Model(
            "windows",
            "Dell",
            "PowerEdge R550",
            "Hardware: Intel64 Family 6 Model 106 Stepping 6 AT/AT COMPATIBLE - Software: Windows Version 6.3 "
            "(Build 20348 Multiprocessor Free)",
            (*_ENTERPRISE, 311, 1, 1, 3, 1, 2),
            ports=2,
            port_name="Ethernet {}",
            software="Windows Server 2022",
        ),
    )
}
