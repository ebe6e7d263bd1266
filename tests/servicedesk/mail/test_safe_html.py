"""A mail's own HTML: nothing runs, nothing is loaded, its own pictures stand in their places."""

from __future__ import annotations

import base64
import time

import pytest

from servicedesk.mail import reading, safe_html
from servicedesk.mail.safe_html import Shown
from tests.servicedesk.mail.letters import PDF, PNG, branch, multipart, part, plain


def shown(html: str, *files: bytes) -> Shown:
    raw = multipart([branch([part(html.encode(), b"text/html; charset=utf-8"), *files], "related", "inner")])
    found = safe_html.shown(reading.read(raw))
    assert found is not None
    return found


def inline(data: bytes, name: str, kind: bytes = b"image/png") -> bytes:
    return part(data, kind, f"Content-ID: <{name}>".encode(), b"Content-Disposition: inline")


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<iframe src='https://x.example'></iframe><object data=x></object><embed src=x>",
        "<form action='https://x.example'><input name=password></form>",
        "<link rel=stylesheet href='https://x.example'><style>@import 'https://x.example'</style>",
        "<p style='background:url(https://x.example/t.gif)'>x</p>",
        "<div background='https://x.example/t.gif' srcset='https://x.example'>x</div>",
        "<svg onload=alert(1)><image href='https://x.example'/></svg>",
        "<base href='https://x.example'><meta http-equiv=refresh content='0;https://x.example'>",
        "<img src='https://x.example/t.gif'><img src='//x.example/t.gif'><img src='http:x.example'>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='><img src='data:text/html,x'>",
        "<video poster='https://x.example'></video><audio src='https://x.example'></audio>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    ],
)
def test_nothing_runs_and_nothing_is_loaded(html: str) -> None:
    found = shown(html).html.lower()
    for word in (
        "script",
        "onerror",
        "onload",
        "x.example",
        "<form",
        "<input",
        "<iframe",
        "<svg",
        "url(",
        "data:",
        "<style",
    ):
        assert word not in found


def test_what_people_wrote_stays() -> None:
    html = "<p style='color:red;position:fixed'><b>Hei</b></p><table border=1><tr><td bgcolor=red>214</td></tr></table>"
    found = shown(html).html
    assert '<p style="color:red"><b>Hei</b></p>' in found
    assert '<td bgcolor="red">214</td>' in found
    assert 'rel="noopener noreferrer nofollow"' in shown("<a href='https://example.no'>x</a>").html


def test_its_own_pictures() -> None:
    found = shown("<img src='cid:a@b' alt=Skjerm><img src='CID:%3Ca@b%3E'>", inline(PNG, "a@b")).html
    assert found.count(f"data:image/png;base64,{base64.b64encode(PNG).decode()}") == 2
    assert 'alt="Skjerm"' in found


def test_a_picture_is_what_it_is_and_not_what_it_is_called() -> None:
    found = shown("<img src='cid:a'><img src='cid:none'>", inline(PDF, "a"))
    assert "data:" not in found.html


def test_pictures_elsewhere_are_counted() -> None:
    assert shown("<img src='https://x.example/1'><img src='http://x.example/2'>").elsewhere == 2


def test_written_plain_between_html() -> None:
    raw = multipart([part(b"<p>Se</p>", b"text/html"), part(b"<script>foot</script>")])
    found = safe_html.shown(reading.read(raw))
    assert found is not None
    assert "<pre>&lt;script&gt;foot&lt;/script&gt;</pre>" in found.html


@pytest.mark.parametrize(
    "html", ["<div>" * 40_000, "<ul><li>" * 20_000, "".join(f"<b id={n}>" for n in range(20_000))]
)
def test_what_would_keep_the_reader_busy_is_not_shown(html: str) -> None:
    begun = time.perf_counter()
    assert safe_html.shown(reading.read(plain(html.encode(), b"text/html"))) is None
    assert time.perf_counter() - begun < 5


def test_no_html() -> None:
    assert safe_html.shown(reading.read(plain(b"hei"))) is None
