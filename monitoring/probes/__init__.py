"""Checks that need no SNMP: does a port open, does a web page answer, does a host echo. Plain values, no exceptions."""

from monitoring.probes.https import HttpsResult, probe_https
from monitoring.probes.icmp import probe_icmp
from monitoring.probes.result import Result
from monitoring.probes.tcp import probe_tcp

__all__ = ["HttpsResult", "Result", "probe_https", "probe_icmp", "probe_tcp"]
