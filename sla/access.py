"""Who may do what on the board's pages; said here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from cmdb.access import BOARD_ROLES
from cmdb.models import Organisation, Role
from cmdb.web import SignedInRequest
from sla.reports.scope import reported_organisations

if TYPE_CHECKING:
    from cmdb.models import User

READERS = tuple(sorted(BOARD_ROLES))
#: Close a month, add corrections, change agreements and calendars.
KEEPERS = (Role.LEAD.value, Role.ADMIN.value)
#: Declare an outage that no poller saw.
DECLARERS = (Role.LEAD.value, Role.ADMIN.value, Role.CHANGEMANAGER.value)
#: Enter improvements: the board decides, the unit carries out.
IMPROVERS = (*DECLARERS, Role.BOARD.value, Role.COMMISSIONER.value)


def organisations_of(user: User) -> QuerySet[Organisation]:
    """Organisations whose reports the person reads: the region first."""
    return reported_organisations().filter(pk__in=user.access.board_orgs)


def organisation_or_404(user: User, slug: str) -> Organisation:
    """One of them by its short name; 404 for a foreign one as for one that is not there."""
    found = organisations_of(user).filter(slug=slug).first()
    if found is None:
        raise Http404(_("Nothing here that you may see."))
    return found


def may_keep(user: User, organisation: Organisation) -> bool:
    """Whether the person may close this organisation's months."""
    return organisation.pk in user.access.orgs(*KEEPERS)


View = Callable[..., HttpResponse]


def reader(view: View) -> Any:
    """Signed in, and with a role that reads reports: else the sign-in page, or 403."""

    @wraps(view)
    def wrapped(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.access.reads_board:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(wrapped)


def of_report(view: View) -> Any:
    """A reader's view of one month of one organisation: gets (request, month, organisation, …)."""

    @wraps(view)
    def wrapped(request: SignedInRequest, month: date, slug: str, **kwargs: Any) -> HttpResponse:
        return view(request, month, organisation_or_404(request.user, slug), **kwargs)

    return reader(wrapped)


class MonthConverter:
    """YYYY-MM in an address, as the first day of the month."""

    regex = r"20\d\d-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> date:
        return date(int(value[:4]), int(value[5:]), 1)

    def to_url(self, value: date | str) -> str:
        return value if isinstance(value, str) else f"{value:%Y-%m}"
