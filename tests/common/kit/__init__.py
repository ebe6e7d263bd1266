"""Example pages made of every building block, in Norwegian as people will see them.

`pages()` renders them for tests; `python -m tests.common.kit FOLDER` writes them with their static files, to be
looked at in a browser.
"""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import QueryDict
from django.template import Context, Engine
from django.test import RequestFactory
from django.utils import translation

from cmdb.common import ui
from cmdb.common.assets import ICONS

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 21, 12, 22, tzinfo=UTC)


class Fault(forms.Form):
    """One of every kind of field."""

    what = forms.CharField(label="Hva er galt?", help_text="Én setning holder.", widget=forms.Textarea)
    system = forms.ChoiceField(
        label="Hvilket system?",
        choices=[("", "Velg"), ("Dine", [("p", "Profil"), ("g", "Gatsoft")])],
        help_text="Dine systemer står først",
    )
    how_bad = forms.ChoiceField(
        label="Hvor ille er det?",
        choices=[("all", "Vi får ikke gjort jobben"), ("me", "Jeg får ikke gjort jobben")],
        widget=forms.RadioSelect,
    )
    phone = forms.CharField(label="Telefon", required=False)
    attachment = forms.FileField(label="Bilde eller fil", required=False)
    notify = forms.BooleanField(label="Gi meg beskjed på e-post", required=False)


def _at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


CLOCKS = [
    ui.Clock("running", "Løsning", left=38 * 60, used=0.84, due=_at(38), window_end=_at(600)),
    ui.Clock("running", "Neste beskjed", left=12 * 60, used=0.8, due=_at(12), window_end=_at(600)),
    ui.Clock("met", "Svar", due=_at(-20), stopped=_at(-41)),
]
ALL_CLOCKS = [
    *CLOCKS,
    ui.Clock("breached", "Løsning", left=-42 * 60, used=1.3, due=_at(-42)),
    ui.Clock("paused", "Løsning", left=130 * 60, used=0.4, reason="Venter på leverandør"),
    ui.Clock("running", "Svar", left=192 * 60, used=0.3, due=_at(192)),
    ui.Clock("missed", "Løsning", left=-300, due=_at(-60), stopped=_at(-55)),
]


def _row(ref: str, title: str, clock: ui.Clock, **extra: Any) -> dict[str, Any]:
    row = {
        "ref": ref, "title": title, "clock": clock, "kind": "incident", "system": "Profil", "place": "Fjordvik",
        "person": "Kari Nes", "priority": "normal", "state": ("Under arbeid", "neutral", "edit"), "who": "Ingrid Berg",
        "changed": _at(-8), "chosen": False,
    }  # fmt: skip
    return row | extra


GROUPS = [
    ("Fristen er brutt", [
        _row("INC-20391", "Skrivere på Lyngmo sykehjem svarer ikke", ALL_CLOCKS[3], priority="high", who="Tor Moen"),
        _row("REQ-11872", "Ny bruker før vikar starter mandag", ALL_CLOCKS[3], kind="request",
             state=("Venter på bruker", "neutral", "pause")),
    ]),
    ("Innen én time", [
        _row("INC-20418", "Profil henger når turnus lagres – hele Fjordvik hjemmetjeneste", CLOCKS[0], priority="critical"),
        _row("INC-20422", "Får ikke åpnet vedlegg i ePhorte", CLOCKS[1], state=("Ny", "info", "inbox"), who=""),
    ]),
    ("I dag", [
        _row("INC-20407", "Lønnskjøring stopper på kontroll 14", ALL_CLOCKS[4], priority="high",
             state=("Venter på leverandør", "neutral", "pause")),
        _row("PRB-00317", "Profil: låste rader etter nattlig kopiering", ALL_CLOCKS[5], kind="problem", priority="low"),
    ]),
]  # fmt: skip


def _shell() -> dict[str, Any]:
    def link(label: str, icon: str = "", **extra: Any) -> SimpleNamespace:
        return SimpleNamespace(
            label=label, url="#", icon=icon, current=False, children=[], count=None, color="", **extra
        )

    menu = [
        link("Desk", "inbox"),
        link("Endringer", "change"),
        link("Overvåking", "eye"),
        link("Register", "server"),
    ]
    menu[0].current = True
    views = [link("Mine saker", "person"), link("Driftskøen", "inbox"), link("Brutt frist", "breach")]
    views[0].count, views[1].count, views[2].count = 7, 38, 2
    views[1].current, views[2].color = True, "danger"
    saved = [link("Profil – alle kommuner", "star")]
    saved[0].count = 6
    return {
        "menu": menu,
        "side_menu": [{"label": "Mitt", "items": views}, {"label": "Lagrede visninger", "items": saved}],
        "shell": {
            "home_url": "/", "search_url": "/search/", "search_label": "Søk i saker, folk, utstyr", "create_url": "#",
            "create_label": "Ny sak", "oncall_label": "Vakt: Tor Moen", "preferences_url": "/preferences/",
            "footer_links": [link("Status"), link("Personvern")], "desk_phone": "75 00 00 00",
        },
    }  # fmt: skip


