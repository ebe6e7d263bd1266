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
from monitoring.models.targets import (
    CheckKind,
    Credential,
    CredentialKind,
    Interval,
    Neighbour,
    Period,
    Reading,
    ReadingRollup,
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
    "Interval",
    "MaintenanceWindow",
    "Neighbour",
    "Period",
    "Reading",
    "ReadingRollup",
    "Severity",
    "Target",
    "TargetState",
]
