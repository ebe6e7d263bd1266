"""The building blocks in a real browser: accessible, never sideways, and doing what docs/design.md says they do."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from servicedesk.project.middleware import POLICY
from tests.common import kit

Open = Callable[..., None]
PANEL = '<section class="card"><h2>Åpne saker</h2><p class="in">Ingen</p></section>'


@pytest.fixture
def example(page: Page, live_server: LiveServer) -> Open:
    """Opens an example page under the product's own policy, with its styles and scripts from the server."""

    def show(name: str, *, scheme: str = "light", panel: int = 200) -> None:
        html = kit.render(name, kit.contexts()[name])
        html = html.replace('data-color-scheme="auto"', f'data-color-scheme="{scheme}"')

        def answer(route: Route) -> None:
            if route.request.url.endswith("/panel.html"):
                route.fulfill(status=panel, body=PANEL, content_type="text/html; charset=utf-8")
            elif route.request.method == "POST":
                route.fulfill(status=204)
            else:
                headers = {"Content-Security-Policy": POLICY, "Content-Type": "text/html; charset=utf-8"}
                route.fulfill(body=html, headers=headers)

        page.route("**/examples/**", answer)
        page.goto(f"{live_server.url}/examples/{name}.html")

    return show


@pytest.mark.parametrize("name", list(kit.contexts()))
def test_every_example_is_accessible_and_fits_wide_and_narrow(
    name: str, page: Page, example: Open, axe: Callable[[], list[str]], fits: Callable[[], bool]
) -> None:
    for width, scheme in ((1280, "light"), (360, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        example(name, scheme=scheme)
        # a refused form scrolls to its summary; what lies under the bar then is no fault
        page.evaluate("scrollTo(0, 0)")
        assert axe() == [], (width, scheme)
        assert fits(), width
    for width in (1000, 700):
        page.set_viewport_size({"width": width, "height": 800})
        assert fits(), width


def test_choosing_a_row_puts_the_bulk_bar_in_place_of_the_filters(page: Page, example: Open) -> None:
    example("queue")
    expect(page.locator(".bulk")).to_be_hidden()
    page.locator("[value='INC-20418'][name=pick]").check()
    expect(page.locator(".bulk")).to_be_visible()
    expect(page.locator(".filters")).to_be_hidden()
    expect(page.locator("[data-chosen]")).to_contain_text("1")
    page.locator("[data-check-all]").check()
    expect(page.locator("[data-chosen]")).to_contain_text("6")
    page.locator(".bulk [type=reset]").click()
    expect(page.locator(".bulk")).to_be_hidden()


def test_switching_to_a_note_keeps_the_text_and_changes_the_button(page: Page, example: Open) -> None:
    example("ticket")
    page.locator("#write-body").fill("Half a sentence")
    sends = page.locator(".write button[type=submit]:visible")
    expect(sends).to_have_count(1)
    before = sends.inner_text()
    page.locator(".ds-toggle-group label").nth(1).click()
    expect(sends).to_have_count(1)
    assert sends.inner_text() != before
    assert page.locator("#write-body").input_value() == "Half a sentence"
    assert page.locator(".write").evaluate("e => getComputedStyle(e).borderTopStyle") == "dashed"


def test_a_draft_comes_back_as_reply_after_a_reload(page: Page, example: Open) -> None:
    example("ticket")
    page.locator(".ds-toggle-group label").nth(1).click()
    page.locator("#write-body").press_sequentially("Secret")
    page.reload()
    expect(page.locator("#write-body")).to_have_value("Secret")
    expect(page.locator("[name=visibility][value=reply]")).to_be_checked()


def test_a_form_is_sent_once_and_says_so(page: Page, example: Open) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    example("form")
    button = page.locator("form.form [type=submit]")
    button.click(no_wait_after=True)
    expect(button).to_have_attribute("aria-busy", "true")
    expect(button).to_be_disabled()
    page.locator("form.form").evaluate("form => form.requestSubmit()")
    assert len(sent) == 1


def test_the_first_tab_leads_past_the_bar(page: Page, example: Open) -> None:
    example("queue")
    page.keyboard.press("Tab")
    link = page.locator(".ds-skip-link")
    expect(link).to_be_focused()
    page.wait_for_function(  # the style sheet may come a moment later
        "() => { const box = document.querySelector('.ds-skip-link').getBoundingClientRect();"
        " return box.y === 0 && box.height > 24 }"
    )
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_slash_leads_to_the_search_but_not_while_one_writes(page: Page, example: Open) -> None:
    example("ticket")
    page.keyboard.press("/")
    expect(page.locator("[data-search-key]")).to_be_focused()
    page.locator("#write-body").press("/")
    assert page.locator("#write-body").input_value() == "/"


def test_a_clock_counts_down_and_breaks(page: Page, example: Open) -> None:
    page.clock.install(time=kit.NOW)
    example("queue")
    row = page.locator("tr", has_text="INC-20422")
    expect(row.locator("b time")).to_have_text(re.compile("12 min (left|igjen)"))
    page.clock.run_for(5 * 60 * 1000)
    expect(row.locator("b time")).to_have_text(re.compile("7 min (left|igjen)"))
    page.clock.run_for(9 * 60 * 1000)
    expect(row.locator("b time")).to_contain_text("2 min")
    expect(row.locator(".clock")).to_have_attribute("data-color", "danger")


def test_a_panel_comes_by_itself(page: Page, example: Open) -> None:
    example("item")
    expect(page.locator("h2", has_text="Åpne saker")).to_be_visible()
    expect(page.locator(".waiting")).to_have_count(0)


def test_a_panel_that_fails_says_so_in_its_place(page: Page, example: Open, complaints: list[str]) -> None:
    example("item", panel=500)
    expect(page.locator(".waiting")).not_to_have_text("Loading …")
    expect(page.locator("#messages .ds-alert")).to_have_count(0)
    complaints.clear()  # the 500 that this test asked for


def test_the_map_is_drawn_under_the_strict_policy(page: Page, example: Open) -> None:
    example("item")
    expect(page.locator("[data-graph] canvas").first).to_be_visible()
