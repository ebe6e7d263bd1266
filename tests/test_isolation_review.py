"""Ways in that a reader of the code found open: each was once possible, none may be again."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.test import Client, override_settings
from django.utils import timezone

from cmdb.models import ApiToken, Membership, Relation, RelationKind, Role
from servicedesk import around
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.models import Kind, Ticket
from servicedesk.project.checks import production_is_safe
from tests.cases import PASSWORD, RegionCase


class TestSignIn(RegionCase):
    def test_the_administration_has_no_sign_in_of_its_own(self) -> None:
        """It would ask for no second factor and count no wrong passwords."""
        client = Client()
        answer = client.post("/admin/login/", {"username": "admin", "password": PASSWORD, "next": "/admin/"})
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")
        assert "_auth_user_id" not in client.session
        assert self.client_of("own").get("/admin/").status_code in (302, 403)
        assert self.client_of("own").get("/admin/login/").status_code == 403
        assert self.client_of("admin").get("/admin/").status_code == 200

    def test_nobody_gives_himself_another_address(self) -> None:
        """Mail that comes in and identity providers tell people apart by it."""
        client = self.client_of("own")
        sent = {"action_add": "", "email": "new.mayor@vassoy.example.no"}
        assert client.post("/accounts/email/", sent).status_code == 404
        assert client.get("/accounts/email/").status_code == 404

    def test_a_provider_speaks_for_its_own_addresses(self) -> None:
        def believed(email: str, **more: Any) -> bool:
            app = SimpleNamespace(settings={"server_url": "https://id.example.no", **more})
            login: Any = SimpleNamespace(provider=SimpleNamespace(app=app, get_settings=dict))
            return bool(get_adapter().can_authenticate_by_email(login, email))

        granli = {"email_domains": ["Granli.example.no"]}
        with override_settings(OIDC=[{}, {}]):
            assert believed("kari@granli.example.no", **granli)
            assert not believed("siri@vassoy.example.no", **granli)
            assert not believed("siri@evil.granli.example.no", **granli)
            assert not believed("siri@vassoy.example.no")
        with override_settings(OIDC=[{}]):
            assert believed("kari@granli.example.no")
            assert not believed("siri@vassoy.example.no", **granli)


class TestFigures:
    def test_production_is_told_when_anybody_may_read_the_figures(self) -> None:
        def warned(token: str) -> bool:
            with override_settings(PRODUCTION=True, SAMDRIFT_METRICS_TOKEN=token):
                return "samdrift.W003" in {message.id for message in production_is_safe()}

        assert warned("")
        assert not warned("secret")


class TestApi(RegionCase):
    def call(self, account: str, method: str, path: str, body: Any = None) -> Any:
        token = ApiToken.issue(getattr(self.r, account))
        return Client().generic(
            method, f"/api/v1{path}", json.dumps(body) if body is not None else "", "application/json",
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip

    def test_zeros_in_front_do_not_lift_the_limit(self) -> None:
        for limit in ("501", "000001999999", "0000000000000000000000000001"):
            assert self.call("technician", "GET", f"/tickets?limit={limit}").status_code == 422, limit

    def test_who_reports_names_neither_team_nor_supplier_nor_an_earlier_time(self) -> None:
        earlier = (timezone.now() - timedelta(days=30)).isoformat()
        for account in ("own", "keyuser"):
            for more in ({"team": "operations"}, {"opened_at": earlier}):
                answer = self.call(account, "POST", "/tickets", {"title": "x", **more})
                assert answer.status_code == 403, (account, more, answer.content)
        answer = self.call("keyuser", "POST", "/tickets", {"title": "x", "supplier": "fagsystem"})
        assert answer.status_code == 403
        assert not Ticket.objects.exists()
        sent = {"title": "x", "team": "operations", "opened_at": earlier, "organisation": "granli"}
        assert self.call("technician", "POST", "/tickets", sent).status_code == 201


class TestAffected(RegionCase):
    def test_a_neighbour_s_item_behind_the_fault_is_named_to_those_who_work_there_only(self) -> None:
        """A fault reaches items of other municipalities: the ticket holds them all, each reader sees the own ones."""
        Relation.objects.create(source=self.r.system_there, kind=RelationKind.RUNS_ON, target=self.r.server)
        ticket = open_ticket(
            Actor.of(self.r.technician), title="x", organisation=self.r.here, item=self.r.system,
            items=[self.r.server], supplier=self.r.supplier,
        )  # fmt: skip
        foreign, own = self.r.system_there.name, self.r.server.name
        expected = {
            "technician": {foreign, own, self.r.system.name},
            "keyuser": {own, self.r.system.name},
            "supplier_person": {self.r.system.name},
        }
        for account, wanted in expected.items():
            seen = {one.item.name for one in around.items(self.fresh(account), ticket)}
            assert seen == wanted, account
        page = self.client_of("keyuser").get(f"/desk/tickets/{ticket.reference}/affected/").content.decode()
        assert own in page
        assert foreign not in page


class TestCommissioner(RegionCase):
    def test_a_commissioner_elsewhere_decides_nothing_at_home(self) -> None:
        """The same rule as for deciding: servicedesk.access.commissioner_orgs."""
        home = open_ticket(
            Actor.of(self.r.technician), title="x", kind=Kind.CHANGE, organisation=self.r.there
        )
        here = open_ticket(Actor.of(self.r.technician), title="y", kind=Kind.CHANGE, organisation=self.r.here)
        Membership.objects.create(user=self.r.stranger, role=Role.COMMISSIONER, organisation=self.r.here)
        seen = set(Ticket.objects.visible_to(self.fresh("stranger")))
        assert seen == {here}
        assert home in Ticket.objects.visible_to(self.fresh("technician"))


class TestOddDigits(RegionCase):
    """ "²" is a digit to Python and no number."""

    def test_nothing_breaks(self) -> None:
        client = self.client_of("technician")
        for path in (
            "/desk/new/?item=²", "/cmdb/items/new/?item_class=²", "/monitoring/targets/new/?item=²",
            "/cmdb/items/?owner=²", "/desk/?reporter=²",
        ):  # fmt: skip
            assert client.get(path).status_code in (200, 404), path


class TestImpact(RegionCase):
    def test_a_reporter_does_not_decide_that_it_is_critical_for_all(self) -> None:
        with self.assertRaises(PermissionDenied):
            open_ticket(Actor.of(self.r.own), title="alt er nede", impact=1, urgency=1)
        ticket = open_ticket(
            Actor.of(self.r.technician), title="alt er nede", impact=1, organisation=self.r.here
        )
        self.assertEqual(ticket.impact, 1)
