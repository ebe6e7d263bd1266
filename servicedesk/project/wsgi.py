"""The WSGI application, warmed up before the first request."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicedesk.project.settings")
os.environ.setdefault("SAMDRIFT_PART", "web")


def _warm_up() -> None:
    """Import what every page needs now; else the first visitor of each process waits for it."""
    from django.urls import get_resolver

    assert get_resolver().url_patterns
    # All of this lives as long as the process: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()


application = get_wsgi_application()
_warm_up()
