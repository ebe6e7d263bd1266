"""Pages of the catalogue with what belongs to each row: children, components, installations, items."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.template.loader import select_template
from django.urls import reverse
from django.utils.translation import gettext as _

from cmdb import attributes
from cmdb.common import formats
from cmdb.common.crud import DetailView
from cmdb.licences import LicenceState, with_use
from cmdb.models import (
    CIClass,
    Contract,
    Family,
    Installation,
    Item,
    Licence,
    LicenceMetric,
    Organisation,
    Service,
    ServiceComponent,
    Software,
)
from cmdb.views.related import LinkForm

SHOWN = 100


def items_url(**filters: Any) -> str:
    """The list of items with filters."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return f"{reverse('cmdb:item_list')}?{query}"


class NodeDetail(DetailView):
    """A node of a tree: the path to it, its children, and how many items hang there."""

    filter_name = ""

    def render(self, context: dict[str, Any], status: int = 200, template: str = "") -> HttpResponse:
        """All nodes share one template; a service has its own, which builds on it."""
        own = f"cmdb/{self.crud.name}_detail.html"
        text = select_template([own, "cmdb/node_detail.html"]).render(
            {"crud": self.crud, **context}, self.request
        )
        return HttpResponse(text, status=status)

    def context(self, obj: Any) -> dict[str, Any]:
        """Ancestors as breadcrumbs, children as a list, both narrowed."""
        context = super().context(obj)
        model = type(obj)
        seen = model.objects.visible_to(self.user)
        above = seen.filter(tree_id=obj.tree_id, lft__lt=obj.lft, rght__gt=obj.rght).order_by("lft")
        trail = [(str(node), self.crud.url("detail", node)) for node in above]
        context["breadcrumbs"] = self.trail(*trail, (str(obj), self.crud.url("detail", obj)))
        context["children"] = [
            (child, self.crud.url("detail", child))
            for child in seen.filter(parent=obj, archived_at=None).order_by("lft")
        ]
        if self.filter_name:
            context["families"] = self._families(obj)
        return context

    def _families(self, obj: Any) -> list[tuple[str, int, str]]:
        """Items at the node or below it: (family, number, address of the list)."""
        path = self.filter_name
        rows = Item.objects.visible_to(self.user).filter(
            **{
                f"{path}__tree_id": obj.tree_id,
                f"{path}__lft__gte": obj.lft,
                f"{path}__rght__lte": obj.rght,
            }
        )
        counted = rows.order_by().values_list("family").annotate(n=Count("pk")).order_by("family")
        return [
            (str(Family(family).label), n, items_url(family=family, **{path: obj.pk}))
            for family, n in counted
        ]


class PlaceDetail(NodeDetail):
    """A place."""

    filter_name = "place"


class OrganisationDetail(NodeDetail):
    """An organisation, and for a supplier what it delivers."""

    filter_name = "organisation"

    def context(self, obj: Organisation) -> dict[str, Any]:
        """Services, licences and contracts by number."""
        context = super().context(obj)
        user, links = self.user, []
        services = Service.objects.visible_to(user).filter(consumers=obj).count()
        if services:
            links.append((_("Services used"), services, f"{reverse('cmdb:service_list')}?consumer={obj.pk}"))
        contracts = Contract.objects.visible_to(user)
        supplied = contracts.filter(supplier=obj).count()
        if supplied:
            links.append(
                (_("Contracts as supplier"), supplied, f"{reverse('cmdb:contract_list')}?supplier={obj.pk}")
            )
        context["links"] = links
        return context


class CIClassDetail(NodeDetail):
    """A class with the attributes that its items have."""

    filter_name = "item_class"

    def context(self, obj: CIClass) -> dict[str, Any]:
        """Attributes, inherited ones first."""
        context = super().context(obj)
        own = {entry["name"] for entry in obj.attributes}
        context["definitions"] = [
            (attributes.label(entry), entry, entry["name"] in own) for entry in attributes.definitions(obj)
        ]
        return context


class ServiceDetail(NodeDetail):
    """A service: what it rests on, with groups that stand in for each other, and who uses it."""

    def context(self, obj: Service) -> dict[str, Any]:
        """Components by group; those on items that the person may not see are only counted for writers."""
        context = super().context(obj)
        components = (
            ServiceComponent.objects.visible_to(self.user)
            .filter(service=obj)
            .select_related("item__item_class", "organisation")
            .order_by("redundancy_group", "item__sort_name")
        )
        writes = self.crud.may_write(self.user, obj)
        here = self.crud.url("detail", obj)
        context |= {
            "components": list(components[:SHOWN]),
            "writes": writes,
            "here": here,
            "add_url": f"{reverse('cmdb:servicecomponent_create')}?service={obj.pk}&next={here}"
            if writes
            else "",
        }
        context["actions"] = []
        return context


class SoftwareDetail(DetailView):
    """A product: who uses it, where it is installed, what is bought."""

    def context(self, obj: Software) -> dict[str, Any]:
        """Each list narrowed to the person."""
        user = self.user
        uses = Item.objects.visible_to(user).filter(software=obj).select_related("organisation", "owner")
        installed = Installation.objects.visible_to(user).filter(software=obj)
        versions = installed.order_by().values_list("version").annotate(n=Count("pk")).order_by("-n")[:12]
        licences = with_use(Licence.objects.visible_to(user).filter(software=obj))
        return super().context(obj) | {
            "uses": list(uses.order_by("sort_name")[:SHOWN]),
            "versions": list(versions),
            "installed_url": items_url(installed=obj.pk),
            "licences": [
                (row, LicenceState(row.state)) for row in licences.select_related("organisation")[:SHOWN]
            ],
        }


class LicenceDetail(DetailView):
    """A licence: bought, used, free, in large figures with how they came about."""

    def context(self, obj: Any) -> dict[str, Any]:
        """The figures; use per device links to the items that make it up."""
        context = super().context(obj)
        device = obj.metric == LicenceMetric.DEVICE
        context |= {
            "state": LicenceState(obj.state),
            "figures": [
                (_("bought"), formats.number(obj.pool), ""),
                (
                    _("in use"),
                    "–" if obj.used is None else formats.number(obj.used),
                    items_url(
                        installed=obj.software_id, organisation=obj.organisation_id, lifecycle="current"
                    )
                    if device
                    else "",
                ),
                (
                    _("over") if (obj.left or 0) < 0 else _("free"),
                    "–" if obj.left is None else formats.number(abs(obj.left)),
                    "",
                ),
            ],
            "counted": device,
            "share": None if obj.used is None or not obj.pool else min(1.0, obj.used / obj.pool),
            "pooled": obj.pool != obj.bought,
        }
        return context


class ContractDetail(DetailView):
    """A contract, its items and licences."""

    def context(self, obj: Contract) -> dict[str, Any]:
        """Items narrowed to the person; the field to add more for writers."""
        items = Item.objects.visible_to(self.user).filter(contracts=obj).select_related("item_class")
        writes = self.crud.may_write(self.user, obj)
        form = LinkForm(user=self.user, model=Item, url_name="cmdb:item_pick", label=_("Add an item"))
        licences = with_use(Licence.objects.visible_to(self.user).filter(contract=obj))
        return super().context(obj) | {
            "items": list(items.select_related("organisation")[: SHOWN * 2]),
            "writes": writes,
            "add_form": form if writes else None,
            "link_url": reverse("cmdb:contract_items", args=[obj.pk]),
            "licences": [
                (row, LicenceState(row.state))
                for row in licences.select_related("software", "organisation")[:SHOWN]
            ],
        }
