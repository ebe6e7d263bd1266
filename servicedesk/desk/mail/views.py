"""Mail that was held: the list, and one mail with what can be done with it. For those who work, by municipality."""

from __future__ import annotations

import io
from typing import Any

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from cmdb.common.htmx import respond, wants
from cmdb.web import SignedInRequest
from servicedesk.desk.mail import looks
from servicedesk.desk.mail.filters import MailFilter
from servicedesk.desk.mail.tables import MailTable
from servicedesk.intake.mail import deciding, people
from servicedesk.mail.reading import Incoming
from servicedesk.models import Authentication, InboundMail, Outcome, Reason, Ticket
from servicedesk.sidelist import side_menu
from servicedesk.views.shared import staff_only

TABLE = "servicedesk/desk/mail/table.html"
#: Of earlier mail from the same address.
EARLIER = 5


def visible(request: SignedInRequest) -> Any:
    """Mail that this person may see."""
    return InboundMail.objects.visible_to(request.user)


def find(request: SignedInRequest, pk: int) -> InboundMail:
    """One mail; 404 for a foreign one."""
    rows = visible(request).select_related("organisation", "ticket", "decided_by")
    found: InboundMail = get_object_or_404(rows, pk=pk)
    return found


@staff_only
@require_GET
def mails(request: SignedInRequest) -> HttpResponse:
    """The list, or its table alone."""
    found = MailFilter(request.GET, visible(request), request=request)
    table = MailTable(found.qs)
    table.configure(request)
    context: dict[str, Any] = {"table": table, "filter": found, "filtered": found.size > 0}
    if wants(request) != table.region:
        total = table.total
        waits = not request.GET.get("state")
        words = (
            ngettext("%(n)s waits for somebody", "%(n)s wait for somebody", _number(total))
            if waits
            else ngettext("%(n)s mail", "%(n)s mails", _number(total))
        )
        context |= {
            "title": _("Held mail"),
            "lead": words % {"n": total},
            "side_menu": side_menu(request),
            "query": request.GET.urlencode(),
            "here": request.get_full_path(),
        }
    return respond(request, "servicedesk/desk/mail/list.html", context, fragments={table.region: TABLE})


def _number(total: Any) -> int:
    """«1000+» is many."""
    text = str(total).rstrip("+")
    return int(text) if text.isdecimal() else 2


@staff_only
@require_GET
def one(request: SignedInRequest, pk: int) -> HttpResponse:
    """The mail as text, what is known of its sender, and what can be done with it."""
    row = find(request, pk)
    return respond(request, "servicedesk/desk/mail/one.html", page(request, row))


def page(request: SignedInRequest, row: InboundMail) -> dict[str, Any]:
    """What a page about one mail shows."""
    mail = deciding.read(row)
    author = people.author_of(mail) if mail is not None else None
    same = (
        visible(request).filter(sender=row.sender).exclude(pk=row.pk)
        if row.sender
        else InboundMail.objects.none()
    )
    known = author.user if author is not None else None
    seen = known is not None and known.organisation_id in request.user.access.reach_orgs
    return {
        "row": row,
        "mail": mail,
        "reason": _look(Reason, row.reason, looks.REASONS),
        "finding": _look(Authentication, row.authentication, looks.FINDINGS),
        "why": looks.WHY.get(row.reason, "") if row.outcome == Outcome.HELD else "",
        "outcome": Outcome(row.outcome).label if row.outcome else "",
        "known": known if seen else None,
        "reply_to": mail.reply_to if mail is not None else "",
        "meant": meant(request, mail),
        "earlier": list(same.order_by("-received_at", "-pk")[:EARLIER]),
        "answers": list(row.answered_by.order_by("pk")),
        "answerable": mail is not None and row.reason not in deciding.UNANSWERABLE,
        "side_menu": side_menu(request),
        "breadcrumbs": crumbs(row),
    }


def crumbs(row: InboundMail, *more: str) -> list[tuple[str, str]]:
    """The list, the mail, and what lies behind it."""
    own = [(row.subject or row.sender or "–", reverse("desk:mail_one", args=[row.pk]))]
    return [(_("Held mail"), reverse("desk:mail")), *own, *((name, "") for name in more)]


def _look(choices: Any, value: str, known: dict[str, tuple[str, str]]) -> tuple[str, str, str] | None:
    """(label, colour, icon) of a value; None for none."""
    return (str(choices(value).label), *known[value]) if value in known else None


def meant(request: SignedInRequest, mail: Incoming | None) -> Ticket | None:
    """The ticket that the mail seems to be about, if the person sees it."""
    ticket = people.thread_of(mail)[0] if mail is not None else None
    if ticket is None:
        return None
    return Ticket.objects.visible_to(request.user).filter(pk=ticket.pk).first()


@staff_only
@require_GET
def file(request: SignedInRequest, pk: int, number: int) -> FileResponse:
    """A file of a mail that is on no ticket: always as a download, under a name that is safe."""
    mail = deciding.read(find(request, pk))
    if mail is None or not 0 <= number < len(mail.files):
        raise Http404
    found = mail.files[number]
    answer = FileResponse(
        io.BytesIO(found.data),
        as_attachment=True,
        filename=found.name or "file",
        content_type="application/octet-stream",
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
