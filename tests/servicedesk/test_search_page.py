"""One search over tickets, people and equipment: only what one may see."""

from __future__ import annotations

from tests.servicedesk.pages import HOSTILE, DeskCase

SEARCH = "/desk/search/"


class TestSearch(DeskCase):
    def setUp(self) -> None:
        self.here = self.ticket("Skriveren i kantina tygger papir")
        self.there = self.ticket("Skriveren i Vassøy", by="stranger", organisation=self.r.there, item=None)

    def found(self, text: str, who: str = "technician") -> str:
        answer = self.client_of(who).get(SEARCH, {"q": text})
        self.assertEqual(answer.status_code, 200, text[:20])
        return answer.content.decode()

    def test_tickets_by_words_and_stems(self) -> None:
        page = self.found("skrivere")
        self.assertIn(self.here.reference, page)
        self.assertIn(self.there.reference, page)
        self.assertNotIn(self.there.reference, self.found("skrivere kantina"))

    def test_a_reference_leads_to_its_ticket(self) -> None:
        answer = self.client_of("technician").get(SEARCH, {"q": self.here.reference.lower()})
        self.assertRedirects(answer, f"/desk/tickets/{self.here.reference}/")
        self.assertIn("Nothing found", self.found("INC-99999"))

    def test_people_and_equipment(self) -> None:
        page = self.found("kari")
        self.assertIn("Kari Eng", page)
        self.assertIn("srv-granli-1", self.found("srv-gran"))

    def test_only_what_one_sees(self) -> None:
        page = self.found("skriveren", "keyuser")
        self.assertIn(self.here.reference, page)
        self.assertNotIn(self.there.reference, page)
        self.assertNotIn("Siri Strand", self.found("siri", "keyuser"))
        self.assertNotIn("Komtek", self.found("komtek", "keyuser"))
        foreign = self.client_of("keyuser").get(SEARCH, {"q": self.there.reference})
        self.assertEqual(foreign.status_code, 200)
        for who in ("own", "stranger", "colleague"):
            self.assertEqual(self.client_of(who).get(SEARCH, {"q": "skriver"}).status_code, 403, who)

    def test_nothing_typed_and_nonsense(self) -> None:
        for text in ("", " ", "\x00", "%", "a" * 9000, "' or 1=1", "((", "-", HOSTILE):
            page = self.found(text)
            self.assertNotIn("<script>alert", page)

    def test_the_same_number_of_statements_however_much_is_found(self) -> None:
        client = self.client_of("technician")
        client.get(SEARCH, {"q": "skriveren"})
        few, _answer = self.statements(client, SEARCH + "?q=skriveren")
        for number in range(30):
            self.ticket(f"Skriveren nummer {number}")
        many, answer = self.statements(client, SEARCH + "?q=skriveren")
        self.assertEqual(few, many)
        self.assertLessEqual(many, 8)
        self.assertContains(answer, "25+")

    def test_suggestions_are_narrowed_too(self) -> None:
        client = self.client_of("keyuser")
        for path, hidden in (
            ("tickets/?q=skriver", self.there.reference),
            ("people/?q=siri", "Siri"),
            ("items/?q=kom", "Komtek"),
        ):
            answer = client.get(f"/desk/pick/{path}")
            self.assertEqual(answer.status_code, 200, path)
            self.assertNotContains(answer, hidden)
        names = [
            row["label"]
            for row in self.client_of("technician").get("/desk/pick/workers/?q=").json()["results"]
        ]
        self.assertIn("Liv Moen", names)
        self.assertNotIn("Kari Eng", names)
        for path in ("tickets/", "people/", "workers/", "items/"):
            self.assertEqual(self.client_of("own").get(f"/desk/pick/{path}").status_code, 403, path)
