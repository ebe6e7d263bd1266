"""Whose word a mail may be: what the own server found, whose name it bears, what an administrator named."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.core import mail as mailbox
from django.test import override_settings

from cmdb.models import Organisation
from servicedesk.actions.resolve import resolve
from servicedesk.actors import Actor
from servicedesk.intake.mail import acting, running
from servicedesk.mail import storing, tokens
from servicedesk.models import Entry, FormAddress, InboundMail, Message, RefusedSender, State, Ticket, Verb
from tests.servicedesk.test_mail import MailCase, letter

US = "mx.example.no"
CHECKED = override_settings(SAMDRIFT_MAIL_AUTHSERV=[US])


def said(result: str) -> dict[str, str]:
    return {"Authentication_Results": f"{US}; {result}"}


PASS = said("dmarc=pass header.from=example.no")
FAIL = said("spf=fail; dkim=none; dmarc=fail header.from=example.no")


class TestStaff(MailCase):
    """The desk's own people."""

    def held(self, **headers: str) -> None:
        ticket = self.opened()
        genuine = tokens.message_id(ticket.reference, 1, self.r.technician.pk)
        before = Entry.objects.count()
        for subject, reply_to in (
            (f"[{ticket.reference}]", ""),
            ("Re", genuine),
            ("Nullstill alle passord", ""),
        ):
            row = self.take(
                letter("Per <technician@example.no>", subject, "Nå", In_Reply_To=reply_to, **headers)
            )
            assert (row.outcome, row.reason) == ("held", "not_authenticated")
        assert Entry.objects.count() == before
        assert Ticket.objects.count() == 1

    @CHECKED
    def test_what_fails_is_held(self) -> None:
        self.held(**FAIL)

    @CHECKED
    def test_what_nobody_proved_is_held(self) -> None:
        self.held()

    @CHECKED
    def test_a_forged_result_proves_nothing(self) -> None:
        self.held(Authentication_Results="mx.evil.example; dmarc=pass header.from=example.no")

    def test_without_a_server_that_checks_they_are_held(self) -> None:
        self.held(**PASS)

    @CHECKED
    def test_with_a_pass_they_report(self) -> None:
        row = self.take(letter("technician@example.no", **PASS))
        assert (row.outcome, row.authentication, row.authentication_detail) == ("opened", "pass", "DMARC")
        assert Ticket.objects.get().reporter == self.r.technician

    def test_every_working_role_counts_as_staff(self) -> None:
        for account in ("lead", "changemanager", "oncall", "admin"):
            assert self.take(letter(f"{account}@example.no")).reason == "not_authenticated", account


