"""How reasons and findings look: colour, icon, and the sentence that says why a mail was held and what helps."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from servicedesk.models import Authentication, Reason

REASONS: dict[str, tuple[str, str]] = {
    Reason.UNKNOWN_SENDER: ("info", "question"),
    Reason.AMBIGUOUS: ("info", "people"),
    Reason.AUTOMATIC: ("neutral", "robot"),
    Reason.BOUNCE: ("warning", "merge"),
    Reason.UNREADABLE: ("warning", "breach"),
    Reason.TOO_LARGE: ("warning", "breach"),
    Reason.TOO_MANY: ("warning", "pause"),
    Reason.NOT_AUTHENTICATED: ("danger", "shield"),
    Reason.REFUSED_SENDER: ("neutral", "cancelled"),
    Reason.REFUSED: ("warning", "lock"),
    Reason.OWN: ("neutral", "mail"),
    Reason.FAILED: ("danger", "breach"),
}
#: As narrow as a column of the list.
SHORT: list[tuple[str, str | Promise]] = [
    (Reason.NOT_AUTHENTICATED, _("sender not proven"))
    if reason == Reason.NOT_AUTHENTICATED
    else (reason, reason.label)
    for reason in Reason
]
FINDINGS: dict[str, tuple[str, str]] = {
    Authentication.PASS: ("success", "check"),
    Authentication.FAIL: ("danger", "breach"),
    Authentication.NONE: ("neutral", "question"),
    Authentication.UNCHECKED: ("neutral", "question"),
}
WHY: dict[str, str | Promise] = {
    Reason.UNKNOWN_SENDER: _(
        "Nobody in the register has this address, and it is no address of a municipality. Open a ticket for the right person, or answer."
    ),
    Reason.AMBIGUOUS: _("Several people have this address. Open a ticket for the right one."),
    Reason.AUTOMATIC: _(
        "A machine seems to have written it: an absence notice, a newsletter, a calendar's answer. If it matters, open a ticket."
    ),
    Reason.BOUNCE: _(
        "It says that a letter was not delivered, and names none of ours. Letters of ours that come back are shown on their ticket."
    ),
    Reason.UNREADABLE: _(
        "The mail cannot be taken apart. Its original is kept; open a ticket by hand if it matters."
    ),
    Reason.TOO_LARGE: _("The mail is too large to be fetched."),
    Reason.TOO_MANY: _(
        "More came from this sender in an hour than becomes tickets by itself. Nothing is lost: let them through, or refuse the sender."
    ),
    Reason.NOT_AUTHENTICATED: _(
        "The mail bears a name that was not proven. Ask the person by telephone before you act on it."
    ),
    Reason.REFUSED_SENDER: _("Mail from this sender is refused. The refusal can be taken back."),
    Reason.REFUSED: _("The sender may not do what the mail asks for."),
    Reason.OWN: _("It is a letter of ours that came back to us."),
    Reason.FAILED: _("Acting on the mail failed again and again. Try again, or open a ticket by hand."),
}
