"""Nothing that one person may see is kept by a browser or a proxy; what is public may be."""

from __future__ import annotations

from unittest import mock

from django.core.files.base import ContentFile
from django.test import Client, RequestFactory, SimpleTestCase

from cmdb.models import ApiToken
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.models import Attachment
from servicedesk.project.middleware import NoStoreMiddleware
from tests.cases import RegionCase

KEPT_NOWHERE = "private, no-store"


class TestNoStore(RegionCase):
    def test_pages_fragments_exports_files_and_errors(self) -> None:
        ticket = open_ticket(Actor.of(self.r.own), title="Profil", item=self.r.system)
        row = Attachment(ticket=ticket, name="x.txt", content_type="text/plain", size=1)
        row.file.save("x.txt", ContentFile(b"x"))
        client, ref = self.client_of("admin"), ticket.reference
        for path, status in (
            ("/", 302), ("/desk/", 200), ("/desk/export/?format=csv", 200), (f"/desk/tickets/{ref}/", 200),
            (f"/desk/tickets/{ref}/beside/", 200), (f"/files/{ref}/{row.pk}/", 200), ("/portal/", 200),
            ("/cmdb/items/", 200), ("/cmdb/items/export/?format=xlsx", 200), (f"/cmdb/items/{self.r.switch.pk}/", 200),
            ("/monitoring/", 200), ("/board/", 302), ("/status/", 200), ("/nothing/", 404), ("/desk/tickets/X/", 404),
            ("/accounts/password/change/", 200), ("/api/v1/tickets", 200), ("/api/v1/tickets/INC-99999", 404),
        ):  # fmt: skip
            answer = client.get(path)
            self.assertIn(answer.status_code, {status, 302, 200} if status != 404 else {404}, path)
            self.assertIn("no-store", answer.get("Cache-Control", ""), path)
            self.assertNotIn("public", answer["Cache-Control"], path)
            b"".join(answer)  # read to its end, files are closed then
        self.assertEqual(self.client_of("own").get("/desk/")["Cache-Control"], KEPT_NOWHERE)  # 403
        self.assertEqual(client.post("/desk/")["Cache-Control"], KEPT_NOWHERE)  # 405

    def test_the_api_whatever_it_answers(self) -> None:
        token = ApiToken.issue(self.r.own)
        for path, headers in (
            ("/api/v1/tickets", {"Authorization": f"Bearer {token}"}),
            ("/api/v1/tickets", {}),
            ("/api/v1/nothing", {"Authorization": f"Bearer {token}"}),
            ("/api/v1/targets", {"Authorization": f"Bearer {token}"}),
            ("/api/v1/catalog.ttl", {"Authorization": f"Bearer {token}"}),
        ):
            self.assertEqual(Client().get(path, headers=headers)["Cache-Control"], KEPT_NOWHERE, path)

    def test_what_fails_and_what_operators_see(self) -> None:
        client = self.client_of("admin")
        for path in ("/admin/", "/api/v1/docs", "/api/v1/openapi.json", "/watch/", "/accounts/2fa/"):
            self.assertIn("no-store", client.get(path)["Cache-Control"], path)
        client.raise_request_exception = False
        with mock.patch("servicedesk.views.start.redirect", side_effect=RuntimeError):
            answer = client.post("/preferences/", {"language": "nb"})
        self.assertEqual((answer.status_code, answer["Cache-Control"]), (500, KEPT_NOWHERE))

    def test_signing_in_and_what_needs_it(self) -> None:
        for path in ("/accounts/login/", "/accounts/password/reset/", "/desk/"):
            self.assertIn("no-store", Client().get(path)["Cache-Control"], path)

    def test_the_status_page_and_static_files_may_be_kept(self) -> None:
        self.assertIn("public", Client().get("/status/")["Cache-Control"])
        self.assertNotIn("no-store", Client().get("/static/samdrift/css/base.css").get("Cache-Control", ""))


class TestRule(SimpleTestCase):
    def said(self, own: str | None, cookie: bool) -> str:
        from django.conf import settings
        from django.http import HttpResponse

        request = RequestFactory().get("/")
        if cookie:
            request.COOKIES[settings.SESSION_COOKIE_NAME] = "x"
        answer = HttpResponse(headers={"Cache-Control": own} if own else {})
        return str(NoStoreMiddleware(lambda _request: answer)(request)["Cache-Control"])

    def test_what_calls_itself_public_is_believed_without_a_session(self) -> None:
        self.assertEqual(self.said("public, max-age=15", False), "public, max-age=15")
        self.assertEqual(self.said("public, max-age=15", True), KEPT_NOWHERE)
        self.assertEqual(self.said("private, max-age=60", False), KEPT_NOWHERE)
        self.assertEqual(self.said(None, True), KEPT_NOWHERE)
        self.assertEqual(self.said("no-cache, no-store", True), "no-cache, no-store")
