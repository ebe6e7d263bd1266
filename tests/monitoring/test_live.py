"""How things are now, by item."""

from datetime import timedelta

from django.utils import timezone

from monitoring import intervals, live, maintenance
from monitoring.models import Alert, Target
from tests.monitoring.cases import MonitoringCase


class TestLive(MonitoringCase):
    def down(self, target: Target, **more: object) -> None:
        intervals.change(target, "down", timezone.now() - timedelta(minutes=5))
        Target.objects.filter(pk=target.pk).update(**more)

    def test_up_down_unknown_and_unwatched(self) -> None:
        self.down(self.switch)
        found = live.live([self.r.switch.pk, self.r.server.pk, self.r.printer.pk])
        assert found[self.r.switch.pk].state == "down"
        assert found[self.r.switch.pk].is_watched
        assert found[self.r.server.pk].state == "unknown"
        assert found[self.r.printer.pk] == live.UNWATCHED

    def test_a_shadow_names_the_item_at_fault(self) -> None:
        self.down(self.switch)
        self.down(self.server, shadowed_by=self.switch)
        found = live.live([self.r.server.pk])[self.r.server.pk]
        assert (found.state, found.shadowed_by_item) == ("shadow", self.r.switch.pk)

    def test_planned_work_and_the_open_alert(self) -> None:
        self.down(self.switch)
        now = timezone.now()
        alert = Alert.objects.create(
            target=self.switch, item=self.r.switch, organisation=self.r.here, problem_key="k", kind="down",
            severity="exception", opened_at=now,
        )  # fmt: skip
        window = maintenance.plan(
            "c", title="t", organisation=self.r.here, items=[self.r.switch], starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=1),
        )  # fmt: skip
        found = live.live([self.r.switch.pk, self.r.server.pk])
        assert found[self.r.switch.pk].state == "planned"
        assert found[self.r.switch.pk].alert_id == alert.pk
        assert found[self.r.switch.pk].maintenance == window
        assert found[self.r.server.pk].maintenance == window  # behind it
        assert found[self.r.server.pk].state == "unknown"

    def test_the_worst_of_an_items_targets_and_switched_off_ones_not_at_all(self) -> None:
        second = self.target("https", item=self.r.switch, port=443, check_kind="https")
        intervals.change(self.switch, "up", timezone.now())
        self.down(second)
        assert live.live([self.r.switch.pk])[self.r.switch.pk].state == "down"
        Target.objects.filter(pk=second.pk).update(is_enabled=False)
        assert live.live([self.r.switch.pk])[self.r.switch.pk].state == "up"

    def test_a_fixed_number_of_statements(self) -> None:
        items = [self.r.switch.pk, self.r.server.pk]
        with self.assertNumQueries(3):
            live.live(items)
