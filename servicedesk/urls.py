"""The desk's pages: start, portal, desk, changes, status. Names: `portal:…`, `desk:…`, `changes:…`."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from servicedesk.views import files, portal, start, status

portal_urls = [
    path("", portal.home, name="home"),
    path("report/", portal.report, name="report"),
    path("report/known/", portal.known, name="known"),
    path("order/", portal.order, name="order"),
    path("cases/", portal.cases, name="cases"),
    path("same/<int:pk>/", portal.same, name="same"),
    path("cases/<slug:reference>/", portal.ticket, name="ticket"),
    path("cases/<slug:reference>/sent/", portal.sent, name="sent"),
    path("cases/<slug:reference>/<slug:verb>/", portal.move, name="move"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", start.start, name="start"),
    path("preferences/", start.preferences, name="preferences"),
    path("status/", status.status, name="status"),
    path("portal/", include((portal_urls, "portal"))),
    path("files/<slug:reference>/<int:pk>/", files.attachment, name="attachment"),
]
if find_spec("servicedesk.views.urls"):
    urlpatterns.append(path("desk/", include("servicedesk.views.urls")))
