"""Networks and credentials in a real browser: named, used, refused in a sentence; the same on a phone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from cmdb.models import User
from monitoring.models import Credential, CredentialKind, Network
from tests.cases import Region


def test_named_used_and_refused(
    page: Page,
    live_server: LiveServer,
    region: Region,
    sign_in: Callable[[User], None],
    axe: Callable[[], list[str]],
    complaints: list[str],
) -> None:
    sign_in(region.lead)
    page.goto(f"{live_server.url}/monitoring/networks/")
    expect(page.get_by_text("No network is named yet")).to_be_visible()
    assert axe() == []
    page.goto(f"{live_server.url}/monitoring/networks/new/")
    page.get_by_label("Name", exact=True).fill("Administrasjonsnett")
    page.get_by_label("Organisation").select_option(label="Granli kommune")
    page.get_by_label("Network", exact=True).fill("169.254.0.0/16")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("addresses that no device has").first).to_be_visible()
    assert axe() == []
    page.get_by_label("Network", exact=True).fill("10.20.0.0/16")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Administrasjonsnett")
    assert axe() == []
    made = Credential.objects.create(
        name="read", kind=CredentialKind.SNMP_V2C, organisation=region.here, secret={"community": "c"},
        networks=["10.20.0.0/16"],
    )  # fmt: skip
    page.goto(f"{live_server.url}/monitoring/credentials/{made.pk}/edit/")
    assert axe() == []
    page.goto(f"{live_server.url}/monitoring/credentials/{made.pk}/")
    expect(page.get_by_text("10.20.0.0/16")).to_be_visible()
    assert axe() == []
    complaints.clear()  # the refused form is a 422, which the console names


def test_on_a_phone(
    phone: Page,
    live_server: LiveServer,
    region: Region,
    sign_in: Callable[[User], None],
    axe: Callable[[], list[str]],
    fits: Callable[[], bool],
) -> None:
    network = Network.objects.create(
        name="Administrasjonsnettverket for alle skoler i kommunen", organisation=region.here,
        prefix="2001:db8:1234:5678::/64", note="Taken over from the targets at the upgrade: please check it.",
    )  # fmt: skip
    sign_in(region.lead)
    for path in ("networks/", f"networks/{network.pk}/", "networks/new/", "credentials/new/", "targets/new/"):
        phone.goto(f"{live_server.url}/monitoring/{path}")
        assert fits(), path
        assert axe() == [], path
