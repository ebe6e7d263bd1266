"""A change waits for each municipality that it reaches, apart; who is not reached neither sees nor decides it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from cmdb.models import Organisation, Role, Service
from monitoring.models import MaintenanceWindow
from servicedesk import integrity, reach, workflow
from servicedesk.actions.approve import approve
from servicedesk.actions.edit import edit
from servicedesk.actions.link import link
from servicedesk.actions.reject import reject
from servicedesk.actions.start import start
from servicedesk.actions.submit import submit
from servicedesk.models import Approval, ChangeType, Decision, Message, State, Ticket, Verb
from servicedesk.timeline import words
from servicedesk.workflow import MoveRefused
from tests.servicedesk.committee import CommitteeCase


def answers(ticket: Ticket) -> dict[str, str]:
    """Municipality (or "manager") → decision."""
    rows = Approval.objects.filter(ticket=ticket).select_related("organisation")
    return {row.organisation.slug if row.organisation else "manager": row.decision for row in rows}


class TestReach(CommitteeCase):
    def slugs(self, ticket: Ticket) -> set[str]:
        return {one.slug for one in reach.reached(ticket)}

    def test_items_services_the_own_house_and_where_nothing_is_known_all(self) -> None:
        r = self.r
        both, everybody = {"granli", "vassoy"}, {"granli", "vassoy", "ytteroy"}
        lonely = Service.objects.create(name="Archive", slug="archive", organisation=r.region)
        cases: tuple[tuple[dict[str, Any], set[str]], ...] = (
            ({}, both),  # the switch carries e-mail, which both use
            ({"items": [r.system_there]}, {"vassoy"}),
            ({"items": [], "service": r.mail}, both),  # a named service is felt by all who use it
            ({"items": [], "service": r.payroll}, {"granli"}),
            ({"items": [], "organisation": r.here}, {"granli"}),
            ({"items": [], "organisation": r.unit}, {"granli"}),
            ({"items": [r.system_there], "organisation": r.here}, both),
            ({"items": []}, everybody),
            ({"items": [], "service": lonely}, everybody),
        )
        for given, wanted in cases:
            assert self.slugs(self.draft(**given)) == wanted, given

    def test_sight_follows_reach_whatever_it_came_from(self) -> None:
        r = self.r
        seats = {"granli": "commissioner", "vassoy": "member_there", "ytteroy": "member_beyond"}
        cases: tuple[dict[str, Any], ...] = (
            {}, {"items": [r.system_there]}, {"items": []}, {"items": [], "service": r.payroll},
            {"items": [], "organisation": r.unit}, {"items": [], "organisation": r.there},
        )  # fmt: skip
        for given in cases:
            ticket = self.draft(**given)
            seen = {
                slug for slug, who in seats.items() if ticket in Ticket.objects.visible_to(self.fresh(who))
            }
            assert seen == self.slugs(ticket), given

    def test_a_draft_follows_its_edits_and_the_register(self) -> None:
        ticket = self.draft(items=[], service=self.r.mail)
        edit(self.by("technician"), ticket, service=self.r.payroll)
        assert self.slugs(ticket) == {"granli"}
        self.r.payroll.consumers.add(self.beyond)
        submit(self.by("technician"), ticket)
        assert self.slugs(ticket) == {"granli", "ytteroy"}
        assert answers(ticket) == {"manager": "waiting", "granli": "waiting", "ytteroy": "waiting"}

    def test_a_municipality_that_left_is_not_asked(self) -> None:
        Organisation.objects.filter(pk=self.r.there.pk).update(is_active=False)
        assert self.slugs(self.draft()) == {"granli"}

    def test_who_sits_for_another_place_than_home_sees_that_place(self) -> None:
        guest = self.member("guest", self.beyond, home=self.r.supplier)
        nobody_known, touches_home = self.draft(items=[]), self.draft()
        seen = Ticket.objects.visible_to(guest)
        assert nobody_known in seen
        assert touches_home not in seen

    def test_a_chair_of_the_whole_region_sees_all(self) -> None:
        chair = self.member("chair", self.r.region)
        cases: tuple[dict[str, Any], ...] = ({}, {"items": []}, {"items": [self.r.system_there]})
        for given in cases:
            assert self.draft(**given) in Ticket.objects.visible_to(chair)


class TestApart(CommitteeCase):
    def test_a_s_and_b_s_member_apart(self) -> None:
        ticket = self.asked()
        assert answers(ticket) == {"manager": "waiting", "granli": "waiting", "vassoy": "waiting"}
        assert approve(self.by("commissioner"), ticket).state == State.APPROVAL
        assert approve(self.by("changemanager"), ticket).state == State.APPROVAL
        assert answers(ticket) == {"manager": "approved", "granli": "approved", "vassoy": "waiting"}
        assert not MaintenanceWindow.objects.filter(source_key=ticket.reference).exists()
        assert approve(self.by("member_there"), ticket).state == State.SCHEDULED
        assert MaintenanceWindow.objects.filter(source_key=ticket.reference).exists()

    def test_one_no_stops_it(self) -> None:
        ticket = self.asked()
        approve(self.by("commissioner"), ticket)
        assert reject(self.by("member_there"), ticket, body="Exams").state == State.REJECTED
        with pytest.raises(MoveRefused):
            approve(self.by("changemanager"), ticket)
        page = self.client_of("changemanager").get(f"/desk/tickets/{ticket.reference}/")
        self.assertContains(page, "Not asked any more")
        self.assertNotContains(page, "Waits for")

    def test_c_neither_sees_nor_decides(self) -> None:
        ticket = self.asked()
        for verb in (Verb.APPROVE, Verb.REJECT):
            assert verb not in workflow.available(self.fresh("member_beyond"), ticket)
        with pytest.raises(PermissionDenied):
            approve(self.by("member_beyond"), ticket)
        with pytest.raises(PermissionDenied):
            reject(self.by("member_beyond"), ticket, body="no")

    def test_the_button_is_there_only_for_an_outstanding_answer_of_one_s_own(self) -> None:
        low = self.asked(details={"probability": 1})
        ticket = self.asked()
        approve(self.by("commissioner"), ticket)
        for who, row, offered in (
            ("commissioner", ticket, False), ("member_there", ticket, True), ("changemanager", ticket, True),
            ("lead", ticket, False), ("oncall", ticket, False), ("technician", ticket, False),
            ("commissioner", low, False), ("changemanager", low, True),
        ):  # fmt: skip
            page = self.client_of(who).get(f"/desk/tickets/{row.reference}/")
            assert page.status_code == 200, who
            for verb in ("approve", "reject"):
                assert (f"/do/{verb}/" in page.content.decode()) == offered, (who, verb)
                form = self.client_of(who).get(f"/desk/tickets/{row.reference}/do/{verb}/")
                assert form.status_code == (200 if offered else 403), (who, verb)

    def test_who_is_outstanding_stands_on_the_page_and_in_the_api(self) -> None:
        ticket = self.asked()
        approve(self.by("commissioner"), ticket, body="fint")
        page = self.client_of("member_there").get(f"/desk/tickets/{ticket.reference}/")
        for words_ in ("Granli kommune", "Vassøy kommune", "Waits for Member There", "Berit Aas", "fint"):
            self.assertContains(page, words_)
        client = self.client_of("commissioner")
        shown = client.get(f"/api/v1/tickets/{ticket.reference}").json()["approvals"]
        assert {(one["organisation"], one["decision"], one["decided_by"]) for one in shown} == {
            (None, "waiting", None), ("granli", "approved", "commissioner"), ("vassoy", "waiting", None),
        }  # fmt: skip

    def test_where_nobody_is_known_to_be_touched_the_page_says_so(self) -> None:
        sentence = "The register does not know whom this touches"
        for given, says in ((self.asked(items=[]), True), (self.asked(), False)):
            page = self.client_of("commissioner").get(f"/desk/tickets/{given.reference}/").content.decode()
            assert (sentence in page) == says

    def test_of_two_members_of_one_municipality_one_decides(self) -> None:
        self.member("second", self.r.here)
        ticket = self.asked()
        assert "second" in {
            m.recipient.username for m in Message.objects.filter(kind="approval") if m.recipient
        }
        approve(self.by("second"), ticket)
        with pytest.raises(MoveRefused, match=r"Second has answered already, for Granli"):
            approve(self.by("commissioner"), ticket)
        assert answers(ticket)["vassoy"] == "waiting"

    def test_an_answer_is_one_row_whoever_writes_it(self) -> None:
        ticket = self.asked()
        for role, organisation in ((Role.COMMISSIONER, self.r.here), (Role.CHANGEMANAGER, None)):
            with pytest.raises(IntegrityError), transaction.atomic():
                Approval.objects.create(ticket=ticket, role=role, organisation=organisation)

    def test_one_person_for_two_municipalities_answers_for_both(self) -> None:
        both = self.r.commissioner
        both.memberships.create(role=Role.COMMISSIONER, organisation=self.r.there)
        ticket = self.asked()
        form = self.client_of("commissioner").get(f"/desk/tickets/{ticket.reference}/do/approve/")
        self.assertContains(form, "You answer for Granli kommune, Vassøy kommune.")
        letter = Message.objects.get(kind="approval", recipient=both)
        assert "Granli kommune, Vassøy kommune" in letter.body
        approve(self.by("commissioner"), ticket)
        assert answers(ticket) == {"manager": "waiting", "granli": "approved", "vassoy": "approved"}
        entry = ticket.entries.get(verb=Verb.APPROVE)
        assert words(entry) == "approved for Granli kommune, Vassøy kommune"

    def test_a_vacant_seat_is_said_and_the_change_manager_decides(self) -> None:
        self.member_there.is_active = False
        self.member_there.save()
        ticket = self.asked()
        page = self.client_of("changemanager").get(f"/desk/tickets/{ticket.reference}/")
        self.assertContains(
            page, "Nobody is a member for this municipality: the change manager decides for it."
        )
        assert "for Vassøy kommune: you decide" in Message.objects.get(recipient=self.r.changemanager).body
        approve(self.by("changemanager"), ticket)
        assert answers(ticket) == {"manager": "approved", "granli": "waiting", "vassoy": "approved"}
        assert approve(self.by("commissioner"), ticket).state == State.SCHEDULED

    def test_a_seat_that_falls_vacant_later_does_not_hold_the_change_for_ever(self) -> None:
        ticket = self.asked()
        approve(self.by("commissioner"), ticket)
        approve(self.by("changemanager"), ticket)
        self.member_there.memberships.all().delete()
        assert Verb.APPROVE in workflow.available(self.fresh("changemanager"), ticket)
        assert approve(self.by("changemanager"), ticket).state == State.SCHEDULED

    def test_letters_go_to_those_whose_answer_it_is(self) -> None:
        self.asked()
        told = {m.recipient.username for m in Message.objects.filter(kind="approval") if m.recipient}
        assert told == {"changemanager", "commissioner", "member_there"}
        letter = Message.objects.get(kind="approval", recipient=self.member_there)
        assert "You are asked for Vassøy kommune." in letter.body


class TestIntegrity(CommitteeCase):
    def test_a_municipality_that_was_forgotten_is_found(self) -> None:
        ticket = self.asked()
        assert list(integrity._answers()) == []
        Approval.objects.filter(ticket=ticket, organisation=self.r.there).delete()
        assert list(integrity._answers()) == ["CHG-00001: 1 municipalities that it reaches were not asked"]


class TestGrows(CommitteeCase):
    def test_who_is_reached_later_is_asked_and_answers_given_stay(self) -> None:
        ticket = self.asked(items=[self.r.system_there])
        approve(self.by("member_there"), ticket)
        link(self.by("technician"), ticket, item=self.r.printer)
        assert answers(ticket) == {"manager": "waiting", "vassoy": "approved", "granli": "waiting"}
        assert "commissioner" in {m.recipient.username for m in Message.objects.all() if m.recipient}
        assert ticket in Ticket.objects.visible_to(self.fresh("commissioner"))
        entry = ticket.entries.filter(verb=Verb.LINK).latest("pk")
        assert words(entry) == "added prn-granli-1, which reaches Granli kommune too"

    def test_one_that_was_approved_waits_again(self) -> None:
        ticket = self.asked(items=[self.r.system_there])
        approve(self.by("member_there"), ticket)
        assert approve(self.by("changemanager"), ticket).state == State.SCHEDULED
        assert link(self.by("technician"), ticket, item=self.r.printer).state == State.APPROVAL
        window = MaintenanceWindow.objects.get(source_key=ticket.reference)
        assert window.cancelled_at is not None
        assert approve(self.by("commissioner"), ticket).state == State.SCHEDULED
        window = MaintenanceWindow.objects.get(source_key=ticket.reference, cancelled_at=None)
        assert {item.name for item in window.items.all()} == {"Komtek", "prn-granli-1"}

    def test_what_is_under_way_is_not_widened_to_who_was_never_asked(self) -> None:
        ticket = self.asked(items=[self.r.system_there])
        approve(self.by("member_there"), ticket)
        approve(self.by("changemanager"), ticket)
        start(self.by("technician"), ticket)
        with pytest.raises(MoveRefused, match="Granli kommune, who were not asked"):
            link(self.by("technician"), ticket, item=self.r.printer)
        assert not ticket.ticket_items.filter(item=self.r.printer).exists()
        assert ticket not in Ticket.objects.visible_to(self.fresh("commissioner"))

    def test_nothing_is_asked_where_the_committee_does_not_decide(self) -> None:
        cases: tuple[dict[str, Any], ...] = ({"probability": 1}, {"type": ChangeType.EMERGENCY})
        for more in cases:
            ticket = self.asked(items=[self.r.system_there], details=more)
            link(self.by("technician"), ticket, item=self.r.printer)
            assert answers(ticket) == {"manager": Decision.WAITING}
            assert ticket in Ticket.objects.visible_to(self.fresh("commissioner"))
