"""The kinds of event, and the sentence for each: events store the kind, pages and messages speak the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cmdb.common import ui, words

if TYPE_CHECKING:
    from datetime import datetime

    from monitoring.models import Event, Reading

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
    "host_key": _("Shows another SSH host key"),
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
    "host_key": _("%(name)s shows another SSH host key than before"),
}


def label(kind: str) -> str:
    """A kind in words; an unknown one as it stands."""
    return str(KINDS.get(kind, kind))


def sentence(kind: str, name: str, instance: str = "") -> str:
    """What happened to whom, in the language in force: "sw-sentrum-1 does not answer"."""
    form = SENTENCES.get(kind)
    return str(form) % {"name": name, "instance": instance} if form else f"{name}: {kind}"


#: What pollers and probes store as the detail of a failure: the same word in every language of whoever reads it. What
#: stands in brackets behind it came from a library or a device and stays as it is.
DETAILS: Final[dict[str, Promise]] = {
    "no answer": _("no answer"),
    "no answer in time": _("no answer in time"),
    "connection refused": _("connection refused"),
    "unreachable": _("unreachable"),
    "the device refused the SNMPv3 user or key": _("the device refused the SNMPv3 user or key"),
    "what it sent is no answer to the question": _("what it sent is no answer to the question"),
    "the device answered with an error": _("the device answered with an error"),
    "this cannot be asked": _("this cannot be asked"),
    "it answers, but without a usable uptime": _("it answers, but without a usable uptime"),
    "it has no credential": _("it has no credential"),
    "its credential is empty, or its key is lost": _("its credential is empty, or its key is lost"),
    "its credential is not for SNMP": _("its credential is not for SNMP"),
    "it has no SSH login": _("it has no SSH login"),
    "still down after what it is reached through came back": _(
        "still down after what it is reached through came back"
    ),
    "the name does not resolve": _("the name does not resolve"),
    "the connection broke off": _("the connection broke off"),
    "the answer is not HTTP": _("the answer is not HTTP"),
    "refused by the rules of egress: this is neither an address nor a name": _(
        "refused by the rules of egress: this is neither an address nor a name"
    ),
    "refused by the rules of egress: no device has this address": _(
        "refused by the rules of egress: no device has this address"
    ),
    "refused by the rules of egress: in no network of its organisation": _(
        "refused by the rules of egress: in no network of its organisation"
    ),
    "refused by the rules of egress: outside the networks of its credential": _(
        "refused by the rules of egress: outside the networks of its credential"
    ),
    "refused by the rules of egress: its credential belongs to another organisation": _(
        "refused by the rules of egress: its credential belongs to another organisation"
    ),
    "its certificate is not valid yet": _("its certificate is not valid yet"),
    "its certificate has ended": _("its certificate has ended"),
    "its certificate is signed by itself": _("its certificate is signed by itself"),
    "its certificate is for another name": _("its certificate is for another name"),
    "its certificate is not trusted": _("its certificate is not trusted"),
    "it does not speak TLS as we do": _("it does not speak TLS as we do"),
    "it did not finish in time": _("it did not finish in time"),
    "it does not accept the user name and password": _("it does not accept the user name and password"),
    "it does not accept the enable password": _("it does not accept the enable password"),
    "what it answers is no configuration": _("what it answers is no configuration"),
    "it fell silent": _("it fell silent"),
    "it does not speak SSH": _("it does not speak SSH"),
    "it shows another SSH host key than the known one": _("it shows another SSH host key than the known one"),
    "it shows the known host key again": _("it shows the known host key again"),
    "the new host key was accepted": _("the new host key was accepted"),
    "the host key was forgotten": _("the host key was forgotten"),
    "its address was changed, or it is not logged in to any more": _(
        "its address was changed, or it is not logged in to any more"
    ),
}


def detail(text: str) -> str:
    """A stored detail in the language in force, as far as it is ours."""
    base, bracket, rest = text.partition(" (")
    known = DETAILS.get(base)
    return f"{known}{bracket}{rest}" if known else text


def happened(event: Event) -> str:
    """An event in words: the end of a problem is told as such."""
    if event.clears and event.kind != "up":
        return gettext("Over: %(what)s") % {"what": label(event.kind)}
    return label(event.kind)


#: Figures that collectors bring. What is not listed shows under its own name.
METRICS: Final[dict[str, Promise]] = {
    "rtt": _("Answer time"),
    "uptime": _("Up since its own start"),
    "if.up": _("Port is up"),
    "if.in_octets": _("Received in all"),
    "if.out_octets": _("Sent in all"),
    "if.in_rate": _("Receives"),
    "if.out_rate": _("Sends"),
    "cpu.load": _("Processor"),
    "cpu.queue": _("Waiting for the processor"),
    "memory.used": _("Memory in use"),
    "storage.used": _("Disk in use"),
    "host.uptime": _("Machine up since its start"),
    "host.processes": _("Processes"),
    "ups.on_battery": _("Runs on battery"),
    "ups.battery_charge": _("Battery charge"),
    "ups.minutes_left": _("Battery lasts"),
    "ups.load": _("Load"),
    "ups.temperature": _("Temperature"),
    "ups.input_voltage": _("Voltage in"),
    "ups.alarms": _("Alarms of its own"),
    "printer.stopped": _("Stopped"),
    "printer.pages": _("Pages printed"),
    "printer.supply": _("Toner or ink left"),
    "certificate.days_left": _("Certificate lasts"),
}
YES_NO: Final = frozenset({"if.up", "ups.on_battery", "printer.stopped"})
_BIG: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


class Shown(NamedTuple):
    """A reading as a page shows it."""

    label: str
    instance: str
    value: str
    at: datetime


def reading(row: Reading, ports: Mapping[str, str] | None = None) -> Shown:
    """A reading in words, its value with a unit that people read. `ports`: names of ports by their number."""
    name = METRICS.get(row.metric)
    which = (ports or {}).get(row.instance, row.instance) if row.metric.startswith("if.") else row.instance
    return Shown(
        str(name) if name else row.metric, which, value_text(row.metric, row.value, row.unit), row.at
    )


def value_text(metric: str, value: float, unit: str) -> str:
    """ "1,2 Mbit/s", "83 %", "3 days", "Yes"."""
    if metric in YES_NO:
        return gettext("Yes") if value else gettext("No")
    if unit == "s":
        return ui.duration(value)
    if unit in ("bit/s", "octets"):
        for size, prefix in _BIG:
            if abs(value) >= size:
                return _with_unit(ui.number(value / size, 1), f"{prefix}{'B' if unit == 'octets' else unit}")
        return _with_unit(ui.number(value), "B" if unit == "octets" else unit)
    return _with_unit(ui.number(value, 0 if value == int(value) or abs(value) >= 100 else 1), unit)


def _with_unit(number: str, unit: Any) -> str:
    return f"{number}{words.NBSP}{unit}" if unit else number
