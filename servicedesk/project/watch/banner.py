"""The fragment on top of every page of those who work here: what does not work behind it."""

from __future__ import annotations

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from servicedesk.project.watch.findings import missed, sentences

KEPT_SECONDS = 10  # all who look at a page ask; the tables are asked this often by each process


@require_safe
def banner(request: HttpRequest) -> HttpResponse:
    """Nothing, or one sentence for each part that is dead, failing or late."""
    if not (request.user.is_authenticated and request.user.access.is_staff_role):
        raise Http404
    found = cache.get_or_set("watch:missed", missed, KEPT_SECONDS)
    lines = [sentence for _name, sentence in sentences(found or {})]
    response = render(request, "project/watch.html", {"lines": lines})
    response.headers["Cache-Control"] = "no-store"
    return response
