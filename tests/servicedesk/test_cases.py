"""The region itself: if it were wrong, the isolation tests could not fail."""

from cmdb.models import Organisation, User
from tests.cases import PEOPLE, RegionCase


class TestRegion(RegionCase):
    def test_everybody_is_there_and_can_sign_in(self) -> None:
        assert User.objects.count() == len(PEOPLE)
        assert self.r.own.check_password("demo")

    def test_the_tree_is_whole(self) -> None:
        assert [o.slug for o in self.r.region.get_descendants()] == ["granli", "granli-skole", "vassoy"]
        assert Organisation.objects.root_nodes().count() == 2

    def test_the_three_people_differ_in_reach(self) -> None:
        r = self.r
        assert r.own.access.own_orgs == r.colleague.access.own_orgs == {r.here.pk, r.unit.pk}
        assert r.stranger.access.own_orgs == {r.there.pk}
        assert r.technician.access.work_orgs == {r.region.pk, r.here.pk, r.unit.pk, r.there.pk}
        assert not r.own.access.work_orgs
