"""The API: the contract's shapes, the same rights as the pages, problem documents for everything that goes wrong."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cmdb.models import ApiToken
from servicedesk.actions.note import note
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.models import State, Ticket
from tests.cases import RegionCase

LEAST = {
    "reference", "kind", "title", "description", "state", "priority", "impact", "urgency", "organisation", "service",
    "item", "team", "assignee", "reporter", "opened_at", "resolved_at", "closed_at", "due_at",
}  # fmt: skip


class ApiCase(RegionCase):
    def call(
        self, account: str, method: str, path: str, body: Any = None, raw: bytes | None = None
    ) -> HttpResponse:
        """One request with that person's token."""
        token = ApiToken.issue(getattr(self.r, account))
        data = raw if raw is not None else json.dumps(body) if body is not None else ""
        answer: HttpResponse = Client().generic(
            method, f"/api/v1{path}", data, "application/json", headers={"Authorization": f"Bearer {token}"}
        )  # type: ignore[assignment]
        return answer

    def problem(self, answer: Any, status: int) -> dict[str, Any]:
        """It is a problem document of this status."""
        assert answer.status_code == status, answer.content[:500]
        assert answer["Content-Type"] == "application/problem+json"
        body: dict[str, Any] = json.loads(answer.content)
        assert body["status"] == status
        assert body["title"]
        return body

    def good(self, answer: Any, status: int = 200) -> Any:
        assert answer.status_code == status, answer.content[:1000]
        return json.loads(answer.content)


