"""Every page that a person can reach by links, as each role: nothing breaks, nothing offered is forbidden or missing."""

from __future__ import annotations

import re
from collections import deque
from html import unescape

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from servicedesk.actions.note import note
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import MONITORING, Actor
from tests.cases import RegionCase

MOST_PAGES = 160
LINK = re.compile(r'(?:href|hx-get|data-options|src)="(/[^"#]*)')
# Left out: signing out, Django's own administration beyond its first page, files from disk, links that post.
SKIPPED = re.compile(r"^/(accounts/logout|static/|i18n/|admin/.|accounts/2fa|accounts/reauthenticate)")
START = ("/", "/portal/", "/status/", "/healthz", "/api/v1/docs", "/accounts/password/change/")
FLOORS = ("/desk/", "/desk/changes/", "/cmdb/", "/monitoring/", "/board/", "/admin/")


class CrawlCase(RegionCase):
    def setUp(self) -> None:
        r = self.r
        ticket = open_ticket(Actor.of(r.own), title="<b>\"Nett\" & 'x'</b>", item=r.system)
        note(Actor.of(r.technician), ticket, body="{{ 7*7 }} %s <script>")
        open_ticket(MONITORING, title="svarer ikke", channel="monitoring", item=r.switch, organisation=r.here)
        open_ticket(
            Actor.of(r.technician), kind="change", title="Bytte", organisation=r.region, item=r.switch,
            details={"plan": "bytt", "reason": "gammel", "backout_plan": "tilbake"},
        )  # fmt: skip

    def walk(self, client: Client) -> dict[str, int]:
        """Status by path, breadth first; every link of a page that answered is followed."""
        seen: dict[str, int] = {}
        queue: deque[tuple[str, str]] = deque((path, "the start") for path in START)
        while queue and len(seen) < MOST_PAGES:
            path, source = queue.popleft()
            if path in seen or SKIPPED.match(path):
                continue
            answer = client.get(path)
            seen[path] = answer.status_code
            self.assertLess(answer.status_code, 400, f"{path} (linked from {source}): {answer.status_code}")
            if answer.status_code in (301, 302):
                queue.append((answer["Location"], path))
            elif "html" in answer.get("Content-Type", "") and not answer.streaming:
                text = answer.content.decode()
                self.assertNotIn("<script>x", text)
                self.assertNotIn("<b>&quot;", text)
                queue.extend((unescape(link), path) for link in LINK.findall(text) if link.count("=") < 3)
        return seen

    def reached(self, account: str) -> dict[str, int]:
        return self.walk(self.client_of(account))

    def test_those_who_report(self) -> None:
        for account in ("own", "colleague", "stranger"):
            with self.subTest(account):
                pages = self.reached(account)
                self.assertIn("/portal/report/", pages)
                self.assertFalse([path for path in pages if path.startswith("/monitoring/")])

    def test_those_who_own_and_help(self) -> None:
        for account in ("keyuser", "owner"):
            with self.subTest(account):
                self.assertTrue(any(path.startswith("/cmdb/") for path in self.reached(account)))

    def test_technician(self) -> None:
        pages = self.reached("technician")
        for floor in FLOORS[:4]:
            self.assertTrue(any(path.startswith(floor) for path in pages), floor)

    def test_lead(self) -> None:
        self.assertTrue(any(path.startswith("/board/") for path in self.reached("lead")))

    def test_change_manager(self) -> None:
        self.assertTrue(any(path.startswith("/desk/changes/") for path in self.reached("changemanager")))

    def test_supplier_and_commissioner(self) -> None:
        for account in ("supplier_person", "commissioner"):
            with self.subTest(account):
                self.assertTrue(self.reached(account))

    def test_board(self) -> None:
        self.assertTrue(any(path.startswith("/board/20") for path in self.reached("board")))

    def test_admin(self) -> None:
        self.assertGreater(len(self.reached("admin")), 80)

    def test_nobody_signed_in_sees_only_what_is_public(self) -> None:
        client = Client()
        public = ("/status/", "/healthz", "/accounts/login/")
        for path in public:
            self.assertEqual(client.get(path).status_code, 200, path)
        for path in paths_without_arguments():
            if path.startswith(("/accounts/", "/api/", "/admin/", "/i18n/")) or path in (
                *public,
                "/readyz",
                "/metrics",
            ):
                continue
            answer = client.get(path)
            self.assertIn(answer.status_code, (302, 401, 403, 404, 405), path)


def paths_without_arguments(
    patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "/"
) -> list[str]:
    """Every path of the site that needs no argument."""
    found: list[str] = []
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = str(pattern.pattern)
        if "<" in route or "(?P" in route or "^" in route:
            continue
        if isinstance(pattern, URLResolver):
            found += paths_without_arguments(pattern.url_patterns, prefix + route)
        else:
            found.append(prefix + route)
    return found
