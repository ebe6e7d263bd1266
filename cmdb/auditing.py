"""What the audit log hears of by itself: accounts, roles, tokens and exports, whichever page, command or import made them."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from cmdb import audit
from cmdb.common import caller
from cmdb.common.caller import token_refused
from cmdb.common.export import exported
from cmdb.models import ApiToken, AuditKind, Membership, User

#: Fields of a person whose change is an act of its own kind; the rest is in the person's history.
RIGHTS: Final = ("is_staff", "is_superuser")
ACCOUNT: Final = ("username", "email", "organisation_id")
WATCHED: Final = ("is_active", *RIGHTS, *ACCOUNT)


@receiver(pre_save, sender=User)
@receiver(pre_save, sender=Membership)
@receiver(pre_save, sender=ApiToken)
def _before(instance: Any, raw: bool, update_fields: Any, **_kwargs: Any) -> None:
    """Keep the stored row beside the new one."""
    instance.stored = None
    names = {name.removesuffix("_id") for name in WATCHED}
    untouched = isinstance(instance, User) and update_fields is not None and not names & set(update_fields)
    if raw or instance.pk is None or untouched:
        return
    instance.stored = type(instance)._base_manager.filter(pk=instance.pk).first()


@receiver(post_save, sender=User)
def _person(instance: User, created: bool, raw: bool, **_kwargs: Any) -> None:
    if raw:
        return
    if created:
        audit.record(AuditKind.ACCOUNT_MADE, instance, detail={"username": instance.username})
        if instance.is_staff or instance.is_superuser:
            audit.record(
                AuditKind.RIGHTS_CHANGED, instance, detail={name: getattr(instance, name) for name in RIGHTS}
            )
        return
    stored = instance.__dict__.pop("stored", None)
    if stored is None:
        return
    changed = {name: [getattr(stored, name), getattr(instance, name)] for name in WATCHED}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    if "is_active" in changed:
        kind = AuditKind.ACCOUNT_REACTIVATED if instance.is_active else AuditKind.ACCOUNT_DEACTIVATED
        audit.record(kind, instance)
    for kind, names in ((AuditKind.RIGHTS_CHANGED, RIGHTS), (AuditKind.ACCOUNT_CHANGED, ACCOUNT)):
        said = {name.removesuffix("_id"): changed[name] for name in names if name in changed}
        if said:
            audit.record(kind, instance, detail=said)


@receiver(post_delete, sender=User)
def _person_gone(instance: User, **_kwargs: Any) -> None:
    audit.record(AuditKind.ACCOUNT_DELETED, instance, detail={"username": instance.username})


@receiver(post_save, sender=Membership)
def _role(instance: Membership, created: bool, raw: bool, **_kwargs: Any) -> None:
    stored = instance.__dict__.pop("stored", None)
    if raw:
        return
    if created:
        _role_row(AuditKind.ROLE_GIVEN, instance)
    elif stored is not None and _held(stored) != _held(instance):
        _role_row(
            AuditKind.ROLE_CHANGED, instance, before=f"{stored.get_role_display()} · {stored.organisation}"
        )
        if stored.user_id != instance.user_id:
            _role_row(AuditKind.ROLE_TAKEN, stored)


@receiver(post_delete, sender=Membership)
def _role_gone(instance: Membership, **_kwargs: Any) -> None:
    _role_row(AuditKind.ROLE_TAKEN, instance)


def _held(role: Membership) -> tuple[int, int, str]:
    return role.user_id, role.organisation_id, str(role.role)


def _role_row(kind: AuditKind, role: Membership, **more: Any) -> None:
    """The object is the person; those see it who administer the organisation in which the role holds."""
    detail = {"role": str(role.role), "organisation": str(role.organisation), **more}
    audit.record(kind, role.user, organisation=role.organisation_id, detail=detail)


@receiver(post_save, sender=ApiToken)
def _token(instance: ApiToken, created: bool, raw: bool, **_kwargs: Any) -> None:
    stored = instance.__dict__.pop("stored", None)
    if raw:
        return
    if created:
        _token_row(AuditKind.TOKEN_MADE, instance)
    elif stored is not None and stored.revoked_at is None and instance.revoked_at is not None:
        _token_row(AuditKind.TOKEN_REVOKED, instance)


@receiver(post_delete, sender=ApiToken)
def _token_gone(instance: ApiToken, **_kwargs: Any) -> None:
    _token_row(AuditKind.TOKEN_REVOKED, instance, deleted=True)


@receiver(token_refused)
def _refused(**_kwargs: Any) -> None:
    audit.seldom(AuditKind.TOKEN_REFUSED, name="–")


def _token_row(kind: AuditKind, token: ApiToken, **more: Any) -> None:
    detail = {"label": token.label, "expires_at": token.expires_at, **more}
    audit.record(kind, token.user, detail=detail)


@receiver(exported)
def _exported(model: type[Model], kind: str, **_kwargs: Any) -> None:
    """A list as a file: which, in which form, under which filters."""
    now = caller.current()
    asked = dict(now.request.GET.lists()) if now is not None else {}
    filters = {name: values for name, values in asked.items() if name != "format" and any(values)}
    audit.record(AuditKind.EXPORTED, model, detail={"form": kind, "filters": filters})
