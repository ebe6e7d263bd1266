"""What makers' identifiers and descriptions stand for: the data of monitoring.collectors.identities.

Enterprise numbers are IANA's; what stands below them is the makers' own.
"""

import re
from typing import Final

VENDORS: Final = {
    2: "IBM", 9: "Cisco", 11: "HP", 35: "Nortel", 42: "Sun", 43: "3Com", 45: "Nortel", 63: "Apple",     94: "Nokia", 116: "Hitachi", 122: "Sony", 161: "Motorola", 171: "D-Link", 186: "Toshiba", 193: "Ericsson", 207: "Allied Telesis",
    211: "Fujitsu", 231: "Fujitsu", 232: "HPE", 236: "Samsung", 244: "Lantronix", 248: "Hirschmann", 253: "Xerox", 297: "Fujifilm",
    311: "Microsoft", 318: "APC", 343: "Intel", 367: "Ricoh", 368: "Axis", 388: "Zebra", 476: "Vertiv", 534: "Eaton",     637: "Nokia", 641: "Lexmark", 674: "Dell", 705: "Eaton", 789: "NetApp", 850: "Tripp Lite",
    890: "Zyxel", 1129: "Toshiba", 1139: "EMC", 1248: "Epson",     1347: "Kyocera", 1588: "Brocade", 1602: "Canon", 1718: "Server Technology", 1916: "Extreme", 1991: "Brocade", 2001: "Oki", 2011: "Huawei",
    2254: "Delta", 2385: "Sharp", 2435: "Brother", 2606: "Rittal", 2620: "Check Point", 2636: "Juniper",     3097: "WatchGuard", 3224: "Juniper", 3375: "F5", 3417: "Blue Coat", 3582: "LSI", 3854: "AKCP", 3902: "ZTE", 3955: "Linksys",
    4196: "Siemens", 4329: "Siemens", 4346: "Phoenix Contact", 4413: "Ubiquiti", 4526: "Netgear", 4555: "Socomec", 4881: "Ruijie", 5528: "APC", 5624: "Enterasys",
    6141: "Ciena", 6486: "Alcatel-Lucent Enterprise", 6527: "Nokia", 6574: "Synology", 6876: "VMware",
    7779: "Infoblox", 8072: "net-snmp", 8691: "Moxa", 8741: "SonicWall", 9694: "Arbor", 10002: "Ubiquiti", 10418: "Vertiv",
    10704: "Barracuda", 10876: "Super Micro", 11863: "TP-Link", 12148: "Eltek", 12325: "Netgate", 12356: "Fortinet", 12532: "Pulse Secure",
    13742: "Raritan", 14179: "Cisco", 14501: "Blue Coat", 14525: "Trapeze", 14823: "Aruba", 14988: "MikroTik",     17163: "Riverbed", 17373: "Geist", 18334: "Konica Minolta", 19046: "Lenovo",
    20632: "Barracuda", 21067: "Sophos", 21239: "Geist", 21317: "ATEN", 22610: "A10", 22626: "Comet", 22736: "Digium",
    24681: "QNAP", 25049: "Opengear", 25053: "Ruckus", 25461: "Palo Alto Networks", 25506: "HPE", 26543: "Lenovo",     28507: "Gude", 29671: "Cisco Meraki", 30065: "Arista", 30155: "OpenBSD", 30803: "VyOS",
    31034: "Schleifenbauer", 32050: "Paessler", 33049: "NVIDIA", 35265: "Eltex",     39165: "Hikvision", 40310: "Cumulus Networks", 41112: "Ubiquiti", 41916: "Viptela", 44641: "VyOS",     47196: "HPE Aruba", 48690: "Teltonika", 52642: "FS", 55062: "QNAP", }  # fmt: skip

