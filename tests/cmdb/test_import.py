"""Spreadsheets: what is made, changed and refused; hostile files; preview and confirmation."""

import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from openpyxl import Workbook

from cmdb.intake.reading import FileRefusedError, read
from cmdb.intake.spreadsheets import Plan, import_items
from cmdb.models import Item, Membership, Relation, Role, ServiceComponent
from tests.cases import RegionCase

HEAD = "name;class;organisation;asset_tag;serial;owner;end_of_life;cores"


def workbook(*rows: list[Any]) -> io.BytesIO:
    """An .xlsx file of these rows."""
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


class ImportCase(RegionCase):
    """Servers have a number of cores."""

    def setUp(self) -> None:
        self.enterContext(translation.override("en"))

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        server = cls.r.server.item_class
        server.attributes = [{"name": "cores", "label": "Kjerner", "type": "integer"}]
        server.save()

    def load(self, *lines: str, head: str = HEAD, encoding: str = "utf-8", **kwargs: Any) -> Plan:
        file = io.BytesIO("\n".join([head, *lines]).encode(encoding))
        return import_items(file, "utstyr.csv", **kwargs)


class TestPlan(ImportCase):
    """Row by row."""

    def test_new_changed_same_and_refused(self) -> None:
        Item.objects.filter(pk=self.r.server.pk).update(asset_tag="A1")
        lines = (
            "srv-9;server;granli;A9;S9;own;2031-02-03;16",
            "srv-granli-1;;granli;A1;;;;8",
            "prn-granli-1;printer;granli;;;;;",
            "x;rocket;granli;;;;;",
        )
        plan = self.load(*lines)
        assert [row.verb for row in plan.rows] == ["new", "changed", "same", "refused"]
        assert "there is no “rocket”" in plan.rows[3].reason
        made = Item.objects.get(name="srv-9")
        assert (made.family, made.organisation, made.owner) == ("server", self.r.here, self.r.own)
        assert (made.end_of_life, made.attributes) == (date(2031, 2, 3), {"cores": 16})
        self.r.server.refresh_from_db()
        assert self.r.server.attributes == {"cores": 8}
        assert self.r.server.serial == ""

    def test_twice_is_once(self) -> None:
        line = "srv-9;server;granli;A9;S9;own;2031-02-03;16"
        self.load(line)
        before = Item.objects.count()
        assert self.load(line).counts == {"new": 0, "changed": 0, "same": 1, "refused": 0}
        assert Item.objects.count() == before

    def test_a_dry_run_saves_nothing(self) -> None:
        plan = self.load("srv-9;server;granli;;;;;", dry_run=True)
        assert plan.counts["new"] == 1
        assert not plan.done
        assert not Item.objects.filter(name="srv-9").exists()

    def test_a_partial_file_deletes_nothing_and_empty_cells_change_nothing(self) -> None:
        self.load("srv-9;server;granli;A9;S9;own;2031-02-03;16")
        before = Item.objects.count()
        plan = self.load(";;;A9;;;;", "srv-10;server;granli;;;;;")
        assert plan.counts == {"new": 1, "changed": 0, "same": 1, "refused": 0}
        assert Item.objects.count() == before + 1
        assert Item.objects.get(asset_tag="A9").owner == self.r.own

    def test_identity_is_tag_then_serial_then_name(self) -> None:
        self.load("a;server;granli;T1;S1;;;", "b;server;granli;T2;S2;;;")
        assert self.load("renamed;;granli;T1;;;;").rows[0].changes == [("name", "a", "renamed")]
        assert self.load("other;;granli;;S2;;;").rows[0].verb == "changed"
        assert "two different items" in self.load("c;;granli;T1;S2;;;").rows[0].reason
        assert self.load("renamed;;vassoy;;;;;").rows[0].reason.startswith("A new item needs")

    def test_two_rows_about_one_item(self) -> None:
        plan = self.load(
            "a;server;granli;T1;;;;",
            "b;server;granli;T1;;;;",
            "prn-granli-1;;granli;;;;;",
            "prn-granli-1;;granli;;;;;",
        )
        assert [row.verb for row in plan.rows] == ["new", "refused", "same", "refused"]
        assert "Row 2" in plan.rows[1].reason

    def test_wrong_values_are_refused_with_the_reason(self) -> None:
        head = "name;class;organisation;cores;end_of_life;address;lifecycle;yearly_cost;owner"
        for line, word in (
            ("a;server;granli;many;;;;;", "whole number"),
            ("a;server;granli;;yesterday;;;;", "end of life"),
            ("a;server;granli;;;999.1.1.1;;;", "management address"),
            ("a;server;granli;;;;exploded;;", "lifecycle"),
            ("a;server;granli;;;;;dear;", "cost"),
            ("a;server;granli;;;;;;nobody", "owner"),
            ("a;printer;granli;4;;;;;", "has no “cores”"),
            (";server;granli;;;;;;", "needs the column “name”"),
            (f"{'x' * 121};server;granli;;;;;;", "name"),
            ("a;server;granli;;;;;;;surplus", "more cells"),
        ):
            plan = self.load(line, head=head)
            assert plan.rows[0].verb == "refused", line
            assert word in plan.rows[0].reason, (line, plan.rows[0].reason)

    def test_unknown_columns_are_named(self) -> None:
        with pytest.raises(FileRefusedError, match="colour, shape"):
            self.load(head="name;colour;shape")
        with pytest.raises(FileRefusedError, match="Two columns"):
            self.load(head="name;name")

    def test_headings_in_norwegian_and_by_label(self) -> None:
        plan = self.load("a;server;granli;12", head="name;class;organisation;Kjerner")
        assert plan.rows[0].verb == "new", plan.rows[0].reason
        assert Item.objects.get(name="a").attributes == {"cores": 12}

    def test_the_default_organisation(self) -> None:
        plan = self.load("a;server", head="name;class", organisation=self.r.there)
        assert Item.objects.get(name="a").organisation == self.r.there
        assert plan.counts["new"] == 1

    def test_retiring_what_others_rest_on_is_refused(self) -> None:
        line = "srv-granli-1;granli;retired"
        assert "still rests" in self.load(line, head="name;organisation;lifecycle").rows[0].reason
        Relation.objects.all().delete()
        ServiceComponent.objects.all().delete()
        assert self.load(line, head="name;organisation;lifecycle").rows[0].verb == "changed"

    def test_a_person_writes_only_where_the_role_holds(self) -> None:
        Membership.objects.create(user=self.r.keyuser, role=Role.TECHNICIAN, organisation=self.r.here)
        user = self.fresh("keyuser")
        plan = self.load(
            "a;server;granli;;;;;", "b;server;vassoy;;;;;", "c;server;granli;;;stranger;;", user=user
        )
        assert [row.verb for row in plan.rows] == ["new", "refused", "refused"]
        assert "no “vassoy”" in plan.rows[1].reason
        plan = self.load("sw-granli-1;;granli;;;;;1", user=self.fresh("board"))
        assert "may not change" in plan.rows[0].reason

    def test_history_names_the_file(self) -> None:
        self.load("srv-9;server;granli;;;;;")
        event = Item.objects.get(name="srv-9").events.select_related("pgh_context").get()  # type: ignore[attr-defined]
        assert event.pgh_context.metadata["actor"] == "import: utstyr.csv"

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        def count(n: int) -> int:
            with CaptureQueriesContext(connection) as queries:
                self.load(*(f"n{i};server;granli;T{i};S{i};own;;4" for i in range(n)), dry_run=True)
            return len(queries)

        assert count(200) == count(2)


