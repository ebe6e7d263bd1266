"""/healthz, /readyz and /metrics: answered before sessions, languages and host names, for probes that know only an address."""

import hmac
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase


class ProbeMiddleware:
    """First in the row, so that a load balancer that names no known host still gets an answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.views = {"/healthz": healthz, "/readyz": self.readyz, "/metrics": metrics}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = self.views.get(request.path_info)
        if view is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = view(request)
        response.headers["Cache-Control"] = "no-store"
        vars(response)["_has_been_logged"] = True  # else Django logs every 503 as an error
        return response

    def readyz(self, _request: HttpRequest) -> HttpResponse:
        """200 when pages come and everything behind them gives signs of life, else 503; the body says what was found."""
        from servicedesk.project.watch import findings

        found = findings(self.get_response)
        ready = all(finding["ok"] for finding in found.values())
        for finding in found.values():
            finding.pop("host", None)  # a machine's name is nobody's outside
        return JsonResponse({"ready": ready, "checks": found}, status=200 if ready else 503)


def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format. With SAMDRIFT_METRICS_TOKEN set, only for who bears it."""
    token = settings.SAMDRIFT_METRICS_TOKEN
    if token and not hmac.compare_digest(
        request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()
    ):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    from servicedesk.project.figures import registry

    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)