#: kind | below which identifier (with or without 1.3.6.1.4.1.; empty: any) | what the description must hold (empty: anything) | maker
TABLE: Final = r"""
# management controllers stand inside servers and answer with the server's maker
management-controller | 674.10892.5         |                                                       |
management-controller | 674.10892.2         |                                                       |
management-controller | 232.9               | integrated lights-out|\bilo\b                         |
management-controller |                     | \biDRAC\d*\b|integrated lights-out|\biLO ?\d\b|\bIMM2?\b.*lenovo|xclarity controller|\bBMC\b |
management-controller | 10876.2             |                                                       |
management-controller | 2.3.51              |                                                       |
# power
pdu                   | 318.1.3.4           |                                                       |
pdu                   | 13742               |                                                       |
pdu                   | 31034               |                                                       |
pdu                   | 28507               |                                                       |
pdu                   | 21239.5             | pdu                                                   | Geist
pdu                   | 534.6.6             |                                                       |
pdu                   | 1718                |                                                       |
pdu                   |                     | \bpdu\b|power distribution unit|switched rack         |
environment-sensor    | 5528.100            |                                                       |
environment-sensor    | 318.1.3.8           |                                                       |
environment-sensor    | 3854                |                                                       |
environment-sensor    | 22626               |                                                       |
environment-sensor    | 17373               |                                                       |
environment-sensor    | 2606                |                                                       |
environment-sensor    | 21239               | watchdog|environment                                  |
environment-sensor    |                     | netbotz|environment(al)? monitor|sensorprobe|temperature (sensor|monitor)|enviromux |
ats                   | 318.1.3.11          |                                                       |
ats                   | 318                 | automatic transfer switch                             |
ups                   | 318.1.3.1           |                                                       |
ups                   | 318.1.3.2           |                                                       |
ups                   | 318.1.3.5           |                                                       |
ups                   | 318.1.3.17          |                                                       |
ups                   | 318.1.3.27          |                                                       |
ups                   | 318                 | smart-?ups|back-?ups|symmetra|galaxy|\bups\b|^$|network management card |
ups                   | 534.1               |                                                       |
ups                   | 476.1               |                                                       |
ups                   | 850                 |                                                       |
ups                   | 705                 |                                                       |
ups                   | 4555                |                                                       |
ups                   | 935                 |                                                       |
ups                   | 2254                | ups                                                   |
ups                   | 12148               |                                                       |
ups                   | 1.3.6.1.2.1.33      |                                                       |
# hypervisors, storage
hypervisor            | 6876                |                                                       |
hypervisor            |                     | \bvmware esxi?\b|\bproxmox\b|\bxenserver\b|xcp-ng|nutanix ahv |
storage               | 6574                |                                                       |
storage               | 24681               |                                                       |
storage               | 55062               |                                                       |
storage               | 789                 |                                                       |
storage               | 1139                |                                                       |
storage               |                     | \bnetapp release\b|\bdiskstation\b|\btruenas\b|\bfreenas\b|data ontap |
# wireless
wireless-controller   | 14823.1.1           |                                                       |
access-point          | 14823.1.2           |                                                       |
access-point          | 47196               | instant|\bAP-?\d{3}\b                                 |
wireless-controller   | 9.1.1069            |                                                       |
wireless-controller   | 9.1.1279            |                                                       |
wireless-controller   | 9.1.1615            |                                                       |
wireless-controller   | 9.1.1631            |                                                       |
wireless-controller   | 9.1.1645            |                                                       |
wireless-controller   | 9                   | ^cisco controller|\bC98\d\d\b|\bAIR-(CT|WLC)|wireless (lan )?controller |
wireless-controller   | 14179               |                                                       |
wireless-controller   | 25053.3             | zonedirector|smartzone|\bvsz\b|\bscg\b                |
wireless-controller   | 25053               | zonedirector|smartzone|\bvsz\b                        |
wireless-controller   | 14525               |                                                       |
wireless-controller   | 1916                | wireless controller|\bwing\b.*controller|identifi wireless |
wireless-controller   | 388                 | controller|\bRFS\d                                    | Extreme
wireless-controller   | 2011                | \bAC6\d\d\d|\bACU2|access controller                  |
wireless-controller   | 25506               | access controller|\bWX\d{4}|wireless controller       |
wireless-controller   |                     | wireless (lan )?controller|\bwlan controller\b|mobility (controller|conductor|master) |
access-point          | 12356.120           |                                                       |
access-point          | 12356               | \bfortiap\b|\bFAP-?\d                                 |
access-point          | 25053               |                                                       |
access-point          | 10002.1             | ^(?!.*(edge|switch)).*\b(linux|airos|uap|nanostation|rocket|powerbeam)\b |
access-point          | 41112               | \bUAP|\bU6|\bU7|access point|unifi ap|nanohd|airos    |
access-point          | 29671               | \bMR\d\d|\bCW91                                       |
access-point          | 9                   | \bAIR-|aironet|\bC91\d\d|\bap\d g\d|\bAP\dG\d          |
access-point          | 890                 | \bNWA|\bWAX|\bWAC                                     |
access-point          | 11863               | \bEAP\d                                               |
access-point          | 4526                | \bWAC\d|\bWAX\d|\bWNDAP|\bWN\d                        |
access-point          |                     | \baccess point\b|\bwireless ap\b|\bairos\b            |
# firewalls
switch                | 12356.106           |                                                       |
firewall              | 12356.101           |                                                       |
load-balancer         | 12356.112           |                                                       |
mail-gateway          | 12356.105           |                                                       |
firewall              | 12356               | fortigate|fortiwifi|\bFG[T\d]|^$                      |
switch                | 12356               | fortiswitch                                           |
firewall              | 25461               |                                                       |
firewall              | 2620                |                                                       |
firewall              | 8741                |                                                       |
firewall              | 3097                |                                                       |
firewall              | 21067               |                                                       |
firewall              | 3224                |                                                       |
firewall              | 10704               |                                                       |
firewall              | 20632               | firewall|cloudgen|nextgen                             |
firewall              | 9                   | adaptive security appliance|\bfirepower\b|\bpix\b|\bFTD\b|secure firewall |
firewall              | 9.1.669             |                                                       |
firewall              | 9.1.670             |                                                       |
firewall              | 9.1.672             |                                                       |
firewall              | 9.1.745             |                                                       |
firewall              | 9.1.2114            |                                                       |
firewall              | 2636                | \bsrx|\bvsrx|\bnetscreen|\bssg                         |
firewall              | 12325               | pfsense|opnsense                                      |
firewall              |                     | \bpfsense\b                                           | Netgate
firewall              |                     | \bopnsense\b                                          | Deciso
firewall              | 890                 | zywall|\busg|\bATP\d                                  |
firewall              | 2011                | \bUSG|eudemon|\bHiSecEngine                           |
firewall              | 25506               | secpath|\bF10\d\d\b                                   |
firewall              | 29671               | \bMX\d|\bZ\d                                          |
firewall              | 30155               |                                                       |
firewall              |                     | \bfirewall\b|\bstormshield\b|\bclavister\b            |
load-balancer         | 3375                |                                                       |
load-balancer         | 22610               |                                                       |
load-balancer         |                     | \bbig-?ip\b|\bnetscaler\b|load ?balancer              |
# printers
printer               | 11.2.3.9            |                                                       |
printer               | 253                 |                                                       |
printer               | 297                 |                                                       |
printer               | 367                 |                                                       |
printer               | 641                 |                                                       |
printer               | 1248                |                                                       |
printer               | 1129.2.3            |                                                       |
printer               | 1129                | e-studio                                              |
printer               | 186                 | e-studio                                              |
printer               | 1347                |                                                       |
printer               | 1602                | ^(?!.*(camera|network camera)).*$                     |
printer               | 2001                |                                                       |
printer               | 2385                |                                                       |
printer               | 2435                |                                                       |
printer               | 18334               |                                                       |
printer               | 236.11              |                                                       |
printer               | 10642               |                                                       | Zebra
printer               |                     | \bprinter\b|laserjet|officejet|\bprint server\b|jetdirect|multifunction|\bMFP\b|bizhub|versalink|workcentre|ecosys|taskalfa|imagerunner|e-studio|zebranet|ineo\+? ?\d |
# cameras, telephony, other things on the wall
camera                | 368                 |                                                       |
camera                | 39165               |                                                       |
camera                |                     | network camera|\bip camera\b|\bipc\b.*(dahua|hikvision) |
telephone             |                     | \bip phone\b|\bsip phone\b|\bdeskphone\b              |
console-server        | 25049               |                                                       |
console-server        | 10418.16            |                                                       |
console-server        | 244                 | \bSLC\d*|console                                      |
dns-appliance         | 7779                |                                                       |
# servers by what runs on them: before makers of switches whose software is Linux too only where the identifier says so
server                | 311.1.1.3.1         |                                                       |
server                | 311                 | windows                                               |
# switches and routers of one maker
switch                | 4413                |                                                       |
switch                | 41112               | edgeswitch|\bUSW|\bUS-\d|unifi switch                 |
router                | 41112               | edgerouter|edgeos|\bUDM|\bUSG|dream machine|\bER-\d    |
router                | 10002               | edgeos|edgerouter                                     |
switch                | 10002               | edgeswitch                                            |
switch                | 30065               |                                                       |
switch                | 1916.2              |                                                       |
switch                | 1916                | xos|switch|summit|\bvoss\b|fabric engine              |
switch                | 5624                |                                                       |
switch                | 45                  |                                                       |
switch                | 2011                | \bS\d{4}|\bCE\d{3,5}|quidway s|cloudengine            |
router                | 2011                | \bAR\d{3,4}|\bNE\d+|netengine                         |
switch                | 171.10              | \bDGS|\bDES|\bDXS|\bDIS|switch                        |
router                | 171                 | \bDSR|router                                          |
switch                | 674.10895           |                                                       |
switch                | 6027                |                                                       | Dell
switch                | 674.11000.5000      |                                                       |
server                | 674.10892.1         |                                                       |
switch                | 25506               | \bswitch|\b(51|52|55|58|59|75|105|127|12|19)\d\d\b|\bS\d{4}|comware |
router                | 25506               | \bMSR|\bSR\d\d|router                                 |
switch                | 11.2.3.7.11         |                                                       |
switch                | 11.2.3.7.8          |                                                       |
switch                | 11                  | procurve|\bJ[LG9]\d{3}|\bswitch\b|provision            |
switch                | 47196               |                                                       |
switch                | 14823               | \bS[1235]\d00\b|mobility access switch                |
switch                | 9.12.3              |                                                       |
switch                | 9.6.1               |                                                       |
switch                | 9                   | \bC(1000|1200|1300|29(18|28|40|50|55|60|70|75)[A-Z]*|3550|3560[A-Z]*|3[67]50[A-Z]*|3850|3650|45\d\d|49\d\d|6[58]\d\d|9[2345]\d\d|9K)|catalyst|cat[2-9]\dk|\bCAT[349]K|nx-os|nexus|\bswitch|\bIE-?\d{4}|\bSG\d{3}|\bSF\d{3}|\bCBS\d{3}|\bME-?\d{4}|\bWS-C |
switch                | 9.1.324             |                                                       |
router                | 9                   | \bISR|\bASR|\bC[189]\d{2}\b|\bC(2[68]\d\d|2900|17\d\d|18\d\d|19\d\d|29[0-5]1|38\d\d|39\d\d|43\d\d|44\d\d|72\d\d|76\d\d|8[23]\d\d|1[01]\d\d)|\bCSR1|\bIR\d{3,4}|ios-?xr|\bNCS|\brouter\b|isr4|c8000 |
router                | 9                   | \b(\d{3,4})\b software|internetwork operating system|cisco ios software |
switch                | 29671               | \bMS\d{3}|\bC9[23]                                    |
switch                | 2636                | \bex\d{4}|\bqfx|\bEX-                                  |
router                | 2636                | \bmx\d|\bptx|\bacx|\bm\d{2,3}i?\b|\bt\d{3,4}\b|\bj\d{4}|router |
switch                | 1588                |                                                       |
switch                | 1991                | switch|fastiron|icx|ironware                          |
router                | 1991                | router|netiron|mlx|cer                                |
switch                | 207                 | switch|alliedware|x\d{3}|centrecom                    |
router                | 207                 | router|\bAR\d                                         |
switch                | 6486                | omniswitch|\bOS\d{4}|switch                           |
router                | 6527                |                                                       |
switch                | 4526                | switch|\bGS|\bXS|\bM4\d00|\bFS\d|prosafe              |
switch                | 890                 | \bGS|\bXGS|\bXS|\bES-|\bMES|switch                    |
router                | 890                 | \bVMG|\bNBG|\bLTE|\bNR\d|router                       |
switch                | 11863               | \bTL-SG|\bT\d{4}|jetstream|switch                     |
switch                | 43                  | switch|superstack|baseline                            |
switch                | 4881                | switch|\bS\d{4}|\bRG-S                                |
switch                | 3955                | switch|\bSRW|\bLGS                                    |
switch                | 248                 |                                                       |
switch                | 8691                | switch|\bEDS|\bIKS                                    |
switch                | 4196                | scalance x                                            |
switch                | 26543               |                                                       |
switch                | 33049               |                                                       |
switch                | 40310               |                                                       |
switch                | 52642               |                                                       |
switch                | 35265               | \bMES                                                 |
router                | 35265               | \bESR                                                 |
switch                | 14988               | swos|\bCRS\d|\bCSS\d                                  |
router                | 14988               |                                                       |
router                | 41916               |                                                       |
router                | 48690               |                                                       |
router                | 4329                | scalance [ms]                                         |
switch                | 4329                | scalance x                                            |
router                | 30803               |                                                       |
router                | 44641               |                                                       |
# any maker, by plain words
switch                |                     | \bswitch\b|\bprocurve\b|\bswos\b|edgeswitch           |
router                |                     | \brouter\b|\brouteros\b|\bvyos\b|edgeos               |
ups                   |                     | \bups\b|uninterruptible                               |
server                |                     | \bwindows\b                                           |
server                | 8072.3.2            |                                                       |
server                | 232.22              |                                                       |
server                | 2021.250            |                                                       |
server                | 42.2                |                                                       |
server                | 2.3.1.2             |                                                       |
server                |                     | \blinux\b|\bfreebsd\b|\bopenbsd\b|\bsunos\b|\baix\b|\bdarwin\b |
"""

