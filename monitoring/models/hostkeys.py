"""Host keys of devices: what a device showed when it was first logged in to, and what it shows now if that differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.common.history import tracked_but
from cmdb.common.querysets import VisibleManager
from monitoring.hostkeys.keys import Key
from monitoring.models.targets import READERS, Target

if TYPE_CHECKING:
    from cmdb.models import User


# The fingerprints beside them say the same, and can be read.
@tracked_but("public_key", "offered_key")
class HostKey(models.Model):
    """The SSH host key by which a target is known at an address and port.

    Without a `public_key` it was forgotten: the next one shown is kept. `offered_key` is another one that was shown
    since `offered_at`; nothing is sent to who shows it. The row stays for its history, also without its target.
    """

    target = models.ForeignKey(
        Target, models.SET_NULL, null=True, related_name="host_keys", verbose_name=_("target"), editable=False
    )
    address = models.CharField(_("address"), max_length=255, editable=False)
    port = models.PositiveIntegerField(_("SSH port"), editable=False)
    key_type = models.CharField(_("kind of key"), max_length=60, blank=True, editable=False)
    public_key = models.TextField(_("public key"), blank=True, editable=False)
    fingerprint = models.CharField(_("fingerprint"), max_length=60, blank=True, editable=False)
    known_since = models.DateTimeField(_("known since"), default=timezone.now, editable=False)
    offered_type = models.CharField(_("kind of the new key"), max_length=60, blank=True, editable=False)
    offered_key = models.TextField(_("new public key"), blank=True, editable=False)
    offered_fingerprint = models.CharField(_("new fingerprint"), max_length=60, blank=True, editable=False)
    offered_at = models.DateTimeField(_("first shown"), null=True, blank=True, editable=False)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("host key")
        verbose_name_plural = _("host keys")
        ordering = ["target", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["target", "address", "port"], name="host_key_once"),
        ]
        indexes = [
            models.Index(fields=["target"], name="host_key_changed", condition=~Q(offered_key="")),
        ]

    def __str__(self) -> str:
        return f"{self.address}:{self.port} {self.fingerprint}".rstrip()

    @property
    def is_changed(self) -> bool:
        """Whether another key was shown that nobody accepted."""
        return bool(self.offered_key)

    @property
    def known(self) -> Key | None:
        """The key that is let in; None: the next one is kept."""
        return Key(self.key_type, self.public_key) if self.public_key else None

    @known.setter
    def known(self, key: Key | None) -> None:
        self.key_type, self.public_key = key or ("", "")
        self.fingerprint = key.fingerprint if key else ""

    @property
    def offered(self) -> Key | None:
        """The other key that was shown since."""
        return Key(self.offered_type, self.offered_key) if self.offered_key else None

    @offered.setter
    def offered(self, key: Key | None) -> None:
        self.offered_type, self.offered_key = key or ("", "")
        self.offered_fingerprint = key.fingerprint if key else ""

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(target__organisation__in=user.access.orgs(*READERS))
