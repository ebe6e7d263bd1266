"""Types of what pages are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from cmdb.models import User


class SignedInRequest(HttpRequest):
    """A request behind `login_required`: somebody is signed in."""

    user: User