#: A model in the words of its maker. The first group is it.
MODELS: Final = tuple(
    (maker, re.compile(pattern, re.IGNORECASE))
    for maker, pattern in (
        (
            "Cisco",
            r"\b((?:WS-)?C\d{4}[A-Z]?(?:-[\dA-Z]+)*|AIR-[\w-]+|ISR\d+\w*|ASR\d+\w*|ASA\d+\w*|SG\d{3}[\w-]*|CBS\d{3}[\w-]*|N\dK-[\w-]+)\b",
        ),
        ("Juniper", r"Juniper Networks, Inc\. ([\w-]+)"),
        ("Fortinet", r"\b(Forti(?:Gate|Switch|AP|WiFi|Mail|WLC)-?[\w-]+|F[A-Z]{1,3}-\d+\w*)\b"),
        ("Aruba", r"MODEL:\s*([\w-]+)"),
        ("Huawei", r"\b(S\d{4}[\w-]*|CE\d{3,5}[\w-]*|AR\d{3,4}[\w-]*|AC\d{4}[\w-]*)\b"),
        ("D-Link", r"\b(D[GEXI]S-\d{4}[\w-]*|DSR-\w+)\b"),
        ("Dell", r"\b(iDRAC\d+|(?:N|S|Z)\d{4}[\w-]*|PowerConnect \d+\w*)\b"),
        ("HPE", r"\b(\d{4}(?:-\d+G)?(?:-[\w+]+)*)\b(?=.*)"),
        ("HP", r"\b(J[LG9]\d{3}A)\b"),
        ("HPE Aruba", r"\b(J[LG]\d{3}A|\d{4}[A-Z]?(?:-\w+)?)\b"),
        ("Eaton", r"\b(\d\w{1,3} ?\d{3,5}\w*)\b"),
        ("APC", r"\b((?:Smart|Back)-UPS[\w ]*?\d{3,5}\w*|AP\d{4}\w*)\b"),
        ("Xerox", r"Xerox ([A-Za-z]+ \w+)"),
        ("Sharp", r"\b(MX-\w+|BP-\w+)\b"),
        ("Toshiba", r"(e-STUDIO ?\w+)"),
        ("Samsung", r"Samsung ((?:[A-Z]+-)?\w+)"),
        ("Ubiquiti", r"\b(EdgeSwitch [\w-]+|EdgeRouter [\w-]+|UAP-[\w-]+|USW-[\w-]+|U\d-[\w-]+)\b"),
        ("MikroTik", r"RouterOS ([\w+-]+)"),
        ("Kyocera", r"\b((?:ECOSYS|TASKalfa) \w+)\b"),
        ("Extreme", r"\b(X\d{3}[\w-]*)\b"),
        ("Arista", r"\b(DCS-[\w-]+)\b"),
        ("VMware", r"\b(ESXi? [\d.]+)\b"),
    )
)
