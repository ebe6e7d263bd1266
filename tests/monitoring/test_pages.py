"""Pages of monitoring: who sees what, what they show, and what they cost."""

import html
import re
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cmdb.models import Membership, Role, User
from monitoring import backups, engine, events, intervals, learning, maintenance, poll, schedule
from monitoring.models import (
    Alert,
    ConfigBackup,
    Credential,
    CredentialKind,
    Event,
    MaintenanceWindow,
    Neighbour,
    Reading,
    Severity,
    Target,
)
from tests.cases import RegionCase
from tests.monitoring import snmpd

NAMES = ("target", "alert", "event", "credential", "maintenance", "backup")


class PagesCase(RegionCase):
    """A down switch with its server in its shadow, a credential, a backup, planned work; a technician of `there`."""

    credential: Credential
    ssh: Credential
    backup: ConfigBackup
    window: MaintenanceWindow
    alert: Alert
    event: Event
    rows: dict[str, Any]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        now = timezone.now()
        switch, server = cls.r.switch_target, cls.r.server_target
        for target in (switch, server):
            intervals.change(target, "up", now - timedelta(hours=5))
            Target.objects.filter(pk=target.pk).update(
                last_ok_at=now - timedelta(minutes=11), last_polled_at=now
            )
            intervals.change(target, "down", now - timedelta(minutes=10))
            events.post(
                target, "down", severity=Severity.EXCEPTION, source="poll", text="no answer",
                problem_key=events.problem_key(target.pk, "down"), at=now - timedelta(minutes=10),
            )  # fmt: skip
        engine.run(now)
        Reading.objects.create(
            target=switch, metric="if.in_rate", instance="1", value=1_250_000, unit="bit/s", at=now
        )
        Neighbour.objects.create(target=switch, local_port=1, remote_name="rt-1", seen_at=now)
        cls.credential = Credential.objects.create(
            name="read",
            kind=CredentialKind.SNMP_V2C,
            organisation=cls.r.here,
            secret={"community": "very-secret"},
        )
        cls.ssh = Credential.objects.create(
            name="login",
            kind=CredentialKind.SSH,
            organisation=cls.r.here,
            secret={"username": "u", "password": "pw-secret"},
        )
        Target.objects.filter(pk=switch.pk).update(credential=cls.credential, ssh_credential=cls.ssh)
        switch.refresh_from_db()
        texts = [f"hostname sw{n}\nsnmp-server community hidden{n} RO\n" for n in (1, 2)]
        backups.save(switch, backups.Fetched(texts[0]), now - timedelta(hours=2))
        cls.backup = backups.save(switch, backups.Fetched(texts[1]), now - timedelta(hours=1))
        cls.window = maintenance.plan(
            "change:7", title="New firmware", organisation=cls.r.here, items=[cls.r.server],
            starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2),
        )  # fmt: skip
        cls.alert = Alert.objects.get()
        cls.event = cls.alert.target.monitoring_events.get(kind="down")
        neighbour = User.objects.create(username="techthere", organisation=cls.r.there, language="en")
        Membership.objects.create(user=neighbour, role=Role.TECHNICIAN, organisation=cls.r.there)
        cls.r.neighbour = neighbour  # type: ignore[attr-defined]
        cls.rows = {
            "target": switch, "alert": cls.alert, "event": cls.event, "credential": cls.credential,
            "maintenance": cls.window, "backup": cls.backup,
        }  # fmt: skip


