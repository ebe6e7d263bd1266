"""Pages from one declaration: who sees what, what is saved, what is refused."""

import io
import re
from typing import Any

import openpyxl
import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from openpyxl.worksheet.worksheet import Worksheet

from cmdb.common.crud import Crud, of_model
from cmdb.models import Item, Organisation, User
from monitoring.models import Credential
from tests.cases import RegionCase
from tests.common import declared

HTMX = {"HX-Request": "true", "HX-Target": "list"}


def body(response: Any) -> bytes:
    """Bytes of a streamed file."""
    return b"".join(response.streaming_content)


@override_settings(ROOT_URLCONF="tests.common.declared")
class Pages(RegionCase):
    """The pages of tests.common.declared over the small region."""

    def form(self, **changes: str) -> dict[str, str]:
        """What a browser would send for a new item."""
        data = {
            "name": "srv-ny",
            "item_class": str(self.r.server.item_class_id),
            "organisation": str(self.r.here.pk),
            "place": "",
            "owner": "",
            "serial": "S1",
            "warranty_until": "2027-05-01",
            "notes": "",
        }
        return data | changes


class TestReading(Pages):
    """List and detail."""

    def test_anonymous_people_are_sent_to_sign_in(self) -> None:
        response = self.client.get("/try/things/")
        assert response.status_code == 302
        assert "/accounts/login/" in response["Location"]

    def test_a_list_holds_visible_rows_only(self) -> None:
        text = self.client_of("keyuser").get("/try/things/").content.decode()
        assert "sw-granli-1" in text
        assert "Komtek" not in text
        assert "Komtek" in self.client_of("technician").get("/try/things/").content.decode()

    def test_a_foreign_row_is_404_and_a_forbidden_act_403(self) -> None:
        stranger, keyuser = self.client_of("stranger"), self.client_of("keyuser")
        key = self.r.switch.pk
        for page in ("", "edit/", "delete/", "history/"):
            assert stranger.get(f"/try/things/{key}/{page}").status_code == 404, page
        assert stranger.post(f"/try/things/{key}/edit/", self.form()).status_code == 404
        assert stranger.post(f"/try/things/{key}/delete/").status_code == 404
        assert keyuser.get(f"/try/things/{key}/").status_code == 200
        assert keyuser.get(f"/try/things/{key}/edit/").status_code == 403
        assert keyuser.post(f"/try/things/{key}/edit/", self.form()).status_code == 403
        assert keyuser.get(f"/try/things/{key}/history/").status_code == 403
        assert self.client_of("technician").get(f"/try/things/{key}/delete/").status_code == 403
        assert keyuser.get("/try/things/999999999/").status_code == 404

    def test_pages_with_roles_are_closed_to_others(self) -> None:
        key = self.r.here.pk
        assert self.client_of("keyuser").get(f"/try/units/{key}/").status_code == 403
        assert self.client_of("lead").get(f"/try/units/{key}/").status_code == 200
        assert self.client_of("lead").get(f"/try/units/{key}/edit/").status_code == 403

    def test_detail_shows_facts_links_and_buttons_by_right(self) -> None:
        text = self.client_of("technician").get(f"/try/things/{self.r.system.pk}/").content.decode()
        assert f'href="/try/people/{self.r.owner.pk}/"' in text
        assert "PROFIL" in text
        assert "In use" in text
        assert f"/try/things/{self.r.system.pk}/edit/" in text
        assert f"/try/things/{self.r.system.pk}/delete/" not in text
        assert (
            "/edit/" not in self.client_of("keyuser").get(f"/try/things/{self.r.system.pk}/").content.decode()
        )

    @override_settings(
        SAMDRIFT_PANELS={
            "thing": [
                ("Tickets", "try:thing_detail"),
                ("Secret", "try:thing_detail", ("board",)),
                ("Gone", "no:where"),
            ]
        }
    )
    def test_panels_are_wired_by_name_and_role(self) -> None:
        text = self.client_of("technician").get(f"/try/things/{self.r.system.pk}/").content.decode()
        assert "Tickets" in text
        assert "Secret" not in text
        assert "Gone" not in text
        assert f'hx-get="/try/things/{self.r.system.pk}/history/"' in text

    def test_htmx_gets_the_table_alone_and_caches_are_told(self) -> None:
        client = self.client_of("technician")
        part = client.get("/try/things/", headers=HTMX)
        assert part.content.strip().startswith(b'<div id="list">')
        assert "HX-Target" in part["Vary"]
        whole = client.get("/try/things/", headers={**HTMX, "HX-History-Restore-Request": "true"})
        assert b"<html" in whole.content
        assert (
            b"<html"
            in client.get("/try/things/", headers={"HX-Request": "true", "HX-Target": "other"}).content
        )

    def test_statements_do_not_grow_with_rows(self) -> None:
        client = self.client_of("technician")
        counts = []
        for n in (0, 60):
            Item.objects.bulk_create(
                Item(
                    name=f"pc-{i:03}",
                    item_class=self.r.server.item_class,
                    family="server",
                    organisation=self.r.here,
                )
                for i in range(n)
            )
            client.get("/try/things/?per_page=1")
            with CaptureQueriesContext(
                connection,
            ) as seen:
                response = client.get("/try/things/?per_page=50" if n else "/try/things/?per_page=1")
            assert response.content.count(b"</tr>") == (51 if n else 2)
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 8, counts

    def test_suggestions_are_narrowed(self) -> None:
        response = self.client_of("keyuser").get("/try/things/pick/?q=o")
        labels = [row["label"] for row in response.json()["results"]]
        assert "Profil" in labels
        assert "Komtek" not in labels
        one = self.client_of("technician").get("/try/things/pick/?q=komt").json()["results"]
        assert one == [{"value": str(self.r.system_there.pk), "label": "Komtek", "note": "Vassøy kommune"}]
        assert self.client.get("/try/things/pick/").status_code == 302


