"""Mail that came in: where it was taken from, every letter as it came, what became of it, and who may not write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from cmdb.common.models import Timestamped
from cmdb.common.querysets import VisibleManager, VisibleQuerySet
from cmdb.models import Organisation, OrganisationKind
from servicedesk.models.entries import Entry
from servicedesk.models.tickets import Ticket

if TYPE_CHECKING:
    from cmdb.models import User


class Outcome(models.TextChoices):
    """What became of a mail; empty until it was acted on."""

    OPENED = "opened", pgettext_lazy("mail", "opened a ticket")
    COMMENTED = "commented", pgettext_lazy("mail", "written to the ticket")
    NOTED = "noted", pgettext_lazy("mail", "internal note")
    HELD = "held", pgettext_lazy("mail", "held")
    DUPLICATE = "duplicate", pgettext_lazy("mail", "was here already")


class Reason(models.TextChoices):
    """Why a mail was held, or only noted."""

    UNKNOWN_SENDER = "unknown_sender", pgettext_lazy("mail", "unknown sender")
    AMBIGUOUS = "ambiguous", pgettext_lazy("mail", "several people have this address")
    AUTOMATIC = "automatic", pgettext_lazy("mail", "sent by a machine")
    BOUNCE = "bounce", pgettext_lazy("mail", "could not be delivered")
    UNREADABLE = "unreadable", pgettext_lazy("mail", "cannot be read")
    TOO_LARGE = "too_large", pgettext_lazy("mail", "too large to be fetched")
    TOO_MANY = "too_many", pgettext_lazy("mail", "too many from one sender")
    NOT_AUTHENTICATED = "not_authenticated", pgettext_lazy("mail", "the sender is not proven")
    REFUSED_SENDER = "refused_sender", pgettext_lazy("mail", "refused sender")
    REFUSED = "refused", pgettext_lazy("mail", "not allowed to the sender")
    OWN = "own", pgettext_lazy("mail", "our own letter")
    FAILED = "failed", pgettext_lazy("mail", "failed again and again")


class Authentication(models.TextChoices):
    """What the own mail server found out about the sender (RFC 8601)."""

    PASS = "pass", pgettext_lazy("mail", "proven")
    FAIL = "fail", pgettext_lazy("mail", "forged or misdirected")
    NONE = "none", pgettext_lazy("mail", "nothing is said")
    UNCHECKED = "unchecked", pgettext_lazy("mail", "not checked here")


class Mailbox(models.Model):
    """A folder that mail is taken from, and how far (RFC 3501, 2.3.1.1): what people read or mark there changes nothing."""

    #: user@host/FOLDER
    key = models.CharField(_("mailbox"), max_length=300, unique=True)
    uid_validity = models.PositiveBigIntegerField(default=0)
    last_uid = models.PositiveBigIntegerField(_("taken up to"), default=0)
    #: A mail that the server does not give out is tried a few times, then stepped over and shown.
    failing_uid = models.PositiveBigIntegerField(default=0)
    failing_attempts = models.PositiveSmallIntegerField(default=0)
    #: Identifiers that the server gave out and that were gone before we could take them.
    gone = models.PositiveIntegerField(_("taken away by others"), default=0)
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    #: The kind of the error only: its text may hold what the server was told.
    last_error = models.CharField(_("error"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return self.key


class MailManager(VisibleManager["InboundMail"]):
    """Without the bytes, which may be many millions; they come when `raw` is read."""

    def get_queryset(self) -> VisibleQuerySet[InboundMail]:
        return super().get_queryset().defer("raw")


class InboundMail(models.Model):
    """A mail as it came, stored before anything is done with it (invariant 4)."""

    #: Of what was written and not of its way here (servicedesk.mail.fingerprint); known without parsing.
    key = models.CharField(max_length=64, unique=True)
    raw = models.BinaryField()
    size = models.PositiveBigIntegerField(_("size"), default=0)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, null=True, blank=True, related_name="mails")
    uid_validity = models.PositiveBigIntegerField(null=True, blank=True)
    uid = models.PositiveBigIntegerField(null=True, blank=True)

    # What was read in it; safe text for lists.
    message_id = models.CharField(max_length=250, blank=True, db_index=True)
    #: The same letter re-encoded on another way is known by its parts.
    content_key = models.CharField(max_length=64, blank=True)
    sender = models.CharField(_("sender"), max_length=254, blank=True)
    sender_name = models.CharField(_("sender's name"), max_length=150, blank=True)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    #: Whose municipality it most likely concerns; null: the region's.
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="inbound_mails",
        verbose_name=_("organisation"),
    )  # fmt: skip
    authentication = models.CharField(
        _("authentication"), max_length=10, choices=Authentication, default=Authentication.UNCHECKED
    )
    authentication_detail = models.CharField(max_length=300, blank=True)

    # What became of it.
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
    ticket = models.ForeignKey(Ticket, models.SET_NULL, null=True, blank=True, related_name="inbound_mails")
    entry = models.ForeignKey(Entry, models.SET_NULL, null=True, blank=True, related_name="inbound_mails")
    error = models.CharField(_("error"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        "cmdb.User", models.SET_NULL, null=True, blank=True, related_name="decided_mails"
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    objects = MailManager()

    class Meta:
        verbose_name = _("inbound mail")
        verbose_name_plural = _("inbound mail")
        indexes = [
            models.Index(fields=["received_at"], name="mail_unhandled", condition=Q(handled_at=None)),
            models.Index(
                fields=["received_at"], name="mail_held", condition=Q(outcome="held", decided_at=None)
            ),
            models.Index(fields=["sender", "handled_at"], name="mail_of_sender"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "uid_validity", "uid"], name="mail_uid_once"),
            models.UniqueConstraint(
                fields=["content_key"], name="mail_content_once", condition=~Q(content_key="")
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.message_id or self.key

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """Who works for the municipality that it concerns; what concerns none in particular is the region's."""
        return _of_desk(user)

    @property
    def trouble(self) -> str:
        """What went wrong, in the reader's language where it is a sentence of ours."""
        return gettext(self.error) if self.error else ""

    @property
    def is_waiting(self) -> bool:
        """Whether somebody has to look at it."""
        return self.outcome == Outcome.HELD and self.decided_at is None


