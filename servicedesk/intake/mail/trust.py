"""A From is not a person: what the own mail server found out decides whose word a mail may be."""

from __future__ import annotations

from django.conf import settings

from servicedesk.intake.mail.people import Author, from_addresses
from servicedesk.mail import authentication
from servicedesk.mail.reading import Incoming
from servicedesk.models import Authentication, InboundMail


def check(mail: Incoming, row: InboundMail) -> None:
    """Write down what the server said about From."""
    # Bytes that are no ASCII make a field an object of its own.
    fields = [(name, str(value)) for name, value in mail.head.items()]
    verdict = authentication.judge(fields, mail.sender, settings.SAMDRIFT_MAIL_AUTHSERV)
    row.authentication, row.authentication_detail = Authentication(verdict.state), verdict.detail[:300]
    named = from_addresses(mail)
    if len(named) > 1 or (mail.sender and mail.sender not in named):
        # DMARC has no word about such a mail (RFC 7489, section 6.6.1), whatever a server says.
        row.authentication = Authentication.FAIL
        row.authentication_detail = "From: " + ", ".join(sorted(named))[:280]


def believed(author: Author, row: InboundMail) -> bool:
    """Whether the mail may stand in the author's name.

    What fails is nobody's word. Who works at the desk decides, promises and reads what is internal: in such a name nothing is
    taken that was not proven, with or without a server that checks.
    """
    if row.authentication == Authentication.FAIL:
        return False
    staff = author.user is not None and author.user.access.is_staff_role
    return not staff or (row.authentication == Authentication.PASS and author.form is None)
