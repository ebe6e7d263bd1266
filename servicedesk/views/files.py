"""Attachments are given out here and nowhere else."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse
from django.shortcuts import get_object_or_404

from cmdb.web import SignedInRequest
from servicedesk import attachments
from servicedesk.access import attachments_for
from servicedesk.models import Ticket


@login_required
def attachment(request: SignedInRequest, reference: str, pk: int) -> FileResponse:
    """A file of a ticket that the person sees; internal ones only for those who work on it. Everything else is 404."""
    ticket = get_object_or_404(Ticket.objects.visible_to(request.user), reference=reference)
    row = get_object_or_404(attachments_for(request.user, ticket), pk=pk)
    answer = FileResponse(
        row.file.open("rb"),
        as_attachment=row.content_type not in attachments.SHOWN,
        filename=row.name,
        content_type=row.content_type,
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
