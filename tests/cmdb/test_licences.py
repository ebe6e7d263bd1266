"""Licences: bought against used, counted where a person would count."""

from datetime import date
from typing import Any

from cmdb.licences import LicenceState, with_use
from cmdb.models import Installation, Item, Licence, Organisation, Software
from tests.cases import RegionCase

TODAY = date(2026, 11, 21)


class TestUse(RegionCase):
    """Per device from installations, otherwise as reported."""

    office: Software

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.office = Software.objects.create(name="Kontorpakke")

    def install(self, organisation: Organisation, number: int, **more: Any) -> None:
        for n in range(number):
            item = Item.objects.create(
                name=f"pc-{organisation.pk}-{n}", item_class=self.r.printer.item_class, organisation=organisation, **more
            )  # fmt: skip
            Installation.objects.create(item=item, software=self.office)

    def licence(self, organisation: Organisation, bought: int, **more: Any) -> Licence:
        return Licence.objects.create(software=self.office, organisation=organisation, bought=bought, **more)

    def seen(self, licence: Licence) -> tuple[Any, Any, str]:
        row = with_use(Licence.objects.filter(pk=licence.pk), TODAY).get()
        return row.used, row.left, row.state

    def test_units_count_for_their_municipality_and_neighbours_do_not(self) -> None:
        self.install(self.r.here, 2)
        self.install(self.r.unit, 3)
        self.install(self.r.there, 7)
        assert self.seen(self.licence(self.r.here, 6)) == (5, 1, LicenceState.FREE)
        assert self.seen(self.licence(self.r.there, 7)) == (7, 0, LicenceState.FULL)

    def test_retired_items_use_nothing(self) -> None:
        self.install(self.r.here, 2, lifecycle="retired")
        assert self.seen(self.licence(self.r.here, 1)) == (0, 1, LicenceState.FREE)

    def test_over_use(self) -> None:
        self.install(self.r.here, 3)
        assert self.seen(self.licence(self.r.here, 1)) == (3, -2, LicenceState.OVER)

    def test_a_units_own_licence_takes_its_installations(self) -> None:
        self.install(self.r.here, 2)
        self.install(self.r.unit, 3)
        above, own = self.licence(self.r.here, 2), self.licence(self.r.unit, 2)
        assert self.seen(above) == (2, 0, LicenceState.FULL)
        assert self.seen(own) == (3, -1, LicenceState.OVER)

    def test_two_purchases_are_one_pool_and_expired_ones_are_not(self) -> None:
        self.install(self.r.here, 5)
        first = self.licence(self.r.here, 3)
        assert self.seen(first)[1] == -2
        self.licence(self.r.here, 4)
        assert self.seen(first) == (5, 2, LicenceState.FREE)
        old = self.licence(self.r.here, 100, valid_until=date(2026, 11, 20))
        assert self.seen(first)[1] == 2
        assert self.seen(old)[2] == LicenceState.EXPIRED

    def test_other_metrics_go_by_what_was_reported(self) -> None:
        self.install(self.r.here, 5)
        licence = self.licence(self.r.here, 3, metric="user")
        assert self.seen(licence) == (None, None, LicenceState.UNKNOWN)
        licence.reported_used, licence.used_at = 4, TODAY
        licence.save()
        assert self.seen(licence) == (4, -1, LicenceState.OVER)

    def test_the_figure_opens_the_items_that_make_it_up(self) -> None:
        self.install(self.r.here, 2)
        self.install(self.r.unit, 1)
        self.install(self.r.there, 4)
        licence = self.licence(self.r.here, 1)
        client = self.client_of("technician")
        response = client.get(f"/cmdb/licences/{licence.pk}/")
        used = response.context["figures"][1]
        assert int(client.get(used[2]).context["table"].total) == 3 == int(used[1])
        assert "Over-used" in response.content.decode()
        listed = client.get("/cmdb/licences/?state=over").context["table"]
        assert int(listed.total) == 1

    def test_a_licence_per_device_takes_no_report(self) -> None:
        data = {
            "software": self.office.pk, "organisation": self.r.here.pk, "metric": "device", "bought": 3, "reported_used": 2,
        }  # fmt: skip
        client = self.client_of("technician")
        assert client.post("/cmdb/licences/new/", data).status_code == 422
        assert client.post("/cmdb/licences/new/", data | {"metric": "user"}).status_code == 422
        done = client.post("/cmdb/licences/new/", data | {"metric": "user", "used_at": "2026-11-01"})
        assert done.status_code == 302
