"""The one room that every road out goes through: checks, SNMP, SSH, searches of networks.

A road names an address or a host, an organisation and perhaps a credential (`Road`). `resolve` turns names into addresses
once, `Rules.way` gives the one that may be connected to or says why none is, and whoever connects is given that address,
never the name. docs/decisions/0022-one-egress-room.md says why the rules are as they are. Rules and roads read tables and are
imported from their own module; what is named here is free of Django.
"""

from monitoring.egress.connecting import connectable
from monitoring.egress.refusals import Reason, RefusedError
from monitoring.egress.resolving import Found, resolve, resolve_now

__all__ = [
    "Found",
    "Reason",
    "RefusedError",
    "connectable",
    "resolve",
    "resolve_now",
]
