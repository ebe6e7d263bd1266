"""The pages for what went wrong; the wiring names them as handler400, handler403, handler404 and handler500.

Every page carries a short code. The same code stands in the log line, so that somebody on the phone can be helped
without asking when and where it was.
"""

import logging
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from cmdb.common import trace
from cmdb.common.problems import Problem, problem_response

WINDOW = 60
"""Seconds after which any limit that refuses a page lets the next one through."""
logger = logging.getLogger(__name__)

BARE = "<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1><p>{text}</p><p>{code}</p>"


def new_code() -> str:
    """Eight hexadecimal digits in two groups: `7F3A-22C1`."""
    digits = secrets.token_hex(4).upper()
    return f"{digits[:4]}-{digits[4:]}"


def _page(request: HttpRequest, status: int, *, plain: bool = False, **context: Any) -> HttpResponse:
    plain = plain or not hasattr(request, "user")  # a middleware before sign-in may have refused
    code = new_code()
    logger.log(
        logging.ERROR if status >= 500 else logging.INFO, "%s for %s, code %s", status, request.path, code
    )
    context |= {
        "code": code,
        "request_id": trace.current(),
        "at": timezone.now(),
        "plain": plain,
        "messages": [],
    }
    # without the request no context processor runs: after a fault of ours the database may be the cause
    try:
        html = loader.render_to_string("common/error.html", context, None if plain else request)
    except (
        Exception
    ):  # what broke the page may break this one too (no static files, say); then it is told without any
        logger.exception("the page for code %s cannot be drawn", code)
        html = format_html(BARE, title=context["title"], text=context["text"], code=code)
    return HttpResponse(html, status=status, headers={"X-Error-Code": code})


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    text = _("Your browser sent something that we do not understand. Go back, reload the page and try again.")
    return _page(request, 400, plain=True, title=_("That could not be read"), text=text, icon="warning")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the thing may be seen, the act may not be done."""
    text = _("Your role does not allow this here. Ask your team lead if you need it.")
    return _page(request, 403, title=_("You may not do that"), text=text, icon="lock")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token is stale: usually signed out in another tab."""
    text = _(
        "The form was too old, perhaps you signed out in another tab. Go back, reload the page and send it again."
    )
    return _page(request, 403, title=_("The form had run out"), text=text, icon="refresh")


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: not there, or not for this person; which of the two is not told."""
    text = _("The address may be wrong, it may have been deleted, or it belongs to somebody else.")
    return _page(request, 404, title=_("There is nothing here"), text=text, icon="search")


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """429: as a page, to the API's callers as a problem document."""
    text = _(
        "Too many tries came from your network within a minute. Wait a minute and send it again; nothing is locked."
    )
    title = _("Too many tries")
    response: HttpResponse
    if request.path_info.startswith("/api/"):
        response = problem_response(request, Problem(429, title, text))
    else:
        response = _page(request, 429, title=title, text=text, icon="clock", retry=True)
    response["Retry-After"] = str(WINDOW)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500: a fault of ours, which is in the log with the same code."""
    text = _(
        "What you wrote is kept in this tab. Try again in a moment; if it happens again, give the desk the code below."
    )
    return _page(request, 500, plain=True, title=_("Something went wrong on our side"), text=text, retry=True)
