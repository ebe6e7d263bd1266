"""A region with three municipalities, a member of the committee in each, and a change that reaches two of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from cmdb.models import Organisation, OrganisationKind, Role, User
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actions.submit import submit
from servicedesk.actors import Actor
from servicedesk.models import ChangeType, Kind, Ticket
from tests.cases import RegionCase


class CommitteeCase(RegionCase):
    """`commissioner` sits for `here` (A), `member_there` for `there` (B), `member_beyond` for `beyond` (C)."""

    beyond: Organisation
    member_there: User
    member_beyond: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.beyond = Organisation.objects.create(
            name="Ytterøy kommune", slug="ytteroy", kind=OrganisationKind.MUNICIPALITY, parent=cls.r.region
        )
        cls.member_there = cls.member("member_there", cls.r.there)
        cls.member_beyond = cls.member("member_beyond", cls.beyond)

    @classmethod
    def member(cls, name: str, where: Organisation, home: Organisation | None = None) -> User:
        user = User.objects.create(
            username=name, display_name=name.replace("_", " ").title(), email=f"{name}@example.no", language="en",
            organisation=home or where,
        )  # fmt: skip
        user.memberships.create(role=Role.COMMISSIONER, organisation=where)
        return user

    def fresh(self, account: str) -> User:
        found = User.objects.filter(username=account).first()
        return found if found is not None else super().fresh(account)

    def client_of(self, account: str, **headers: str) -> Client:
        client = Client(headers=headers or None)
        client.force_login(self.fresh(account), backend="django.contrib.auth.backends.ModelBackend")
        return client

    def draft(self, **more: Any) -> Ticket:
        """By default it changes the switch, on which e-mail rests, which both `here` and `there` use."""
        begin = timezone.now() + timedelta(days=3)
        details = {
            "type": ChangeType.NORMAL, "reason": "old", "plan": "swap", "backout_plan": "swap back",
            "probability": 3, "consequence": 4, "mitigation": "two people", "planned_start": begin,
            "planned_end": begin + timedelta(hours=2),
        }  # fmt: skip
        given: dict[str, Any] = {"organisation": self.r.region, "items": [self.r.switch]} | more
        given["details"] = details | more.get("details", {})
        return open_ticket(Actor.of(self.r.technician), kind=Kind.CHANGE, title="Kjernesvitsj", **given)

    def asked(self, **more: Any) -> Ticket:
        return submit(Actor.of(self.r.technician), self.draft(**more))

    def by(self, name: str) -> Actor:
        return Actor.of(self.fresh(name))
