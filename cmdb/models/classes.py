"""The tree of configuration item classes and the attributes each class adds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from mptt.models import MPTTModel, TreeForeignKey

from cmdb.common.archive import Archivable
from cmdb.common.models import Timestamped
from cmdb.common.querysets import VisibleTreeManager

if TYPE_CHECKING:
    from cmdb.models.people import User

ATTRIBUTE_TYPES = frozenset({"text", "integer", "number", "boolean", "date", "choice"})
ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Family(models.TextChoices):
    """What kind of thing a class is, for lists, menus and icons."""

    SERVER = "server", _("Servers")
    NETWORK = "network", _("Network gear")
    CLIENT = "client", _("Clients")
    PRINTER = "printer", _("Printers")
    POWER = "power", _("Power")
    SYSTEM = "system", _("Systems")
    OTHER = "other", _("Other")


class Layer(models.IntegerChoices):
    """The four layers of the register (DOMAIN: «order in our own house»)."""

    INFRASTRUCTURE = 1, _("Infrastructure and security")
    SYSTEMS = 2, _("Systems")
    INFORMATION = 3, _("Information")
    SERVICES = 4, _("Municipal services")


class CIClass(Archivable, MPTTModel, Timestamped):
    """A class of configuration items; a class inherits its ancestors' attributes.

    `attributes` is a list of {"name", "label", "type": text|integer|number|boolean|date|choice, "required"?, "choices"?}.
    """

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    parent = TreeForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("kind of")
    )
    family = models.CharField(_("family"), max_length=20, choices=Family)
    layer = models.PositiveSmallIntegerField(_("layer"), choices=Layer, default=Layer.INFRASTRUCTURE)
    attributes = models.JSONField(_("attributes"), default=list, blank=True)

    objects = VisibleTreeManager()

    class MPTTMeta:
        order_insertion_by = ["name"]

    class Meta:
        verbose_name = _("item class")
        verbose_name_plural = _("item classes")
        ordering = ["tree_id", "lft"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        seen = {entry["name"] for entry in self.inherited()}
        entries: list[Any] = self.attributes if isinstance(self.attributes, list) else [None]
        for entry in entries:
            _check_attribute(entry)
            if entry["name"] in seen:
                raise ValidationError(
                    {"attributes": _("Two attributes have the same name, here or in a class above.")}
                )
            seen.add(entry["name"])

    def inherited(self) -> list[dict[str, Any]]:
        """Attributes of the classes above, from the root down."""
        if self.parent is None:
            return []
        chain = self.parent.get_ancestors(include_self=True)
        return [entry for ancestor in chain for entry in ancestor.attributes]

    def save(self, *args: object, **kwargs: object) -> None:
        """A change of family reaches the items at once: lists and menus go by it."""
        super().save(*args, **kwargs)  # type: ignore[arg-type]
        for item in self.items.exclude(family=self.family):
            item.save(update_fields=["family", "updated_at"])

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q()


def _check_attribute(entry: object) -> None:
    """Raise ValidationError unless `entry` is a well-formed attribute (see CIClass)."""
    if not isinstance(entry, dict) or entry.get("type") not in ATTRIBUTE_TYPES:
        raise ValidationError({"attributes": _("Each attribute needs a name and a known type.")})
    if not isinstance(entry.get("name"), str) or not ATTRIBUTE_NAME.fullmatch(entry["name"]):
        raise ValidationError(
            {
                "attributes": _(
                    "A name of an attribute is small letters, digits and _, and begins with a letter."
                )
            }
        )
    if entry["type"] == "choice" and not entry.get("choices"):
        raise ValidationError(
            {"attributes": _("“%(name)s” is a choice but has nothing to choose.") % {"name": entry["name"]}}
        )
