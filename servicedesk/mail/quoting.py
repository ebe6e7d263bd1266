"""What a person wrote now, and apart from it the older letter that the mail program put under or above it. Nothing is lost.

Line by line, so that made-up text takes no longer than other text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: A longer text is no reply that anybody wrote; all of it stays.
LONGEST = 400_000
_VERBS = (
    r"wrote|writes|skrev|skreiv|skriver|schrieb|schreibt|a écrit|écrit|escribió|escribio|kirjoitti|schreef|napisał(?:\(a\)|a)?|"
    r"pisze|ha scritto|scrive|escreveu|napsal(?:\(a\)|a)?|skrifaði|kirjutas|rašė|пишет|написал(?:\(а\)|а)?|пише|čálii"
)
_WROTE = re.compile(rf"(?<!\w)(?:{_VERBS})(?!\w)", re.IGNORECASE)
_ENDS = re.compile(r"[:：]\s*$")
#: A sentence may look like that too; a mail program's line also has an address, or a day and a time.
_ADDRESS = re.compile(r"[^\s@<]@[^\s@>]")
_TIME = re.compile(r"\d{1,2}[:.h]\d{2}")
_DAY = re.compile(r"\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2}|\d{1,2}\.? \w{3,}")
_FROM = "from|fra|frå|von|från|de|da|lähettäjä|van|od|frá|saatja|от|від|fr"
_SENT = (
    "sent|sendt|date|dato|datum|gesendet|skickat|envoyé|enviado(?: el)?|enviada em|lähetetty|päivämäärä|verzonden|wysłano|"
    "data|inviato|fecha|odesláno|sent on|отправлено|дата"
)
_TO = "to|til|an|till|à|para|vastaanottaja|aan|do|a|komu|кому|for"
_SUBJECT = "subject|emne|tittel|betreff|ämne|objet|asunto|aihe|onderwerp|temat|oggetto|assunto|předmět|тема"
_OTHER = (
    "cc|kopi|kopia|kopie|reply-to|svar til|organi[sz]ation|importance|prioritet|viktighet|vedlegg|attachments"
)
_MARK = r"^[\s>*_]{0,8}"
_IS_FROM = re.compile(rf"{_MARK}(?:{_FROM})\s?\*?\s?[:：]", re.IGNORECASE)
_IS_HEAD = re.compile(rf"{_MARK}(?:{_SENT}|{_TO}|{_SUBJECT}|{_OTHER})\s?\*?\s?[:：]", re.IGNORECASE)
_INSIDE = re.compile(rf"(?<!\w)(?:{_SENT}|{_TO}|{_SUBJECT})\*?\s?[:：]", re.IGNORECASE)
_WORDS = (
    r"original message|opprinn?elig melding|oppr?havleg melding|opprinnelig e-?post|videresendt (?:melding|e-?post)|vidaresend(?:t)? melding|"
    r"forwarded message|oprindelig meddelelse|videresendt meddelelse|ursprungligt meddelande|vidarebefordrat (?:brev|meddelande)|"
    r"ursprüngliche (?:nachricht|mail|e-mail)|weitergeleitete nachricht|message d['’]origine|message original|message transféré|"
    r"mensaje original|mensaje reenviado|alkuperäinen viesti|välitetty viesti|oorspronkelijk bericht|doorgestuurd bericht|"
    r"(?:oryginalna )?wiadomość oryginalna|oryginalna wiadomość|wiadomość przekazana|messaggio originale|messaggio inoltrato|mensagem original|"
    r"původní zpráva|исходное сообщение|пересылаемое сообщение"
)
_DIVIDER = re.compile(rf"^\s{{0,8}}-{{2,}}\s{{0,3}}(?:{_WORDS})\s{{0,3}}-{{0,40}}\s*$", re.IGNORECASE)
_FORWARD = re.compile(
    r"^(?:begin forwarded message|start på videresendt melding|start på vidaresend melding|begynnelsen på videresendt melding|"
    r"anfang der weitergeleiteten nachricht|vidarebefordrat brev|start på videresendt besked|début du message transféré|"
    r"inicio del mensaje reenviado|välitetty viesti alkaa|begin doorgestuurd bericht)\s?:\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s{0,4}[_-]{10,}\s*$")
_QUOTE = re.compile(r"^\s{0,3}(?:>|&gt;)")


class Split(NamedTuple):
    """The own words, and what they answer."""

    own: str
    quoted: str


def split(text: str) -> Split:
    """Part a reply. Where nothing would be left, or answers stand between the lines of the question, all of it is own."""
    whole = text.replace("\r\n", "\n").strip("\n")
    if len(whole) > LONGEST:
        return Split(whole.strip(), "")
    lines = whole.split("\n")
    cut = _head(lines)
    own, tail = lines[:cut], lines[cut:]
    if tail and (below := _below(tail)):
        # The answer stands under the quotation: the head and its marked lines are quoted, what follows is own.
        own, tail = [*own, *tail[below:]], tail[:below]
    spoken, marked = _parted(own)
    if not _said(spoken):
        return Split(whole.strip(), "")
    quoted = "\n".join([*marked, *tail]).strip("\n")
    return Split("\n".join(spoken).strip(), quoted)


def _said(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)


def _head(lines: list[str]) -> int:
    """Number of the line where the older letter begins; all of them if there is none."""
    for number in range(len(lines)):
        if _begins(lines, number):
            return number
    return len(lines)


def _begins(lines: list[str], number: int) -> bool:
    line = lines[number][:600]
    if _DIVIDER.match(line) or _FORWARD.match(line.strip()):
        return True
    if _RULE.match(line):
        following = [one for one in lines[number + 1 : number + 4] if one.strip()]
        return bool(following and _IS_FROM.match(following[0][:200]))
    if _IS_FROM.match(line):
        near = [one for one in lines[number + 1 : number + 12] if one.strip()][:6]
        return sum(bool(_IS_HEAD.match(one[:200])) for one in near) >= 2 or len(_INSIDE.findall(line)) >= 2
    return _is_wrote(lines, number)


def _is_wrote(lines: list[str], number: int) -> bool:
    """A line that says who wrote when; programs break it into up to three."""
    joined = ""
    for more in range(3):
        if number + more >= len(lines) or (more and not lines[number + more].strip()):
            return False
        joined = f"{joined} {lines[number + more][:300]}".strip()
        if _ENDS.search(joined):
            break
        if not _may_begin(joined):
            return False
    else:
        return False
    if not _WROTE.search(joined):
        return False
    following = next((one for one in lines[number + more + 1 : number + more + 4] if one.strip()), "")
    stamped = _ADDRESS.search(joined) or (_TIME.search(joined) and _DAY.search(joined))
    return bool(stamped or _QUOTE.match(following))


def _may_begin(line: str) -> bool:
    """Whether the sentence may go on in the next line: only one that has a day, a time or an address already."""
    return bool(_DAY.search(line) or _TIME.search(line) or _ADDRESS.search(line)) and not _QUOTE.match(line)


def _below(tail: list[str]) -> int:
    """How many lines of a tail are its head and its marked lines, if own words follow them; else 0."""
    first = next((n for n, line in enumerate(tail[:8]) if _QUOTE.match(line)), None)
    if first is None:
        return 0
    last = first
    for number in range(first, len(tail)):
        if _QUOTE.match(tail[number]):
            last = number
        elif tail[number].strip():
            break
    rest = tail[last + 1 :]
    if any(_QUOTE.match(line) for line in rest):
        return first  # answered one by one: only the head goes
    return last + 1 if _said(rest) else 0


def _parted(lines: list[str]) -> tuple[list[str], list[str]]:
    """(own, marked) lines. Several marked pieces with words between them are answered one by one and stay."""
    pieces = []
    inside = False
    for number, line in enumerate(lines):
        marked = bool(_QUOTE.match(line))
        if marked and not inside:
            pieces.append([number, number + 1])
        elif marked:
            pieces[-1][1] = number + 1
        inside = marked or (inside and not line.strip())
    if len(pieces) != 1:
        return lines, []
    begin, end = pieces[0]
    return lines[:begin] + lines[end:], lines[begin:end]
