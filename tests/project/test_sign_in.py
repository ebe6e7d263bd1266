"""Sign-in under attack: no stranger locks anybody out, letters lead to our own site, what was switched off stays signed out."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any
from unittest import mock

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client, override_settings
from django.urls import reverse

from cmdb.models import ApiToken, Membership, Organisation, Role, User
from servicedesk.project import env, guesses
from servicedesk.project import settings as product
from tests.cases import PASSWORD, RegionCase

LIMITS = {"ACCOUNT_RATE_LIMITS": product.ACCOUNT_RATE_LIMITS}


def sign_in(client: Client, name: str, password: str, address: str = "192.0.2.1") -> bool:
    client.post(reverse("account_login"), {"login": name, "password": password}, REMOTE_ADDR=address)
    return "_auth_user_id" in client.session


@override_settings(**LIMITS)
class TestWrongPasswords(RegionCase):
    def guess(self, times: int, address: str) -> None:
        for _each in range(times):
            assert not sign_in(Client(), "own", "wrong", address)

    def test_a_stranger_elsewhere_locks_nobody_out(self) -> None:
        self.guess(12, "203.0.113.7")
        assert not sign_in(
            Client(), "own", PASSWORD, "203.0.113.7"
        )  # who guesses is stopped, even with the right one
        assert sign_in(Client(), "own", PASSWORD, "192.0.2.1")
        assert sign_in(Client(), "colleague", PASSWORD, "203.0.113.7")  # behind the same address others go on

    def test_a_whole_town_hall_signs_in_at_eight(self) -> None:
        assert all(sign_in(Client(), "own", PASSWORD) for _each in range(60))

    def test_many_addresses_that_guess_one_name_meet_a_browser_that_is_known(self) -> None:
        known = Client()
        assert sign_in(known, "own", PASSWORD)
        known.post(reverse("account_logout"))
        for number in range(guesses.MOST):
            sign_in(Client(), "own", "wrong", f"198.51.100.{number}")
        assert not sign_in(Client(), "own", PASSWORD, "192.0.2.9")
        assert sign_in(known, "own", PASSWORD, "192.0.2.9")
        cache.clear()  # after a quarter of an hour
        assert sign_in(Client(), "own", PASSWORD, "192.0.2.9")

    def test_a_browser_that_another_person_knows_helps_nobody(self) -> None:
        other = Client()
        assert sign_in(other, "colleague", PASSWORD)
        other.post(reverse("account_logout"))
        with mock.patch.object(guesses, "MOST", 0):
            assert not sign_in(other, "own", PASSWORD)
        other.cookies[guesses.COOKIE] = "forged"
        with mock.patch.object(guesses, "MOST", 0):
            assert not sign_in(other, "colleague", PASSWORD)


class TestLetters(RegionCase):
    def reset(self, email: str, **headers: Any) -> str:
        answer = Client().post(reverse("account_reset_password"), {"email": email}, follow=True, **headers)
        return re.sub(r'value="[^"]*"', "", answer.content.decode())

    @override_settings(SAMDRIFT_URL="https://desk.example.no", ALLOWED_HOSTS=["desk.example.no", "localhost"])
    def test_links_lead_to_the_site_that_the_operator_named(self) -> None:
        User.objects.filter(username="own").update(email="own@here.example")
        self.reset("own@here.example", HTTP_HOST="desk.example.no:8443")
        text = str(mail.outbox[-1].body)
        assert re.findall(r"https?://[^/\s]+", text) == ["https://desk.example.no"]
        assert "8443" not in text + str(mail.outbox[-1].subject)

    def test_an_unknown_address_gets_nothing_and_the_page_does_not_tell(self) -> None:
        User.objects.filter(username="own").update(email="own@here.example")
        User.objects.filter(username="colleague").update(email="off@here.example", is_active=False)
        pages = {
            self.reset(address) for address in ("own@here.example", "nobody@here.example", "off@here.example")
        }
        assert [letter.to for letter in mail.outbox] == [["own@here.example"]]
        assert len({re.sub(r"\s+|\w+@here\.example", "", page) for page in pages}) == 1


class TestSwitchedOff(RegionCase):
    def off_and_on(self) -> None:
        User.objects.filter(username="own").update(is_active=False)
        User.objects.filter(username="own").update(is_active=True)

    def test_an_old_session_does_not_come_back(self) -> None:
        client, other = Client(), Client()
        assert sign_in(client, "own", PASSWORD)
        assert sign_in(other, "colleague", PASSWORD)
        self.off_and_on()
        assert client.get("/portal/").status_code == 302
        assert other.get("/portal/").status_code == 200
        assert sign_in(client, "own", PASSWORD)
        assert client.get("/portal/").status_code == 200

    def test_neither_does_a_token(self) -> None:
        token = ApiToken.issue(self.r.own)
        self.off_and_on()
        assert ApiToken.user_of(token) is None
        assert ApiToken.user_of(ApiToken.issue(self.r.own)) == self.r.own

    def test_through_the_page_too(self) -> None:
        client = Client()
        assert sign_in(client, "own", PASSWORD)
        person = self.r.own
        person.is_active = False
        person.save()
        person.is_active = True
        person.save()
        assert client.get("/portal/").status_code == 302

    def test_nobody_is_signed_out_by_the_upgrade(self) -> None:
        engine = import_module("django.contrib.auth.base_user").AbstractBaseUser
        assert self.r.own.get_session_auth_hash() == engine.get_session_auth_hash(self.r.own)


class TestAddresses(RegionCase):
    """An address in a domain is its person's word when mail comes in."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        for name in ("region", "here", "there"):
            row: Organisation = getattr(cls.r, name)
            Organisation.objects.filter(pk=row.pk).update(email=f"post@{name}.example")
        local = cls.r.keyuser
        Membership.objects.create(user=local, organisation=cls.r.here, role=Role.ADMIN)

    def make(self, client: Client, email: str, organisation: Organisation) -> bool:
        form = {
            "username": f"new-{User.objects.count()}",
            "display_name": "Ny",
            "email": email,
            "is_active": "on",
        }
        client.post(reverse("cmdb:person_create"), form | {"organisation": organisation.pk})
        return User.objects.filter(email=email).exists()

    def test_an_administrator_of_one_municipality_gives_out_no_neighbours_address(self) -> None:
        client, region = self.client_of("keyuser"), self.r
        assert not self.make(client, "x@there.example", region.here)
        assert not self.make(client, "x@THERE.example", region.unit)
        assert not self.make(client, "desk@region.example", region.here)
        assert self.make(client, "x@here.example", region.unit)
        assert self.make(client, "x@elsewhere.example", region.here)

    def test_the_regions_administrator_may(self) -> None:
        assert self.make(self.client_of("admin"), "y@there.example", self.r.here)

    def test_nor_is_an_address_changed_to_one(self) -> None:
        person = self.r.own
        url = reverse("cmdb:person_edit", args=[person.pk])
        form = {"username": "own", "display_name": "Kari", "email": "k@there.example", "is_active": "on"}
        self.client_of("keyuser").post(url, form | {"organisation": self.r.unit.pk})
        person.refresh_from_db()
        assert person.email != "k@there.example"

    def test_nor_is_a_domain_claimed_for_an_organisation(self) -> None:
        unit = self.r.unit
        url = reverse("cmdb:organisation_edit", args=[unit.pk])
        for email, taken in (
            ("a@there.example", False),
            ("a@region.example", False),
            ("a@here.example", True),
        ):
            form = {
                "name": unit.name,
                "slug": unit.slug,
                "kind": unit.kind,
                "parent": unit.parent_id,
                "email": email,
            }
            self.client_of("keyuser").post(url, form | {"language": unit.language})
            unit.refresh_from_db()
            assert (unit.email == email) is taken, email

    def test_two_people_have_no_address_in_common(self) -> None:
        User.objects.filter(username="own").update(email="One@here.example")
        with self.assertRaises(IntegrityError), transaction.atomic():
            User.objects.filter(username="colleague").update(email="oNE@here.example")


