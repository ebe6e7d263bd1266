"""Items: the list with a tab per family, the page with map and relations, the form with the fields of its class."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from cmdb import attributes, lanes
from cmdb.common.crud import CreateView, DetailView, EditView, ExportView, ListView
from cmdb.common.forms import ScopedModelForm
from cmdb.common.tables import FastTable
from cmdb.forms import CaretakerForm, ItemForm
from cmdb.lifecycle import LOOKS
from cmdb.models import CIClass, Contract, Family, Installation, Item, Licence, Relation, Service
from cmdb.tables import CRITICALITY_LOOKS, ItemExport

NEAR = 50


class ItemList(ListView):
    """One list for all kinds; tabs are the families."""

    def page(self, table: FastTable, filterset: Any) -> dict[str, Any]:
        """Tabs, and the import beside the export."""
        context = super().page(table, filterset)
        chosen = self.request.GET.get("family", "")
        context["tabs"] = [
            {"label": label, "url": self._tab(value), "current": value == chosen}
            for value, label in (("", _("All")), *Family.choices)
        ]
        if self.crud.may(self.user, "create"):
            context["actions"] = [(_("Import"), reverse("cmdb:import"), "tertiary")]
        if chosen in Family.values:
            context["title"] = str(Family(chosen).label)
        return context

    def _tab(self, family: str) -> str:
        """The same filters with another family."""
        query = self.request.GET.copy()
        for name in ("after", "page", "family"):
            query.pop(name, None)
        if family:
            query["family"] = family
        return f"?{query.urlencode()}"


class ItemExportView(ExportView):
    """The file carries more columns than the page: what an import would read back."""

    def make_table(self, rows: Any) -> FastTable:
        """All columns."""
        return ItemExport(rows)


class ItemDetail(DetailView):
    """Everything about one item that this person may see."""

    def get(self, request: HttpRequest, key: Any) -> HttpResponse:
        """The page."""
        item = self.find(key)
        view, around = lanes.build(item, self.user), self.around(item)
        places = {
            "live": [line["other"].pk for line in around["relations"]],
            "map-live": [box.item_id for lane in view.lanes for box in lane.boxes if box.item_id],
        }
        states = {"view": view, "states_url": _states_url(places)}
        return self.render(self.context(item) | around | states)

    def rows(self) -> Any:
        """With the class's parent, whose attributes the page shows."""
        return super().rows().select_related("item_class__parent")

    def context(self, obj: Item) -> dict[str, Any]:
        """Facts with the attributes of the class, without empty ones."""
        context = super().context(obj)
        context["fields"] = [(label, value) for label, value in context["fields"] if value not in ("", None)]
        context["sections"] = [*context["sections"], *self._own_facts(obj)]
        place = f" · {obj.place}" if obj.place else ""
        context["subtitle"] = f"{obj.item_class} · {obj.organisation}{place}"
        context["mark"] = (obj.get_lifecycle_display(), *LOOKS[obj.lifecycle])
        color, bars = CRITICALITY_LOOKS[obj.criticality]
        context["weight"] = (obj.get_criticality_display(), color, bars)
        family = f"{self.crud.url('list')}?family={obj.family}"
        context["breadcrumbs"] = [
            (_("Register"), reverse("cmdb:start")),
            (obj.get_family_display(), family),
            (str(obj), self.crud.url("detail", obj)),
        ]
        context["actions"] = [*context["actions"], *_actions(obj, self.user)]
        context["marks"] = _fragments("item_mark", obj, self.user)
        context["aside_panels"] = _fragments("item_aside", obj, self.user)
        return context

    def _own_facts(self, obj: Item) -> list[tuple[str, list[tuple[str, Any]]]]:
        stored = obj.attributes if isinstance(obj.attributes, dict) else {}
        facts = [
            (attributes.label(entry), attributes.words(entry, stored.get(entry["name"])))
            for entry in attributes.definitions(obj.item_class)
        ]
        return [(str(obj.item_class), facts)] if facts else []

    def around(self, item: Item) -> dict[str, Any]:
        """Relations, products, licences and contracts, each narrowed to the person."""
        writes = item.archived_at is None and self.crud.writes(self.user, item)  # type: ignore[attr-defined]
        here = self.crud.url("detail", item)
        found = Relation.objects.visible_to(self.user).select_related(
            "source__item_class", "target__item_class"
        )
        installed = Installation.objects.visible_to(self.user).filter(item=item).select_related("software")
        return {
            "relations": _relations(item, list(found.filter(source=item)[: NEAR + 1]), out=True)
            + _relations(item, list(found.filter(target=item)[: NEAR + 1]), out=False),
            "add_out": f"{reverse('cmdb:relation_create')}?source={item.pk}&next={here}" if writes else "",
            "add_in": f"{reverse('cmdb:relation_create')}?target={item.pk}&next={here}" if writes else "",
            "here": here,
            "writes": writes,
            "installed": list(installed.order_by("software__sort_name")[:NEAR]),
            "contracts": list(Contract.objects.visible_to(self.user).filter(items=item)[:NEAR]),
            "licences": _licences(item, self.user),
            "components": list(
                item.service_components.filter(
                    service__in=Service.objects.visible_to(self.user).values("pk")
                ).select_related("service", "organisation")[:NEAR]
            ),
            "map_url": reverse("cmdb:item_map", args=[item.pk]),
        }


