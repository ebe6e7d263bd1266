"""The timeline: append-only, the source of clocks and of what people are told."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from servicedesk.models.tickets import Ticket


class Verb(models.TextChoices):
    """What happened; one for each module of servicedesk.actions, and what arrives from outside."""

    OPEN = "open", pgettext_lazy("timeline", "opened")
    ASSIGN = "assign", pgettext_lazy("timeline", "assigned")
    REPLY = "reply", pgettext_lazy("timeline", "answered")
    COMMENT = "comment", pgettext_lazy("timeline", "wrote")
    NOTE = "note", pgettext_lazy("timeline", "noted")
    PEND = "pend", pgettext_lazy("timeline", "put on hold")
    RESUME = "resume", pgettext_lazy("timeline", "took up again")
    RESOLVE = "resolve", pgettext_lazy("timeline", "resolved")
    REOPEN = "reopen", pgettext_lazy("timeline", "reopened")
    CLOSE = "close", pgettext_lazy("timeline", "closed")
    CANCEL = "cancel", pgettext_lazy("timeline", "cancelled")
    EDIT = "edit", pgettext_lazy("timeline", "changed")
    PRIORITISE = "prioritise", pgettext_lazy("timeline", "gave another priority")
    LINK = "link", pgettext_lazy("timeline", "linked")
    MERGE = "merge", pgettext_lazy("timeline", "merged")
    SUBMIT = "submit", pgettext_lazy("timeline", "asked for approval")
    APPROVE = "approve", pgettext_lazy("timeline", "approved")
    REJECT = "reject", pgettext_lazy("timeline", "rejected")
    START = "start", pgettext_lazy("timeline", "began the work")
    FINISH = "finish", pgettext_lazy("timeline", "ended the work")
    DECLARE_MAJOR = "declare_major", pgettext_lazy("timeline", "declared a major incident")
    ALERT = "alert", pgettext_lazy("timeline", "alert")
    BREACH = "breach", pgettext_lazy("timeline", "target missed")
    SOON = "soon", pgettext_lazy("timeline", "target close")


class Entry(models.Model):
    """One step. `at` is when it happened (a phone call entered later keeps its own time), `recorded_at` when it was written.

    `data` holds {"before": …, "after": …} and the like; `actor_name` stays readable after a person is gone.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="entries")
    verb = models.CharField(max_length=20, choices=Verb)
    at = models.DateTimeField(default=timezone.now)
    recorded_at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey("cmdb.User", models.PROTECT, null=True, blank=True, related_name="entries")
    actor_name = models.CharField(max_length=150)
    is_public = models.BooleanField(default=False)
    body = models.TextField(blank=True, max_length=100_000)
    data = models.JSONField(default=dict, blank=True)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["ticket", "at", "id"], name="entry_timeline")]
        triggers = [
            # Only the link to a deleted person may be loosened; text, times and figures never change.
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="unchanged",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["actor"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.verb} {self.at:%Y-%m-%d %H:%M:%S}"


class Attachment(models.Model):
    """A file on a ticket, served only through a checked view."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="attachments")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="attachments")
    file = models.FileField(upload_to="attachments/%Y/%m/")
    name = models.CharField(max_length=200)
    #: As the sender called it, where that is no name for a file.
    original_name = models.TextField(blank=True)
    content_type = models.CharField(max_length=100)
    #: A mail's picture that its text shows (Content-ID, RFC 2392).
    inline_id = models.CharField(max_length=250, blank=True)
    size = models.PositiveBigIntegerField()
    is_public = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.name
