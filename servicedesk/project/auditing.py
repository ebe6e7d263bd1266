"""What sign-in and the administration tell the audit log: allauth's and Django's signals, each one row."""

from __future__ import annotations

from typing import Any, Final

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth import signals as auth
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from cmdb import audit
from cmdb.models import AuditKind, User

ACTS: Final = {ADDITION: "added", CHANGE: "changed", DELETION: "deleted"}


@receiver(auth.user_logged_in, dispatch_uid="servicedesk.project.auditing.in")
def _signed_in(user: User, request: HttpRequest | None = None, **_kwargs: Any) -> None:
    """By which ways: password, code, passkey, provider (allauth keeps them in the session)."""
    session = getattr(request, "session", None)
    ways = session.get("account_authentication_methods", []) if session is not None else []
    method = [str(way.get("method", "")) for way in ways if isinstance(way, dict)]
    audit.record(AuditKind.SIGN_IN, user, actor=user, detail={"method": method} if method else {})


@receiver(auth.user_login_failed, dispatch_uid="servicedesk.project.auditing.failed")
def _failed(credentials: dict[str, Any], **_kwargs: Any) -> None:
    """The name that was tried; whose it is, if it is somebody's, so that the municipality's administrator sees it."""
    name = str(credentials.get("username") or credentials.get("email") or "")
    user = User.objects.filter(username__iexact=name).first() if name else None
    user = user or (User.objects.filter(email__iexact=name).first() if "@" in name else None)
    audit.record(AuditKind.SIGN_IN_FAILED, user, name=audit.tried(name))


@receiver(auth.user_logged_out, dispatch_uid="servicedesk.project.auditing.out")
def _signed_out(user: User | None = None, **_kwargs: Any) -> None:
    if user is not None:
        audit.record(AuditKind.SIGN_OUT, user, actor=user)


@receiver(account.password_changed, dispatch_uid="servicedesk.project.auditing.changed")
@receiver(account.password_set, dispatch_uid="servicedesk.project.auditing.set")
def _password(user: User, **_kwargs: Any) -> None:
    audit.record(AuditKind.PASSWORD_CHANGED, user, actor=user)


@receiver(account.password_reset, dispatch_uid="servicedesk.project.auditing.reset")
def _reset(user: User, **_kwargs: Any) -> None:
    audit.record(AuditKind.PASSWORD_RESET, user, actor=user)


@receiver(mfa.authenticator_added, dispatch_uid="servicedesk.project.auditing.factor")
def _factor(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    audit.record(AuditKind.FACTOR_ADDED, user, detail={"method": str(authenticator.type)})


@receiver(mfa.authenticator_removed, dispatch_uid="servicedesk.project.auditing.nofactor")
def _no_factor(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    audit.record(AuditKind.FACTOR_REMOVED, user, detail={"method": str(authenticator.type)})


@receiver(mfa.authenticator_reset, dispatch_uid="servicedesk.project.auditing.newfactor")
def _new_factor(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    audit.record(AuditKind.FACTOR_RESET, user, detail={"method": str(authenticator.type)})


@receiver(mfa.authentication_failed, dispatch_uid="servicedesk.project.auditing.wrongfactor")
def _wrong_factor(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    audit.record(
        AuditKind.FACTOR_FAILED, user, name=user.username, detail={"method": str(authenticator.type)}
    )


@receiver(post_save, sender=LogEntry, dispatch_uid="servicedesk.project.auditing.admin")
def _administered(instance: LogEntry, created: bool, **_kwargs: Any) -> None:
    """Django's own log of /admin/, which anybody who may delete there could empty."""
    if not created:
        return
    kind = instance.content_type.model_class() if instance.content_type is not None else None
    detail = {
        "name": instance.object_repr,
        "number": instance.object_id,
        "act": ACTS.get(instance.action_flag, ""),
    }
    audit.record(AuditKind.ADMINISTERED, kind, actor=instance.user, detail=detail)


def held(name: str) -> None:
    """A sign-in that was not even tried, because of too many before it."""
    user = User.objects.filter(username__iexact=name).first() if name else None
    audit.seldom(AuditKind.SIGN_IN_HELD, user, name=audit.tried(name))


def reset_sent(user: User) -> None:
    """The letter with the link; who asked for it is not known."""
    audit.record(AuditKind.RESET_SENT, user, name="–")
