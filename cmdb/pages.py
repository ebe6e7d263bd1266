"""The register's pages, one declaration per model; who may do what is said here and nowhere else.

Readers hold one of REGISTER_ROLES somewhere and see the rows of those organisations. Writers hold one of
REGISTER_WRITERS in the row's organisation. A system's owner or manager who holds the role system owner or superuser
keeps up a part of their own systems (forms.CaretakerForm). Organisations, people, roles and classes are the
administrator's. Reporters get 403 on all of it: what they need of the register they see in the portal.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cmdb import filters, forms, tables
from cmdb.access import REGISTER_ROLES, REGISTER_WRITERS
from cmdb.common.crud import Crud
from cmdb.licences import with_use
from cmdb.models import (
    CIClass,
    Contract,
    Item,
    Licence,
    Membership,
    Organisation,
    OrganisationKind,
    Place,
    Relation,
    Role,
    Service,
    ServiceComponent,
    Software,
    Team,
    User,
)
from cmdb.views import catalogue, items, people, related

READERS = tuple(sorted(REGISTER_ROLES))
WRITERS = tuple(sorted(REGISTER_WRITERS))
ADMIN = (Role.ADMIN.value,)
LEADS = (Role.LEAD.value, Role.ADMIN.value)
CARETAKERS = (Role.OWNER.value, Role.KEYUSER.value)


class ItemCrud(Crud):
    """Items: writers everywhere in their organisations, caretakers on what they own or manage."""

    def may_with(self, user: Any, verb: str, obj: Any) -> bool:
        if verb == "write" and self.takes_care(user, obj):
            return True
        return self.writes(user, obj) if verb == "write" else super().may_with(user, verb, obj)

    def writes(self, user: Any, obj: Any) -> bool:
        """Whether the person may change everything about this item."""
        return obj.organisation_id in user.access.orgs(*WRITERS)

    def takes_care(self, user: Any, obj: Any) -> bool:
        """Whether the person keeps up a part of it."""
        return user.pk in (obj.owner_id, obj.manager_id) and user.access.has(*CARETAKERS)


class OrganisationCrud(Crud):
    """Organisations are the administrator's of that branch; suppliers, which all share, are the region's."""

    def may(self, user: Any, verb: str) -> bool:
        if verb == "create" and not user.access.has(Role.ADMIN):
            return user.access.over_region(*self.roles[verb])
        return super().may(user, verb)

    def may_with(self, user: Any, verb: str, obj: Any) -> bool:
        if verb == "read" or self.is_shared(obj):
            return super().may_with(user, verb, obj)
        return obj.pk in user.access.orgs(Role.ADMIN)

    def is_shared(self, obj: Any) -> bool:
        return obj.kind == OrganisationKind.SUPPLIER


class PersonCrud(Crud):
    """People of one's organisations, unless they hold roles beyond one's own reach.

    Whoever could change the address of somebody with more rights could take over that account.
    """

    def may_with(self, user: Any, verb: str, obj: Any) -> bool:
        if not super().may_with(user, verb, obj):
            return False
        if obj.pk == user.pk:
            return verb != "delete"
        if verb == "read":
            return True
        mine = user.access.orgs(Role.ADMIN)
        held = Membership.objects.filter(user=obj).exclude(role=Role.REPORTER)
        beyond = held.exclude(organisation__in=mine).exists()
        return not beyond and (user.is_superuser or not obj.is_superuser)


def _rows(*related_names: str) -> Any:
    """Rows with these related rows read along, for detail pages and suggestions."""

    def rows(queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related(*related_names)

    return rows


def _new(label: Any, crud_name: str, field: str) -> Any:
    """A button that opens the form of another model with this row filled in, and comes back here."""

    def actions(obj: Any, user: Any) -> list[tuple[Any, str, str]]:
        crud = BY_NAME[crud_name]
        if not crud.may(user, "create"):
            return []
        here = BY_MODEL[type(obj)].url("detail", obj)
        return [(label, f"{crud.url('create')}?{field}={obj.pk}&next={here}", "secondary")]

    return actions


def _procured(item: Item, _user: Any) -> str:
    """Said only where it matters."""
    return str(_("Outside the agreed procedure: its owner answers for it")) if item.outside_procedure else ""


ITEM = ItemCrud(
    Item,
    namespace="cmdb",
    prefix="items",
    table=tables.ItemTable,
    filterset=filters.ItemFilter,
    form=forms.ItemForm,
    fields=(
        "item_class",
        "organisation",
        "place",
        "owner",
        "manager",
        "team",
        "user",
        "supplier",
        "software",
        "asset_tag",
        "serial",
        "manufacturer",
        "model",
        "address",
        "operating_system",
        "purchased_on",
        "warranty_until",
        "end_of_life",
        "replaced_by",
        "yearly_cost",
        (_("Procurement"), _procured),
        "notes",
    ),
    read_roles=READERS,
    write_roles=(*WRITERS, *CARETAKERS),
    create_roles=WRITERS,
    delete_roles=WRITERS,
    search=("name", "serial", "asset_tag", "address"),
    note="organisation__name",
    empty=(
        _("No items yet"),
        _(
            "Add the first one, or import a spreadsheet: servers, network gear, clients, printers and systems."
        ),
    ),
    views={
        "list": items.ItemList,
        "export": items.ItemExportView,
        "detail": items.ItemDetail,
        "create": items.ItemCreate,
        "edit": items.ItemEdit,
    },
)

RELATION = Crud(
    Relation,
    namespace="cmdb",
    prefix="relations",
    table=tables.RelationTable,
    filterset=filters.RelationFilter,
    form=forms.RelationForm,
    fields=("source", "kind", "target", "redundancy_group", "needed", "notes"),
    read_roles=READERS,
    write_roles=WRITERS,
    owner="source__organisation_id",
    rows=_rows("source", "target"),
    empty=(_("No relations yet"), _("Relations are added on the page of an item.")),
    views={"delete": related.BackDelete, "edit": related.RelationEdit, "create": related.RelationCreate},
)

PLACE = Crud(
    Place,
    namespace="cmdb",
    prefix="places",
    table=tables.PlaceTable,
    filterset=filters.PlaceFilter,
    form=forms.PlaceForm,
    fields=("kind", "parent", "organisation", "address", "notes"),
    read_roles=READERS,
    write_roles=WRITERS,
    search=("name", "address"),
    note="organisation__name",
    actions=_new(_("New place here"), "place", "parent"),
    empty=(_("No places yet"), _("Add a site; buildings, floors and rooms hang below it.")),
    views={"detail": catalogue.PlaceDetail},
)

ORGANISATION = OrganisationCrud(
    Organisation,
    namespace="cmdb",
    prefix="organisations",
    table=tables.OrganisationTable,
    filterset=filters.OrganisationFilter,
    form=forms.OrganisationForm,
    fields=("kind", "parent", "number", "inhabitants", "language", "email", "phone"),
    read_roles=READERS,
    write_roles=LEADS,
    owner="pk",
    search=("name", "slug"),
    note="parent__name",
    empty=(_("No organisations"), _("You hold no role in any organisation.")),
    views={"detail": catalogue.OrganisationDetail},
)

CICLASS = Crud(
    CIClass,
    namespace="cmdb",
    prefix="classes",
    table=tables.CIClassTable,
    filterset=filters.CIClassFilter,
    form=forms.CIClassForm,
    fields=("slug", "parent", "family", "layer"),
    read_roles=READERS,
    write_roles=ADMIN,
    owner=None,
    search=("name", "slug"),
    empty=(_("No classes yet"), _("Add a class first: every item belongs to one.")),
    views={"detail": catalogue.CIClassDetail},
)

SERVICE = Crud(
    Service,
    namespace="cmdb",
    prefix="services",
    table=tables.ServiceTable,
    filterset=filters.ServiceFilter,
    form=forms.ServiceForm,
    fields=(
        "parent",
        "organisation",
        "consumers",
        "team",
        "criticality",
        "on_call",
        "description",
    ),
    read_roles=READERS,
    write_roles=WRITERS,
    search=("name", "slug"),
    note="parent__name",
    actions=_new(_("Add component"), "servicecomponent", "service"),
    empty=(_("No services yet"), _("Add what the IT unit delivers, then what each service rests on.")),
    views={"detail": catalogue.ServiceDetail},
)

SERVICE_COMPONENT = Crud(
    ServiceComponent,
    namespace="cmdb",
    prefix="components",
    form=forms.ServiceComponentForm,
    fields=("service", "item", "organisation", "redundancy_group", "needed"),
    read_roles=READERS,
    write_roles=WRITERS,
    owner="service__organisation_id",
    rows=_rows("service", "item", "organisation"),
    views={"delete": related.BackDelete},
)

SOFTWARE = Crud(
    Software,
    namespace="cmdb",
    prefix="software",
    table=tables.SoftwareTable,
    filterset=filters.SoftwareFilter,
    form=forms.SoftwareForm,
    fields=("publisher", "category", "website", "description"),
    read_roles=READERS,
    write_roles=WRITERS,
    owner=None,
    search=("name", "publisher"),
    note="publisher",
    empty=(
        _("The catalogue is empty"),
        _("Describe a product once; every municipality reuses the description."),
    ),
    views={"detail": catalogue.SoftwareDetail},
)

LICENCE = Crud(
    Licence,
    namespace="cmdb",
    prefix="licences",
    table=tables.LicenceTable,
    filterset=filters.LicenceFilter,
    form=forms.LicenceForm,
    fields=(
        "software",
        "organisation",
        "contract",
        "metric",
        "bought",
        "used_at",
        "valid_until",
        "yearly_cost",
        "notes",
    ),
    read_roles=READERS,
    write_roles=WRITERS,
    rows=with_use,
    search=("software__name",),
    note="organisation__name",
    empty=(_("No licences yet"), _("Add what is bought; use per device is counted from installations.")),
    views={"detail": catalogue.LicenceDetail},
)

CONTRACT = Crud(
    Contract,
    namespace="cmdb",
    prefix="contracts",
    table=tables.ContractTable,
    filterset=filters.ContractFilter,
    form=forms.ContractForm,
    fields=(
        "number",
        "kind",
        "organisation",
        "supplier",
        "starts_on",
        "ends_on",
        "notice_on",
        "yearly_cost",
        "notes",
    ),
    read_roles=(*READERS, Role.SUPPLIER.value),
    write_roles=WRITERS,
    search=("name", "number"),
    note="supplier__name",
    empty=(
        _("No contracts yet"),
        _("Add one with its notice date, and it shows up here before it is too late."),
    ),
    views={"detail": catalogue.ContractDetail},
)

TEAM = Crud(
    Team,
    namespace="cmdb",
    prefix="teams",
    table=tables.TeamTable,
    filterset=filters.TeamFilter,
    form=forms.TeamForm,
    fields=("organisation", "email"),
    read_roles=READERS,
    write_roles=LEADS,
    search=("name",),
    empty=(_("No teams yet"), _("People who share a queue form a team.")),
    views={"detail": people.TeamDetail},
)

PERSON = PersonCrud(
    User,
    namespace="cmdb",
    prefix="people",
    name="person",
    table=tables.PersonTable,
    filterset=filters.PersonFilter,
    form=forms.PersonForm,
    fields=("username", "title", "organisation", "email", "phone", "language", "is_active", "last_login"),
    read_roles=LEADS,
    write_roles=ADMIN,
    search=("display_name", "username", "email"),
    note="organisation__name",
    actions=_new(_("Give a role"), "membership", "user"),
    empty=(_("Nobody here"), _("You see the people of the organisations that you work for.")),
    views={"detail": people.PersonDetail, "pick": people.PersonPick},
)

MEMBERSHIP = Crud(
    Membership,
    namespace="cmdb",
    prefix="roles",
    form=forms.MembershipForm,
    fields=("user", "role", "organisation"),
    read_roles=LEADS,
    write_roles=ADMIN,
    rows=_rows("user", "organisation"),
    views={"delete": related.BackDelete, "create": people.MembershipCreate},
)

ALL: tuple[Crud, ...] = (
    ITEM,
    RELATION,
    PLACE,
    ORGANISATION,
    CICLASS,
    SERVICE,
    SERVICE_COMPONENT,
    SOFTWARE,
    LICENCE,
    CONTRACT,
    TEAM,
    PERSON,
    MEMBERSHIP,
)
BY_NAME = {crud.name: crud for crud in ALL}
BY_MODEL: dict[Any, Crud] = {crud.model: crud for crud in ALL}
