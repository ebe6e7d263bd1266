"""Running configurations: fetched over SSH, kept encrypted, compared with the one before.

The full text is kept, encrypted, because a device is restored from it; what people see of it is masked when they look
(`shown`, `difference`), so that a version stored years ago is masked by what is known today.
"""

import difflib
import hashlib
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction
from django.utils import timezone

from monitoring import events, ssh
from monitoring.asking import load_credentials
from monitoring.egress import Found, RefusedError, resolve_now
from monitoring.egress.rules import Road, Rules
from monitoring.hostkeys import known
from monitoring.hostkeys.keys import CHANGED, Key, Verifier
from monitoring.masking import mask
from monitoring.models import BackupResult, ConfigBackup, CredentialKind, Severity, Target

logger = logging.getLogger(__name__)

AT_ONCE: Final = 8
SECONDS: Final = 30.0
WANTED_LEASE: Final = timedelta(minutes=2)
"""Longer than all that one call of `run_wanted` fetches can take."""
KEEP: Final = 200
"""Fetches that are kept of one target; the last full text is always among them."""


class Fetched(NamedTuple):
    """A text, or "" and why there is none; and the host key that was shown, also where there is none."""

    text: str
    error: str = ""
    shown: Key | None = None


def run(now: datetime | None = None) -> int:
    """Back up all enabled targets that have an SSH login, a few at once; how many there were.

    A run that was killed is simply run again: each target's row is saved as soon as it is fetched.
    """
    rows = Target.objects.filter(is_enabled=True).exclude(ssh_credential=None)
    targets = list(rows.order_by("pk"))
    for target, fetched in _fetch_all(targets):
        save(target, fetched, now or timezone.now())
    return len(targets)


def want(target: Target) -> None:
    """Let a worker fetch the target's configuration within seconds; asked twice, it is fetched once."""
    Target.objects.filter(pk=target.pk).update(backup_wanted_at=timezone.now())


def run_wanted(now: datetime | None = None) -> int:
    """Fetch what people asked for (`want`), a few at once; how many there were.

    A claim moves the wish ahead by a lease: that of a worker that was killed comes back, and one that was uttered
    anew while its fetch ran stands.
    """
    now = now or timezone.now()
    until = now + WANTED_LEASE
    with transaction.atomic():
        due = Target.objects.filter(backup_wanted_at__lte=now, archived_at=None).order_by(
            "backup_wanted_at", "pk"
        )
        targets = list(due.select_for_update(skip_locked=True, no_key=True, of=("self",))[:AT_ONCE])
        Target.objects.filter(pk__in=[target.pk for target in targets]).update(backup_wanted_at=until)
    for target, fetched in _fetch_all(targets):
        save(target, fetched, timezone.now())
        Target.objects.filter(pk=target.pk, backup_wanted_at=until).update(backup_wanted_at=None)
    return len(targets)


def back_up(target: Target) -> ConfigBackup:
    """Fetch one target's configuration now and keep it. What goes wrong is the result of the row, not an exception."""
    [(_target, fetched)] = _fetch_all([target])
    return save(target, fetched, timezone.now())


def _fetch_all(targets: Sequence[Target]) -> Iterator[tuple[Target, Fetched]]:
    """Several at once, in their order. Names are resolved, rules and host keys read here, once; no thread asks for them."""
    credentials = load_credentials({t.ssh_credential_id for t in targets if t.ssh_credential_id})
    for target in targets:
        target.ssh_credential = credentials.get(target.ssh_credential_id or 0)
    rules, found = Rules.load(), resolve_now(target.address for target in targets)
    keys = known.keys_of(targets)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="backup") as pool:
        work = pool.map(lambda one: _fetch(one, rules, found, Verifier(keys.get(one.pk))), targets)
        yield from zip(targets, work, strict=True)


def _fetch(target: Target, rules: Rules, found: Found, verifier: Verifier) -> Fetched:
    """In a thread: touches no database (the credential comes with the row)."""
    credential = target.ssh_credential
    if credential is None or credential.kind != CredentialKind.SSH or not isinstance(credential.secret, dict):
        return Fetched("", "it has no SSH login")
    secret = credential.secret
    try:
        text = ssh.fetch_running_config(
            rules.way(Road.ssh(target), found),
            target.ssh_port,
            str(secret.get("username", "")),
            str(secret.get("password", "")),
            str(secret.get("enable", "") or ""),
            timeout=SECONDS,
            verifier=verifier,
        )
    except ssh.SshError as error:
        return Fetched("", error.message, verifier.shown)
    except RefusedError as error:
        return Fetched("", str(error))
    return Fetched(text.replace("\x00", ""), "", verifier.shown)


