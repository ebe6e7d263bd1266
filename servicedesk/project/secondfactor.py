"""Who lacks the second factor that a role needs (cmdb.secondfactor) sets one up before anything else opens."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import resolve, reverse
from django.urls.exceptions import Resolver404
from django.utils.translation import gettext as _

from cmdb.models import User
from cmdb.secondfactor import FACTORS, is_missing, is_required

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: What stays open: setting one up, proving who one is for that, leaving.
_OPEN = ("mfa_", "account_logout", "account_login", "account_reauthenticate", "account_set_password")


class SecondFactorMiddleware:
    """Leads a person who lacks the second factor to the page where it is set up. Needs the user and the language."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self._is_stopped(request):
            return self._answer(request)
        if self._takes_the_last(request):
            messages.error(
                request, _("Your role needs a second factor: add another one before you remove this.")
            )
            return HttpResponseRedirect(reverse("mfa_index"))
        return self.get_response(request)

    def _takes_the_last(self, request: HttpRequest) -> bool:
        """Of one-time codes the adapter says so; for security keys nobody asks it."""
        if (
            request.method != "POST"
            or not settings.SAMDRIFT_MFA_ROLES
            or _name(request) != "mfa_remove_webauthn"
        ):
            return False
        user = request.user
        if not isinstance(user, User) or not is_required(user):
            return False
        return Authenticator.objects.filter(user=user, type__in=FACTORS).count() < 2

    def _is_stopped(self, request: HttpRequest) -> bool:
        if not settings.SAMDRIFT_MFA_ROLES or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return False
        if _name(request).startswith(_OPEN):
            return False
        return isinstance(request.user, User) and request.user.is_active and is_missing(request.user)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        said = _("Your role needs a second factor. Set one up here; then you can go on.")
        if request.path_info.startswith("/api/"):
            problem = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": said}
            return JsonResponse(problem, status=403, content_type="application/problem+json")
        url = reverse("mfa_index")
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        messages.info(request, said)
        return HttpResponseRedirect(url)


def _name(request: HttpRequest) -> str:
    """The name of the page that is asked for."""
    try:
        return resolve(request.path_info).view_name or ""
    except Resolver404:
        return ""