@CHECKED
class TestOthers(MailCase):
    def test_a_forged_reporter_neither_reports_nor_comments(self) -> None:
        ticket = self.opened()
        for subject in ("Ny feil", f"[{ticket.reference}] mer"):
            row = self.take(letter("own@example.no", subject, In_Reply_To=self.sent_id(), **FAIL))
            assert (row.outcome, row.reason, row.organisation) == (
                "held",
                "not_authenticated",
                ticket.organisation,
            )
        assert Entry.objects.filter(verb=Verb.COMMENT).count() == 0

    def test_a_forged_reporter_reopens_nothing(self) -> None:
        ticket = self.opened()
        resolve(Actor.of(self.r.technician), ticket, resolution="x")
        self.take(letter("own@example.no", f"[{ticket.reference}]", **FAIL))
        ticket.refresh_from_db()
        assert ticket.state == State.RESOLVED

    def test_bytes_in_the_field_do_not_stop_it(self) -> None:
        raw = letter("own@example.no", **FAIL).replace(b"spf=fail", b"spf=fail (bl\xe5b\xe6r)")
        assert self.take(raw).reason == "not_authenticated"

    def test_spf_of_another_domain_is_held_without_dmarc(self) -> None:
        row = self.take(letter("own@example.no", **said("spf=pass smtp.mailfrom=x@evil.example; dmarc=none")))
        assert row.reason == "not_authenticated"
        assert "evil.example" in row.authentication_detail

    def test_spf_of_the_own_domain_will_do(self) -> None:
        row = self.take(
            letter("own@example.no", **said("spf=pass smtp.mailfrom=b@mail.example.no; dmarc=none"))
        )
        assert (row.outcome, row.authentication) == ("opened", "pass")

    def test_where_nothing_is_said_it_opens_and_says_so(self) -> None:
        row = self.take(letter("own@example.no"))
        assert (row.outcome, row.authentication) == ("opened", "none")
        entry = Entry.objects.get(verb=Verb.OPEN)
        assert entry.data["sender"] == {"address": "own@example.no", "authentication": "none", "by": ""}

    def test_a_stranger_who_fails_is_not_an_unknown_sender(self) -> None:
        assert self.take(letter("x@elsewhere.example", **said("dmarc=fail"))).reason == "not_authenticated"

    def test_several_addresses_in_from_are_nobody(self) -> None:
        ok = said("dmarc=pass")
        for sender in ("own@example.no, x@evil.example", "x@evil.example, own@example.no"):
            row = self.take(letter(sender, **ok))
            assert row.reason == "not_authenticated"
            assert "evil.example" in row.authentication_detail

    def test_two_from_fields_are_nobody(self) -> None:
        raw = letter("own@example.no", **said("dmarc=pass")).replace(b"To:", b"From: x@evil.example\nTo:", 1)
        assert self.take(raw).reason == "not_authenticated"

    def test_a_name_that_is_an_address_is_a_name(self) -> None:
        row = self.take(
            letter('"own@example.no" <x@evil.example>', **said("dmarc=pass header.from=evil.example"))
        )
        assert (row.sender, row.reason) == ("x@evil.example", "unknown_sender")

    def test_the_sender_field_speaks_for_nobody(self) -> None:
        row = self.take(
            letter("x@evil.example", Sender="own@example.no", **said("dmarc=pass header.from=evil.example"))
        )
        assert row.reason == "unknown_sender"


class TestForms(MailCase):
    """Forms on web pages."""

    def sent(self, reply_to: str = "Kari Eng <own@example.no>", **headers: str) -> InboundMail:
        return self.take(letter("Skjema <skjema@granli.example>", Reply_To=reply_to, **headers))

    def named(self) -> None:
        FormAddress.objects.create(address="Skjema@granli.example", organisation=self.r.here)

    def test_a_named_form_s_reply_to_is_who_reports(self) -> None:
        self.named()
        assert self.sent().outcome == "opened"
        assert Ticket.objects.get().reporter == self.r.own

    def test_a_form_that_nobody_named_is_only_its_from(self) -> None:
        assert self.sent().reason == "unknown_sender"
        Organisation.objects.filter(pk=self.r.here.pk).update(email="post@granli.example")
        assert (
            self.take(letter("Skjema <skjema@granli.example>", "to", Reply_To="own@example.no")).outcome
            == "opened"
        )
        assert Ticket.objects.get().reporter is None

    def test_a_person_s_reply_to_names_nobody(self) -> None:
        self.take(letter("colleague@example.no", Reply_To="own@example.no"))
        assert Ticket.objects.get().reporter == self.r.colleague

    def test_a_stranger_who_fills_it_in_is_reported_for_the_form_s_municipality(self) -> None:
        self.named()
        assert self.sent("Ny <ny@privat.example>").outcome == "opened"
        ticket = Ticket.objects.get()
        assert (ticket.reporter, ticket.organisation) == (None, self.r.here)
        assert "Ny <ny@privat.example>" in ticket.description

    def test_forms_may_look_like_machines(self) -> None:
        self.named()
        signs: list[dict[str, str]] = [{"Auto_Submitted": "auto-generated"}, {"Precedence": "bulk"}]
        for n, headers in enumerate(signs):
            assert self.sent(Subject_Id=str(n), Message_ID=f"<{n}@f>", **headers).outcome == "opened"
        assert self.sent(Auto_Submitted="auto-replied", Message_ID="<x@f>").reason == "automatic"

    def test_what_somebody_typed_into_a_form_writes_into_no_ticket(self) -> None:
        self.named()
        ticket = self.opened()
        resolve(Actor.of(self.r.technician), ticket, resolution="x")
        row = self.take(letter("skjema@granli.example", f"[{ticket.reference}]", Reply_To="own@example.no"))
        assert row.outcome == "opened"
        ticket.refresh_from_db()
        assert ticket.state == State.RESOLVED
        opened = row.ticket
        assert opened is not None
        page = self.client_of("technician").get(f"/desk/tickets/{opened.reference}/")
        self.assertContains(page, "by a form on a web page, the name is not checked")

    def test_a_form_that_names_nobody_is_not_answered(self) -> None:
        self.named()
        assert self.take(letter("skjema@granli.example", Auto_Submitted="auto-generated")).outcome == "opened"
        assert not Message.objects.exists()

    def test_a_form_never_speaks_for_the_desk(self) -> None:
        self.named()
        with CHECKED:
            row = self.sent("technician@example.no", **said("dmarc=pass header.from=granli.example"))
        assert row.reason == "not_authenticated"

    def test_a_forged_form_is_held(self) -> None:
        self.named()
        with CHECKED:
            assert self.sent(**said("dmarc=fail header.from=granli.example")).reason == "not_authenticated"


