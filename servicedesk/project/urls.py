"""Every path of the site, one line per floor. Names: `namespace:model_action`, see docs/architecture.md."""

from importlib.util import find_spec

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path

from servicedesk.project.later import Later
from servicedesk.project.watch.banner import banner


def floor(prefix: str, module: str) -> list[URLResolver]:
    """The pages of a floor below `prefix`, or nothing while the floor has none."""
    package, _, _ = module.rpartition(".")
    if find_spec(package) is None or find_spec(module) is None:
        return []
    return [path(prefix, include(module))]


def closed(_request: HttpRequest) -> HttpResponseBase:
    """A page of allauth's that is none here."""
    raise Http404


urlpatterns: list[URLPattern | URLResolver] = [
    *floor("cmdb/", "cmdb.urls"),
    *floor("monitoring/", "monitoring.urls"),
    *floor("board/", "sla.urls"),
    *floor("", "servicedesk.urls"),  # the start page, portal/, desk/, status/
    path("watch/", banner, name="watch"),
    Later("api/v1/", "servicedesk.project.api", "api"),
    # Addresses come from the register: mail and identity providers tell people apart by them.
    path("accounts/email/", closed),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    Later("admin/", "servicedesk.project.administration", "admin"),
]

handler400 = "cmdb.common.errors.bad_request"
handler403 = "cmdb.common.errors.permission_denied"
handler404 = "cmdb.common.errors.page_not_found"
handler429 = "cmdb.common.errors.too_many_requests"  # allauth's limits ask for it; Django has none
handler500 = "cmdb.common.errors.server_error"
