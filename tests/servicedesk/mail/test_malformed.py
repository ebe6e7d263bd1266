"""Letters that no program should write and some do: their words, files and senders are read as a person would."""

from __future__ import annotations

import base64

import pytest

from servicedesk.intake.mail import people, twins
from servicedesk.mail import reading
from tests.servicedesk.mail.letters import PDF, attached, branch, heads, multipart, part, plain

WORDS = part(b"Hei")
INNER = b"--b\r\n" + WORDS + b"\r\n--b\r\n" + part(PDF, b"application/pdf") + b"\r\n--b--\r\n"


def read(raw: bytes) -> tuple[str, list[str]]:
    mail = reading.read(raw)
    return mail.text, [file.name for file in mail.files]


@pytest.mark.parametrize(
    "head",
    [
        b"multipart/mixed", b"multipart/mixed; boundary=c", b'multipart/mixed; boundary="b', b'multipart/mixed boundary="b"', b'multipart/mixed; boundary = "b"',
        b"multipart/mixed; boundary=", b"MULTIPART/MIXED; BOUNDARY=b", b"multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: quoted-printable",
    ],
)  # fmt: skip
def test_a_boundary_that_is_wrong_or_missing(head: bytes) -> None:
    assert read(heads() + b"Content-Type: " + head + b"\r\n\r\n" + INNER) == ("Hei", ["file-1.pdf"])


def test_parts_that_are_encoded_as_a_whole() -> None:
    head = heads() + b"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: "
    assert read(head + b"base64\r\n\r\n" + base64.encodebytes(INNER)) == ("Hei", ["file-1.pdf"])
    quoted = INNER.replace(b"=", b"=3D").replace(b"--b", b"--=3Db")
    assert read(head + b"quoted-printable\r\n\r\n" + quoted) == ("Hei", ["file-1.pdf"])


def test_lines_that_only_look_like_boundaries_are_words() -> None:
    assert read(plain(b"Hei\r\n--\r\nKari", b"multipart/mixed; boundary=x"))[0] == "Hei\n--\nKari"


def test_parts_behind_an_end_that_came_too_early() -> None:
    early = b"--b\r\n" + WORDS + b"\r\n--b--\r\n--b\r\n" + part(PDF, b"application/pdf") + b"\r\n--b--\r\n"
    assert read(heads() + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + early) == (
        "Hei",
        ["file-1.pdf"],
    )
    inner = branch([WORDS, part(b"<p>Hei</p>", b"text/html")], "alternative", "b")
    text, names = read(multipart([inner, part(PDF, b"application/pdf")], edge="b"))
    assert ("Hei" in text, names) == (True, ["file-1.pdf"])


def test_words_around_the_parts() -> None:
    raw = multipart([WORDS])
    assert read(raw + b"\r\nRing 900 00 000\r\n")[0] == "Hei\n\nRing 900 00 000"
    assert read(raw + b"\r\n.\r\n\x00")[0] == "Hei"
    before = b"\r\n\r\nSkriveren er d\xc3\xb8d\r\n--edge"
    only_file = multipart([part(PDF, b"application/pdf")])
    assert read(only_file.replace(b"\r\n\r\n\r\n--edge", before, 1)) == ("Skriveren er død", ["file-1.pdf"])
    boilerplate = b"\r\n\r\nThis is a multi-part message in MIME format.\r\n--edge"
    assert read(only_file.replace(b"\r\n\r\n\r\n--edge", boilerplate, 1))[0] == ""
    assert read(raw.replace(b"\r\n\r\n\r\n--edge", before, 1))[0] == "Hei"


def test_nested_beyond_reason_without_boundaries_is_read_quickly() -> None:
    body = b"".join(b"--b%d\r\nContent-Type: multipart/mixed\r\n\r\n--b%d\r\n" % (n, n) for n in range(100))
    assert read(plain(body + b"tekst", b"multipart/mixed"))


@pytest.mark.parametrize(
    ("kind", "text"),
    [(b"plain/text", "<b>Hei"), (b"application/text", "<b>Hei"), (b"text", "<b>Hei"), (b"", "<b>Hei"), (b"TEXT/HTML; CHARSET=UTF-8", "Hei")],
)  # fmt: skip
def test_types_that_mean_text(kind: bytes, text: str) -> None:
    assert read(plain(b"<b>Hei", kind)) == (text, [])


@pytest.mark.parametrize(
    "body", [b"<html><body><p>Hei <b>der</b></p>", b"\r\n<!DOCTYPE html>\r\n<p>Hei der</p>"]
)
def test_html_that_says_it_is_plain(body: bytes) -> None:
    mail = reading.read(plain(body, b"text/plain"))
    assert mail.text == "Hei der"
    assert "<p>" in mail.html


@pytest.mark.parametrize(
    "change",
    [
        (b"Subject:", b"Subject :"), (b"From:", b"From\t:"), (b"From:", b"\xef\xbb\xbfFrom:"), (b"From:", b"\r\n\r\nFrom:"),
        (b"From:", b"Denne linja er ikke et felt\r\nFrom:"), (b"Message-ID:", b"og denne heller ikke\r\nMessage-ID:"), (b"From:", b"From kari Mon Oct  5 2026\r\nFrom:"),
    ],
)  # fmt: skip
def test_heads_with_faults(change: tuple[bytes, bytes]) -> None:
    found = reading.read(
        plain("Får ikke".encode("latin-1"), b"text/plain; charset=latin-1").replace(*change, 1)
    )
    assert (found.sender, found.subject.partition(" ")[0], found.text) == (
        "own@example.no",
        "Skriveren",
        "Får ikke",
    )


