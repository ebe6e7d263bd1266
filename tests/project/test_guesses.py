"""Strangers guess at one name from few and from many addresses: its person gets in from everywhere, they do not."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any
from unittest import mock

from django.core import mail
from django.core.cache import cache
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone

from cmdb.common import errors
from cmdb.models import AuditEntry, User
from servicedesk.project import guesses
from servicedesk.project import settings as product
from tests.cases import PASSWORD, RegionCase

LIMITS = {"ACCOUNT_RATE_LIMITS": product.ACCOUNT_RATE_LIMITS}
HOME, FRESH = "192.0.2.1", "192.0.2.50"


def sign_in(client: Client, password: str, address: str, name: str = "own") -> bool:
    client.post(reverse("account_login"), {"login": name, "password": password}, REMOTE_ADDR=address)
    return "_auth_user_id" in client.session


def later(seconds: int) -> Any:
    return mock.patch.object(guesses, "time", mock.Mock(time=lambda: time.time() + seconds))


@override_settings(**LIMITS)
class TestAttack(RegionCase):
    def setUp(self) -> None:
        self.known = Client()
        assert sign_in(self.known, PASSWORD, HOME)
        self.known.post(reverse("account_logout"))

    def attack(self, addresses: int, times: int) -> None:
        for _round in range(times):
            for number in range(addresses):
                assert not sign_in(Client(), "wrong", f"198.51.100.{number}")

    def owner_gets_in(self) -> None:
        assert sign_in(self.known, PASSWORD, "192.0.2.77"), "a browser that is known"
        assert sign_in(Client(), PASSWORD, HOME), "an address that is known"
        assert sign_in(Client(), PASSWORD, FRESH), "a fresh browser somewhere else"

    def test_from_five_addresses(self) -> None:
        self.attack(5, 12)
        self.owner_gets_in()
        assert not sign_in(Client(), PASSWORD, "198.51.100.3")

    def test_from_two_hundred_addresses(self) -> None:
        self.attack(200, 1)
        assert guesses.wait(f"={self.r.own.pk}", "198.51.100.199") > 0
        assert not sign_in(Client(), PASSWORD, "198.51.100.198")
        self.owner_gets_in()
        with later(guesses.FIRST_WAIT + 1):
            assert sign_in(Client(), PASSWORD, "198.51.100.197")

    def test_waits_grow_where_one_slips(self) -> None:
        self.attack(guesses.MOST, 1)
        who = f"={self.r.own.pk}"
        for tries in range(4):
            with later(1000 * tries):
                assert not sign_in(Client(), "slip", FRESH)
                assert abs(guesses.wait(who, FRESH) - guesses.FIRST_WAIT * 2**tries) <= 1
                answer = Client().post(
                    reverse("account_login"), {"login": "own", "password": PASSWORD}, REMOTE_ADDR=FRESH
                )
                assert "choose a new password by e-mail" in answer.content.decode()

    def test_no_first_try_is_free_for_ever_and_a_letter_opens(self) -> None:
        User.objects.filter(username="own").update(email="own@here.example")
        self.attack(60, 1)
        with mock.patch.object(guesses, "CEILING", 60):
            client = Client()
            assert not sign_in(client, PASSWORD, FRESH)
            assert sign_in(self.known, PASSWORD, FRESH)
            client.post(reverse("account_reset_password"), {"email": "own@here.example"}, REMOTE_ADDR=FRESH)
            found = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[-1].body))
            assert found
            page = client.get(found[1], follow=True, REMOTE_ADDR=FRESH).redirect_chain[-1][0]
            new = "et-nytt-langt-passord"
            client.post(page, {"password1": new, "password2": new}, REMOTE_ADDR=FRESH)
            assert sign_in(client, new, FRESH)
            assert not sign_in(Client(), new, "192.0.2.51")

    def test_both_names_of_a_person_are_one(self) -> None:
        User.objects.filter(username="own").update(email="own@here.example")
        for number in range(guesses.MOST):
            sign_in(
                Client(), "wrong", f"198.51.100.{number}", ("own", "OWN", "own@here.example", "Own@HERE.example")[number % 4]
            )  # fmt: skip
        assert not sign_in(Client(), PASSWORD, "198.51.100.2", "own@here.example")
        assert not sign_in(Client(), PASSWORD, "198.51.100.3", "own")

    def test_who_shares_the_address_of_a_guesser_goes_on_in_a_known_browser(self) -> None:
        for _each in range(12):
            sign_in(Client(), "wrong", HOME)
        assert not sign_in(Client(), PASSWORD, HOME)
        assert sign_in(self.known, PASSWORD, HOME)

    def test_a_known_browser_is_no_place_to_guess_from(self) -> None:
        for _each in range(guesses.KNOWN_MOST):
            assert not sign_in(self.known, "wrong", HOME)
        assert not sign_in(self.known, PASSWORD, HOME)
        cache.clear()
        assert sign_in(self.known, PASSWORD, HOME)

    def test_a_browser_that_another_person_knows_helps_nobody(self) -> None:
        other = Client()
        assert sign_in(other, PASSWORD, "198.51.100.4", "colleague")
        other.post(reverse("account_logout"))
        self.attack(guesses.MOST, 1)
        assert not sign_in(other, PASSWORD, "198.51.100.4")
        other.cookies[guesses.COOKIE] = "forged"
        assert not sign_in(other, PASSWORD, "198.51.100.4")

    def test_an_address_is_known_for_a_time(self) -> None:
        who = f"={self.r.own.pk}"
        assert guesses.is_known_address(who, HOME)
        assert not guesses.is_known_address(who, FRESH)
        assert not guesses.is_known_address(f"={self.r.colleague.pk}", HOME)
        assert not guesses.is_known_address("nobody", HOME)
        future = timezone.now() + timedelta(seconds=guesses.KNOWN_FOR + 60)
        with mock.patch.object(guesses, "timezone", mock.Mock(now=lambda: future)):
            assert not guesses.is_known_address(who, HOME)
        assert AuditEntry.objects.filter(actor=self.r.own, address=HOME).exists()

    def test_a_network_of_ipv6_is_one_place(self) -> None:
        assert guesses.place("2001:db8:1:2::1") == guesses.place("2001:db8:1:2:ffff::9")
        assert guesses.place("2001:db8:1:2::1") != guesses.place("2001:db8:1:3::1")
        assert guesses.place("::ffff:192.0.2.1") == "192.0.2.1"
        assert guesses.place("no address") == "no address"


class TestLimits(RegionCase):
    def ask(self, **headers: Any) -> Any:
        return Client().post(reverse("account_reset_password"), {"email": "own@here.example"}, **headers)

    @override_settings(**LIMITS)
    def test_one_mailbox_gets_some_letters_and_no_page_tells(self) -> None:
        User.objects.filter(username="own").update(email="own@here.example")
        answers = {self.ask().status_code for _each in range(guesses.LETTERS + 5)}
        assert answers == {302}
        assert len(mail.outbox) == guesses.LETTERS

    @override_settings(ACCOUNT_RATE_LIMITS={"reset_password": "1/m/ip"})
    def test_too_many_is_a_page_of_the_house(self) -> None:
        self.ask()
        for language in ("nb", "nn", "en"):
            answer = self.ask(HTTP_ACCEPT_LANGUAGE=language)
            assert answer.status_code == 429
            assert answer["Retry-After"] == "60"
            assert answer["Content-Language"] == language
            assert "no-store" in answer["Cache-Control"]
            assert answer["X-Error-Code"] in answer.content.decode()
            assert "samdrift/logo.svg" in answer.content.decode()

    def test_programs_get_a_problem_document(self) -> None:
        answer = errors.too_many_requests(RequestFactory().get("/api/v1/tickets"))
        assert (answer["Content-Type"], answer["Retry-After"]) == ("application/problem+json", "60")

    def test_every_limit_that_refuses_a_page_is_by_the_minute(self) -> None:
        from allauth.account import app_settings
        from allauth.core.internal.ratelimit import parse_rates

        pages = ("login", "reset_password", "reset_password_from_key", "change_password", "manage_email")
        with override_settings(**LIMITS):
            for name in pages:
                for rate in parse_rates(app_settings.RATE_LIMITS[name]):
                    assert rate.duration <= errors.WINDOW, name
