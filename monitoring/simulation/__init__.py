"""Devices that are not there: agents that answer SNMP and SSH like real ones, for the demo, tests and benchmarks."""