class TestSecondFactor(RegionCase):
    def setUp(self) -> None:
        setting = override_settings(SAMDRIFT_MFA_ROLES=["technician", "admin"])
        setting.enable()
        self.addCleanup(setting.disable)

    def test_who_lacks_it_is_led_to_it_from_everywhere(self) -> None:
        client = self.client_of("technician")
        for path in ("/desk/", "/monitoring/", "/cmdb/", "/admin/", "/"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("mfa_index")), path
        assert client.get(reverse("mfa_index")).status_code == 200
        assert client.get("/api/v1/tickets").status_code == 403
        assert client.get("/desk/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == reverse(
            "mfa_index"
        )
        assert client.post(reverse("account_logout")).status_code == 302

    def test_who_has_it_or_needs_none_goes_on(self) -> None:
        TOTP.activate(self.r.technician, generate_totp_secret())
        assert self.client_of("technician").get("/desk/").status_code == 200
        assert self.client_of("own").get("/portal/").status_code == 200

    def test_the_last_one_stays(self) -> None:
        technician = self.r.technician
        key = Authenticator.objects.create(
            user=technician, type=Authenticator.Type.WEBAUTHN, data={"name": "k"}
        )
        client = self.client_of("technician")
        client.post(reverse("mfa_remove_webauthn", args=[key.pk]))
        assert Authenticator.objects.filter(pk=key.pk).exists()

    def test_a_token_is_made_only_with_it(self) -> None:
        with self.assertRaises(CommandError):
            call_command("api_token", "technician")
        call_command("api_token", "own", stdout=mock.MagicMock())

    def test_roles_of_the_setting_are_those_of_the_register(self) -> None:
        assert set(env.ROLES) == set(Role.values)

    def test_without_the_setting_nobody_is_asked(self) -> None:
        with override_settings(SAMDRIFT_MFA_ROLES=[]):
            assert self.client_of("technician").get("/desk/").status_code == 200
