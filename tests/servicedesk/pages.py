"""What the tests of the desk's pages share."""

from __future__ import annotations

import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cmdb.models import User
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.models import Channel, Kind, Ticket
from tests.cases import RegionCase

HOSTILE = """"><script>alert(1)</script>'&{{x}}%s{0}<img src=x onerror="a()">"""
_CONTEXT = re.compile(r"^SELECT set_config\('pghistory.*?, true\); ", re.DOTALL)
_DATA = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


class DeskCase(RegionCase):
    """`self.ticket(…)` opens one on the system that `own` uses."""

    def ticket(self, title: str = "Profil henger", by: str = "own", **more: Any) -> Ticket:
        given: dict[str, Any] = {
            "item": self.r.system,
            "description": "Det går sakte.",
            "channel": Channel.PHONE,
        }
        given |= {"reporter": getattr(self.r, by), "organisation": self.r.here}
        return open_ticket(Actor.of(self.r.technician), title=title, **(given | more))

    def change(self, title: str = "Bytte svitsj", **details: Any) -> Ticket:
        given = {
            "reason": "gammel",
            "plan": "bytte",
            "backout_plan": "tilbake",
            "probability": 2,
            "consequence": 3,
        }
        return open_ticket(
            Actor.of(self.r.technician),
            title=title,
            kind=Kind.CHANGE,
            organisation=self.r.region,
            items=[self.r.switch],
            details=given | details,
        )

    def actor(self, who: str) -> Actor:
        return Actor.of(getattr(self.r, who))

    def statements(self, client: Client, url: str, **headers: Any) -> tuple[int, Any]:
        """Statements that a GET costs (of data; not the transaction's own), and the answer."""
        with CaptureQueriesContext(
            connection,
        ) as seen:
            answer = client.get(url, **headers)
        return len(data_statements(seen)), answer

    def role(self, user: User, role: str, where: Any) -> None:
        user.memberships.create(role=role, organisation=where)


def data_statements(seen: CaptureQueriesContext) -> list[str]:
    """SQL of what was captured, without savepoints."""
    # the register's history puts who and why in front of every statement of a request that writes
    found = [_CONTEXT.sub("", row["sql"]) for row in seen.captured_queries]
    return [sql for sql in found if sql.lstrip().upper().startswith(_DATA)]
