"""Declarations over real models that the tests of the common floor use, and the addresses they live at."""

from typing import Any, ClassVar

import django_filters
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from cmdb.common.crud import Crud
from cmdb.common.filters import FastFilterSet, PickFilter
from cmdb.common.forms import ScopedModelForm
from cmdb.common.tables import (
    Action,
    ActionCol,
    AgeCol,
    BadgeCol,
    BoolCol,
    ChoiceCol,
    Col,
    DateCol,
    FastTable,
    LinkCol,
    NumberCol,
    Part,
    SelectCol,
    TwoLineCol,
)
from cmdb.models import Criticality, Family, Item, Lifecycle, Organisation, Role, User

LOOKS = {Criticality.HIGH: ("danger", "p1"), Criticality.NORMAL: ("neutral", "p3")}
WRITERS = (Role.TECHNICIAN, Role.ADMIN)


class ItemTable(FastTable):
    """Eleven rich columns."""

    of = Item
    caption = _("Items")
    per_page = 5
    choose = SelectCol("name", _("Choose %(name)s"))
    name = TwoLineCol(
        _("Item"),
        "name",
        to="try:thing_detail",
        order_by="sort_name",
        second=[Part("serial", "num"), Part("organisation__name", "dot strong"), Part("place__name", "dot")],
        icon="family",
    )
    organisation = LinkCol(
        "try:thing_detail", accessor="organisation__name", order_by="organisation__sort_name"
    )
    place = Col(accessor="place__name")
    family = ChoiceCol(Family)
    criticality = ChoiceCol(Criticality, looks=LOOKS)
    lifecycle = BadgeCol(Lifecycle)
    yearly_cost = NumberCol(decimals=2)
    warranty_until = DateCol()
    updated_at = AgeCol()
    outside_procedure = BoolCol()
    owner = LinkCol("try:thing_detail", accessor="owner__display_name", key="owner_id")
    actions = ActionCol(
        Action(_("Take"), "try:thing_edit", right="write", on="organisation_id", post=True),
        Action(_("Look"), "try:thing_detail"),
    )

    class Meta:
        order_by = ("name",)


class ItemFilter(FastFilterSet):
    """One of each kind."""

    search_fields: ClassVar[tuple[str, ...]] = ("name", "serial")
    owner = PickFilter(queryset=User.objects.all(), url_name="try:person_pick", label=_("Owner"))
    since = django_filters.DateFilter("warranty_until", "gte", label=_("Warranty from"))
    kinds = django_filters.MultipleChoiceFilter("family", choices=Family.choices, label=_("Families"))

    class Meta:
        model = Item
        fields = ("organisation", "lifecycle", "outside_procedure")


class ItemForm(ScopedModelForm):
    """A form with a list, a search, a date and a long text."""

    pick = {"owner": "try:person_pick"}

    class Meta:
        model = Item
        fields = ("name", "item_class", "organisation", "place", "owner", "serial", "warranty_until", "notes")


class OrganisationForm(ScopedModelForm):
    """A node of a tree."""

    class Meta:
        model = Organisation
        fields = ("name", "slug", "kind", "parent", "email")


def can_write(user: Any) -> dict[str, Any]:
    """Sets for the table's buttons."""
    return {"write": user.access.orgs(*WRITERS)}


things = Crud(
    Item,
    namespace="try",
    name="thing",
    prefix="things",
    table=ItemTable,
    filterset=ItemFilter,
    form=ItemForm,
    fields=(
        "name",
        "organisation",
        "owner",
        "lifecycle",
        "yearly_cost",
        "notes",
        (_("Loud"), lambda o, u: o.name.upper()),
    ),
    sections=[(_("More"), ("organisation__email", "updated_at", "outside_procedure"))],
    write_roles=WRITERS,
    delete_roles=(Role.ADMIN,),
    rights=can_write,
    search=("name", "serial"),
    note="organisation__name",
)
people = Crud(
    User, namespace="try", name="person", prefix="people", owner=None, search=("display_name", "username")
)
units = Crud(
    Organisation,
    namespace="try",
    name="unit",
    prefix="units",
    form=OrganisationForm,
    owner="pk",
    fields=("name", "parent", "email"),
    write_roles=WRITERS,
    read_roles=(*WRITERS, Role.LEAD),
)

urlpatterns = [
    path("try/", include(([*things.urls, *people.urls, *units.urls], "try"))),
    path("accounts/", include("allauth.urls")),
]
