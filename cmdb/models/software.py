"""The shared software catalogue, what is installed where, licences and contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cmdb.common.archive import Archivable
from cmdb.common.history import tracked
from cmdb.common.models import Timestamped, sort_key_field
from cmdb.common.querysets import VisibleManager
from cmdb.models.items import Item
from cmdb.models.organisations import Organisation

if TYPE_CHECKING:
    from cmdb.models.people import User


@tracked
class Software(Archivable, Timestamped):
    """A product, described once for all; a municipality's use of it is an Item of the family system."""

    name = models.CharField(_("name"), max_length=120)
    publisher = models.CharField(_("publisher"), max_length=120, blank=True)
    category = models.CharField(_("category"), max_length=80, blank=True)
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    website = models.URLField(_("web page"), blank=True)
    sort_name = sort_key_field("name")

    objects = VisibleManager()

    class Meta:
        verbose_name = _("software product")
        verbose_name_plural = _("software catalogue")
        ordering = ["sort_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "publisher"],
                name="software_once",
                violation_error_message=_("This product is in the catalogue already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """The catalogue is shared: neighbours reuse each other's descriptions. Reporters do not need it."""
        return Q() if user.access.reads_register else Q(pk__in=[])


class Installation(Timestamped):
    """A product found on an item."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="installations", verbose_name=_("item"))
    software = models.ForeignKey(
        Software, models.PROTECT, related_name="installations", verbose_name=_("product")
    )
    version = models.CharField(_("version"), max_length=60, blank=True)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installations")
        constraints = [models.UniqueConstraint(fields=["item", "software"], name="installation_once")]

    def __str__(self) -> str:
        return f"{self.software} · {self.item}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(item__organisation__in=user.access.register_orgs)


class ContractKind(models.TextChoices):
    OPERATION = "operation", _("Operation")
    MAINTENANCE = "maintenance", _("Maintenance")
    LICENCE = "licence", _("Licence")
    LEASE = "lease", _("Lease")
    DATA_PROCESSOR = "data_processor", _("Data processor agreement")
    UNDERPINNING = "underpinning", _("Underpinning contract")


@tracked
class Contract(Archivable, Timestamped):
    """An agreement with a supplier: what, for whom, at what cost, and when notice must be given."""

    number = models.CharField(_("number"), max_length=60, blank=True)
    name = models.CharField(_("name"), max_length=160)
    kind = models.CharField(_("kind"), max_length=20, choices=ContractKind)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="contracts", verbose_name=_("organisation")
    )
    supplier = models.ForeignKey(
        Organisation, models.PROTECT, related_name="supplier_contracts", verbose_name=_("supplier")
    )
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    notice_on = models.DateField(_("notice by"), null=True, blank=True)
    yearly_cost = models.DecimalField(
        _("cost a year (NOK)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    items: models.ManyToManyField[Item, models.Model] = models.ManyToManyField(
        Item, related_name="contracts", blank=True, verbose_name=_("items")
    )
    notes = models.TextField(_("notes"), blank=True, max_length=20_000)
    sort_name = sort_key_field("name")

    objects = VisibleManager()

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        ordering = ["sort_name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="contract_ends_after_start",
                violation_error_message=_("A contract can not end before it begins."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, user: User) -> Q:
        access = user.access
        return Q(organisation__in=access.register_orgs) | Q(supplier__in=access.orgs("supplier"))


class LicenceMetric(models.TextChoices):
    DEVICE = "device", _("Per device")
    USER = "user", _("Per named user")
    CONCURRENT = "concurrent", _("Per simultaneous user")
    SITE = "site", _("For the whole site")


@tracked
class Licence(Archivable, Timestamped):
    """A right to use a product: how many are bought, and how many are in use.

    In use per device is counted from installations within the organisation; for other metrics it is what
    was last reported in `reported_used` (`used_at`).
    """

    software = models.ForeignKey(Software, models.PROTECT, related_name="licences", verbose_name=_("product"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="licences", verbose_name=_("organisation")
    )
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, blank=True, related_name="licences", verbose_name=_("contract")
    )
    metric = models.CharField(_("metric"), max_length=20, choices=LicenceMetric, default=LicenceMetric.DEVICE)
    bought = models.PositiveIntegerField(_("bought"))
    reported_used = models.PositiveIntegerField(_("reported in use"), null=True, blank=True)
    used_at = models.DateField(_("reported on"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    yearly_cost = models.DecimalField(
        _("cost a year (NOK)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    notes = models.TextField(_("notes"), blank=True, max_length=10_000)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("licence")
        verbose_name_plural = _("licences")
        ordering = ["software__sort_name", "pk"]

    def __str__(self) -> str:
        return f"{self.software} · {self.organisation}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.register_orgs)
