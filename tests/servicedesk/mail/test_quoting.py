"""A reply's own words apart from what it quotes, in the shapes of the programs that people here use."""

from __future__ import annotations

import time

import pytest

from servicedesk.mail import quoting


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Takk!\n\nDen 3. mai 2026 kl. 10:11 skrev Kari Eng <own@example.no>:\n> gammelt\n", "Takk!"),
        ("Takk!\n\nden fre. 3. mai 2026 kl. 10:11 skrev Samdrift\n<desk@example.no>:\n\n> gammelt", "Takk!"),
        ("Hei\n\nFra: Kari\nSendt: i går\nTil: oss\nEmne: x\n\ngammelt", "Hei"),
        ("Hi\n\n-----Original Message-----\nFrom: x\nold", "Hi"),
        ("Hei\n\n________________________________\nFra: x\ngammelt", "Hei"),
        (
            "On Mon, 3 May 2026, Kari <a@b> wrote:\n> only quoted",
            "On Mon, 3 May 2026, Kari <a@b> wrote:\n> only quoted",
        ),
        (
            "Vi skrev i går at det var nede.\nDet er det ennå.",
            "Vi skrev i går at det var nede.\nDet er det ennå.",
        ),
        (
            "Hei!\nDen 3. mai skrev vi følgende:\nalt er nede.",
            "Hei!\nDen 3. mai skrev vi følgende:\nalt er nede.",
        ),
        ("> spørsmål\nsvar", "svar"),
        ("", ""),
    ],
)
def test_quoted_text_stands_apart(text: str, left: str) -> None:
    assert quoting.split(text).own == left


@pytest.mark.parametrize(
    "text",
    [
        "> " * 100_000,
        "On " * 60_000,
        "Fra:\n" * 40_000,
        ("_" * 30 + "\n") * 6_000,
        "- a\n" * 1_500,
        "On\n" * 1_900,
    ],
)
def test_made_up_text_does_not_take_long(text: str) -> None:
    begun = time.perf_counter()
    quoting.split(text)
    assert time.perf_counter() - begun < 5


OLD = "Hvilket rom gjelder det?"
MARKED = "> Hvilket rom gjelder det?"


@pytest.mark.parametrize(
    "head",
    [
        "Den 5. okt. 2026 kl. 08:12 skrev Desken <desk@example.no>:",
        "Den 05.10.2026 08:12, skrev Desken:",
        "man. 5. okt. 2026 kl. 08:12 skrev Desken <\ndesk@example.no>:",
        "På måndag 5. oktober 2026 kl. 08.12 skreiv Desken:",
        "5. okt. 2026 kl. 08.12 skrev Desken <desk@example.no>:",
        "On Mon, Oct 5, 2026 at 8:12 AM Desk <desk@example.no> wrote:",
        "On 5 Oct 2026, at 08:12, Desk <desk@example.no> wrote:",
        "Am 05.10.26 um 08:12 schrieb Desk:",
        "Am Mo., 5. Okt. 2026 um 08:12 Uhr schrieb Desk <\ndesk@example.no>:",
        "Den mån 5 okt. 2026 kl 08:12 skrev Desken <desk@example.no>:",
        "Den 5/10/2026 kl. 08.12 skrev Desken:",
        "Le lun. 5 oct. 2026 à 08:12, Desk <desk@example.no> a écrit :",
        "El lun, 5 oct 2026 a las 8:12, Desk (<desk@example.no>) escribió:",
        "Op ma 5 okt 2026 om 08:12 schreef Desk <desk@example.no>:",
        "ma 5. lokak. 2026 klo 8.12 Desk (desk@example.no) kirjoitti:",
        "pon., 5 paź 2026 o 08:12 Desk <desk@example.no> napisał(a):",
        "W dniu 5.10.2026 o 08:12, Desk pisze:",
        "Il giorno lun 5 ott 2026 alle ore 08:12 Desk <desk@example.no> ha scritto:",
        "Em seg., 5 de out. de 2026 às 08:12, Desk <desk@example.no> escreveu:",
        "-----Opprinnelig melding-----",
        "-------- Ursprüngliche Nachricht --------",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "________________________________\nFra: Desken <desk@example.no>",
        "Fra: Desken\nSendt: mandag 5. oktober 2026 08:12\nTil: Kari\nEmne: Sak",
        "*Fra:* Desken\n*Sendt:* mandag 5. oktober 2026 08:12\n*Til:* Kari\n*Emne:* Sak",
        "Frå: Desken\nSendt: måndag\nTil: Kari\nEmne: Sak",
        "From: Desk\nSent: Monday\nTo: Kari\nSubject: Case",
        "Von: Desk\nGesendet: Montag, 5. Oktober 2026 08:12\nAn: Kari\nBetreff: Fall",
        "Från: Desken\nSkickat: den 5 oktober 2026\nTill: Kari\nÄmne: Ärende",
        "De : Desk\nEnvoyé : lundi 5 octobre 2026\nÀ : Kari\nObjet : Cas",
        "De: Desk\nEnviado el: lunes\nPara: Kari\nAsunto: Caso",
        "Lähettäjä: Desk\nLähetetty: maanantai\nVastaanottaja: Kari\nAihe: Asia",
        "Van: Desk\nVerzonden: maandag\nAan: Kari\nOnderwerp: Zaak",
        "Od: Desk\nWysłano: poniedziałek\nDo: Kari\nTemat: Sprawa",
        "From: Desk <desk@example.no> Sent: Monday To: Kari Subject: Case",
    ],
)
def test_heads_of_all_languages(head: str) -> None:
    for older in (OLD, MARKED):
        found = quoting.split(f"Rom 3.\n\n{head}\n\n{older}\n")
        assert found.own == "Rom 3."
        assert found.quoted == f"{head}\n\n{older}"


def test_nothing_is_lost() -> None:
    text = "Takk!\n\nDen 5. okt. 2026 kl. 08:12 skrev Desken <d@example.no>:\n\n> gammelt\n> mer\n\n-- \nKari"
    found = quoting.split(text)
    assert found.own.split() == ["Takk!", "--", "Kari"]
    assert sorted(" ".join(found).split()) == sorted(text.split())


def test_an_answer_below_the_question() -> None:
    found = quoting.split("On 5 Oct 2026, at 08:12, Desk <d@example.no> wrote:\n\n> Hvilket rom?\n\nRom 3.")
    assert found == ("Rom 3.", "On 5 Oct 2026, at 08:12, Desk <d@example.no> wrote:\n\n> Hvilket rom?")


def test_answers_between_the_questions_stay_where_they_are() -> None:
    talk = "> Hvilket rom?\nRom 3.\n> Hvilken skriver?\nDen blå."
    assert quoting.split(talk).own == talk
    head = "Den 5. okt. 2026 kl. 08:12 skrev Desken <d@example.no>:"
    assert quoting.split(f"{head}\n{talk}") == (talk, head)
