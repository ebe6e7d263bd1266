"""The description of the API against the API: what it generates is answered as it says, by every role, and never by a 500.

Seeded, so that a run is like the last; SAMDRIFT_TEST_EXAMPLES=200 looks further.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import schemathesis
from django.db import transaction
from django.test.client import ClientHandler
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from cmdb.models import ApiToken
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.project.api import api
from tests.cases import RegionCase

EXAMPLES = int(os.environ.get("SAMDRIFT_TEST_EXAMPLES", "3"))
ROLES = ("technician", "admin", "own", "commissioner", "supplier_person", "board")
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
]  # fmt: skip
HOSTILE: tuple[Any, ...] = (
    None, 10**40, 1.5, "\x00", "\ud800", {"a": {"b": [None]}}, "9999-12-31T23:59:59-19:55", "INC-00002",
)  # fmt: skip
HANDLER = ClientHandler(enforce_csrf_checks=False)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The site as WSGI, inside the test's transaction; what a request writes is undone."""
    with transaction.atomic():
        answer = HANDLER(environ)
        body = answer.getvalue()
        transaction.set_rollback(True)
    start_response(f"{answer.status_code} {answer.reason_phrase}", list(answer.items()))
    return [body]


def excused(node: Any) -> Iterator[str]:
    """Names of values that name rows or hang on others, anywhere in an operation's description."""
    if isinstance(node, dict):
        for name, value in node.get("properties", {}).items():
            if hangs(value):
                yield name
        if node.get("in") == "query" and hangs(node.get("schema", {})):
            yield node["name"]
        for value in node.values():
            yield from excused(value)
    elif isinstance(node, list):
        for value in node:
            yield from excused(value)


def hangs(schema: dict[str, Any]) -> bool:
    return bool({"x-names", "x-depends"} & (schema.keys() | schema.get("items", {}).keys()))


class TestDescribed(RegionCase):
    maxDiff = None

    def setUp(self) -> None:
        r, staff = self.r, Actor.of(self.r.technician)
        for _each in range(3):
            open_ticket(Actor.of(r.own), title="Profil henger", item=r.system, supplier=None)
        self.refs = ["INC-00001", "INC-00002", "CHG-00001", "PRB-00001"]
        open_ticket(
            staff, kind="change", title="Bytte", organisation=r.region, item=r.switch, details={"plan": "p"}
        )
        open_ticket(staff, kind="problem", title="Igjen", organisation=r.region)
        self.tokens = {name: ApiToken.issue(getattr(r, name)) for name in ROLES}
        self.document = json.loads(json.dumps(api.get_openapi_schema(path_prefix="api/v1/")))
        schemas = self.document["components"]["schemas"]
        self.excused = set(excused(self.document["paths"])) | set(excused(schemas))
        self.found: list[str] = []

    def operations(self) -> Iterator[Any]:
        schema: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
        for result in schema.get_all_operations():
            yield result.ok()

    def walk(self, mode: GenerationMode) -> int:
        """Every operation with generated requests; how many requests."""
        return sum(self.each(operation, mode) for operation in self.operations())

    def each(self, operation: Any, mode: GenerationMode) -> int:
        numbers = count()

        @seed(20261128)
        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            self.one(case, next(numbers), mode, operation.label)

        try:
            send()
        except Unsatisfiable:  # nothing wrong can be said to an operation without parameters
            self.assertIs(mode, GenerationMode.NEGATIVE)
        return next(numbers)

    def one(self, case: Any, number: int, mode: GenerationMode, label: str) -> None:
        who = ROLES[number % len(ROLES)]
        known = {"reference": self.refs[number % len(self.refs)], "key": self.r.switch.pk, "month": "2026-10"}
        if number % 3:  # mostly rows that are there, sometimes what was generated
            case.path_parameters.update({k: v for k, v in known.items() if k in case.path_parameters})
        answer = case.call(headers={"Authorization": f"Bearer {self.tokens[who]}"})
        said = f"{label} as {who}: {case.query} {case.body!r:.300} → {answer.status_code} {answer.text:.300}"
        try:
            # Of a query some wrong values are no longer wrong when they are written down ({} is nothing).
            case.validate_response(
                answer, checks=CHECKS if case.query else [*CHECKS, negative_data_rejection]
            )
        except (AssertionError, BaseExceptionGroup) as error:
            self.found.append(f"{said}: {error!r:.300}")
        if answer.headers.get("cache-control") != ["private, no-store"]:
            self.found.append(f"{said}: may be kept")
        if mode is GenerationMode.POSITIVE and answer.status_code in (400, 422):
            wrong = {name.partition(".")[0] for name in json.loads(answer.text).get("errors", {"?": []})}
            if not wrong <= self.excused:
                self.found.append(f"{said}: refused though described as right")

    def test_what_is_described_as_right(self) -> None:
        self.assertGreater(self.walk(GenerationMode.POSITIVE), 30)
        self.assertEqual(self.found, [])

    def test_what_is_described_as_wrong(self) -> None:
        self.assertGreater(self.walk(GenerationMode.NEGATIVE), 30)
        self.assertEqual(self.found, [])

    def test_bodies_from_hell(self) -> None:
        """No body, and nothing in one, is a fault of ours."""
        deep = b'{"title": ' + b"[" * 500 + b"]" * 500 + b"}"
        for path, operation in self.written():
            names = self.properties(operation)
            bodies = [b"null", b"[]", b"", b"{}", b'{"title": NaN, "body": 1e999}', deep, b"\xff\xfe"]
            bodies += [json.dumps(dict.fromkeys(names, value)).encode() for value in HOSTILE]
            for body in bodies:
                self.quiet("PATCH" if operation["patch"] else "POST", path, body)
        self.assertEqual(self.found, [])

    def test_addresses_from_hell(self) -> None:
        for path, operations in self.document["paths"].items():
            for parameter in operations.get("get", {}).get("parameters", ()):
                for value in ("%00", "9" * 40, "-1", "1311-04-25T19:37:51-19:55", "%ED%A0%80", "1e400"):
                    if parameter["in"] == "query":
                        self.quiet("GET", f"{self.there(path)}?{parameter['name']}={value}")
                    else:
                        self.quiet("GET", path.replace(f"{{{parameter['name']}}}", value))
        self.assertEqual(self.found, [])

    def written(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for path, operations in self.document["paths"].items():
            for method in ("post", "patch"):
                if method in operations:
                    yield self.there(path), operations[method] | {"patch": method == "patch"}

    def properties(self, operation: dict[str, Any]) -> list[str]:
        if "requestBody" not in operation:
            return []
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        for one in [schema, *schema.get("anyOf", ())]:
            if name := one.get("$ref", "").rpartition("/")[2]:
                return list(self.document["components"]["schemas"][name].get("properties", ()))
        return []

    def there(self, path: str) -> str:
        return (
            path.replace("{reference}", "INC-00001")
            .replace("{key}", str(self.r.switch.pk))
            .replace("{month}", "2026-10")
        )

    def quiet(self, method: str, path: str, body: bytes = b"") -> None:
        """Answered, and not by a 5xx."""
        with transaction.atomic():
            answer = self.client.generic(
                method,
                path,
                body,
                "application/json",
                headers={"Authorization": f"Bearer {self.tokens['admin']}"},
            )
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            self.found.append(f"{method} {path} {body[:80]!r}")

    def test_every_operation_names_every_refusal(self) -> None:
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                wanted = {"401", "403", "422", "default"} | ({"404"} if "{" in path else set())
                wanted |= {"400", "409", "413"} if "requestBody" in operation else set()
                self.assertLessEqual(wanted, set(operation["responses"]), (method, path))
