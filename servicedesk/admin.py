"""Django's admin for operators: reference data may be changed, what happened may only be read, letters may be sent again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from servicedesk import letters
from servicedesk.models import Category, InboundMail, Mailbox, Message, PriorityRule, ReadingTerm, Ticket


class ReadOnly(admin.ModelAdmin):
    """What verbs and workers write; looked at, never changed by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "kind", "is_active")
    list_filter = ("kind", "is_active")
    prepopulated_fields = {"slug": ("name",)}


@admin.register(PriorityRule)
class PriorityRuleAdmin(admin.ModelAdmin):
    list_display = ("impact", "urgency", "priority")
    list_editable = ("priority",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ReadingTerm)
class ReadingTermAdmin(admin.ModelAdmin):
    list_display = ("__str__", "days")
    list_editable = ("days",)
    list_select_related = ("supplier",)


@admin.register(Ticket)
class TicketAdmin(ReadOnly):
    list_display = ("reference", "title", "kind", "state", "organisation", "opened_at")
    list_filter = ("kind", "state")
    list_select_related = ("organisation",)
    search_fields = ("reference",)
    exclude = ("search",)


@admin.register(Message)
class MessageAdmin(ReadOnly):
    """The outbox. What did not arrive can be tried again."""

    list_display = ("created_at", "address", "kind", "subject", "sent_at", "undelivered_at", "error")
    list_filter = (
        "kind",
        ("sent_at", admin.EmptyFieldListFilter),
        ("undelivered_at", admin.EmptyFieldListFilter),
    )
    actions = ("send_again",)

    @admin.action(description=_("Send again what did not arrive"))
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        for letter in queryset:
            letters.send_again(letter)


@admin.register(InboundMail)
class InboundMailAdmin(ReadOnly):
    """Mail as it came, and what became of it."""

    list_display = ("received_at", "sender", "subject", "outcome", "reason", "ticket", "error")
    list_filter = ("outcome", "reason")
    list_select_related = ("ticket",)
    exclude = ("raw",)


@admin.register(Mailbox)
class MailboxAdmin(ReadOnly):
    """Folders that mail is taken from, and how far."""

    list_display = ("key", "last_uid", "gone", "last_success_at", "failing_since", "last_error")