def _of_desk(user: User) -> Q:
    """Rows of municipalities for which the person works; those of none, of people who work for a whole region."""
    mine = user.access.work_orgs
    region = Organisation.objects.filter(pk__in=mine, kind=OrganisationKind.REGION).order_by()
    return Q(organisation__in=mine) | Q(Exists(region), organisation=None)


class RefusedSender(models.Model):
    """An address, or @domain, whose mail is held without further ado; for one municipality or (null) for the region."""

    address = models.CharField(_("address"), max_length=254)
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, related_name="refused_senders",
        verbose_name=_("organisation"),
    )  # fmt: skip
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    made_by = models.ForeignKey(
        "cmdb.User", models.SET_NULL, null=True, blank=True, related_name="refused_senders"
    )
    made_at = models.DateTimeField(_("refused since"), auto_now_add=True)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("refused sender")
        verbose_name_plural = _("refused senders")
        ordering = ["address", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["address", "organisation"], name="refused_sender_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.address

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return _of_desk(user)


class FormAddress(Timestamped):
    """An address that a form on a web page sends from: there, and only there, Reply-To names who reports."""

    address = models.EmailField(_("address"), unique=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="form_addresses", verbose_name=_("organisation")
    )
    note = models.CharField(_("which form it is"), max_length=200, blank=True)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("form address")
        verbose_name_plural = _("form addresses")
        ordering = ["address"]

    def __str__(self) -> str:
        return self.address

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Addresses are compared in lower case."""
        self.address = self.address.strip().lower()
        super().save(*args, **kwargs)

    @classmethod
    def visible_q(cls, user: User) -> Q:
        return Q(organisation__in=user.access.work_orgs)
