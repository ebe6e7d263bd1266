"""Lines of configurations by platform: `@` stands where a secret does. And lines that hold none."""

HIDE: dict[str, str] = {
    "cisco_ios": r"""
enable secret 9 @
enable secret @
 cak 7 @
 authtok @
 userpass @
 rootpw @
 jwt @
 salt @
enable password level 15 7 @
enable algorithm-type scrypt secret @
username drift privilege 15 secret 5 @
username drift password @
username drift common-criteria-policy P password 0 @
snmp-server community @ RO 10
snmp-server community @ view V RW ipv6 A 10
snmp-server community @
snmp-server community 0 @ RO
snmp-server host 192.0.2.9 @
snmp-server host 192.0.2.9 traps version 2c @ bgp config
snmp-server host 192.0.2.9 informs version 2c @ udp-port 1162
snmp-server host 192.0.2.9 vrf Mgmt version 2c @
snmp-server user mon grp v3 auth sha @ priv aes 128 @
snmp-server user mon grp remote 192.0.2.1 v3 encrypted auth md5 @ priv 3des @ access 10
 ip ospf message-digest-key 1 md5 7 @
 ip ospf message-digest-key 255 md5 @
 ip ospf authentication-key @
 area 0 virtual-link 192.0.2.1 authentication-key 7 @
 area 1 virtual-link 192.0.2.1 message-digest-key 1 md5 @
ntp authentication-key 65535 md5 @ 7
 standby 1 authentication md5 key-string 7 @
 standby 1 authentication @
 standby 1 authentication text @
 vrrp 1 authentication md5 key-string @ timeout 30
 glbp 1 authentication text @
 ip nhrp authentication @
 ip rip authentication text @
 isis password @ level-2
 isis authentication key @
domain-password @
area-password @
crypto isakmp key @ address 192.0.2.1
crypto isakmp key 6 @ hostname peer.example
 pre-shared-key address 0.0.0.0 0.0.0.0 key @
 pre-shared-key local 6 @
 pre-shared-key remote @
 set session-key inbound esp 256 cipher @ authenticator @
 server-key 7 @
tacacs-server host 192.0.2.2 single-connection timeout 5 key 7 @
radius-server host 192.0.2.3 auth-port 1812 acct-port 1813 key 7 @
 address ipv4 192.0.2.3 auth-port 1812 acct-port 1813\n key 7 @
 client 192.0.2.4 server-key @
 pac key 7 @
 neighbor 192.0.2.2 password 7 @
 neighbor PEERS password @
  key-string 7 @
  key-string @
 wpa-psk ascii 0 @
 wpa-psk hex 7 @
 security wpa psk set-key ascii 0 @
 security wpa akm psk set-key hex 8 @
 mgmtuser username drift password 0 @ secret 0 @
 dot1x username ap password 8 @
 encryption vlan 1 key 1 size 128bit 7 @ transmit-key
ip ftp password 7 @
ip http client password 7 @
ip http client secure-ciphersuite x\nip http client password @
 path ftp://user:@@192.0.2.5/cfg
 copy running-config scp://drift:@@192.0.2.5/sw1.cfg
 url https://192.0.2.5/api?token=@&format=json
 ppp chap password 7 @
 ppp pap sent-username fjordvik password 0 @
 password 7 @
 password @
 tunnel key @
 cts credentials id sw1 password @
 cts manual\n  sap pmk @ mode-list gcm-encrypt
 mka pre-shared-key @
crypto pki trustpoint T\n password 7 @
 ldap-login-password @
snmp-server enable traps\nsnmp-server community @ RW
key config-key password-encrypt @
ip sla 1\n ftp get ftp://x:@@192.0.2.1/f
ip ssh pubkey-chain\n  username drift\n   key-string\n    @\n   exit
 description drift psk: @
 description passord er @
banner motd ^ Passord: @ ^
login password = @
""",
    "cisco_nxos": r"""
username admin password 5 @ role network-admin
snmp-server user admin network-admin auth md5 @ priv @ localizedkey
snmp-server community @ group network-operator
snmp-server host 192.0.2.1 traps version 2c @
tacacs-server key 7 "@"
tacacs-server host 192.0.2.2 key 7 "@" timeout 5
  authentication text @
  ip eigrp authentication key-chain K\n  key-string 7 @
radius-server host 192.0.2.3 key 7 "@" authentication accounting
""",
    "cisco_asa": r"""
failover key @
failover key hex @
failover ipsec pre-shared-key @
enable password @ pbkdf2
enable password @ encrypted
passwd @ encrypted
username drift password @ encrypted privilege 15
tunnel-group 192.0.2.1 ipsec-attributes\n ikev1 pre-shared-key @
 ikev2 local-authentication pre-shared-key @
snmp-server host inside 192.0.2.9 community @
snmp-server host inside 192.0.2.9 poll community 0 @ version 2c
snmp-server community 8 @
aaa-server R (inside) host 192.0.2.1 @
 key @
 ldap-login-password @
ospf message-digest-key 1 md5 @
 ip-client outside\n webvpn\n  storage-key @
""",
    "cisco_wlc": r"""
config radius auth add 1 192.0.2.1 1812 ascii @
config snmp community create @
config mgmtuser add drift @ read-write
config netuser add gjest @ wlan 1
config wlan security wpa akm psk set-key ascii @ 1
snmp community create @
""",
    "fortinet": r"""
 set password ENC @
 set passwd ENC @
 set psksecret ENC @
 set psksecret @
 set key ENC @
 set auth-pwd ENC @
 set priv-pwd ENC @
 set passphrase ENC @
 set sae-password ENC @
 set secret ENC @
 set radius-secret ENC @
 set tacacs+-secret ENC @
 set ppk-secret ENC @
 set authkey ENC @
 set ldap-password @
 set api-key @
 set private-key "-----BEGIN ENCRYPTED PRIVATE KEY-----\n@\n-----END ENCRYPTED PRIVATE KEY-----"
config system snmp community\n    edit 1\n        set name "@"\n        config hosts\n            edit 1\n                set ip 192.0.2.1\n            next\n        end\n    next\nend
config system snmp community\n    edit 1\n        config hosts\n        end\n        set name @\n    next\nend
set password "@ with\n more lines"
""",
    "juniper_junos": r"""
 encrypted-password "@"; ## SECRET-DATA
 secret "@"; ## SECRET-DATA
 md5 1 key "@"; ## SECRET-DATA
 pre-shared-key ascii-text "@"; ## SECRET-DATA
 value "@"; ## SECRET-DATA
 authentication-key "@";
 simple-password "@";
snmp {\n    community @ {\n        authorization read-only;\n    }\n}
    community @;
set snmp community @ authorization read-only
set snmp v3 usm local-engine user mon authentication-sha authentication-key @
set snmp v3 usm local-engine user mon privacy-aes128 privacy-password @
set snmp v3 snmp-community index security-name @
set security ike policy p pre-shared-key ascii-text "@"
set system root-authentication encrypted-password "@"
set system login user drift authentication encrypted-password "@"
set system radius-server 192.0.2.1 secret "@"
set system tacplus-server 192.0.2.1 secret @
set protocols bgp group g authentication-key "@"
set protocols ospf area 0.0.0.0 interface ge-0/0/0 authentication md5 1 key "@"
set system ntp authentication-key 1 type md5 value "@"
""",
    "aruba_aoscx": r"""
user admin group administrators password ciphertext @
user admin group administrators password plaintext @
snmp-server community @
snmp-server host 192.0.2.1 trap version v2c community @
snmpv3 user mon auth sha auth-pass ciphertext @ priv aes priv-pass ciphertext @
radius-server key ciphertext @
radius-server host 192.0.2.3 key plaintext @ vrf mgmt
tacacs-server key ciphertext @
 ip ospf message-digest-key 1 md5 ciphertext @
 neighbor 192.0.2.1 password ciphertext @
ntp authentication-key 1 md5 ciphertext @
    wpa-passphrase @
""",
    "hp_procurve": r"""
snmp-server community "@" operator
snmp-server community "@" unrestricted
snmp-server host 192.0.2.1 community "@" trap-level all
snmp-server host 192.0.2.1 "@"
password manager user-name "a" sha1 "@"
password operator plaintext @
encrypted-password manager @
radius-server host 192.0.2.3 key "@"
radius-server key "@"
snmpv3 user "mon" auth sha "@" priv aes "@"
aaa port-access authenticator 1 identity ap secret @
""",
    "hp_comware": r"""
snmp-agent community read cipher @
snmp-agent community write simple @
snmp-agent target-host trap address udp-domain 192.0.2.1 params securityname @ v2c
snmp-agent usm-user v3 mon g cipher authentication-mode sha @ privacy-mode aes128 @
 password hash @
 password cipher @
local-user drift password irreversible-cipher @
 set authentication password cipher @
 primary authentication 192.0.2.1 key cipher @
 key authentication cipher @
 super password role network-admin hash @
 preshared-key pass-phrase cipher @
 ospf authentication-mode md5 1 cipher @
""",
    "extreme_exos": r"""
create account admin drift encrypted "@"
create account user lese @
configure account admin encrypted "@"
configure snmpv3 add community "@" name "@" user "v1v2c_ro"
configure snmpv3 add user "mon" authentication sha auth-encrypted localized-key @ privacy aes 128 privacy-encrypted localized-key @
configure radius mgmt-access primary shared-secret encrypted "@"
configure tacacs primary shared-secret @
configure ntp key 1 md5 encrypted @
""",
    "mikrotik_routeros": r"""
/ip ipsec identity add peer=a secret="@"
/ip ipsec identity\nadd peer=a \\\n    secret=@
/snmp community set 0 name=@
/snmp community\nset [ find default=yes ] addresses=::/0 name=@
/interface wireless security-profiles set 0 wpa2-pre-shared-key=@
/interface wifi security add name=s passphrase=@
/ppp secret add name=fjordvik password=@ service=pppoe
/radius add address=192.0.2.1 secret=@ service=login
/user add name=drift group=full password=@
/snmp community add authentication-password=@ encryption-password=@ name=mon
/tool e-mail set password=@ user=x
/interface wireguard add private-key="@" name=wg1
/system script add source="/tool fetch url=ftp://a:@@192.0.2.1/f"
""",
    "paloalto_panos": r"""
set mgt-config users admin phash @
set deviceconfig system snmp-setting access-setting version v2c snmp-community-string @
set network ike gateway g authentication pre-shared-key key @
set shared server-profile radius r server s secret @
<entry name="admin"><phash>@</phash></entry>
<pre-shared-key><key>@</key></pre-shared-key>
""",
    "vyos": r"""
set system login user vyos authentication encrypted-password '@'
set system login user vyos authentication plaintext-password '@'
set service snmp community @ authorization ro
set vpn ipsec authentication psk p secret '@'
set interfaces wireless wlan0 security wpa passphrase '@'
""",
    "linux": r"""
psk="@"
wpa_passphrase=@
users.1.password=@
snmp.community=@
aaa.1.wpa.psk=@
rocommunity @ default
com2sec readonly default @
createUser mon SHA "@" AES "@"
password: @
"password": "@",
{"api_key": "@", "name": "x"}
<bcrypt-hash>@</bcrypt-hash>
<radius_secret>@</radius_secret>
-----BEGIN OPENSSH PRIVATE KEY-----\n@\n@\n-----END OPENSSH PRIVATE KEY-----
-----BEGIN RSA PRIVATE KEY-----\n@
""",
}

