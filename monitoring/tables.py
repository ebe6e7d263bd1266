"""Lists of monitoring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Case, F, Q, Value, When
from django.db.models.fields import CharField
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cmdb.common import ui
from cmdb.common.tables import (
    AgeCol,
    ChoiceCol,
    Col,
    DateCol,
    FastTable,
    LinkCol,
    NumberCol,
    Page,
    Part,
    TwoLineCol,
)
from monitoring import words
from monitoring.models import (
    Alert,
    AlertMute,
    BackupResult,
    ConfigBackup,
    Credential,
    CredentialKind,
    Event,
    MaintenanceWindow,
    Network,
    NetworkUse,
    Severity,
    Target,
)

STATES: list[tuple[str, Any]] = [
    *((key, look.label) for key, look in ui.LIVE.items()),
    ("off", _("Switched off")),
]
STATE_LOOKS = {key: (look.color, look.icon) for key, look in ui.LIVE.items()} | {"off": ("neutral", "minus")}
SEVERITY_LOOKS = {
    Severity.INFORMATION: ("neutral", "info"),
    Severity.WARNING: ("warning", "warning"),
    Severity.EXCEPTION: ("danger", "error"),
}
BACKUP_LOOKS = {
    BackupResult.CHANGED: ("info", "edit"),
    BackupResult.UNCHANGED: ("neutral", "ok"),
    BackupResult.FAILED: ("danger", "error"),
}

#: A target's state in the words of pages; planned work is not looked into here (it reaches along the topology).
LIVE_STATE = Case(
    When(is_enabled=False, then=Value("off")),
    When(state="down", shadowed_by__isnull=False, then=Value("shadow")),
    default=F("state"),
    output_field=CharField(),
)
#: Worst first when it rises.
LIVE_RANK = Case(
    When(is_enabled=False, then=Value(6)),
    When(state="down", shadowed_by__isnull=True, then=Value(1)),
    When(state="down", then=Value(2)),
    When(state="degraded", then=Value(3)),
    When(state="unknown", then=Value(4)),
    default=Value(5),
)


class DetailCol(Col):
    """A technical detail in the reader's language."""

    def texts(self, page: Page) -> Sequence[str | None]:
        return [words.detail(value or "") for value in page[str(self.accessor)]]


class TargetTable(FastTable):
    """What is asked, the worst first."""

    of = Target
    caption = _("Targets")
    annotations = {"live_state": LIVE_STATE, "live_rank": LIVE_RANK}
    state = ChoiceCol(
        STATES, _("State"), "live_state", looks=STATE_LOOKS, order_by=("live_rank", "sort_name")
    )
    name = TwoLineCol(
        _("Name"),
        "name",
        to="monitoring:target_detail",
        order_by=("sort_name",),
        second=[Part("address", "num"), Part("profile", "dot")],
    )
    organisation = Col(
        _("Organisation"), "organisation__name", order_by=("organisation__sort_name", "sort_name")
    )
    since = AgeCol(_("Duration"), "state_since")
    asked = AgeCol(_("Last asked"), "last_polled_at")
    rtt = NumberCol(_("Answer time"), "rtt_ms", decimals=0, unit="ms")
    error = DetailCol(_("Last error"), "last_error", orderable=False)

    class Meta:
        order_by = ("state",)


class AlertTable(FastTable):
    """Alerts, the newest first."""

    of = Alert
    caption = _("Alerts")
    annotations = {
        "open_state": Case(
            When(closed_at__isnull=False, then=Value("closed")),
            When(~Q(mute=""), then=F("mute")),
            default=Value("open"),
            output_field=CharField(),
        )
    }
    state = ChoiceCol(
        [("open", _("Open")), ("closed", _("Over")), *((c.value, c.label) for c in AlertMute if c.value)],
        _("State"),
        "open_state",
        looks={"open": ("danger", "stop"), "closed": ("success", "ok"), "maintenance": ("info", "wrench"), "flapping": ("neutral", "pause")},
        orderable=False,
    )  # fmt: skip
    target = TwoLineCol(
        _("What"),
        "target__name",
        to="monitoring:alert_detail",
        order_by=("target__sort_name",),
        second=[Part("kind", "", words.label), Part("text", "dot", words.detail)],
    )
    organisation = Col(_("Organisation"), "organisation__name", order_by=("organisation__sort_name",))
    severity = ChoiceCol(Severity, _("Severity"), looks=SEVERITY_LOOKS)
    opened_at = DateCol(_("Opened"), time=True)
    closed_at = DateCol(_("Closed"), time=True)
    shadowed_count = NumberCol(_("In its shadow"))
    occurrences = NumberCol(_("Times"))

    class Meta:
        order_by = ("-opened_at",)


