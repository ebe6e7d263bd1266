"""The audit log's pages: for administrators, who read what concerns their own organisations; the region's read all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from typing import Any

import django_filters
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cmdb.common.crud import Crud, of_model
from cmdb.common.filters import FastFilterSet, PickFilter
from cmdb.common.tables import ChoiceCol, Col, DateCol, FastTable, Page, Part, TwoLineCol
from cmdb.models import AuditEntry, AuditKind, Organisation, Role

#: Words for what a row's detail may hold; what has none is shown as it is named.
WORDS: dict[str, Any] = {
    "role": _("role"),
    "organisation": _("organisation"),
    "before": _("before"),
    "username": _("user name"),
    "email": _("e-mail"),
    "label": _("label"),
    "expires_at": _("valid until"),
    "form": _("form"),
    "filters": _("filters"),
    "method": _("how"),
    "name": _("name"),
    "kind": _("kind"),
    "act": _("what was done"),
    "number": _("number"),
    "address": _("address"),
    "taken": _("fetched"),
    "fingerprint": _("fingerprint"),
    "deleted": _("deleted"),
    "is_staff": _("may enter the administration"),
    "is_superuser": _("may do everything there"),
}

#: Words for values that are names of the code.
VALUES: dict[str, Mapping[str, Any]] = {
    "role": dict(Role.choices),
    "act": {"added": _("added"), "changed": _("changed"), "deleted": _("deleted")},
    "method": {
        "password": _("password"),
        "mfa": _("second factor"),
        "totp": _("one-time code"),
        "webauthn": _("security key"),
        "recovery_codes": _("recovery code"),
        "socialaccount": _("the municipality's sign-in"),
        "password_reset": _("reset letter"),
    },
}


def words(detail: Any) -> str:
    """The detail of a row as one line."""
    if not isinstance(detail, dict):
        return ""
    return " · ".join(
        f"{WORDS.get(key, key)}: {_value(value, VALUES.get(key, {}))}"
        for key, value in detail.items()
        if value not in ("", {})
    )


def _value(value: Any, known: Mapping[str, Any]) -> str:
    if isinstance(value, list):
        return ", ".join(_value(one, known) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_value(one, known)}" for key, one in value.items())
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return "–" if value is None else str(known.get(str(value), value))


def object_kind(label: str) -> str:
    """ "cmdb.user" as "Person"."""
    try:
        return capfirst(str(apps.get_model(label)._meta.verbose_name)) if label else ""
    except LookupError:
        return label


class ObjectCol(TwoLineCol):
    """Kind of the object, and its name as it was then."""

    def texts(self, page: Page) -> Sequence[str | None]:
        known: dict[str, str] = {}
        return [
            f"{known.setdefault(kind, object_kind(kind))}: {name}" if kind else ""
            for kind, name in zip(page["object_type"], page["object_name"], strict=True)
        ]


class DetailCol(Col):
    """The detail in words."""

    def texts(self, page: Page) -> Sequence[str | None]:
        return [words(detail) for detail in page["detail"]]

    def values(self, page: Page) -> Sequence[Any]:
        return self.texts(page)


class AuditTable(FastTable):
    """The newest first."""

    of = AuditEntry
    caption = _("Audit log")
    at = DateCol(pgettext_lazy("audit", "When"), time=True, to="cmdb:audit_detail")
    kind = ChoiceCol(AuditKind, pgettext_lazy("audit", "What"), orderable=False)
    actor = TwoLineCol(
        pgettext_lazy("audit", "Who"), "actor_name", second=[Part("address", "num")], css="", orderable=False
    )
    thing = ObjectCol(_("Object"), "object_name", css="", need=("object_type",), orderable=False)
    organisation = Col(_("Organisation"), "organisation__name", orderable=False)
    detail = DetailCol(_("Detail"), css="small muted", orderable=False)

    class Meta:
        order_by = ("-at",)


class AuditFilter(FastFilterSet):
    """By person, kind, object and time."""

    search_fields = ("actor_name", "object_name")
    kind = django_filters.MultipleChoiceFilter(
        choices=AuditKind.choices, label=pgettext_lazy("audit", "What")
    )
    actor = PickFilter(
        queryset=get_user_model().objects.all(),
        url_name="cmdb:person_pick",
        label=pgettext_lazy("audit", "Who"),
    )
    person = PickFilter(
        queryset=get_user_model().objects.all(),
        url_name="cmdb:person_pick",
        label=_("About the person"),
        method="by_person",
    )
    address = django_filters.CharFilter(label=_("IP address"), method="by_address", max_length=45)
    since = django_filters.DateFilter(method="by_day", label=_("From"))
    until = django_filters.DateFilter(method="by_day", label=_("To"))
    organisation = django_filters.ModelChoiceFilter(
        queryset=Organisation.objects.all(), label=_("Organisation")
    )

    class Meta:
        model = AuditEntry
        fields = ("kind", "actor", "organisation", "since", "until", "address")

    def by_person(self, rows: QuerySet[Any], _name: str, value: Any) -> QuerySet[Any]:
        """What was done to somebody's account, roles and tokens."""
        return rows.filter(object_type="cmdb.user", object_id=str(value.pk))

    def by_address(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """One address; what is none finds nothing."""
        try:
            return rows.filter(address=str(ip_address(value.strip())))
        except ValueError:
            return rows.none()

    def by_day(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """From the day's beginning, or to its end: instants, so that the index serves."""
        day = value if name == "since" else value + timedelta(days=1)
        start = timezone.make_aware(datetime.combine(day, time.min))
        return rows.filter(at__gte=start) if name == "since" else rows.filter(at__lt=start)


def about(entry: AuditEntry, user: Any) -> Any:
    """The object, as a link while it exists and the person may see it."""
    if not entry.object_type:
        return ""
    name = f"{object_kind(entry.object_type)}: {entry.object_name}"
    try:
        crud = of_model(apps.get_model(entry.object_type))
    except LookupError:
        return name
    if crud is None or not entry.object_id or not crud.may(user, "read"):
        return name
    row = crud.rows(user).filter(pk=entry.object_id).first()
    return (
        format_html('<a class="ds-link" href="{}">{}</a>', crud.url("detail", row), name)
        if row is not None
        else name
    )


def _organisation(entry: AuditEntry, _user: Any) -> str:
    row = Organisation.objects.filter(pk=entry.organisation_id).first() if entry.organisation_id else None
    return str(row or "")


AUDIT = Crud(
    AuditEntry,
    namespace="cmdb",
    prefix="audit",
    name="audit",
    table=AuditTable,
    filterset=AuditFilter,
    fields=(
        "at",
        (pgettext_lazy("audit", "What"), "kind"),
        (pgettext_lazy("audit", "Who"), "actor_name"),
        "address",
        (_("Object"), about),
        (_("Organisation"), _organisation),
        (_("Detail"), lambda entry, _user: words(entry.detail)),
        "request_id",
    ),
    read_roles=(Role.ADMIN.value,),
    empty=(
        _("Nothing is written down yet"),
        _("Sign-ins, rights, tokens, credentials and exports leave a row here."),
    ),
)
