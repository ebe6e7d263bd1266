"""Each kind of mail that once went wrong, through the whole door: taken in, judged, opened, held or known again."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import override_settings

from cmdb.models import User
from servicedesk.intake.mail import acting, reporting
from servicedesk.models import FormAddress
from tests.cases import Region, build
from tests.servicedesk.mail.letters import PDF, PNG, attached, branch, heads, multipart, part, plain

OWN, STAFF, FORM = "kari@granli.example", "per@region.example", "skjema@granli.example"
MX = "mx.region.example"
HTML = b"text/html; charset=utf-8"


@dataclass(frozen=True)
class Kind:
    """A mail and its right answer. `files`: endings or beginnings of their names, in order."""

    raw: bytes
    outcome: str = "opened"
    reason: str = ""
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    title: str = "Skriveren"
    reporter: str | None = OWN


def own(body: str | bytes, kind: str = "text/plain; charset=utf-8", **more: Any) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return plain(data, kind.encode(), sender=OWN, **more)


def parts(*pieces: bytes, kind: str = "mixed", **more: Any) -> bytes:
    return multipart(pieces, kind, sender=OWN, **more)


def held(raw: bytes, reason: str = "automatic", **more: Any) -> Kind:
    return Kind(raw, "held", reason, reporter=None, **more)


_TWICE = own("Denne kom to ganger.")
_LAYERS = b"".join(b"Content-Type: message/rfc822\r\n\r\nFrom: a@b.no\r\n" for _n in range(1000))
_FORWARDED = "Kan dere se på denne?\n\nFra: Legen <post@lege.example>\nSendt: mandag 5. oktober 2026 07:55\nTil: Kari\nEmne: Feil\n\nHenvisninger mangler."
_LETTER = b"From: x@y.example\r\nSubject: Gammelt brev\r\n\r\nDet gamle innholdet"
_TABLE = "<p>Se <a href='https://skjema.example.no/17'>her</a></p><table><tr><td>Rom</td><td>214</td></tr><tr><td>Etasje</td><td>2</td></tr></table>"

KINDS: dict[str, Callable[[], Kind]] = {
    "a thousand letters in one another": lambda: held(heads(sender=OWN) + _LAYERS, "unreadable"),
    "a name of 400 letters": lambda: Kind(parts(part(b"Se"), attached(PNG, b'"%s.png"' % (b"a" * 400))), files=("aaaa",)),
    "a name of dots": lambda: Kind(parts(part(b"Se"), attached(PNG, b'".."')), files=(".png",)),
    "charset=idna": lambda: Kind(own("Skriveren på rådhuset er borte", "text/plain; charset=idna"), has=("på rådhuset er borte",)),
    "NUL": lambda: Kind(own("Hei \x00 der, ingenting virker"), has=("ingenting virker",), lacks=("\x00",)),
    "Latin-1 without a label": lambda: Kind(own("Blåbær på bordet".encode("latin-1"), "text/plain"), has=("Blåbær på bordet",)),
    "Latin-1 called UTF-8": lambda: Kind(own("Får ikke åpnet døra".encode("latin-1")), has=("Får ikke åpnet døra",)),
    "UTF-8 called ASCII": lambda: Kind(own("Får ikke åpnet døra", "text/plain; charset=us-ascii"), has=("Får ikke åpnet døra",)),
    "a blank part before the HTML": lambda: Kind(parts(part(b" \r\n"), part(b"<p>Journalen svarer ikke</p>", HTML), kind="alternative"), has=("Journalen svarer",)),
    "a foot beside the HTML": lambda: Kind(parts(part("<p>Kan noen se på telefonen?</p>".encode(), HTML), part(b"Skannet for virus.")), has=("se på telefonen",)),
    "a stand-in for the HTML": lambda: Kind(parts(part(b"View this email in your browser"), part(b"<p>Telefonen er stum</p>", HTML), kind="alternative"), has=("Telefonen er stum",)),
    "links and tables": lambda: Kind(own(_TABLE, "text/html; charset=utf-8"), has=("https://skjema.example.no/17", "Rom", "214"), lacks=("Rom214", "214Etasje")),
    "a forwarded letter": lambda: Kind(own(_FORWARDED, subject=b"VS: Feil fra legen"), has=("Henvisninger mangler.",), title="VS: Feil"),
    "lines that begin with >": lambda: Kind(own("I loggen:\n> error 0x80070035\nHva er det?"), has=("> error 0x80070035", "Hva er det?")),
    "seven files": lambda: Kind(parts(part(b"Se"), *(attached(PNG, b'"bilde%d.png"' % n) for n in range(7))), files=tuple(f"bilde{n}.png" for n in range(7))),
    "a PDF without a name": lambda: Kind(parts(part(b"Skannet"), part(PDF, b"application/pdf")), files=(".pdf",)),
    "an attached letter": lambda: Kind(parts(part(b"Hva er dette?"), part(_LETTER, b"message/rfc822")), files=("Gammelt brev.eml",), has=("Hva er dette?",), lacks=("gamle innholdet",)),
    "a subject that turns round": lambda: Kind(own("Hei", subject="Skriveren \u202egnp.exe".encode()), lacks=("\u202e",)),
    "an unknown sender": lambda: held(plain(b"Hei", sender="ola@privat.example"), "unknown_sender"),
    "an absence by subject alone": lambda: held(own("Tilbake mandag", subject=b"Automatisk svar: Ferie"), title="Automatisk"),
    "an absence in raw bytes": lambda: held(own("Tilbake mandag", subject="Fraværsmelding: ferie".encode("latin-1")), title="Fravær"),
    "an absence by a field": lambda: held(own("Out of office", X_Auto_Response_Suppress="All")),
    "a receipt by subject alone": lambda: held(own("", subject=b"Lest: Skriveren"), title="Lest"),
    "a bounce by subject alone": lambda: held(own("Sorry", subject=b"Undeliverable: Skriveren"), "bounce", title="Undeliverable"),
    "a person about absences": lambda: Kind(own("Hjelp", subject=b"Autosvar virker ikke i Outlook"), title="Autosvar virker ikke"),
    "a person who has read": lambda: Kind(own("Se side 3", subject=b"Lest avisen i dag?"), title="Lest avisen"),
    "a calendar's answer": lambda: held(parts(part(b"Kari har godtatt"), part(b"BEGIN:VCALENDAR\r\nMETHOD:REPLY", b"text/calendar; method=REPLY"), kind="alternative"), files=(".ics",)),
    "a mailing list": lambda: held(own("Nytt fra oss", List_Post="<mailto:l@x.example>", X_Loop="l")),
    "a forged technician": lambda: held(plain(b"Nullstill alle passord", sender=STAFF, Authentication_Results=f"{MX}; spf=fail; dmarc=fail header.from=region.example"), "not_authenticated"),
    "a proven technician": lambda: Kind(plain(b"Ny sak", sender=STAFF, Authentication_Results=f"{MX}; dmarc=pass header.from=region.example"), reporter=STAFF),
    "the first of two": lambda: Kind(b"Received: from a by b; Mon\r\n" + _TWICE),
    "the same by another route": lambda: Kind(b"Received: from c by d; Tue\r\nX-Spam-Score: 1\r\n" + _TWICE, "duplicate"),
    "a form's Reply-To": lambda: Kind(plain(b"Fra skjemaet", sender=FORM, Reply_To=f"=?utf-8?q?Eng=2C_Kari?= <{OWN}>"), has=("Fra skjemaet",)),
    "a file between the lines": lambda: Kind(own("Vedlegg under.\n\nbegin 644 feil.txt\n#0V%T\n`\nend\n"), has=("Vedlegg under.",), lacks=("#0V%T",), files=("feil.txt",)),
    "base64 with junk": lambda: Kind(own(b"SGVpIHDDpSBkZWc=!!!###==", Content_Transfer_Encoding="BASE64 "), has=("Hei på deg",)),
    "parts encoded as a whole": lambda: Kind(
        heads(sender=OWN) + b"Content-Transfer-Encoding: base64\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + base64.encodebytes(branch([part(b"Hei"), part(PDF, b"application/pdf")], edge="b").partition(b"\r\n\r\n")[2]), has=("Hei",), files=(".pdf",)
    ),
}  # fmt: skip


def differs(got: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """What is not as it should be."""
    names = [file["name"] for file in got["files"]]
    right = {
        "outcome": (got["outcome"], got["reason"]) == (kind.outcome, kind.reason),
        "reporter": got["reporter"] == kind.reporter,
        "title": got["title"].startswith(kind.title),
        "text": all(word in got["text"] for word in kind.has),
        "too much": not any(word in got["text"] + got["title"] for word in kind.lacks),
        "files": len(names) == len(kind.files) and all(map(str.__contains__, names, kind.files)),
    }
    return {} if all(right.values()) else {"wrong": [name for name, fine in right.items() if not fine], **got}


def people(region: Region) -> None:
    for address, user in ((OWN, region.own), (STAFF, region.technician)):
        User.objects.filter(pk=user.pk).update(email=address)
    FormAddress.objects.create(address=FORM, organisation=region.here)


@pytest.mark.django_db
def test_each_kind_has_its_right_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    people(build())
    monkeypatch.setattr(acting, "MOST_AN_HOUR", 10 * len(KINDS))
    wrong = {}
    with override_settings(SAMDRIFT_MAIL_AUTHSERV=[MX]):
        for name, make in KINDS.items():
            kind = make()
            if found := differs(reporting.receive(kind.raw), kind):
                wrong[name] = found
    assert wrong == {}
