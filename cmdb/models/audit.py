"""The audit log: who signed in, who was given which right, who took what out. Append-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cmdb.common.choices import Choices
from cmdb.common.querysets import VisibleManager
from cmdb.models.organisations import Organisation

if TYPE_CHECKING:
    from cmdb.models.people import User


class AuditKind(Choices):
    """What happened; red and yellow is what an administrator looks for first."""

    SIGN_IN = "sign_in", "neutral", "person", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", "warning", "warning", _("Sign-in failed")
    SIGN_IN_HELD = "sign_in_held", "danger", "stop", _("Sign-in held back")
    SIGN_OUT = "sign_out", "neutral", "person", _("Signed out")
    PASSWORD_CHANGED = "password_changed", "info", "key", _("Password changed")
    PASSWORD_RESET = "password_reset", "info", "key", _("Password reset")
    RESET_SENT = "reset_sent", "neutral", "mail", _("Reset letter sent")
    FACTOR_ADDED = "factor_added", "info", "shield", _("Second factor added")
    FACTOR_REMOVED = "factor_removed", "warning", "shield", _("Second factor removed")
    FACTOR_RESET = "factor_reset", "info", "shield", _("Recovery codes made anew")
    FACTOR_FAILED = "factor_failed", "warning", "warning", _("Second factor failed")
    TOKEN_MADE = "token_made", "info", "key", _("API token made")
    TOKEN_REFUSED = "token_refused", "warning", "warning", _("API token refused")
    TOKEN_REVOKED = "token_revoked", "info", "key", _("API token revoked")
    ACCOUNT_MADE = "account_made", "info", "person", _("Account made")
    ACCOUNT_CHANGED = "account_changed", "neutral", "person", _("Account changed")
    ACCOUNT_DEACTIVATED = "account_deactivated", "warning", "stop", _("Account switched off")
    ACCOUNT_REACTIVATED = "account_reactivated", "info", "person", _("Account switched on again")
    ACCOUNT_DELETED = "account_deleted", "warning", "trash", _("Account deleted")
    RIGHTS_CHANGED = "rights_changed", "warning", "key", _("Rights in the administration changed")
    ROLE_GIVEN = "role_given", "info", "plus", _("Role given")
    ROLE_CHANGED = "role_changed", "info", "edit", _("Role changed")
    ROLE_TAKEN = "role_taken", "info", "minus", _("Role taken away")
    CREDENTIAL_MADE = "credential_made", "info", "key", _("Credential made")
    CREDENTIAL_CHANGED = "credential_changed", "info", "key", _("Credential changed")
    CREDENTIAL_DELETED = "credential_deleted", "warning", "trash", _("Credential deleted")
    CREDENTIAL_USED = "credential_used", "neutral", "key", _("Credential used by hand")
    HOST_KEY_ACCEPTED = "host_key_accepted", "warning", "key", _("Host key accepted")
    HOST_KEY_FORGOTTEN = "host_key_forgotten", "warning", "key", _("Host key forgotten")
    EXPORTED = "exported", "neutral", "download", _("List exported")
    DOWNLOADED = "downloaded", "neutral", "download", _("File downloaded")
    CONFIGURATION_SHOWN = "configuration_shown", "neutral", "eye", _("Configuration shown")
    ADMINISTERED = "administered", "neutral", "settings", _("Changed in the administration")


class AuditEntry(models.Model):
    """One act. Names and words are kept as text: they stay readable when person, object or organisation are gone.

    `object_type` is a model's label ("cmdb.user"), `detail` holds plain values without secrets (see cmdb.audit.record).
    """

    at = models.DateTimeField(pgettext_lazy("audit", "when"), default=timezone.now)
    kind = models.CharField(pgettext_lazy("audit", "what"), max_length=30, choices=AuditKind)
    # Without a constraint: a deleted person or organisation leaves its number here, and the row untouched.
    actor = models.ForeignKey(
        "cmdb.User",
        models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=pgettext_lazy("audit", "who"),
    )
    actor_name = models.CharField(pgettext_lazy("audit", "who"), max_length=150)
    address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    request_id = models.CharField(_("request"), max_length=40, blank=True)
    object_type = models.CharField(_("kind of object"), max_length=60, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    object_name = models.CharField(_("object"), max_length=200, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("organisation"),
    )
    detail = models.JSONField(_("detail"), default=dict, blank=True, encoder=DjangoJSONEncoder)

    objects = VisibleManager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_at"),
            models.Index(fields=["organisation", "-at", "-id"], name="audit_organisation"),
            models.Index(fields=["actor", "-at", "-id"], name="audit_actor"),
            models.Index(fields=["kind", "-at", "-id"], name="audit_kind"),
            models.Index(fields=["object_type", "object_id", "-at", "-id"], name="audit_object"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="unchanged", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        at = date_format(timezone.localtime(self.at), "SHORT_DATETIME_FORMAT")
        return f"{self.get_kind_display()}, {at}"

    @classmethod
    def visible_q(cls, user: User) -> Q:
        """Administrators: those of the region see all, others what concerns their own organisations."""
        if user.access.over_region("admin"):
            return Q()
        return Q(organisation__in=user.access.orgs("admin"))
