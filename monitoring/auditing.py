"""What the watch tells the audit log: credentials made, changed, used by hand; configurations shown."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from cmdb import audit
from cmdb.models import AuditKind
from monitoring.models import ConfigBackup, Credential, Target


@receiver(post_save, sender=Credential)
def _credential(instance: Credential, created: bool, raw: bool, **_kwargs: Any) -> None:
    if not raw:
        kind = AuditKind.CREDENTIAL_MADE if created else AuditKind.CREDENTIAL_CHANGED
        audit.record(kind, instance, detail={"kind": str(instance.kind)})


@receiver(post_delete, sender=Credential)
def _credential_gone(instance: Credential, **_kwargs: Any) -> None:
    audit.record(AuditKind.CREDENTIAL_DELETED, instance, detail={"kind": str(instance.kind)})


def used_by_hand(credential: Credential | None, address: str) -> None:
    """Somebody let a device be asked at once (Test now, a backup): what is sent there is the credential."""
    if credential is not None:
        audit.record(AuditKind.CREDENTIAL_USED, credential, detail={"address": address})


def configuration_shown(backup: ConfigBackup) -> None:
    """A person opened a configuration."""
    target: Target = backup.target
    audit.record(AuditKind.CONFIGURATION_SHOWN, target, detail={"taken": f"{backup.taken_at:%Y-%m-%d %H:%M}"})
