"""Signs of life of everything that works behind the pages."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """When a part of the system last gave a sign, and when its work last went well: one row for each process of it.

    Rows are written by cmdb.heartbeats alone, with the database's clock: machines' clocks differ.
    """

    part = models.CharField(_("part"), max_length=40)
    host = models.CharField(_("machine"), max_length=120)
    instance = models.CharField(_("process"), max_length=40, blank=True)
    at = models.DateTimeField(_("last sign"), db_default=Now())
    ok_at = models.DateTimeField(_("last success"), null=True, blank=True)
    detail = models.CharField(_("what was said"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")
        ordering = ["part", "host", "instance"]
        constraints = [
            models.UniqueConstraint(fields=["part", "host", "instance"], name="heartbeat_one_of_process")
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.host} {self.instance}"
