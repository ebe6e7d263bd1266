"""Marks, words and templates of the pages: what they say in each language, and that no rule of docs/design.md is broken."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.http import Http404
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from cmdb.common import assets, errors, ui
from tests.common import kit

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # 13.00 in Oslo, a Saturday
STATIC = Path(ui.__file__).parent / "static" / "samdrift"
HOSTILE = "\"><script>'&{{x}}%s{0}"


def minutes(count: float) -> datetime:
    """That many minutes from NOW."""
    return NOW + timedelta(minutes=count)


def show(text: str, **values: object) -> str:
    """A piece of template with our tags, rendered for /list/?team=3&team=4&page=2&cursor=x."""
    request = RequestFactory().get("/list/?team=3&team=4&page=2&cursor=x")
    return Template("{% load ui %}" + text).render(Context({"request": request, **values}))


# --- words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "digits", "words"),
    [
        (0.9941, 2, "99,41\u00a0%"),
        (1, 2, "100\u00a0%"),
        (0.999_999, 2, "99,99\u00a0%"),
        (0.9996, 0, "99\u00a0%"),
        (0, 2, "0\u00a0%"),
        (0.99, 2, "99,00\u00a0%"),
        (5 / 6, 0, "83\u00a0%"),
    ],
)
def test_per_cent_is_never_rounded_up_to_all(ratio: float, digits: int, words: str) -> None:
    with translation.override("nb"):
        assert ui.percent(ratio, digits) == words


def test_per_cent_in_english_and_without_data() -> None:
    with translation.override("en"):
        assert ui.percent(0.9941) == "99.41\u00a0%"
        assert ui.percent(None) == "no data"


@pytest.mark.parametrize(
    ("seconds", "words", "short"),
    [
        (0, "0 min", "0 min"),
        (59, "under 1 min", "under 1 min"),
        (38 * 60, "38 min", "38 min"),
        (-38 * 60, "38 min", "38 min"),
        (3 * 3600 + 12 * 60, "3 h 12 min", "3 h 12"),
        (2 * 3600 + 5 * 60 + 59, "2 h 5 min", "2 h 05"),
        (7200, "2 h", "2 h"),
        (86400 + 4 * 3600, "1 day 4 h", "1 day 4 h"),
        (3 * 86400 + 5, "3 days", "3 days"),
    ],
)
def test_duration(seconds: int, words: str, short: str) -> None:
    with translation.override("en"):
        assert ui.duration(seconds) == words
        assert ui.duration(seconds, short=True) == short


def test_duration_of_working_days_and_for_sums() -> None:
    with translation.override("en"):
        assert ui.duration(16 * 3600, day=8 * 3600) == "2 days"
        assert ui.duration(26 * 3600 + 300, exact=True) == "26 h 5 min"
        assert ui.duration(None) == "–"


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (-0.5, "now"),
        (-8, "8 min"),
        (-180, "3 h"),
        (-60 * 20, "yesterday"),
        (-60 * 24 * 3, "3 days"),
        (-60 * 24 * 9, "12 Nov"),
    ],
)
def test_ago(when: float, words: str) -> None:
    with translation.override("en"):
        assert ui.ago(minutes(when), NOW) == words


def test_yesterday_means_the_calendar_day_of_oslo() -> None:
    late = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)  # 23.30 in Oslo on Friday
    with translation.override("en"):
        assert ui.moment(late, NOW) == "yesterday 23:30"
        assert ui.moment(late + timedelta(hours=1), NOW) == "today 00:30"


def test_a_letter_is_read_another_day() -> None:
    at = datetime(2026, 10, 5, 6, 2, tzinfo=UTC)
    said = {
        "nb": "mandag 5. oktober 2026 kl. 08.02",
        "nn": "måndag 5. oktober 2026 kl. 08.02",
        "en": "Monday 5 October 2026, 08:02",
    }
    for language, words in said.items():
        with translation.override(language):
            assert ui.letter_moment(at) == words
            assert ui.letter_moment(None) == "–"


def test_norwegian_writes_time_with_a_full_stop() -> None:
    with translation.override("nb"):
        assert ui.clock_time(NOW) == "13.00"
        assert ui.deadline(minutes(60 * 24 * 2), NOW) == "man 13.00"
        assert ui.date_words(minutes(60 * 24 * 400), NOW).endswith("2027")


# --- clock -----------------------------------------------------------------------------------------------


def test_soon_is_half_used_and_within_the_hour_or_three_quarters_used() -> None:
    assert ui.is_soon(3600, 0.5)
    assert not ui.is_soon(3601, 0.74)
    assert not ui.is_soon(600, 0.49)
    assert ui.is_soon(90_000, 0.75)
    assert not ui.is_soon(None, None)


@pytest.mark.parametrize(
    ("clock", "parts"),
    [
        (
            ui.Clock("running", "Resolution", left=192 * 60, used=0.3, due=minutes(192)),
            ("neutral", "clock", "3 h 12 min", 30, "Resolution 16:12"),
        ),
        (
            ui.Clock("running", "Resolution", left=38 * 60, used=0.84, due=minutes(38)),
            ("warning", "soon", "38 min left", 84, "Resolution 13:38"),
        ),
        (
            ui.Clock("breached", "Resolution", left=-42 * 60, used=1.4, due=minutes(-42)),
            ("danger", "breach", "Breached 42 min", 100, "Resolution was 12:18"),
        ),
        (
            ui.Clock("paused", "Resolution", left=130 * 60, used=0.4, reason="Waiting for the supplier"),
            ("info", "pause", "Paused · 2 h 10", 40, "Waiting for the supplier"),
        ),
        (
            ui.Clock("met", "Response", used=0.4, due=minutes(-20), stopped=minutes(-41)),
            ("success", "ok", "Met", None, "Response 12:19 of 12:40"),
        ),
        (
            ui.Clock("missed", "Response", left=-300, due=minutes(-20), stopped=minutes(-15)),
            ("danger", "breach", "Missed by 5 min", None, "Response 12:45 of 12:40"),
        ),
    ],
)
def test_clock_says_it_in_words_icon_and_colour(clock: ui.Clock, parts: tuple[object, ...]) -> None:
    with translation.override("en"):
        assert tuple(ui.clock_parts(clock, NOW)) == parts


def test_working_time_is_never_put_together_to_days() -> None:
    clock = ui.Clock("running", "Resolution", left=86400 + 5 * 3600 + 600, used=0.1, due=minutes(9000))
    with translation.override("en"):
        assert ui.clock_parts(clock, NOW).words == "29 h"


def test_only_a_clock_inside_its_working_window_counts_down() -> None:
    still = ui.clock(ui.Clock("running", "X", left=60, used=0.1, due=minutes(1)), NOW)
    runs = ui.clock(ui.Clock("running", "X", left=60, used=0.1, due=minutes(1), window_end=minutes(9)), NOW)
    assert "data-until" not in still
    assert 'data-until="2026-11-21T12:09:00+00:00"' in runs


# --- marks -----------------------------------------------------------------------------------------------


def test_no_mark_lets_markup_through() -> None:
    made = [
        ui.state(HOSTILE, HOSTILE, HOSTILE),
        ui.badge(HOSTILE, HOSTILE, HOSTILE),
        ui.priority("high", HOSTILE),
        ui.live("up", HOSTILE),
        ui.avatar(HOSTILE, alone=True),
        ui.progress(0.5, HOSTILE),
        ui.days([(HOSTILE, 0.5)], HOSTILE),
        ui.time_element(NOW, HOSTILE, NOW),
        ui.clock(ui.Clock("paused", HOSTILE, left=1, reason=HOSTILE), NOW),
    ]
    for html in made:
        assert "<script" not in html
        assert "&lt;script" in html or "data-initials" in html


def test_an_unknown_icon_is_a_fault_of_the_program() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        ui.icon("nonsense")


def test_an_unknown_live_state_is_unknown_and_never_green() -> None:
    assert ui.live(None) == ui.live("what") == ui.live("unknown")
    assert "success" not in ui.live("what")


def test_initials() -> None:
    assert [ui.initials(n) for n in ("Ingrid Berg", "Kari Anne Nes", "Alarm", "", "Per-Olav Å")] == [
        "IB",
        "KN",
        "A",
        "",
        "PÅ",
    ]


def test_lost_time_is_the_height_of_a_day() -> None:
    html = ui.days([ui.Day("ok"), ui.Day("part", 0.02), ui.Day("down", 1)], "x")
    heights = [int(h) for h in re.findall(r'height="(\d+)"', html)]
    assert heights[0] < heights[1] < heights[2] == 32


# --- tags ------------------------------------------------------------------------------------------------


def test_another_filter_begins_at_the_first_page() -> None:
    assert show("{% page_url page=3 %}") == "?team=3&amp;team=4&amp;cursor=x&amp;page=3"
    assert show("{% page_url sort='name' %}") == "?team=3&amp;team=4&amp;sort=name"
    assert show("{% drop_url 'team' %}") == "?"
    assert show("{% drop_url 'team' 3 %}") == "?team=4"


def test_a_field_ties_label_help_and_error_together() -> None:
    html = show("{% field form.what %}", form=kit.Fault({}))
    assert 'for="id_what"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_what_helptext id_what_error"' in html
    assert 'id="id_what_helptext"' in html
    assert 'id="id_what_error"' in html


def test_optional_fields_are_marked_and_required_ones_are_not() -> None:
    form = kit.Fault()
    with translation.override("en"):
        assert "(optional)" in show("{% field form.phone %}", form=form)
        assert "(optional)" not in show("{% field form.what %}", form=form)


def test_every_error_of_the_summary_leads_to_an_element_that_is_there() -> None:
    html = kit.pages()["form_refused"]
    anchors = re.findall(r'class="ds-link" href="#(id_[^"]+)"', html)
    assert len(anchors) == 3
    for anchor in anchors:
        assert f'id="{anchor}"' in html


def test_the_summary_says_missing_only_where_something_was_left_out() -> None:
    with translation.override("en"):
        summary = '{% include "common/partials/error_summary.html" %}'
        assert "3 things are missing" in show(summary, form=kit.Fault({}))
        wrong = kit.Fault({"what": "x", "system": "nonsense", "how_bad": "me"})
        assert "One thing must be put right" in show(summary, form=wrong)


# --- pages -----------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Collects what the rules speak of."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.faults += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (
            tag == "script" and "src" not in given and given.get("type") != "application/json"
        ):
            self.faults.append(f"inline {tag}")
        if tag == "img" and "alt" not in given:
            self.faults.append("img without alt")
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "label" and given.get("for"):
            self.labelled.add(str(given["for"]))
        if tag in {"input", "select", "textarea"} and given.get("type") != "hidden":
            self.fields.append(given)


def test_example_pages_keep_the_rules() -> None:
    for name, html in kit.pages().items():
        page = Reader()
        page.feed(html)
        assert not page.faults, name
        assert page.headings.count(1) == 1, name
        assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False)), (
            name,
            page.headings,
        )
        assert len(page.ids) == len(set(page.ids)), name
        for field in page.fields:
            named = (
                field.get("id") in page.labelled
                or "aria-label" in field
                or field.get("name") in {"q", "visibility", "files"}
            )
            assert named, (name, field)


def test_the_scheme_is_written_by_the_server_so_that_nothing_flashes() -> None:
    person = SimpleNamespace(
        is_authenticated=True, color_scheme="dark", display_name="X", get_username="x", organisation=""
    )
    assert 'data-color-scheme="dark"' in kit.render("kit", kit.contexts()["kit"], user=person)
    nobody = SimpleNamespace(is_authenticated=False)
    assert 'data-color-scheme="auto"' in kit.render("status", kit.contexts()["status"], user=nobody)


def test_the_editor_opens_as_reply_whatever_was_sent_before() -> None:
    html = kit.render(
        "ticket", kit.contexts()["ticket"] | {"editor_error": "Write something.", "editor_text": "Half"}
    )
    assert re.search(r'value="reply" checked', html)
    assert not re.search(r'value="note" checked', html)
    assert ">Half</textarea>" in html
    assert 'aria-describedby="write-error"' in html


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (errors.bad_request, 400),
        (errors.permission_denied, 403),
        (errors.page_not_found, 404),
        (errors.csrf_failure, 403),
    ],
)
def test_error_pages_carry_the_code_of_the_log(
    view: object, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    request = RequestFactory().get("/somewhere/")
    with caplog.at_level("INFO", logger="cmdb.common.errors"):
        response = view(request, Http404())  # type: ignore[operator]
    assert response.status_code == status
    assert response["X-Error-Code"] in response.content.decode()
    assert response["X-Error-Code"] in caplog.text


def test_a_fault_of_ours_is_shown_without_asking_the_database(caplog: pytest.LogCaptureFixture) -> None:
    # pytest-django refuses the database here: any query would raise
    request = RequestFactory().get("/")
    request.user = SimpleNamespace(is_authenticated=True)  # type: ignore[assignment]
    response = errors.server_error(request)
    assert response.status_code == 500
    assert 'href="/"' in response.content.decode()


# --- assets ----------------------------------------------------------------------------------------------


def test_the_style_sheet_of_icons_is_the_one_that_the_list_gives() -> None:
    assert (STATIC / "css" / "icons.css").read_text() == assets.icon_css()


def test_every_file_that_a_style_sheet_names_is_served() -> None:
    for sheet in (STATIC / "css").glob("*.css"):
        for url in re.findall(r"url\(([^)\"']+)\)", sheet.read_text()):
            path = (sheet.parent / url).resolve()
            name = str(path).partition("/static/")[2]
            assert path.is_file() or name in assets.NPM_FILES, (sheet.name, url)


def test_icons_named_in_templates_exist() -> None:
    folder = Path(ui.__file__).parent / "templates"
    for template in folder.rglob("*.html"):
        for name in re.findall(r'{% icon "([^"]+)"', template.read_text()):
            assert name in assets.ICONS, (template.name, name)