def save(target: Target, fetched: Fetched, at: datetime) -> ConfigBackup:
    """Keep what was fetched; an event where the configuration changed or could not be fetched.

    What a device with another host key than the known one sent is no configuration of the target (somebody else's session
    was first at first use).
    """
    text, error, shown = fetched
    with transaction.atomic():
        # One at a time for a target, so that each is compared with the one before it.
        Target.objects.select_for_update(no_key=True, of=("self",)).get(pk=target.pk)
        before = last(target)
        if shown is not None and not known.record(target, shown, at):
            error = f"{CHANGED} ({shown.fingerprint})"
        if error:
            backup = ConfigBackup.objects.create(
                target=target, taken_at=at, result=BackupResult.FAILED, error=error[:300]
            )
        else:
            backup = _keep(target, text, before, at)
        _tell(target, backup, before)
        old = ConfigBackup.objects.filter(target=target).order_by("-taken_at", "-pk").values("pk")[KEEP:]
        kept = {before.pk} if before else set()
        ConfigBackup.objects.filter(pk__in=list(old.values_list("pk", flat=True))).exclude(
            pk__in=kept
        ).delete()
    return backup


def last(target: Target) -> ConfigBackup | None:
    """The newest row that holds a full text."""
    full = ConfigBackup.objects.filter(target=target, result=BackupResult.CHANGED)
    return full.order_by("-taken_at", "-pk").first()


def _keep(target: Target, text: str, before: ConfigBackup | None, at: datetime) -> ConfigBackup:
    """A changed text is kept whole; an unchanged one as the fact that it was."""
    new = ssh.comparable(text)
    digest = hashlib.sha256(new.encode()).hexdigest()
    if before is not None and before.sha256 == digest:
        return ConfigBackup.objects.create(
            target=target, taken_at=at, result=BackupResult.UNCHANGED, sha256=digest
        )
    old = ssh.comparable(before.content) if before is not None else new
    lines = _difference(old, new)
    # Kept without secrets, for the day on which the version before is gone.
    safe = _difference(_masked(old), _masked(new))
    return ConfigBackup.objects.create(
        target=target,
        taken_at=at,
        result=BackupResult.CHANGED,
        sha256=digest,
        content=text,
        diff="\n".join(safe),
        lines_added=sum(line.startswith("+") and not line.startswith("+++") for line in lines),
        lines_removed=sum(line.startswith("-") and not line.startswith("---") for line in lines),
    )


def _difference(before: str, after: str) -> list[str]:
    """Unified, without file names; three lines around each change."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "now", lineterm="", n=3)
    return list(lines)


def _tell(target: Target, backup: ConfigBackup, before: ConfigBackup | None) -> None:
    key = events.problem_key(target.pk, "backup_failed")
    previous = (
        ConfigBackup.objects.filter(target=target).exclude(pk=backup.pk).order_by("-taken_at", "-pk").first()
    )
    failed_before = previous is not None and previous.result == BackupResult.FAILED
    if backup.result == BackupResult.FAILED:
        if not failed_before:
            events.post(
                target, "backup_failed", severity=Severity.INFORMATION, source="backup", problem_key=key,
                text=backup.error, at=backup.taken_at,
            )  # fmt: skip
        return
    if failed_before:
        events.post(
            target, "backup_failed", severity=Severity.INFORMATION, source="backup", problem_key=key, clears=True,
            at=backup.taken_at,
        )  # fmt: skip
    if backup.result == BackupResult.CHANGED and before is not None:
        counts = {"added": backup.lines_added, "removed": backup.lines_removed}
        events.post(
            target,
            "config_changed",
            severity=Severity.INFORMATION,
            source="backup",
            data=counts,
            at=backup.taken_at,
        )


def shown(backup: ConfigBackup) -> str:
    """A configuration as a page may show it: what may be a secret is masked."""
    return _masked(str(backup.content))


def difference(backup: ConfigBackup) -> list[str]:
    """What changed with this version, masked by today's rules; of the first one nothing.

    Made anew from the two texts. Where the one before is gone, the difference that was stored is masked line by line.
    """
    if backup.result != BackupResult.CHANGED or not (
        backup.diff or backup.lines_added or backup.lines_removed
    ):
        return []
    earlier = ConfigBackup.objects.filter(
        target=backup.target_id, result=BackupResult.CHANGED, taken_at__lte=backup.taken_at
    ).exclude(pk__gte=backup.pk)
    before = earlier.order_by("-taken_at", "-pk").first()
    if before is not None:
        old, new = ssh.comparable(str(before.content)), ssh.comparable(str(backup.content))
        return _difference(_masked(old), _masked(new))
    return [line[:1] + mask(line[1:]) for line in str(backup.diff or "").splitlines()]


def _masked(text: str) -> str:
    return mask(text, ssh.PLATFORM)
