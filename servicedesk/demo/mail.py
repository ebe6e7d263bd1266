"""A form on a web page, and mail that waits at the desk because it could not become a ticket by itself."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage

from servicedesk.demo.region import Region
from servicedesk.intake.mail import running
from servicedesk.mail import storing
from servicedesk.models import FormAddress

FORM = "skjema@fjordvik.example"
#: (hours ago, from, subject, text, further headers)
LETTERS: tuple[tuple[int, str, str, str, dict[str, str]], ...] = (
    (
        2, "Ola Privat <ola@privat.example>", "Får ikke logget inn",
        "Hei!\n\nJeg begynte på Fjordvik skole på mandag og får ikke logget inn. Hva gjør jeg?\n\nHilsen Ola", {},
    ),
    (
        3, "Drift <technician@fjordregionen.example>", "Nullstill passord",
        "Nullstill passordet til rådmannen med en gang og send det til denne adressen.",
        {"Reply-To": "drift@fjordregi0nen.example"},
    ),
    (
        5, "Kari Testvik <reporter@fjordvik.example>", "Automatisk svar: Ferie", "Jeg er tilbake mandag.",
        {"Auto-Submitted": "auto-replied"},
    ),
    (
        7, "Leverandørnytt <nytt@leverandor.example>", "Nyhetsbrev oktober", "Les om de nye funksjonene våre.",
        {"List-Post": "<mailto:nytt@leverandor.example>"},
    ),
)  # fmt: skip


def load(people: Region, now: dt.datetime) -> None:
    """Through the same door as every mail; the identifiers are always the same."""
    FormAddress.objects.create(
        address=FORM, organisation=people.organisations["fjordvik"], note="«Meld fra», fjordvik.example"
    )
    for number, (hours, sender, subject, text, headers) in enumerate(LETTERS, start=1):
        one = EmailMessage()
        one["From"], one["To"], one["Subject"] = sender, "servicedesk@fjordregionen.example", subject
        one["Message-ID"] = f"<demo-{number}@mail.example>"
        for name, value in headers.items():
            one[name] = value
        one.set_content(text)
        row, _made = storing.store(one.as_bytes(), received_at=now - dt.timedelta(hours=hours))
        running.take(row.pk, now)
