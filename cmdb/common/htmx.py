"""One helper decides between the whole page and a fragment of it."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def wants(request: HttpRequest) -> str:
    """Id of the element that htmx will swap; "" when the whole page is needed.

    The whole page also answers htmx when it restores its history: then the body is swapped.
    """
    htmx = getattr(request, "htmx", None)
    if not htmx or htmx.history_restore_request:
        return ""
    target = htmx.target or ""
    return target.rsplit("#", 1)[-1]  # htmx 4 sends tag#id


def respond(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragments: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render ``template``, or the fragment that ``fragments`` (element id → template) names for the target.

    The page must include the same fragment template, so both always show the same.
    Caches are told that the answer differs.
    """
    part = (fragments or {}).get(wants(request))
    response = render(request, part or template, dict(context or {}), status=status)
    if fragments:
        patch_vary_headers(response, ["HX-Request", "HX-Target", "HX-History-Restore-Request"])
    return response


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to ``url`` after a POST: a redirect, which htmx is told to follow as a whole page."""
    if getattr(request, "htmx", None):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponse(status=302, headers={"Location": url})
