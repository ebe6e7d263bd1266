"""The first day in a real browser: from an empty installation to the queue, on a screen and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from cmdb.models import User
from tests.servicedesk.test_first_day import TYPED


@pytest.fixture
def admin(transactional_db: None) -> User:
    """What `createsuperuser` makes, and nothing else."""
    return User.objects.create_superuser("admin", "admin@example.no", "x", language="nb")


def test_from_nothing_to_the_queue(
    admin: User,
    page: Page,
    live_server: LiveServer,
    sign_in: Callable[[User], None],
    axe: Callable[[], list[str]],
    fits: Callable[[], bool],
) -> None:
    sign_in(admin)
    page.goto(f"{live_server.url}/")
    for number, (step, values) in enumerate(TYPED.items()):
        expect(page.locator("input[name=step]")).to_have_value(step)
        expect(page.locator(".steps > li.done")).to_have_count(number)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            assert fits(), f"{step} at {width}"
        assert axe() == []
        for name, value in values.items():
            if value != "on":
                page.fill(f"[name={name}]", value)
        page.click("form:has(input[name=step]) button[type=submit]")
    expect(page).to_have_url(f"{live_server.url}/desk/")
    assert page.goto(f"{live_server.url}/desk/").ok  # type: ignore[union-attr]


def test_a_refused_step_says_where(
    admin: User, page: Page, live_server: LiveServer, sign_in: Callable[[User], None], complaints: list[str]
) -> None:
    sign_in(admin)
    page.goto(f"{live_server.url}/first-day/")
    page.fill("[name=number]", "12")
    page.click("form:has(input[name=step]) button[type=submit]")
    expect(page.locator("ds-error-summary")).to_be_visible()
    expect(page.locator("[name=number]")).to_have_value("12")
    assert [line for line in complaints if not line.startswith("422")] == []
    complaints.clear()
