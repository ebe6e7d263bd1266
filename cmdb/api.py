"""The register in the API: items with their impact, relations, services, organisations.

Related rows are named by short name (`slug`, for people the user name) in answers; requests take that or the id.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import WithJsonSchema

from cmdb import filters
from cmdb.actions.put_item import put_item
from cmdb.common.api import ArchiveIn, list_parameters, listing, page_of
from cmdb.common.crud import archive, delete, restore, write
from cmdb.common.openapi import names, of_field, one_of, words
from cmdb.common.problems import Problem
from cmdb.common.scope import narrow
from cmdb.impact import impact_of, rests_on
from cmdb.models import Item, Organisation, Relation, RelationKind, Service
from cmdb.pages import ITEM, ORGANISATION, RELATION, SERVICE

router = Router(tags=["register"])

ITEM_ORDER = {
    "name": "sort_name",
    "changed": "updated_at",
    "created": "created_at",
    "end_of_life": "end_of_life",
    "criticality": "criticality",
}
NAME_ORDER = {"name": "sort_name", "changed": "updated_at"}
RELATION_ORDER = {"id": "pk", "changed": "updated_at"}
RELATED = (
    "item_class",
    "organisation",
    "place",
    "software",
    "owner",
    "manager",
    "user",
    "team",
    "supplier",
    "replaced_by",
)
#: field → the other name that a related row may be called by
NAMED_BY = {
    "item_class": "slug",
    "organisation": "slug",
    "owner": "username",
    "manager": "username",
    "user": "username",
    "team": "slug",
    "supplier": "slug",
    "place": "name",
    "software": "name",
    "source": "name",
    "target": "name",
    "replaced_by": "name",
}


def _as_stored(schema: dict[str, Any]) -> None:
    """Lengths, choices and rows as the model has them."""
    fields = {field.name: field for field in Item._meta.concrete_fields}
    for name, property_ in schema["properties"].items():
        if name == "attributes":
            property_["x-depends"] = "item_class"
        elif name == "yearly_cost":
            property_["anyOf"] = [
                {"type": "integer", "minimum": 0, "maximum": 10**10 - 1},
                {"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,2})?$"},
                {"type": "null"},
            ]
        elif found := of_field(fields[name], null=name not in NEEDED):
            property_.pop("anyOf", None)
            property_.pop("type", None)
            property_ |= found
    # Which state follows which, and which things end how, is the register's to say.
    schema["properties"]["lifecycle"]["x-depends"] = "lifecycle"


def _new(schema: dict[str, Any]) -> None:
    _as_stored(schema)
    schema["required"] = ["name", "item_class", "organisation"]


#: What an item can not be without.
NEEDED = frozenset({"name", "item_class", "organisation", "lifecycle", "criticality"})


class ItemIn(Schema):
    """What may be sent; only what is named changes."""

    model_config = {"extra": "forbid", "json_schema_extra": _as_stored}

    name: str | None = None
    item_class: int | str | None = None
    organisation: int | str | None = None
    place: int | str | None = None
    lifecycle: str | None = None
    criticality: int | None = None
    asset_tag: str | None = None
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    address: str | None = None
    operating_system: str | None = None
    software: int | str | None = None
    owner: int | str | None = None
    manager: int | str | None = None
    user: int | str | None = None
    team: int | str | None = None
    supplier: int | str | None = None
    purchased_on: date | None = None
    warranty_until: date | None = None
    end_of_life: date | None = None
    replaced_by: int | str | None = None
    yearly_cost: Decimal | None = None
    outside_procedure: bool | None = None
    notes: str | None = None
    attributes: dict[str, str | int | float | bool | None] | None = None


class ItemNew(ItemIn):
    """A new item."""

    model_config = {"extra": "forbid", "json_schema_extra": _new}


class ItemOut(Schema):
    """An item."""

    id: int
    name: str
    family: str
    item_class: str
    organisation: str
    organisation_name: str
    place: str | None
    place_id: int | None
    lifecycle: str
    criticality: int
    asset_tag: str
    serial: str
    manufacturer: str
    model: str
    address: str | None
    operating_system: str
    software: str | None
    software_id: int | None
    owner: str | None
    manager: str | None
    user: str | None
    team: str | None
    supplier: str | None
    purchased_on: date | None
    warranty_until: date | None
    end_of_life: date | None
    replaced_by: int | None
    yearly_cost: Decimal | None
    outside_procedure: bool
    attributes: dict[str, Any]
    notes: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    url: str


class RelationIn(Schema):
    """A relation: the source rests on the target."""

    model_config = {"extra": "forbid"}

    source: Annotated[int | str, names("item", null=False)]
    kind: Annotated[str, one_of(RelationKind)]
    target: Annotated[int | str, names("item", null=False)]
    redundancy_group: Annotated[str, words(40)] = ""
    needed: Annotated[int, WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 32767})] = 1
    notes: Annotated[str, words(200)] = ""


class RelationOut(Schema):
    """A relation with the names of both ends."""

    id: int
    source: int
    source_name: str
    kind: str
    target: int
    target_name: str
    redundancy_group: str
    needed: int
    notes: str


class ServiceOut(Schema):
    """A service of the catalogue."""

    id: int
    slug: str
    name: str
    parent: str | None
    organisation: str
    consumers: list[str]
    team: str | None
    criticality: int
    on_call: bool
    is_active: bool
    description: str


class OrganisationOut(Schema):
    """An organisation; `parent` is None at the root of a tree or where it may not be seen."""

    id: int
    slug: str
    name: str
    kind: str
    parent: str | None
    number: str
    inhabitants: int | None
    language: str
    is_active: bool


class ImpactItem(Schema):
    """An item and how many steps it is away; the asked one is 0."""

    id: int
    name: str
    family: str
    organisation: str
    depth: int


class Named(Schema):
    """A row by its names."""

    id: int
    slug: str
    name: str


class Path(Schema):
    """A relation on the way: the source rests on the target."""

    source: int
    target: int
    kind: str


class ImpactOut(Schema):
    """What falls with an item (`up`), or what it rests on (`down`)."""

    item: int
    direction: Literal["up", "down"]
    items: list[ImpactItem]
    services: list[Named]
    organisations: list[Named]
    paths: list[Path]


def item_out(item: Item) -> dict[str, Any]:
    """An item with its related rows read along, as ItemOut takes it."""
    plain = [
        "id",
        "name",
        "family",
        "lifecycle",
        "criticality",
        "asset_tag",
        "serial",
        "manufacturer",
        "model",
        "address",
        "operating_system",
        "purchased_on",
        "warranty_until",
        "end_of_life",
        "yearly_cost",
        "outside_procedure",
        "notes",
        "created_at",
        "updated_at",
        "archived_at",
    ]
    named = {
        name: getattr(row, NAMED_BY[name]) if (row := getattr(item, name)) is not None else None
        for name in RELATED
        if name != "replaced_by"
    }
    return {
        **{name: getattr(item, name) for name in plain},
        **named,
        "organisation_name": item.organisation.name,
        "place_id": item.place_id,
        "software_id": item.software_id,
        "replaced_by": item.replaced_by_id,
        "attributes": item.attributes or {},
        "url": reverse("cmdb:item_detail", args=[item.pk]),
    }


def _read(request: HttpRequest, key: int) -> Item:
    item = _items(request).filter(pk=key).first()
    if item is None:
        raise Http404
    return item


def _items(request: HttpRequest) -> Any:
    related = [name for name in RELATED if name != "replaced_by"]
    return _reader(request, ITEM).select_related(*related)


def _reader(request: HttpRequest, crud: Any) -> Any:
    """Rows of a declaration for those who may open its pages; nobody else gets more here than there."""
    if not crud.may(request.user, "read"):
        raise Problem(403, _("Not allowed"), _("Your role does not read the register."))
    return crud.rows(request.user)


def _keys(request: HttpRequest, model: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Short names of related rows replaced by ids; Problem 422 for a name that means none, or several."""
    for name, by in NAMED_BY.items():
        given = values.get(name)
        if not isinstance(given, str) or not given or given.isdecimal():
            continue
        rows: Any = narrow(model._meta.get_field(name).related_model._default_manager.all(), request.user)
        found = list(rows.filter(**{by: given}).values_list("pk", flat=True)[:2])
        if len(found) != 1:
            sentence = (
                _("There is no “%(name)s” that you may name.")
                if not found
                else _("“%(name)s” names several.")
            )
            raise Problem(422, _("Not saved"), errors={name: [sentence % {"name": given}]})
        values[name] = found[0]
    return values


