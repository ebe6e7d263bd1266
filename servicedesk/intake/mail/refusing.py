"""Senders that nobody wants to hear of: their mail is kept and counted, and asks nobody; a refusal can be taken back."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb.maildomains import home_of
from cmdb.models import Organisation, OrganisationKind, User
from servicedesk.actors import Actor
from servicedesk.models import InboundMail, Outcome, Reason, RefusedSender


def may_refuse_for(user: User, organisation: Organisation | None) -> bool:
    """Where one works; for the whole region only who works for it."""
    if organisation is not None:
        return organisation.pk in user.access.work_orgs
    return Organisation.objects.filter(pk__in=user.access.work_orgs, kind=OrganisationKind.REGION).exists()


def refuse(
    actor: Actor, address: str, *, organisation: Organisation | None, reason: str = ""
) -> tuple[RefusedSender, int]:
    """Refuse an address or @domain; its waiting mails are dealt with. Answers the row and how many they were."""
    user, address = actor.user, address.strip().lower()[:254]
    if user is None or not may_refuse_for(user, organisation):
        raise PermissionDenied(_("You cannot refuse senders for others."))
    check(address)
    with transaction.atomic():
        row, _new = RefusedSender.objects.get_or_create(
            address=address, organisation=organisation, defaults={"made_by": user, "reason": reason[:200]}
        )
        mine = InboundMail.objects.visible_to(user).order_by().values("pk")
        waiting = of(row).filter(outcome=Outcome.HELD, decided_at=None, pk__in=mine)
        done = waiting.update(decided_by=user, decided_at=timezone.now(), reason=Reason.REFUSED_SENDER)
    return row, done


def check(address: str) -> None:
    """A sentence for what would shut out those whom the desk is there for."""
    if "@" not in address or not address.rpartition("@")[2]:
        raise ValidationError(_("This is no address."))
    if not address.startswith("@"):
        return
    home = home_of(address)
    if home is not None:
        raise ValidationError(
            _("%(domain)s is the domain of %(name)s: refuse single addresses.")
            % {"domain": address, "name": home}
        )
    known = User.objects.filter(email__iendswith=address, is_active=True).count()
    if known:
        raise ValidationError(
            _("%(n)s people of the register have an address there: refuse single addresses.") % {"n": known}
        )
    if "." not in address:
        raise ValidationError(_("This would refuse half the world: name a domain."))


def of(row: RefusedSender) -> QuerySet[InboundMail]:
    """Mail that this refusal means."""
    meant = Q(sender=row.address)
    if row.address.startswith("@"):
        meant = Q(sender__endswith=row.address) | Q(sender__endswith="." + row.address[1:])
    mails = InboundMail.objects.filter(meant)
    if row.organisation is not None:
        mails = mails.filter(organisation__in=row.organisation.get_descendants(include_self=True))
    return mails


def take_back(actor: Actor, row: RefusedSender) -> int:
    """End a refusal: what it held without anybody looking waits for people now. Answers how many these are."""
    if actor.user is None or not may_refuse_for(actor.user, row.organisation):
        raise PermissionDenied(_("You cannot refuse senders for others."))
    with transaction.atomic():
        held = of(row).filter(outcome=Outcome.HELD, reason=Reason.REFUSED_SENDER, decided_by=None)
        count = held.update(decided_at=None)
        row.delete()
    return count
