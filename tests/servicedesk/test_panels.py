"""Fragments on pages of the register: an item's, a service's, a person's tickets."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from servicedesk.actions.resolve import resolve
from tests.servicedesk.pages import HOSTILE, DeskCase


class TestPanels(DeskCase):
    def setUp(self) -> None:
        self.old = self.ticket("gammel")
        resolve(self.actor("technician"), self.old, resolution="ok")
        self.row = self.ticket("ny " + HOSTILE[:100])

    def test_open_ones_first(self) -> None:
        client = self.client_of("technician")
        for name, pk in (
            ("item_panel", self.r.system.pk),
            ("service_panel", self.r.mail.pk),
            ("person_panel", self.r.own.pk),
        ):
            page = client.get(reverse(f"desk:{name}", args=[pk])).content.decode()
            self.assertLess(page.index(self.row.reference), page.index(self.old.reference), name)
            self.assertNotIn("<html", page)
            self.assertNotIn("<script>alert", page)

    def test_foreign_things_are_404_and_reporters_403(self) -> None:
        url = reverse("desk:item_panel", args=[self.r.system_there.pk])
        self.assertEqual(self.client_of("keyuser").get(url).status_code, 404)
        url = reverse("desk:item_panel", args=[self.r.system.pk])
        self.assertEqual(self.client_of("stranger").get(url).status_code, 403)
        self.assertEqual(
            self.client_of("keyuser").get(reverse("desk:person_panel", args=[1])).status_code, 403
        )

    def test_only_tickets_that_one_sees(self) -> None:
        hidden = self.ticket("der", organisation=self.r.there)
        url = reverse("desk:item_panel", args=[self.r.system.pk])
        self.assertNotContains(self.client_of("keyuser").get(url), hidden.reference)

    def test_the_wiring_names_addresses_that_exist(self) -> None:
        for kind, panels in settings.SAMDRIFT_PANELS.items():
            for _title, name, *_roles in panels:
                if name.startswith("desk:") and name.endswith("_panel"):
                    self.assertTrue(reverse(name, args=[1]), kind)