class TestThreePeople(PagesCase):
    def test_reporters_get_403_on_every_page(self) -> None:
        for who in ("own", "colleague", "stranger", "board"):
            client = self.client_of(who)
            for name in NAMES:
                assert client.get(reverse(f"monitoring:{name}_list")).status_code == 403, (who, name)
                url = reverse(f"monitoring:{name}_detail", args=[self.rows[name].pk])
                assert client.get(url).status_code == 403, (who, name)
            for name in ("overview", "discover", "topology"):
                assert client.get(reverse(f"monitoring:{name}")).status_code == 403, (who, name)

    def test_a_technician_elsewhere_gets_404_and_empty_lists(self) -> None:
        client = self.client_of("neighbour")
        for name in NAMES:
            url = reverse(f"monitoring:{name}_detail", args=[self.rows[name].pk])
            assert client.get(url).status_code == 404, name
            page = client.get(reverse(f"monitoring:{name}_list"))
            assert page.status_code == 200
            assert b"sw-granli-1" not in page.content, name
        overview = client.get(reverse("monitoring:overview"))
        assert b"granli" not in overview.content.lower()
        for name in ("target_poll", "target_back_up", "target_fault"):
            assert (
                client.post(reverse(f"monitoring:{name}", args=[self.rows["target"].pk])).status_code == 404
            )

    def test_the_signed_out_are_sent_to_sign_in(self) -> None:
        for name in ("overview", "target_list", "alert_list"):
            response = self.client.get(reverse(f"monitoring:{name}"))
            assert response.status_code == 302
            assert "/accounts/login/" in response["Location"]

    def test_the_technician_sees_all(self) -> None:
        client = self.client_of("technician")
        for name in NAMES:
            assert client.get(reverse(f"monitoring:{name}_list")).status_code == 200, name
            assert (
                client.get(reverse(f"monitoring:{name}_detail", args=[self.rows[name].pk])).status_code == 200
            ), name

    def test_on_call_reads_but_changes_nothing(self) -> None:
        client = self.client_of("oncall")
        pk = self.rows["target"].pk
        assert client.get(reverse("monitoring:target_detail", args=[pk])).status_code == 200
        assert client.get(reverse("monitoring:target_edit", args=[pk])).status_code == 403
        assert client.get(reverse("monitoring:target_create")).status_code == 403
        for name in ("target_poll", "target_back_up", "target_fault"):
            assert client.post(reverse(f"monitoring:{name}", args=[pk])).status_code == 403, name

    def test_the_button_wants_a_configuration_where_there_is_a_login(self) -> None:
        target = self.rows["target"]
        url, client = reverse("monitoring:target_back_up", args=[target.pk]), self.client_of("technician")
        assert client.post(url).status_code == 302
        assert Target.objects.get(pk=target.pk).backup_wanted_at is not None
        Target.objects.filter(pk=target.pk).update(ssh_credential=None)
        assert client.post(url).status_code == 404

    def test_the_panel_follows_the_items_own_rule(self) -> None:
        url = reverse("monitoring:item_state", args=[self.r.server.pk])
        assert b"In the shadow" in self.client_of("technician").get(url).content
        page = self.client_of("keyuser").get(url)
        assert page.status_code == 200
        assert b"127.0.8." not in page.content  # the register's readers see the state, not how it is asked
        assert self.client_of("stranger").get(url).status_code == 404
        assert self.client.get(url).status_code == 302


