"""A changed SSH host key at a desk and on a phone: both fingerprints whole, and a decision."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from cmdb.models import User
from monitoring import backups, engine
from monitoring.hostkeys import known
from monitoring.hostkeys.keys import CHANGED, Key
from monitoring.models import Alert, Credential, Target
from servicedesk.intake import alerts
from servicedesk.models import Ticket
from tests.cases import Region

OLD, NEW = (Key.of("ssh-ed25519", f"blob {n}".encode()) for n in range(2))


def test_a_changed_key_is_seen_and_accepted(
    page: Page,
    live_server: LiveServer,
    region: Region,
    sign_in: Callable[[User], None],
    axe: Callable[[], list[Any]],
) -> None:
    login = Credential.objects.create(name="login", kind="ssh", organisation=region.here, secret={})
    target = Target.objects.get(pk=region.switch_target.pk)
    Target.objects.filter(pk=target.pk).update(ssh_credential=login)
    url = f"{live_server.url}/monitoring/targets/{target.pk}/"
    sign_in(region.lead)
    page.goto(url)
    card = page.locator("#host-key")
    expect(card).to_contain_text("No key is known yet")
    known.record(target, OLD, timezone.now())
    known.record(target, NEW, timezone.now())
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(url)
        expect(card).to_contain_text(OLD.fingerprint)
        expect(card).to_contain_text(NEW.fingerprint)
        expect(page.get_by_text("History of the host key")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe() == []
    engine.run()
    alerts.run()
    failed = backups.save(target, backups.Fetched("", CHANGED, NEW), timezone.now())
    told = [
        url, f"{live_server.url}/monitoring/alerts/", f"{live_server.url}/monitoring/alerts/{Alert.objects.get().pk}/",
        f"{live_server.url}/monitoring/events/", f"{live_server.url}/monitoring/backups/",
        f"{live_server.url}/monitoring/backups/{failed.pk}/", f"{live_server.url}/monitoring/",
        f"{live_server.url}/desk/", f"{live_server.url}/desk/tickets/{Ticket.objects.get().reference}/",
    ]  # fmt: skip
    for address in told:
        page.goto(address)
        # A ticket is written in the language of its organisation.
        expect(page.locator("main")).to_contain_text(re.compile("SSH host key|SSH-vertsnøkkel"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
    page.goto(url)
    card.get_by_role("button", name="Accept the new key").click()
    expect(card.get_by_role("button", name="Accept the new key")).to_have_count(0)
    expect(card).to_contain_text(NEW.fingerprint)
    expect(card).not_to_contain_text(OLD.fingerprint)
