"""Whose mail domain an address is in, and who may hand one out."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from cmdb import maildomains
from cmdb.models import Membership, Organisation, Role, User
from tests.cases import RegionCase


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

    def test_a_domain_is_one_however_it_is_written(self) -> None:
        client, region = self.client_of("keyuser"), self.r
        Organisation.objects.filter(pk=region.there.pk).update(email="post@bærum.example")
        for domain in (
            "bærum.example", "BÆRUM.example", "xn--brum-voa.example", "XN--BRUM-VOA.EXAMPLE", "bærum。example",
            "ｂærum.example", "it.bærum.example", "a.b.xn--brum-voa.example", "region.example", "skole.region.example",
        ):  # fmt: skip
            assert not self.make(client, f"x@{domain}", region.here), domain
        Organisation.objects.filter(pk=region.there.pk).update(email="Post@XN--BRUM-VOA.example")
        for domain in ("bærum.example", "xn--brum-voa.example", "it.bærum.example"):
            assert not self.make(client, f"x@{domain}", region.here), domain
        for domain in ("here.example", "skole.here.example", "notbærum.example", "example.no"):
            assert self.make(client, f"x@{domain}", region.here), domain

    def test_a_dot_at_its_end_changes_nothing(self) -> None:
        assert maildomains.domain_of(" X@There.Example. ") == "there.example"
        assert maildomains.home_of("x@there.example.") == self.r.there
        assert maildomains.foreign("x@sub.there.example.", self.r.here) == self.r.there
        assert maildomains.home_of("x@sub.there.example") is None
        assert maildomains.home_of("x@") is None
        assert maildomains.home_of("there.example") is None

    def test_a_domain_inside_ones_own_may_be_a_neighbours(self) -> None:
        Organisation.objects.filter(pk=self.r.there.pk).update(email="post@there.here.example")
        client = self.client_of("keyuser")
        assert not self.make(client, "x@there.here.example", self.r.here)
        assert self.make(client, "x@here.example", self.r.here)

    def test_the_administration_is_closed_to_them(self) -> None:
        User.objects.filter(username="keyuser").update(is_staff=True)
        url = reverse("admin:cmdb_user_change", args=[self.r.own.pk])
        assert self.client_of("keyuser").get(url).status_code == 403

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
            ("a@sub.there.example", False),
            ("a@example", False),
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
