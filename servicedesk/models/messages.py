"""What goes out: the outbox; receipts for what lower floors wrote, saved views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cmdb.common.models import Timestamped
from cmdb.common.querysets import VisibleManager
from servicedesk.models.entries import Entry
from servicedesk.models.mail import InboundMail
from servicedesk.models.tickets import Ticket

if TYPE_CHECKING:
    from cmdb.models import User


class Obstacle(models.TextChoices):
    """Who made a letter wait: the mail server, which then takes none, or the addressee's side."""

    SERVER = "server", pgettext_lazy("letter", "the mail server takes nothing")
    RECIPIENT = "recipient", pgettext_lazy("letter", "not taken yet")


class Message(models.Model):
    """A message to a person, written in the transaction that caused it and sent afterwards, at least once (invariant 5).

    `key` (what, whom, which step) stops a second row; `message_id` (RFC 5322) lets a mail program drop a second copy.
    """

    key = models.CharField(max_length=120, unique=True)
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="messages")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="messages")
    recipient = models.ForeignKey("cmdb.User", models.PROTECT, null=True, related_name="messages")
    address = models.EmailField(_("to"))
    kind = models.CharField(max_length=30)
    language = models.CharField(max_length=5)
    subject = models.CharField(_("subject"), max_length=250)
    body = models.TextField(_("text"))
    message_id = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    #: Why it waits for another attempt.
    obstacle = models.CharField(max_length=10, choices=Obstacle, blank=True)
    #: It will not arrive: refused for good, given up, or returned.
    undelivered_at = models.DateTimeField(_("undelivered"), null=True, blank=True)
    undelivered_reason = models.CharField(max_length=250, blank=True)
    #: The mail that it answers, where there is no ticket.
    answers = models.ForeignKey(
        InboundMail, models.PROTECT, null=True, blank=True, related_name="answered_by"
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("outbox")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["due_at"], name="message_due", condition=Q(sent_at=None, given_up_at=None)),
            models.Index(fields=["message_id"], name="message_identifier"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.subject}"


class Receipt(models.Model):
    """This floor has acted on what a lower floor wrote; the key makes twice once."""

    key = models.CharField(max_length=120, unique=True)
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="receipts")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key


class SavedView(Timestamped):
    """A list's filter, order and columns under a name; the state is the URL's query string."""

    user = models.ForeignKey("cmdb.User", models.CASCADE, related_name="saved_views")
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(max_length=1000)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(user=user)
