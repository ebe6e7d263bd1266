"""What check_integrity finds in the register."""

from django.db import connection
from django.utils import translation

from cmdb import integrity
from cmdb.models import CIClass, Item, Organisation, Relation
from tests.cases import RegionCase


class TestIntegrity(RegionCase):
    """A sound register is silent; every kind of damage is named."""

    def setUp(self) -> None:
        self.enterContext(translation.override("en"))

    def test_a_sound_register_is_silent(self) -> None:
        assert integrity.check() == []

    def test_a_family_that_is_not_the_class(self) -> None:
        Item.objects.filter(pk=self.r.server.pk).update(family="printer")
        assert any("srv-granli-1" in line and "family printer" in line for line in integrity.check())

    def test_attributes_that_the_class_does_not_know(self) -> None:
        Item.objects.filter(pk=self.r.server.pk).update(attributes={"colour": "red"})
        assert any("“colour”" in line for line in integrity.check())
        CIClass.objects.filter(slug="server").update(
            attributes=[{"name": "colour", "label": "C", "type": "integer"}]
        )
        assert any("is not" in line for line in integrity.check())

    def test_a_supplier_that_is_none(self) -> None:
        Item.objects.filter(pk=self.r.server.pk).update(supplier=self.r.there)
        assert any("Vassøy kommune is named as supplier" in line for line in integrity.check())

    def test_damaged_trees(self) -> None:
        for change in ({"level": 5}, {"lft": 400, "rght": 401}, {"parent": self.r.supplier}, {"rght": 99}):
            before = (
                Organisation.objects.filter(pk=self.r.unit.pk).values("level", "lft", "rght", "parent").get()
            )
            Organisation.objects.filter(pk=self.r.unit.pk).update(**change)
            assert any("cmdb_organisation" in line for line in integrity.check()), change
            Organisation.objects.filter(pk=self.r.unit.pk).update(**before)
        assert integrity.check() == []

    def test_trees_that_django_mptt_built_are_sound_after_moves_and_deletes(self) -> None:
        a = Organisation.objects.create(name="A", slug="a", kind="unit", parent=self.r.there)
        b = Organisation.objects.create(name="B", slug="b", kind="unit", parent=a)
        Organisation.objects.create(name="C", slug="c", kind="unit", parent=b)
        b = Organisation.objects.get(pk=b.pk)
        b.parent = Organisation.objects.get(pk=self.r.here.pk)
        b.save()
        Organisation.objects.get(slug="a").delete()
        assert integrity.check() == []

    def test_circles_are_told(self) -> None:
        Relation.objects.create(source=self.r.switch, kind="depends_on", target=self.r.system)
        members = sorted([self.r.switch.pk, self.r.system.pk, self.r.server.pk])
        assert integrity.check() == [f"items {', '.join(map(str, members))} rest on one another in a circle"]

    def test_it_reads_in_few_statements(self) -> None:
        with self.assertNumQueries(13):
            integrity.check()
        assert connection.vendor == "postgresql"
