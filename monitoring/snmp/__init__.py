"""SNMP for everybody else in the house: one interface, two engines. Only this folder imports pysnmp and gufo
(monitoring/simulation answers with pysnmp; it never asks).

gufo (Rust underneath) does the hot polling, some 25 times faster; pysnmp does walks, and everything where gufo
is not installed. Both give the same answers (tests/monitoring/test_snmp_conformance.py holds them to it):
values as in monitoring/mibs/values.py, faults as a `Fault` of that one target. A device may send anything;
nothing that it sends becomes an exception of `get_many`.

Every v2c target gets its own *connected* UDP socket. The kernel then drops what comes from other addresses and
reports a refusal, an answer can never be matched to somebody else's request, and a late answer waits in its
own buffer instead of overflowing a shared one. The libraries are imported when first needed: this import
itself costs a web process nothing.
"""

from monitoring.snmp.data import Answer, Endpoint, Fault, SnmpAuth, Walk
from monitoring.snmp.rounds import Engine, available, get_many, get_one, walk, walk_all

__all__ = [
    "Answer",
    "Endpoint",
    "Engine",
    "Fault",
    "SnmpAuth",
    "Walk",
    "available",
    "get_many",
    "get_one",
    "walk",
    "walk_all",
]
