"""Held mail in a real browser: read, chosen by keyboard, opened as a ticket; the same on a phone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from cmdb.models import User
from servicedesk.intake.mail import running
from servicedesk.mail import storing
from servicedesk.models import InboundMail, Ticket
from tests.cases import Region
from tests.servicedesk.test_mail import letter


def fill() -> None:
    """Mail of several kinds."""
    for raw in (
        letter(
            "Ola Nordås <ola@privat.example>",
            "Får ikke logget inn",
            "Hei!\n\nJeg får ikke logget inn på Profil.",
        ),
        letter("Per Dahl <technician@example.no>", "Nullstill alle passord", "Nå."),
        letter("Kari Eng <own@example.no>", "Automatisk svar: Ferie", "Jeg er tilbake mandag."),
        letter("post@nyhetsbrev-" + "langt" * 12 + ".example", "Et tilbud " * 15, "Kjøp."),
    ):
        storing.store(raw)
    running.run()


def test_read_it_and_open_a_ticket(
    page: Page,
    live_server: LiveServer,
    region: Region,
    sign_in: Callable[[User], None],
    axe: Callable[[], list[str]],
) -> None:
    fill()
    sign_in(region.technician)
    page.goto(f"{live_server.url}/desk/mail/")
    assert axe() == []
    page.get_by_role("link", name="Får ikke logget inn").click()
    expect(page.get_by_text("Jeg får ikke logget inn på Profil.")).to_be_visible()
    assert axe() == []
    page.get_by_role("link", name="Open a ticket").click()
    page.get_by_label("Or somebody new: the name").fill("Ola Nordås")
    page.get_by_label("Municipality").select_option(label="Granli kommune")
    assert axe() == []
    page.get_by_role("button", name="Open a ticket").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Får ikke logget inn")
    assert Ticket.objects.get().reporter == User.objects.get(email="ola@privat.example")


def test_many_are_put_aside_by_keyboard(
    page: Page,
    live_server: LiveServer,
    region: Region,
    sign_in: Callable[[User], None],
    axe: Callable[[], list[str]],
) -> None:
    fill()
    sign_in(region.technician)
    page.goto(f"{live_server.url}/desk/mail/")
    page.get_by_label("Choose all on the page").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Put aside …").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Put these mails aside?")
    assert axe() == []
    page.get_by_role("button", name="Put aside").press("Enter")
    expect(page.get_by_text("No mail waits")).to_be_visible()
    assert not InboundMail.objects.filter(decided_at=None).exists()


def test_on_a_phone(
    phone: Page,
    live_server: LiveServer,
    region: Region,
    sign_in: Callable[[User], None],
    axe: Callable[[], list[str]],
    fits: Callable[[], bool],
) -> None:
    fill()
    sign_in(region.technician)
    rows = InboundMail.objects.order_by("pk").values_list("pk", flat=True)
    paths = ["", "refused/", "refused/new/", "forms/"]
    paths += [f"{pk}/{act}" for pk in rows for act in ("", "open/", "attach/", "answer/", "refuse/")]
    for path in paths:
        phone.goto(f"{live_server.url}/desk/mail/{path}")
        assert fits(), path
    assert axe() == []
    phone.set_viewport_size({"width": 1280, "height": 900})
    phone.goto(f"{live_server.url}/desk/mail/")
    assert fits()


def test_words_without_a_blank_stay_inside(
    page: Page,
    live_server: LiveServer,
    region: Region,
    sign_in: Callable[[User], None],
    fits: Callable[[], bool],
) -> None:
    address = "k" * 64 + "@" + ".".join(["d" * 60] * 3) + ".example"
    storing.store(letter(f"{'N' * 300} <{address}>", "Skriver" + "x" * 293, "y" * 400))
    storing.store(letter(f"{'M' * 300} <ola@privat.example>", "æ" * 300))
    running.run()
    sign_in(region.technician)
    row = InboundMail.objects.get(sender__startswith="kkkk")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        for path in (f"{row.pk}/", f"{row.pk}/original/", f"{row.pk}/open/", ""):
            page.goto(f"{live_server.url}/desk/mail/{path}")
            assert fits(), (width, path)
        # a long name does not push the address out of sight
        box = page.get_by_text("ola@privat.example").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
