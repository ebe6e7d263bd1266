"""Which ticket a mail belongs to, and which person and organisation it comes from."""

from __future__ import annotations

from cmdb.models import Organisation, OrganisationKind, User
from servicedesk.mail import tokens
from servicedesk.mail.reading import Incoming
from servicedesk.models import InboundMail, Ticket


def thread_of(mail: Incoming) -> tuple[Ticket | None, tokens.Token | None]:
    """The ticket that a mail belongs to, and the genuine identifier that says so (None: by weaker signs).

    Weaker: it answers a mail that opened or joined a ticket (a colleague's answer to all), or names a reference in
    its subject. These say which ticket is meant, not that the sender may see it.
    """
    for token in tokens.read(mail.references):
        ticket = Ticket.objects.filter(reference=token.reference).first()
        if ticket is not None:
            return ticket, token
    for named in mail.references.split()[::-1][:50]:
        earlier = InboundMail.objects.filter(message_id=named[:250], ticket__isnull=False).first()
        if earlier is not None:
            return earlier.ticket, None
    found = tokens.REFERENCE.search(mail.subject)
    return (Ticket.objects.filter(reference=found[1].upper()).first() if found else None), None


def sender_of(address: str) -> User | None:
    """The one active person with this address; two with the same are nobody."""
    people = list(User.objects.filter(email__iexact=address, is_active=True)[:2]) if address else []
    return people[0] if len(people) == 1 else None


def home_of(address: str) -> Organisation | None:
    """The organisation whose own mail domain it is; suppliers and strangers have none."""
    domain = address.rpartition("@")[2]
    if not domain:
        return None
    homes = Organisation.objects.filter(email__iendswith=f"@{domain}", is_active=True)
    return homes.exclude(kind=OrganisationKind.SUPPLIER).order_by("lft").first()
