"""Filters of the register's lists; page, export and API use the same ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters.fields import ModelChoiceField

from cmdb import quality
from cmdb.common.filters import FastFilterSet, PickFilter
from cmdb.licences import LicenceState
from cmdb.lifecycle import CURRENT, NOTICE_HORIZON, ends_soon, past_end
from cmdb.models import (
    CIClass,
    Contract,
    Criticality,
    Family,
    Item,
    Licence,
    Lifecycle,
    Membership,
    Organisation,
    OrganisationKind,
    Place,
    Relation,
    Role,
    Service,
    Software,
    Team,
    User,
)

CURRENT_WORD = "current"


class _TreeField(ModelChoiceField):
    """A select whose options are set in by their level."""

    def label_from_instance(self, obj: Any) -> str:
        return "\u2003" * obj.level + str(obj)


class TreeFilter(django_filters.ModelChoiceFilter):
    """Rows that hang at the chosen node or anywhere below it. ``field_name`` is the path of the tree's key."""

    field_class = _TreeField

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """No further statement: the node's numbers are in hand."""
        if value is None:
            return qs
        path = self.field_name
        return self.get_method(qs)(
            **{
                f"{path}__tree_id": value.tree_id,
                f"{path}__lft__gte": value.lft,
                f"{path}__rght__lte": value.rght,
            }
        )


class TreePickFilter(PickFilter):
    """The same by suggestions, for trees with many nodes."""

    filter = TreeFilter.filter


def organisations(label: Any = None, path: str = "organisation", **only: Any) -> TreeFilter:
    """Filter by organisation with everything under it."""
    rows = Organisation.objects.filter(**only) if only else Organisation.objects.all()
    return TreeFilter(field_name=path, queryset=rows, label=label or _("Organisation"))


def suppliers(label: Any = None) -> django_filters.ModelChoiceFilter:
    """Filter by supplier."""
    rows = Organisation.objects.filter(kind=OrganisationKind.SUPPLIER)
    return django_filters.ModelChoiceFilter(
        field_name="supplier", queryset=rows, label=label or _("Supplier")
    )


