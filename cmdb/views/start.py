"""/cmdb/: what is in the register, and what in it needs somebody. Every figure opens the rows that make it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb import quality
from cmdb.filters import CURRENT_WORD, notice_passed, notice_soon
from cmdb.licences import LicenceState, with_use
from cmdb.lifecycle import CURRENT, ends_soon
from cmdb.models import Contract, Family, Item, Licence, Organisation, OrganisationKind
from cmdb.tables import FAMILY_ICONS
from cmdb.views.catalogue import items_url

NEXT = 6


@dataclass
class Cell:
    """A figure and the list behind it; 0 has no list."""

    n: int
    url: str


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """The register's first page. About ten statements, however large the register."""
    user: Any = request.user
    if not user.access.reads_register:
        raise PermissionDenied
    items = Item.objects.visible_to(user).current()
    today = timezone.localdate()
    columns, rows = _matrix(user)
    contracts = Contract.objects.visible_to(user).current()
    licences = with_use(Licence.objects.visible_to(user).current(), today)
    over = licences.filter(state=LicenceState.OVER)
    holes = quality.counts(items)
    context = {
        "columns": columns,
        "rows": rows,
        "total": sum(row[-1].n for _label, _icon, row in rows),
        "attention": _attention(items, contracts, over, today),
        "holes": [(check.label, n, items_url(quality=check.key)) for check, n in holes],
        "notices": list(
            contracts.filter(notice_soon()).select_related("supplier").order_by("notice_on")[:NEXT]
        ),
        "notices_url": f"{reverse('cmdb:contract_list')}?notice=soon",
        "over": list(over.select_related("software", "organisation").order_by("left")[:NEXT]),
        "over_url": f"{reverse('cmdb:licence_list')}?state={LicenceState.OVER}",
        "ending": list(
            items.filter(ends_soon(today)).select_related("organisation").order_by("end_of_life")[:NEXT]
        ),
        "ending_url": items_url(ends="soon"),
        "lists": _lists(user),
        "may_write": user.access.has("technician", "lead", "changemanager", "admin"),
    }
    return render(request, "cmdb/start.html", context)


def _matrix(user: Any) -> tuple[list[Organisation], list[tuple[str, str, list[Cell]]]]:
    """Families down; municipalities across, then what the region holds itself, the sum last. Three statements."""
    counted = (
        Item.objects.visible_to(user)
        .filter(CURRENT)
        .order_by()
        .values_list("family", "organisation_id")
        .annotate(n=Count("pk"))
    )
    numbers: dict[str, dict[int, int]] = {}
    for family, organisation, n in counted:
        numbers.setdefault(family, {})[organisation] = n
    held = {organisation for by in numbers.values() for organisation in by}
    columns, below = _columns(user, held)
    rows = []
    for family, label in Family.choices:
        by = numbers.get(family)
        if not by:
            continue
        cells = []
        for top in columns:
            narrow = {"organisation" if top.kind == OrganisationKind.MUNICIPALITY else "exactly": top.pk}
            n = sum(n for organisation, n in by.items() if organisation in below[top.pk])
            cells.append(Cell(n, items_url(family=family, lifecycle=CURRENT_WORD, **narrow)))
        cells.append(Cell(sum(by.values()), items_url(family=family, lifecycle=CURRENT_WORD)))
        rows.append((str(label), FAMILY_ICONS.get(family, "clipboard"), cells))
    return columns, rows


def _columns(user: Any, held: set[int]) -> tuple[list[Organisation], dict[int, set[int]]]:
    """Organisations that get a column (those that hold something), and the ids that count in each."""
    nodes = list(
        Organisation.objects.visible_to(user)
        .exclude(kind=OrganisationKind.SUPPLIER)
        .order_by("tree_id", "lft")
    )
    tops = [node for node in nodes if node.kind == OrganisationKind.MUNICIPALITY]
    below = {top.pk: {node.pk for node in nodes if _under(node, top)} for top in tops}
    for node in nodes:
        if node.kind == OrganisationKind.REGION:
            below[node.pk] = {node.pk}
            tops.append(node)
    return [top for top in tops if below[top.pk] & held], below


def _under(node: Organisation, top: Organisation) -> bool:
    return node.tree_id == top.tree_id and top.lft <= node.lft and node.rght <= top.rght


def _attention(items: Any, contracts: Any, over: Any, today: Any) -> list[tuple[str, int, str, str]]:
    """(words, number, address, icon) of what needs a decision; nothing that is zero."""
    ends = items.order_by().aggregate(
        soon=Count("pk", filter=ends_soon(today)), over=Count("pk", filter=CURRENT & Q(end_of_life__lt=today))
    )
    notice = contracts.order_by().aggregate(
        soon=Count("pk", filter=notice_soon()), passed=Count("pk", filter=notice_passed())
    )
    contract_list, licence_list = reverse("cmdb:contract_list"), reverse("cmdb:licence_list")
    found = [
        (_("licences over-used"), over.count(), f"{licence_list}?state={LicenceState.OVER}", "breach"),
        (_("notice dates within three months"), notice["soon"], f"{contract_list}?notice=soon", "soon"),
        (_("notice dates gone by"), notice["passed"], f"{contract_list}?notice=passed", "clock"),
        (_("items end within half a year"), ends["soon"], items_url(ends="soon"), "soon"),
        (_("items in use after their end"), ends["over"], items_url(ends="passed"), "breach"),
    ]
    return [entry for entry in found if entry[1]]


def _lists(user: Any) -> list[tuple[str, str, str]]:
    """(label, address, icon) of every list that the person may open."""
    from cmdb.auditpages import AUDIT
    from cmdb.pages import BY_NAME

    icons = (
        ("item", "clipboard"),
        ("service", "service"),
        ("software", "system"),
        ("licence", "licence"),
        ("contract", "contract"),
        ("place", "place"),
        ("organisation", "building"),
        ("ciclass", "map"),
        ("relation", "link"),
        ("team", "people"),
        ("person", "person"),
    )
    shown = [(BY_NAME[name], icon) for name, icon in icons] + [(AUDIT, "shield")]
    return [
        (str(crud.model._meta.verbose_name_plural), crud.url("list"), icon)
        for crud, icon in shown
        if crud.may(user, "read")
    ]
