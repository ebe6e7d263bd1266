"""Pages of sign-in and account come from allauth; ours is the dress. They must answer, and keep the rules of the pages."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.cases import RegionCase
from tests.common.test_ui import Reader


def check(html: str) -> None:
    """The rules that every page keeps."""
    page = Reader()
    page.feed(html)
    assert not page.faults
    assert page.headings.count(1) == 1
    assert len(page.ids) == len(set(page.ids))


class TestAccountPages(RegionCase):
    """As a person who is signed in, and as nobody."""

    def test_sign_in(self) -> None:
        html = Client().get(reverse("account_login")).content.decode()
        check(html)
        assert 'autocomplete="current-password"' in html

    def test_a_wrong_password_is_said_on_top_and_nothing_is_lost(self) -> None:
        answer = Client().post(reverse("account_login"), {"login": "own", "password": "wrong"})
        html = answer.content.decode()
        check(html)
        assert "ds-error-summary" in html
        assert 'value="own"' in html

    def test_forgotten_password(self) -> None:
        check(Client().get(reverse("account_reset_password")).content.decode())

    def test_own_pages(self) -> None:
        client = self.client_of("technician")
        for name in ("account_logout", "account_change_password", "mfa_index"):
            answer = client.get(reverse(name), follow=True)
            assert answer.status_code == 200, name
            check(answer.content.decode())

    def test_a_stranger_address_is_a_page_with_a_code(self) -> None:
        answer = self.client_of("own").get("/there/is/nothing/")
        assert answer.status_code == 404
        check(answer.content.decode())
        assert answer["X-Error-Code"] in answer.content.decode()


pytestmark = pytest.mark.django_db
