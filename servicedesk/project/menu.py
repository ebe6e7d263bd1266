"""One menu by role, and what the frame of every page shows around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from cmdb.access import Access


@dataclass(frozen=True)
class Entry:
    """One word of the menu: who sees it, and where it leads."""

    label: str | Promise
    url_name: str
    icon: str
    seen_by: Callable[[Access], bool]
    prefix: str


@dataclass
class Link:
    """What templates read."""

    label: str | Promise
    url: str
    icon: str = ""
    current: bool = False
    children: list[Link] = field(default_factory=list)


def _works(access: Access) -> bool:
    return access.is_staff_role


ENTRIES = (
    Entry(_("Portal"), "portal:home", "portal", lambda a: not a.is_staff_role, "/portal/"),
    Entry(
        _("Desk"),
        "desk:queue",
        "inbox",
        lambda a: a.is_staff_role or a.has("supplier", "keyuser", "owner"),
        "/desk/",
    ),
    Entry(
        _("Changes"),
        "changes:list",
        "change",
        lambda a: a.is_staff_role or a.has("commissioner"),
        "/desk/changes/",
    ),
    Entry(_("Monitoring"), "monitoring:overview", "chart", _works, "/monitoring/"),
    Entry(_("Register"), "cmdb:start", "server", lambda a: a.reads_register, "/cmdb/"),
    Entry(_("Reports"), "board:overview", "board", lambda a: a.reads_board, "/board/"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `menu` and `shell` (see common/base.html). Asks nothing unless a template does."""
    return {
        "menu": SimpleLazyObject(lambda: menu(request)),
        "shell": SimpleLazyObject(lambda: frame(request)),
    }


def menu(request: HttpRequest) -> list[Link]:
    """The words this person sees; the longest prefix of the path is where one is."""
    if not request.user.is_authenticated:
        return []
    links = [
        (entry, Link(entry.label, url, entry.icon))
        for entry in ENTRIES
        if entry.seen_by(request.user.access) and (url := _reverse(entry.url_name))
    ]
    here = [entry for entry, _link in links if request.path.startswith(entry.prefix)]
    longest = max((entry.prefix for entry in here), key=len, default="")
    for entry, link in links:
        link.current = entry.prefix == longest
    return [link for _entry, link in links]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Addresses around the page, by role."""
    found: dict[str, Any] = {
        "home_url": "/",
        "portal_url": _reverse("portal:home"),
        "preferences_url": _reverse("preferences"),
        "footer_links": [Link(_("Status"), _reverse("status"))],
    }
    if not request.user.is_authenticated:
        return found
    access = request.user.access
    found["account_links"] = [
        Link(label, _reverse(name), icon)
        for label, name, icon in (
            (_("Portal"), "portal:home", "portal"),
            (_("Password"), "account_change_password", "key"),
            (_("Two-step sign-in"), "mfa_index", "shield"),
        )
        if _reverse(name)
    ]
    if request.user.is_superuser:
        found["account_links"].append(Link(_("Administration"), "/admin/", "settings"))
    if access.is_staff_role:
        found |= {
            "search_url": _reverse("desk:search"),
            "search_label": _("Search in tickets, people, equipment"),
            "create_url": _reverse("desk:create"),
            "create_label": _("New ticket"),
            "watch_url": _reverse("watch"),
        }
    return found


def _reverse(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
