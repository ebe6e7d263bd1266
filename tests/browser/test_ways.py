"""The three ways from one end to the other, in a real browser: a dead switch, a person's report, the board's month."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from cmdb.models import User
from monitoring import engine, poll
from monitoring.models import Alert, Interval, Target
from monitoring.simulation.faults import set_fault
from servicedesk import outbox
from servicedesk.demo import catalogue, network, promises, region
from servicedesk.demo.load import first_of, load
from servicedesk.intake import alerts
from servicedesk.models import State, Ticket

SWITCH = "fjordvik-rh-sw1"
PATIENCE = 45
TAKE = re.compile("Take it|Ta sak|Ta den")


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.10.1.2", 0))
        return int(probe.getsockname()[1])


@dataclass
class World:
    """The demo's region with its simulated network, and the workers' turns taken by hand."""

    var: Path

    def turn(self) -> None:
        poll.run_due(seconds=2)
        engine.run()
        alerts.run()
        outbox.send_due()

    def until(self, reached: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < end, f"not within {PATIENCE} s: {what}"
            self.turn()
            time.sleep(0.2)


@pytest.fixture
def world(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[World]:
    settings.VAR, settings.SAMDRIFT_DEMO = tmp_path, True
    port, ssh_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    arguments = ["--var", str(tmp_path), "--port", str(port), "--ssh-port", str(ssh_port)]
    devices = subprocess.Popen(
        [sys.executable, "-m", "monitoring.simulation", *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        today = timezone.localdate()
        people = region.load()
        things = catalogue.load(people, today)
        network.load(people, things, port, ssh_port)
        promises.load(people, things, first_of(today, 1))
        Target.objects.update(interval=5)
        assert devices.stdout is not None
        assert "answer" in devices.stdout.readline()
        yield World(tmp_path)
    finally:
        devices.terminate()
        devices.wait(10)


SignIn = Callable[[User], None]
Axe = Callable[[], list[str]]


def test_a_dead_switch_is_one_alert_one_incident_and_is_over_when_it_answers(
    world: World, page: Page, live_server: LiveServer, sign_in: SignIn, axe: Axe
) -> None:
    world.until(lambda: Target.objects.filter(state="up").count() == 41, "all devices up")
    target = Target.objects.get(name=SWITCH)
    sign_in(User.objects.get(username="technician"))
    page.goto(f"{live_server.url}/monitoring/targets/{target.pk}/")
    page.locator("button[name=do][value=down]").click()
    began = time.monotonic()
    world.until(lambda: Ticket.objects.filter(channel="monitoring").exists(), "an incident")
    assert time.monotonic() - began < 30
    alert = Alert.objects.get(closed_at=None)
    assert alert.target == target
    world.until(lambda: Target.objects.filter(shadowed_by=target).count() == 6, "six devices in the shadow")
    assert Alert.objects.filter(closed_at=None).count() == 1
    ticket = Ticket.objects.get(channel="monitoring")
    assert ticket.item == target.item
    assert {row.service.name for row in ticket.ticket_services.all()} == {"Nett Fjordvik", "Utskrift"}
    assert [row.organisation.slug for row in ticket.ticket_organisations.all()] == ["fjordvik"]
    assert {clock.measure for clock in ticket.case.clocks.all()} >= {"response", "resolution"}  # type: ignore[union-attr]
    page.goto(f"{live_server.url}/desk/tickets/{ticket.reference}/")
    expect(page.locator("main")).to_contain_text("Nett Fjordvik")
    assert axe() == []
    page.goto(f"{live_server.url}/monitoring/")
    expect(page.locator("main")).to_contain_text(SWITCH)
    assert axe() == []
    set_fault(world.var, SWITCH, False)
    world.until(lambda: Ticket.objects.get(pk=ticket.pk).state == State.RESOLVED, "the incident resolved")
    assert not Alert.objects.filter(closed_at=None).exists()
    assert not ticket.case.clocks.filter(stopped_at=None).exists()  # type: ignore[union-attr]
    down = Interval.objects.get(target=target, state="down")
    assert down.ended_at is not None
    assert down.ended_at > down.started_at


def test_a_report_from_a_phone_is_worked_on_and_followed_and_hidden_from_strangers(
    world: World,
    page: Page,
    live_server: LiveServer,
    sign_in: SignIn,
    axe: Axe,
    fits: Callable[[], bool],
    complaints: list[str],
) -> None:
    reporter, technician = (User.objects.get(username=name) for name in ("reporter", "technician"))
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(reporter)
    page.goto(f"{live_server.url}/portal/")
    page.locator("a.tile.main").click()
    assert axe() == []
    page.locator("button[type=submit][data-fullwidth]").click()
    expect(page.locator(".ds-error-summary")).to_be_visible()
    complaints.clear()  # the refused form is a 422
    page.locator("[name=what]").fill("Profil henger når jeg lagrer turnus")
    page.locator("[name=system]").select_option(label="Profil Fjordvik")
    page.locator("input[name=badness][value=all]").check()
    assert fits()
    page.locator("button[type=submit][data-fullwidth]").click()
    page.wait_for_url("**/sent/")
    ticket = Ticket.objects.get(reporter=reporter)
    expect(page.locator("main")).to_contain_text(ticket.reference)
    assert fits()

    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(technician)
    page.goto(f"{live_server.url}/desk/")
    row = page.locator("tr.t", has_text=ticket.reference)
    expect(row).to_be_visible()
    assert axe() == []
    row.locator("button", has_text=TAKE).click()
    page.goto(f"{live_server.url}/desk/tickets/{ticket.reference}/")
    page.locator("textarea[name=body]").first.fill("Vi ser på det nå.")
    page.locator("form:has(textarea[name=body]) button[type=submit]:visible").last.click()
    expect(page.locator(".tl")).to_contain_text("Vi ser på det nå.")
    ticket.refresh_from_db()
    assert ticket.assignee == technician
    assert ticket.answered_at is not None
    assert axe() == []

    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(reporter)
    page.goto(f"{live_server.url}/portal/cases/{ticket.reference}/")
    expect(page.locator(".tl")).to_contain_text("Vi ser på det nå.")
    assert axe() == []
    assert fits()
    outbox.send_due()
    assert [reporter.email] in [letter.to for letter in mail.outbox]


def test_a_stranger_sees_nothing_of_it(
    world: World, page: Page, live_server: LiveServer, sign_in: SignIn, complaints: list[str]
) -> None:
    from servicedesk.actions.open_ticket import open_ticket
    from servicedesk.actors import Actor

    ticket = open_ticket(Actor.of(User.objects.get(username="reporter")), title="Hemmelig sak")
    sign_in(User.objects.get(username="stranger"))
    for path in (f"/portal/cases/{ticket.reference}/", f"/desk/tickets/{ticket.reference}/"):
        answer = page.goto(f"{live_server.url}{path}")
        assert answer is not None
        assert answer.status in (403, 404)
        assert "Hemmelig" not in page.content()
    complaints.clear()


def test_the_board_reads_a_month_and_opens_the_rows_behind_a_figure(
    transactional_db: None,
    page: Page,
    live_server: LiveServer,
    sign_in: SignIn,
    axe: Axe,
    fits: Callable[[], bool],
) -> None:
    load(months=1)
    sign_in(User.objects.get(username="board"))
    page.goto(f"{live_server.url}/board/")
    assert axe() == []
    month = first_of(timezone.localdate(), 1)
    page.goto(f"{live_server.url}/board/{month:%Y-%m}/fjordvik/")
    assert axe() == []
    figure = page.locator(".figs a.v").nth(2)
    count = int("".join(filter(str.isdigit, figure.inner_text())))
    figure.click()
    expect(page.locator("main")).to_contain_text(str(count))
    assert Ticket.objects.filter(
        kind="incident", organisation__parent__slug="fjordvik", opened_at__date__gte=month
    ).exists()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live_server.url}/board/{month:%Y-%m}/fjordvik/")
    assert fits()
