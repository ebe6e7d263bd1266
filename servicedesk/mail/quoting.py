"""What a person wrote now, without the letter that the mail program put under it. The raw mail keeps everything."""

from __future__ import annotations

import re

from mailparser_reply import EmailReplyParser

#: The library's expressions can take long on made-up text; what is longer is only cut by our own rules, line by line.
_LIBRARY_AT_MOST = 6_000
_DIVIDER = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|opprinnelig melding|opphavleg melding|videresendt melding|"
    r"vidaresend melding|forwarded message)\s*-{0,}|_{20,})\s*$",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"^\s*(?:on|den|am|på|kl\.?|\d{1,2}[./ ]|man|tir|tys|ons|tor|fre|lør|laur|søn|sun).{0,250}?"
    r"\b(?:wrote|skrev|skreiv)\b.{0,250}:\s*$",
    re.IGNORECASE,
)
#: A sentence may begin like that too; a mail program's line also has an address or a time of day.
_STAMP = re.compile(r"@|\d[:.]\d\d")
_FROM = re.compile(r"^\s*\*?(?:from|fra|frå)\*?\s*:", re.IGNORECASE)
_HEAD = re.compile(r"^\s*\*?(?:sent|sendt|date|dato|to|til|subject|emne)\*?\s*:", re.IGNORECASE)


def newest(text: str) -> str:
    """The newest part of a reply. Where nothing would be left (somebody wrote below the quotation), all of it."""
    own = _without_quotes(_above_head(text.replace("\r\n", "\n").split("\n")))
    if len(own) <= _LIBRARY_AT_MOST:
        own = EmailReplyParser(languages=["en"]).parse_reply(own) or own
    return own.strip() or text.strip()


def _above_head(lines: list[str]) -> list[str]:
    """Lines before the first head of an older letter."""
    for number, line in enumerate(lines):
        short = line[:600]
        if _DIVIDER.match(short):
            return lines[:number]
        joined = short + " " + lines[number + 1][:300] if number + 1 < len(lines) else short
        if any(_WROTE.match(one) and _STAMP.search(one) for one in (short, joined)):
            return lines[:number]
        if (
            _FROM.match(short)
            and sum(bool(_HEAD.match(x[:200])) for x in lines[number + 1 : number + 6]) >= 2
        ):
            return lines[:number]
    return lines


def _without_quotes(lines: list[str]) -> str:
    return "\n".join(line for line in lines if not line.lstrip().startswith(">"))
