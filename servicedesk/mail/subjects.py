"""What a subject alone says of its writer: how mail programs begin notices of absence, receipts and bounces.

The word stands at the very start, and a sign that parts it from the rest follows. «Automatisk svar fungerer ikke» is a person's
sentence, and so is everything that begins with Re:, VS: or a quotation mark.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

#: What gateways put in front of every letter from outside, or of one that they distrust.
_TAGS = re.compile(
    r"^(?:\s*(?:\[[^\]]{1,40}\]|\{[^}]{1,40}\}|\*{2,}\s?[\w -]{1,20}\*{2,}|(?:ekstern|external|ext|extern|spam)\s?:))+\s*(?=\S)",
    re.IGNORECASE,
)
#: Notices of absence. Behind these words a dash, a comma or a bracket parts as well as a colon does.
_NOTICE = "|".join(
    (
        "automati(?:sk|skt) (?:e-?post)?-?svar", "auto-?svar", "autogenerert svar", "(?:frav(?:æ|ae?)rs?|fråværs?)-?(?:melding|assistent|svar|beskj?ed)",
        "frånvaro(?:meddelande|besked)", "feriesvar", "auto(?:matic|mated)?[- ]?(?:reply|response)", "autoresponder",
        "out[- ]of[- ](?:the[- ])?office (?:auto-?(?:reply|response)|assistant|message|notification|notice)", "(?:vacation|holiday|absence) (?:reply|response|notice)",
        "automatische (?:antwort|reaktion)", "abwesenheits(?:notiz|benachrichtigung|meldung|assistent|nachricht)", "réponse automatique", "message d['’]absence",
        "automaattinen vastaus", "automaatvastus", "poissaolo(?:viesti|ilmoitus)", "sjálfvirkt svar", "automatisch antwoord", "afwezigheids(?:bericht|melding)",
        "respuesta automática", "risposta automatica", "resposta automática", "odpowiedź automatyczna", "autoodpowiedź", "automatická odpov[eě]ď",
        "răspuns automat", "automatikus válasz", "автоматический ответ", "автоматична відповідь", "автоответ", "automatinis atsakymas",
        "automātiska atbilde", "otomatik yanıt", "自动(?:答复|回复)", "自動応答",
    )
)  # fmt: skip
#: A person may begin so too («Ute av kontoret – mistet nøkkelen»): behind a dash or in a bracket it must be about being away.
_AWAY = "|".join(
    (
        "ikke til ?stede", "ikkje til ?stades", "ikk?j?e på kontoret", "ute av kontoret", "inte på kontoret", "out[- ]of[- ](?:the[- ])?office",
        "away from (?:the |my )?office", "nicht im (?:büro|haus)", "absente? du bureau", "absence du bureau", "poissa toimistosta", "fuera de (?:la )?oficina",
        "fuori (?:sede|ufficio)",
    )
)  # fmt: skip
#: Words that mean more than that; only a colon will do.
_SHORT = r"auto|ooo|oof|abwesend|poissa|automatisk (?:melding|besked)|automatiskt meddelande"
_BY_NAME = (
    r"(?:auto: )?.{1,80} (?:is (?:currently )?out of the office|er (?:for tiden |for tida )?(?:ikke|ikkje) på kontoret|er ikke til ?stede|"
    r"er (?:for tiden )?ute av kontoret|ist (?:derzeit )?nicht im büro|är inte på kontoret)\.?(?:\s*\(.*\))?"
)
_BACK = re.compile(
    r"\d|\b(?:ferie|ferien|tilbake|attende|borte|reise|kurs|permisjon|back|return\w*|vacation|holiday|leave|until|semester|tillbaka|urlaub|zurück|"
    r"congés|retour|loma\w*)\b",
    re.IGNORECASE,
)
#: Who writes about such a notice, or needs something, is a person, whatever the first word is.
_TROUBLE = re.compile(
    r"\?|\b(?:virker|verkar|fungerer|fungerar|funker|funkar|feil\w*|hjelp|trenger|treng|ønsker|ynskjer|bestille?|problem\w*|slå (?:av|på)|skrus? (?:av|på)|"
    r"hvordan|korleis|hvorfor|kvifor|kan (?:dere|de|du|noen|nokon)|sett(?:e|es|as)? opp|satt opp|aktiver\w*|deaktiver\w*|sendes|stopper|not working|"
    r"does ?n[o']t|broken|error|how to|turn (?:on|off)|set ?up|funktioniert|geht nicht)(?!\w)",
    re.IGNORECASE,
)
_RECEIPTS = "|".join(
    (
        "(?:ikk?j?e |u)?lest", "(?:ikk?j?e |u)lese", "slettet uten å (?:være|bli|ha blitt) lest", "(?:o)?läst", "(?:u|ikke )?læst", "(?:not |un)?read",
        "deleted without being read", "levert", "delivered", "relayed", "leveringskvittering", "lesekvittering", "lesebekreftelse", "mottakskvittering",
        "läskvitto", "leveranskvitto", "læsekvittering", r"(?:read|return|delivery)[- ]receipt(?: \(\w+\))?", "(?:nicht |un)?gelesen", "lesebestätigung",
        "(?:non )?lu", "accusé de (?:réception|lecture)", "luettu", "lukematta", "(?:niet )?gelezen", "(?:no )?leído", "(?:não )?lida", "(?:non )?letto",
        "(?:nie)?przeczytan[eao]", "(?:не )?прочитано", "disposition notification",
    )
)  # fmt: skip
#: Bounces: what only servers say, and what needs its colon, since a parcel cannot be delivered either.
_BOUNCE_ALONE = "|".join(
    (
        "undeliverable", "undelivered mail returned to sender", "uleverbart?", "olevererbart?", "unzustellbar", "nicht zustellbar", "onbestelbaar",
        "niedostarczalne", "failure notice", "delivery status notification", "mail delivery sub-?system", "non-?delivery (?:report|notification)",
        "wiadomość niedostarczona", "rapport om manglende levering",
    )
)  # fmt: skip
_BOUNCE_COLON = "|".join(
    (
        "levering(?:en|a)? (?:er )?(?:mislyktes|mislykkast|mislykkes|mislykkedes|feilet|feila|forsinket|forseinka|utsatt)", "ikk?j?e (?:levert|leverbart?)",
        "(?:e-?posten |meldingen |meldinga )?(?:kan|kunne) ikk?j?e (?:leveres|leverast|afleveres|bli levert)", "(?:kan|kunde) inte levereras?",
        "ej lever(?:ad|erbart?)", "leveransen misslyckades", "(?:mail )?delivery (?:has )?(?:failed|failure|delayed|incomplete|unsuccessful|notification)",
        "mail (?:delivery|system) error", "(?:message|mail) (?:undeliverable|undelivered|not delivered)", "undeliver(?:able|ed) (?:mail|message)", "undelivered",
        "(?:mail |message )?could not be delivered", "returned mail", "warning(?=: could not send)", "zustellung (?:fehlgeschlagen|verzögert)", "non remis",
        "échec de (?:la )?(?:remise|distribution|livraison)", "impossible de remettre", "no se puede entregar", "non recapitabile", "toimittamaton",
        "ei voi(?:da|tu) toimittaa", "kon niet worden bezorgd", "não é possível entregar", "недоставлено",
    )
)  # fmt: skip
_COLON = r"\s*[:：]"
_ABSENT = re.compile(
    rf"^(?:(?:{_NOTICE}|{_AWAY}|{_SHORT}){_COLON}|(?:{_NOTICE}|{_AWAY}|ooo|oof|abwesend|poissa)[.!]?\s*$|\[(?:{_NOTICE}|{_AWAY})\]|{_BY_NAME}\s*$)",
    re.IGNORECASE,
)
_LOOSELY = re.compile(
    rf"^(?:(?P<notice>{_NOTICE})|{_AWAY})(?:\s*[–—|!;,…(\[]|\.\s|\s+-+\s|\s*\.{{2,}})", re.IGNORECASE
)
_RECEIPT = re.compile(rf"^(?:{_RECEIPTS})(?:{_COLON}|(?<=\)) - )", re.IGNORECASE)
_BOUNCE = re.compile(
    rf"^(?:(?:{_BOUNCE_ALONE})(?:{_COLON}|\s*\(|[.!]?\s*$)|(?:{_BOUNCE_COLON}){_COLON})", re.IGNORECASE
)
#: What calendars answer; people begin so too («Avslått: søknaden min»).
_ANSWER = re.compile(
    r"^(?:godtatt|godteke|akseptert|accepter[ae]t|avslått|avslege|avvist|avböjt|afvist|foreløpig(?: godtatt)?|førebels|preliminär\w*|accepted|declined|"
    rf"tentative(?:ly accepted)?|nytt tidspunkt foreslått|new time proposed|zugesagt|abgesagt|abgelehnt|mit vorbehalt|accepté|refusé){_COLON}",
    re.IGNORECASE,
)


def kind(subject: str) -> Literal["", "automatic", "bounce"]:
    """What the subject, decoded and on one line, is the beginning of."""
    plain = unicodedata.normalize("NFC", subject[:300]).strip()
    bare = untagged(plain)
    if _ABSENT.match(plain) or _ABSENT.match(bare) or _is_loosely_absent(bare) or _RECEIPT.match(bare):
        return "automatic"
    return "bounce" if _BOUNCE.match(bare) else ""


def untagged(subject: str) -> str:
    """Without what gateways put in front of it («[EKSTERN]»)."""
    return _TAGS.sub("", subject)


def _is_loosely_absent(subject: str) -> bool:
    found = _LOOSELY.match(subject)
    if found is None or _TROUBLE.search(subject, found.end()):
        return False
    return bool(found["notice"] or _BACK.search(subject, found.end()))


def answers_calendar(subject: str) -> bool:
    """Whether it may be a calendar's answer; another sign must say so too."""
    return bool(_ANSWER.match(untagged(subject[:300].strip())))
