"""The id of a request: in the answer, in every log line, in the timeline, on the page of what went wrong."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from cmdb.common import trace
from servicedesk.models import Entry
from servicedesk.project import celery
from tests.cases import RegionCase

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("given", ["req-1", "0f8fad5b-d9cb-469f-a165-70867728950e", "A.b_c-9", "x" * 40])
def test_a_safe_one_is_kept(client: Client, given: str) -> None:
    assert client.get("/healthz", headers={"x-request-id": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "a b", "x" * 41, "a\nb", "<script>", "-rf", "æ", "a;b", "id=1", "%0d%0aSet-Cookie:x", "a/../b", "'--"]
)  # fmt: skip
def test_what_is_not_safe_is_replaced(client: Client, given: str) -> None:
    found = client.get("/healthz", headers={"x-request-id": given}).headers["X-Request-ID"]
    assert MADE.fullmatch(found)


def test_two_requests_differ_and_nothing_stays(client: Client) -> None:
    first, second = (client.get("/healthz").headers["X-Request-ID"] for _ in range(2))
    assert first != second
    assert trace.current() == ""


def test_every_line_bears_it() -> None:
    logs: dict[str, Any] = settings.LOGGING
    (name,) = logs["root"]["handlers"]
    handler = logs["handlers"][name]
    assert {"no_secrets", "traced"} <= set(handler["filters"])
    form = logging.Formatter(logs["formatters"][handler["formatter"]]["format"])
    record = logging.LogRecord("x", logging.INFO, "", 1, "said", None, None)
    with trace.under("req-7"):
        assert trace.Traced().filter(record)
    assert "[req-7] x: said" in form.format(record)
    assert trace.Traced().filter(record)
    assert "[-] x: said" in form.format(record)


def test_a_task_bears_its_own() -> None:
    class Task:
        name = "sla.tasks.forget_charts"

    celery._begin_trace(task_id="0f8fad5b-d9cb-469f-a165-70867728950e")
    assert trace.current() == "0f8fad5b-d9cb-469f-a165-70867728950e"
    celery._give_sign(task=Task, state="SUCCESS", retval=None)
    assert trace.current() == ""


class TestPages(RegionCase):
    def test_the_timeline_and_the_api(self) -> None:
        client = self.client_of("own", **{"x-request-id": "phone-call-12"})
        answer = client.post("/api/v1/tickets", {"title": "Skriveren står"}, content_type="application/json")
        self.assertEqual(answer.status_code, 201, answer.content)
        self.assertEqual(answer.headers["X-Request-ID"], "phone-call-12")
        self.assertEqual(set(Entry.objects.values_list("request_id", flat=True)), {"phone-call-12"})

    def test_the_page_of_what_went_wrong_and_its_line(self) -> None:
        with self.assertLogs("cmdb.common.errors", "INFO") as logs:
            answer = self.client_of("own", **{"x-request-id": "phone-call-13"}).get("/nothing/here")
        self.assertContains(answer, "phone-call-13", status_code=404)
        self.assertIn(answer.headers["X-Error-Code"], logs.output[0])
