"""Addresses of the register; names are ``cmdb:model_action``."""

from __future__ import annotations

from django.urls import URLPattern, path

from cmdb import pages
from cmdb.auditpages import AUDIT
from cmdb.views import imports, items, start
from cmdb.views.related import LinkedRows

app_name = "cmdb"

urlpatterns: list[URLPattern] = [
    path("", start.start, name="start"),
    path("import/", imports.ImportView.as_view(), name="import"),
    path("items/attributes/", items.item_attributes, name="item_attributes"),
    path("items/<int:key>/map/", items.ItemMap.as_view(crud=pages.ITEM), name="item_map"),
    path(
        "contracts/<int:key>/items/",
        LinkedRows.as_view(crud=pages.CONTRACT, field="items", pick="cmdb:item_pick"),
        name="contract_items",
    ),
    path(
        "teams/<int:key>/members/",
        LinkedRows.as_view(crud=pages.TEAM, field="members", pick="cmdb:person_pick"),
        name="team_members",
    ),
    *(pattern for crud in (*pages.ALL, AUDIT) for pattern in crud.urls),
]