class TestFilters(Pages):
    """Filters in the address."""

    def test_filter_chip_and_search(self) -> None:
        client = self.client_of("technician")
        page = client.get(f"/try/things/?organisation={self.r.there.pk}&q=kom&sort=-name&after=x")
        text = page.content.decode()
        assert "Komtek" in text
        assert "sw-granli-1" not in text
        chips = page.context["filter"].chips if page.context else None
        if chips is not None:
            assert ("Organisation", "Vassøy kommune", "?q=kom&sort=-name") in chips

    def test_a_foreign_choice_is_an_error_and_shows_nothing(self) -> None:
        page = self.client_of("keyuser").get(f"/try/things/?organisation={self.r.there.pk}").content.decode()
        assert "sw-granli-1" not in page
        assert "Vassøy" not in page
        assert 'aria-invalid="true"' in page

    def test_hostile_filters_are_no_error_500(self) -> None:
        client = self.client_of("technician")
        for query in (
            "q=%00",
            "organisation=9999999999999999999999",
            "organisation=x",
            "since=31.02.2026",
            "since=x",
            "owner=x",
            "owner=99999999999999999999999",
            "kinds=nope",
            "lifecycle=%27%22%3E%3Cscript%3E",
            "sort=--name",
            "sort=?",
            "sort=name,-place",
            "sort=password",
            "sort=organisation__email",
            "per_page=-5",
            "per_page=100000",
            "page=99999999999999999999",
            "page=-1",
            "after=garbage",
            "after=a:b",
            "sort=name&sort=-name",
        ):
            response = client.get(f"/try/things/?{query}")
            assert response.status_code == 200, query
            assert b"<script>" not in response.content.replace(b"<script src", b"")

    def test_everything_is_in_the_address_and_taken_away_by_chips(self) -> None:
        page = self.client_of("technician").get(
            "/try/things/?kinds=server&kinds=printer&since=2026-01-01&per_page=7"
        )
        filterset = page.context["filter"]
        with translation.override("en"):
            chips = filterset.chips
        assert [(c.label, c.value) for c in chips] == [
            ("Warranty from", "2026-01-01"),
            ("Families", "Servers"),
            ("Families", "Printers"),
        ]
        assert chips[1].url == "?since=2026-01-01&per_page=7&kinds=printer"
        assert filterset.clear_url == "?per_page=7"
        assert '<input type="hidden" name="per_page" value="7">' in filterset.bar


