"""What is asked, with which secret, and what it answered last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.common.archive import ARCHIVED, Archivable
from cmdb.common.history import tracked_but
from cmdb.common.models import EncryptedJSONField, Timestamped, sort_key_field
from cmdb.common.querysets import VisibleManager
from cmdb.models import Item, Organisation

if TYPE_CHECKING:
    from cmdb.models import User

# Monitoring is the work of the IT unit; the others see state through panels on pages they may read.
READERS = ("technician", "lead", "changemanager", "oncall", "admin")


class CredentialKind(models.TextChoices):
    SNMP_V2C = "snmp_v2c", _("SNMP v2c community")
    SNMP_V3 = "snmp_v3", _("SNMP v3 user")
    SSH = "ssh", _("SSH login")


@tracked_but("secret", "updated_at")
class Credential(Archivable, Timestamped):
    """A secret for asking devices. `secret` is encrypted at rest and appears in no page, log, API or history.

    It is sent to addresses in its `networks` only, for targets of its organisation and what is under it; without any
    network it is sent nowhere.

    Shape of `secret`: v2c {"community"}; v3 {"user", "auth_protocol", "auth_key", "priv_protocol", "priv_key"};
    ssh {"username", "password", "enable"?}.
    """

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=20, choices=CredentialKind)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="credentials", verbose_name=_("organisation")
    )
    secret = EncryptedJSONField(_("secret"))
    networks = ArrayField(
        models.CharField(max_length=43), verbose_name=_("used in the networks"), default=list, blank=True
    )

    objects = VisibleManager()

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.orgs(*READERS))


class CheckKind(models.TextChoices):
    SNMP = "snmp", "SNMP"
    ICMP = "icmp", _("Ping (ICMP)")
    TCP = "tcp", _("TCP port")
    HTTPS = "https", "HTTPS"


class TargetState(models.TextChoices):
    """No data is its own state: `unknown` is never read as up or down. `off`: nobody wanted it asked."""

    UNKNOWN = "unknown", _("Unknown")
    UP = "up", _("Up")
    DEGRADED = "degraded", _("Slow")
    DOWN = "down", _("Down")
    OFF = "off", _("Not watched")


#: What polling writes, round after round: intervals and events tell it, a target's history does not.
PROGRAMS = (
    "profile", "instances", "learnt_at", "state", "state_since", "shadowed_by", "failures", "first_failed_at", "last_polled_at",
    "last_ok_at", "last_error", "rtt_ms", "problems", "uptime_seconds", "due_at", "lease_until", "lease_token", "backup_wanted_at",
    "updated_at",
)  # fmt: skip


@tracked_but(*PROGRAMS)
class Target(Archivable, Timestamped):
    """One thing that is asked at an interval: an address, a kind of check, a secret.

    `due_at` is when it is next asked; a poller claims it by setting `lease_token` and `lease_until`.
    `parent` is what it is reached through: while that is down, this one is in its shadow.
    """

    name = models.CharField(_("name"), max_length=120)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="targets", verbose_name=_("organisation")
    )
    item = models.ForeignKey(
        Item, models.PROTECT, null=True, blank=True, related_name="targets", verbose_name=_("item")
    )
    check_kind = models.CharField(_("check"), max_length=10, choices=CheckKind, default=CheckKind.SNMP)
    address = models.CharField(_("address"), max_length=255)
    port = models.PositiveIntegerField(_("port"), default=161)
    path = models.CharField(_("path"), max_length=200, blank=True)
    credential = models.ForeignKey(
        Credential,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="targets",
        verbose_name=_("credential"),
    )
    ssh_credential = models.ForeignKey(
        Credential,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ssh_targets",
        verbose_name=_("SSH login"),
    )
    ssh_port = models.PositiveIntegerField(_("SSH port"), default=22)
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("reached through"),
    )
    interval = models.PositiveIntegerField(_("interval (s)"), default=60)
    confirm_polls = models.PositiveSmallIntegerField(_("failed polls before it counts as down"), default=2)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    profile = models.CharField(_("device profile"), max_length=40, blank=True, editable=False)
    # What a walk found worth asking each time: {"interfaces": ["1", "49"], …}; empty until `learnt_at`.
    instances = models.JSONField(default=dict, blank=True, editable=False)
    learnt_at = models.DateTimeField(null=True, editable=False)

    state = models.CharField(
        _("state"), max_length=10, choices=TargetState, default=TargetState.UNKNOWN, editable=False
    )
    state_since = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    shadowed_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="shadows", editable=False
    )
    failures = models.PositiveIntegerField(default=0, editable=False)
    first_failed_at = models.DateTimeField(null=True, editable=False)
    last_polled_at = models.DateTimeField(_("last asked"), null=True, editable=False)
    last_ok_at = models.DateTimeField(_("last answer"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=200, blank=True, editable=False)
    rtt_ms = models.FloatField(_("answer time (ms)"), null=True, editable=False)
    # Problems besides silence that the last poll found, as "<kind>[:<instance>]": an event only when that changes.
    problems = models.JSONField(default=list, blank=True, editable=False)
    uptime_seconds = models.BigIntegerField(_("up since its own start (s)"), null=True, editable=False)
    due_at = models.DateTimeField(default=timezone.now, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    # When somebody asked for the running configuration; moved ahead while it is fetched, empty once it was.
    backup_wanted_at = models.DateTimeField(null=True, editable=False)
    sort_name = sort_key_field("name")

    objects = VisibleManager()

    loosened = frozenset({"children", "shadows", "host_keys"})
    consequence = _(
        "It is asked no more, and its open alert is closed. What it measured counts in every month as before."
    )

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ["sort_name", "pk"]
        indexes = [
            models.Index(fields=["due_at"], name="target_due", condition=Q(is_enabled=True)),
            models.Index(fields=["lease_token"], name="target_lease", condition=Q(lease_token__isnull=False)),
            models.Index(
                fields=["backup_wanted_at"],
                name="target_backup_wanted",
                condition=Q(backup_wanted_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["address", "port", "check_kind", "path"],
                condition=Q(archived_at=None),
                name="target_once",
                violation_error_message=_("This address is asked like this already."),
            ),
            models.CheckConstraint(condition=Q(interval__gte=5), name="target_interval_at_least_5s"),
            models.CheckConstraint(
                condition=Q(archived_at=None) | Q(is_enabled=False),
                name="target_archived_is_off",
                violation_error_message=ARCHIVED,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def on_archive(self) -> None:
        """Switched off: the sweep does the rest. An answer that is under way finds its claim gone."""
        self.is_enabled, self.backup_wanted_at = False, None
        self.lease_token, self.lease_until = None, None

    def on_restore(self) -> None:
        self.is_enabled, self.due_at = True, timezone.now()
        self.failures, self.first_failed_at, self.problems = 0, None, []

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.orgs(*READERS))


class Neighbour(models.Model):
    """A neighbour that a target names over LLDP: the raw material of the topology."""

    target = models.ForeignKey(Target, models.CASCADE, related_name="neighbours")
    local_port = models.PositiveIntegerField(_("port"))
    local_name = models.CharField(_("port name"), max_length=120, blank=True)
    remote_name = models.CharField(_("neighbour"), max_length=120, blank=True)
    remote_chassis = models.CharField(_("neighbour's identifier"), max_length=120, blank=True)
    remote_port = models.CharField(_("neighbour's port"), max_length=120, blank=True)
    seen_at = models.DateTimeField(_("seen"))

    objects = VisibleManager()

    class Meta:
        verbose_name = _("neighbour")
        verbose_name_plural = _("neighbours")
        constraints = [
            models.UniqueConstraint(
                fields=["target", "local_port", "remote_chassis", "remote_port"], name="neighbour_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.target_id} {self.local_name or self.local_port} – {self.remote_name or self.remote_chassis}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(target__organisation__in=user.access.orgs(*READERS))
