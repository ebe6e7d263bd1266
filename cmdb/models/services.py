"""The service catalogue: what is delivered, to whom, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from mptt.models import MPTTModel, TreeForeignKey

from cmdb.common.archive import ARCHIVED, Archivable
from cmdb.common.history import tracked
from cmdb.common.models import Timestamped, sort_key_field
from cmdb.common.querysets import VisibleManager, VisibleTreeManager
from cmdb.models.organisations import Organisation

if TYPE_CHECKING:
    from cmdb.models.people import User


class Criticality(models.IntegerChoices):
    """How much is at stake, from the risk and vulnerability analysis."""

    CRITICAL = 1, _("Critical")
    HIGH = 2, _("High")
    NORMAL = 3, _("Normal")
    LOW = 4, _("Low")


@tracked
class Service(Archivable, MPTTModel, Timestamped):
    """A node of the service catalogue."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    parent = TreeForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="delivered_services", verbose_name=_("delivered by")
    )
    consumers: models.ManyToManyField[Organisation, models.Model] = models.ManyToManyField(
        Organisation, related_name="services", blank=True, verbose_name=_("used by")
    )
    team = models.ForeignKey(
        "cmdb.Team", models.SET_NULL, null=True, blank=True, related_name="services", verbose_name=_("team")
    )
    criticality = models.PositiveSmallIntegerField(
        _("criticality"), choices=Criticality, default=Criticality.NORMAL
    )
    on_call = models.BooleanField(_("covered on call"), default=False)
    is_active = models.BooleanField(_("active"), default=True, editable=False)  # follows from archived_at
    sort_name = sort_key_field("name")

    objects = VisibleTreeManager()

    class MPTTMeta:
        order_insertion_by = ["name"]

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["tree_id", "lft"]
        constraints = [
            models.CheckConstraint(
                condition=Q(archived_at=None) | Q(is_active=False),
                name="service_archived_is_inactive",
                violation_error_message=ARCHIVED,
            )
        ]

    def __str__(self) -> str:
        return self.name

    def on_archive(self) -> None:
        self.is_active = False

    def on_restore(self) -> None:
        self.is_active = True

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """Services one's municipality uses; those who work see what their organisations deliver or use."""
        access = user.access
        mine = access.register_orgs | access.home_orgs
        used = cls.consumers.through._default_manager.filter(organisation_id__in=mine).values("service_id")
        return Q(organisation__in=access.work_orgs) | Q(pk__in=used)


class ServiceComponent(Timestamped):
    """A service rests on an item, for everybody or for one municipality only.

    Components of one service that share a non-empty `redundancy_group` stand in for each other:
    of the group, `needed` must be up. Ungrouped components are all needed.
    """

    service = models.ForeignKey(Service, models.PROTECT, related_name="components", verbose_name=_("service"))
    item = models.ForeignKey(
        "cmdb.Item", models.PROTECT, related_name="service_components", verbose_name=_("item")
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="service_components",
        verbose_name=_("for"),
    )
    redundancy_group = models.CharField(_("redundancy group"), max_length=40, blank=True)
    needed = models.PositiveSmallIntegerField(_("needed of the group"), default=1)

    objects = VisibleManager()

    when_deleted = _("Availability of months that are not frozen is counted without it from now on.")

    class Meta:
        verbose_name = _("service component")
        verbose_name_plural = _("service components")
        constraints = [
            models.UniqueConstraint(
                fields=["service", "item", "organisation"],
                name="service_component_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} → {self.item}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(item__organisation__in=user.access.register_orgs)