class TestExport(Pages):
    """Files hold what the list holds."""

    def test_csv_is_narrowed_filtered_ordered_and_defused(self) -> None:
        Item.objects.filter(pk=self.r.printer.pk).update(name="=cmd|' /C calc'!A0", serial="+1")
        response = self.client_of("keyuser").get("/try/things/export/?format=csv&sort=-name")
        text = body(response).decode("utf-8-sig")
        lines = text.splitlines()
        assert lines[0].split(";")[:2] == ["Item", "Organisation"]
        assert "'=cmd" in text
        assert not any(line.startswith("=") for line in lines)
        assert "Komtek" not in text
        names = [line.split(";")[0] for line in lines[1:]]
        assert names.index("sw-granli-1") < names.index("Profil")

    def test_spreadsheet_holds_typed_values(self) -> None:
        Item.objects.filter(pk=self.r.system.pk).update(yearly_cost="1234.50", name="@x")
        response = self.client_of("technician").get("/try/things/export/?format=xlsx&q=%40x")
        sheet = openpyxl.load_workbook(io.BytesIO(body(response))).active
        assert isinstance(sheet, Worksheet)
        rows = list(sheet.iter_rows(values_only=True))
        assert len(rows) == 2
        assert rows[1][0] == "'@x"
        assert 1234.5 in rows[1]

    def test_a_wrong_filter_gives_the_page_not_a_file(self) -> None:
        response = self.client_of("technician").get("/try/things/export/?organisation=x")
        assert response["Content-Type"].startswith("text/html")


