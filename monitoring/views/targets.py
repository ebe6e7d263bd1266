"""Targets: list, page, form with «Test now», and the buttons of the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cmdb.common import ui
from cmdb.common.crud import CreateView, DetailView, EditView, ListView
from cmdb.common.tables import FastTable
from cmdb.models import Item
from monitoring import auditing, backups, live, schedule, simulated, trying, words
from monitoring.access import KEEPERS, READERS, WRITERS, for_readers
from monitoring.models import Alert, CheckKind, ConfigBackup, Credential, Event, Neighbour, Reading, Target
from monitoring.views import hostkeys
from monitoring.views.timeline import timeline

EVENTS, BACKUPS, CHILDREN = 15, 8, 60


# --- facts -------------------------------------------------------------------------------------------------


def asked_how(target: Target, _user: Any) -> str:
    """ "SNMP 10.1.2.3 port 161"."""
    kind = str(CheckKind(target.check_kind).label)
    if target.check_kind == CheckKind.ICMP:
        return f"{kind} {target.address}"
    if target.check_kind == CheckKind.HTTPS:
        port = "" if target.port == 443 else f":{target.port}"
        return f"https://{target.address}{port}{target.path or '/'}"
    return _("%(kind)s to %(address)s port %(port)s") % {
        "kind": kind, "address": target.address, "port": target.port,
    }  # fmt: skip


def parent_of(target: Target, user: Any) -> Any:
    """A link to the parent, if the person may see it."""
    return _link(target.parent_id, user)


def credential_of(target: Target, user: Any) -> str:
    """Its name; never the secret."""
    if target.credential_id is None:
        return ""
    found = Credential.objects.filter(pk=target.credential_id).values_list("name", "organisation_id").first()
    if found is None or found[1] not in user.access.orgs(*READERS):
        return _("Not yours to see")
    return str(found[0])


def interval_of(target: Target, _user: Any) -> str:
    """How often, and after how many failures it counts as down."""
    polls = ngettext("%(n)s failed poll is down", "%(n)s failed polls are down", target.confirm_polls)
    return _("every %(seconds)s s, %(polls)s") % {
        "seconds": target.interval, "polls": polls % {"n": target.confirm_polls},
    }  # fmt: skip


def uptime_of(target: Target, _user: Any) -> str:
    """The device's own account of itself."""
    return ui.duration(target.uptime_seconds) if target.uptime_seconds is not None else ""


def secret_note(_credential: Any, _user: Any) -> str:
    """What stands where a secret would."""
    return _("Kept encrypted; it can be replaced, not read.")


def _link(target_id: int | None, user: Any) -> Any:
    if target_id is None:
        return ""
    found = Target.objects.visible_to(user).filter(pk=target_id).first()
    if found is None:
        return _("Not yours to see")
    return format_html(
        '<a class="ds-link" href="{}">{}</a>',
        reverse("monitoring:target_detail", args=[found.pk]),
        found.name,
    )


# --- pages -------------------------------------------------------------------------------------------------


class TargetList(ListView):
    """All targets, with the ways to find more of them."""

    def page(self, table: FastTable, filterset: Any) -> dict[str, Any]:
        """Buttons beside the export."""
        context = super().page(table, filterset)
        if self.crud.may(self.user, "create"):
            context["actions"] = [
                (_("Suggested parents"), reverse("monitoring:topology"), "tertiary"),
            ]
            if self.user.access.has(*KEEPERS):
                context["actions"].append((_("Search a network"), reverse("monitoring:discover"), "tertiary"))
        return context


class TargetDetail(DetailView):
    """State now, what it was, what it measures, what happened."""

    def context(self, obj: Target) -> dict[str, Any]:
        """All parts of the page; a fixed number of statements."""
        now = timezone.now()
        window = live.of_targets([obj], now).get(obj.pk)
        state = live.state_of(obj, window)
        writes = self.crud.may_write(self.user, obj)
        mine = Target.objects.visible_to(self.user)
        context = super().context(obj)
        neighbours = list(Neighbour.objects.filter(target=obj).order_by("local_port", "pk")[:CHILDREN])
        ports = {str(one.local_port): one.local_name for one in neighbours if one.local_name}
        return context | {
            "live": "maintenance" if state == "planned" else state,
            "window": window,
            "cause": _link(obj.shadowed_by_id, self.user) if obj.shadowed_by_id else "",
            "alerts": list(Alert.objects.visible_to(self.user).filter(target=obj, closed_at=None)),
            "timeline": timeline(obj, now, timedelta(days=1)),
            "timeline_month": timeline(obj, now, timedelta(days=30)),
            "readings": [words.reading(r, ports) for r in _readings(obj)],
            "events": _events(obj),
            "backups": list(
                ConfigBackup.objects.defer("content", "diff")
                .filter(target=obj)
                .order_by("-taken_at")[:BACKUPS]
            ),
            "children": list(mine.filter(parent=obj).order_by("sort_name")[:CHILDREN]),
            "neighbours": neighbours,
            "writes": writes,
            "host_key": hostkeys.shown(obj, self.user),
            "can_back_up": writes and obj.ssh_credential_id is not None,
            "demo": _demo(obj) if writes else None,
            "now": now,
        }


