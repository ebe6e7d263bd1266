"""Fixtures of tests that drive a real Chromium. They carry the mark `browser` and are skipped where none is found.

    def test_the_queue_is_accessible(page, live_server, region, sign_in, axe):
        sign_in(region.technician)
        page.goto(f"{live_server.url}/desk/")
        assert axe() == []

`live_server` works on committed rows: every table is emptied after the test, so `region` is built anew each time.
A message in the console, an uncaught error or an own address that answers 404 or 500 fails the test at its end;
a test that means to cause one takes `complaints` and empties it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserType,
    ConsoleMessage,
    Page,
    Playwright,
    Response,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from cmdb.models import User
from servicedesk.project.assets import NODE_MODULES
from tests import cases

#: What axe-core looks for: WCAG 2.2 AA, the law's measure and a little more.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE = {"width": 360, "height": 740}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, and keep it on one xdist worker: one browser is enough for two cores."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's own Chromium, kept from calling home."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine")
    arguments = [
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-sync",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": found, "args": arguments}


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """For this package only, not for the whole session as the plugin has it: while Playwright's plain interface is
    open, an event loop counts as running in this thread, and every asyncio.run of a later test would be refused.
    """
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser_type(playwright: Playwright, browser_name: str) -> BrowserType:
    """Chromium, unless the command line names another."""
    found: BrowserType = getattr(playwright, browser_name)
    return found


@pytest.fixture(scope="package")
def browser(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """One browser for all tests of the package; every test has a context of its own."""
    started = browser_type.launch(**browser_type_launch_args)
    yield started
    started.close()


@pytest.fixture(scope="package")
def browser_context_args() -> dict[str, Any]:
    """A Norwegian at a desk; animations off, so that nothing is looked at half-way."""
    return {
        "locale": "nb-NO",
        "timezone_id": "Europe/Oslo",
        "viewport": {"width": 1280, "height": 900},
        "reduced_motion": "reduce",
    }


@pytest.fixture
def page(page: Page) -> Page:
    """A page that waits at most five seconds for anything."""
    page.set_default_timeout(5000)
    return page


@pytest.fixture(autouse=True)
def complaints(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What the browser complained about; must be empty when the test ends."""
    found: list[str] = []
    if "page" in request.fixturenames:
        page: Page = request.getfixturevalue("page")
        page.on("console", lambda message: _note_console(message, found))
        page.on("pageerror", lambda error: found.append(f"uncaught: {error}"))
        page.on("response", lambda response: _note_response(response, found))
    yield found
    assert found == []


def _note_console(message: ConsoleMessage, found: list[str]) -> None:
    # "Failed to load resource" is told with its address by the response already.
    if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
        found.append(f"console {message.type}: {message.text}")


def _note_response(response: Response, found: list[str]) -> None:
    if response.status >= 400 and not response.url.endswith("/favicon.ico"):
        found.append(f"{response.status}: {response.url}")


@pytest.fixture
def region(transactional_db: None) -> cases.Region:
    """The small region, committed."""
    return cases.build()


@pytest.fixture
def sign_in(page: Page, live_server: LiveServer) -> Callable[[User], None]:
    """Signs a user in without walking through the form; the sign-in page has a test of its own."""

    def by_cookie(user: User) -> None:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}]
        )

    return by_cookie


@pytest.fixture
def phone(page: Page) -> Page:
    """The same page at the width of a small phone."""
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    return page


@pytest.fixture(scope="session")
def axe_script() -> str:
    """axe-core's text."""
    path = NODE_MODULES / "axe-core" / "axe.min.js"
    if not path.exists():
        pytest.skip("axe-core is not installed: make setup-dev")
    return path.read_text()


@pytest.fixture
def axe(page: Page, axe_script: str) -> Callable[[], list[str]]:
    """Looks at the page as it is now; returns one line per fault with the places where it is, empty when fine."""

    def look() -> list[str]:
        page.evaluate(axe_script)  # not a script tag: the pages' policy stays as strict as it is
        result = page.evaluate("tags => axe.run(document, {runOnly: tags})", RULES)
        return [
            f"{fault['impact']} {fault['id']}: {fault['help']}: {[node['target'] for node in fault['nodes']][:5]}"
            for fault in result["violations"]
        ]

    return look


@pytest.fixture
def fits(page: Page) -> Callable[[], bool]:
    """Whether nothing sticks out to the right: a page scrolls down, never sideways."""

    def look() -> bool:
        return bool(
            page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        )

    return look
