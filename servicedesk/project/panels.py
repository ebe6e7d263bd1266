"""Fragments of upper floors that hang on pages of lower ones, by kind of object.

Each entry is ``(title, URL name)`` or ``(title, URL name, roles)``; the address takes the object's key and answers a
fragment (common/panel.html). A name that is not installed is passed over. Kinds:

- the ``name`` of a declaration in cmdb.pages (``item``, ``service``, ``organisation``, ``software`` …): cards below the page
- ``item_mark``: a word in the head of an item's page, ``<span class="state" …>``
- ``item_aside``: cards in the right column of an item's page
- ``item_actions``: buttons on an item's page; the address takes no key, and is asked with ``?item=``
- ``item_states``: one address without a key; asked with ``?live=1,2&map-live=2,3`` it answers, for every id that the person
  may see, ``<span id="live-1" hx-swap-oob="true">…state…</span>`` (column "Now" of an item's relations) or the same with
  ``map-live-`` (its box in the map)
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Panel = tuple[str | Promise, str] | tuple[str | Promise, str, tuple[str, ...]]

WORKING = ("technician", "lead", "changemanager", "oncall", "admin")

PANELS: dict[str, list[Panel]] = {
    "item": [
        (_("State now"), "monitoring:item_state"),
        (_("Availability"), "board:item_panel"),
    ],
    "item_mark": [("", "monitoring:item_mark")],
    "item_states": [("", "monitoring:item_states")],
    "item_actions": [
        (_("Register a ticket on it"), "desk:create", WORKING),
        (_("Plan a change"), "changes:create", WORKING),
    ],
    "item_aside": [(_("Open tickets"), "desk:item_panel")],
    "service": [
        (_("Availability"), "board:service_panel"),
        (_("Open tickets"), "desk:service_panel"),
    ],
    "person": [(_("Tickets"), "desk:person_panel", WORKING)],
}
