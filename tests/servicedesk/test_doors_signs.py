"""Signs that deceive come in by no door: portal, desk, API, register, spreadsheet."""

from __future__ import annotations

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cmdb.intake.spreadsheets import import_items
from cmdb.models import ApiToken, Item
from servicedesk.models import Attachment, Ticket
from tests.cases import RegionCase

TRICK = "Faktura \u202egnp.exe\u200b\x07"
PLAIN = "Faktura gnp.exe"


class TestDoors(RegionCase):
    def test_the_portal(self) -> None:
        self.client.force_login(self.r.own)
        file = SimpleUploadedFile("skjerm\u202egnp.exe", b"x")
        data = {"what": TRICK, "system": "other", "badness": "me", "files": file}
        answer = self.client.post(reverse("portal:report"), data)
        assert answer.status_code == 302
        assert Ticket.objects.get().title == PLAIN
        assert Attachment.objects.get().name == "skjermgnp.exe"

    def test_the_api(self) -> None:
        answer = self.client.post(
            "/api/v1/tickets",
            {"title": TRICK, "description": TRICK},
            content_type="application/json",
            headers={"Authorization": f"Bearer {ApiToken.issue(self.r.own, 'x')}"},
        )
        assert answer.status_code in (200, 201), answer.content
        assert (Ticket.objects.get().title, Ticket.objects.get().description) == (PLAIN, PLAIN)

    def test_the_register(self) -> None:
        self.client.force_login(self.r.technician)
        data = {
            "item_class": self.r.server.item_class.pk, "name": TRICK, "organisation": self.r.here.pk,
            "lifecycle": self.r.server.lifecycle, "criticality": self.r.server.criticality,
        }  # fmt: skip
        answer = self.client.post("/cmdb/items/new/", data)
        assert answer.status_code == 302, answer.context["form"].errors
        assert Item.objects.filter(name=PLAIN).exists()

    def test_what_is_only_signs_is_nothing(self) -> None:
        self.client.force_login(self.r.own)
        data = {"what": "\u200b\u202e", "system": "other", "badness": "me"}
        assert self.client.post(reverse("portal:report"), data).status_code == 422

    def test_a_spreadsheet(self) -> None:
        text = f"name;class;organisation\n{TRICK};server;granli\n"
        plan = import_items(io.BytesIO(text.encode()), "x.csv")
        assert [row.verb for row in plan.rows] == ["new"]
        assert Item.objects.filter(name=PLAIN).exists()
