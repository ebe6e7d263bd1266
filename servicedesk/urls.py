"""The desk's pages: start, portal, desk, changes, status. Names: `portal:…`, `desk:…`, `changes:…`."""

from django.urls import URLPattern, URLResolver, include, path

from servicedesk.desk.mail.urls import urls as mail_urls
from servicedesk.views import (
    bulk,
    changes,
    create,
    files,
    first_day,
    letters,
    panels,
    picks,
    portal,
    queue,
    saved,
    search,
    start,
    status,
    ticket,
    verbs,
)

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

desk_urls = [
    path("", queue.queue, name="queue"),
    path("filters/", queue.filters, name="filters"),
    path("new-since/", queue.queue_new, name="queue_new"),
    path("export/", queue.export_queue, name="export"),
    path("bulk/", bulk.bulk, name="bulk"),
    path("saved/", saved.saved, name="saved"),
    path("saved/save/", saved.save, name="saved_save"),
    path("saved/<int:pk>/delete/", saved.delete, name="saved_delete"),
    path("search/", search.search, name="search"),
    path("tickets/new/", create.create, name="create"),
    path("tickets/new/preview/", create.preview_fragment, name="preview"),
    path("tickets/<slug:reference>/", ticket.ticket, name="ticket"),
    path("tickets/<slug:reference>/clocks/", ticket.explain, name="clocks"),
    path("tickets/<slug:reference>/affected/", ticket.affected, name="affected"),
    path("tickets/<slug:reference>/beside/", ticket.beside, name="beside"),
    path("tickets/<slug:reference>/letters/<int:pk>/", letters.letter, name="letter"),
    path("tickets/<slug:reference>/write/", verbs.write, name="write"),
    path("tickets/<slug:reference>/do/<slug:verb>/", verbs.verb, name="verb"),
    path("pick/workers/", picks.workers, name="pick_worker"),
    path("pick/people/", picks.people, name="pick_person"),
    path("pick/items/", picks.items, name="pick_item"),
    path("pick/tickets/", picks.tickets, name="pick_ticket"),
    *mail_urls,
    path("panels/items/<int:pk>/", panels.of_item, name="item_panel"),
    path("panels/services/<int:pk>/", panels.of_service, name="service_panel"),
    path("panels/people/<int:pk>/", panels.of_person, name="person_panel"),
]
changes_urls = [
    path("", changes.changes, name="list"),
    path("calendar/", changes.calendar, name="calendar"),
    path("new/", changes.create, name="create"),
    path("<slug:reference>/", changes.ticket, name="ticket"),
    path("<slug:reference>/edit/", changes.edit, name="edit"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", start.start, name="start"),
    path("preferences/", start.preferences, name="preferences"),
    path("first-day/", first_day.page, name="first_day"),
    path("status/", status.status, name="status"),
    path("portal/", include((portal_urls, "portal"))),
    path("desk/changes/", include((changes_urls, "changes"))),
    path("desk/", include((desk_urls, "desk"))),
    path("files/<slug:reference>/<int:pk>/", files.attachment, name="attachment"),
]
