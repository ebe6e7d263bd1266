"""Whether a mail comes from whom its From names, as our own mail server found it (RFC 8601, RFC 7489).

Only what the named server wrote counts: anybody can write the same header field into a mail. A server puts its fields above
what it received, so they are read from the top, down to the line that says from whom it received the mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from publicsuffixlist import PublicSuffixList

State = Literal["pass", "fail", "none", "unchecked"]
PASS: State = "pass"  # noqa: S105 - a word of RFC 8601
FAIL: State = "fail"
NONE: State = "none"
UNCHECKED: State = "unchecked"

_LONGEST = 20_000
_MOST = 50
#: What DMARC answers when it has nothing to say about this mail.
_DMARC_SILENT = frozenset({"none", "temperror", "permerror", "bestguesspass", "skipped", "unknown", ""})
_SPF_AGAINST = frozenset({"fail", "hardfail", "softfail"})
#: Where each method names whom it is about.
_ABOUT = {
    "spf": ("smtp.mailfrom", "smtp.mail"),
    "dkim": ("header.d", "header.i"),
    "auth": ("smtp.auth", "smtp.mailfrom"),
}
#: Below one of these nothing is the server's own any more.
_NOT_OURS = frozenset({"received", "from", "to", "subject", "date", "message-id", "mime-version", "reply-to"})
_SIGN = re.compile(r"\\.|.", re.DOTALL)
#: Signs of a quoted string that would separate if they stood bare.
_GUARDED = {" ": "\ue000", "\t": "\ue000", "\n": "\ue000", "=": "\ue001", "/": "\ue002", ".": "\ue003"}
_BARE = str.maketrans({"\ue000": " ", "\ue001": "=", "\ue002": "/", "\ue003": "."})
_RESULT = re.compile(r"^([a-z][\w-]*)(?:/\d+)?=(\S*)", re.IGNORECASE)


@dataclass(frozen=True)
class Verdict:
    """`state`: pass, fail, none (the server said nothing about it), unchecked (no server is named); `detail` says by what."""

    state: State
    detail: str = ""


@dataclass(frozen=True)
class Result:
    """One method's finding: dmarc=pass with its properties (header.from=…), all lower case."""

    method: str
    value: str
    about: dict[str, str] = field(default_factory=dict)


def judge(headers: Sequence[tuple[str, str]], sender: str, servers: Iterable[str]) -> Verdict:
    """The verdict on a mail from `sender` (an address). `headers`: all fields of the mail, in their order."""
    named = {one.strip().lower() for one in servers if one.strip()}
    if not named:
        return Verdict(UNCHECKED)
    domain = sender.rpartition("@")[2]
    found = _trusted(headers, named)
    if not found:
        return Verdict(NONE)
    if not domain:
        return Verdict(FAIL, "no domain in From")
    return _by_dmarc(found, domain) or _by_alignment(found, domain)


def aligned(one: str, other: str) -> bool:
    """Relaxed alignment (RFC 7489, section 3.1): both belong to the same organisation's domain.

    The public suffix list knows that two names under kommune.no are two owners.
    """
    first, second = organisational(one), organisational(other)
    return bool(first) and first == second


def organisational(domain: str) -> str:
    """The domain that somebody registered; "" for none."""
    plain = _ascii(domain)
    if not plain:
        return ""
    return _suffixes().privatesuffix(plain) or plain


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _ascii(domain: str) -> str:
    plain = domain.strip().strip(".").lower()
    try:
        return plain.encode("idna").decode()
    except UnicodeError:
        return plain


# --- what the server wrote ---------------------------------------------------------------------------------


def _trusted(headers: Sequence[tuple[str, str]], named: set[str]) -> list[Result]:
    """The results of the named server's fields that stand above what it received.

    A server may write one field for each method. A method that was told already, or a field below the next Received line or
    below what the writer's program wrote, is a copy that came with the mail.
    """
    found: list[Result] = []
    for name, value in headers:
        lower = name.lower()
        if found and lower in _NOT_OURS:
            break
        if lower != "authentication-results":
            continue
        server, results = parse(value[:_LONGEST])
        if server not in named:
            continue
        told = {one.method for one in found}
        if not results or len(found) > _MOST or told & {one.method for one in results}:
            break
        found += results
    return found


def parse(value: str) -> tuple[str, list[Result]]:
    """(authserv-id, results) of one field; ("", []) for what is none."""
    parts = [_tidy(part) for part in _split(value)]
    head = parts[0].split() if parts else []
    if not head or "=" in head[0]:
        return "", []
    found = []
    for part in parts[1:]:
        match = _RESULT.match(part)
        if match:
            words = [word.partition("=") for word in part[match.end() :].split()]
            about = {key.lower(): text.translate(_BARE).lower() for key, sign, text in words if sign}
            found.append(Result(match[1].lower(), match[2].translate(_BARE).lower(), about))
    return head[0].translate(_BARE).lower(), found


def _split(value: str) -> list[str]:
    """The parts between semicolons, without comments; blanks in quoted strings are kept from being separators."""
    parts, depth, quoted = [""], 0, False
    for sign in _SIGN.findall(value):
        if depth:
            depth += {"(": 1, ")": -1}.get(sign, 0)
        elif sign == '"':
            quoted = not quoted
        elif quoted:
            parts[-1] += _GUARDED.get(sign, sign[-1])
        elif sign == "(":
            depth, parts[-1] = 1, parts[-1] + " "
        elif sign == ";":
            parts.append("")
        else:
            parts[-1] += sign[-1]
    return parts


def _tidy(part: str) -> str:
    """Without the blanks that may stand around the signs."""
    close = re.sub(r"\s*([=/])\s*", r"\1", part.strip())
    return re.sub(r"\s+\.\s*|\s*\.\s+", ".", close)


# --- what follows from it ----------------------------------------------------------------------------------


def _by_dmarc(found: list[Result], domain: str) -> Verdict | None:
    """DMARC's own word, if it has one; a word about another domain is none."""
    about = [one for one in found if one.method == "dmarc" and one.value not in _DMARC_SILENT]
    if not about:
        return None
    for one in about:
        of = one.about.get("header.from", "").rpartition("@")[2]
        if one.value != "pass" or (of and not aligned(of, domain)):
            return Verdict(FAIL, f"dmarc={one.value}" + (f" ({of})" if of else ""))
    return Verdict(PASS, "DMARC")


def _by_alignment(found: list[Result], domain: str) -> Verdict:
    """Without a word of DMARC: who passed, and whether that is the domain in From."""
    for method, shown in (("dkim", "DKIM"), ("spf", "SPF"), ("auth", "SMTP AUTH")):
        for one in found:
            if one.method == method and one.value == "pass" and aligned(_about(one), domain):
                return Verdict(PASS, shown)
    for one in found:
        if one.method == "spf" and (one.value in _SPF_AGAINST or (one.value == "pass" and _about(one))):
            return Verdict(FAIL, f"spf={one.value} ({_about(one)})"[:150])
    return Verdict(NONE, ", ".join(f"{one.method}={one.value}" for one in found)[:150])


def _about(one: Result) -> str:
    for name in _ABOUT[one.method]:
        if one.about.get(name):
            return one.about[name].rpartition("@")[2].strip(" >")
    return ""
