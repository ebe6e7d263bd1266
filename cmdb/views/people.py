"""People, their roles, and teams with their members."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from cmdb.common.crud import DetailView, PickView
from cmdb.models import Item, Membership, Role, Team, User
from cmdb.views.catalogue import items_url
from cmdb.views.related import LinkForm, RelationCreate

SHOWN = 200


class PersonDetail(DetailView):
    """A person: roles, teams, and what the person owns, manages and uses."""

    def context(self, obj: User) -> dict[str, Any]:
        """Roles that the asker may see; numbers of items open their list."""
        context = super().context(obj)
        roles = Membership.objects.visible_to(self.user).filter(user=obj).select_related("organisation")
        mine = self.user.access.orgs(Role.ADMIN)
        here = self.crud.url("detail", obj)
        context["roles"] = [(row, row.organisation_id in mine) for row in roles.order_by("role")]
        context["here"] = here
        context["teams"] = list(Team.objects.visible_to(self.user).filter(members=obj))
        items = Item.objects.visible_to(self.user)
        counted = (
            (_("Owns"), items.filter(owner=obj).count(), items_url(owner=obj.pk)),
            (_("Manages"), items.filter(manager=obj).count(), items_url(manager=obj.pk)),
            (_("Uses"), items.filter(user=obj).count(), items_url(user=obj.pk)),
        )
        context["holdings"] = [entry for entry in counted if entry[1]]
        return context


class PersonPick(PickView):
    """Suggestions of people for everybody who works with the register: a form needs names, not the list."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Readers of the register; rows are narrowed as everywhere."""
        user: Any = request.user
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not user.access.reads_register:
            raise PermissionDenied
        self.user = user
        return View.dispatch(self, request, *args, **kwargs)

    def rows(self) -> Any:
        """Those who left are not suggested."""
        return super().rows().filter(is_active=True)


class MembershipCreate(RelationCreate):
    """Give a role; only in organisations where the asker is administrator."""


class TeamDetail(DetailView):
    """A team and its members."""

    def context(self, obj: Team) -> dict[str, Any]:
        """Members narrowed to the person; the field to add more for leads."""
        writes = self.crud.may_write(self.user, obj)
        form = LinkForm(user=self.user, model=User, url_name="cmdb:person_pick", label=_("Add a member"))
        members = User.objects.visible_to(self.user).filter(teams=obj).order_by("sort_name")
        return super().context(obj) | {
            "members": list(members[:SHOWN]),
            "writes": writes,
            "add_form": form if writes else None,
            "link_url": reverse("cmdb:team_members", args=[obj.pk]),
        }