class TestSecrets(PagesCase):
    def test_no_page_or_export_holds_a_secret(self) -> None:
        client = self.client_of("admin")
        urls = [reverse("monitoring:overview")]
        for name in NAMES:
            urls += [reverse(f"monitoring:{name}_list"), reverse(f"monitoring:{name}_export")]
            urls += [reverse(f"monitoring:{name}_detail", args=[self.rows[name].pk])]
        urls += [reverse("monitoring:credential_edit", args=[self.credential.pk])]
        urls += [
            "/admin/monitoring/credential/",
            f"/admin/monitoring/credential/{self.credential.pk}/change/",
        ]
        urls += [f"/admin/monitoring/configbackup/{self.backup.pk}/change/"]
        for url in urls:
            response = client.get(url)
            assert response.status_code == 200, url
            body = response.getvalue()
            for secret in (b"very-secret", b"pw-secret", b"hidden1", b"hidden2"):
                assert secret not in body, (url, secret)

    def test_a_secret_lies_encrypted_and_can_be_replaced_without_being_shown(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select secret from monitoring_credential")
            assert all("secret" not in row[0] for row in cursor.fetchall())
            cursor.execute("select content || diff from monitoring_configbackup")
            assert all("hidden" not in row[0] and "hostname" not in row[0] for row in cursor.fetchall())
        client = self.client_of("lead")
        url = reverse("monitoring:credential_edit", args=[self.credential.pk])
        data = {"name": "renamed", "kind": "snmp_v2c", "organisation": self.r.here.pk}
        assert client.post(url, data).status_code == 302
        self.credential.refresh_from_db()
        assert (self.credential.name, self.credential.secret) == ("renamed", {"community": "very-secret"})
        assert client.post(url, data | {"community": "another one"}).status_code == 302
        self.credential.refresh_from_db()
        assert self.credential.secret == {"community": "another one"}

    def test_a_credential_that_no_device_could_accept_is_refused_in_a_sentence(self) -> None:
        client = self.client_of("lead")
        data = {
            "name": "v3", "kind": "snmp_v3", "organisation": self.r.here.pk, "user": "u", "auth_protocol": "SHA1",
            "auth_key": "short",
        }  # fmt: skip
        response = client.post(reverse("monitoring:credential_create"), data)
        assert response.status_code == 422
        assert b"at least 8 characters" in response.content
        assert b"short" not in response.content
        assert (
            client.post(reverse("monitoring:credential_create"), data | {"auth_key": ""}).status_code == 422
        )

    def test_a_technician_keeps_no_credentials(self) -> None:
        assert self.client_of("technician").get(reverse("monitoring:credential_create")).status_code == 403


class TestContent(PagesCase):
    def test_the_overview_names_the_fault_and_what_stands_in_its_shadow(self) -> None:
        page = self.client_of("technician").get(reverse("monitoring:overview")).content.decode()
        assert "sw-granli-1 does not answer" in page
        assert page.count("srv-granli-1") == 1
        assert "1 device stands in its shadow" in page
        assert f"state=shadow&amp;organisation={self.r.here.pk}" in page

    def test_every_figure_of_the_overview_opens_as_many_rows(self) -> None:
        Target.objects.create(name="rt-region", organisation=self.r.region, address="127.0.7.99")
        Target.objects.create(name="ap-unit", organisation=self.r.unit, address="127.0.7.98")
        client = self.client_of("technician")
        page = client.get(reverse("monitoring:overview")).content.decode()
        figures = re.findall(r'class="a-fig" href="([^"]+)">(\d+)<', page)
        assert len(figures) >= 6
        for url, number in figures:
            found = client.get(html.unescape(url)).content.decode()
            assert f"{number} found" in found, (url, number)

    def test_the_overview_renews_its_middle_alone(self) -> None:
        client = self.client_of("technician")
        part = client.get(
            reverse("monitoring:overview"), headers={"HX-Request": "true", "HX-Target": "now"}
        ).content
        assert part.lstrip().startswith(b'<div id="now"')
        assert b"<html" not in part

    def test_a_targets_page_shows_states_readings_events_and_backups(self) -> None:
        url = reverse("monitoring:target_detail", args=[self.r.switch_target.pk])
        page = self.client_of("technician").get(url).content.decode()
        for words in (
            "Does not answer",
            "1.2\u00a0Mbit/s",
            "rt-1",
            "srv-granli-1",
            "Last 24 hours",
            "+2 −2",
            'class="days"',
        ):
            assert words in page, words
        assert "Stop this device" not in page

    def test_hostile_texts_of_devices_are_escaped(self) -> None:
        Target.objects.filter(pk=self.r.switch_target.pk).update(last_error="<script>alert(1)</script>")
        Neighbour.objects.update(remote_name="<img src=x>")
        Alert.objects.update(text="<b>x</b>")
        client = self.client_of("technician")
        for url in (
            reverse("monitoring:target_detail", args=[self.r.switch_target.pk]),
            reverse("monitoring:target_list"), reverse("monitoring:overview"), reverse("monitoring:alert_list"),
        ):  # fmt: skip
            page = client.get(url).content
            assert b"<script>alert(1)" not in page
            assert b"<img src=x>" not in page
            assert b"<b>x</b>" not in page

    def test_a_backup_shows_its_difference_without_secrets(self) -> None:
        page = (
            self.client_of("technician")
            .get(reverse("monitoring:backup_detail", args=[self.backup.pk]))
            .content
        )
        assert b"<ins>+hostname sw2</ins>" in page
        assert b"<del>-hostname sw1</del>" in page
        assert b"removed" in page

    def test_filters_sort_and_paging(self) -> None:
        client = self.client_of("technician")
        url = reverse("monitoring:target_list")
        assert b"srv-granli-1" not in client.get(url, {"state": "down"}).content
        assert b"srv-granli-1" in client.get(url, {"state": "shadow"}).content
        assert b"srv-granli-1" in client.get(url, {"organisation": self.r.region.pk}).content
        assert b"srv-granli-1" not in client.get(url, {"organisation": self.r.there.pk}).content
        page = client.get(url).content.decode()
        assert page.index("sw-granli-1") < page.index("srv-granli-1")  # the cause before its shadow
        assert client.get(url, {"sort": "-name"}).status_code == 200
        assert client.get(url, {"state": "nonsense"}).status_code == 200

    def test_lists_cost_the_same_for_one_row_and_for_fifty(self) -> None:
        client = self.client_of("technician")

        def statements(url: str) -> int:
            with CaptureQueriesContext(connection) as context:
                assert client.get(url).status_code == 200
            return len(context)

        urls = [reverse("monitoring:overview"), *(reverse(f"monitoring:{name}_list") for name in NAMES)]
        for url in urls:
            statements(url)
        before = [statements(url) for url in urls]
        switch = self.r.switch_target
        for n in range(50):
            target = Target.objects.create(
                name=f"ap-{n}", organisation=self.r.here, address=f"127.0.7.{n + 1}", parent=switch, shadowed_by=switch,
                state="down",
            )  # fmt: skip
            events.post(target, "trap", severity=Severity.INFORMATION, source="trap")
            Alert.objects.create(
                target=target, organisation=self.r.here, problem_key=f"{target.pk}:slow", kind="slow",
                severity="warning", opened_at=timezone.now(),
            )  # fmt: skip
            ConfigBackup.objects.create(target=target, result="failed", error="no")
        after = [statements(url) for url in urls]
        assert after == before or all(b <= a + 1 for a, b in zip(before, after, strict=True)), list(
            zip(urls, before, after, strict=True)
        )
        assert max(after) <= 14, list(zip(urls, after, strict=True))

    def test_a_targets_page_costs_a_fixed_number_of_statements(self) -> None:
        client = self.client_of("technician")
        url = reverse("monitoring:target_detail", args=[self.r.switch_target.pk])
        client.get(url)
        with CaptureQueriesContext(connection) as context:
            client.get(url)
        assert len(context) <= 22, [q["sql"][:120] for q in context]


class TestForm(PagesCase):
    def data(self, **more: Any) -> dict[str, Any]:
        return {
            "name": "sw-new", "organisation": self.r.here.pk, "check_kind": "snmp", "address": "127.0.9.9", "port": 161,
            "credential": self.credential.pk, "interval": 60, "confirm_polls": 2, "is_enabled": "on", "ssh_port": 22,
        } | more  # fmt: skip

    def post(self, **more: Any) -> Any:
        return self.client_of("lead").post(reverse("monitoring:target_create"), self.data(**more))

    def test_a_target_is_made_and_due_at_once(self) -> None:
        assert self.post().status_code == 302
        target = Target.objects.get(name="sw-new")
        assert target.due_at <= timezone.now()
        assert target.state == "unknown"

    def test_wrong_input_is_a_sentence(self) -> None:
        for field, value, words in (
            ("address", "not an address!", "neither an IP address nor a host name"),
            ("port", "70000", "1 to 65535"),
            ("interval", "1", "5 seconds"),
            ("credential", "", "SNMP needs a credential"),
            ("confirm_polls", "0", "1 to 20"),
        ):
            response = self.post(**{field: value})
            assert response.status_code == 422, field
            assert words in response.content.decode(), field
        assert self.post(address="127.0.8.1", port=161).status_code == 422  # asked like this already
        assert not Target.objects.filter(name="sw-new").exists()

    def test_a_circle_of_parents_is_refused(self) -> None:
        url = reverse("monitoring:target_edit", args=[self.r.switch_target.pk])
        data = self.data(name="sw-granli-1", address="127.0.8.1", parent=self.r.server_target.pk)
        response = self.client_of("technician").post(url, data)
        assert response.status_code == 422
        assert "close a circle" in response.content.decode()

    def test_foreign_credentials_and_owners_cannot_be_chosen(self) -> None:
        foreign = Credential.objects.create(
            name="x", kind=CredentialKind.SNMP_V2C, organisation=self.r.here, secret={"community": "c"}
        )
        client = self.client_of("neighbour")
        url = reverse("monitoring:target_create")
        assert (
            client.post(url, self.data(organisation=self.r.there.pk, credential=foreign.pk)).status_code
            == 422
        )
        assert client.post(url, self.data()).status_code == 422

    def test_another_address_is_another_device(self) -> None:
        Target.objects.filter(pk=self.r.switch_target.pk).update(
            profile="switch", instances={"interfaces": ["1"]}
        )
        url = reverse("monitoring:target_edit", args=[self.r.switch_target.pk])
        assert (
            self.client_of("lead").post(url, self.data(name="sw-granli-1", item=self.r.switch.pk)).status_code
            == 302
        )
        target = Target.objects.get(pk=self.r.switch_target.pk)
        assert (target.profile, target.instances, target.learnt_at) == ("", {}, None)

    def test_test_now_says_that_nothing_answers_and_saves_nothing(self) -> None:
        response = self.post(_test="1", address="127.0.9.77", port=9)
        page = response.content.decode()
        assert response.status_code == 200
        assert "No usable answer" in page
        assert "connection refused" in page
        assert 'value="sw-new"' in page
        assert "very-secret" not in page
        assert not Target.objects.filter(name="sw-new").exists()

    def test_an_items_page_fills_the_form_in(self) -> None:
        url = reverse("monitoring:target_create") + f"?item={self.r.printer.pk}"
        page = self.client_of("technician").get(url).content.decode()
        assert 'value="prn-granli-1"' in page


class TestButtons(PagesCase):
    def test_ask_now_makes_it_due(self) -> None:
        Target.objects.update(due_at=timezone.now() + timedelta(hours=1))
        client = self.client_of("technician")
        assert (
            client.post(reverse("monitoring:target_poll", args=[self.r.switch_target.pk])).status_code == 302
        )
        assert Target.objects.get(pk=self.r.switch_target.pk).due_at <= timezone.now()
        assert (
            client.get(reverse("monitoring:target_poll", args=[self.r.switch_target.pk])).status_code == 405
        )

    def test_the_demos_button_stops_a_simulated_device_and_only_there(self) -> None:
        from django.conf import settings

        from monitoring.simulation.devices import DEVICES
        from monitoring.simulation.faults import read_faults

        device = DEVICES[0]
        pk = self.r.switch_target.pk
        Target.objects.filter(pk=pk).update(address=device.address)
        client, url = self.client_of("technician"), reverse("monitoring:target_fault", args=[pk])
        assert client.post(url, {"do": "down"}).status_code == 404  # no demo
        with override_settings(SAMDRIFT_DEMO=True):
            assert b"Stop this device" in client.get(reverse("monitoring:target_detail", args=[pk])).content
            assert client.post(url, {"do": "down"}).status_code == 302
            assert read_faults(Path(settings.VAR)) == {device.name}
            assert b"Start this device" in client.get(reverse("monitoring:target_detail", args=[pk])).content
            assert client.post(url, {"do": "up"}).status_code == 302
            assert read_faults(Path(settings.VAR)) == frozenset()
            real = reverse("monitoring:target_fault", args=[self.r.server_target.pk])
            assert client.post(real, {"do": "down"}).status_code == 404

    def test_suggested_parents_are_set_when_ticked(self) -> None:
        Target.objects.filter(pk=self.r.server_target.pk).update(parent=None)
        client, url = self.client_of("technician"), reverse("monitoring:topology")
        assert b"the register connects them" in client.get(url).content
        client.post(url, {"pk": []})
        assert Target.objects.get(pk=self.r.server_target.pk).parent is None
        client.post(url, {"pk": [self.r.server_target.pk]})
        assert Target.objects.get(pk=self.r.server_target.pk).parent == self.r.switch_target

    def test_too_large_a_network_is_refused_in_a_sentence(self) -> None:
        client, url = self.client_of("lead"), reverse("monitoring:discover")
        data = {"credential": self.credential.pk, "organisation": self.r.here.pk}
        for network, words in (
            ("10.0.0.0/8", "at most 4096"),
            ("10.0.0.0/22", "At most 256"),
            ("x", "not a network"),
        ):
            response = client.post(url, data | {"network": network})
            assert response.status_code == 422
            assert words in response.content.decode(), network


@pytest.mark.slow
@pytest.mark.skipif(snmpd.BINARY is None, reason="snmpd is not installed")
class TestRealDevice(PagesCase):
    """A real snmpd is tried in the form, added, polled and walked."""

    def test_it_is_tried_added_and_polled(self) -> None:
        with tempfile.TemporaryDirectory() as folder, snmpd.running_snmpd(Path(folder)) as place:
            Target.objects.all().update(is_enabled=False)
            client = self.client_of("lead")
            credential = {
                "name": "real", "kind": "snmp_v2c", "organisation": self.r.here.pk, "community": snmpd.COMMUNITY,
            }  # fmt: skip
            assert client.post(reverse("monitoring:credential_create"), credential).status_code == 302
            data = {
                "name": "real", "organisation": self.r.here.pk, "check_kind": "snmp", "address": place.address,
                "port": place.port, "credential": Credential.objects.get(name="real").pk, "interval": 10,
                "confirm_polls": 2, "is_enabled": "on", "ssh_port": 22,
            }  # fmt: skip
            url = reverse("monitoring:target_create")
            tried = client.post(url, data | {"_test": "1"})
            assert tried.status_code == 200
            assert "It answers" in tried.content.decode()
            assert "real.example.test" in tried.content.decode()
            assert client.post(url, data).status_code == 302
            assert poll.run_due(5).answered == 1
            target = Target.objects.get(name="real")
            assert target.state == "up"
            assert target.profile
            learning.run()
            target.refresh_from_db()
            assert target.learnt_at is not None
            schedule.hurry([target.pk])
            assert poll.run_due(5).answered == 1
            assert Reading.objects.filter(target=target, metric="uptime").exists()
            page = client.get(reverse("monitoring:target_detail", args=[target.pk])).content.decode()
            assert "Up since its own start" in page
            v3 = snmpd.USERS["sha-aes"]
            keys = {
                "name": "v3", "kind": "snmp_v3", "organisation": self.r.here.pk, "user": v3.user, "auth_protocol": "SHA1",
                "auth_key": v3.auth_key, "priv_protocol": "AES128", "priv_key": v3.priv_key,
            }  # fmt: skip
            assert client.post(reverse("monitoring:credential_create"), keys).status_code == 302
            right = data | {"_test": "1", "credential": Credential.objects.get(name="v3").pk, "name": "x"}
            assert "already" in client.post(url, right).content.decode()  # asked like this already
            edit = reverse("monitoring:target_edit", args=[target.pk])
            assert "It answers" in client.post(edit, right).content.decode()
            client.post(
                reverse("monitoring:credential_create"), keys | {"name": "wrong", "auth_key": "not-the-key"}
            )
            wrong = right | {"credential": Credential.objects.get(name="wrong").pk}
            assert "refused the SNMPv3 user or key" in client.post(edit, wrong).content.decode()