def _readings(target: Target) -> list[Reading]:
    return list(Reading.objects.filter(target=target).order_by("metric", "instance")[:100])


def _events(target: Target) -> list[dict[str, Any]]:
    rows = Event.objects.filter(target=target).order_by("-at", "-pk")[:EVENTS]
    return [{"event": event, "label": words.happened(event)} for event in rows]


def _demo(target: Target) -> simulated.Fault | None:
    """The simulated device behind it, with whether somebody stopped it."""
    device = simulated.device_of(target)
    if device is None:
        return None
    return next((fault for fault in simulated.faults() if fault.device.name == device.name), None)


class _Trying:
    """«Test now» in the form: asks what was typed, saves nothing, keeps the form."""

    def tried(self, form: Any, context: dict[str, Any]) -> HttpResponse:
        if not form.is_valid():
            return self.refuse(form, context)  # type: ignore[attr-defined]
        auditing.used_by_hand(form.instance.credential, form.instance.address)
        found = trying.try_now(form.instance)
        return self.render({"form": form, "tried": found, **context})  # type: ignore[attr-defined]


class TargetCreate(_Trying, CreateView):
    """A new target; with an item given, its name, owner and address are filled in."""

    def initial(self) -> dict[str, str]:
        """From the item that the address names, if the person may see it."""
        found = super().initial()
        if (key := str(found.get("item", ""))).isdecimal() and len(key) < 16:
            item = Item.objects.visible_to(self.user).filter(pk=int(key)).first()
            if item is not None:
                known = {
                    "name": item.name,
                    "organisation": str(item.organisation_id),
                    "address": item.address or "",
                }
                found = known | found
        return found

    def post(self, request: HttpRequest) -> HttpResponse:
        if "_test" in request.POST:
            return self.tried(self.make_form(None, request.POST), self.context())
        return super().post(request)


class TargetEdit(_Trying, EditView):
    """Change a target, or only try what the change would give."""

    def post(self, request: HttpRequest, key: Any) -> HttpResponse:
        if "_test" in request.POST:
            target = self.allowed(key)
            context = self.context(Target.objects.get(pk=target.pk))
            return self.tried(self.make_form(target, request.POST), context)
        return super().post(request, key)


# --- buttons -----------------------------------------------------------------------------------------------


def writable(request: HttpRequest, key: int) -> Target:
    """The target; 404 if it cannot be seen, 403 if it cannot be changed."""
    user: Any = request.user
    target: Target | None = Target.objects.visible_to(user).filter(pk=key).first()
    if target is None:
        raise Http404
    if target.archived_at is not None or target.organisation_id not in user.access.orgs(*WRITERS):
        raise PermissionDenied
    return target


def _back(target: Target) -> HttpResponse:
    return HttpResponseRedirect(reverse("monitoring:target_detail", args=[target.pk]))


@for_readers
@require_POST
def target_poll(request: HttpRequest, key: int) -> HttpResponse:
    """Ask it at once: the next poller takes it first."""
    target = writable(request, key)
    schedule.hurry([target.pk])
    messages.success(request, _("%(name)s is asked within a second or two.") % {"name": target.name})
    return _back(target)


@for_readers
@require_POST
def target_back_up(request: HttpRequest, key: int) -> HttpResponse:
    """Fetch its running configuration, in the background: a device may take half a minute."""
    target = writable(request, key)
    if target.ssh_credential_id is None:
        raise Http404
    auditing.used_by_hand(target.ssh_credential, target.address)
    backups.want(target)
    messages.success(request, _("The configuration of %(name)s is being fetched.") % {"name": target.name})
    return _back(target)


@for_readers
@require_POST
def target_fault(request: HttpRequest, key: int) -> HttpResponse:
    """The demo's button: stop or start the simulated device. 404 for anything real."""
    target = writable(request, key)
    device = simulated.device_of(target)
    if device is None:
        raise Http404
    off = request.POST.get("do") == "down"
    simulated.switch(device.name, off=off)
    said = (
        _("%(name)s is stopped; what hangs behind it falls silent too.")
        if off
        else _("%(name)s is started again.")
    )
    messages.success(request, said % {"name": device.name})
    return _back(target)
