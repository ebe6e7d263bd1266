"""The month as files: JSON that says what the page says, HTML that needs nothing else, tagged PDF, a spreadsheet."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from monitoring import intervals
from sla.models import ServiceTarget
from sla.reports import freezing, monthly
from tests.cases import RegionCase
from tests.sla.month import MONTH, NOW, START, fill
from tests.sla.test_clocks import hours


class TestBoardReport(RegionCase):
    tmp: Path

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        fill(cls.r, 200)
        ServiceTarget.objects.create(agreement=cls.r.agreement, service=cls.r.payroll, availability=0.999)
        target = cls.r.server_target
        intervals.change(target, "up", START)
        intervals.change(target, "down", START + hours(100))
        intervals.change(target, "up", START + hours(104.5))

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.tmp = tmp_path

    def setUp(self) -> None:
        clock = mock.patch("django.utils.timezone.now", return_value=NOW)
        clock.start()
        self.addCleanup(clock.stop)

    def made(self, form: str, *more: str) -> bytes:
        path = self.tmp / f"report.{form}"
        call_command("board_report", "2026-09", "--format", form, "-o", str(path), *more)
        return path.read_bytes()

    def test_json_is_the_document(self) -> None:
        data = json.loads(self.made("json", "--organisation", "granli"))
        live = monthly.build(MONTH, self.r.here)
        assert dict(monthly.figures(data)) == dict(monthly.figures(live))
        assert data["frozen"] is None

    def test_json_of_a_frozen_month_bears_its_seal_and_no_ids(self) -> None:
        report = freezing.freeze(MONTH, self.r.here, "Liv Moen")
        data = json.loads(self.made("json", "--organisation", "granli"))
        assert data["frozen"]["sha256"] == report.sha256
        assert "rows" not in data

    def test_pdf_is_tagged_and_says_its_title_and_language(self) -> None:
        from pypdf import PdfReader

        pdf = PdfReader(BytesIO(self.made("pdf", "--organisation", "granli", "--language", "nb")))
        root: Any = pdf.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert root["/StructTreeRoot"]
        assert root["/Lang"] == "nb"
        assert pdf.metadata is not None
        assert "Granli kommune" in str(pdf.metadata.title)
        assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
        text = "\n".join(page.extract_text() for page in pdf.pages)
        assert "Payroll" in text
        assert "Profil" in text

    def test_every_picture_in_the_pdf_has_a_text(self) -> None:
        from pypdf import PdfReader
        from pypdf.generic import DictionaryObject

        pdf = PdfReader(BytesIO(self.made("pdf", "--organisation", "granli")))
        figures: list[DictionaryObject] = []
        root: Any = pdf.trailer["/Root"]
        stack = [root["/StructTreeRoot"]]
        while stack:
            node = stack.pop().get_object()
            if isinstance(node, list):
                stack.extend(node)
            elif isinstance(node, DictionaryObject):
                if node.get("/S") == "/Figure":
                    figures.append(node)
                if "/K" in node and not isinstance(node["/K"], int):
                    stack.append(node["/K"])
        assert len(figures) >= 3
        assert all(figure.get("/Alt") for figure in figures)

    def test_html_needs_nothing_else(self) -> None:
        page = self.made("html", "--organisation", "granli", "--language", "en").decode()
        assert "<title>Granli kommune, September 2026</title>" in page
        assert "<script" not in page
        assert "http" not in page.replace("http://www.w3.org", "")
        assert "<svg" in page
        assert "down 4 h 30 min" in page

    def test_the_spreadsheet_counts(self) -> None:
        from openpyxl import load_workbook

        with translation.override("en"):
            book = load_workbook(BytesIO(self.made("xlsx", "--organisation", "granli", "--language", "en")))
        data = monthly.build(MONTH, self.r.here)
        events = book["Events"]
        last = [cell.value for cell in list(events.rows)[-1]]
        assert last[-1] == data["incidents"]["total"]["count"]
        availability = {row[0].value: row for row in book["Availability"].rows}
        assert availability["Payroll"][7].value == timedelta(hours=4.5)
        assert len(book["Outages"]["A"]) == 1 + sum(line["outages"]["count"] for line in data["availability"])

    def test_the_region_is_the_default(self) -> None:
        assert json.loads(self.made("json"))["organisation"]["slug"] == "elvedal"

    def test_bad_input_is_one_sentence(self) -> None:
        for arguments, said in (
            (["2026-13"], "not a month"),
            (["2026-09", "--organisation", "atlantis"], "no municipality"),
            (["2026-09", "-o", "/nowhere/at/all"], "can not be written"),
        ):
            with pytest.raises(CommandError, match=said):
                call_command("board_report", *arguments)
