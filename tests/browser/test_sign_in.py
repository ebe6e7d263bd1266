"""The sign-in page, by keyboard, in a real browser."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests import cases


def test_it_signs_in_with_the_keyboard_alone(
    page: Page,
    live_server: LiveServer,
    region: cases.Region,
    axe: Callable[[], list[str]],
    fits: Callable[[], bool],
) -> None:
    page.goto(f"{live_server.url}/accounts/login/?next=/portal/")
    expect(page.locator("html")).to_have_attribute("lang", "nb")
    assert axe() == []
    page.locator("input[name=login]").focus()
    page.keyboard.type(region.technician.username)
    page.keyboard.press("Tab")
    page.keyboard.type(cases.PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_server.url}/portal/")
    assert fits()


def test_a_wrong_password_keeps_the_name_and_says_so(
    phone: Page,
    live_server: LiveServer,
    region: cases.Region,
    axe: Callable[[], list[str]],
    fits: Callable[[], bool],
) -> None:
    phone.goto(f"{live_server.url}/accounts/login/")
    phone.locator("input[name=login]").fill(region.technician.username)
    phone.locator("input[name=password]").fill("wrong")
    phone.keyboard.press("Enter")
    expect(phone.locator("input[name=login]")).to_have_value(region.technician.username)
    expect(phone.locator("main")).to_contain_text("Brukernavnet")
    assert axe() == []
    assert fits()
