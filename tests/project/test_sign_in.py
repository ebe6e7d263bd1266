"""Sign-in under attack: no stranger locks anybody out, letters lead to our own site, what was switched off stays signed out."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any
from unittest import mock

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.urls import reverse

from cmdb.models import ApiToken, Membership, Role, User
from servicedesk.project import env
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


class TestEarlierAddresses(RegionCase):
    """allauth's own table of addresses: the register's word is the only one."""

    def setUp(self) -> None:
        self.person = self.r.own
        self.renew("own@here.example")
        EmailAddress.objects.create(user=self.person, email="own@here.example", verified=True, primary=True)
        self.link = SocialAccount.objects.create(user=self.person, provider="here", uid="7")

    def renew(self, email: str) -> None:
        User.objects.filter(pk=self.person.pk).update(email=email)

    def letters_to(self, email: str) -> int:
        cache.clear()
        before = len(mail.outbox)
        Client().post(reverse("account_reset_password"), {"email": email})
        assert {to for letter in mail.outbox[before:] for to in letter.to} <= {email}
        return len(mail.outbox) - before

    def assert_moved(self, new: str) -> None:
        assert not EmailAddress.objects.filter(user=self.person).exclude(email__iexact=new).exists()
        assert not self.letters_to("own@here.example")
        assert self.letters_to(new) == 1

    def form(self, email: str) -> dict[str, Any]:
        return {
            "username": "own",
            "display_name": "Kari",
            "email": email,
            "is_active": "on",
            "organisation": self.r.unit.pk,
        }

    def test_changed_by_a_statement(self) -> None:
        self.renew("new@here.example")
        self.assert_moved("new@here.example")

    def test_changed_by_the_page(self) -> None:
        self.client_of("admin").post(
            reverse("cmdb:person_edit", args=[self.person.pk]), self.form("new@here.example")
        )
        self.assert_moved("new@here.example")

    def test_changed_in_the_administration(self) -> None:
        User.objects.filter(username="admin").update(is_staff=True, is_superuser=True)
        inline = {
            f"memberships-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
        }  # fmt: skip
        url = reverse("admin:cmdb_user_change", args=[self.person.pk])
        answer = self.client_of("admin").post(url, self.form("new@here.example") | inline)
        assert answer.status_code == 302, answer.content.decode()[:2000]
        self.assert_moved("new@here.example")

    def test_case_alone_changes_nothing(self) -> None:
        self.renew("OWN@Here.example")
        assert EmailAddress.objects.filter(user=self.person).exists()
        assert self.letters_to("own@here.example") == 1
        assert SocialAccount.objects.filter(pk=self.link.pk).exists()

    def test_a_link_that_waits_in_an_earlier_mailbox_opens_nothing(self) -> None:
        self.letters_to("own@here.example")
        found = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[-1].body))
        assert found
        self.renew("new@here.example")
        page = Client().get(found[1], follow=True)
        assert "password1" not in page.content.decode()

    def test_the_provider_of_an_earlier_domain_lets_nobody_in(self) -> None:
        self.renew("new@here.example")
        assert SocialAccount.objects.filter(pk=self.link.pk).exists()
        self.renew("new@there.example")
        assert not SocialAccount.objects.filter(pk=self.link.pk).exists()

    def test_switched_off_none_gets_a_letter(self) -> None:
        User.objects.filter(pk=self.person.pk).update(is_active=False)
        assert self.letters_to("own@here.example") == 0


class TestSessions(RegionCase):
    """What ends a session, and what does not have to because rights are read at every request."""

    NEW = "et-nytt-langt-passord"

    def setUp(self) -> None:
        self.here, self.elsewhere = Client(), Client()
        for client in (self.here, self.elsewhere):
            assert sign_in(client, "own", PASSWORD)

    def inside(self, client: Client) -> bool:
        return bool(client.get("/portal/").status_code == 200)

    def test_a_changed_password_ends_the_others(self) -> None:
        form = {"oldpassword": PASSWORD, "password1": self.NEW, "password2": self.NEW}
        self.here.post(reverse("account_change_password"), form)
        assert self.inside(self.here)
        assert not self.inside(self.elsewhere)

    def test_a_reset_password_ends_all(self) -> None:
        cache.clear()
        User.objects.filter(username="own").update(email="own@here.example")
        visitor = Client()
        visitor.post(reverse("account_reset_password"), {"email": "own@here.example"})
        found = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[-1].body))
        assert found
        page = visitor.get(found[1], follow=True).redirect_chain[-1][0]
        visitor.post(page, {"password1": self.NEW, "password2": self.NEW})
        assert not self.inside(self.here)
        assert not self.inside(self.elsewhere)
        assert sign_in(Client(), "own", self.NEW)

    def test_a_role_that_is_taken_away_is_gone_at_the_next_request(self) -> None:
        client = self.client_of("technician")
        token: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {ApiToken.issue(self.r.technician)}"}
        assert client.get("/desk/").status_code == 200
        seen = Client().get("/api/v1/targets", **token).json()["count"]
        Membership.objects.filter(user=self.r.technician).delete()
        assert client.get("/desk/").status_code == 403
        answer = Client().get("/api/v1/targets", **token)
        assert answer.status_code == 403 or answer.json()["count"] < seen


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
