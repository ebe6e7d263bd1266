"""System checks of the shared building blocks (ids ``common.E…``)."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from cmdb.common import secrets


@checks.register(checks.Tags.security)
def encryption_keys_are_usable(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Refuse a start whose stored secrets could not be read or written."""
    try:
        secrets.box()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="common.E001")]
    return []
