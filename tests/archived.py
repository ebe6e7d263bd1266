"""The small region after some days of use, for tests of what is kept and archived."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone

from cmdb.common.archive import Archivable, Kept, held
from cmdb.models import (
    Contract,
    Installation,
    Licence,
    Software,
)
from monitoring import intervals
from monitoring.models import Alert, Credential, CredentialKind, MaintenanceWindow, Target
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import MONITORING
from sla.models import (
    Agreement,
    AgreementTarget,
    DeclaredOutage,
    Improvement,
    ServiceTarget,
)
from tests.cases import RegionCase
from tests.test_shared_rows import make_row

KEPT = [model for model in apps.get_models() if issubclass(model, Kept)]
ARCHIVED = [model for model in KEPT if issubclass(model, Archivable)]
SENTENCE_ONLY = {
    DeclaredOutage,
    Improvement,
    AgreementTarget,
    ServiceTarget,
}  # no foreign key need hold these


class ArchiveCase(RegionCase):
    """The small region after some days of use."""

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        r, now = cls.r, timezone.now()
        r.secret = Credential.objects.create(  # type: ignore[attr-defined]
            name="v2", kind=CredentialKind.SNMP_V2C, organisation=r.here, secret={"community": "x"}
        )
        Target.objects.update(credential=r.secret, last_polled_at=now)  # type: ignore[attr-defined]
        intervals.change(r.switch_target, "up", now - timedelta(days=40))
        intervals.change(r.switch_target, "down", now - timedelta(days=2))
        Alert.objects.create(
            target=r.switch_target, item=r.switch, organisation=r.here, problem_key=f"{r.switch_target.pk}:down",
            kind="down", severity="exception", opened_at=now - timedelta(days=2),
        )  # fmt: skip
        open_ticket(
            MONITORING,
            title="No mail",
            organisation=r.here,
            item=r.system,
            service=r.mail,
            team=r.desk,
            reporter=r.own,
        )
        product = Software.objects.create(name="Profil")
        Installation.objects.create(item=r.server, software=product)
        contract = Contract.objects.create(
            name="Operation", kind="operation", organisation=r.here, supplier=r.supplier
        )
        Licence.objects.create(software=product, organisation=r.here, contract=contract, bought=3)
        window = MaintenanceWindow.objects.create(
            organisation=r.here,
            title="Work",
            source_key="CHG-1",
            starts_at=now,
            ends_at=now + timedelta(hours=1),
        )
        window.items.add(r.printer)
        ServiceTarget.objects.create(agreement=r.agreement, service=r.mail, availability=0.99)
        DeclaredOutage.objects.create(
            service=r.mail, starts_at=now - timedelta(days=1), reason="x", declared_by="y"
        )
        Improvement.objects.create(title="Spare switch", organisation=r.here, state="decided")

    def held_row(self, model: type[models.Model]) -> Any:
        """A row with history."""
        found = next((row for row in model._default_manager.all() if held(row)), None)
        if found is None and model is Licence:
            pytest.skip("a licence is named by nothing")
        assert found is not None, f"make a {model.__name__} with history in setUpTestData"
        return found

    def fresh_row(self, model: type[models.Model]) -> Any:
        """A row of a minute ago, with nothing but what the database asks for."""
        if model is Agreement:
            values = {
                "organisation": self.r.region,
                "calendar": self.r.calendar,
                "valid_from": date(2090, 1, 1),
            }
            return Agreement.objects.create(name="Next", version=Agreement.objects.count() + 1, **values)
        if model is AgreementTarget:
            return AgreementTarget.objects.create(
                agreement=self.fresh_row(Agreement), kind="incident", measure="response", seconds=60
            )
        if model is ServiceTarget:
            return ServiceTarget.objects.create(
                agreement=self.fresh_row(Agreement), service=self.r.payroll, availability=0.9
            )
        if model is Target:
            return Target.objects.create(name="new", organisation=self.r.here, address="192.0.2.9")
        return make_row(model)
