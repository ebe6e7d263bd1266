"""Where things stand: sites, buildings, floors and rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from mptt.models import MPTTModel, TreeForeignKey

from cmdb.common.archive import Archivable
from cmdb.common.models import Timestamped, sort_key_field
from cmdb.common.querysets import VisibleTreeManager
from cmdb.models.organisations import Organisation

if TYPE_CHECKING:
    from cmdb.models.people import User


class PlaceKind(models.TextChoices):
    SITE = "site", _("Site")
    BUILDING = "building", _("Building")
    FLOOR = "floor", _("Floor")
    ROOM = "room", _("Room")


class Place(Archivable, MPTTModel, Timestamped):
    """A node of the tree site → building → floor → room."""

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=PlaceKind, default=PlaceKind.SITE)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="places", verbose_name=_("organisation")
    )
    parent = TreeForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    address = models.CharField(_("address"), max_length=200, blank=True)
    notes = models.TextField(_("notes"), blank=True, max_length=10_000)
    sort_name = sort_key_field("name")

    objects = VisibleTreeManager()

    class MPTTMeta:
        order_insertion_by = ["name"]

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["tree_id", "lft"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.register_orgs | user.access.own_orgs)
