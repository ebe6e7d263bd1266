"""Every way to a change, for a member of the committee whose municipality it does not reach, and for one whose it does."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile

from cmdb.models import Role
from servicedesk import approvals
from servicedesk.models import Attachment, State, Ticket
from tests.servicedesk.committee import CommitteeCase


class TestDoors(CommitteeCase):
    def doors(self, ticket: Ticket) -> list[tuple[str, str, Any]]:
        ref = ticket.reference
        page, api = f"/desk/tickets/{ref}/", f"/api/v1/tickets/{ref}"
        verbs = [
            (f"{page}do/{verb}/", "POST", {"body": "x"}) for verb in ("approve", "reject", "link", "submit")
        ]
        actions = [
            (f"{api}/actions/{verb}", "POST", {"body": "x"}) for verb in ("approve", "reject", "comment")
        ]
        reads = [
            page, f"{page}affected/", f"{page}beside/", f"{page}clocks/", f"/portal/cases/{ref}/",
            f"/portal/cases/{ref}/sent/", f"/files/{ref}/{self.file(ticket)}/", f"/desk/changes/{ref}/",
            f"{page}do/approve/", api, f"{api}/entries", f"{api}/clocks",
        ]  # fmt: skip
        writes = [(f"{page}write/", "POST", {"visibility": "comment", "body": "x"}), *verbs]
        return [*((url, "GET", None) for url in reads), *writes, *actions]

    def file(self, ticket: Ticket) -> int:
        row = ticket.attachments.first()
        if row is None:
            row = Attachment(ticket=ticket, name="plan.txt", content_type="text/plain", size=1)
            row.file.save("plan.txt", ContentFile(b"x"))
        return row.pk

    def ask(self, who: str, url: str, method: str, data: Any) -> int:
        client = self.client_of(who)
        if method == "GET":
            return client.get(url).status_code
        if url.startswith("/api/"):
            return client.post(url, data, content_type="application/json").status_code
        return client.post(url, data).status_code

    def test_c_gets_404_at_every_door(self) -> None:
        ticket = self.asked()
        for url, method, data in [*self.doors(ticket), (f"/board/cases/{ticket.reference}/", "GET", None)]:
            assert self.ask("member_beyond", url, method, data) == 404, (method, url)
        ticket.refresh_from_db()
        assert ticket.state == State.APPROVAL

    def test_the_doors_are_doors(self) -> None:
        """The same addresses open for a member who is reached; else the test above would prove nothing."""
        ticket = self.asked()
        for url, method, data in self.doors(ticket):
            if method == "GET":
                wanted = 302 if url.startswith("/desk/changes/") else 200
                assert self.ask("commissioner", url, method, data) == wanted, url

    def test_lists_counts_search_calendar_and_bulk(self) -> None:
        ticket = self.asked()
        for who, sees in (("commissioner", True), ("member_there", True), ("member_beyond", False)):
            client, user = self.client_of(who), self.fresh(who)
            for url in (
                "/desk/changes/", "/desk/changes/?state=approval", "/desk/changes/?q=kjernesvitsj",
                "/desk/changes/calendar/", "/api/v1/tickets", "/api/v1/tickets?q=kjernesvitsj",
                f"/api/v1/tickets?reference={ticket.reference}",
            ):  # fmt: skip
                assert (ticket.reference in client.get(url).content.decode()) == sees, (who, url)
            assert client.get("/api/v1/tickets").json()["count"] == int(sees)
            assert Ticket.objects.visible_to(user).filter(pk=ticket.pk).exists() == sees
            assert ("awaits approval" in client.get("/desk/changes/").content.decode()) == sees

    def test_what_it_costs_does_not_grow_with_the_changes(self) -> None:
        user = self.fresh("commissioner")
        assert user.access.has(Role.COMMISSIONER)
        ticket = self.asked()
        for _each in range(3):
            self.asked()
        with self.assertNumQueries(1):
            assert Ticket.objects.visible_to(user).count() == 4
        with self.assertNumQueries(3):  # the answers, who sits for whom
            approvals.seats(ticket)
