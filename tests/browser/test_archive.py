"""What has history is kept: the page says what holds it, and leads to archiving and back, with the keyboard and on a phone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from cmdb.models import User
from monitoring import intervals
from monitoring.models import Target
from tests.browser.conftest import PHONE
from tests.cases import LONG_AGO, Region


def test_a_target_is_kept_archived_and_taken_back(
    region: Region,
    page: Page,
    live_server: LiveServer,
    sign_in: Callable[[User], None],
    axe: Callable[[], list[str]],
) -> None:
    intervals.change(region.switch_target, "up", LONG_AGO)
    url = f"{live_server.url}/monitoring/targets/{region.switch_target.pk}/"
    sign_in(region.lead)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(url)
    page.get_by_role("link", name="Delete").click()
    expect(page.locator("main")).to_contain_text("1 ")
    _looked_at(page, axe, "delete-refused")
    page.get_by_role("main").get_by_role("link").filter(has_text="sw-granli-1").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#because")).to_be_visible()
    _looked_at(page, axe, "archive")
    page.locator("#because").fill("Replaced")
    page.keyboard.press("Enter")
    expect(page.locator(".ds-alert").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("Replaced")
    _looked_at(page, axe, "archived")
    assert Target.objects.get(pk=region.switch_target.pk).archived_at is not None
    page.goto(f"{url}restore/")
    _looked_at(page, axe, "restore")
    page.locator("main form button[type=submit]").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(url)
    assert Target.objects.get(pk=region.switch_target.pk).is_enabled


def _looked_at(page: Page, axe: Callable[[], list[str]], name: str) -> None:
    """Nothing sticks out, nothing is in anybody's way."""
    assert axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if folder := os.environ.get("KEEP_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 800})
        page.screenshot(path=Path(folder) / f"{name}-wide.png", full_page=True)
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
