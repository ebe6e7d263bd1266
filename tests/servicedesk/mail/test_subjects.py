"""What a subject alone tells; a person who writes about such a letter is none."""

from __future__ import annotations

import pytest

from servicedesk.mail import machines, parsing, subjects
from tests.servicedesk.mail.letters import PNG, heads, multipart, part


@pytest.mark.parametrize(
    "subject",
    [
        "Autosvar – jeg har ferie", "Autosvar - tilbake mandag", "Autosvar (ferie)", "Autosvar, tilbake 3. august", "Autosvar! Jeg er borte", "Autosvar | Ferie",
        "Automatisk svar – Skriver", "Automatisk svar. Jeg er på reise", "Automatisk e-postsvar: x", "Fraværsmelding - ferie", "Fraværsmelding… jeg er borte",
        "Feriesvar: x", "Fravaersmelding: ferie", "Out of Office - back Monday", "Out of office (until 3 August)", "Out-of-Office: x", "Out Of Office Message: x",
        "Ute av kontoret: ferie", "Ute av kontoret – tilbake mandag", "Ikke på kontoret - ferie til 3.8.", "Ikkje på kontoret: x", "Automatic reply – Printer",
        "Automated response: x", "Automatische Antwort – Drucker", "Abwesenheitsnachricht: x", "Réponse automatique – imprimante", "Message d’absence : x",
        "Autoodpowiedź: x", "Автоответ: принтер", "自动答复: x", "Automatisk svar：x", "OOF: x",
        # what gateways put in front
        "[EKSTERN] Automatisk svar: x", "[EXT] [SPAM?] Out of office", "EXTERNAL: Automatic reply: x", "***SPAM*** Autosvar: x", "{Ekstern} Fraværsmelding: x",
        # receipts
        "Lest: Skriver", "LEST: Skriver", "Ulest: Skriver", "Ikke lest: Skriver", "Ikkje lest: Skrivar", "Slettet uten å være lest: x", "Levert: Skriver", "Read: Printer",
        "Not read: Printer", "Unread: Printer", "Delivered: Printer", "Relayed: Printer", "Read receipt: x", "Read-Receipt: x", "Return Receipt (displayed) - Printer",
        "Lesebekreftelse: x", "Lesekvittering: x", "Leveringskvittering: x", "Läst: x", "Oläst: x", "Læst: x", "Gelesen: Drucker", "Ungelesen: x", "Lu : x", "Luettu: x",
        "Gelezen: x", "Leído: x", "[EXTERNAL] Read: x", "Lest: Re: [INC-00001] Skriver",
    ],
)  # fmt: skip
def test_a_machine_s(subject: str) -> None:
    assert subjects.kind(subject) == "automatic"


@pytest.mark.parametrize(
    "subject",
    [
        "Undeliverable: Printer", "Undeliverable", "Undelivered Mail Returned to Sender", "Levering mislyktes: Skriver", "Levering forsinket: x", "Kan ikke leveres: x",
        "Kan ikkje leverast: x", "Kunne ikke leveres: x", "E-posten kan ikke leveres: x", "Ikke levert: x", "Uleverbar: x", "Olevererbart: x", "Kan inte levereras: x",
        "Unzustellbar: x", "Non remis : x", "Onbestelbaar: x", "failure notice", "Mail delivery failed: returning message to sender", "Mail Delivery Failure: x",
        "Returned mail: see transcript for details", "Delivery Status Notification (Failure)", "Delivery delayed: x", "Warning: could not send message for past 4 hours",
        "Non-delivery report", "Message undeliverable: x", "[EKSTERN] Undeliverable: x", "UNDELIVERABLE: x",
    ],
)  # fmt: skip
def test_a_bounce_s(subject: str) -> None:
    assert subjects.kind(subject) == "bounce"


