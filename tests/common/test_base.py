"""Small things: order of names, secrets, choices, text, formats, trees."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory, TestCase, override_settings
from django.utils import translation

from cmdb.common import checks, formats, secrets
from cmdb.common.choices import Choices, labels
from cmdb.common.html_text import html_to_plain
from cmdb.common.htmx import go, wants
from cmdb.common.models import norwegian_key
from cmdb.common.text import plain_to_html, safe_url
from cmdb.common.trees import lock_tree
from cmdb.models import Item, Organisation, Team
from monitoring.models import Credential

ALPHABET = [
    "Aasen",
    "bil",
    "Bø",
    "Kautokeino",
    "Kárášjohka",
    "Zoo",
    "ære",
    "Ærfugl",
    "øl",
    "Øye",
    "å",
    "Åa",
    "Ås",
]


class TestOrder(TestCase):
    """Names as in a Norwegian phone book."""

    def test_database_and_python_agree(self) -> None:
        home = Organisation.objects.create(name="x", slug="x", kind="region")
        for n, name in enumerate(reversed(ALPHABET)):
            Team.objects.create(name=name, slug=str(n), organisation=home)
        found = list(Team.objects.order_by("sort_name").values_list("name", flat=True))
        assert [norwegian_key(n) for n in found] == sorted(map(norwegian_key, ALPHABET))
        assert found.index("Zoo") < found.index("Ærfugl") < found.index("Øye") < found.index("Ås")
        assert min(ALPHABET, key=norwegian_key) == "Aasen"

    def test_bulk_changes_sort_too(self) -> None:
        home = Organisation.objects.create(name="x", slug="x", kind="region")
        Organisation.objects.filter(pk=home.pk).update(name="Ål")
        assert Organisation.objects.get(pk=home.pk).sort_name == "}l"


class TestSecrets(TestCase):
    """Encrypted at rest, absent from repr, unsearchable."""

    def made(self) -> Credential:
        """A stored secret."""
        home = Organisation.objects.create(name="x", slug="x", kind="region")
        return Credential.objects.create(
            name="c", organisation=home, kind="v2c", secret={"community": "hemmelig"}
        )

    def test_the_database_holds_no_plain_text(self) -> None:
        made = self.made()
        with connection.cursor() as cursor:
            cursor.execute("select secret from monitoring_credential")
            [(stored,)] = cursor.fetchall()
        assert "hemmelig" not in stored
        assert Credential.objects.get(pk=made.pk).secret == {"community": "hemmelig"}
        assert "hemmelig" not in repr(made)

    def test_lookups_are_refused(self) -> None:
        wrongs: list[dict[str, Any]] = [{"secret": {}}, {"secret__community": "x"}, {"secret__contains": {}}]
        for wrong in wrongs:
            with pytest.raises(TypeError, match="encrypted"):
                Credential.objects.filter(**wrong).count()
        assert Credential.objects.filter(secret__isnull=True).count() == 0

    def test_a_new_key_in_front_reads_what_the_old_one_wrote(self) -> None:
        made, old, new = self.made(), secrets_keys(), Fernet.generate_key().decode()
        with override_settings(SAMDRIFT_ENCRYPTION_KEYS=[new, *old]):
            row = Credential.objects.get(pk=made.pk)
            assert row.secret == {"community": "hemmelig"}
            row.save()
        with override_settings(SAMDRIFT_ENCRYPTION_KEYS=[new]):
            assert Credential.objects.get(pk=made.pk).secret == {"community": "hemmelig"}
        with pytest.raises(secrets.SecretUnreadableError, match="old key"):
            Credential.objects.get(pk=made.pk)

    def test_missing_and_wrong_keys_refuse_the_start(self) -> None:
        for keys in ([], None, ["short"]):
            with override_settings(SAMDRIFT_ENCRYPTION_KEYS=keys):
                assert [e.id for e in checks.encryption_keys_are_usable()] == ["common.E001"]
                with pytest.raises(ImproperlyConfigured):
                    secrets.encrypt("x")

    def test_repr_and_empty(self) -> None:
        secret = secrets.decrypt(secrets.encrypt("hemmelig"))
        assert "hemmelig" not in f"{secret!r} {[secret]}"
        assert secret == "hemmelig"
        assert secrets.encrypt("x") != secrets.encrypt("x")


def secrets_keys() -> list[str]:
    """The keys of the tests' settings."""
    from django.conf import settings

    return list(settings.SAMDRIFT_ENCRYPTION_KEYS)


