"""Lists of the register."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from cmdb.common.tables import (
    BoolCol,
    ChoiceCol,
    Col,
    DateCol,
    FastTable,
    LinkCol,
    NumberCol,
    Page,
    Part,
    TwoLineCol,
)
from cmdb.licences import LicenceState
from cmdb.lifecycle import LOOKS
from cmdb.models import (
    CIClass,
    Contract,
    ContractKind,
    Criticality,
    Family,
    Item,
    Layer,
    LicenceMetric,
    Lifecycle,
    Organisation,
    OrganisationKind,
    Place,
    PlaceKind,
    Relation,
    RelationKind,
    Service,
    Software,
    Team,
    User,
)

FAMILY_ICONS: dict[Any, str] = {
    Family.SERVER: "server",
    Family.NETWORK: "network",
    Family.CLIENT: "pc",
    Family.PRINTER: "printer",
    Family.POWER: "incident",
    Family.SYSTEM: "system",
    Family.OTHER: "clipboard",
}
CRITICALITY_LOOKS: dict[Any, tuple[str, str]] = {
    Criticality.CRITICAL: ("danger", "p1"),
    Criticality.HIGH: ("neutral", "p2"),
    Criticality.NORMAL: ("neutral", "p3"),
    Criticality.LOW: ("neutral", "p4"),
}
INDENT = "\u2003"


class TreeCol(LinkCol):
    """The name of a node, set in by its level with wide spaces: no style, and the same on a phone and on paper."""

    need = ("level",)

    def cells(self, page: Page) -> list[str]:
        """Spaces outside the link, so that they are not read with it."""
        return [
            f"{INDENT * (level or 0)}{cell}"
            for level, cell in zip(page["level"], super().cells(page), strict=True)
        ]


def criticality() -> ChoiceCol:
    """Four steps; only the highest has a colour."""
    return ChoiceCol(Criticality, looks=CRITICALITY_LOOKS, shape="prio")


class ItemTable(FastTable):
    """Items of all families."""

    of = Item
    caption = _("Items")
    name = TwoLineCol(
        _("Name"),
        "name",
        to="cmdb:item_detail",
        order_by=("sort_name",),
        icon="family",
        icons=FAMILY_ICONS,
        second=[
            Part("item_class__name"),
            Part("model", "dot"),
            Part("asset_tag", "dot num"),
        ],
    )
    organisation = Col(
        _("Organisation"), "organisation__name", order_by=("organisation__sort_name", "sort_name")
    )
    place = Col(_("Place"), "place__name", order_by=("place__sort_name", "sort_name"))
    lifecycle = ChoiceCol(Lifecycle, _("Lifecycle"), looks=LOOKS)
    criticality = criticality()
    owner = Col(_("Owner"), "owner__display_name", order_by=("owner__sort_name", "sort_name"))
    end_of_life = DateCol(_("End of life"))

    class Meta:
        order_by = ("name",)


class ItemExport(ItemTable):
    """The same rows as a file, with every field that an import reads back."""

    name = Col(_("Name"), order_by=("sort_name",))
    item_class = Col(_("Class"), "item_class__name")
    family = ChoiceCol(Family, _("Family"))
    asset_tag = Col(_("Asset tag"))
    serial = Col(_("Serial number"))
    manufacturer = Col(_("Manufacturer"))
    model = Col(_("Model"))
    address = Col(_("Management address"))
    operating_system = Col(_("Operating system"))
    software = Col(_("Product"), "software__name")
    manager = Col(_("Manager"), "manager__display_name")
    user = Col(_("User"), "user__display_name")
    team = Col(_("Team"), "team__name")
    supplier = Col(_("Supplier"), "supplier__name")
    purchased_on = DateCol(_("Purchased"))
    warranty_until = DateCol(_("Warranty until"))
    yearly_cost = NumberCol(_("Cost a year (NOK)"))
    outside_procedure = BoolCol(_("Bought outside the agreed procedure"))
    notes = Col(_("Notes"))

    class Meta:
        order_by = ("name",)


class RelationTable(FastTable):
    """All relations whose two ends the person may see."""

    of = Relation
    caption = _("Relations")
    source = LinkCol("cmdb:item_detail", _("Item"), "source__name", key="source_id")
    kind = ChoiceCol(RelationKind, _("Relation"), to="cmdb:relation_detail")
    target = LinkCol("cmdb:item_detail", _("Other item"), "target__name", key="target_id")
    redundancy_group = Col(_("Redundancy group"))
    notes = Col(_("Notes"))

    class Meta:
        order_by = ("source",)


class PlaceTable(FastTable):
    """The tree of places."""

    of = Place
    caption = _("Places")
    name = TreeCol("cmdb:place_detail", _("Name"), "name", order_by=("tree_id", "lft"))
    kind = ChoiceCol(PlaceKind, _("Kind"))
    organisation = Col(_("Organisation"), "organisation__name", order_by=("organisation__sort_name",))
    address = Col(_("Address"))


class OrganisationTable(FastTable):
    """The tree of the region and, beside it, suppliers."""

    of = Organisation
    caption = _("Organisations")
    name = TreeCol("cmdb:organisation_detail", _("Name"), "name", order_by=("tree_id", "lft"))
    kind = ChoiceCol(OrganisationKind, _("Kind"))
    number = Col(_("Organisation number"))
    inhabitants = NumberCol(_("Inhabitants"))
    email = Col(_("E-mail"))


class CIClassTable(FastTable):
    """The tree of item classes."""

    of = CIClass
    caption = _("Item classes")
    name = TreeCol("cmdb:ciclass_detail", _("Name"), "name", order_by=("tree_id", "lft"))
    family = ChoiceCol(Family, _("Family"))
    layer = ChoiceCol(Layer, _("Layer"))


class ServiceTable(FastTable):
    """The service catalogue as a tree."""

    of = Service
    caption = _("Service catalogue")
    name = TreeCol("cmdb:service_detail", _("Name"), "name", order_by=("tree_id", "lft"))
    criticality = criticality()
    on_call = BoolCol(_("On call"))
    team = Col(_("Team"), "team__name", order_by=("team__sort_name",))
    organisation = Col(_("Delivered by"), "organisation__name", order_by=("organisation__sort_name",))


class SoftwareTable(FastTable):
    """The shared software catalogue."""

    of = Software
    caption = _("Software catalogue")
    name = TwoLineCol(
        _("Product"),
        "name",
        to="cmdb:software_detail",
        order_by=("sort_name",),
        second=[Part("publisher")],
    )
    category = Col(_("Category"))
    website = Col(_("Web page"))

    class Meta:
        order_by = ("name",)


class LicenceTable(FastTable):
    """Licences with use. The columns used, left and state come from ``licences.with_use`` (see pages.LICENCE)."""

    caption = _("Licences")
    software = TwoLineCol(
        _("Licence"),
        "software__name",
        to="cmdb:licence_detail",
        order_by=("software__sort_name",),
        second=[Part("organisation__name"), Part("contract__name", "dot")],
    )
    metric = ChoiceCol(LicenceMetric, _("Metric"))
    bought = NumberCol(_("Bought"))
    used = NumberCol(_("In use"))
    left = NumberCol(_("Free"))
    state = ChoiceCol(LicenceState, _("State"))
    valid_until = DateCol(_("Valid until"))
    yearly_cost = NumberCol(_("Cost a year (NOK)"))

    class Meta:
        order_by = ("software",)


class ContractTable(FastTable):
    """Contracts, the next notice date first."""

    of = Contract
    caption = _("Contracts")
    name = TwoLineCol(
        _("Contract"),
        "name",
        to="cmdb:contract_detail",
        order_by=("sort_name",),
        second=[Part("number", "num"), Part("organisation__name", "dot")],
    )
    kind = ChoiceCol(ContractKind, _("Kind"))
    supplier = Col(_("Supplier"), "supplier__name", order_by=("supplier__sort_name",))
    notice_on = DateCol(_("Notice by"))
    ends_on = DateCol(_("Until"))
    yearly_cost = NumberCol(_("Cost a year (NOK)"))

    class Meta:
        order_by = ("notice_on",)


class TeamTable(FastTable):
    """Teams."""

    of = Team
    caption = _("Teams")
    name = LinkCol("cmdb:team_detail", _("Name"), "name", order_by=("sort_name",))
    organisation = Col(_("Organisation"), "organisation__name", order_by=("organisation__sort_name",))
    email = Col(_("E-mail"))

    class Meta:
        order_by = ("name",)


class PersonTable(FastTable):
    """People."""

    of = User
    caption = _("People")
    name = TwoLineCol(
        _("Name"),
        "display_name",
        to="cmdb:person_detail",
        order_by=("sort_name",),
        second=[Part("title"), Part("username", "dot num")],
    )
    organisation = Col(_("Organisation"), "organisation__name", order_by=("organisation__sort_name",))
    email = Col(_("E-mail"))
    phone = Col(_("Phone"))
    is_active = BoolCol(_("Active"))

    class Meta:
        order_by = ("name",)
