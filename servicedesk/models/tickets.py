"""Tickets of all kinds; what a kind adds lies in servicedesk.models.kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.common.choices import Choices
from cmdb.common.models import Timestamped
from cmdb.common.querysets import VisibleManager
from cmdb.models import Item, Organisation, Service, Team
from monitoring.models import Alert
from servicedesk.models.handovers import HandOver
from sla.models import Case

if TYPE_CHECKING:
    from cmdb.access import Access
    from cmdb.models import User


class Kind(Choices):
    """ITIL practices; `PREFIX` names their references."""

    INCIDENT = "incident", "neutral", "incident", _("Incident")
    REQUEST = "request", "neutral", "request", _("Service request")
    PROBLEM = "problem", "neutral", "problem", _("Problem")
    CHANGE = "change", "neutral", "change", _("Change")


PREFIX = {Kind.INCIDENT: "INC", Kind.REQUEST: "REQ", Kind.PROBLEM: "PRB", Kind.CHANGE: "CHG"}


class State(Choices):
    """States of all kinds; which kind knows which, and the moves between them, is servicedesk.workflow."""

    NEW = "new", "info", "inbox", _("New")
    ASSIGNED = "assigned", "neutral", "person", _("Assigned")
    IN_PROGRESS = "in_progress", "neutral", "pencil", _("In progress")
    PENDING = "pending", "neutral", "pause", _("Waiting")
    RESOLVED = "resolved", "success", "check", _("Resolved")
    CLOSED = "closed", "neutral", "closed", _("Closed")
    CANCELLED = "cancelled", "neutral", "cancelled", _("Cancelled")
    DRAFT = "draft", "info", "pencil", _("Draft")
    APPROVAL = "approval", "info", "clock", _("Awaiting approval")
    SCHEDULED = "scheduled", "neutral", "calendar", _("Scheduled")
    IMPLEMENTING = "implementing", "neutral", "cog", _("Being carried out")
    REVIEW = "review", "neutral", "check", _("Under review")
    REJECTED = "rejected", "neutral", "cancelled", _("Rejected")


OPEN_STATES = (
    State.NEW, State.ASSIGNED, State.IN_PROGRESS, State.PENDING,
    State.DRAFT, State.APPROVAL, State.SCHEDULED, State.IMPLEMENTING, State.REVIEW,
)  # fmt: skip
# Resolved tickets wait for the reporter's word; they are no longer in a queue.
DONE_STATES = (State.RESOLVED, State.CLOSED, State.CANCELLED, State.REJECTED)
# Over: nobody holds it any more. What is resolved may come back to whoever had it.
ENDED_STATES = (State.CLOSED, State.CANCELLED, State.REJECTED)


class Priority(models.IntegerChoices):
    CRITICAL = 1, _("Critical")
    HIGH = 2, _("High")
    NORMAL = 3, _("Normal")
    LOW = 4, _("Low")


class Level(models.IntegerChoices):
    """Impact and urgency."""

    HIGH = 1, _("High")
    MEDIUM = 2, _("Medium")
    LOW = 3, _("Low")


class Channel(models.TextChoices):
    PORTAL = "portal", _("Portal")
    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Phone")
    WALK_IN = "walk_in", _("Walk-in")
    MONITORING = "monitoring", _("Monitoring")
    API = "api", _("API")


class PendReason(models.TextChoices):
    """Why nobody works on it now, and who owns the wait (rule C.2.5)."""

    CUSTOMER = "customer", _("Waiting for the reporter")
    SUPPLIER = "supplier", _("Waiting for a supplier")
    DATE = "date", _("Until an agreed date")


class Category(Timestamped):
    """What a ticket is about, for the report's «by type»."""

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("short name"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.INCIDENT)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Ticket(Timestamped):
    """One job, however it arrived. Changed by servicedesk.actions alone.

    `due_at`, `clock_*` mirror the nearest running clock, so that a queue sorts and shows without joining.
    """

    reference = models.CharField(_("reference"), max_length=20, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.INCIDENT)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("category")
    )
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True, max_length=100_000)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.NEW)
    impact = models.PositiveSmallIntegerField(_("impact"), choices=Level, default=Level.LOW)
    urgency = models.PositiveSmallIntegerField(_("urgency"), choices=Level, default=Level.MEDIUM)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    priority_reason = models.CharField(_("why another priority"), max_length=200, blank=True)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel, default=Channel.PORTAL)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="tickets", verbose_name=_("organisation")
    )
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("service")
    )
    item = models.ForeignKey(
        Item, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("item")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("team")
    )
    assignee = models.ForeignKey(
        "cmdb.User", models.PROTECT, null=True, blank=True, related_name="assigned_tickets",
        verbose_name=_("assignee"),
    )  # fmt: skip
    reporter = models.ForeignKey(
        "cmdb.User", models.PROTECT, null=True, blank=True, related_name="reported_tickets",
        verbose_name=_("reporter"),
    )  # fmt: skip
    supplier = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="supplier_tickets",
        verbose_name=_("supplier"),
    )  # fmt: skip
    alert = models.ForeignKey(
        Alert, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("alert")
    )
    case = models.OneToOneField(Case, models.PROTECT, null=True, blank=True, related_name="ticket")
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    is_major = models.BooleanField(_("major incident"), default=False)
    pend_reason = models.CharField(_("waits for"), max_length=20, choices=PendReason, blank=True)
    pend_until = models.DateTimeField(_("waits until"), null=True, blank=True)
    resolution = models.TextField(_("resolution"), blank=True, max_length=20_000)
    opened_at = models.DateTimeField(_("reported"), default=timezone.now)
    answered_at = models.DateTimeField(_("first answer"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    touched_at = models.DateTimeField(_("last changed"), default=timezone.now)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    clock_measure = models.CharField(max_length=12, blank=True)
    clock_state = models.CharField(max_length=12, blank=True)
    clock_soon_at = models.DateTimeField(null=True, blank=True)
    clock_started_at = models.DateTimeField(null=True, blank=True)
    clock_remaining = models.IntegerField(null=True, blank=True)
    search = models.GeneratedField(
        expression=SearchVector("reference", "title", config="simple", weight="A")
        + SearchVector("title", config="norwegian", weight="A")
        + SearchVector("description", config="norwegian", weight="B"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = VisibleManager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-opened_at", "-pk"]
        indexes = [
            GinIndex(fields=["search"], name="ticket_search"),
            models.Index(
                fields=["team", "due_at", "id"], name="ticket_queue", condition=Q(state__in=OPEN_STATES)
            ),
            models.Index(fields=["due_at", "id"], name="ticket_open_due", condition=Q(state__in=OPEN_STATES)),
            models.Index(
                fields=["organisation", "priority", "opened_at", "id"],
                name="ticket_open_org",
                condition=Q(state__in=OPEN_STATES),
            ),
            # All that the list beside the desk counts: read from the index alone.
            models.Index(
                fields=["organisation", "team", "assignee", "due_at"],
                include=["reporter", "is_major"],
                name="ticket_counts",
                condition=Q(state__in=OPEN_STATES),
            ),
            models.Index(
                fields=["assignee", "due_at"], name="ticket_mine", condition=Q(state__in=OPEN_STATES)
            ),
            models.Index(fields=["reporter", "-opened_at"], name="ticket_by_reporter"),
            models.Index(fields=["item", "-opened_at"], name="ticket_by_item"),
            models.Index(fields=["-opened_at", "-id"], name="ticket_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """Where one works; what one reported; a superuser's own municipality; tickets on systems one owns; what one's
        supplier house holds or held a short while ago; changes that reach a commissioner's municipality."""
        access = user.access
        q = Q(organisation__in=access.work_orgs | access.orgs("keyuser")) | Q(reporter=user)
        if access.has("owner"):
            q |= Q(item__in=Item.objects.filter(Q(owner=user) | Q(manager=user)).values("pk"))
        if access.has("supplier"):
            q |= Q(pk__in=HandOver.readable(access.orgs("supplier")).values("ticket"))
        if access.has("commissioner"):
            q |= Q(kind=Kind.CHANGE) & cls._reaches(access)
        return q

    @staticmethod
    def _reaches(access: Access) -> Q:
        """The same rule as servicedesk.reach: the municipality that it belongs to, those that it touches, and all of the
        region where none is known."""
        mine = access.orgs("commissioner")
        touched = TicketOrganisation.objects.filter(ticket=OuterRef("pk"))
        return (
            Q(organisation__in=mine)
            | Exists(touched.filter(organisation__in=mine))
            | Q(organisation__in=access.regions_above("commissioner")) & ~Exists(touched)
        )


class ItemRole(models.TextChoices):
    CAUSE = "cause", _("Where the fault is")
    AFFECTED = "affected", _("Affected")
    CHANGED = "changed", _("Is changed")


class TicketItem(Timestamped):
    """An item that a ticket is about."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="ticket_items")
    item = models.ForeignKey(Item, models.PROTECT, related_name="ticket_items", verbose_name=_("item"))
    role = models.CharField(_("role"), max_length=10, choices=ItemRole, default=ItemRole.AFFECTED)

    class Meta:
        verbose_name = _("ticket's item")
        verbose_name_plural = _("ticket's items")
        constraints = [models.UniqueConstraint(fields=["ticket", "item"], name="ticket_item_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.item_id}"


class TicketAlert(models.Model):
    """An alert that a ticket is about; an incident that several alerts were attached to ends with the last of them."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="ticket_alerts")
    alert = models.ForeignKey(Alert, models.PROTECT, related_name="ticket_alerts")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "ticket"], name="ticket_alert_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.alert_id}"


class TicketService(models.Model):
    """A service that a ticket touches, as cmdb.impact found it."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="ticket_services")
    service = models.ForeignKey(Service, models.PROTECT, related_name="ticket_services")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "service"], name="ticket_service_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.service_id}"


class TicketOrganisation(models.Model):
    """A municipality that a ticket touches, as cmdb.impact found it."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="ticket_organisations")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="ticket_organisations")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "organisation"], name="ticket_organisation_once")
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.organisation_id}"


class LinkKind(models.TextChoices):
    RELATES = "relates", _("relates to")
    DUPLICATES = "duplicates", _("duplicates")
    CAUSED_BY = "caused_by", _("is caused by")
    SOLVED_BY = "solved_by", _("is solved by")


class TicketLink(Timestamped):
    """Read from source to target."""

    source = models.ForeignKey(Ticket, models.CASCADE, related_name="links_out")
    kind = models.CharField(_("link"), max_length=20, choices=LinkKind)
    target = models.ForeignKey(Ticket, models.CASCADE, related_name="links_in")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "kind", "target"], name="ticket_link_once"),
            models.CheckConstraint(condition=~Q(source=models.F("target")), name="ticket_link_not_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"


class ReferenceCounter(models.Model):
    """The last number given in a kind; locked while a ticket is opened, so that references have no holes or twins."""

    kind = models.CharField(max_length=20, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.kind} {self.last}"


class PriorityRule(models.Model):
    """One cell of the impact × urgency matrix."""

    impact = models.PositiveSmallIntegerField(_("impact"), choices=Level)
    urgency = models.PositiveSmallIntegerField(_("urgency"), choices=Level)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority)

    class Meta:
        verbose_name = _("priority rule")
        verbose_name_plural = _("priority matrix")
        ordering = ["impact", "urgency"]
        constraints = [models.UniqueConstraint(fields=["impact", "urgency"], name="priority_rule_once")]

    def __str__(self) -> str:
        return f"{self.impact} × {self.urgency} = {self.priority}"