def _licences(item: Item, user: Any) -> list[Licence]:
    """Licences of the item's own product in the organisations above it."""
    if item.software_id is None:
        return []
    chain = item.organisation.get_ancestors(include_self=True).values("pk")
    rows = Licence.objects.visible_to(user).filter(software=item.software_id, organisation__in=chain)
    return list(rows.select_related("software", "organisation")[:NEAR])


def _relations(item: Item, found: list[Relation], *, out: bool) -> list[dict[str, Any]]:
    """Lines of the card: how, the other end, and what it may be changed by."""
    return [
        {
            "relation": relation,
            "out": out,
            "how": relation.get_kind_display(),
            "other": relation.target if out else relation.source,
        }
        for relation in found[:NEAR]
    ]


def _fragments(kind: str, obj: Any, user: Any) -> list[tuple[str, str]]:
    """Fragments that the wiring hangs on a place of the page; see servicedesk/project/panels.py."""
    found = []
    for title, url_name, *roles in getattr(settings, "SAMDRIFT_PANELS", {}).get(kind, ()):
        if roles and not user.access.has(*roles[0]):
            continue
        try:
            found.append((str(title), reverse(url_name, args=[obj.pk])))
        except NoReverseMatch:  # wired, but its pages are not installed here
            continue
    return found


def _actions(obj: Any, user: Any) -> list[tuple[str, str, str]]:
    """Buttons to pages of the floors above that take ``?item=``, as the wiring names them."""
    found = []
    for title, url_name, *roles in getattr(settings, "SAMDRIFT_PANELS", {}).get("item_actions", ()):
        if roles and not user.access.has(*roles[0]):
            continue
        try:
            found.append((str(title), f"{reverse(url_name)}?item={obj.pk}", "secondary"))
        except NoReverseMatch:
            continue
    return found


def _states_url(places: dict[str, list[int]]) -> str:
    """Where the states of all items on the page come from at once, or ""; the answer fills ``<span id="live-ID">``."""
    query = "&".join(f"{place}={','.join(map(str, dict.fromkeys(keys)))}" for place, keys in places.items())
    for _title, url_name, *_roles in getattr(settings, "SAMDRIFT_PANELS", {}).get("item_states", ()):
        try:
            return f"{reverse(url_name)}?{query}"
        except NoReverseMatch:
            continue
    return ""


class ItemMap(DetailView):
    """The large map, drawn in the browser, with the whole table under it."""

    template = "map"

    def get(self, request: HttpRequest, key: Any) -> HttpResponse:
        """The page."""
        item = self.find(key)
        view = lanes.build(item, self.user, limit=60, per_row=8)
        trail = self.trail((str(item), self.crud.url("detail", item)))
        return self.render({"object": item, "view": view, "graph": lanes.graph(view), "breadcrumbs": trail})


class ItemCreate(CreateView):
    """First the class, because it decides what is asked; then the form."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The choice of classes, or the form once ``?item_class=`` names one."""
        if request.GET.get("item_class"):
            return super().get(request)
        classes = CIClass.objects.visible_to(self.user)
        return self.render({**self.context(), "classes": list(classes)}, template="choose_class")


class ItemEdit(EditView):
    """The whole form for those who work with the register, the small one for a system's owner and manager."""

    def make_form(self, instance: Any = None, data: Any = None, files: Any = None) -> ScopedModelForm:
        """See ``forms.CaretakerForm``."""
        if instance is not None and not self.crud.writes(self.user, instance):  # type: ignore[attr-defined]
            return CaretakerForm(data, files, instance=instance, user=self.user)
        return super().make_form(instance, data, files)


def item_attributes(request: HttpRequest) -> HttpResponse:
    """Fragment: the fields of the class that was just chosen in the form, with what is typed already."""
    from cmdb.pages import ITEM

    if not request.user.is_authenticated or not ITEM.may(request.user, "create"):
        raise PermissionDenied
    form = ItemForm(initial={"item_class": request.GET.get("item_class", "")}, user=request.user)
    key = request.GET.get("item", "")
    item = ITEM.rows(request.user).filter(pk=int(key)).first() if key.isdecimal() and len(key) < 16 else None
    stored = item.attributes if item is not None and isinstance(item.attributes, dict) else {}
    for entry in form.definitions:
        name = attributes.PREFIX + entry["name"]
        form.initial[name] = request.GET.get(name, attributes.initial(entry, stored.get(entry["name"])))
    return render(request, "cmdb/_attributes.html", {"form": form})
