"""Who sees which ticket, whatever the way to it: lists, timelines, files, search, panels, links."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.urls import reverse

from servicedesk.access import attachments_for, entries_for
from servicedesk.actions.note import note
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.models import Attachment, Kind, SavedView, Ticket
from servicedesk.search import search
from tests.cases import PEOPLE, RegionCase


class TestWhoSeesWhat(RegionCase):
    def setUp(self) -> None:
        staff = Actor.of(self.r.technician)
        self.mine = open_ticket(Actor.of(self.r.own), title="Skriver")
        self.theirs = open_ticket(Actor.of(self.r.stranger), title="Skriver")
        self.system = open_ticket(staff, title="Skriver", organisation=self.r.here, item=self.r.system)
        self.handed = open_ticket(
            staff, title="Skriver", organisation=self.r.there, supplier=self.r.supplier, service=self.r.mail
        )
        self.change = open_ticket(staff, title="Skriver", organisation=self.r.here, kind=Kind.CHANGE)
        self.region = open_ticket(staff, title="Skriver")
        names = ("mine", "theirs", "system", "handed", "change", "region")
        self.names = {getattr(self, name).pk: name for name in names}
        everything = set(names)
        here = {"mine", "system", "change"}
        self.expected = {
            "own": {"mine"},
            "colleague": set[str](),
            "stranger": {"theirs"},
            "keyuser": here,
            "owner": {"system"},
            "supplier_person": {"handed"},
            "commissioner": {"change"},
            "board": set[str](),
            **dict.fromkeys(("technician", "lead", "changemanager", "oncall", "admin"), everything),
        }

    def test_the_table_names_everybody(self) -> None:
        assert set(self.expected) == set(PEOPLE)

    def test_lists(self) -> None:
        for account, wanted in self.expected.items():
            seen = {self.names[t.pk] for t in Ticket.objects.visible_to(self.fresh(account))}
            assert seen == wanted, account

    def test_search_finds_the_same(self) -> None:
        for account, wanted in self.expected.items():
            seen = {self.names[t.pk] for t in search(self.fresh(account), "skriver")}
            assert seen == wanted, account

    def test_panels_show_the_same(self) -> None:
        """Where the panel opens at all: what it is about must be visible too."""
        abouts = (
            ("item_panel", self.r.system.pk, {"system"}),
            ("service_panel", self.r.mail.pk, {"handed", "system"}),
            ("person_panel", self.r.own.pk, {"mine"}),
        )
        opened = set()
        for account, wanted in self.expected.items():
            client = self.client_of(account)
            for name, pk, about in abouts:
                answer = client.get(reverse(f"desk:{name}", args=[pk]))
                if answer.status_code != 200:
                    assert answer.status_code in (403, 404), (account, name)
                    continue
                opened.add((account, name))
                shown = {self.names[one.pk] for one in answer.context["tickets"]}
                assert shown == wanted & about, (account, name)
        assert {("technician", name) for name, _pk, _about in abouts} <= opened
        assert any(account == "keyuser" for account, _name in opened)

    def test_nobody_and_who_left_see_nothing(self) -> None:
        assert not Ticket.objects.visible_to(AnonymousUser())
        assert not Ticket.objects.visible_to(None)
        left = self.fresh("technician")
        left.is_active = False
        assert not Ticket.objects.visible_to(left)

    def test_no_ticket_twice_though_it_is_seen_for_two_reasons(self) -> None:
        keyuser = self.fresh("keyuser")
        open_ticket(Actor.of(keyuser), title="own and own municipality")
        ids = list(Ticket.objects.visible_to(keyuser).values_list("pk", flat=True))
        assert len(ids) == len(set(ids))

    def test_notes_and_inner_files_are_for_those_who_work_on_it(self) -> None:
        note(Actor.of(self.r.technician), self.handed, body="secret")
        for public in (True, False):
            row = Attachment(ticket=self.handed, name=f"{public}.txt", content_type="text/plain", size=1)
            row.is_public = public
            row.file.save("x.txt", ContentFile(b"x"))
        outside, inside = self.fresh("supplier_person"), self.fresh("technician")
        assert "secret" not in [e.body for e in entries_for(outside, self.handed)]
        assert "secret" in [e.body for e in entries_for(inside, self.handed)]
        assert [a.name for a in attachments_for(outside, self.handed)] == ["True.txt"]
        assert attachments_for(inside, self.handed).count() == 2

    def test_saved_views_are_one_s_own(self) -> None:
        SavedView.objects.create(user=self.r.technician, name="x", query="state=new")
        assert SavedView.objects.visible_to(self.r.technician).count() == 1
        assert not SavedView.objects.visible_to(self.r.lead)
