"""Configuration items: servers, network gear, clients, printers, systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from mptt.models import TreeForeignKey

from cmdb.common.archive import ARCHIVED, Archivable
from cmdb.common.history import tracked
from cmdb.common.models import Timestamped, sort_key_field
from cmdb.common.querysets import VisibleManager
from cmdb.models.classes import CIClass, Family
from cmdb.models.organisations import Organisation
from cmdb.models.places import Place
from cmdb.models.services import Criticality, ServiceComponent

if TYPE_CHECKING:
    from cmdb.models.people import User


class Lifecycle(models.TextChoices):
    PLANNED = "planned", _("Planned")
    ORDERED = "ordered", _("Ordered")
    IN_STORE = "in_store", _("In store")
    IN_USE = "in_use", _("In use")
    PHASING_OUT = "phasing_out", _("Being phased out")
    RETIRED = "retired", _("Retired")


@tracked
class Item(Archivable, Timestamped):
    """One configuration item; `attributes` holds what its class adds (cmdb.models.classes)."""

    name = models.CharField(_("name"), max_length=120)
    item_class = TreeForeignKey(CIClass, models.PROTECT, related_name="items", verbose_name=_("class"))
    family = models.CharField(_("family"), max_length=20, choices=Family, editable=False)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="items", verbose_name=_("organisation")
    )
    place = TreeForeignKey(
        Place, models.SET_NULL, null=True, blank=True, related_name="items", verbose_name=_("place")
    )
    lifecycle = models.CharField(_("lifecycle"), max_length=20, choices=Lifecycle, default=Lifecycle.IN_USE)
    criticality = models.PositiveSmallIntegerField(
        _("criticality"), choices=Criticality, default=Criticality.NORMAL
    )
    asset_tag = models.CharField(_("asset tag"), max_length=60, blank=True)
    serial = models.CharField(_("serial number"), max_length=100, blank=True)
    manufacturer = models.CharField(_("manufacturer"), max_length=100, blank=True)
    model = models.CharField(_("model"), max_length=120, blank=True)
    address = models.GenericIPAddressField(_("management address"), null=True, blank=True)
    operating_system = models.CharField(_("operating system"), max_length=120, blank=True)
    software = models.ForeignKey(
        "cmdb.Software", models.PROTECT, null=True, blank=True, related_name="uses", verbose_name=_("product")
    )
    owner = models.ForeignKey(
        "cmdb.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_items",
        verbose_name=_("owner"),
    )
    manager = models.ForeignKey(
        "cmdb.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="managed_items",
        verbose_name=_("manager"),
    )
    user = models.ForeignKey(
        "cmdb.User", models.SET_NULL, null=True, blank=True, related_name="used_items", verbose_name=_("user")
    )
    team = models.ForeignKey(
        "cmdb.Team", models.SET_NULL, null=True, blank=True, related_name="items", verbose_name=_("team")
    )
    supplier = models.ForeignKey(
        Organisation,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="supplied_items",
        verbose_name=_("supplier"),
    )
    purchased_on = models.DateField(_("purchased"), null=True, blank=True)
    warranty_until = models.DateField(_("warranty until"), null=True, blank=True)
    end_of_life = models.DateField(_("end of life"), null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaces", verbose_name=_("replaced by")
    )
    yearly_cost = models.DecimalField(
        _("cost a year (NOK)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    outside_procedure = models.BooleanField(
        _("bought outside the agreed procedure"),
        default=False,
        help_text=_("The owner answers for it; the IT unit does not."),
    )
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    notes = models.TextField(_("notes"), blank=True, max_length=20_000)
    sort_name = sort_key_field("name")

    objects = VisibleManager()

    consequence = _("Its lifecycle becomes retired.")

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ["sort_name", "pk"]
        indexes = [
            models.Index(fields=["organisation", "family", "sort_name"], name="item_list"),
            models.Index(fields=["sort_name", "id"], name="item_by_name"),
            models.Index(fields=["serial"], name="item_serial", condition=~Q(serial="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(archived_at=None) | Q(lifecycle="retired"),
                name="item_archived_is_retired",
                violation_error_message=ARCHIVED,
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.family = self.item_class.family
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def needed_by(self) -> list[str]:
        """By the rule of retirement, and what asks it or is replaced by it."""
        return [*self.rested_on(), *super().needed_by()]

    def rested_on(self) -> list[str]:
        """Who in use still rests on it, in sentences: as long as somebody does, it is not retired."""
        found = []
        resting = Relation.objects.filter(target=self.pk, kind__in=IMPACTING)
        if n := resting.exclude(source__lifecycle=Lifecycle.RETIRED).count():
            found.append(
                ngettext(
                    "%(n)d item still rests on this one. Move it first.",
                    "%(n)d items still rest on this one. Move them first.",
                    n,
                )
                % {"n": n}
            )
        if n := ServiceComponent.objects.filter(item=self.pk, service__is_active=True).count():
            found.append(
                ngettext(
                    "%(n)d service still rests on this item. Take it out of the service first.",
                    "%(n)d services still rest on this item. Take it out of them first.",
                    n,
                )
                % {"n": n}
            )
        return found

    def on_archive(self) -> None:
        self.lifecycle = Lifecycle.RETIRED

    def on_restore(self) -> None:
        self.lifecycle = Lifecycle.IN_STORE

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """Whose register one reads; what one uses, owns or manages; the systems of one's own municipality."""
        access = user.access
        q = Q(organisation__in=access.register_orgs)
        q |= Q(organisation__in=access.own_orgs, family=Family.SYSTEM)
        return q | Q(user=user) | Q(owner=user) | Q(manager=user)