@pytest.mark.parametrize(
    "subject",
    [
        "Lest avisen i dag?", "Lest om feilen i Profil", "Ulest e-post forsvinner", "Ulest – tre meldinger i innboksen", "Read only files on drive H", "Read-only: disk H",
        "Reading glasses", "Lestrender: skjermleser", "Kan ikke lese e-post", "Levert PC virker ikke", "Leverte skjermer: to er knust", "Ikke lest noe om dette",
        "Re: Automatisk svar fungerer ikke", "SV: Lest: Skriver", "VS: Undeliverable: Skriver", "Fwd: Undeliverable: x", "Re: Read: x", "«Undeliverable: x» hver dag",
        "Autosvar virker ikke i Outlook", "Autosvar mitt er feil", "Autosvar-feil i Outlook", "Autosvar - virker ikke", "Autosvar – hvordan slå det av?", "Autosvar (feil)",
        "Automatisk svar – kan dere slå på?", "Fraværsmelding lar seg ikke slå på", "Fraværsmelding må endres", "Out of office virker ikke",
        "Out of office - not working", "Ute av kontoret – mistet nøkkelkortet", "Ikke på kontoret, trenger VPN", "Ikke til stede i systemet – legg meg til",
        "På ferie – steng tilgangen", "Kari er på ferie", "Auto", "Auto - ny bil i bilpoolen", "Automat: kaffe", "Borte: mus", "Undeliverable mail to my boss, help",
        "Undelivered mail – what to do", "Kan ikke leveres på døra", "Levering mislyktes for pakken", "Levering av PC", "Mail delivery failed", "Delivery failure",
        "Returned mail", "Delayed: prosjektet", "Leveringsfeil: toner", "Accepted: tilbud", "Avslått: søknaden min", "Godtatt: møte", "Recall: battery", "Read",
        "[INC-00001] Lest avisen", "[EKSTERN] Hei", "[Sak] ", "", "[]", ":", "- ",
    ],
)  # fmt: skip
def test_a_person_s(subject: str) -> None:
    assert subjects.kind(subject) == ""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Fraværsmelding: ferie".encode(), "automatic"),
        ("Fraværsmelding: ferie".encode("latin-1"), "automatic"),
        ("Réponse automatique : imprimante".encode("latin-1"), "automatic"),
        ("Réponse automatique\u00a0: imprimante".encode(), "automatic"),
        ("Autosvar – jeg har ferie".encode("cp1252"), "automatic"),
        (b"=?utf-8?Q?Frav=C3=A6rsmelding:?= ferie", "automatic"),
        (b"=?iso-8859-1?Q?Frav=E6rs?=\r\n =?iso-8859-1?Q?melding=3A_x?=", "automatic"),
        (b"Automatisk\r\n svar: x", "automatic"),
        ("Re\u0301ponse automatique: x".encode(), "automatic"),
        ("\u200bAuto\u00adsvar: x".encode(), "automatic"),
        (b"Olevererbart: x", "bounce"),
        ("Fraværsmelding virker ikke".encode("latin-1"), ""),
        ("Får ikke lest: e-post".encode("latin-1"), ""),
    ],
)
def test_in_whatever_bytes_it_stands(source: bytes, expected: str) -> None:
    assert machines.judge(parsing.parse(heads(source) + b"\r\nhei")).kind == expected


@pytest.mark.parametrize("subject", [b"Godtatt: opplaering", b"Declined: training", b"Tentative: x"])
def test_a_calendar_s_answer_needs_another_sign(subject: bytes) -> None:
    words = part(b"")
    tnef = part(b"x\x9f>\x22", b"application/ms-tnef; name=winmail.dat")

    def kind(raw: bytes) -> str:
        return machines.judge(parsing.parse(raw)).kind

    assert kind(multipart([words, tnef], subject=subject)) == "automatic"
    calendar = {"Content_Class": "urn:content-classes:calendarmessage"}
    assert kind(multipart([words], subject=subject, **calendar)) == "automatic"
    assert kind(multipart([words, part(PNG, b"image/png")], subject=subject)) == ""
    # an invitation is somebody's wish
    assert kind(multipart([words, tnef], subject=b"Opplaering")) == ""
