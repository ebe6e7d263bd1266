"""Who owns, uses and delivers: the tree of the region, its municipalities and their units, and suppliers beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from mptt.models import MPTTModel, TreeForeignKey

from cmdb.common.archive import ARCHIVED, Archivable
from cmdb.common.history import tracked
from cmdb.common.models import Timestamped, sort_key_field
from cmdb.common.querysets import VisibleTreeManager

if TYPE_CHECKING:
    from cmdb.models.people import User


class OrganisationKind(models.TextChoices):
    REGION = "region", _("Regional IT unit")
    MUNICIPALITY = "municipality", _("Municipality")
    UNIT = "unit", _("Unit")
    SUPPLIER = "supplier", _("Supplier")


class Language(models.TextChoices):
    NB = "nb", "Norsk bokmål"
    NN = "nn", "Norsk nynorsk"
    EN = "en", "English"


@tracked
class Organisation(Archivable, MPTTModel, Timestamped):
    """A node of the tree region → municipality → unit; suppliers are roots of their own."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=OrganisationKind)
    parent = TreeForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    number = models.CharField(_("organisation number"), max_length=9, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=Language, default=Language.NB)
    inhabitants = models.PositiveIntegerField(_("inhabitants"), null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    is_active = models.BooleanField(_("active"), default=True, editable=False)  # follows from archived_at
    sort_name = sort_key_field("name")

    objects = VisibleTreeManager()

    class MPTTMeta:
        order_insertion_by = ["name"]

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["tree_id", "lft"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number="") | Q(number__regex=r"^\d{9}$"),
                name="organisation_number_nine_digits",
                violation_error_message=_("An organisation number has nine digits."),
            ),
            models.CheckConstraint(
                condition=Q(archived_at=None) | Q(is_active=False),
                name="organisation_archived_is_inactive",
                violation_error_message=ARCHIVED,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def on_archive(self) -> None:
        self.is_active = False

    def on_restore(self) -> None:
        self.is_active = True

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """Own home organisation and its ancestors by name, all where a role is held; suppliers for those who work."""
        access = user.access
        q = Q(pk__in=access.all_orgs | access.home_orgs)
        if access.is_staff_role or access.reads_register:
            q |= Q(kind=OrganisationKind.SUPPLIER)
        return q
