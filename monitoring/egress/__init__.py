"""The one room that every road out goes through: checks, SNMP, SSH, searches of networks.

A road names an address or a host, an organisation and perhaps a credential (`Road`). `resolve` turns names into addresses
once, `Rules.way` gives the one that may be connected to or says why none is, and whoever connects is given that address,
never the name. docs/decisions/ says why the rules are as they are.
"""

from monitoring.egress.resolving import Found, resolve, resolve_now
from monitoring.egress.rules import Reason, RefusedError, Road, Rules, connectable

__all__ = [
    "Found",
    "Reason",
    "RefusedError",
    "Road",
    "Rules",
    "connectable",
    "resolve",
    "resolve_now",
]
