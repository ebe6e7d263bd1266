"""Targets that are judged without SNMP: ping, a TCP port, a web page. See monitoring/probes for the asking itself."""

from datetime import datetime
from typing import Final

from monitoring.collectors import Metric
from monitoring.egress import Found, RefusedError
from monitoring.egress.rules import Road, Rules
from monitoring.models import CheckKind, Severity, Target
from monitoring.outcome import Finding, Outcome, Result
from monitoring.probes import HttpsResult, probe_https, probe_icmp, probe_tcp
from monitoring.probes import Result as Probed

#: Not the target's fault: this machine may not ask, or the row names nothing that can be asked.
UNASKABLE: Final = frozenset({"forbidden", "egress"})
SLOW_MS: Final = {CheckKind.ICMP: 500.0, CheckKind.TCP: 1000.0, CheckKind.HTTPS: 3000.0}
CERTIFICATE_DAYS: Final = 14


async def probe(target: Target, rules: Rules, found: Found, at: datetime) -> Outcome:
    """Ask one target in its way. Never raises for what it answers."""
    try:
        address = rules.way(Road.of(target), found)
    except RefusedError as refused:
        return Outcome(target.pk, at, Result.UNASKABLE, str(refused))
    if target.check_kind == CheckKind.ICMP:
        return _outcome(target, await probe_icmp(address), at)
    if target.check_kind == CheckKind.TCP:
        return _outcome(target, await probe_tcp(address, target.port), at)
    # The certificate is for the name, the connection goes to the address that was checked.
    return _outcome(
        target, await probe_https(address, target.port, target.path or "/", name=target.address), at
    )


def _outcome(target: Target, found: Probed, at: datetime) -> Outcome:
    kind = CheckKind(target.check_kind)
    if not found.ok:
        result = Result.UNASKABLE if found.error in UNASKABLE else Result.SILENT
        return Outcome(target.pk, at, result, found.detail or found.error or "", found.rtt_ms)
    metrics, findings = list[Metric](), tuple[Finding, ...]()
    days = found.days_left(at) if isinstance(found, HttpsResult) else None
    if days is not None:
        metrics.append(Metric("certificate.days_left", "", days, "d"))
        if days < CERTIFICATE_DAYS:
            findings = (Finding("certificate_ends", Severity.WARNING, text=f"{days:.0f} d"),)
    slow = (found.rtt_ms or 0) > SLOW_MS[kind]
    return Outcome(
        target.pk, at, Result.ANSWERED, "", found.rtt_ms, None, metrics, slow=slow, findings=findings
    )
