"""A mail's original in a real browser: framed without script, without anything from elsewhere, at a phone's width too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from cmdb.models import User
from servicedesk.intake.mail import running
from servicedesk.mail import storing
from servicedesk.models import InboundMail
from tests import cases
from tests.browser.conftest import PHONE
from tests.servicedesk.mail.letters import PNG, attached, branch, multipart, part

HTML = b"""<h2>Skriveren i andre etasje</h2><p>Den <b>blinker</b>. Se <a href="https://example.no/skjema">skjemaet</a>.</p>
<img src="cid:skjerm" width=80 height=80 alt="Skjermbilde"><img src="https://x.example/t.gif">
<script>document.body.dataset.ran = 1</script><table border=1><tr><td>Rom</td><td>214</td></tr></table>"""


def mail() -> InboundMail:
    picture = part(
        PNG, b"image/png", b"Content-ID: <skjerm>", b'Content-Disposition: inline; filename="skjerm.png"'
    )
    related = branch([part(HTML, b"text/html; charset=utf-8"), picture], "related", "in")
    raw = multipart(
        [related, attached(b"x", b'"logg fra serveren i kjelleren.txt"')], subject=b"Skriveren blinker"
    )
    row, _made = storing.store(raw)
    running.take(row.pk)
    return InboundMail.objects.select_related("ticket").get(pk=row.pk)


def picture(page: Page, name: str) -> None:
    """For people who want to look: TEST_PICTURES=folder."""
    if folder := os.environ.get("TEST_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_from_the_ticket_to_the_original(
    page: Page, live_server: LiveServer, region: cases.Region, sign_in: Callable[[User], None],
    axe: Callable[[], list[str]], fits: Callable[[], bool],
) -> None:  # fmt: skip
    row = mail()
    assert row.ticket is not None
    sign_in(region.technician)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(live_server.url + reverse("desk:ticket", args=[row.ticket.reference]))
    picture(page, "ticket")
    page.get_by_role("link", name="Original").click()
    expect(page.locator("h1")).to_have_text("Skriveren blinker")
    for show in ("text", "html", "headers", "source"):
        page.goto(live_server.url + reverse("desk:mail_original", args=[row.pk]) + f"?show={show}")
        assert axe() == [], show
        picture(page, f"original-{show}")
        page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        assert fits(), show
        picture(page, f"original-{show}-360")
        page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(live_server.url + reverse("desk:mail_original", args=[row.pk]) + "?show=html")
    frame = page.frame_locator("iframe.original")
    expect(frame.locator("h2")).to_have_text("Skriveren i andre etasje")
    assert frame.locator("img").first.evaluate("one => one.complete && one.naturalWidth") == 1
    assert frame.locator("body").get_attribute("data-ran") is None
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