class TestWriting(Pages):
    """Create, edit, delete."""

    def test_create(self) -> None:
        client = self.client_of("technician")
        assert client.get(f"/try/things/new/?organisation={self.r.there.pk}&evil=1").status_code == 200
        response = client.post("/try/things/new/", self.form(owner=str(self.r.owner.pk)))
        made = Item.objects.get(name="srv-ny")
        assert response["Location"] == f"/try/things/{made.pk}/"
        assert made.owner == self.r.owner
        assert [str(m) for m in get_messages(response.wsgi_request)] == ["srv-ny is saved."]

    def test_refused_form_keeps_what_was_typed(self) -> None:
        response = self.client_of("technician").post(
            "/try/things/new/", self.form(organisation="", notes="kept <b>")
        )
        assert response.status_code == 422
        assert "kept &lt;b&gt;" in response.content.decode()
        assert not Item.objects.filter(name="srv-ny").exists()

    def test_choices_are_those_that_one_may_write_for(self) -> None:
        for account in ("keyuser", "stranger"):
            assert self.client_of(account).post("/try/things/new/", self.form()).status_code == 403
        user = self.r.technician
        user.memberships.update(organisation=self.r.here)
        response = self.client_of("technician").post(
            "/try/things/new/", self.form(organisation=str(self.r.there.pk))
        )
        assert response.status_code == 422
        assert not Item.objects.filter(name="srv-ny").exists()

    def test_an_edit_that_would_lose_the_row_is_rolled_back(self) -> None:
        """Moving a unit out of one's reach: the form offers it, the look afterwards refuses."""
        self.r.technician.memberships.update(organisation=self.r.here)
        unit = self.r.unit
        data = {"name": "Lost", "slug": "lost", "kind": "unit", "parent": "", "email": ""}
        response = self.client_of("technician").post(f"/try/units/{unit.pk}/edit/", data)
        assert response.status_code == 422
        assert "could not see" in response.content.decode()
        unit.refresh_from_db()
        assert (unit.name, unit.parent) == ("Granli skole", self.r.here)

    def test_a_tree_cannot_hang_below_itself(self) -> None:
        data = {
            "name": "Granli kommune",
            "slug": "granli",
            "kind": "municipality",
            "parent": str(self.r.unit.pk),
        }
        response = self.client_of("admin").post(f"/try/units/{self.r.here.pk}/edit/", data)
        assert response.status_code == 422
        self.r.here.refresh_from_db()
        assert self.r.here.parent == self.r.region

    def test_a_new_branch_is_seen_by_who_made_it(self) -> None:
        data = {"name": "Ny", "slug": "ny", "kind": "unit", "parent": str(self.r.here.pk), "email": ""}
        response = self.client_of("admin").post("/try/units/new/", data)
        assert response.status_code == 302, response.content.decode()
        assert Organisation.objects.get(slug="ny").parent == self.r.here

    def test_two_people_at_once(self) -> None:
        client, key = self.client_of("technician"), self.r.server.pk
        first = client.get(f"/try/things/{key}/edit/")
        version = first.context["form"]["_version"].value()
        mine = self.form(name="srv-granli-1", notes="mine", serial="", warranty_until="")
        Item.objects.filter(pk=key).update(serial="theirs")
        clash = client.post(f"/try/things/{key}/edit/", mine | {"_version": version})
        assert clash.status_code == 422
        assert "mine" in clash.content.decode()
        assert "Somebody else" in clash.content.decode()
        assert ("Serial number", "theirs") in clash.context["conflicts"]
        assert Item.objects.get(pk=key).serial == "theirs"
        again = clash.context["form"]["_version"].value()
        assert client.post(f"/try/things/{key}/edit/", mine | {"_version": again}).status_code == 302
        assert Item.objects.get(pk=key).notes == "mine"

    def test_a_poller_touching_other_fields_is_no_clash(self) -> None:
        client, key = self.client_of("technician"), self.r.server.pk
        version = client.get(f"/try/things/{key}/edit/").context["form"]["_version"].value()
        Item.objects.get(pk=key).save()
        Item.objects.filter(pk=key).update(operating_system="Debian 12")
        data = self.form(name="renamed", serial="", warranty_until="") | {"_version": version}
        assert client.post(f"/try/things/{key}/edit/", data).status_code == 302

    def test_editing_keeps_a_choice_that_one_may_not_see(self) -> None:
        self.r.technician.memberships.update(organisation=self.r.here)
        Item.objects.filter(pk=self.r.server.pk).update(owner=self.r.stranger)
        client = self.client_of("technician")
        assert not User.objects.visible_to(self.fresh("technician")).filter(pk=self.r.stranger.pk).exists()
        data = self.form(name="kept", owner=str(self.r.stranger.pk))
        assert client.post(f"/try/things/{self.r.server.pk}/edit/", data).status_code == 302
        assert client.post("/try/things/new/", data).status_code == 422

    def test_two_megabytes_are_a_sentence(self) -> None:
        response = self.client_of("technician").post("/try/things/new/", self.form(notes="x" * 2_000_000))
        assert response.status_code == 422
        assert "at most" in response.content.decode()

    def test_delete_says_what_depends(self) -> None:
        client = self.client_of("admin")
        page = client.get(f"/try/things/{self.r.printer.pk}/delete/").context
        assert page["blocked"] == ["1 relation"]
        assert client.post(f"/try/things/{self.r.printer.pk}/delete/").status_code == 409
        self.r.printer.relations_out.all().delete()
        assert client.get(f"/try/things/{self.r.printer.pk}/delete/").context["blocked"] == []
        assert client.post(f"/try/things/{self.r.printer.pk}/delete/").status_code == 302
        assert not Item.objects.filter(pk=self.r.printer.pk).exists()

    def test_delete_is_refused_where_something_stands_against_it(self) -> None:
        declared.units.roles["delete"] = declared.WRITERS
        self.addCleanup(declared.units.roles.__setitem__, "delete", declared.WRITERS)
        client = self.client_of("admin")
        url = f"/try/units/{self.r.here.pk}/delete/"
        assert "5 items" in " ".join(client.get(url).context["blocked"]) or client.get(url).context["blocked"]
        response = client.post(url)
        assert response.status_code == 409
        assert Organisation.objects.filter(pk=self.r.here.pk).exists()

    def test_next_leads_only_within_the_site(self) -> None:
        client = self.client_of("technician")
        there = client.post("/try/things/new/", self.form(next="/try/things/"))
        assert there["Location"] == "/try/things/"
        away = client.post("/try/things/new/", self.form(name="b", next="https://evil.example/"))
        assert away["Location"].startswith("/try/things/")

    def test_history_names_who_changed_what(self) -> None:
        client = self.client_of("technician")
        data = self.form(name="after", serial="", warranty_until="", owner=str(self.r.owner.pk))
        assert client.post(f"/try/things/{self.r.server.pk}/edit/", data).status_code == 302
        text = client.get(f"/try/things/{self.r.server.pk}/history/").content.decode()
        assert "Per Dahl" in text
        assert re.search("srv-granli-1</.*?> → after", text)
        assert "registered" in text
        assert "Anne Lie" in text


class TestDeclaration:
    """What a declaration may not say."""

    def test_secrets_are_refused(self) -> None:
        secret = next(
            f.name for f in Credential._meta.get_fields() if type(f).__name__.startswith("Encrypted")
        )
        with pytest.raises(TypeError, match="secret"):
            Crud(Credential, namespace="x", prefix="x", fields=(secret,))
        assert of_model(Credential) is None or of_model(Credential).namespace != "x"  # type: ignore[union-attr]
