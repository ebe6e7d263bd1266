"""The first day: a superuser on an empty installation is led to a desk that works; nobody else, and never twice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cmdb.models import Membership, Organisation, Role, Team, User
from servicedesk import first_day
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.models import Kind
from sla.models import Agreement, Calendar
from tests.cases import RegionCase

URL = "/first-day/"
LAST_YEAR = date(timezone.localdate().year - 1, 1, 1)
#: What a person types, step by step.
TYPED: dict[str, dict[str, Any]] = {
    "region": {"name": "Ånes og Ørland IKT", "number": "987 654 321"},
    "municipality": {"name": "Ørland kommune", "inhabitants": "10 000".replace(" ", "")},
    "role": {"display_name": "Unni Sol", "email": "unni@example.no"},
    "team": {"name": "Brukerstøtte", "email": "stotte@example.no"},
    "calendar": {"name": "Kjernetid", "opens": "08:00", "closes": "15:45", "half_days": "on"},
    "agreement": {"name": "Avtale Ørland"},
}


def goal(answer: Any) -> str:
    """Where an answer sends one."""
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


class TestTheFirstDay(TestCase):
    admin: User

    @classmethod
    def setUpTestData(cls) -> None:
        cls.admin = User.objects.create_superuser("admin", "admin@example.no", "x", language="en")

    def setUp(self) -> None:
        self.client.force_login(self.admin, backend="django.contrib.auth.backends.ModelBackend")

    def say(self, key: str, **changes: Any) -> Any:
        return self.client.post(URL, {"step": key, **TYPED[key], **changes})

    def until(self, key: str) -> None:
        """All steps before this one."""
        for one in TYPED:
            if one == key:
                return
            assert self.say(one).status_code == 302

    def test_it_leads_to_a_desk_that_works(self) -> None:
        assert goal(self.client.get("/")) == URL
        for number, (key, step) in enumerate(first_day.BY_KEY.items()):
            page = self.client.get(URL)
            assert page.status_code == 200
            text = page.content.decode()
            assert text.count(">Done<") == number
            assert text.count('name="step"') == 1
            assert f'name="step" value="{key}"' in text, step.title
            answer = self.say(key)
            leads_to = goal(answer)
        assert leads_to == "/"
        assert goal(self.client.get("/")) == reverse("desk:queue")
        assert self.client.get(reverse("desk:queue")).status_code == 200
        assert self.client.get(URL).status_code == 404, "it is gone"
        assert self.client.get("/cmdb/").status_code == self.client.get("/board/").status_code == 200
        self.look_at_what_was_made()

    def look_at_what_was_made(self) -> None:
        region, municipality = Organisation.objects.order_by("level")
        assert (region.slug, region.number, municipality.slug) == (
            "anes-og-orland-ikt",
            "987654321",
            "orland-kommune",
        )
        assert municipality.parent == region
        admin = User.objects.get()
        assert (admin.display_name, admin.email, admin.organisation) == (
            "Unni Sol",
            "unni@example.no",
            region,
        )
        assert list(Membership.objects.values_list("role", "organisation")) == [(Role.ADMIN, region.pk)]
        assert list(Team.objects.get().members.all()) == [admin]
        spec = Calendar.objects.get().versions.get().spec
        year = timezone.localdate().year
        assert spec["week"]["fri"] == [["08:00", "15:45"]]
        assert spec["dates"][f"{year}-12-25"] == [] or datetime(year, 12, 25).weekday() == 6  # noqa: DTZ001
        assert Agreement.objects.get().targets.count() == 10
        ticket = open_ticket(
            Actor.of(admin), title="Profil henger", description="x", kind=Kind.INCIDENT, reporter=admin, organisation=municipality
        )  # fmt: skip
        assert ticket.due_at is not None

    def test_twice_is_once(self) -> None:
        self.say("region")
        assert goal(self.say("region", name="En til")) == URL
        assert Organisation.objects.count() == 1
        assert first_day.make("region", {"name": "I et annet vindu"}, self.admin) is False
        assert Organisation.objects.count() == 1

    def test_one_after_the_other(self) -> None:
        answer = self.client.post(URL, {"step": "team", **TYPED["team"]}, follow=True)
        assert "One thing after the other." in answer.content.decode()
        assert not Team.objects.exists()
        assert self.client.post(URL, {"step": "nothing"}).status_code == 404
        assert self.client.post(URL).status_code == 404
        assert self.client.delete(URL).status_code == 405

    def test_what_somebody_made_elsewhere_counts(self) -> None:
        Organisation.objects.create(name="Elvedal IKT", slug="elvedal", kind="region")
        assert first_day.done() == {"region"}
        self.say("municipality")
        assert Organisation.objects.get(parent__slug="elvedal").kind == "municipality"

    def test_names_that_are_taken_get_a_number(self) -> None:
        Organisation.objects.create(name="Leverandør", slug="orland-kommune", kind="supplier")
        self.until("role")
        assert Organisation.objects.get(kind="municipality").slug == "orland-kommune-2"

    def test_another_persons_address_is_refused(self) -> None:
        User.objects.create_user("kari", "Unni@example.no", "x")
        self.until("role")
        answer = self.say("role")
        assert answer.status_code == 422
        assert "Another person has this address." in answer.content.decode()
        assert not Membership.objects.exists()

    def test_what_cannot_be_meant_is_refused_and_kept_on_the_form(self) -> None:
        for key, changes, words in (
            ("region", {"name": ""}, "name"),
            ("region", {"number": "12345"}, "nine digits"),
            ("region", {"name": "x" * 121}, "120"),
            ("region", {"email": "nobody"}, "valid email"),
            ("municipality", {"inhabitants": "-1"}, "0"),
            ("role", {"email": ""}, "e-mail"),
            ("team", {"name": ""}, "name"),
            ("calendar", {"closes": "07:00"}, "after it opens"),
            ("calendar", {"opens": "morgen"}, "Opens"),
            ("agreement", {"name": ""}, "name"),
        ):
            with self.subTest(key=key, changes=changes):
                self.setUp()
                self.until(key)
                before = first_day.done()
                answer = self.say(key, **changes)
                assert answer.status_code == 422
                text = answer.content.decode()
                assert words in text
                assert "ds-error-summary" in text
                assert first_day.done() == before

    def test_hostile_names_stay_text(self) -> None:
        self.say("region", name="<script>alert(1)</script>{{x}}\x00".replace("\x00", ""))
        assert "<script>alert" not in self.client.get(URL).content.decode()
        assert Organisation.objects.get().slug

    def test_it_costs_one_question(self) -> None:
        with CaptureQueriesContext(connection) as seen:
            first_day.done()
        assert len(seen) == 1
        assert first_day.done() == set()

    def test_three_languages(self) -> None:
        for language in ("nb", "nn", "en"):
            self.client.post("/preferences/", {"language": language})
            assert self.client.get(URL).status_code == 200


class TestWhoSeesIt(RegionCase):
    def test_nobody_where_everything_is_there(self) -> None:
        assert self.client_of("admin").get(URL).status_code == 404
        assert goal(self.client_of("admin").get("/")) == reverse("desk:queue")
        answer = self.client_of("admin").post(URL, {"step": "region", "name": "En til"})
        assert goal(answer) == "/"
        assert Organisation.objects.filter(kind="region").count() == 1

    def test_superusers_only(self) -> None:
        Agreement.objects.update(valid_until=LAST_YEAR)
        for account in ("technician", "lead", "own", "stranger", "board"):
            client = self.client_of(account)
            assert client.get(URL).status_code == 404
            assert client.post(URL, {"step": "agreement", "name": "x"}).status_code == 404
            assert goal(client.get("/")) != URL
        assert Client().get(URL).status_code == 302
        assert Agreement.objects.count() == 2
        admin = self.client_of("admin")
        assert admin.get(URL).status_code == 200
        assert goal(admin.post(URL, {"step": "agreement", "name": "Ny avtale"})) == "/", (
            "a new version of one that ended"
        )
        assert Agreement.objects.get(name="Ny avtale").version == 2
