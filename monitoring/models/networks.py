"""Whose networks are which: where this installation may send anything at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from cmdb.common.history import tracked
from cmdb.common.models import Timestamped
from cmdb.common.querysets import VisibleManager
from cmdb.models import Organisation
from monitoring.models.targets import READERS

if TYPE_CHECKING:
    from cmdb.models import User


class NetworkUse(models.TextChoices):
    DEVICES = "devices", _("Devices: all checks, and credentials that name it")
    WEB = "web", _("Public web pages: HTTPS checks on port 443 only, without any credential")


@tracked
class Network(Timestamped):
    """A network of an organisation. It holds for the organisation's own targets, those of its units and those of the
    organisations above it; the narrowest network that holds an address says whose the address is."""

    name = models.CharField(_("name"), max_length=80)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="networks", verbose_name=_("organisation")
    )
    prefix = models.CharField(_("network"), max_length=43)
    use = models.CharField(_("used for"), max_length=10, choices=NetworkUse, default=NetworkUse.DEVICES)
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("network")
        verbose_name_plural = _("networks")
        ordering = ["prefix", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["prefix", "organisation"],
                name="network_once",
                violation_error_message=_("This network is named for this organisation already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """One's own networks and those of the organisations above, which hold for one's own targets too."""
        mine = user.access.orgs(*READERS)
        below = Organisation.objects.filter(
            pk__in=mine, tree_id=OuterRef("tree_id"), lft__gte=OuterRef("lft"), rght__lte=OuterRef("rght")
        )
        return Q(organisation__in=Organisation.objects.filter(Exists(below)).order_by().values("pk"))
