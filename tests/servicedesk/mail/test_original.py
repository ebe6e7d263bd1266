"""A mail as it came is one click away for those who work on it, and for nobody else."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.urls import reverse

from cmdb.models import User
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.intake.mail import running
from servicedesk.mail import storing
from servicedesk.models import InboundMail, Outcome, Reason
from tests.cases import RegionCase
from tests.servicedesk.mail.letters import PNG, attached, branch, heads, multipart, part, plain

NAMES = ("mail_original", "mail_document", "mail_source")


class OriginalCase(RegionCase):
    def take(self, raw: bytes) -> InboundMail:
        row, _made = storing.store(raw)
        running.take(row.pk)
        return InboundMail.objects.get(pk=row.pk)

    def get(self, who: User, name: str, row: InboundMail, **query: str) -> Any:
        self.client.force_login(who)
        return self.client.get(reverse(f"desk:{name}", args=[row.pk]), query)

    def html_mail(self) -> bytes:
        picture = part(PNG, b"image/png", b"Content-ID: <a>", b"Content-Disposition: inline")
        html = part(b"<h1>Hei</h1><img src='cid:a'><img src='https://x.example/t.gif'>", b"text/html")
        return multipart([branch([html, picture], "related", "in")], subject=b"Bilde <script>")


class TestRights(OriginalCase):
    def test_who_works_on_the_ticket(self) -> None:
        row = self.take(self.html_mail())
        for name in NAMES:
            assert self.get(self.r.technician, name, row).status_code == 200

    def test_who_reported_it_sees_the_ticket_and_not_this(self) -> None:
        row = self.take(self.html_mail())
        for name in NAMES:
            assert self.get(self.r.own, name, row).status_code == 403
            assert self.get(self.r.stranger, name, row).status_code in (403, 404)

    def test_nobody_without_signing_in(self) -> None:
        row = self.take(self.html_mail())
        for name in NAMES:
            assert self.client.get(reverse(f"desk:{name}", args=[row.pk])).status_code == 302

    def test_held_mail_is_for_those_who_work_where_it_belongs(self) -> None:
        row = self.take(plain(b"hei", subject=b"x").replace(b"own@example.no", b"who@else.example"))
        assert row.outcome == Outcome.HELD
        row.organisation = self.r.here
        row.save(update_fields=["organisation"])
        assert self.get(self.r.technician, "mail_original", row).status_code == 200
        assert self.get(self.r.own, "mail_original", row).status_code in (403, 404)
        row.organisation = self.r.supplier
        row.save(update_fields=["organisation"])
        for name in NAMES:
            assert self.get(self.r.technician, name, row).status_code == 404


class TestPage(OriginalCase):
    def test_parts(self) -> None:
        row = self.take(self.html_mail())
        page = self.get(self.r.technician, "mail_original", row).content.decode()
        assert "Bilde &lt;script&gt;" in page
        assert "Hei" in page
        page = self.get(self.r.technician, "mail_original", row, show="html").content.decode()
        assert f'src="{reverse("desk:mail_document", args=[row.pk])}"' in page
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
        assert "1 picture from another server" in page
        page = self.get(self.r.technician, "mail_original", row, show="headers").content.decode()
        assert "<dt>Message-ID</dt>" in page
        assert row.message_id.strip("<>") in page
        page = self.get(self.r.technician, "mail_original", row, show="source").content.decode()
        assert "Content-Type: multipart/mixed" in page
        assert "&lt;h1&gt;Hei" in page

    def test_the_document_runs_nothing_and_loads_nothing(self) -> None:
        row = self.take(self.html_mail())
        answer = self.get(self.r.technician, "mail_document", row)
        policy = answer["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; img-src data:;")
        assert "sandbox allow-popups" in policy
        assert "frame-ancestors 'self'" in policy
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert "no-store" in answer["Cache-Control"]
        page = answer.content.decode()
        assert "data:image/png;base64," in page
        assert "x.example" not in page

    def test_the_source_is_the_very_bytes_as_a_download(self) -> None:
        raw = self.html_mail()
        answer = self.get(self.r.technician, "mail_source", self.take(raw))
        assert answer.content == raw
        assert answer["Content-Disposition"].startswith("attachment;")
        assert ".eml" in answer["Content-Disposition"]
        assert answer["Content-Type"] == "application/octet-stream"

    def test_what_cannot_be_read_still_has_its_head_and_source(self) -> None:
        raw = heads(b"lag") + b"".join(
            b"Content-Type: message/rfc822\r\n\r\nX: <b>\r\n" for _n in range(1000)
        )
        row = self.take(raw)
        assert row.reason == Reason.UNREADABLE
        row.organisation = self.r.here
        row.save(update_fields=["organisation"])
        for show in ("", "html", "headers", "source"):
            page = self.get(self.r.technician, "mail_original", row, show=show)
            assert page.status_code == 200
            assert "cannot be taken apart" in page.content.decode()
        assert (
            "X: &lt;b&gt;"
            in self.get(self.r.technician, "mail_original", row, show="source").content.decode()
        )
        assert self.get(self.r.technician, "mail_document", row).status_code == 404
        assert self.get(self.r.technician, "mail_source", row).content == raw


class TestTimeline(OriginalCase):
    def answered(self) -> InboundMail:
        ticket = open_ticket(Actor.of(self.r.own), title="Skriveren")
        body = "Rom 3.\n\nDen 5. okt. 2026 kl. 08:12 skrev Desken <desk@example.no>:\n> Hvilket <rom>?"
        files = [attached(b"x", b"n%d.txt" % n) for n in range(3)]
        with mock.patch("servicedesk.mail.parts.MOST_FILES", 2):
            return self.take(
                multipart([part(body.encode()), *files], subject=f"[{ticket.reference}]".encode())
            )

    def test_the_answer_folds_what_it_quotes_says_what_is_missing_and_leads_to_the_original(self) -> None:
        row = self.answered()
        assert row.ticket is not None
        link = reverse("desk:mail_original", args=[row.pk])
        self.client.force_login(self.r.technician)
        page = self.client.get(reverse("desk:ticket", args=[row.ticket.reference])).content.decode()
        assert f'href="{link}"' in page
        assert page.index("Rom 3.") < page.index("What it answers") < page.index("Hvilket &lt;rom&gt;?")
        assert "1 file of this mail was not kept here" in page
        assert "n2.txt" in page

    def test_the_reporter_sees_the_same_without_the_way_to_the_original(self) -> None:
        row = self.answered()
        assert row.ticket is not None
        self.client.force_login(self.r.own)
        page = self.client.get(reverse("portal:ticket", args=[row.ticket.reference])).content.decode()
        assert "What it answers" in page
        assert "n2.txt" in page
        assert "/original/" not in page