class TestRefused(MailCase):
    def refuse(self, address: str, organisation: Any = None) -> None:
        RefusedSender.objects.create(address=address, organisation=organisation)

    def test_an_address_a_domain_and_what_is_below_it(self) -> None:
        for address in ("own@example.no", "@example.no", "@no"):
            RefusedSender.objects.all().delete()
            self.refuse(address)
            row = self.take(letter("own@example.no", subject=address))
            assert row.reason == ("refused_sender" if address != "@no" else ""), address

    def test_a_municipality_refuses_for_itself(self) -> None:
        self.refuse("@example.no", self.r.there)
        assert self.take(letter("own@example.no")).outcome == "opened"
        assert self.take(letter("stranger@example.no")).reason == "refused_sender"

    def test_a_refused_newsletter_asks_nobody_either(self) -> None:
        self.refuse("@news.example")
        row = self.take(letter("a@news.example", List_Id="<x.news.example>"))
        assert (row.reason, row.is_waiting) == ("refused_sender", False)

    def test_others_are_not_meant(self) -> None:
        self.refuse("n@example.no")
        self.refuse("@xexample.no")
        assert self.take(letter("own@example.no")).outcome == "opened"


class TestTooMany(MailCase):
    def test_it_counts_by_the_stored_sender(self) -> None:
        Organisation.objects.filter(pk=self.r.here.pk).update(email="post@granli.example")
        for n in range(acting.MOST_AN_HOUR + 2):
            storing.store(letter("Ny <ny@granli.example>", subject=f"x{n}"))
        # a text that names the address is no mail from it
        storing.store(letter("annen@granli.example", subject="andre", text="<ny@granli.example> " * 30))
        running.run()
        assert (
            InboundMail.objects.filter(outcome="opened", sender="ny@granli.example").count()
            == acting.MOST_AN_HOUR
        )
        held = InboundMail.objects.filter(reason="too_many")
        assert {row.sender for row in held} == {"ny@granli.example"}
        assert all(row.organisation == self.r.here for row in held)
        assert InboundMail.objects.filter(outcome="opened", sender="annen@granli.example").exists()

    def test_answers_have_a_limit_too(self) -> None:
        ticket = self.opened()
        sent = len(mailbox.outbox)
        with mock.patch.object(acting, "MOST_ANSWERS", 3):
            rows = [self.take(letter("own@example.no", f"[{ticket.reference}] {n}")) for n in range(5)]
        assert [row.outcome for row in rows] == ["commented"] * 3 + ["held"] * 2
        assert len(mailbox.outbox) == sent


class TestShown(MailCase):
    """How the sender was known stands on the entry, for those who work on it."""

    def page(self, account: str = "technician") -> str:
        ticket = Ticket.objects.get()
        return self.client_of(account).get(f"/desk/tickets/{ticket.reference}/").content.decode()

    def test_not_checked(self) -> None:
        self.take(letter("own@example.no"))
        assert "by mail, sender not checked" in self.page()

    @CHECKED
    def test_verified(self) -> None:
        self.take(letter("own@example.no", **PASS))
        assert "by mail, sender verified (DMARC)" in self.page()

    @CHECKED
    def test_nothing_said(self) -> None:
        self.take(letter("own@example.no"))
        assert "by mail, sender not verified" in self.page()

    def test_not_for_others(self) -> None:
        self.take(letter("own@example.no"))
        assert "sender not checked" not in self.page("keyuser")
