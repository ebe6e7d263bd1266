"""Which ticket a mail belongs to, which person it comes from, and whose municipality it concerns."""

from __future__ import annotations

from dataclasses import dataclass

from cmdb.maildomains import home_of
from cmdb.models import Organisation, User
from servicedesk.mail import addresses, tokens
from servicedesk.mail.reading import Incoming
from servicedesk.models import FormAddress, InboundMail, RefusedSender, Ticket


@dataclass(frozen=True)
class Author:
    """Who wrote it: the person in From, or the one that a named form puts into Reply-To. `user` None: nobody in the register."""

    address: str
    name: str
    user: User | None = None
    form: FormAddress | None = None


def author_of(mail: Incoming) -> Author:
    """From counts; Reply-To names somebody only where an administrator named the form that sends it."""
    form = FormAddress.objects.filter(address=mail.sender).select_related("organisation").first()
    name, address = mail.sender_name, mail.sender
    if form is not None:
        said, wanted = addresses.first(str(mail.head.get("reply-to", "")))
        if "@" in wanted:
            name, address = said[:150], wanted.strip().lower()[:254]
    return Author(address, name, sender_of(address), form)


def from_addresses(mail: Incoming) -> set[str]:
    """Every address that From names; more or less than one is nobody's word."""
    fields = [str(value) for value in mail.head.get_all("from", [])]
    return {address for value in fields for _name, address in addresses.people(value)}


def thread_of(mail: Incoming) -> tuple[Ticket | None, tokens.Token | None]:
    """The ticket that a mail belongs to, and the genuine identifier that says so (None: by weaker signs).

    Weaker: it answers a mail that opened or joined a ticket (a colleague's answer to all), or names a reference in
    its subject. These say which ticket is meant, not that the sender may see it.
    """
    for token in tokens.read(mail.references):
        ticket = ticket_of(token)
        if ticket is not None:
            return ticket, token
    for named in mail.references.split()[::-1][:50]:
        earlier = InboundMail.objects.filter(message_id=named[:250], ticket__isnull=False).first()
        if earlier is not None:
            return earlier.ticket, None
    found = tokens.REFERENCE.search(mail.subject)
    return (Ticket.objects.filter(reference=found[1].upper()).first() if found else None), None


def ticket_of(token: tokens.Token) -> Ticket | None:
    """The ticket that a genuine identifier names; of an answer to a held mail, what the mail became since."""
    prefix, _dash, number = token.reference.partition("-")
    if prefix == tokens.MAIL:
        return Ticket.objects.filter(inbound_mails=int(number)).first()
    return Ticket.objects.filter(reference=token.reference).first()


def sender_of(address: str) -> User | None:
    """The one active person with this address; two with the same are nobody."""
    people = list(User.objects.filter(email__iexact=address, is_active=True)[:2]) if address else []
    return people[0] if len(people) == 1 else None


def concerned(author: Author, ticket: Ticket | None) -> Organisation | None:
    """Whose municipality the mail most likely concerns; None: the region's desk looks at it."""
    if ticket is not None:
        return ticket.organisation
    if author.user is not None and author.user.organisation is not None:
        return author.user.organisation
    return home_of(author.address) or (author.form.organisation if author.form is not None else None)


def is_refused(address: str, organisation: Organisation | None) -> bool:
    """Whether people said that mail from this address, or its domain, is not wanted there."""
    rows = RefusedSender.objects.filter(address__in=names_of(address)).values_list(
        "organisation_id", flat=True
    )
    found = set(rows)
    if not found or None in found:
        return bool(found)
    above = organisation.get_ancestors(include_self=True).values_list("pk", flat=True) if organisation else ()
    return not found.isdisjoint(above)


def names_of(address: str) -> list[str]:
    """The address, its domain as @domain, and the domains above that one."""
    labels = address.rpartition("@")[2].split(".")
    return [address, *("@" + ".".join(labels[n:]) for n in range(max(len(labels) - 1, 1)))]
