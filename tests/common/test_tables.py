"""FastTable: what it renders, what it refuses, and that paging by key loses and doubles nothing."""

import re
from collections.abc import Iterator
from datetime import date
from html import escape
from typing import Any

import pytest
from django.core.checks import Error
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.safestring import mark_safe

from cmdb.common import checks
from cmdb.common.export import csv_lines, csv_response, defuse
from cmdb.common.tables import (
    Action,
    ActionCol,
    Col,
    FastTable,
    LinkCol,
    Page,
    Total,
    bounded_count,
    fill,
    read_page,
    registry,
    urls,
)
from cmdb.common.tables.paging import total_order
from cmdb.models import Item
from tests.cases import RegionCase
from tests.common.declared import ItemTable

HOSTILE = "\"><script>'&{{x}}%s{0}%(n)s"


def request(query: str = "") -> Any:
    """A GET with this query string."""
    return RequestFactory().get(f"/things/{query}")


def cells(html: str) -> list[str]:
    """Opening tags of the cells of all rows."""
    return re.findall(r"<td[^>]*>", html)


class TestFill:
    """The only place where data meets HTML."""

    def test_everything_is_escaped_even_what_somebody_marked_safe(self) -> None:
        [cell] = fill('<a href="%s">%s</a>', [HOSTILE], [mark_safe("<b>x</b>")])
        assert "<script" not in cell
        assert "<b>" not in cell
        assert escape(HOSTILE) in cell

    def test_parts_must_match_the_skeleton(self) -> None:
        with pytest.raises(TypeError):
            fill("<b>%s</b>", ["a"], ["b"])
        assert fill("<b>100%%: %s</b>", ["a"]) == ["<b>100%: a</b>"]

    def test_none_means_no_element(self) -> None:
        assert fill("<a href='%s'>%s</a>", [None], ["<x>"]) == ["&lt;x&gt;"]
        assert fill("<a href='%s'>%s</a>", [None], ["x"], drop=True) == [""]

    @override_settings(ROOT_URLCONF="tests.common.declared")
    def test_addresses_are_quoted_and_none_is_no_link(self) -> None:
        assert urls("try:thing_detail", [7, None]) == ["/try/things/7/", None]


@override_settings(ROOT_URLCONF="tests.common.declared")
class TestRendering(RegionCase):
    """Head and body."""

    def table(self, query: str = "", **kwargs: Any) -> FastTable:
        """The eleven columns over all items."""
        return ItemTable(Item.objects.all(), rights={"write": {self.r.here.pk}}, **kwargs).configure(
            request(query)
        )

    def test_hostile_text_everywhere(self) -> None:
        Item.objects.filter(pk=self.r.server.pk).update(name=HOSTILE, serial=HOSTILE)
        self.r.here.name = HOSTILE
        self.r.here.save()
        table = self.table(f"?x={HOSTILE}&sort=name")
        html = table.head + table.body
        assert "<script" not in html
        assert escape(HOSTILE) in html

    def test_head_and_body_have_the_same_columns(self) -> None:
        for exclude in ((), ("family", "owner"), tuple(set(ItemTable.base_columns) - {"name"})):
            table = self.table(exclude=exclude)
            assert table.head.count("<th ") == len(table.columns)
            assert len(cells(table.body)) == len(table.columns) * 5

    def test_one_sorted_column_and_links_that_keep_the_filter(self) -> None:
        table = self.table("?sort=-family&q=gran&after=abc&page=3")
        assert table.head.count("aria-sort") == 1
        assert 'aria-sort="descending"' in table.head
        assert (
            'href="?sort=family&amp;q=gran"' in table.head or 'href="?q=gran&amp;sort=family"' in table.head
        )
        assert "after=" not in table.head

    def test_empty_table(self) -> None:
        table = ItemTable(Item.objects.none()).configure(request())
        assert table.body == ""
        assert int(table.total) == 0
        assert table.next_url is None
        assert "<th" in table.head

    def test_excluded_columns_are_not_read_nor_sorted_by(self) -> None:
        with CaptureQueriesContext(connection) as seen:
            table = self.table("?sort=owner", exclude=("owner",))
        assert len(seen) == 1
        assert "display_name" not in seen[0]["sql"]
        assert table.order_by == ("name",)

    def test_hidden_columns_are_neither_sorted_by_nor_exported(self) -> None:
        table = ItemTable(Item.objects.all())
        table.columns.hide("owner")
        table.order_by = "owner"
        assert table.order_by == ("name",)
        assert "Owner" not in next(table.as_values())

    def test_rights_decide_per_row_and_missing_rights_show_nothing(self) -> None:
        assert self.table().body.count("formaction") == 4
        assert ItemTable(Item.objects.all()).configure(request()).body.count("formaction") == 0
        assert self.table().has_posts

    def test_orders_end_with_the_key_and_nonsense_keeps_the_order(self) -> None:
        good = {"name": ["sort_name", "pk"], "-name": ["-sort_name", "-pk"]}
        for asked in (
            "name",
            "-name",
            "--name",
            "?",
            "name,place",
            "password",
            "owner__password",
            "actions",
            "choose",
        ):
            order = [str(k) for k in self.table(f"?sort={asked}").data.data.query.order_by]
            assert order == good.get(asked, ["sort_name", "pk"]), asked
        doubled = self.table("?sort=family&sort=-family").data.data.query.order_by
        assert list(doubled) == ["family", "pk"]

    def test_page_sizes_are_clamped(self) -> None:
        for asked, rows in (("-5", 1), ("0", 5), ("100000", 5), ("x", 5), ("2", 2), ("9" * 30, 5)):
            assert len(self.table(f"?per_page={asked}").page.object_list) == rows, asked

    def test_languages(self) -> None:
        with translation.override("nb"):
            Item.objects.filter(pk=self.r.server.pk).update(
                yearly_cost="1234567.5", warranty_until=date(2027, 5, 1)
            )
            html = self.table().body
            assert "1\u202f234\u202f567,50" in html
            assert '<time datetime="2027-05-01">01.05.2027</time>' in html

    def test_cells_equal_what_the_export_reads(self) -> None:
        rows = list(ItemTable(Item.objects.all()).as_values())
        assert rows[0][:3] == ["Item", "Organisation", "Place"]
        profil = next(row for row in rows if row[0] == "Profil")
        assert profil[1] == "Granli kommune"
        assert len(profil) == len(rows[0])


