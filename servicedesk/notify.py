"""Who is told what, and in which words: letters are rendered when they are written, in the addressee's language.

A letter is the template servicedesk/mail/<kind>.txt; its first line is the subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from cmdb.common import links
from cmdb.models import Membership, Organisation, Role, Team, User
from servicedesk.mail import tokens
from servicedesk.models import Channel, Entry, Kind, Message, Ticket, Verb


@dataclass(frozen=True)
class Correspondent:
    """Who reported by mail and is not in the register: gets the answers there, and has no portal."""

    pk: int
    email: str
    display_name: str
    organisation: Organisation


Recipient = User | Team | Correspondent

RECEIVED = "received"
ANSWERED = "answered"
COMMENTED = "commented"
WAITING = "waiting"
RESOLVED = "resolved"
CANCELLED = "cancelled"
MERGED = "merged"
BREACH = "breach"
APPROVAL = "approval"
DECIDED = "decided"
MAJOR = "major"


_SHORT: Mapping[type, str] = {User: "u", Team: "t", Correspondent: "c"}


def _short(who: Recipient) -> str:
    """By what it is and not by its type: a request's user is wrapped until somebody asks."""
    return next(letter for kind, letter in _SHORT.items() if isinstance(who, kind))


def compose(
    ticket: Ticket, entry: Entry, kind: str, people: Iterable[Recipient], **context: Any
) -> list[Message]:
    """Letters, not saved yet. Who has no address or is switched off gets none and finds it in the portal."""
    letters = []
    for who in people:
        user = who if isinstance(who, User) else None
        address = (wanted_address(ticket, user) if user is not None else "") or who.email.strip()
        if not address or (user is not None and not user.is_active):
            continue
        language = language_of(who)
        subject, body = render(kind, language, ticket=ticket, entry=entry, person=who, **context)
        letters.append(
            Message(
                key=f"{entry.pk}:{kind}:{_short(who)}{who.pk}",
                ticket=ticket,
                entry=entry,
                recipient=user,
                address=address,
                kind=kind,
                language=language,
                subject=subject,
                body=body,
                message_id=tokens.message_id(ticket.reference, entry.pk, user.pk if user else 0),
            )
        )
    return letters


def render(kind: str, language: str, **context: Any) -> tuple[str, str]:
    """Subject (one line, at most 250 characters) and text of a letter."""
    with translation.override(language):
        context["url"] = address_of(context["ticket"], context["person"])
        whole = render_to_string(f"servicedesk/mail/{kind}.txt", context)
    subject, _sep, body = whole.strip().partition("\n")
    return " ".join(subject.split())[:250], body.strip() + "\n"


def language_of(who: Recipient) -> str:
    """The person's own language, else that of the organisation, else Bokmål."""
    word = who.language if isinstance(who, User) else ""
    if not word and who.organisation is not None:
        word = who.organisation.language
    return word if word in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def address_of(ticket: Ticket, who: Recipient) -> str:
    """Where the addressee reads the ticket: a change on its own page, else the portal for who reported it, the desk for those who work on it.

    Nowhere ("") for who is not in the register.
    """
    if isinstance(who, Correspondent):
        return ""
    own = isinstance(who, User) and who.pk == ticket.reporter_id
    at_desk = not own and (isinstance(who, Team) or ticket.organisation_id in who.access.work_orgs)
    page = "changes:ticket" if ticket.kind == Kind.CHANGE else "desk:ticket" if at_desk else "portal:ticket"
    try:
        path = reverse(page, args=[ticket.reference])
    except NoReverseMatch:  # pages are optional: the API alone can serve a site
        path = "/"
    return links.own(path)


def askers(ticket: Ticket) -> list[Recipient]:
    """The reporter, and the reporters of what was merged into it."""
    people: list[Recipient] = [ticket.reporter] if ticket.reporter is not None else [*correspondents(ticket)]
    merged = User.objects.filter(reported_tickets__parent=ticket, reported_tickets__state="closed")
    return [*people, *(who for who in merged.select_related("organisation").distinct() if who not in people)]


def correspondents(ticket: Ticket) -> list[Correspondent]:
    """Who reported it by mail, where that is nobody in the register, and no machine (its first entry names the author)."""
    if ticket.reporter_id is not None or ticket.channel != Channel.EMAIL:
        return []
    opened = Entry.objects.filter(ticket=ticket, verb=Verb.OPEN, data__has_key="author").first()
    if opened is None:
        return []
    address, name = opened.data["author"]["address"], opened.data["author"]["name"]
    return [Correspondent(ticket.pk, address, name or address, ticket.organisation)]


def wanted_address(ticket: Ticket, who: User) -> str:
    """Where a reporter by mail asked for the answers (Reply-To), if that mail was proven to be the reporter's; else ""."""
    if ticket.channel != Channel.EMAIL or who.pk != ticket.reporter_id:
        return ""
    opened = Entry.objects.filter(ticket=ticket, verb=Verb.OPEN, data__has_key="reply_to").first()
    return str(opened.data["reply_to"]) if opened is not None else ""


def workers(ticket: Ticket) -> list[Recipient]:
    """Whoever works on it: the assignee, else the team by its address."""
    if ticket.assignee is not None:
        return [ticket.assignee]
    return [ticket.team] if ticket.team is not None else []


def holders(ticket: Ticket, *roles: Role, team_first: bool = False) -> list[Recipient]:
    """People who hold any of the roles for the ticket's organisation; `team_first`: only those of its team, if there are any."""
    above = ticket.organisation.get_ancestors(include_self=True).values("pk")
    ids = Membership.objects.filter(organisation__in=above, role__in=roles).values("user_id")
    found = list(User.objects.filter(pk__in=ids, is_active=True).select_related("organisation"))
    if not team_first or ticket.team is None:
        return list(found)
    members = set(ticket.team.members.values_list("pk", flat=True))
    return [who for who in found if who.pk in members] or list(found)
