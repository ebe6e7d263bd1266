"""The board's pages: who sees what, that figures open as many rows, freezing, agreements, calendars, panels."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from unittest import mock

from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from monitoring import intervals, maintenance
from sla import clocks
from sla.models import (
    Agreement,
    AgreementTarget,
    Calendar,
    Case,
    Correction,
    DeclaredOutage,
    Improvement,
    Report,
    ServiceTarget,
)
from sla.reports import freezing, monthly, summaries
from sla.reports.scope import add_months
from tests.cases import RegionCase
from tests.sla.month import MONTH, NOW, START, fill
from tests.sla.test_clocks import hours

REPORT = "/board/2026-09/granli/"
LINK = re.compile(r'href="(/board/2026-09/[a-z]+/rows/[^"]+/)"[^>]*>\s*([^<]+?)\s*<')


class BoardCase(RegionCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        fill(cls.r, 240)
        ServiceTarget.objects.create(agreement=cls.r.agreement, service=cls.r.payroll, availability=0.999)
        target = cls.r.server_target
        intervals.change(target, "up", START)
        for hour in (100, 300):
            intervals.change(target, "down", START + hours(hour))
            intervals.change(target, "up", START + hours(hour + 4.5))
        maintenance.plan(
            "CHG-9", title="New disks", organisation=cls.r.region, items=[cls.r.server],
            starts_at=START + hours(200), ends_at=START + hours(203), announced_at=START,
        )  # fmt: skip

    def setUp(self) -> None:
        cache.clear()
        clock = mock.patch("django.utils.timezone.now", return_value=NOW)
        clock.start()
        self.addCleanup(clock.stop)

    def page(self, path: str, account: str = "board", status: int = 200) -> str:
        answer = self.client_of(account).get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.content.decode()


class TestRights(BoardCase):
    PAGES = (
        "/board/", REPORT, f"{REPORT}rows/incidents:*:*/", f"{REPORT}files/json/", "/board/lines/",
        "/board/improvements/", "/board/agreements/", "/board/calendars/", "/board/outages/",
    )  # fmt: skip

    def test_nobody_is_sent_to_sign_in(self) -> None:
        for path in self.PAGES:
            answer = self.client.get(path)
            assert answer.status_code == 302, path
            assert "/accounts/login/" in answer["Location"]

    def test_own_colleague_and_stranger_are_refused(self) -> None:
        for account in ("own", "colleague", "stranger", "technician", "keyuser", "supplier_person"):
            for path in self.PAGES:
                self.page(path, account, 403)

    def test_a_commissioner_sees_the_own_municipality_and_no_other(self) -> None:
        self.page(REPORT, "commissioner")
        for foreign in (
            "/board/2026-09/vassoy/",
            "/board/2026-09/elvedal/",
            "/board/2026-09/vassoy/rows/incidents:*:*/",
        ):
            self.page(foreign, "commissioner", 404)
        overview = self.page("/board/", "commissioner")
        assert "Granli" in overview
        assert "Vassøy" not in overview

    def test_a_foreign_case_is_404(self) -> None:
        foreign = Case.objects.filter(municipality=self.r.there).first()
        own = Case.objects.filter(municipality=self.r.here).first()
        assert foreign is not None
        assert own is not None
        self.page(f"/board/cases/{own.reference}/", "commissioner")
        self.page(f"/board/cases/{foreign.reference}/", "commissioner", 404)
        self.page(f"/board/cases/{own.reference}/", "stranger", 403)

    def test_only_keepers_freeze(self) -> None:
        for account in ("board", "commissioner", "changemanager"):
            assert self.client_of(account).post(f"{REPORT}freeze/").status_code == 403
        assert self.client_of("stranger").post(f"{REPORT}freeze/").status_code == 403
        assert self.client_of("lead").get(f"{REPORT}freeze/").status_code == 405
        assert not Report.objects.exists()

    def test_what_is_not_there_is_404(self) -> None:
        for path in (
            "/board/2026-13/granli/", "/board/2026-09/granli-skole/", f"{REPORT}rows/nonsense/",
            f"{REPORT}rows/incidents:x:y/", f"{REPORT}rows/outages:nothing/", f"{REPORT}rows/points:odd/",
            f"{REPORT}files/docx/", f"{REPORT}charts/pie/", "/board/cases/NONE-1/",
        ):  # fmt: skip
            self.page(path, "board", 404)


class TestFigures(BoardCase):
    def check(self, path: str, least: int) -> None:
        """Every count that is a link opens a page with as many rows."""
        seen = 0
        for url, text in dict.fromkeys(LINK.findall(self.page(path))):
            if not re.fullmatch(r"[\d\u202f,]+( [a-z ]+)?", unescape(text)):
                continue  # a percentage opens what it is made of
            wanted = int(re.sub(r"\D", "", unescape(text)))
            answer = self.page(unescape(url))
            rows = len(re.findall(r"<tr data-row", answer))
            assert rows == min(wanted, 100), (url, wanted, rows)
            seen += 1
        assert seen >= least

    def test_live(self) -> None:
        self.check(REPORT, 30)

    def test_of_the_region(self) -> None:
        self.check("/board/2026-09/elvedal/", 30)

    def test_frozen_and_meddled_with(self) -> None:
        freezing.freeze(MONTH, self.r.here, "Liv Moen")
        for case in Case.objects.filter(municipality=self.r.here, outcome="")[:30]:
            clocks.cancel(case, NOW, "Kari")
        self.check(REPORT, 30)

    def test_outages_show_what_was_measured(self) -> None:
        page = self.page(f"{REPORT}rows/outages:payroll/")
        assert page.count("<tr data-row") == 2
        assert page.count("srv-granli-1") >= 3
        assert "New disks" in page

    def test_points_open_as_many_lines(self) -> None:
        page = self.page(REPORT)
        met, of = map(int, re.findall(r">(\d+) of (\d+)<", page)[0])
        assert self.page(f"{REPORT}rows/points:met/").count("<tr data-row") == met
        assert self.page(f"{REPORT}rows/points:measured/").count("<tr data-row") == of

    def test_statements(self) -> None:
        client = self.client_of("board")
        with CaptureQueriesContext(connection) as seen:
            client.get(REPORT)
        assert len(seen) <= 40, len(seen)


class TestSheet(BoardCase):
    def test_it_says_what_happened(self) -> None:
        page = self.page(REPORT)
        assert "<h1" in page
        assert "Granli kommune, September 2026" in page
        assert "Payroll was down for 9 h" in page
        assert 'role="img" aria-label="Payroll:' in page
        assert "style=" not in page
        assert "onclick" not in page

    def test_hostile_names_are_text(self) -> None:
        Case.objects.filter(municipality=self.r.here).update(
            title="<script>x</script>", type_label="<b>y</b>"
        )
        self.r.system.name = "<img src=x>"
        self.r.system.save()
        for path in (REPORT, f"{REPORT}rows/incidents:*:*/", f"{REPORT}rows/faults:2026-09/"):
            page = self.page(path)
            assert "<script>x" not in page
            assert "<b>y" not in page
            assert "<img src=x" not in page

    def test_files(self) -> None:
        for form, kind in (
            ("json", "application/json"),
            ("xlsx", "spreadsheetml"),
            ("pdf", "application/pdf"),
        ):
            answer = self.client_of("board").get(f"{REPORT}files/{form}/")
            assert kind in answer["Content-Type"]
            assert "granli-2026-09" in answer["Content-Disposition"]
            assert len(answer.content) > 1000

    def test_a_picture_is_drawn_when_asked_for_and_follows_the_scheme(self) -> None:
        fragment = self.page(f"{REPORT}charts/trend/")
        assert "<svg" in fragment
        assert "var(--ds-color-accent-base-default)" in fragment
        assert "#0b5a6e" not in fragment
        assert "<svg" in self.page(REPORT).split('id="s-trend"')[1]

    def test_an_empty_month_and_a_coming_one(self) -> None:
        assert "None this month" in self.page("/board/2025-01/granli/")
        assert "can be frozen when it is over" in self.page("/board/2026-11/granli/", "lead")


class TestOverview(BoardCase):
    def test_thirteen_months_of_every_organisation(self) -> None:
        assert 'hx-get="/board/lines/"' in self.page("/board/")  # nothing is measured yet
        lines = self.page("/board/lines/")
        assert lines.count('<th scope="row">') == 13
        assert 'href="/board/2026-09/granli/"' in lines
        page = self.page("/board/")
        assert "hx-get" not in page.split("<tbody")[1].split("</tbody")[0]
        for name in ("Elvedal IKT", "Granli kommune", "Vassøy kommune"):
            assert name in page

    def test_it_says_what_the_reports_say(self) -> None:
        organisations = [self.r.region, self.r.here, self.r.there]
        months = [add_months(MONTH, -back) for back in range(5)]
        found = summaries.of(months, organisations, wait=True)
        assert found is not None
        for month in months:
            for one in organisations:
                said, whole = found[month, one.pk].headline, monthly.build(month, one)["headline"]
                for name in ("points", "worst"):
                    assert said[name] == whole[name], (month, one, name)
                for name in ("incidents", "changes"):
                    assert (said[name]["count"], said[name]["key"]) == (
                        whole[name]["count"],
                        whole[name]["key"],
                    )

    def test_counts_are_of_now_and_frozen_months_as_they_were(self) -> None:
        before = self.page("/board/lines/", "commissioner")
        freezing.freeze(add_months(MONTH, -1), self.r.here, "Liv Moen")
        Case.objects.filter(municipality=self.r.here).update(outcome="cancelled")
        after = self.page("/board/", "commissioner")
        assert "Frozen" in after
        assert re.findall(r"2026-08/granli/rows/incidents[^<]*<", before) == re.findall(
            r"2026-08/granli/rows/incidents[^<]*<", after
        )
        assert "2026-09/granli/rows/incidents" in before
        assert "2026-09/granli/rows/incidents" not in after

    def test_statements_do_not_grow_with_months(self) -> None:
        with CaptureQueriesContext(connection) as seen:
            summaries.of([MONTH], [self.r.here], wait=True)
        few = len(seen)
        cache.clear()
        with CaptureQueriesContext(connection) as seen:
            summaries.of([add_months(MONTH, -back) for back in range(13)], [self.r.here], wait=True)
        assert len(seen) <= few + 1


class TestClosing(BoardCase):
    def test_freeze_then_correct(self) -> None:
        client = self.client_of("lead")
        client.post(f"{REPORT}freeze/")
        report = Report.objects.get()
        assert report.frozen_by == "Liv Moen"
        assert "Frozen" in self.page(REPORT)
        assert "All figures are still the same" in self.page(REPORT, "lead")
        counted = Case.objects.filter(
            municipality=self.r.here, kind="incident", outcome="", opened_at__gte=START
        )
        for case in counted.filter(opened_at__lt=START + timedelta(days=30))[:2]:
            clocks.cancel(case, NOW, "Kari")
        assert "Add as corrections" in self.page(REPORT, "lead")
        assert "Add as corrections" not in self.page(REPORT, "board")
        assert client.post(f"{REPORT}correct/", {"reason": ""}).status_code == 302
        assert not Correction.objects.exists()
        client.post(f"{REPORT}correct/", {"reason": "Two were tests"})
        assert Correction.objects.filter(reason="Two were tests", approved_by="Liv Moen").exists()
        assert "Two were tests" in self.page(REPORT)
        assert self.client_of("board").post(f"{REPORT}correct/", {"reason": "x"}).status_code == 403

    def test_twice_says_so(self) -> None:
        client = self.client_of("lead")
        client.post(f"{REPORT}freeze/")
        assert "frozen already" in client.post(f"{REPORT}freeze/", follow=True).content.decode()


class TestCase(BoardCase):
    def test_every_step_is_there(self) -> None:
        case = Case.objects.filter(municipality=self.r.here, clocks__entries__do="pause").first()
        assert case is not None
        page = self.page(f"/board/cases/{case.reference}/")
        assert "waiting for the reporter" in page
        assert "Core hours" in page

    def test_the_ticket_is_linked_for_those_who_work_there(self) -> None:
        case = Case.objects.filter(municipality=self.r.here).first()
        assert case is not None
        with override_settings(SAMDRIFT_CASE_URL="board:case_detail"):
            assert "Open the ticket" in self.page(f"/board/cases/{case.reference}/", "lead")
            assert "Open the ticket" not in self.page(f"/board/cases/{case.reference}/", "board")


class TestRegisters(BoardCase):
    def test_an_improvement_is_entered_and_followed_up(self) -> None:
        client = self.client_of("board")
        form = {"title": "Second line to the town hall", "organisation": self.r.here.pk, "state": "decided"}
        answer = client.post("/board/improvements/new/", form)
        assert answer.status_code == 302, answer.content.decode()[-3000:]
        one = Improvement.objects.get()
        assert "Second line" in self.page("/board/improvements/")
        assert "Second line" in self.page(REPORT)
        self.page(f"/board/improvements/{one.pk}/", "commissioner")
        Improvement.objects.update(organisation=self.r.there)
        self.page(f"/board/improvements/{one.pk}/", "commissioner", 404)

    def test_overlapping_agreements_are_refused(self) -> None:
        client = self.client_of("admin")
        form = {
            "organisation": self.r.here.pk, "name": "SLA 2027", "version": 2, "valid_from": "2026-12-01",
            "calendar": self.r.calendar.pk, "reopen_days": 14, "notice_hours": 48, "minimum_coverage": "0.95",
        }  # fmt: skip
        answer = client.post("/board/agreements/new/", form)
        assert answer.status_code == 422
        assert "End it first" in answer.content.decode()
        Agreement.objects.filter(organisation=self.r.here).update(valid_until="2026-12-01")
        assert client.post("/board/agreements/new/", form).status_code == 302

    def test_missing_priorities_are_shown(self) -> None:
        assert "no target for" not in self.page(f"/board/agreements/{self.r.agreement.pk}/", "lead")
        AgreementTarget.objects.create(
            agreement=self.r.agreement, kind="change", priority=1, measure="resolution", seconds=9
        )
        page = self.page(f"/board/agreements/{self.r.agreement.pk}/", "lead")
        assert "no target for priority high, normal, low" in page
        assert "Add a target" in page
        assert "Add a target" not in self.page(f"/board/agreements/{self.r.agreement.pk}/", "board")

    def test_a_target_is_added_in_hours(self) -> None:
        form = {"agreement": self.r.agreement.pk, "kind": "problem", "priority": "", "measure": "resolution",
                "hours": "40.5", "goal": "0.8"}  # fmt: skip
        answer = self.client_of("lead").post("/board/targets/new/", form)
        assert answer.status_code == 302, answer.content.decode()[-2000:]
        made = AgreementTarget.objects.get(kind="problem")
        assert (made.seconds, made.priority, made.goal) == (145_800, None, 0.8)
        assert self.client_of("board").post("/board/targets/new/", form).status_code == 403
        answer = self.client_of("lead").post("/board/targets/new/", form | {"hours": "0"})
        assert answer.status_code == 422

    def test_a_service_is_promised_in_per_cent(self) -> None:
        ServiceTarget._base_manager.all().delete()
        form = {
            "agreement": self.r.agreement.pk,
            "service": self.r.payroll.pk,
            "percent": "99.95",
            "longest": "4",
        }
        answer = self.client_of("lead").post("/board/service-targets/new/", form)
        assert answer.status_code == 302, answer.content.decode()[-2000:]
        made = ServiceTarget.objects.get()
        assert (made.availability, made.longest_outage_seconds) == (0.9995, 14_400)
        self.page(f"/board/service-targets/{made.pk}/edit/", "lead")

    def test_hours_of_a_calendar_are_previewed_and_saved(self) -> None:
        client = self.client_of("lead")
        path = f"/board/calendars/{self.r.calendar.pk}/hours/"
        self.page(path, "lead")
        self.page(path, "board", 403)
        form = {"timezone": "Europe/Oslo", "mon": "8.00-16.00", "tue": "08:00-12:00, 13:00-17:00",
                "dates": "2026-12-24 08:00-12:00\n2026-12-25"}  # fmt: skip
        said = client.post(path, form | {"preview": "1"}).content.decode()
        assert "would change" in said
        assert self.r.calendar.versions.count() == 1
        assert client.post(path, form).status_code == 302
        spec = self.r.calendar.versions.latest("valid_from").spec
        assert spec["week"]["tue"] == [["08:00", "12:00"], ["13:00", "17:00"]]
        assert spec["dates"] == {"2026-12-24": [["08:00", "12:00"]], "2026-12-25": []}
        page = self.page(f"/board/calendars/{self.r.calendar.pk}/")
        assert "08:00-12:00, 13:00-17:00" in page

    def test_odd_hours_are_refused_with_a_sentence(self) -> None:
        client = self.client_of("lead")
        path = f"/board/calendars/{self.r.calendar.pk}/hours/"
        for bad, said in (
            ({"mon": "all day"}, "Write hours as"),
            ({"mon": "16:00-08:00"}, "must end after it begins"),
            ({"dates": "Christmas 08:00-12:00"}, "Begin each line with a date"),
        ):
            answer = client.post(path, {"timezone": "Europe/Oslo", **bad})
            assert answer.status_code == 422
            assert said in answer.content.decode()

    def test_a_calendar_that_never_opens_is_told(self) -> None:
        shut = Calendar.objects.create(name="Shut", slug="shut", organisation=self.r.here)
        assert "no hours yet" in self.page(f"/board/calendars/{shut.pk}/")
        self.client_of("lead").post(f"/board/calendars/{shut.pk}/hours/", {"timezone": "Europe/Oslo"})
        assert "never open" in self.page(f"/board/calendars/{shut.pk}/")

    def test_an_outage_is_declared_by_name(self) -> None:
        form = {
            "service": self.r.payroll.pk,
            "starts_at": "2026-09-20T10:00",
            "ends_at": "2026-09-20T12:00",
            "reason": "Hung",
        }
        answer = self.client_of("lead").post("/board/outages/new/", form)
        assert answer.status_code == 302, answer.content.decode()[-2000:]
        one = DeclaredOutage.objects.get()
        assert one.declared_by == "Liv Moen"
        assert one.starts_at == datetime(2026, 9, 20, 8, tzinfo=UTC)
        assert "Payroll was down for 11 h" in self.page(REPORT)
        future = self.client_of("lead").post("/board/outages/new/", form | {"starts_at": "2027-01-01T10:00"})
        assert future.status_code == 422


class TestPanels(BoardCase):
    def test_a_service_for_the_board_and_for_its_users(self) -> None:
        path = f"/board/panels/services/{self.r.mail.pk}/"
        with mock.patch("django.utils.timezone.now", return_value=START + timedelta(days=20)):
            assert "Vassøy kommune" in self.page(path, "board")
            own = self.page(path, "own")
        assert "Granli kommune" in own
        assert "Vassøy" not in own
        self.page(f"/board/panels/services/{self.r.payroll.pk}/", "stranger", 404)

    def test_an_item(self) -> None:
        with mock.patch("django.utils.timezone.now", return_value=START + timedelta(days=20)):
            page = self.page(f"/board/panels/items/{self.r.server.pk}/", "technician")
        assert "2 outages" in page
        assert "Nothing of this is watched" in self.page(
            f"/board/panels/items/{self.r.printer.pk}/", "technician"
        )
        self.page(f"/board/panels/items/{self.r.server.pk}/", "stranger", 404)