class TestRefusals:
    """What the package offers and our rows would ignore is refused when the class is made."""

    def test_stock_columns_hooks_and_meta(self) -> None:
        import django_tables2 as tables

        with pytest.raises(TypeError, match="a Col"):
            type("T", (FastTable,), {"x": tables.Column()})
        with pytest.raises(TypeError, match="render_x"):
            type("T", (FastTable,), {"x": Col(), "render_x": lambda self: ""})
        with pytest.raises(TypeError, match="row_attrs"):
            type("T", (FastTable,), {"Meta": type("Meta", (), {"row_attrs": {}})})
        with pytest.raises(TypeError, match=r"Meta\.model"):
            type("T", (FastTable,), {"Meta": type("Meta", (), {"model": Item})})

    def test_meta_not_inherited_does_no_harm(self) -> None:
        child = type("Child", (ItemTable,), {})
        assert child(Item.objects.none()).template_name == "common/crud/table.html"

    def test_check_finds_paths_that_do_not_exist(self) -> None:
        assert checks.unresolved(Item, "organisation__name") is None
        assert checks.unresolved(Item, "pk") is None
        assert checks.unresolved(Item, "organisation__nam")
        assert checks.unresolved(Item, "nope")
        assert checks.unresolved(Item, "tickets", {"tickets": 1}) is None

    def test_check_names_the_table(self) -> None:
        wrong = type(
            "Wrong", (FastTable,), {"__module__": "cmdb.tables", "of": Item, "x": Col(accessor="nope")}
        )
        try:
            found = [e for e in checks.tables_read_what_exists() if e.obj is wrong]
        finally:
            registry.remove(wrong)
        assert [type(e) for e in found] == [Error]
        assert "Wrong" in found[0].msg

    def test_all_tables_of_the_product_pass(self) -> None:
        assert not checks.tables_read_what_exists()


class NullTable(FastTable):
    """Sortable columns with NULLs, ties, relations and an annotation."""

    of = Item
    annotations = {"both": Concat(F("name"), Value("/"), F("serial"))}
    name = Col(order_by="sort_name")
    place = Col(accessor="place__name")
    family = Col()
    yearly_cost = Col()
    warranty_until = Col()
    updated_at = Col()
    owner = Col(accessor="owner__display_name")
    address = Col()
    outside_procedure = Col()
    both = Col()