class TestFiles(ImportCase):
    """Encodings, kinds, and files that mean harm."""

    def test_encodings_and_separators(self) -> None:
        for encoding, mark in (("utf-8", ";"), ("utf-8-sig", ","), ("cp1252", ";"), ("utf-16", "\t")):
            text = mark.join(("name", "notes")) + "\r\n" + mark.join(("blåbær", "æøå"))
            headings, lines = read(io.BytesIO(text.encode(encoding)), "x.csv")
            assert headings == ["name", "notes"], encoding
            assert lines[0].cells == ["blåbær", "æøå"], encoding

    def test_a_workbook_keeps_types(self) -> None:
        file = workbook(
            ["name", "class", "organisation", "end_of_life", "cores", "serial"],
            ["srv-x", "server", "granli", date(2032, 1, 1), 8.0, 4711],
        )
        plan = import_items(file, "a.xlsx")
        assert plan.rows[0].verb == "new", plan.rows[0].reason
        made = Item.objects.get(name="srv-x")
        assert (made.end_of_life, made.serial, made.attributes) == (date(2032, 1, 1), "4711", {"cores": 8})

    def test_formulas_are_refused_by_cell(self) -> None:
        file = workbook(
            ["name", "class", "organisation"], ["=1+1", "server", "granli"], ["ok", "server", "granli"]
        )
        plan = import_items(file, "a.xlsx")
        assert "cell A2 is a formula" in plan.rows[0].reason
        assert plan.rows[1].verb == "new"
        assert "is a formula" in self.load("=cmd|x;server;granli;;;;;").rows[0].reason

    def test_damaged_and_foreign_files(self) -> None:
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b"0" * 8_000_000)
        laugh = io.BytesIO()
        with zipfile.ZipFile(laugh, "w") as archive:
            archive.writestr("xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>')
        good = workbook(["name"], ["x"]).getvalue()
        for data, name, word in (
            (b"", "a.csv", "empty"),
            (bomb.getvalue(), "a.xlsx", "unpacks"),
            (laugh.getvalue(), "a.xlsx", "entities"),
            (good[:900], "a.xlsx", "damaged"),
            (b"PK\x03\x04" + b"\x00" * 400, "a.xlsx", "damaged"),
            (b"\xd0\xcf\x11\xe0" + b"\x00" * 400, "a.xls", "old .xls"),
            (b"\x89PNG\x00\x00" * 40, "a.png", "neither"),
            (b'name;class\n"never closed;x', "a.csv", "quote"),
            (b"\n\n;;\n", "a.csv", "no headings"),
            (b"x;" * 200 + b"\n1", "a.csv", "columns"),
        ):
            with (
                mock.patch("cmdb.intake.reading.MAX_UNPACKED", 7_000_000),
                pytest.raises(FileRefusedError, match=word),
            ):
                read(io.BytesIO(data), name)

    def test_too_many_rows(self) -> None:
        with pytest.raises(FileRefusedError, match="more than 100000 rows"):
            read(io.BytesIO(b"name\n" + b"x\n" * 100_001), "a.csv")
        with pytest.raises(FileRefusedError, match="more than 10 rows"):
            read(io.BytesIO(b"name\n" + b"x\n" * 11), "a.csv", max_rows=10)

    def test_a_sheet_that_lies_about_its_size(self) -> None:
        data = workbook(["name"], ["x"]).getvalue()
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
            for part in old.infolist():
                text = old.read(part)
                new.writestr(part, text.replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"'))
        headings, lines = read(io.BytesIO(out.getvalue()), "a.xlsx")
        assert headings == ["name"]
        assert len(lines) == 1


class TestCommand(ImportCase):
    """manage.py import_items."""

    def write(self, text: str) -> str:
        path = Path(str(default_storage.path("utstyr.csv")))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.addCleanup(path.unlink, missing_ok=True)
        return str(path)

    def test_json_and_dry_run(self) -> None:
        path, out = self.write("name;class\na;server\n"), io.StringIO()
        call_command("import_items", path, "--dry-run", "--json", "--organisation", "granli", stdout=out)
        answer = json.loads(out.getvalue())
        assert (answer["new"], answer["done"]) == (1, False)
        call_command("import_items", path, "--organisation", "granli", stdout=out)
        assert Item.objects.filter(name="a", organisation=self.r.here).exists()

    def test_refusals_are_said_and_fail(self) -> None:
        out = io.StringIO()
        path = self.write("name;class;organisation\na;server;granli\nb;rocket;granli\n")
        with pytest.raises(CommandError, match="1 of 2 rows were refused"):
            call_command("import_items", path, stdout=out)
        assert "row 3: b:" in out.getvalue()
        assert Item.objects.filter(name="a").exists()
        for arguments, word in (
            (["/nowhere.csv"], "No such file"),
            ([path, "--organisation", "mars"], "no organisation"),
            ([self.write("name;hue\n")], "hue"),
        ):
            with pytest.raises(CommandError, match=word):
                call_command("import_items", *arguments, stdout=out)


class TestPage(ImportCase):
    """Preview, then confirm."""

    def send(self, account: str, text: str) -> Any:
        file = SimpleUploadedFile("utstyr <b>.csv", text.encode())
        return self.client_of(account).post("/cmdb/import/", {"file": file})

    def test_nothing_is_saved_before_confirmation(self) -> None:
        client = self.client_of("technician")
        file = SimpleUploadedFile(
            "utstyr.csv", b"name;class;organisation\nny;server;granli\nx;rocket;granli\n"
        )
        response = client.post("/cmdb/import/", {"file": file})
        text = response.content.decode()
        assert response.status_code == 200
        assert "1 new item" in text
        assert "1 refused" in text
        assert not Item.objects.filter(name="ny").exists()
        token = response.context["token"]
        response = client.post("/cmdb/import/", {"token": token})
        assert response.status_code == 302
        assert Item.objects.filter(name="ny").exists()
        assert not default_storage.exists(f"imports/{token}")
        again = client.post("/cmdb/import/", {"token": token})
        assert again.status_code == 409

    def test_nobody_confirms_the_file_of_another(self) -> None:
        token = self.send("technician", "name;class;organisation\nny;server;granli\n").context["token"]
        assert self.client_of("lead").post("/cmdb/import/", {"token": token}).status_code == 409
        assert self.client_of("lead").post("/cmdb/import/", {"token": "../../x"}).status_code == 409
        assert not Item.objects.filter(name="ny").exists()

    def test_sentences_instead_of_errors(self) -> None:
        for text, word in (("", "Choose a file"), ("name;hue\n", "hue"), ("\x00\x00", "neither")):
            response = self.send("technician", text)
            assert response.status_code == 422
            if text:
                assert word in response.content.decode()
        hostile = self.send("technician", "name;class;organisation\n<script>x</script>;server;granli\n")
        assert "<script>x" not in hostile.content.decode()

    def test_only_writers(self) -> None:
        for account in ("board", "owner", "own", "stranger"):
            assert self.client_of(account).get("/cmdb/import/").status_code == 403, account
