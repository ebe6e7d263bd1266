"""Words about how items are now, for pages of the register."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monitoring.models import Target
from tests.cases import RegionCase


class TestItemStates(RegionCase):
    """Only of items that the person may see, and only of watched ones."""

    def test_every_place_gets_its_word(self) -> None:
        Target.objects.filter(pk=self.r.server_target.pk).update(state="down", state_since=timezone.now())
        server, switch, printer = self.r.server.pk, self.r.switch.pk, self.r.printer.pk
        address = f"/monitoring/items/states/?live={server},{printer}&map-live={server},{switch}"
        text = self.client_of("technician").get(address).content.decode()
        assert f'<span id="live-{server}" hx-swap-oob="true">' in text
        assert f'<span id="map-live-{server}" hx-swap-oob="true">' in text
        assert f'id="map-live-{switch}"' in text
        assert f'id="live-{switch}"' not in text
        assert f"-{printer}" not in text
        assert "Down since" in text

    def test_foreign_items_and_nonsense_are_left_out(self) -> None:
        Target.objects.create(
            name="t", organisation=self.r.there, item=self.r.system_there, address="127.0.8.9", interval=10
        )
        keys = f"{self.r.server.pk},{self.r.system_there.pk},x,,99999999999999999999,-1"
        text = self.client_of("keyuser").get(f"/monitoring/items/states/?live={keys}").content.decode()
        assert text.count("<span id=") == 1
        assert (
            self.client_of("stranger").get(f"/monitoring/items/states/?live={self.r.server.pk}").content
            == b""
        )
        assert self.client.get("/monitoring/items/states/?live=1").status_code == 302

    def test_the_mark_of_one_item(self) -> None:
        address = f"/monitoring/items/{self.r.server.pk}/mark/"
        assert b'class="state"' in self.client_of("keyuser").get(address).content
        assert self.client_of("stranger").get(address).status_code == 404
        unwatched = self.client_of("keyuser").get(f"/monitoring/items/{self.r.printer.pk}/mark/")
        assert (unwatched.status_code, unwatched.content) == (200, b"")

    def test_statements_do_not_grow(self) -> None:
        client = self.client_of("technician")

        def count(keys: str) -> int:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(f"/monitoring/items/states/?live={keys}").status_code == 200
            return len(queries)

        count("1")
        few = count(str(self.r.server.pk))
        keys = [item.pk for item in (self.r.server, self.r.switch, self.r.printer, self.r.system)]
        assert count(",".join(map(str, [*keys, *range(10**9, 10**9 + 50)]))) == few
