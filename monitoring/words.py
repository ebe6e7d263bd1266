"""The kinds of event, and the sentence for each: events store the kind, pages and messages speak the reader's language."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: What happened (or, for a problem, what is wrong).
KINDS: Final[dict[str, Promise]] = {
    "down": _("Does not answer"),
    "up": _("Answers again"),
    "restart": _("Has started anew"),
    "slow": _("Answers slowly"),
    "unaskable": _("Cannot be asked"),
    "on_battery": _("Runs on battery"),
    "printer_stopped": _("Prints nothing"),
    "disk_full": _("A disk is nearly full"),
    "certificate_ends": _("Its certificate ends soon"),
    "port_down": _("A port went down"),
    "port_up": _("A port came up"),
    "trap": _("Sent a message"),
    "auth_failure": _("Refused a wrong password"),
    "backup_failed": _("Its configuration could not be fetched"),
    "config_changed": _("Its configuration was changed"),
}

SENTENCES: Final[dict[str, Promise]] = {
    "down": _("%(name)s does not answer"),
    "up": _("%(name)s answers again"),
    "restart": _("%(name)s has started anew"),
    "slow": _("%(name)s answers slowly"),
    "unaskable": _("%(name)s cannot be asked"),
    "on_battery": _("%(name)s runs on battery"),
    "printer_stopped": _("%(name)s prints nothing"),
    "disk_full": _("A disk of %(name)s is nearly full"),
    "certificate_ends": _("The certificate of %(name)s ends soon"),
    "port_down": _("Port %(instance)s of %(name)s went down"),
    "port_up": _("Port %(instance)s of %(name)s came up"),
    "trap": _("%(name)s sent a message"),
    "auth_failure": _("%(name)s refused a wrong password"),
    "backup_failed": _("The configuration of %(name)s could not be fetched"),
    "config_changed": _("The configuration of %(name)s was changed"),
}


def label(kind: str) -> str:
    """A kind in words; an unknown one as it stands."""
    return str(KINDS.get(kind, kind))


def sentence(kind: str, name: str, instance: str = "") -> str:
    """What happened to whom, in the language in force: "sw-sentrum-1 does not answer"."""
    form = SENTENCES.get(kind)
    return str(form) % {"name": name, "instance": instance} if form else f"{name}: {kind}"
