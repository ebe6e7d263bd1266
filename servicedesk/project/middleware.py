"""Small middlewares: the id of a request, what a browser may load, what may be kept of an answer, which language, who writes history."""

import re
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from uuid import uuid4

import pghistory.middleware
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from cmdb.common import caller, links, trace
from servicedesk.project import guesses

GetResponse = Callable[[HttpRequest], HttpResponseBase]

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # Designsystemet draws its marks as masks with data addresses
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        # A sign-in form leads on to an identity provider, whose addresses only its own document tells.
        "form-action 'self'"
        + (" https:" if settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] else ""),
    )
)
#: Norwegian without a written standard, as some browsers still send it; Django knows only the two standards.
_UNSPECIFIC = re.compile(r"\bno(-NO)?\b", re.IGNORECASE)


class RequestIdMiddleware:
    """The outermost: the request's id (the caller's own, if it is a safe one) is in every log line and in the answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with trace.under(request.headers.get("X-Request-ID", "")) as name:
            response = self.get_response(request)
        response.headers["X-Request-ID"] = name
        return response


class OwnAddressMiddleware:
    """Links that libraries make of a request (letters, the way back from an identity provider) begin with SAMDRIFT_URL."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.build_absolute_uri = partial(links.absolute, request)  # type: ignore[method-assign]
        return self.get_response(request)


class ContentSecurityMiddleware:
    """Sets the Content-Security-Policy, unless a view set a stricter one of its own (attachments do)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class NoStoreMiddleware:
    """Nothing is kept of what Django answers: pages, the API, files, exports and errors show what one person may see.

    An answer that calls itself public (the status page) is kept as it says, but never one to somebody with a session. Static
    files are given out before this.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        said = response.get("Cache-Control", "")
        public = "public" in said and settings.SESSION_COOKIE_NAME not in request.COOKIES
        if not public and "no-store" not in said:
            response["Cache-Control"] = "private, no-store"
        return response


class KnownBrowserMiddleware:
    """After a sign-in the browser is known to its person (`guesses`): wrong passwords of others do not stop it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        guesses.remember(request, response)
        return response


class LanguageMiddleware:
    """The user's own language, else the language cookie or the browser's list, else Bokmål. Needs the user."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = self._of_user(request)
        own = bool(language)
        if not language:
            accepted = request.META.get("HTTP_ACCEPT_LANGUAGE", "")
            request.META["HTTP_ACCEPT_LANGUAGE"] = _UNSPECIFIC.sub("nb", accepted)
            language = translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if not own:
            patch_vary_headers(response, ("Accept-Language",))
        return response

    @staticmethod
    def _of_user(request: HttpRequest) -> str:
        # Without a session there is no user, and asking for one would mark the answer as differing by cookie.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return ""
        language = getattr(request.user, "language", "") if request.user.is_authenticated else ""
        return language if language in dict(settings.LANGUAGES) else ""


class CallerMiddleware:
    """Says who is served, for the audit log; stands behind sign-in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with caller.serving(caller.Caller(request, self._address(request))):
            return self.get_response(request)

    @staticmethod
    def _address(request: HttpRequest) -> str:
        try:
            return str(ip_address(get_adapter(request).get_client_ip(request)))
        except (
            PermissionDenied,
            ImproperlyConfigured,
            ValueError,
        ):  # a socket without one, or a proxy's nonsense
            return ""


class HistoryMiddleware(pghistory.middleware.HistoryMiddleware):
    """Gives the register's history its actor, the path and an id that joins all changes of one request."""

    def get_context(self, request: HttpRequest) -> dict[str, object]:
        """What is written beside every change of this request."""
        return super().get_context(request) | {"request": trace.current() or uuid4().hex, "source": "web"}