GRAPH = {
    "lanes": ["Tjenester", "Systemer", "Denne enheten", "Hviler på"],
    "nodes": [
        {"id": "1", "label": "Hjemmetjeneste", "note": "Nede · 180 brukere", "state": "down", "lane": 0},
        {"id": "2", "label": "Legevakt", "note": "Oppe", "state": "up", "lane": 0},
        {"id": "3", "label": "Profil", "note": "Nede siden 11.29", "state": "down", "lane": 1},
        {"id": "4", "label": "fjv-db02", "note": "Treg · 4,8 s", "state": "degraded", "lane": 2, "me": True},
        {"id": "5", "label": "fjv-san01", "note": "Oppe", "state": "unknown", "lane": 3},
    ],
    "edges": [
        {"from": "1", "to": "3", "hot": True}, {"from": "2", "to": "4"}, {"from": "3", "to": "4", "hot": True},
        {"from": "4", "to": "5"},
    ],
}  # fmt: skip


def contexts() -> dict[str, dict[str, Any]]:
    """Context of every example page, by template name without ending."""
    month = [ui.Day("ok")] * 16 + [
        ui.Day("down", 0.18),
        ui.Day("part", 0.02),
        ui.Day("plan", 0.1),
        ui.Day("none"),
    ]
    services = [("Profil (pleie og omsorg)", month, "Profil: 99,41 % i oktober, nede 4 t 23 min")]
    targets = [
        ("Svartid, kritisk", "95 % på 30 min", 1, 6, 0, True),
        ("Løsningstid", "90 % på 4 t", 0.83, 6, 1, False),
    ]
    refused = Fault(QueryDict("phone=48001234"))
    plain: dict[str, Any] = {"side_menu": []}
    return {
        "queue": {"groups": GROUPS},
        "queue_chosen": {"groups": [(g, [r | {"chosen": True} for r in rows]) for g, rows in GROUPS]},
        "ticket": {"clocks": CLOCKS, "breadcrumbs": [("Driftskøen", "#"), ("INC-20418", "#")]},
        "portal": plain | {"portal_name": "Fjordvik kommune"},
        "form": plain | {"portal_name": "Fjordvik kommune", "form": Fault()},
        "form_refused": plain | {"portal_name": "Fjordvik kommune", "form": refused},
        "report": plain | {"services": services, "targets": targets},
        "status": plain | {"services": services, "menu": []},
        "item": plain | {
            "title": "fjv-db02", "subtitle": "Databaseserver · Fjordvik datarom", "graph": GRAPH,
            "breadcrumbs": [("Register", "#"), ("Servere", "#"), ("fjv-db02", "#")],
            "tabs": [{"label": "Oversikt", "url": "#", "current": True}, {"label": "Saker", "url": "#", "count": 6}],
            "fields": [("Eier", "Fjordvik kommune"), ("Minne", "64 GB"), ("Sone", "")],
            "panels": [("Åpne saker", "panel.html")], "actions": [("Meld sak på denne", "#", "secondary")], "edit_url": "#",
        },
        "kit": plain | {
            "form": refused, "colors": ["neutral", "info", "success", "warning", "danger", "note"],
            "priorities": list(ui.PRIORITY), "all_clocks": ALL_CLOCKS, "lives": list(ui.LIVE), "icons": list(ICONS),
            "page": Paginator(range(900), 50).page(7),
        },
    }  # fmt: skip


def render(name: str, context: Mapping[str, Any], *, user: Any = None, query: str = "") -> str:
    """One example page as HTML, in Bokmål."""
    request = RequestFactory().get(f"/{name}.html?{query}")
    request.user = user or SimpleNamespace(  # type: ignore[assignment]
        is_authenticated=True, color_scheme="auto", organisation="Fjordvik kommune",
        display_name="Ingrid Berg", get_username="ib",
    )  # fmt: skip
    engine = Engine.get_default()
    with_kit = Engine(
        dirs=[*engine.dirs, str(HERE)], app_dirs=True, libraries=engine.libraries, builtins=engine.builtins
    )
    template = with_kit.get_template(f"{name.split('_')[0]}.html")
    values = _shell() | {"request": request, "now": NOW, "csrf_token": "x" * 64} | dict(context)
    with translation.override("nb"):
        return template.render(Context(values))


def pages() -> dict[str, str]:
    """All example pages, by name."""
    return {name: render(name, context) for name, context in contexts().items()}


def main(folder: Path) -> None:
    """Write pages and static files to a folder."""
    from django.contrib.staticfiles.finders import get_finders

    for finder in get_finders():
        for name, storage in finder.list([]):
            target = folder / "static" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(storage.path(name), target)
    for name, html in pages().items():
        (folder / f"{name}.html").write_text(html)
        (folder / f"{name}_dark.html").write_text(
            html.replace('data-color-scheme="auto"', 'data-color-scheme="dark"')
        )