class TestSignIn(ApiCase):
    def test_without_a_valid_token_nothing(self) -> None:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Bearer "},
            {"Authorization": "Basic eDp4"},
        ):
            answer = Client().get("/api/v1/tickets", headers=headers)
            self.problem(answer, 401)
            assert answer["WWW-Authenticate"] == "Bearer"

    def test_a_revoked_or_expired_token_and_a_person_who_left(self) -> None:
        for change in ({"revoked_at": timezone.now()}, {"expires_at": timezone.now()}):
            token = ApiToken.issue(self.r.own)
            ApiToken.objects.filter(digest=ApiToken.digest_of(token)).update(**change)
            answer = Client().get("/api/v1/tickets", headers={"Authorization": f"Bearer {token}"})
            self.problem(answer, 401)
        token = ApiToken.issue(self.r.own)
        self.r.own.is_active = False
        self.r.own.save()
        self.problem(Client().get("/api/v1/tickets", headers={"Authorization": f"Bearer {token}"}), 401)

    def test_a_session_needs_the_csrf_token(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.r.own, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get("/api/v1/tickets").status_code == 200
        answer = client.post("/api/v1/tickets", {"title": "x"}, content_type="application/json")
        assert answer.status_code == 403
        assert not Ticket.objects.exists()

    def test_an_unknown_address_or_method_is_a_problem_too(self) -> None:
        client = Client(enforce_csrf_checks=True)
        self.problem(client.post("/api/v1/tickets/INC-00001/actions/fly", {}, "application/json"), 404)
        answer = self.call("own", "DELETE", "/tickets")
        self.problem(answer, 405)
        assert "POST" in answer["Allow"]
        assert self.good(client.get("/api/v1/"))["openapi"] == "/api/v1/openapi.json"

    def test_the_description_is_public_and_whole(self) -> None:
        schema = self.good(Client().get("/api/v1/openapi.json"))
        assert {
            "/api/v1/tickets",
            "/api/v1/tickets/{reference}",
            "/api/v1/tickets/{reference}/clocks",
        } <= set(schema["paths"])
        assert Client().get("/api/v1/docs").status_code == 200


class TestCreate(ApiCase):
    def test_a_title_is_enough(self) -> None:
        answer = self.call("own", "POST", "/tickets", {"title": "No mail"})
        body = self.good(answer, 201)
        assert set(body) >= LEAST
        assert answer["Location"] == "/api/v1/tickets/INC-00001"
        assert body["organisation"] == "granli-skole"
        assert body["reporter"] == "own"
        assert Ticket.objects.get().channel == "api"

    def test_rows_by_id_or_short_name(self) -> None:
        sent = {
            "title": "x", "organisation": "granli", "item": self.r.server.pk, "service": "mail", "category": "fault",
            "reporter": "own", "impact": 1, "urgency": 1,
        }  # fmt: skip
        body = self.good(self.call("technician", "POST", "/tickets", sent), 201)
        assert (body["priority"], body["item_name"], body["service"]) == (
            1,
            "srv-granli-1",
            "mail",
        )

    def test_hostile_and_wrong_values_are_422_with_the_field(self) -> None:
        wrong: list[tuple[Any, str]] = [
            ({}, "title"),
            ({"title": ""}, "title"),
            ({"title": 7}, "title"),
            ({"title": "x", "surprise": 1}, "surprise"),
            ({"title": "x", "kind": "war"}, "kind"),
            ({"title": "x", "urgency": 99}, "urgency"),
            ({"title": "x", "urgency": 10**30}, "urgency"),
            ({"title": "x", "description": "y" * 200_000}, "description"),
            ({"title": "x", "organisation": "vassoy"}, "organisation"),
            ({"title": "x", "organisation": "\x00"}, "organisation"),
            ({"title": "x", "item": self.r.system_there.pk}, "item"),
            ({"title": "x", "item": 10**40}, "item"),
            ({"title": "x", "opened_at": "9999-12-31T23:59:59Z"}, "opened_at"),
            ({"title": "x", "details": {"plan": "p"}}, "details"),
        ]
        for body, field in wrong:
            errors = self.problem(self.call("own", "POST", "/tickets", body), 422)["errors"]
            assert any(field in name for name in errors), (body, errors)
        assert not Ticket.objects.exists()

    def test_signs_that_the_database_cannot_take(self) -> None:
        self.problem(self.call("own", "POST", "/tickets", raw=b'{"title": "a\\ud800"}'), 422)
        raw = b'{"title": "a\\u0000b", "description": "<script>\\u0000</script>"}'
        body = self.good(self.call("own", "POST", "/tickets", raw=raw), 201)
        assert (body["title"], body["description"]) == ("ab", "<script></script>")

    def test_bodies_that_are_no_json(self) -> None:
        for raw in (b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"title": NaN}'):
            assert self.call("own", "POST", "/tickets", raw=raw).status_code in (400, 422), raw[:20]

    def test_too_large(self) -> None:
        raw = b'{"title": "' + b"x" * 9_000_000 + b'"}'
        self.problem(self.call("own", "POST", "/tickets", raw=raw), 413)

    def test_a_change_with_its_plan(self) -> None:
        plan = {
            "plan": "p", "reason": "r", "backout_plan": "b", "planned_start": "2030-01-01T20:00:00Z",
            "planned_end": "2030-01-01T22:00:00Z",
        }  # fmt: skip
        sent = {
            "title": "x",
            "kind": "change",
            "organisation": "granli",
            "items": [self.r.switch.pk],
            "details": plan,
        }
        body = self.good(self.call("technician", "POST", "/tickets", sent), 201)
        assert (body["state"], body["details"]["plan"]) == ("draft", "p")
        self.problem(self.call("own", "POST", "/tickets", sent | {"organisation": None}), 422)
        assert (
            self.good(self.call("technician", "POST", f"/tickets/{body['reference']}/actions/submit"))[
                "state"
            ]
            == "approval"
        )


class TestIsolation(ApiCase):
    def setUp(self) -> None:
        self.ticket = open_ticket(Actor.of(self.r.own), title="Mine")
        note(Actor.of(self.r.technician), self.ticket, body="secret")

    def test_a_foreign_ticket_does_not_exist(self) -> None:
        base = f"/tickets/{self.ticket.reference}"
        for account in ("stranger", "colleague", "board", "supplier_person"):
            for method, path, body in (
                ("GET", base, None),
                ("PATCH", base, {"title": "y"}),
                ("GET", f"{base}/entries", None),
                ("POST", f"{base}/entries", {"body": "x"}),
                ("GET", f"{base}/clocks", None),
                ("POST", f"{base}/actions/resolve", {"resolution": "x"}),
                ("POST", f"{base}/actions/cancel", {"body": "x"}),
            ):
                self.problem(self.call(account, method, path, body), 404)
            assert self.good(self.call(account, "GET", "/tickets"))["count"] == 0
        self.ticket.refresh_from_db()
        assert (self.ticket.title, self.ticket.state) == ("Mine", State.NEW)

    def test_a_forbidden_act_on_a_visible_ticket_is_403(self) -> None:
        base = f"/tickets/{self.ticket.reference}"
        self.problem(self.call("own", "PATCH", base, {"title": "y"}), 403)
        self.problem(self.call("own", "POST", f"{base}/actions/resolve", {"resolution": "x"}), 403)
        self.problem(self.call("technician", "POST", f"{base}/actions/declare_major"), 403)

    def test_notes_and_what_changed_stay_inside(self) -> None:
        path = f"/tickets/{self.ticket.reference}/entries"
        mine = self.good(self.call("own", "GET", path))
        assert "secret" not in json.dumps(mine)
        assert all(entry["data"] is None for entry in mine["results"])
        inside = self.good(self.call("technician", "GET", path))
        assert [e["body"] for e in inside["results"]] == ["", "secret"]

    def test_a_foreign_ticket_cannot_be_named_in_a_link_or_merge(self) -> None:
        other = open_ticket(Actor.of(self.r.stranger), title="Theirs")
        base = f"/tickets/{self.ticket.reference}/actions"
        self.problem(self.call("own", "POST", f"{base}/merge", {"into": other.reference}), 404)

    def test_references_that_are_none(self) -> None:
        for reference in ("INC-99999", "x", "INC-%00", "%2e%2e", "INC-1%27", "INC-" + "9" * 40):
            assert self.call("admin", "GET", f"/tickets/{reference}").status_code == 404


class TestList(ApiCase):
    def setUp(self) -> None:
        for n in range(5):
            open_ticket(Actor.of(self.r.own), title=f"Skriver {n}", urgency=1 if n % 2 else 3)
        open_ticket(Actor.of(self.r.stranger), title="Theirs")

    def test_pages_follow_each_other_without_holes(self) -> None:
        seen: list[str] = []
        path: str | None = "/tickets?limit=2&ordering=priority"
        while path:
            body = self.good(self.call("technician", "GET", path))
            assert body["count"] == 6
            seen += [t["reference"] for t in body["results"]]
            path = body["next"].split("/api/v1", 1)[1] if body["next"] else None
        assert len(seen) == len(set(seen)) == 6

    def test_filters(self) -> None:
        def count(query: str, account: str = "technician") -> int:
            return int(self.good(self.call(account, "GET", f"/tickets?{query}"))["count"])

        assert count("") == 6
        assert count("", "own") == 5
        assert count("organisation=vassoy") == 1
        assert count("organisation=granli") == 5
        assert count("priority=3") == 3
        assert count("q=skrivere") == 5
        assert count("open=false") == 0
        assert count("kind=incident&kind=change") == 6
        assert count("reporter=stranger") == 1
        assert count("reporter=stranger", "own") == 0

    def test_what_is_wrong_in_the_address_is_told(self) -> None:
        for query in (
            "limit=0", "limit=999999", "limit=x", "ordering=password", "surprise=1", "priority=9", "cursor=x",
            "organisation=nowhere", "opened_after=soon",
        ):  # fmt: skip
            self.problem(self.call("technician", "GET", f"/tickets?{query}"), 422)
        for query in ("q=%00", "q=%27%3B--", "q=a%26%7C!(", "item=99999999999999999999999"):
            assert self.call("technician", "GET", f"/tickets?{query}").status_code in (200, 422)

    def test_a_list_costs_the_same_for_one_and_for_many(self) -> None:
        def cost(limit: int) -> int:
            token = ApiToken.issue(self.r.technician)
            with CaptureQueriesContext(connection) as caught:
                Client().get(f"/api/v1/tickets?limit={limit}", headers={"Authorization": f"Bearer {token}"})
            return len(caught)

        assert cost(1) == cost(50) <= 6


class TestVerbs(ApiCase):
    def setUp(self) -> None:
        self.ticket = open_ticket(Actor.of(self.r.own), title="x")
        self.base = f"/tickets/{self.ticket.reference}"

    def act(self, account: str, verb: str, body: Any = None, status: int = 200) -> Any:
        answer = self.call(account, "POST", f"{self.base}/actions/{verb}", body)
        return self.good(answer) if status == 200 else self.problem(answer, status)

    def test_one_ticket_tells_what_the_register_says_is_affected(self) -> None:
        item = self.r.server
        ticket = open_ticket(Actor.of(self.r.technician), kind="incident", title="Server", item=item)
        body = self.good(self.call("technician", "GET", f"/tickets/{ticket.reference}"))
        assert "granli" in body["affected_organisations"]
        assert body["affected_services"]
        listed = self.good(self.call("technician", "GET", "/tickets"))["results"]
        assert all(one["affected_services"] is None for one in listed)

    def test_a_day_at_the_desk(self) -> None:
        assert self.act("technician", "take")["assignee"] == "technician"
        assert self.ticket.reference in self.act("lead", "take", status=409)["detail"]
        assert self.act("technician", "reply", {"body": "Hello"})["state"] == "in_progress"
        assert self.act("technician", "pend", {"reason": "customer", "body": "Which?"})["state"] == "pending"
        assert self.act("own", "comment", {"body": "That one"})["state"] == "in_progress"
        assert self.act("technician", "prioritise", {"priority": 1, "reason": "now"})["priority"] == 1
        assert self.act("technician", "resolve", {"resolution": "done"})["state"] == "resolved"
        assert self.act("own", "reopen", {"body": "no"})["state"] == "in_progress"
        assert self.act("technician", "resolve", {"resolution": "done"})["resolution"] == "done"
        closed = self.act("own", "close")
        assert (closed["state"], closed["actions"]) == ("closed", [])
        clocks = self.good(self.call("own", "GET", f"{self.base}/clocks"))
        assert {c["measure"]: c["state"] for c in clocks["clocks"]}["response"] == "met"

    def test_refusals_are_sentences(self) -> None:
        assert "INC-00001" in self.act("technician", "close", status=409)["detail"]
        assert "resolution" in self.act("technician", "resolve", {}, status=422)["errors"]
        assert self.call("technician", "POST", f"{self.base}/actions/explode").status_code == 404
        assert "Extra" in str(self.act("technician", "note", {"body": "x", "y": 1}, status=422)["errors"])

    def test_patch_is_one_change(self) -> None:
        sent = {
            "title": "y",
            "impact": 1,
            "urgency": 1,
            "assignee": "technician",
            "team": "desk",
            "service": "mail",
        }
        body = self.good(self.call("technician", "PATCH", self.base, sent))
        assert (body["title"], body["priority"], body["assignee"]) == ("y", 1, "technician")
        assert (body["team"], body["service"]) == ("desk", "mail")
        self.problem(self.call("technician", "PATCH", self.base, {"title": "z", "assignee": "stranger"}), 422)
        self.problem(self.call("technician", "PATCH", self.base, {"title": None}), 422)
        self.problem(self.call("technician", "PATCH", self.base, {"state": "closed"}), 422)
        assert Ticket.objects.get().title == "y"

    def test_a_change_behind_one_s_back_is_409(self) -> None:
        seen = self.good(self.call("technician", "GET", self.base))["touched_at"]
        self.act("lead", "note", {"body": "hm"})
        self.problem(self.call("technician", "PATCH", self.base, {"title": "y", "seen": seen}), 409)

    def test_entries(self) -> None:
        path = f"{self.base}/entries"
        assert self.good(self.call("own", "POST", path, {"body": "a"}), 201)["verb"] == "comment"
        assert self.good(self.call("technician", "POST", path, {"body": "b"}), 201)["verb"] == "note"
        assert (
            self.good(self.call("technician", "POST", path, {"body": "c", "public": True}), 201)["verb"]
            == "reply"
        )
        self.problem(self.call("own", "POST", path, {"body": " "}), 422)


class TestUnknown(ApiCase):
    def test_an_unknown_address_is_a_problem_document(self) -> None:
        self.problem(self.call("own", "GET", "/nothing"), 404)