KEEP: dict[str, str] = {
    "cisco_ios": r"""
Building configuration...
Current configuration : 4711 bytes
! Last configuration change at 12:00:00 UTC Mon Nov 2 2026 by drift
version 17.9
service timestamps debug datetime msec localtime show-timezone
service password-encryption
hostname fjordvik-rh-sw1
hostname secret-agent
boot system flash:c9300-universalk9.17.09.04.SPA.bin
aaa new-model
aaa authentication login default group tacacs+ local
aaa authorization exec default group RADIUS-GRP if-authenticated
aaa session-id common
clock timezone CET 1 0
switch 1 provision c9300-48p
ip routing
ip name-server 192.0.2.53 192.0.2.54
ip domain name fjordvik.example
ip dhcp snooping vlan 10,20,30-40
ip dhcp excluded-address 10.20.0.1 10.20.0.20
ip ssh version 2
ip ssh time-out 60
ip scp server enable
crypto key generate rsa modulus 2048
crypto pki trustpoint TP-self-signed-3172854784
 enrollment selfsigned
 rsakeypair TP-self-signed-3172854784
 subject-name cn=IOS-Self-Signed-Certificate-3172854784
spanning-tree mode rapid-pvst
spanning-tree extend system-id
 spanning-tree portfast
key chain ospf
 key 1
vlan 20
 name skole
interface GigabitEthernet1/0/1
interface TenGigabitEthernet1/1/4
interface Port-channel12
 description mot radhus key-room 2
 description password reset kiosk in hall
 description Rådhus 2. etasje, nøkkel hos vaktmester
 switchport access vlan 20
 switchport trunk allowed vlan 10,20,30-40
 switchport port-security mac-address sticky 0011.2233.4455
 channel-group 12 mode active
 authentication port-control auto
 authentication host-mode multi-domain
 authentication order mab dot1x
 dot1x pae authenticator
 mab
 ip address 10.20.0.1 255.255.255.0
 ip helper-address 192.0.2.67
 ip ospf authentication message-digest
 service-policy input AutoQos-4.0-CiscoPhone-Input-Policy
router ospf 1
 area 0 authentication message-digest
 network 10.20.0.0 0.0.0.255 area 0
router bgp 65010
 neighbor 192.0.2.2 remote-as 65000
 neighbor 192.0.2.2 send-community both
route-map UT permit 10
 set community 65000:100 additive
 match community 10
ip community-list standard REGION permit 65000:100
ip route 0.0.0.0 0.0.0.0 192.0.2.1
ip access-list standard 10
ip access-list extended VTY-INN
 permit tcp 10.0.0.0 0.255.255.255 any eq 22
 10 permit 10.20.0.0 0.0.0.255
 authentication pre-share
 encryption aes 256
 hash sha256
 group 14
 encr aes 256
crypto ipsec transform-set TS esp-aes 256 esp-sha-hmac
logging host 192.0.2.10
logging buffered 64000 informational
ntp server 192.0.2.11
ntp server 192.0.2.11 key 1
ntp authenticate
ntp trusted-key 1
snmp-server location Radhus
snmp-server contact drift
snmp-server enable traps snmp authentication linkdown linkup coldstart warmstart
snmp-server group les v3 priv read ALT
snmp-server view ALT iso included
snmp-server host 192.0.2.1 traps version 2c <removed>
snmp-server ifindex persist
banner motd ^ Kun for ansatte ^
line vty 0 4
 exec-timeout 15 0
 login local
 login authentication VTY
 transport input ssh
 logging synchronous
no ip http server
no ip http secure-server
monitor session 1 source interface Gi1/0/5
mac address-table aging-time 300
lldp run
username lese privilege 1
end
""",
    "fortinet": r"""
#config-version=FGT60F-7.2.5-FW-build1517-230606:opmode=0:vdom=0:user=admin
config system interface
    edit "wan1"
        set vdom "root"
        set ip 192.0.2.2 255.255.255.0
        set allowaccess ping https ssh
        set alias "Internett"
    next
end
config firewall policy
    edit 12
        set name "Skole til internett"
        set srcintf "vlan20"
        set action accept
        set schedule "always"
        set comments "Avtalt med rektor"
    next
end
""",
    "juniper_junos": r"""
set system host-name fjordvik-fw1
set interfaces ge-0/0/1 unit 0 family inet address 10.20.0.1/24
set interfaces ge-0/0/1 description "mot Storelv"
set routing-options static route 0.0.0.0/0 next-hop 192.0.2.1
set policy-options community REGION members 65000:100
set protocols lldp interface all
    interfaces {
        ge-0/0/0 {
            unit 0;
        }
    }
""",
    "aruba_aoscx": r"""
vlan 1,20,30
interface 1/1/1
    no shutdown
    description Trådløs aula
    vlan access 20
ssh server vrf mgmt
spanning-tree
ip route 0.0.0.0/0 192.0.2.1
https-server vrf mgmt
""",
    "hp_procurve": r"""
; J9772A Configuration Editor; Created on release #YA.16.10.0011
hostname "STORELV-SW2"
snmp-server contact "drift" location "Storelv skole"
trunk 49-50 trk1 lacp
vlan 20
   name "SKOLE"
   untagged 1-24
   ip address 10.20.0.5 255.255.255.0
timesync sntp
no telnet-server
""",
    "mikrotik_routeros": r"""
# 2026-11-02 by RouterOS 7.11.2
/interface bridge add name=bro1 vlan-filtering=yes
/ip address add address=10.20.0.1/24 interface=bro1 network=10.20.0.0
/ip firewall filter add action=accept chain=input comment="drift inn" dst-port=22 protocol=tcp
/system identity set name=storelv-rt1
/system ntp client set enabled=yes
/queue simple add max-limit=10M/10M name=gjest target=10.30.0.0/24
""",
}
