"""Way 5 in a real browser: the board opens the month, clicks a figure down to its rows, and a case to its steps."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from cmdb.models import User
from monitoring import intervals
from sla.models import ServiceTarget
from tests.cases import Region
from tests.sla.month import START, fill
from tests.sla.test_clocks import hours


@pytest.fixture
def month(region: Region) -> Region:
    """September 2026 with tickets and one outage."""
    fill(region, 160)
    ServiceTarget.objects.create(agreement=region.agreement, service=region.payroll, availability=0.999)
    intervals.change(region.server_target, "up", START)
    intervals.change(region.server_target, "down", START + hours(100))
    intervals.change(region.server_target, "up", START + hours(104))
    return region


def test_from_thirteen_months_down_to_a_step(
    month: Region,
    page: Page,
    live_server: LiveServer,
    sign_in: Callable[[User], None],
    axe: Callable[[], list[str]],
) -> None:
    sign_in(month.board)
    page.goto(f"{live_server.url}/board/")
    expect(page.locator("tbody tr")).to_have_count(13)
    assert axe() == []
    page.locator('a[href="/board/2026-09/granli/"]').first.click()
    expect(page.locator("h1")).to_contain_text("Granli kommune")
    page.wait_for_selector(".chart svg", timeout=60_000)
    assert axe() == []
    figure = page.locator('.fig a[href$="rows/incidents:*:*/"]')
    count = int(re.sub(r"\D", "", figure.inner_text()))
    figure.click()
    expect(page.locator("tr[data-row]")).to_have_count(count)
    assert axe() == []
    page.locator("tr[data-row] a").first.click()
    expect(page.locator("h1")).to_contain_text("Ticket")
    assert axe() == []
    page.goto(f"{live_server.url}/board/2026-09/granli/rows/outages:payroll/")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    assert axe() == []


def test_on_a_phone_nothing_sticks_out(
    month: Region,
    phone: Page,
    live_server: LiveServer,
    sign_in: Callable[[User], None],
    fits: Callable[[], bool],
) -> None:
    sign_in(month.lead)
    for path in (
        "",
        "2026-09/granli/",
        "2026-09/granli/rows/incidents:*:*/",
        "agreements/",
        "improvements/new/",
    ):
        phone.goto(f"{live_server.url}/board/{path}")
        phone.wait_for_load_state("networkidle", timeout=60_000)
        assert fits(), path