class TestKeyset(RegionCase):
    """Walks over many rows with NULLs and ties."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        r = cls.r
        Item.objects.bulk_create(
            Item(
                name=f"{'Ååæøz'[i % 5]}{i % 17}",
                item_class=r.server.item_class,
                family=("server", "client", "printer")[i % 3],
                organisation=r.here,
                place=r.site if i % 2 else None,
                owner=(r.owner, r.own, None)[i % 3],
                yearly_cost=None if i % 4 == 0 else i % 5 * 100.25,
                warranty_until=None if i % 3 == 0 else date(2026, 1 + i % 6, 1),
                address=None if i % 2 else f"10.0.0.{i % 9}",
                outside_procedure=i % 2 == 0,
            )
            for i in range(120)
        )

    def walk(self, sort: str, per_page: int) -> Iterator[list[int]]:
        """All pages forward by their cursors."""
        after = ""
        for _ in range(1000):
            table = NullTable(Item.objects.all()).configure(
                request(f"?sort={sort}&per_page={per_page}&after={after}")
            )
            yield [row[0] for row in table.page.object_list]
            if not table.page.has_next():
                return
            after = table.page.next_cursor

    def test_every_order_gives_every_row_once(self) -> None:
        for column in NullTable.base_columns:
            for sort in (column, f"-{column}"):
                table = NullTable(Item.objects.all(), order_by=sort)
                expected = list(table.data.data.values_list("pk", flat=True))
                for size in (7, 50):
                    assert [pk for page in self.walk(sort, size) for pk in page] == expected, (sort, size)

    def test_backwards_is_the_same_way_back(self) -> None:
        for sort in ("owner", "-owner", "yearly_cost", "-yearly_cost", "name", "-updated_at"):
            rows = NullTable(Item.objects.all(), order_by=sort).data.data
            pages, cursor = [], None
            for _ in range(100):
                page = read_page(rows, ["pk"], 9, cursor)
                pages.append(page)
                cursor = page.next_cursor
                if cursor is None:
                    break
            for back in reversed(pages[:-1]):
                page = read_page(rows, ["pk"], 9, page.previous_cursor)
                assert page.object_list == back.object_list, sort
                assert page.has_next()
            assert page.first
            assert not page.has_previous()

    def test_mixed_directions_and_nulls_said_by_hand(self) -> None:
        rows = total_order(
            Item.objects.order_by(
                "-family", F("yearly_cost").desc(nulls_last=True), "place__name", "-warranty_until"
            )
        )
        expected = list(rows.values_list("pk"))
        seen, cursor = [], None
        while True:
            page = read_page(rows, ["pk"], 8, cursor)
            seen += page.object_list
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == expected

    def test_wrong_cursors_are_the_first_page(self) -> None:
        table = NullTable(Item.objects.all()).configure(request("?sort=name&per_page=5"))
        good, first = table.page.next_cursor, table.page.object_list
        for after in ("x", "a:b", good[:-2], good + "x", "%00", good.replace(":", "")):
            again = NullTable(Item.objects.all()).configure(request(f"?sort=name&per_page=5&after={after}"))
            assert again.page.object_list == first, after
        other = NullTable(Item.objects.all()).configure(request(f"?sort=-family&per_page=5&after={good}"))
        assert not other.page.has_previous()

    def test_counts_are_bounded_and_free_where_the_page_tells(self) -> None:
        assert bounded_count(Item.objects.all(), 50) == Total(50, True)
        assert str(bounded_count(Item.objects.all(), 50)) == "50+"
        everything = Item.objects.count()
        assert bounded_count(Item.objects.all(), None) == Total(everything)
        table = NullTable(Item.objects.all()).configure(request("?per_page=200"))
        with self.assertNumQueries(0):
            assert table.total == Total(everything)

    def test_statements_one_for_the_page(self) -> None:
        for size in (1, 50):
            with self.assertNumQueries(1):
                table = NullTable(Item.objects.all()).configure(request(f"?per_page={size}"))
                assert len(cells(table.body)) == size * 10

    def test_export_streams_in_blocks_and_keeps_language(self) -> None:
        with translation.override("nb"):
            response = csv_response(NullTable(Item.objects.all()), "Ting og tang")
        assert response["Content-Disposition"] == 'attachment; filename="ting-og-tang.csv"'
        streamed: Any = response
        text = b"".join(streamed.streaming_content).decode("utf-8-sig")
        assert len(text.splitlines()) == Item.objects.count() + 1
        blocks = list(csv_lines(NullTable(Item.objects.all())))
        assert len(blocks) == 2
        assert translation.get_language() != "xx"

    def test_formulas_are_defused(self) -> None:
        for text in ("=1", "+1", "-1", "@x", "\tx", "\rx"):
            assert defuse(text) == f"'{text}"
        assert defuse("1=1") == "1=1"


class GroupTable(FastTable):
    """Groups by family, which the order keeps together."""

    of = Item
    group_by = ("family",)
    family = Col()
    name = LinkCol("try:thing_detail")
    act = ActionCol(
        Action("Go", "try:thing_edit", when=lambda page: [n.startswith("sw") for n in page["name"]])
    )

    class Meta:
        order_by = ("family", "name")

    def groups(self, page: Page) -> list[tuple[str, str]]:
        """Family in capitals; how many on the page."""
        return [(f"<{f.upper()}>", str(page["family"].count(f))) for f in page["family"]]


@override_settings(ROOT_URLCONF="tests.common.declared")
class TestGroups(RegionCase):
    """Group heads."""

    def test_one_body_per_group(self) -> None:
        html = GroupTable(Item.objects.all()).configure(request()).body
        assert html.count("<tbody>") == html.count("</tbody>") == 4
        assert html.count('scope="rowgroup"') == 4
        assert '<th colspan="3" scope="rowgroup">&lt;SYSTEM&gt; <span class="muted">2</span></th>' in html
        assert html.count(">Go<") == 1

    def test_another_order_has_no_groups(self) -> None:
        html = GroupTable(Item.objects.all()).configure(request("?sort=name")).body
        assert html.count("<tbody>") == 1
        assert "rowgroup" not in html
