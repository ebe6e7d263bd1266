"""A target's SSH host key on its page: what is known, what was shown since, and what people decide about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cmdb.common.crud.changes import changes
from monitoring.access import KEEPERS, for_readers
from monitoring.hostkeys import known
from monitoring.models import Credential, HostKey, Target


class Shown(NamedTuple):
    """`row` is None before the first login; `decides`: whether the person accepts and forgets keys here."""

    row: HostKey | None
    decides: bool


def shown(target: Target, user: Any) -> Shown | None:
    """What the page says; None where no login is named and none ever was."""
    row = known.of_target(target)
    if row is None:
        return Shown(None, False) if target.ssh_credential_id else None
    return Shown(row, decides(target, user))


def decides(target: Target, user: Any) -> bool:
    """Who keeps the login that is sent to whoever shows an accepted key."""
    kept = user.access.orgs(*KEEPERS)
    if not kept or target.archived_at is not None:
        return False
    if target.ssh_credential_id is None:
        return target.organisation_id in kept
    return Credential.objects.filter(pk=target.ssh_credential_id, organisation__in=kept).exists()


@for_readers
@require_POST
def accept(request: HttpRequest, key: int) -> HttpResponse:
    """Let the new key in, if it still is the one that the page showed."""
    target = _decidable(request, key)
    return _decide(
        request,
        target,
        lambda: known.accept(target, request.POST.get("offered", "")),
        _("The new key is known now."),
    )


@for_readers
@require_POST
def forget(request: HttpRequest, key: int) -> HttpResponse:
    """Keep whichever key is shown next, if the page showed those that are known and offered now."""
    target, given = _decidable(request, key), request.POST
    return _decide(
        request,
        target,
        lambda: known.forget(target, given.get("known", ""), given.get("offered", "")),
        _("The key is forgotten: the next one shown is kept."),
    )


@for_readers
def history(request: HttpRequest, key: int) -> HttpResponse:
    """Fragment: which keys were known, and who decided what."""
    target = _visible(request, key)
    row = known.of_target(target)
    if row is None:
        raise Http404
    found = {"object": row, "title": _("History of the host key"), "changes": changes(row, request.user)}
    return render(request, "common/crud/history.html", found)


def _visible(request: HttpRequest, key: int) -> Target:
    user: Any = request.user
    target: Target | None = Target.objects.visible_to(user).filter(pk=key).first()
    if target is None:
        raise Http404
    return target


def _decidable(request: HttpRequest, key: int) -> Target:
    target = _visible(request, key)
    if not decides(target, request.user):
        raise PermissionDenied
    return target


def _decide(request: HttpRequest, target: Target, act: Callable[[], None], done: str) -> HttpResponse:
    try:
        act()
    except known.MovedOnError:
        messages.error(
            request, _("Nothing was changed: other keys are known or shown by now. Look at them once more.")
        )
    else:
        messages.success(request, done)
    return HttpResponseRedirect(reverse("monitoring:target_detail", args=[target.pk]))