class Level(Choices):
    """Two words, with and without a look."""

    LOW = "low", "Low"
    HIGH = "high", "danger", "p1", "High"


class TestChoices:
    """Colour and icon beside the label."""

    def test_members_and_looks(self) -> None:
        assert Level.choices == [("low", "Low"), ("high", "High")]
        assert (Level.HIGH.colour, Level.HIGH.icon, Level.HIGH.label) == ("danger", "p1", "High")
        assert Level.looks() == {"low": ("neutral", ""), "high": ("danger", "p1")}
        assert Level("high") == "high"
        assert labels(Level.choices)["low"] == "Low"

    def test_unknown_colours_are_slips(self) -> None:
        with pytest.raises(ValueError, match="pink"):
            Choices("Odd", {"A": ("a", "pink", "", "A")})  # type: ignore[arg-type]


class TestText:
    """Text from outside."""

    def test_plain_text_keeps_lines_and_links(self) -> None:
        html = plain_to_html("Se https://a.no/x_(y). Og\n<b>\n\nhttps://b.no/?a=1&b='\r\n")
        assert html == (
            '<p>Se <a href="https://a.no/x_(y)" rel="noopener noreferrer nofollow">https://a.no/x_(y)</a>. Og<br>'
            '&lt;b&gt;</p><p><a href="https://b.no/?a=1&amp;b=" rel="noopener noreferrer nofollow">'
            "https://b.no/?a=1&amp;b=</a>&#x27;</p>"
        )
        assert plain_to_html(" \n ") == ""

    def test_mail_html_becomes_readable(self) -> None:
        assert html_to_plain("<style>x</style><p>Hei</p><div>a &amp; b<br>c</div>") == "Hei\n\na & b\nc"

    def test_links_from_data_need_a_scheme(self) -> None:
        assert safe_url("https://a.no") == "https://a.no"
        for bad in (
            "javascript:x",
            "java\nscript:x",
            " javascript:x",
            "data:text/html,x",
            "//a.no",
            "a.no",
            "\x01javascript:x",
        ):
            assert safe_url(bad) == "", bad


class TestFormats:
    """Numbers and dates by language."""

    def test_by_language(self) -> None:
        at = datetime(2026, 7, 1, 12, 5, tzinfo=UTC)
        with translation.override("nb"):
            assert formats.number(1234567.5) == "1\u202f234\u202f567,5"
            assert formats.when(at) == "01.07.2026 14.05"
            assert formats.clock(at) == "14.05"
        with translation.override("en"):
            assert formats.number(1234.5, 2) == "1,234.50"
            assert formats.when(at) == "2026-07-01 14:05"
            assert formats.when(date(2026, 7, 1)) == "2026-07-01"
        assert formats.number(None) == formats.when(None) == formats.day(None) == formats.clock(None) == ""


class TestHtmx:
    """Whole page or part."""

    def request(self, **htmx: Any) -> Any:
        """A request as django-htmx leaves it."""
        from types import SimpleNamespace

        request: Any = RequestFactory().get("/")
        request.htmx = (
            SimpleNamespace(**{"history_restore_request": False, "target": None, **htmx}) if htmx else None
        )
        return request

    def test_target(self) -> None:
        assert wants(self.request()) == ""
        assert wants(self.request(target="list")) == "list"
        assert wants(self.request(target="div#list")) == "list"
        assert wants(self.request(target="list", history_restore_request=True)) == ""

    def test_after_a_post(self) -> None:
        assert go(self.request(), "/x/").status_code == 302
        answer: HttpResponse = go(self.request(target="list"), "/x/")
        assert (answer.status_code, answer["HX-Redirect"]) == (204, "/x/")


class TestTrees(TestCase):
    """The rest."""

    def test_only_trees_are_locked(self) -> None:
        with self.assertNumQueries(0):
            lock_tree(Item)
        with self.assertNumQueries(1):
            lock_tree(Organisation)
