"""Lists: declare columns, get fast rows, sorting, paging by key and export. See docs/add-a-model.md."""

from django_tables2 import A

from cmdb.common.tables.actions import Action, ActionCol, SelectCol
from cmdb.common.tables.base import FastTable, registry
from cmdb.common.tables.cells import Page, fill, memo, urls
from cmdb.common.tables.columns import (
    AgeCol,
    BadgeCol,
    BoolCol,
    ChoiceCol,
    Col,
    DateCol,
    LinkCol,
    NumberCol,
    Part,
    TwoLineCol,
)
from cmdb.common.tables.paging import Keyset, KeysetPage, Total, bounded_count, read_page

__all__ = [
    "A",
    "Action",
    "ActionCol",
    "AgeCol",
    "BadgeCol",
    "BoolCol",
    "ChoiceCol",
    "Col",
    "DateCol",
    "FastTable",
    "Keyset",
    "KeysetPage",
    "LinkCol",
    "NumberCol",
    "Page",
    "Part",
    "SelectCol",
    "Total",
    "TwoLineCol",
    "bounded_count",
    "fill",
    "memo",
    "read_page",
    "registry",
    "urls",
]
