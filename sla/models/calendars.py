"""Working hours, as versions: a clock keeps the version under which it counts (rule C.2.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cmdb.common.archive import Archivable
from cmdb.common.history import tracked
from cmdb.common.models import Timestamped
from cmdb.common.querysets import VisibleManager
from cmdb.models import Organisation

if TYPE_CHECKING:
    from cmdb.models import User


@tracked
class Calendar(Archivable, Timestamped):
    """A named calendar; its hours are in its versions. `organisation` empty: shared by all."""

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="calendars",
        verbose_name=_("organisation"),
    )

    objects = VisibleManager()

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, user: User) -> Q:
        access = user.access
        return Q(organisation=None) | Q(organisation__in=access.work_orgs | access.board_orgs)


@tracked
class CalendarVersion(models.Model):
    """The hours of a calendar from an instant on.

    `spec` has the shape of `manage.py sla_clock`: {"timezone", "week": {"mon": [["08:00", "16:00"]], …}, "dates": {…}}.
    """

    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="versions")
    valid_from = models.DateTimeField(_("from"))
    spec = models.JSONField(_("hours"))

    class Meta:
        verbose_name = _("calendar version")
        verbose_name_plural = _("calendar versions")
        ordering = ["calendar", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "valid_from"], name="calendar_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.calendar} {self.valid_from:%Y-%m-%d}"
