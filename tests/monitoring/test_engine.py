"""From events to alerts: dedupe, delay, flapping, shadow, planned work, and nothing kept in memory between runs."""

from datetime import datetime, timedelta

from monitoring import engine, events, maintenance
from monitoring.models import Alert, AlertMute, Event, Severity, Target
from tests.monitoring.cases import T0, MonitoringCase, gapless


class TestAlerts(MonitoringCase):
    def alert(self, target: Target) -> Alert:
        return Alert.objects.get(target=target, closed_at=None)

    def test_down_opens_one_alert_and_up_closes_it(self) -> None:
        self.polls({self.switch: "up"}, 0, 10)
        self.polls({self.switch: "down"}, 20, 25)
        self.engine(26)
        alert = self.alert(self.switch)
        assert (alert.kind, alert.severity, alert.mute, alert.version) == ("down", "exception", "", 1)
        assert alert.opened_at == self.at(25)
        assert alert.item == self.r.switch
        assert alert.organisation == self.r.here
        assert self.engine(27) == 0
        self.polls({self.switch: "up"}, 40)
        self.engine(41)
        alert.refresh_from_db()
        assert (alert.closed_at, alert.version) == (self.at(40), 2)
        assert self.kinds(self.switch) == ["down", "up"]

    def test_the_same_problem_told_again_is_counted_not_doubled(self) -> None:
        for second in (1, 2, 3):
            events.post(
                self.switch,
                "on_battery",
                severity=Severity.EXCEPTION,
                source="trap",
                problem_key="x",
                at=self.at(second),
            )
            self.engine(second)
        assert Alert.objects.get().occurrences == 3

    def test_information_and_events_without_a_problem_alert_nobody(self) -> None:
        events.post(self.switch, "restart", severity=Severity.INFORMATION, source="poll", at=T0)
        events.post(self.switch, "trap", severity=Severity.WARNING, source="trap", at=T0)
        assert self.engine(1) == 2
        assert not Alert.objects.exists()
        assert not Event.objects.filter(handled_at=None).exists()

    def test_what_passes_within_its_delay_alerts_nobody(self) -> None:
        key = events.problem_key(self.switch.pk, "slow")
        events.post(self.switch, "slow", severity=Severity.WARNING, source="poll", problem_key=key, at=T0)
        self.engine(5)
        events.post(
            self.switch,
            "slow",
            severity=Severity.INFORMATION,
            source="poll",
            problem_key=key,
            clears=True,
            at=self.at(30),
        )
        self.engine(31)
        self.engine(200)
        assert not Alert.objects.exists()
        assert not Event.objects.filter(handled_at=None).exists()

    def test_what_lasts_beyond_its_delay_alerts(self) -> None:
        key = events.problem_key(self.switch.pk, "slow")
        events.post(self.switch, "slow", severity=Severity.WARNING, source="poll", problem_key=key, at=T0)
        self.engine(89)
        assert not self.open_alerts()
        self.engine(91)
        assert self.open_alerts() == ["sw-granli-1"]

    def test_flapping_falls_silent_and_speaks_again_when_it_lasts(self) -> None:
        second = 0.0
        for _ in range(4):
            self.polls({self.switch: "up"}, second)
            self.polls({self.switch: "down"}, second + 10, second + 13)
            self.engine(second + 14)
            second += 30
        assert list(Alert.objects.order_by("pk").values_list("mute", flat=True)) == ["", "", "", "flapping"]
        assert engine.sweep(self.at(second + 60)) == 0
        assert engine.sweep(self.at(second + 400)) == 1
        alert = Alert.objects.get(closed_at=None)
        assert (alert.mute, alert.version) == (AlertMute.NONE, 2)

    def test_a_problem_that_cannot_be_handled_stops_no_other(self) -> None:
        event = events.post(
            self.switch, "down", severity=Severity.EXCEPTION, source="poll", problem_key="broken", at=T0
        )
        Event.objects.filter(pk=event.pk).update(organisation=self.r.here, text="x")
        self.polls({self.server: "down"}, 0, 5)
        original = engine.open_alert

        def sabotage(event: Event, target: Target, now: datetime) -> Alert:
            if event.problem_key == "broken":
                raise RuntimeError("no")
            return original(event, target, now)

        engine.open_alert = sabotage
        try:
            self.engine(40)
        finally:
            engine.open_alert = original
        assert self.open_alerts() == ["srv-granli-1"]

    def test_a_target_switched_off_takes_its_alert_along(self) -> None:
        self.polls({self.switch: "down"}, 0, 5)
        self.engine(6)
        Target.objects.filter(pk=self.switch.pk).update(is_enabled=False)
        assert engine.sweep(self.at(10)) == 1
        alert = Alert.objects.get()
        assert (alert.closed_at, alert.version) == (self.at(10), 2)

    def test_a_down_that_lost_its_alert_gets_one(self) -> None:
        self.polls({self.switch: "down"}, 0, 5)
        self.engine(6)
        Alert.objects.all().delete()
        assert engine.sweep(self.at(10)) == 1
        self.engine(11)
        assert self.open_alerts() == ["sw-granli-1"]