@router.get(
    "/items", response=page_of(ItemOut), openapi_extra=list_parameters(filters.ItemFilter, ITEM_ORDER)
)
def items_list(request: HttpRequest) -> Any:
    """Items that the caller may see."""
    return listing(
        request, _items(request), filters.ItemFilter, order=ITEM_ORDER, default="name", serialize=item_out
    )


@router.post("/items", response={201: ItemOut})
def item_create(request: HttpRequest, payload: ItemNew) -> Any:
    """A new item; name, item_class and organisation are needed."""
    values = _keys(request, Item, payload.dict(exclude_unset=True))
    return Status(201, item_out(_read(request, put_item(request.user, values).pk)))


@router.get("/items/{int:key}", response=ItemOut)
def item_read(request: HttpRequest, key: int) -> Any:
    """One item."""
    return item_out(_read(request, key))


@router.patch("/items/{int:key}", response=ItemOut)
def item_change(request: HttpRequest, key: int, payload: ItemIn) -> Any:
    """Change what is named."""
    _read(request, key)
    values = _keys(request, Item, payload.dict(exclude_unset=True))
    put_item(request.user, values, key)
    return item_out(_read(request, key))


@router.delete("/items/{int:key}", response={204: None})
def item_delete(request: HttpRequest, key: int) -> Any:
    """Delete an item that nothing names; 409 with `reasons` for one that has history: archive that instead."""
    delete(ITEM, request.user, key)
    return Status(204, None)


