"""Addresses of our own. What a request calls this site (Host, its port, X-Forwarded-…) is the sender's to choose and stands in none."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import get_script_prefix
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme


def own(path: str) -> str:
    """The page at `path` (as `reverse` gives it) where SAMDRIFT_URL says that the site is."""
    site = str(settings.SAMDRIFT_URL).rstrip("/")
    prefix = get_script_prefix().rstrip(
        "/"
    )  # stands in the path already where the server serves us below one
    if prefix and urlsplit(site).path == prefix:
        site = site.removesuffix(prefix)
    return site + path


def absolute(request: HttpRequest, location: Any = None) -> str:
    """What `HttpRequest.build_absolute_uri` is here, so that libraries build their links from SAMDRIFT_URL too."""
    where = request.get_full_path() if location is None else str(location)
    if location is not None and urlsplit(where).netloc:
        return str(iri_to_uri(urljoin(settings.SAMDRIFT_URL, where)))
    return str(iri_to_uri(own(urljoin(request.path, where) if location is not None else where)))


def stays_here(target: str) -> bool:
    """Whether one may be sent on to `target`: pages of ours are named by their path alone."""
    return url_has_allowed_host_and_scheme(target, None)