class TestShadow(MonitoringCase):
    """switch ← server; both at interval 10, confirmed by two polls."""

    def both_up(self) -> None:
        self.polls({self.switch: "up", self.server: "up"}, 0, 10)

    def test_children_of_a_dead_switch_stand_in_its_shadow_without_alerts(self) -> None:
        access_point = self.target("ap-1", parent=self.server)
        self.both_up()
        self.polls({access_point: "up"}, 11)
        self.polls({self.switch: "down", self.server: "down", access_point: "down"}, 20, 25)
        self.engine(26)
        assert self.open_alerts() == ["sw-granli-1"]
        assert self.shadowed() == {"srv-granli-1": "sw-granli-1", "ap-1": "sw-granli-1"}
        assert Alert.objects.get().shadowed_count == 2
        assert self.states(self.server)[-1] == ("down", 20, None)

    def test_a_child_polled_before_its_parent_waits_for_it(self) -> None:
        self.both_up()
        self.polls({self.server: "down"}, 20, 25)
        self.engine(26)
        assert self.open_alerts() == []
        self.switch.refresh_from_db()
        assert self.switch.due_at == self.at(26)  # asked at once
        self.polls({self.switch: "down"}, 27)
        self.engine(29)
        assert self.open_alerts() == []  # one failed poll is no proof
        self.polls({self.switch: "down"}, 32)
        self.engine(35)
        assert self.open_alerts() == ["sw-granli-1"]
        assert self.shadowed() == {"srv-granli-1": "sw-granli-1"}

    def test_a_child_alone_alerts_once_its_parent_answered(self) -> None:
        self.both_up()
        self.polls({self.server: "down"}, 20, 25)
        self.engine(26)
        assert self.open_alerts() == []
        self.polls({self.switch: "up"}, 27)
        self.engine(29)
        assert self.open_alerts() == ["srv-granli-1"]
        assert self.shadowed() == {}

    def test_a_parent_that_nobody_asks_holds_the_alert_up_only_for_a_while(self) -> None:
        self.both_up()
        self.polls({self.server: "down"}, 20, 25)
        self.engine(26)
        self.engine(44)
        assert self.open_alerts() == []
        self.engine(46)
        assert self.open_alerts() == ["srv-granli-1"]

    def test_a_parent_that_never_answered_silences_nothing(self) -> None:
        self.polls({self.server: "up"}, 0)
        self.polls({self.server: "down"}, 20, 25)
        self.engine(26)
        assert self.open_alerts() == ["srv-granli-1"]

    def test_a_child_that_answers_while_its_parent_is_down_is_reached_some_other_way(self) -> None:
        self.both_up()
        self.polls({self.switch: "down"}, 20, 25)
        self.polls({self.server: "up"}, 60)
        self.engine(61)
        self.polls({self.server: "down"}, 70, 75)
        self.engine(76)
        assert self.open_alerts() == ["srv-granli-1", "sw-granli-1"]
        assert self.shadowed() == {}

    def test_a_parent_that_is_switched_off_is_passed_over(self) -> None:
        self.both_up()
        child = self.target("ap-1", parent=self.server)
        self.polls({child: "up"}, 11)
        Target.objects.filter(pk=self.server.pk).update(is_enabled=False)
        self.polls({self.switch: "down", child: "down"}, 20, 25)
        self.engine(26)
        assert self.open_alerts() == ["sw-granli-1"]
        assert self.shadowed() == {"ap-1": "sw-granli-1"}

    def test_all_comes_back(self) -> None:
        self.both_up()
        self.polls({self.switch: "down", self.server: "down"}, 20, 25)
        self.engine(26)
        self.polls({self.switch: "up", self.server: "up"}, 60)
        self.engine(61)
        assert self.open_alerts() == []
        assert self.shadowed() == {}
        assert Alert.objects.get().shadowed_count == 1  # kept for whoever reads it later
        gapless([self.switch, self.server])

    def test_a_child_still_down_when_its_parent_is_back_alerts_then(self) -> None:
        self.both_up()
        self.polls({self.switch: "down", self.server: "down"}, 20, 25)
        self.engine(26)
        self.polls({self.switch: "down", self.server: "down"}, 40, 50)
        self.polls({self.switch: "up"}, 60)
        self.engine(61)
        assert self.shadowed() == {"srv-granli-1": "sw-granli-1"}  # it may still be starting
        self.server.refresh_from_db()
        assert self.server.due_at == self.at(61)
        self.polls({self.server: "down"}, 62, 73)
        self.engine(74)
        self.engine(75)
        assert self.open_alerts() == ["srv-granli-1"]
        assert self.shadowed() == {}
        assert self.states(self.server)[-1] == ("down", 20, None)

    def test_a_cause_farther_up_takes_over(self) -> None:
        router = self.target("router")
        Target.objects.filter(pk=self.switch.pk).update(parent=router)
        self.both_up()
        self.polls({router: "up"}, 10)
        self.polls({self.switch: "down", self.server: "down"}, 20, 25)
        self.engine(26)
        assert self.shadowed() == {"srv-granli-1": "sw-granli-1"}
        assert self.open_alerts() == []  # the switch waits for the router
        self.polls({router: "down"}, 27, 31)
        self.engine(32)
        assert self.open_alerts() == ["router"]
        assert self.shadowed() == {"srv-granli-1": "router", "sw-granli-1": "router"}

    def test_a_child_that_had_failed_by_itself_keeps_its_alert(self) -> None:
        self.both_up()
        self.polls({self.server: "down"}, 20, 25)
        self.polls({self.switch: "up"}, 28)
        self.engine(29)
        self.polls({self.switch: "down"}, 50, 55)
        self.engine(56)
        assert self.open_alerts() == ["srv-granli-1", "sw-granli-1"]

    def test_a_parent_taken_away_leaves_no_silent_fault(self) -> None:
        self.both_up()
        self.polls({self.switch: "down", self.server: "down"}, 20, 25)
        self.engine(26)
        self.switch.refresh_from_db()
        self.switch.archive("admin", "replaced")
        engine.sweep(self.at(30))
        self.engine(31)
        self.engine(32)
        assert self.open_alerts() == ["srv-granli-1"]
        closed = Alert.objects.get(target=self.switch)
        assert (closed.closed_at, closed.closed_because) == (self.at(30), "archived")

    def test_a_parent_lost_to_a_poller_gap_does_not_keep_its_children_silent(self) -> None:
        self.both_up()
        self.polls({self.switch: "down", self.server: "down"}, 20, 25)
        self.engine(26)
        Target.objects.filter(pk=self.switch.pk).update(is_enabled=False)
        from monitoring import schedule

        self.polls({self.server: "down"}, 50)
        schedule.sweep_stale(self.at(51))
        self.engine(52)
        self.engine(53)
        assert self.shadowed() == {}
        assert self.open_alerts() == ["srv-granli-1", "sw-granli-1"]
        engine.sweep(self.at(54))
        assert self.open_alerts() == ["srv-granli-1"]

    def test_a_storm_of_a_thousand_children_costs_the_same_few_statements(self) -> None:
        def statements() -> int:
            from django.db import connection
            from django.test.utils import CaptureQueriesContext

            with CaptureQueriesContext(connection) as context:
                self.engine(26)
            return len([q for q in context if "SAVEPOINT" not in q["sql"]])

        children = [self.target(f"ap-{n}", parent=self.server) for n in range(300)]
        self.both_up()
        self.polls(dict.fromkeys(children, "up"), 11)
        self.polls(dict.fromkeys([self.switch, self.server, *children], "down"), 20, 25)
        assert statements() < 330 + 20  # one small update for each shadow
        assert self.open_alerts() == ["sw-granli-1"]
        assert Alert.objects.get().shadowed_count == 301


