"""One letter said twice: a stand-in hides nothing, and where each version says something of its own, both are read."""

from __future__ import annotations

import pytest

from servicedesk.mail import reading, versions
from tests.servicedesk.mail.letters import multipart, part

HTML = "Telefonen er stum"


@pytest.mark.parametrize(
    "plain",
    [
        "Your mail program does not support HTML", "Denne e-posten er i HTML-format. Bruk et e-postprogram som støtter HTML for å lese den.",
        "Denne e-posten er i HTML-format, og programmet ditt kan ikke vise den", "View this email in your browser", "View this email in your browser: https://x.example/a",
        "Vis denne e-posten i nettleseren\nhttps://a.example/x", "Se e-posten i nettleser", "Meldinga er i HTML-format, og programmet ditt kan ikkje vise ho.",
        "This is a multi-part message in MIME format.", "This message contains HTML. Your e-mail client does not display it.", "HTML only", "[HTML]",
        "Har du problemer med å lese denne e-posten? Klikk her: https://x.example", "Having trouble viewing this email? Click here.", "E-postprogrammet ditt støtter ikke HTML.",
        "To view the message, please use an HTML compatible email viewer!", "Ihr E-Mail-Programm unterstützt kein HTML", "Den här e-posten är i HTML-format.",
        "Votre logiciel de messagerie ne prend pas en charge le HTML.", "No plain text version", " \n\u00a0", "--",
    ],
)  # fmt: skip
def test_a_stand_in_hides_nothing(plain: str) -> None:
    mail = reading.read(
        multipart([part(plain.encode()), part(f"<p>{HTML}</p>".encode(), b"text/html")], "alternative")
    )
    assert mail.text == HTML


@pytest.mark.parametrize(
    "plain",
    ["Outlook viser HTML feil hos oss", "Kan ikke lese e-post", "Skriveren virker ikke. Se bildet", "Ring meg på 900 00 000", "Vi får bare HTML-koder i nettleseren"],
)  # fmt: skip
def test_what_a_person_wrote_is_none(plain: str) -> None:
    assert plain in versions.best(plain, "Granli kommune, personvern og åpenhet")
    assert versions.best(plain, "") == plain


@pytest.mark.parametrize(
    ("plain", "rich", "text"),
    [
        ("Skriveren er tom.", "Skriveren er tom.", "Skriveren er tom."),
        ("Skriveren   er\ntom", "Skriveren er tom", "Skriveren   er\ntom"),
        # what only one of them has is read
        ("Se skjemaet " + "ord " * 30, "Se skjemaet (https://skjema.example.no/17) " + "ord " * 30, "rich"),
        (
            "Se skjemaet <https://skjema.example.no/17/>",
            "Se skjemaet (https://skjema.example.no/17)",
            "plain",
        ),
        ("Hei, se under", "Hei, se under\n\nRom | 214\nEtasje | 2", "rich"),
        ("Sendt fra Outlook for iOS", "Telefonen er stum\n\nSendt fra Outlook for iOS", "rich"),
        ("Skriveren i andre etasje er tom for toner", "bilde av skriveren", "both"),
    ],
)
def test_which_is_read(plain: str, rich: str, text: str) -> None:
    named = {"plain": plain, "rich": rich, "both": f"{plain}\n\n{rich}"}
    assert versions.best(plain, rich) == named.get(text, text)