class ItemFilter(FastFilterSet):
    """Items. ``quality`` and ``ends`` are the questions of the start page, so that its figures open their rows."""

    search_fields = ("name", "serial", "asset_tag", "model", "manufacturer", "address")
    family = django_filters.ChoiceFilter(choices=Family.choices, label=_("Family"))
    organisation = organisations()
    exactly = PickFilter(
        field_name="organisation",
        queryset=Organisation.objects.all(),
        url_name="cmdb:organisation_pick",
        label=_("Organisation, without those under it"),
    )
    item_class = TreeFilter(queryset=CIClass.objects.all(), label=_("Class"))
    lifecycle = django_filters.ChoiceFilter(
        choices=[(CURRENT_WORD, _("All but retired")), *Lifecycle.choices],
        method="by_lifecycle",
        label=_("Lifecycle"),
    )
    criticality = django_filters.ChoiceFilter(choices=Criticality.choices, label=_("Criticality"))
    place = TreePickFilter(queryset=Place.objects.all(), url_name="cmdb:place_pick", label=_("Place"))
    owner = PickFilter(queryset=User.objects.all(), url_name="cmdb:person_pick", label=_("Owner"))
    manager = PickFilter(queryset=User.objects.all(), url_name="cmdb:person_pick", label=_("Manager"))
    user = PickFilter(queryset=User.objects.all(), url_name="cmdb:person_pick", label=_("User"))
    software = PickFilter(queryset=Software.objects.all(), url_name="cmdb:software_pick", label=_("Product"))
    installed = PickFilter(
        queryset=Software.objects.all(),
        url_name="cmdb:software_pick",
        method="by_installed",
        label=_("Installed"),
    )
    contract = PickFilter(
        queryset=Contract.objects.all(),
        url_name="cmdb:contract_pick",
        method="by_contract",
        label=_("Contract"),
    )
    team = PickFilter(queryset=Team.objects.all(), url_name="cmdb:team_pick", label=_("Team"))
    ends = django_filters.ChoiceFilter(
        choices=[("soon", _("Within half a year")), ("passed", _("Passed, still in use"))],
        method="by_end",
        label=_("End of life"),
    )
    quality = django_filters.ChoiceFilter(
        choices=quality.CHOICES, method="by_quality", label=_("Holes in the register")
    )

    class Meta:
        model = Item
        fields = ()

    def by_lifecycle(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """One state, or all but retired."""
        return rows.filter(CURRENT) if value == CURRENT_WORD else rows.filter(lifecycle=value)

    def by_installed(self, rows: QuerySet[Any], _name: str, value: Software) -> QuerySet[Any]:
        """Items on which a product was found."""
        return rows.filter(pk__in=value.installations.values("item"))

    def by_contract(self, rows: QuerySet[Any], _name: str, value: Contract) -> QuerySet[Any]:
        """Items under a contract."""
        return rows.filter(pk__in=value.items.values("pk"))

    def by_end(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """End of life near or over."""
        today = timezone.localdate()
        return rows.filter(ends_soon(today) if value == "soon" else past_end(today))

    def by_quality(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """One kind of hole."""
        return rows.filter(quality.condition(value))


class RelationFilter(FastFilterSet):
    """Relations by their ends."""

    search_fields = ("source__name", "target__name", "notes")
    item = PickFilter(
        queryset=Item.objects.all(), url_name="cmdb:item_pick", method="by_item", label=_("Item")
    )

    class Meta:
        model = Relation
        fields = ("kind",)

    def by_item(self, rows: QuerySet[Any], _name: str, value: Item) -> QuerySet[Any]:
        """Either end."""
        return rows.filter(Q(source=value) | Q(target=value))


class PlaceFilter(FastFilterSet):
    """Places."""

    search_fields = ("name", "address")
    organisation = organisations()

    class Meta:
        model = Place
        fields = ("kind",)


class OrganisationFilter(FastFilterSet):
    """Organisations."""

    search_fields = ("name", "slug", "number")

    class Meta:
        model = Organisation
        fields = ("kind",)


class CIClassFilter(FastFilterSet):
    """Item classes."""

    search_fields = ("name", "slug")

    class Meta:
        model = CIClass
        fields = ("family", "layer")


class ServiceFilter(FastFilterSet):
    """Services."""

    search_fields = ("name", "description")
    consumer = django_filters.ModelChoiceFilter(
        queryset=Organisation.objects.filter(kind=OrganisationKind.MUNICIPALITY),
        method="by_consumer",
        label=_("Used by"),
    )
    team = PickFilter(queryset=Team.objects.all(), url_name="cmdb:team_pick", label=_("Team"))

    class Meta:
        model = Service
        fields = ("criticality", "on_call")

    def by_consumer(self, rows: QuerySet[Any], _name: str, value: Organisation) -> QuerySet[Any]:
        """Services that an organisation uses."""
        return rows.filter(pk__in=value.services.values("pk"))


class SoftwareFilter(FastFilterSet):
    """Products."""

    search_fields = ("name", "publisher", "category")

    class Meta:
        model = Software
        fields = ()


class LicenceFilter(FastFilterSet):
    """Licences; the rows carry the columns of ``licences.with_use``."""

    search_fields = ("software__name", "software__publisher", "notes")
    organisation = organisations()
    software = PickFilter(queryset=Software.objects.all(), url_name="cmdb:software_pick", label=_("Product"))
    contract = PickFilter(queryset=Contract.objects.all(), url_name="cmdb:contract_pick", label=_("Contract"))
    state = django_filters.ChoiceFilter(choices=LicenceState.choices, label=_("State"))

    class Meta:
        model = Licence
        fields = ("metric",)


class ContractFilter(FastFilterSet):
    """Contracts. ``notice`` asks for those that need a decision."""

    search_fields = ("name", "number", "supplier__name", "notes")
    organisation = organisations()
    supplier = suppliers()
    notice = django_filters.ChoiceFilter(
        choices=[("soon", _("Within three months")), ("passed", _("Passed, still running"))],
        method="by_notice",
        label=_("Notice by"),
    )

    class Meta:
        model = Contract
        fields = ("kind",)

    def by_notice(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Notice date near, or gone by while the contract runs."""
        return rows.filter(notice_soon() if value == "soon" else notice_passed())


def notice_soon() -> Q:
    """Contracts whose notice date lies in the next ninety days."""
    today = timezone.localdate()
    return Q(notice_on__gte=today, notice_on__lte=today + timedelta(days=NOTICE_HORIZON))


def notice_passed() -> Q:
    """Contracts that run on although their notice date has gone by."""
    today = timezone.localdate()
    return Q(notice_on__lt=today) & (Q(ends_on=None) | Q(ends_on__gte=today))


class TeamFilter(FastFilterSet):
    """Teams."""

    search_fields = ("name", "email")

    class Meta:
        model = Team
        fields = ()


class PersonFilter(FastFilterSet):
    """People."""

    search_fields = ("display_name", "username", "email", "title")
    organisation = organisations()
    role = django_filters.ChoiceFilter(choices=Role.choices, method="by_role", label=_("Role"))

    class Meta:
        model = User
        fields = ("is_active",)

    def by_role(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """People who hold a role that the asker may see."""
        held = Membership.objects.visible_to(self.user).filter(role=value)
        return rows.filter(pk__in=held.values("user"))
