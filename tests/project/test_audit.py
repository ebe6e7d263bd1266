"""The audit log: each act leaves its row, no secret stands in one, nobody changes one, and each administrator reads the own."""

from __future__ import annotations

from typing import Any

import pghistory.models
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from cmdb import audit
from cmdb.models import ApiToken, AuditEntry, AuditKind, Membership, Role, User
from monitoring.models import Credential, CredentialKind, Target
from sla.models import Agreement, Calendar
from tests.cases import PASSWORD, RegionCase


class AuditCase(RegionCase):
    def kinds(self, **only: Any) -> list[str]:
        return list(AuditEntry.objects.filter(**only).order_by("pk").values_list("kind", flat=True))

    def setUp(self) -> None:
        with connection.cursor() as cursor:  # what making the region left
            cursor.execute("alter table cmdb_auditentry disable trigger user; delete from cmdb_auditentry")
            cursor.execute("alter table cmdb_auditentry enable trigger user")


class TestActs(AuditCase):
    def sign_in(self, name: str, password: str) -> Client:
        client = Client()
        client.post(reverse("account_login"), {"login": name, "password": password}, REMOTE_ADDR="192.0.2.7")
        return client

    def test_sign_in_and_out(self) -> None:
        client = self.sign_in("own", PASSWORD)
        client.post(reverse("account_logout"))
        assert self.kinds() == [AuditKind.SIGN_IN, AuditKind.SIGN_OUT]
        first = AuditEntry.objects.order_by("pk")[0]
        assert (first.actor, first.address, first.organisation) == (self.r.own, "192.0.2.7", self.r.unit)
        assert first.request_id

    def test_a_failure_keeps_the_name_but_nothing_that_may_be_a_password(self) -> None:
        self.sign_in("own", "Wrong-Password-1")
        self.sign_in("min hemmelige frase", "x")
        assert self.kinds() == [AuditKind.SIGN_IN_FAILED] * 2
        known, unknown = AuditEntry.objects.order_by("pk")
        assert (known.actor_name, known.object_id) == ("own", str(self.r.own.pk))
        assert "hemmelig" not in str(unknown.actor_name)
        assert not _anywhere("Wrong-Password-1")

    def test_accounts_roles_and_tokens(self) -> None:
        person = User.objects.create_user("ny", "ny@here.example", "Secret-Word-9", organisation=self.r.here)
        role = Membership.objects.create(user=person, role=Role.REPORTER, organisation=self.r.here)
        token = ApiToken.issue(person, "skript")
        person.is_active = False
        person.save()
        role.delete()
        assert self.kinds() == [
            AuditKind.ACCOUNT_MADE, AuditKind.ROLE_GIVEN, AuditKind.TOKEN_MADE, AuditKind.ACCOUNT_DEACTIVATED,
            AuditKind.ROLE_TAKEN,
        ]  # fmt: skip
        assert not _anywhere("Secret-Word-9")
        assert not _anywhere(token)
        assert not _anywhere(ApiToken.digest_of(token))

    def test_second_factor(self) -> None:
        client = self.client_of("technician")
        secret = generate_totp_secret()
        auth = TOTP.activate(self.r.technician, secret)
        assert not _anywhere(secret)
        assert auth.instance.pk
        assert client.get(reverse("mfa_index")).status_code == 200
        fresh = self.sign_in("technician", PASSWORD)
        fresh.post(reverse("mfa_authenticate"), {"code": "000000"})
        assert self.kinds() == [AuditKind.SIGN_IN, AuditKind.FACTOR_FAILED]  # the first of them is `client`

    def test_a_reset_letter_and_a_refused_token(self) -> None:
        Client().post(reverse("account_reset_password"), {"email": self.r.own.email})
        for _again in range(5):
            Client().get("/api/v1/items", HTTP_AUTHORIZATION="Bearer Sesam-Sesam")
        assert self.kinds() == [AuditKind.RESET_SENT, AuditKind.TOKEN_REFUSED]
        assert not _anywhere("Sesam-Sesam")

    def test_credentials(self) -> None:
        row = Credential.objects.create(
            name="c",
            kind=CredentialKind.SNMP_V2C,
            organisation=self.r.here,
            secret={"community": "Sesam-Sesam"},
        )
        row.name = "d"
        row.save()
        row.delete()
        kinds = [AuditKind.CREDENTIAL_MADE, AuditKind.CREDENTIAL_CHANGED, AuditKind.CREDENTIAL_DELETED]
        assert self.kinds() == kinds
        assert not _anywhere("Sesam-Sesam")

    def test_an_export_tells_what_and_under_which_filter(self) -> None:
        client = self.client_of("technician")
        client.get(reverse("cmdb:item_export") + "?q=skriver&format=csv")
        row = AuditEntry.objects.get(kind=AuditKind.EXPORTED)
        assert (row.actor, row.object_type, row.detail["form"]) == (self.r.technician, "cmdb.item", "csv")
        assert row.detail["filters"] == {"q": ["skriver"]}

    def test_a_command_is_named(self) -> None:
        call_command("api_token", "own", stdout=open("/dev/null", "w"))  # noqa: SIM115
        assert self.kinds() == [AuditKind.TOKEN_MADE]

    def test_texts_from_outside_are_one_harmless_line(self) -> None:
        row = audit.record(
            AuditKind.DOWNLOADED,
            name="a\u202eb\nc\x00d" + "x" * 500,
            detail={"password": "p", "name": "\u200bq"},
        )
        row.refresh_from_db()
        assert row.actor_name.startswith("a b c d")
        assert len(row.actor_name) == 150
        assert row.detail == {"password": "…", "name": "q"}