class EventTable(FastTable):
    """Everything that happened, the newest first."""

    of = Event
    caption = _("Events")
    at = DateCol(_("At"), time=True)
    target = LinkCol(
        "monitoring:target_detail",
        pgettext_lazy("watched", "Target"),
        "target__name",
        key="target_id",
        orderable=False,
    )
    kind = ChoiceCol(list(words.KINDS.items()), _("What"), orderable=False)
    severity = ChoiceCol(Severity, _("Severity"), looks=SEVERITY_LOOKS, orderable=False)
    source = Col(_("Seen by"), orderable=False)
    text = DetailCol(_("Detail"), orderable=False)

    class Meta:
        order_by = ("-at",)


class CredentialTable(FastTable):
    """Names and kinds; the secrets are on no page."""

    of = Credential
    caption = _("Credentials")
    name = LinkCol("monitoring:credential_detail", _("Name"), "name")
    kind = ChoiceCol(CredentialKind, _("Kind"))
    organisation = Col(_("Organisation"), "organisation__name", order_by=("organisation__sort_name", "name"))
    updated_at = DateCol(_("Changed"), time=True)

    class Meta:
        order_by = ("name",)


class NetworkTable(FastTable):
    """Whose networks are which."""

    of = Network
    caption = _("Networks")
    name = TwoLineCol(_("Name"), "name", to="monitoring:network_detail", second=[Part("prefix", "num")])
    organisation = Col(
        _("Organisation"), "organisation__name", order_by=("organisation__sort_name", "prefix")
    )
    use = ChoiceCol(NetworkUse, _("Used for"))
    note = Col(_("Note"), orderable=False)

    class Meta:
        order_by = ("organisation",)


class MaintenanceTable(FastTable):
    """Planned work, the latest first."""

    of = MaintenanceWindow
    caption = _("Planned work")
    annotations = {
        "phase": Case(
            When(cancelled_at__isnull=False, then=Value("cancelled")),
            When(ends_at__lte=Now(), then=Value("over")),
            When(starts_at__gt=Now(), then=Value("ahead")),
            default=Value("running"),
            output_field=CharField(),
        ),
    }
    state = ChoiceCol(
        [("running", _("Running")), ("ahead", _("Ahead")), ("over", _("Over")), ("cancelled", _("Called off"))],
        _("State"),
        "phase",
        looks={"running": ("info", "wrench"), "ahead": ("neutral", "calendar"), "over": ("neutral", "ok"), "cancelled": ("neutral", "cancelled")},
        orderable=False,
    )  # fmt: skip
    title = TwoLineCol(
        _("Title"),
        "title",
        to="monitoring:maintenance_detail",
        second=[Part("source_key", "num")],
    )
    organisation = Col(_("Organisation"), "organisation__name", order_by=("organisation__sort_name",))
    starts_at = DateCol(_("From"), time=True)
    ends_at = DateCol(_("Until"), time=True)
    announced_at = DateCol(_("Announced"), time=True)

    class Meta:
        order_by = ("-starts_at",)


class BackupTable(FastTable):
    """Configurations that were fetched, the newest first."""

    of = ConfigBackup
    caption = _("Configuration backups")
    target = LinkCol(
        "monitoring:backup_detail",
        pgettext_lazy("watched", "Target"),
        "target__name",
        order_by=("target__sort_name",),
    )
    taken_at = DateCol(_("Taken"), time=True)
    result = ChoiceCol(BackupResult, _("Result"), looks=BACKUP_LOOKS)
    lines_added = NumberCol(_("Lines added"))
    lines_removed = NumberCol(_("Lines removed"))
    error = DetailCol(_("Error"), orderable=False)

    class Meta:
        order_by = ("-taken_at",)
