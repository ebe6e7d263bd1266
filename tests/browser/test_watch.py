"""The banner of what does not work: seen by who works here, at a desk and on a phone, without reloading the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from cmdb import heartbeats
from cmdb.models import Heartbeat, User
from servicedesk.project.watch import parts
from tests.cases import Region


def test_what_is_dead_stands_on_top(
    page: Page,
    live_server: LiveServer,
    region: Region,
    sign_in: Callable[[User], None],
    axe: Callable[[], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("servicedesk.project.watch.banner.KEPT_SECONDS", 0)
    for part in parts.PARTS:
        heartbeats.beat(part.name)
    sign_in(region.technician)
    page.goto(f"{live_server.url}/desk/")
    expect(page.locator("main [role=alert]")).to_have_count(0)
    Heartbeat.objects.filter(part__in=["poller", "traps"]).update(at=F("at") - timedelta(minutes=7))
    page.goto(f"{live_server.url}/desk/")
    banner = page.locator("main [role=alert]")
    expect(banner.locator("li")).to_have_count(2)
    expect(banner).to_contain_text("7 min")
    assert axe() == []
    page.set_viewport_size({"width": 360, "height": 740})
    expect(banner).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