class RelationKind(models.TextChoices):
    """Read from source to target. Failure of the target reaches the source for the kinds in IMPACTING."""

    DEPENDS_ON = "depends_on", _("depends on")
    RUNS_ON = "runs_on", _("runs on")
    CONNECTS_TO = "connects_to", _("connects through")
    PART_OF = "part_of", _("is part of")
    MEMBER_OF = "member_of", _("is a member of")
    INSTALLED_ON = "installed_on", _("is installed on")
    BACKED_UP_BY = "backed_up_by", _("is backed up by")
    EXCHANGES_WITH = "exchanges_with", _("exchanges data with")


IMPACTING = frozenset(
    {RelationKind.DEPENDS_ON, RelationKind.RUNS_ON, RelationKind.CONNECTS_TO, RelationKind.INSTALLED_ON}
)


@tracked
class Relation(Timestamped):
    """`source` rests on `target`. Targets of one source in the same non-empty `redundancy_group` stand in for each other."""

    source = models.ForeignKey(Item, models.PROTECT, related_name="relations_out", verbose_name=_("item"))
    kind = models.CharField(_("relation"), max_length=20, choices=RelationKind)
    target = models.ForeignKey(
        Item, models.PROTECT, related_name="relations_in", verbose_name=_("other item")
    )
    redundancy_group = models.CharField(_("redundancy group"), max_length=40, blank=True)
    needed = models.PositiveSmallIntegerField(_("needed of the group"), default=1)
    notes = models.CharField(_("notes"), max_length=200, blank=True)

    objects = VisibleManager()

    when_deleted = _("Availability of months that are not frozen is counted without it from now on.")

    class Meta:
        verbose_name = _("relation")
        verbose_name_plural = _("relations")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "target"],
                name="relation_once",
                violation_error_message=_("These two are related like this already."),
            ),
            models.CheckConstraint(
                condition=~Q(source=models.F("target")),
                name="relation_not_to_itself",
                violation_error_message=_("An item can not be related to itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.get_kind_display()} {self.target}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """Both ends must be readable, or the relation would name a foreign item."""
        mine = user.access.register_orgs
        return Q(source__organisation__in=mine, target__organisation__in=mine)
