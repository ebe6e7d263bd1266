"""Monitoring's pages, one declaration per model: who reads, who writes, what is shown."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cmdb.common.crud import Crud
from monitoring import filters, forms, tables, words
from monitoring.access import KEEPERS, READERS, WRITERS
from monitoring.models import Alert, ConfigBackup, Credential, Event, MaintenanceWindow, Network, Target
from monitoring.views import alerts, backups, targets


def _rows(*names: str) -> Any:
    """Rows with these related rows read along."""

    def rows(queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related(*names)

    return rows


TARGET = Crud(
    Target,
    namespace="monitoring",
    prefix="targets",
    table=tables.TargetTable,
    filterset=filters.TargetFilter,
    form=forms.TargetForm,
    fields=(
        "organisation",
        "item",
        (_("Asked"), targets.asked_how),
        (_("Reached through"), targets.parent_of),
        (_("Credential"), targets.credential_of),
        (_("Device profile"), "profile"),
        (_("Interval"), targets.interval_of),
        (_("Last asked"), "last_polled_at"),
        (_("Last answer"), "last_ok_at"),
        (_("Up since its own start"), targets.uptime_of),
        (_("Last error"), lambda target, _user: words.detail(target.last_error)),
    ),
    read_roles=READERS,
    write_roles=WRITERS,
    rows=_rows("organisation", "item"),
    search=("name", "address"),
    note="address",
    empty=(_("Nothing is watched yet"), _("Add a device by its address, or let a network be searched.")),
    views={
        "list": targets.TargetList,
        "detail": targets.TargetDetail,
        "create": targets.TargetCreate,
        "edit": targets.TargetEdit,
    },
)

ALERT = Crud(
    Alert,
    namespace="monitoring",
    prefix="alerts",
    table=tables.AlertTable,
    filterset=filters.AlertFilter,
    fields=(
        "target",
        "item",
        "organisation",
        (_("What"), lambda alert, _user: words.label(alert.kind)),
        "severity",
        (_("Detail"), lambda alert, _user: words.detail(alert.text)),
        (_("Silent because of"), lambda alert, _user: alert.get_mute_display() if alert.mute else ""),
        "opened_at",
        "closed_at",
        (
            _("Closed because"),
            lambda alert, _user: alert.get_closed_because_display() if alert.closed_because else "",
        ),
        "occurrences",
        "shadowed_count",
    ),
    read_roles=READERS,
    rows=_rows("target", "item", "organisation"),
    empty=(_("No alerts"), _("Nothing needs anybody. That is good news.")),
    views={"detail": alerts.AlertDetail},
)

EVENT = Crud(
    Event,
    namespace="monitoring",
    prefix="events",
    table=tables.EventTable,
    filterset=filters.EventFilter,
    fields=(
        "target",
        "organisation",
        (_("What"), lambda event, _user: words.label(event.kind)),
        "severity",
        "source",
        (_("Detail"), lambda event, _user: words.detail(event.text)),
        "at",
        "handled_at",
        (_("Data"), alerts.event_data),
    ),
    read_roles=READERS,
    rows=_rows("target", "organisation"),
    empty=(_("Nothing happened yet"), ""),
)

CREDENTIAL = Crud(
    Credential,
    namespace="monitoring",
    prefix="credentials",
    table=tables.CredentialTable,
    filterset=filters.CredentialFilter,
    form=forms.CredentialForm,
    fields=(
        "name",
        "kind",
        "organisation",
        "networks",
        "created_at",
        "updated_at",
        (_("Secret"), targets.secret_note),
    ),
    read_roles=READERS,
    write_roles=KEEPERS,
    # Never read for a page: so a secret whose key is lost can still be replaced.
    rows=lambda rows: rows.select_related("organisation").defer("secret"),
    empty=(_("No credentials yet"), _("Add the community or user with which your devices may be asked.")),
)

NETWORK = Crud(
    Network,
    namespace="monitoring",
    prefix="networks",
    table=tables.NetworkTable,
    filterset=filters.NetworkFilter,
    form=forms.NetworkForm,
    fields=("name", "organisation", "prefix", "use", "note", "created_at", "updated_at"),
    read_roles=READERS,
    write_roles=KEEPERS,
    # One plan of addresses for all: a municipality that names its neighbour's network would reach its devices.
    owner=None,
    rows=_rows("organisation"),
    search=("name", "prefix"),
    note="prefix",
    empty=(
        _("No network is named yet"),
        _("Nothing is sent to any device before the network that holds it is named here."),
    ),
)

MAINTENANCE = Crud(
    MaintenanceWindow,
    namespace="monitoring",
    prefix="maintenance",
    name="maintenance",
    table=tables.MaintenanceTable,
    filterset=filters.MaintenanceFilter,
    fields=(
        "title",
        "organisation",
        "starts_at",
        "ends_at",
        "announced_at",
        "cancelled_at",
        "items",
        (_("Planned by"), "source_key"),
    ),
    read_roles=READERS,
    rows=_rows("organisation"),
    empty=(_("No planned work"), _("Windows come from approved changes.")),
)

BACKUP = Crud(
    ConfigBackup,
    namespace="monitoring",
    prefix="backups",
    name="backup",
    table=tables.BackupTable,
    filterset=filters.BackupFilter,
    fields=("target", "taken_at", "result", "error", "lines_added", "lines_removed", "sha256"),
    read_roles=READERS,
    owner="target__organisation_id",
    rows=_rows("target"),
    empty=(
        _("No configurations yet"),
        _("Give a target an SSH login: its configuration is fetched every night."),
    ),
    views={"detail": backups.BackupDetail},
)

PAGES = (TARGET, ALERT, EVENT, CREDENTIAL, NETWORK, MAINTENANCE, BACKUP)