@router.post("/items/{int:key}/archive", response=ItemOut)
def item_archive(request: HttpRequest, key: int, payload: ArchiveIn) -> Any:
    """Archive an item: it is retired and leaves lists; 409 with `reasons` while something in use rests on it."""
    archive(ITEM, request.user, key, payload.because)
    return item_out(_read(request, key))


@router.post("/items/{int:key}/restore", response=ItemOut)
def item_restore(request: HttpRequest, key: int) -> Any:
    """Take an archived item back, as one that is in store."""
    restore(ITEM, request.user, key)
    return item_out(_read(request, key))


@router.get("/items/{int:key}/impact", response=ImpactOut)
def item_impact(request: HttpRequest, key: int, direction: Literal["up", "down"] = Query("up")) -> Any:
    """`up`: what falls when the item falls, up to services and municipalities. `down`: what it rests on.

    Rows that the caller may not see are left out.
    """
    item = _read(request, key)
    found = impact_of([item.pk]) if direction == "up" else rests_on([item.pk])
    rows = ITEM.rows(request.user).filter(pk__in=found.items).select_related("organisation")
    seen = {row.pk: row for row in rows}
    services = SERVICE.rows(request.user).filter(pk__in=[s.pk for s in found.services])
    mine = request.user.access.all_orgs | request.user.access.home_orgs  # type: ignore[union-attr]
    visible = set(services.values_list("pk", flat=True)) if found.services else set()
    return {
        "item": item.pk,
        "direction": direction,
        "items": [
            {
                "id": pk,
                "name": seen[pk].name,
                "family": seen[pk].family,
                "organisation": seen[pk].organisation.slug,
                "depth": depth,
            }
            for pk, depth in sorted(found.items.items(), key=lambda entry: (entry[1], entry[0]))
            if pk in seen
        ],
        "services": [_named(service) for service in found.services if service.pk in visible],
        "organisations": [_named(row) for row in found.organisations if row.pk in mine],
        "paths": [
            {"source": source, "target": target, "kind": kind}
            for source, target, kind in found.paths
            if source in seen and target in seen
        ],
    }


