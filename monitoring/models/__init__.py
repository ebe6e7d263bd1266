"""Monitoring's tables, one file per theme."""

from monitoring.models.events import (
    Alert,
    AlertEnd,
    AlertMute,
    BackupResult,
    ConfigBackup,
    Event,
    MaintenanceWindow,
    Severity,
)
from monitoring.models.hostkeys import HostKey
from monitoring.models.measurements import Interval, Period, Reading, ReadingRollup
from monitoring.models.networks import Network, NetworkUse
from monitoring.models.targets import (
    CheckKind,
    Credential,
    CredentialKind,
    Neighbour,
    Target,
    TargetState,
)

__all__ = [
    "Alert",
    "AlertEnd",
    "AlertMute",
    "BackupResult",
    "CheckKind",
    "ConfigBackup",
    "Credential",
    "CredentialKind",
    "Event",
    "HostKey",
    "Interval",
    "MaintenanceWindow",
    "Neighbour",
    "Network",
    "NetworkUse",
    "Period",
    "Reading",
    "ReadingRollup",
    "Severity",
    "Target",
    "TargetState",
]
