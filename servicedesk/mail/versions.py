"""One text said twice, plain and in HTML (RFC 2046, section 5.1.4): which of the two is read, so that no word of either is lost."""

from __future__ import annotations

import re

_MOST = 500_000
#: A stand-in is short.
_LONGEST = 1_500
_WORD = re.compile(r"\w+")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"()]+", re.IGNORECASE)
_PROGRAM = (
    r"e-?post-?(?:program|klient|leser)\w*|mail-?program\w*|mail-?klient\w*|postprogram\w*|(?:e-?)?mail (?:client|program|reader|software|viewer|app)|client|browser|nettleser\w*|"
    r"webbläsare\w*|e-?postläsare\w*|e-?mail-?programm|programm?|leser|reader|sähköposti\w*|logiciel|messagerie"
)
_HTML = r"\b(?:html|mime)\b"
_FORM = r"format\w*|melding\w*|message\w*|meddeland\w*|nachricht\w*|version\w*|versjon\w*|support\w*|støtt\w*|capable|compatible|kompatib\w*|e-?posten|e-?mail|encoded"
_THIS = r"(?:this|the|these|your|denne|dette|meldingen|meldinga|innholdet|nyhetsbrevet|e-?posten)"
#: A sentence about the letter's form: that it is in HTML, that a program cannot show it, that it is to be seen elsewhere.
_STAND_IN = re.compile(
    rf"{_HTML}.*\b(?:{_PROGRAM}|{_FORM})|\b(?:{_PROGRAM}|{_FORM})\b.*{_HTML}|^html(?: only)?$|"
    rf"\b(?:{_PROGRAM})\b.*(?:\bnot\b|n't|\bikk?j?e\b|\binte\b|\bkein|\bpas\b).*(?:display|show|vise|visa|støtt|support|anzeig)|"
    r"\b(?:view|read|open|see|display|show|vis|les|åpne|opne|se|visa|läs|öppna|ansehen|anzeigen|voir|lire|näytä|katso)\b.{0,60}\b(?:i|in|im|your|din|dans|with|med)\b"
    rf".{{0,30}}\b(?:{_PROGRAM})|"
    r"\b(?:problems?|trouble|difficulty|vansker|problemer|vanskar|cannot|can't|can not|unable|ser ikke|kan ikke)\b.{0,40}\b(?:viewing|reading|displaying|seeing|view|read|see|display|vise|"
    rf"lese|se|visning)\b.{{0,20}}\b{_THIS}\b|"
    r"^(?:klikk|trykk|click|følg|follow)\b.{0,20}\b(?:her|here|link\w*|lenk\w*)\b|"
    r"\b(?:no|ingen|ikke noe|uten) (?:plain[- ])?(?:text|ren tekst|tekst)(?:-?versjon| version| part)",
    re.IGNORECASE,
)
#: Whoever speaks of themselves, or of a fault, is a person.
_PERSON = re.compile(
    r"\b(?:jeg|eg|vi|meg|oss|min|mitt|mine|vår\w*|hjelp|feil\w*|virker|verkar|fungerer|we|my|our|help|error|ich|wir|hilfe)\b",
    re.IGNORECASE,
)
_BREAK = re.compile(r"(?<=[.!?:])\s+|\n\s*\n")


def best(plain: str, rich: str) -> str:
    """The text to be read; both where each says something of its own."""
    if not plain.strip() or not rich.strip():
        return plain if plain.strip() else rich
    words, rich_words = _words(plain), _words(rich)
    common = words & rich_words
    more = _links(rich) - _links(plain)
    if len(common) >= 0.9 * len(rich_words) and not (more and len(common) >= 0.9 * len(words)):
        return plain
    if len(common) >= 0.5 * len(words) and (len(rich_words) > len(words) or more):
        return rich
    if _is_stand_in(plain):
        return rich
    if len(common) >= 0.5 * min(len(words), len(rich_words)):
        return rich if len(rich_words) > len(words) else plain
    return f"{plain.strip()}\n\n{rich.strip()}"


def _words(text: str) -> set[str]:
    return set(_WORD.findall(_LINK.sub(" ", text[:_MOST].lower())))


def _links(text: str) -> set[str]:
    return {found.rstrip("/.,;:!?>)") for found in _LINK.findall(text[:_MOST])}


def _is_stand_in(plain: str) -> bool:
    """Whether every sentence only says that the letter is to be seen in another way."""
    bare = _LINK.sub(" ", plain).strip()
    if len(bare) > _LONGEST or _PERSON.search(bare):
        return False
    sentences = [" ".join(one.split()).strip(" -=*_<>[]()|") for one in _BREAK.split(bare)]
    return all(_STAND_IN.search(one) for one in sentences if _WORD.search(one))
