"""Pages of monitoring, below /monitoring/."""

from django.urls import path

from monitoring import pages
from monitoring.views import finding, hostkeys, overview, panels, states, targets

app_name = "monitoring"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("discover/", finding.discover, name="discover"),
    path("topology/", finding.suggestions, name="topology"),
    path("items/states/", states.item_states, name="item_states"),
    path("items/<int:key>/mark/", states.item_mark, name="item_mark"),
    path("items/<int:key>/state/", panels.item_state, name="item_state"),
    path("targets/<int:key>/poll/", targets.target_poll, name="target_poll"),
    path("targets/<int:key>/backup/", targets.target_back_up, name="target_back_up"),
    path("targets/<int:key>/fault/", targets.target_fault, name="target_fault"),
    path("targets/<int:key>/hostkey/accept/", hostkeys.accept, name="host_key_accept"),
    path("targets/<int:key>/hostkey/forget/", hostkeys.forget, name="host_key_forget"),
    path("targets/<int:key>/hostkey/history/", hostkeys.history, name="host_key_history"),
    *(url for crud in pages.PAGES for url in crud.urls),
]
