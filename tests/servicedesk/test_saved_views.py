"""Views kept under a name: only one's own, only what a queue knows."""

from __future__ import annotations

from servicedesk.models import SavedView
from tests.servicedesk.pages import HOSTILE, DeskCase

SAVED = "/desk/saved/"


class TestSavedViews(DeskCase):
    def save(self, who: str = "technician", **given: str) -> object:
        return self.client_of(who).post(f"{SAVED}save/", {"name": "Mine", "query": "held=me"} | given)

    def test_saved_shown_opened_deleted(self) -> None:
        self.assertRedirects(self.save(), "/desk/?held=me")  # type: ignore[arg-type]
        page = self.client_of("technician").get("/desk/?held=me").content.decode()
        self.assertIn("<span>Mine</span>", page)
        view = SavedView.objects.get()
        self.save(query="held=nobody")
        view.refresh_from_db()
        self.assertEqual(view.query, "held=nobody")
        self.client_of("technician").post(f"{SAVED}{view.pk}/delete/")
        self.assertFalse(SavedView.objects.exists())

    def test_a_view_gives_the_page_its_name(self) -> None:
        self.save(name="Kritiske i Granli", query=f"municipality={self.r.here.pk}&priority=1")
        page = self.client_of("technician").get(f"/desk/?municipality={self.r.here.pk}&priority=1")
        self.assertContains(page, "<title>Kritiske i Granli")

    def test_only_what_a_queue_knows_is_kept(self) -> None:
        self.save(query="held=me&after=xyz&next=//evil.example&sort=-priority&x=1")
        self.assertEqual(SavedView.objects.get().query, "held=me&sort=-priority")

    def test_names_are_needed_and_stay_text(self) -> None:
        self.assertEqual(self.save(name=" ").status_code, 422)  # type: ignore[attr-defined]
        self.save(name=HOSTILE[:80])
        for url in ("/desk/", SAVED):
            self.assertNotContains(self.client_of("technician").get(url), "<script>alert")

    def test_nobody_touches_anothers(self) -> None:
        self.save()
        view = SavedView.objects.get()
        self.assertEqual(self.client_of("lead").post(f"{SAVED}{view.pk}/delete/").status_code, 404)
        self.assertNotContains(self.client_of("lead").get("/desk/"), "<span>Mine</span>")
        self.assertEqual(self.save("own").status_code, 403)  # type: ignore[attr-defined]
        self.assertEqual(self.client_of("technician").get(f"{SAVED}{view.pk}/delete/").status_code, 405)