class TestAppendOnly(AuditCase):
    def test_the_database_refuses_to_change_or_delete_one(self) -> None:
        audit.record(AuditKind.SIGN_IN, self.r.own, actor=self.r.own)
        for act in (lambda: AuditEntry.objects.update(actor_name="x"), AuditEntry.objects.all().delete):
            with self.assertRaises(DatabaseError), transaction.atomic():
                act()
        assert AuditEntry.objects.get().actor_name == str(self.r.own)

    def test_an_act_whose_row_cannot_be_written_does_not_happen(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("alter table cmdb_auditentry add constraint no check (kind <> 'role_given')")
        with self.assertRaises(DatabaseError), transaction.atomic():
            Membership.objects.create(user=self.r.own, role=Role.ADMIN, organisation=self.r.here)
        assert not Membership.objects.filter(user=self.r.own, role=Role.ADMIN).exists()


class TestPage(AuditCase):
    url = "/cmdb/audit/"

    def setUp(self) -> None:
        super().setUp()
        self.url = reverse("cmdb:audit_list")
        Membership.objects.create(user=self.r.keyuser, organisation=self.r.here, role=Role.ADMIN)
        audit.record(AuditKind.SIGN_IN, self.r.stranger, actor=self.r.stranger)
        audit.record(AuditKind.SIGN_IN, self.r.own, actor=self.r.own)

    def test_each_administrator_reads_the_own_and_nobody_else_any(self) -> None:
        local = self.client_of("keyuser").get(self.url).content.decode()
        assert str(self.r.own) in local
        assert str(self.r.stranger) not in local
        whole = self.client_of("admin").get(self.url).content.decode()
        assert str(self.r.stranger) in whole
        for account in ("own", "technician", "lead", "board", "supplier_person"):
            assert self.client_of(account).get(self.url).status_code == 403, account
        foreign = AuditEntry.objects.get(actor=self.r.stranger)
        assert (
            self.client_of("keyuser").get(reverse("cmdb:audit_detail", args=[foreign.pk])).status_code == 404
        )

    def test_its_own_export_leaves_a_row(self) -> None:
        self.client_of("admin").get(reverse("cmdb:audit_export") + "?format=csv")
        assert AuditEntry.objects.filter(kind=AuditKind.EXPORTED, object_type="cmdb.auditentry").count() == 1

    def test_questions_do_not_grow_with_the_rows(self) -> None:
        client = self.client_of("admin")
        client.get(self.url)
        with self.assertNumQueries(FuzzyBelow(14)):
            client.get(self.url)

    def test_nonsense_in_a_filter_is_no_fault(self) -> None:
        client = self.client_of("admin")
        for query in ("address=nonsense", "since=x", "kind=zzz", "actor=999999999999", "q=%00"):
            assert client.get(f"{self.url}?{query}").status_code == 200, query


class FuzzyBelow(int):
    """Equal to every number below it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and other <= int(self)

    __hash__ = int.__hash__


class TestHistories(RegionCase):
    def test_people_roles_targets_agreements_and_calendars_have_one(self) -> None:
        for model, change in (
            (User, {"title": "ny"}), (Target, {"address": "127.0.9.9"}), (Credential, {"name": "ny"}),
            (Agreement, {"name": "ny"}), (Calendar, {"name": "ny"}), (Membership, {"role": Role.BOARD}),
        ):  # fmt: skip
            events: Any = model.events.rel.related_model  # type: ignore[union-attr]
            row = model.objects.order_by("pk").last()
            if row is None:
                continue
            before = events.objects.filter(pgh_obj_id=row.pk).count()
            model.objects.filter(pk=row.pk).update(**change)
            assert events.objects.filter(pgh_obj_id=row.pk).count() == before + 1, model

    def test_neither_passwords_nor_what_polling_writes_leave_a_row(self) -> None:
        fields = {field.name for field in pghistory.models.Events._meta.get_fields()}
        assert fields
        for model, hidden in (
            (User, {"password", "last_login"}),
            (Credential, {"secret"}),
            (Target, {"state", "due_at"}),
        ):
            events: Any = model.events.rel.related_model  # type: ignore[union-attr]
            assert hidden.isdisjoint(field.name for field in events._meta.get_fields()), model
        target = self.r.switch_target
        events = apps.get_model("monitoring.TargetEvent")
        before = events.objects.count()
        Target.objects.filter(pk=target.pk).update(failures=3, last_error="x")
        assert events.objects.count() == before


def _anywhere(secret: str) -> bool:
    """Whether it stands in the log or in any history."""
    tables = [
        row for row in connection.introspection.table_names()
        if row == "cmdb_auditentry" or (row.endswith("event") and row != "monitoring_event")
    ]  # fmt: skip
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'select count(*) from "{table}" t where t::text like %s', [f"%{secret}%"])
            if cursor.fetchone()[0]:
                return True
    return False