class TestPlannedWork(MonitoringCase):
    def window(self, start: float, end: float) -> None:
        maintenance.plan(
            "change:1", title="New firmware", organisation=self.r.here, items=[self.r.switch], starts_at=self.at(start),
            ends_at=self.at(end), announced_at=T0 - timedelta(days=3),
        )  # fmt: skip

    def test_an_alert_inside_is_silent_and_calls_when_the_work_is_over_and_it_is_still_down(self) -> None:
        self.window(15, 100)
        self.polls({self.switch: "up"}, 0)
        self.polls({self.switch: "down"}, 20, 25)
        self.engine(26)
        alert = Alert.objects.get()
        assert (alert.mute, alert.version) == ("maintenance", 1)
        assert engine.sweep(self.at(99)) == 0
        assert engine.sweep(self.at(100)) == 1
        alert.refresh_from_db()
        assert (alert.mute, alert.version, alert.closed_at) == ("", 2, None)

    def test_what_comes_back_in_time_never_calls(self) -> None:
        self.window(15, 100)
        self.polls({self.switch: "down"}, 20, 25)
        self.engine(26)
        self.polls({self.switch: "up"}, 90)
        self.engine(91)
        assert engine.sweep(self.at(200)) == 0
        assert Alert.objects.get().mute == "maintenance"

    def test_what_hangs_behind_is_planned_too(self) -> None:
        self.window(15, 100)
        Target.objects.filter(pk=self.server.pk).update(item=None)
        self.polls({self.switch: "up", self.server: "up"}, 10)
        self.polls({self.server: "down"}, 20, 25)
        self.polls({self.switch: "up"}, 27)
        self.engine(29)
        assert Alert.objects.get().target == self.server
        assert Alert.objects.get().mute == "maintenance"

    def test_a_fault_from_before_the_work_stays_loud(self) -> None:
        self.window(50, 100)
        self.polls({self.switch: "down"}, 20, 25)
        self.engine(26)
        engine.sweep(self.at(60))
        assert Alert.objects.get().mute == ""