def _named(row: Any) -> dict[str, Any]:
    return {"id": row.pk, "slug": row.slug, "name": row.name}


def relation_out(relation: Relation) -> dict[str, Any]:
    """A relation with its two items read along."""
    return {
        "id": relation.pk,
        "source": relation.source_id,
        "source_name": relation.source.name,
        "kind": relation.kind,
        "target": relation.target_id,
        "target_name": relation.target.name,
        "redundancy_group": relation.redundancy_group,
        "needed": relation.needed,
        "notes": relation.notes,
    }


@router.get(
    "/relations",
    response=page_of(RelationOut),
    openapi_extra=list_parameters(filters.RelationFilter, RELATION_ORDER),
)
def relations_list(request: HttpRequest) -> Any:
    """Relations whose two ends the caller may see; `item` finds those of one item."""
    return listing(
        request,
        _reader(request, RELATION),
        filters.RelationFilter,
        order=RELATION_ORDER,
        default="id",
        serialize=relation_out,
    )


@router.post("/relations", response={201: RelationOut})
def relation_create(request: HttpRequest, payload: RelationIn) -> Any:
    """A new relation; the caller must be allowed to change the source."""
    if payload.kind not in RelationKind.values:
        sentence = _("One of %(kinds)s.") % {"kinds": ", ".join(RelationKind.values)}
        raise Problem(422, _("Not saved"), errors={"kind": [sentence]})
    values = _keys(request, Relation, payload.dict())
    made = write(RELATION, request.user, values)
    return Status(201, relation_out(RELATION.rows(request.user).get(pk=made.pk)))


@router.get(
    "/services",
    response=page_of(ServiceOut),
    openapi_extra=list_parameters(filters.ServiceFilter, NAME_ORDER),
)
def services_list(request: HttpRequest) -> Any:
    """Services that the caller's municipality uses or the caller's organisations deliver."""
    rows = (
        Service.objects.visible_to(request.user)
        .select_related("parent", "organisation", "team")
        .prefetch_related("consumers")
    )
    mine = request.user.access.all_orgs | request.user.access.home_orgs  # type: ignore[union-attr]

    def out(service: Service) -> dict[str, Any]:
        plain = ("id", "slug", "name", "criticality", "on_call", "is_active", "description")
        return {
            **{name: getattr(service, name) for name in plain},
            "parent": service.parent.slug if service.parent else None,
            "organisation": service.organisation.slug,
            "team": service.team.slug if service.team else None,
            "consumers": sorted(row.slug for row in service.consumers.all() if row.pk in mine),
        }

    return listing(request, rows, filters.ServiceFilter, order=NAME_ORDER, default="name", serialize=out)


@router.get(
    "/organisations",
    response=page_of(OrganisationOut),
    openapi_extra=list_parameters(filters.OrganisationFilter, NAME_ORDER),
)
def organisations_list(request: HttpRequest) -> Any:
    """Organisations that the caller may see: the own ones, and all in which a role is held."""
    rows = ORGANISATION.rows(request.user).select_related("parent")
    mine = request.user.access.all_orgs | request.user.access.home_orgs  # type: ignore[union-attr]

    def out(row: Organisation) -> dict[str, Any]:
        plain = ("id", "slug", "name", "kind", "number", "inhabitants", "language", "is_active")
        parent = row.parent.slug if row.parent and row.parent_id in mine else None
        return {**{name: getattr(row, name) for name in plain}, "parent": parent}

    return listing(request, rows, filters.OrganisationFilter, order=NAME_ORDER, default="name", serialize=out)
