"""A mail as it came: its text, its own HTML, its headers, its source. For those who work on its ticket, or on the held mail."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from cmdb import audit
from cmdb.models import AuditKind
from cmdb.web import SignedInRequest
from servicedesk import filenames
from servicedesk.access import works_on
from servicedesk.cleaning import fit
from servicedesk.desk.mail.views import crumbs
from servicedesk.mail import charsets, fingerprint, parsing, reading, safe_html, storing
from servicedesk.mail.reading import Incoming
from servicedesk.models import InboundMail, Ticket
from servicedesk.views.shared import only, sees_pages
from servicedesk.views.ticket import here

#: Of the source and of the text the page shows so much; the file has all of it.
SHOWN = 200_000
#: Nothing is loaded and nothing runs; links open outside.
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def find(request: SignedInRequest, pk: int) -> InboundMail:
    """A mail whose ticket the person works on, or that is held where the person works; 404 for a foreign one."""
    row = get_object_or_404(InboundMail.objects.select_related("ticket", "organisation"), pk=pk)
    if row.ticket is None:
        if not InboundMail.objects.visible_to(request.user).filter(pk=pk).exists():
            raise Http404
        return row
    ticket = get_object_or_404(Ticket.objects.visible_to(request.user), pk=row.ticket.pk)
    if not works_on(request.user, ticket):
        raise PermissionDenied
    return row


@only(sees_pages)
@require_GET
def original(request: SignedInRequest, pk: int) -> HttpResponse:
    """One part of it; `?show=` text, html, headers or source."""
    row = find(request, pk)
    raw = storing.load(row.pk)
    mail = _read(raw)
    parts = {
        "text": _("Text"),
        "html": _("As it was laid out"),
        "headers": _("Headers"),
        "source": _("Source"),
    }
    html = safe_html.shown(mail) if mail is not None else None
    if html is None:
        del parts["html"]
    show = request.GET.get("show", "")
    show = show if show in parts else "text"
    context: dict[str, Any] = {
        "row": row, "mail": mail, "show": show, "text": mail.text[:SHOWN] if mail is not None else "",
        "cut": show == "source" and len(raw) > SHOWN, "elsewhere": html.elsewhere if html is not None else 0,
        "headers": _headers(raw) if show == "headers" else [], "source": _source(raw) if show == "source" else "",
        "breadcrumbs": _crumbs(request, row),
        "tabs": [{"label": label, "url": f"?show={name}", "current": name == show, "count": None} for name, label in parts.items()],
    }  # fmt: skip
    return render(request, "servicedesk/desk/mail/original.html", context)


@only(sees_pages)
@require_GET
@xframe_options_sameorigin
def document(request: SignedInRequest, pk: int) -> HttpResponse:
    """Its own HTML as a document that a page holds in a frame."""
    mail = _read(storing.load(find(request, pk).pk))
    html = safe_html.shown(mail) if mail is not None else None
    if html is None:
        raise Http404
    answer = render(request, "servicedesk/desk/mail/document.html", {"html": html.html})
    answer["Content-Security-Policy"] = POLICY
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "private, no-store"
    return answer


@only(sees_pages)
@require_GET
def source(request: SignedInRequest, pk: int) -> HttpResponse:
    """The bytes as they came, as a file."""
    row = find(request, pk)
    audit.record(AuditKind.DOWNLOADED, row, detail={"name": row.subject})
    name = filenames.safe(row.subject[:60].replace(".", " ") + ".eml", otherwise=f"mail-{row.pk}.eml")
    answer = HttpResponse(storing.load(row.pk), content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _read(raw: bytes) -> Incoming | None:
    try:
        return reading.read(raw)
    except reading.UnreadableError:
        return None


def _headers(raw: bytes) -> list[tuple[str, str]]:
    """Name and value as people read them, in their order."""
    found = parsing.head(raw).items()
    return [(fit(name)[:200], fit(charsets.header(value[:5_000]))) for name, value in found[:500]]


def _source(raw: bytes) -> str:
    head, body = fingerprint.split(raw[:SHOWN])
    return fit(charsets.decode(head)) + "\n\n" + fit(charsets.decode(body))


def _crumbs(request: SignedInRequest, row: InboundMail) -> list[tuple[str, str]]:
    return crumbs(row, _("Original")) if row.ticket is None else here(request, row.ticket, _("Original"))