def test_a_subject_whose_second_line_is_not_indented() -> None:
    assert (
        reading.read(plain(b"x", subject=b"Skriveren i\r\nandre etasje")).subject
        == "Skriveren i andre etasje"
    )


def test_text_behind_a_head_without_an_empty_line_stays_text() -> None:
    assert (
        reading.read(heads() + b"Hei, dette er teksten\r\nog mer av den").text
        == "Hei, dette er teksten\nog mer av den"
    )


@pytest.mark.parametrize(
    ("source", "sender", "name"),
    [
        (b'"Eng, Kari" <kari@b.no>', "kari@b.no", "Eng, Kari"), (b"=?utf-8?q?Eng=2C_Kari?= <kari@b.no>", "kari@b.no", "Eng, Kari"), (b"kari@b.no (Kari Eng)", "kari@b.no", "Kari Eng"),
        (b"Kari Eng kari@b.no", "kari@b.no", ""), (b"<<kari@b.no>>", "kari@b.no", ""), (b"Kari <mailto:kari@b.no>", "kari@b.no", ""), (b'"Kari Eng <kari@b.no>', "kari@b.no", ""),
        (b"'kari@b.no' <kari@b.no>", "kari@b.no", ""), (b"kari@B.NO.", "kari@b.no", ""), (b"<@a.no,@b.no:kari@b.no>", "kari@b.no", ""), (b"o'hara@b.no", "o'hara@b.no", ""),
        # a name is no address, however it is encoded
        (b"=?utf-8?q?boss=40desk=2Eno=3E=2C?= <evil@c.no>", "evil@c.no", "boss@desk.no>,"), (b"Kari@b.no@evil.example", "", ""), (b"Kari <kari at b.no>", "", ""),
    ],
)  # fmt: skip
def test_senders(source: bytes, sender: str, name: str) -> None:
    mail = reading.read(b"From: " + source + b"\r\nSubject: x\r\n\r\nx")
    assert (mail.sender, mail.sender_name) == (sender, name)
    assert people.from_addresses(mail) == ({sender} - {""})


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (b"min fil.pdf", "min fil.pdf"), (b'"a;b.pdf"', "a;b.pdf"), (b"'enkel.pdf'", "enkel.pdf"), (b'"=?utf-8?Q?sk=C3=A6?= =?utf-8?Q?rm.pdf?="', "skærm.pdf"),
        (b"\"skaerm.pdf\"; filename*=UTF-8''sk%C3%A6rm.pdf", "skærm.pdf"), (b'"a.pdf"; filename="b.exe"', "a.pdf"), (b'"\xe2\x80\x8b"', "image-1.png"), (b'"NUL.pdf"', "_NUL.pdf"),
        (b'"=?utf-8?B?Li4vLi4vZXRjL3Bhc3N3ZA==?="', "passwd.png"), (b'"file:///c:/x/y.pdf"', "y.pdf"), (b'"a.pdf."', "a.pdf"),
    ],
)  # fmt: skip
def test_names_of_files(source: bytes, name: str) -> None:
    assert read(multipart([WORDS, attached(PDF, source)])) == ("Hei", [name])


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"Content-Disposition: attachment filename=uten.pdf", "uten.pdf"), (b"Content-Disposition: filename=bare.pdf", "bare.pdf"),
        (b"Content-Description: Rapport mai.pdf", "Rapport mai.pdf"), (b"Content-Location: https://a.example/rapport.pdf?x=y", "rapport.pdf"),
        (b"Content-Description: Rapport for mai", "file-1.pdf"), (b"Content-Disposition: attachment; filename*=UTF-8''sk%E6rm.pdf", "skærm.pdf"),
    ],
)  # fmt: skip
def test_names_in_other_places(line: bytes, name: str) -> None:
    assert read(multipart([WORDS, part(PDF, b"application/pdf", line)])) == ("Hei", [name])


def test_a_description_makes_no_file_of_the_words() -> None:
    assert read(multipart([part(b"Hei", b"text/html", b"Content-Location: index.html")])) == ("Hei", [])


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ((b"Subject: ", b"Subject: [EKSTERN] "), True), ((b"08:12:00 +0200", b"06:12:00 GMT"), True), ((b"08:12:00 +0200", b"08:12:00 +0200 (CEST)"), True),
        ((b"Kari Eng <own@example.no>", b'"Kari Eng" <Own@Example.no>'), True), ((b"To: desk@example.no", b"To: Desk <desk@example.no>"), True),
        ((b"\r\n\r\nF\xc3\xa5r", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode("Får".encode())), True),
        ((b"08:12:00", b"08:13:00"), False), ((b"Subject: ", b"Subject: Ikke "), False), ((b"F\xc3\xa5r", b"Gir"), False),
    ],
)  # fmt: skip
def test_the_same_letter_by_another_server(change: tuple[bytes, bytes], same: bool) -> None:
    raw = plain("Får".encode())
    one, other = (twins.content_key(reading.read(found)) for found in (raw, raw.replace(*change, 1)))
    assert (one == other) is same
