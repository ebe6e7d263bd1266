"""A mail's words and files: whatever program wrote it, nothing of it is lost and nothing in it stops the reader."""

from __future__ import annotations

import base64
import time

import pytest

from servicedesk.mail import reading
from servicedesk.mail.reading import Incoming, UnreadableError
from tests.servicedesk.mail.letters import PDF, PNG, attached, branch, heads, multipart, part, plain

WORDS = "Får ikke åpnet døra"


def names(mail: Incoming) -> list[str]:
    return [file.name for file in mail.files]


@pytest.mark.parametrize(
    ("label", "body"),
    [
        ("", WORDS.encode()),
        ("", WORDS.encode("latin-1")),
        ("utf-8", WORDS.encode("latin-1")),
        ("us-ascii", WORDS.encode()),
        ("us-ascii", WORDS.encode("latin-1")),
        ("iso-8859-1", WORDS.encode()),
        ("windows-1252", WORDS.encode()),
        ("iso-8859-15", WORDS.encode("iso-8859-15")),
        ("utf-16", WORDS.encode("utf-16")),
        ("", WORDS.encode("utf-16-le")),
        ("utf-16", WORDS.encode()),
        ("utf-8", b"\xef\xbb\xbf" + WORDS.encode()),
        ("cp865", WORDS.encode("cp865")),
        ("utf-7", WORDS.encode("utf-7")),
        ("utf8mb4", WORDS.encode()),
        ('"utf-8"', WORDS.encode()),
        *((label, WORDS.encode()) for label in (
            "idna", "punycode", "rot13", "hex", "zlib", "bz2", "base64", "undefined", "unicode_escape", "x-unknown",
            "raw_unicode_escape", "iso-8859-8-i", "mbcs", "charmap", "no such", "a" * 5000, "æøå", "utf-8*nb",
        )),
    ],
)  # fmt: skip
def test_no_letter_is_dropped_for_a_wrong_label(label: str, body: bytes) -> None:
    kind = f"text/plain; charset={label}".encode() if label else b"text/plain"
    assert reading.read(plain(body, kind)).text == WORDS


def test_what_windows_means_by_latin1() -> None:
    mail = reading.read(plain(b"\x93Hei\x94 5 \x80 p\xe5 kaf\xe9", b"text/plain; charset=iso-8859-1"))
    assert mail.text == "“Hei” 5 € på kafé"


def test_a_foot_in_another_charset_spoils_nothing_above_it() -> None:
    mail = reading.read(plain(WORDS.encode() + b"\r\nSkannet p\xe5 serveren"))
    assert mail.text == f"{WORDS}\nSkannet på serveren"


@pytest.mark.parametrize(
    ("source", "subject"),
    [
        (b"F\xe5r ikke \xe5pnet", "Får ikke åpnet"),
        ("Får ikke åpnet".encode(), "Får ikke åpnet"),
        (b"=?utf-8?Q?F=C3?= =?utf-8?Q?=A5r?= ikke", "Får ikke"),  # a letter cut between two words
        (b"=?utf-8?B?w6XDuA?=", "åø"),  # torn base64
        (b"=?x-bad?Q?=E5?= =?idna?q?=E5?=", "åå"),
        (b"=?utf-8?Q?uten_slutt", "=?utf-8?Q?uten_slutt"),
        (b"Faktura \xe2\x80\xaegnp.exe", "Faktura gnp.exe"),
        (b"a\x00b =?utf-8?q?c=00d=0D=0Ae?=", "ab cd e"),
        (b"", ""),
    ],
)
def test_subjects(source: bytes, subject: str) -> None:
    assert reading.read(heads(source) + b"\r\nx").subject == subject


@pytest.mark.parametrize(
    ("source", "sender", "name"),
    [
        (b"Kari <KARI@b.no>", "kari@b.no", "Kari"),
        (b"K\xe5re <a@b.no>", "a@b.no", "Kåre"),
        (b"Eng, Kari <a@b.no>", "a@b.no", "Kari"),
        (b"a@b.no, c@d.no", "a@b.no", ""),
        (b"Gruppe: a@b.no, c@d.no;", "a@b.no", ""),
        (b'"c@d.no" <a@b.no>', "a@b.no", "c@d.no"),
        (b"undisclosed:;", "", ""),
        (b"(" * 4000, "", ""),
        (b"<>", "", ""),
    ],
)
def test_senders(source: bytes, sender: str, name: str) -> None:
    mail = reading.read(b"From: " + source + b"\r\nSubject: x\r\n\r\nx")
    assert (mail.sender, mail.sender_name) == (sender, name)


class TestWords:
    def test_a_blank_plain_part_does_not_hide_the_html(self) -> None:
        parts = [part(b" \r\n\r\n"), part(b"<p>Journalen svarer ikke</p>", b"text/html")]
        assert reading.read(multipart(parts, "alternative")).text == "Journalen svarer ikke"

    def test_a_plain_stand_in_does_not_hide_it_either(self) -> None:
        html = b"<p>Kan noen se p&aring; telefonen min? Den ringer ikke.</p>"
        parts = [part(b"This mail is in HTML."), part(html, b"text/html")]
        assert "telefonen min" in reading.read(multipart(parts, "alternative")).text

    def test_nor_does_poor_html_hide_the_plain_text(self) -> None:
        parts = [part(b"Skriveren i andre etasje er tom for toner."), part(b"<img src=cid:x>", b"text/html")]
        assert "toner" in reading.read(multipart(parts, "alternative")).text

    def test_both_the_same_is_said_once(self) -> None:
        parts = [part(b"Skriveren er tom."), part(b"<p>Skriveren er <b>tom</b>.</p>", b"text/html")]
        mail = reading.read(multipart(parts, "alternative"))
        assert mail.text == "Skriveren er tom."
        assert "<b>tom</b>" in mail.html

    def test_pieces_of_text_follow_each_other(self) -> None:
        parts = [part(b"<p>Se her</p>", b"text/html"), part(PNG, b"image/png"), part(b"Skannet for virus.")]
        mail = reading.read(multipart(parts))
        assert mail.text == "Se her\n\nSkannet for virus."
        assert names(mail) == ["image-1.png"]

    def test_links_and_cells_of_html_stay(self) -> None:
        html = b'<p>Se <a href="https://skjema.example.no/17">skjemaet</a></p><table><tr><td>Rom</td><td>214</td></tr></table>'
        assert reading.read(plain(html, b"text/html")).text == (
            "Se skjemaet (https://skjema.example.no/17)\n\nRom | 214"
        )

    def test_html_says_its_charset_itself(self) -> None:
        html = b'<meta charset="iso-8859-2"><p>\xb3\xf3d\xbc</p>'
        assert reading.read(plain(html, b"text/html")).text == "łódź"

    def test_lines_that_the_program_broke_are_one(self) -> None:
        body = b"Dette er en lang \r\nsetning.\r\nNy linje\r\n> sitat \r\n> til\r\n-- \r\nKari"
        mail = reading.read(plain(body, b"text/plain; format=flowed"))
        assert mail.text == "Dette er en lang setning.\nNy linje\n> sitat \n> til\n-- \nKari"

    @pytest.mark.parametrize(
        ("way", "body", "text"),
        [
            ("base64", base64.b64encode(WORDS.encode())[:-3], WORDS[:-1]),
            ("base64", b"Hei, dette er ikke kodet.", "Hei, dette er ikke kodet."),
            ("base64", base64.encodebytes(WORDS.encode()) + b"--\r\nSkannet & funnet ren!", f"{WORDS}\n--\nSkannet & funnet ren!"),
            ("base64", base64.b64encode(b"en")[:4] + b"\r\n" + base64.b64encode(b" to"), "en to"),
            ("quoted-printable", b"Hei =C3=A5 =ZZ =\r\ntil =", "Hei å =ZZ til ="),
            ("x-none-such", WORDS.encode(), WORDS),
            ("8bit; really", WORDS.encode(), WORDS),
        ],
    )  # fmt: skip
    def test_broken_encodings(self, way: str, body: bytes, text: str) -> None:
        assert reading.read(plain(body, Content_Transfer_Encoding=way)).text == text

    def test_a_multipart_without_its_boundary_is_read_as_text(self) -> None:
        assert reading.read(plain(b"Hei", b"multipart/mixed")).text == "Hei"
        assert reading.read(plain(b"Hei", b"multipart/mixed; boundary=x")).text == "Hei"

    def test_a_large_text_is_whole(self) -> None:
        assert len(reading.read(plain(b"linje\n" * 300_000)).text) == 1_799_999


class TestFiles:
    @pytest.mark.parametrize(
        ("kind", "data", "name"),
        [
            (b"application/pdf", PDF, "file-1.pdf"),
            (b"application/octet-stream", PDF, "file-1.pdf"),
            (b"image/png", PNG, "image-1.png"),
            (b"image/jpeg", b"\xff\xd8\xff", "image-1.jpg"),
            (b"text/calendar; method=REQUEST", b"BEGIN:VCALENDAR", "calendar-1.ics"),
            (b"application/ms-tnef; name=winmail.dat", b"x\x9f>\x22", "winmail.dat"),
            (b"application/pkcs7-signature", b"0", "file-1.p7s"),
            (b"application/pgp-encrypted", b"Version: 1", "file-1.asc"),
            (b"application/vnd.none-such", b"x", "file-1"),
        ],
    )
    def test_a_part_without_a_name_gets_that_of_its_type(self, kind: bytes, data: bytes, name: str) -> None:
        mail = reading.read(multipart([part(b"Skannet"), part(data, kind)]))
        assert (mail.text, names(mail), mail.files[0].data) == ("Skannet", [name], data)

    def test_a_file_that_is_the_whole_letter(self) -> None:
        mail = reading.read(heads() + part(PDF, b"application/pdf"))
        assert (mail.text, names(mail)) == ("", ["file-1.pdf"])

    def test_calendar_beside_text(self) -> None:
        parts = [part(b"Kari har godtatt"), part(b"BEGIN:VCALENDAR", b"text/calendar; method=REPLY")]
        mail = reading.read(multipart(parts, "alternative"))
        assert (mail.text, names(mail)) == ("Kari har godtatt", ["calendar-1.ics"])

    def test_an_attached_letter_is_a_file_and_no_text(self) -> None:
        inner = heads("Passord utløper".encode()) + b"Content-Type: text/plain\r\n\r\nSkynd deg p\xe5!"
        mail = reading.read(multipart([part(b"Hva er dette?"), part(inner, b"message/rfc822")]))
        assert (mail.text, names(mail)) == ("Hva er dette?", ["Passord utløper.eml"])
        assert mail.files[0].data.endswith(b"Skynd deg p\xe5!")
        assert "Passord utløper".encode() in mail.files[0].data

    def test_text_with_a_name_is_a_file(self) -> None:
        named = part(b"a;b", b"text/csv; name=liste.csv")
        log = part(b"x", b"text/plain", b'Content-Disposition: inline; filename="logg.txt"')
        mail = reading.read(multipart([part(b"Se"), named, log]))
        assert (mail.text, names(mail)) == ("Se", ["liste.csv", "logg.txt"])

    def test_files_between_the_lines(self) -> None:
        body = b"Vedlegg under.\r\n\r\nbegin 644 feil.txt\r\n#0V%T\r\n`\r\nend\r\nHilsen Kari"
        mail = reading.read(plain(body))
        assert (mail.text, names(mail), mail.files[0].data) == (
            "Vedlegg under.\n\nHilsen Kari",
            ["feil.txt"],
            b"Cat",
        )

    def test_what_only_looks_like_one_stays(self) -> None:
        body = "begin 644 møtet\nmed en runde\nend"
        assert reading.read(plain(body.encode())).text == body

    def test_pictures_of_the_html_keep_their_place(self) -> None:
        picture = part(
            PNG, b"image/png", b"Content-ID: <skjerm@x>", b'Content-Disposition: inline; filename="a.png"'
        )
        related = branch([part(b"<img src='cid:skjerm@x'>Se", b"text/html"), picture], "related", "inner")
        mail = reading.read(multipart([related]))
        assert (mail.text, names(mail), mail.files[0].inline_id) == ("Se", ["a.png"], "skjerm@x")

    def test_the_same_name_twice(self) -> None:
        mail = reading.read(
            multipart([attached(PNG, b"a.png"), attached(PDF, b"A.png"), attached(PNG, b"a.png")])
        )
        assert names(mail) == ["a.png", "A (2).png", "a (3).png"]

    @pytest.mark.parametrize(
        ("source", "name"),
        [
            (b'"%s.png"' % (b"a" * 400), "a" * 146 + ".png"),
            (b'".."', "image-1.png"),
            (b'"../../etc/passwd"', "passwd.png"),
            (b'"C:\\\\Users\\\\kari\\\\skjerm.png"', "skjerm.png"),
            (b"\"=?utf-8?Q?sk=C3=A6rm.png?=\"", "skærm.png"),
            (b'"sk\xe6rm.png"', "skærm.png"),
        ],
    )  # fmt: skip
    def test_names(self, source: bytes, name: str) -> None:
        mail = reading.read(multipart([part(b"x"), attached(PNG, source)]))
        assert names(mail) == [name]
        assert mail.files[0].data == PNG

    def test_a_name_in_pieces(self) -> None:
        kind = b"application/pdf; name*0*=utf-8''F%C3%A5; name*1*=r%20ikke; name*2=\".pdf\""
        assert names(reading.read(multipart([part(PDF, kind)]))) == ["Får ikke.pdf"]

    def test_more_than_anybody_sends_are_counted_as_left_out(self) -> None:
        mail = reading.read(multipart([attached(b"x", b"n%d.txt" % n) for n in range(203)]))
        assert len(mail.files) == 200
        assert mail.left_out == [(f"n{n}.txt", "too_many_files") for n in range(200, 203)]


class TestPoison:
    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\x00\xff\xfe",
            bytes(range(256)) * 40,
            b"Ingen hoder her\n\nog tekst",
            heads() + b"".join(b"Content-Type: message/rfc822\r\n\r\nSubject: %d\r\n" % n for n in range(1000)),
            heads()
            + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1000)),
            heads() + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n" + b"--q\r\n\r\nx\r\n" * 5000,
            heads() + b"\r\n" + b"\n" * 9_000_000,
        ],
        ids=["empty", "nul", "binary", "no headers", "letters", "parts", "many parts", "lines"],
    )  # fmt: skip
    def test_what_cannot_be_read_says_so_at_once(self, raw: bytes) -> None:
        begun = time.perf_counter()
        with pytest.raises(UnreadableError):
            reading.read(raw)
        reading.summary(raw)
        assert time.perf_counter() - begun < 5

    def test_a_list_shows_its_head_all_the_same(self) -> None:
        raw = heads(b"lag p\xe5 lag") + b"".join(
            b"Content-Type: message/rfc822\r\n\r\n" for _n in range(1000)
        )
        found = reading.summary(raw)
        assert (found.sender, found.subject) == ("own@example.no", "lag på lag")

    @pytest.mark.parametrize(
        "raw",
        [
            b"From: a@b.no\rSubject: x\r\rtekst",
            b"From a@b.no Mon Oct 5 08:12:00 2026\nFrom: a@b.no\nSubject: x\n\ntekst",
            heads(b"x") + b"".join(b"X-H%d: y\r\n" % n for n in range(10_000)) + b"\r\ntekst",
            heads(b"x") + b"X-Long: " + b"y" * 10_000_000 + b"\r\n\r\ntekst",
            heads(b"x") + b"Content-Type: text/plain; " + b'a="b;' * 1_000_000 + b"\r\n\r\ntekst",
            heads(b"x", Content_Type="text/html") + b"\r\n" + b"<div>" * 40_000 + b"tekst",
            heads(b"x", Content_Type="text/html") + b"\r\n" + b"<!--" * 50_000 + b"tekst",
            heads(b"x", Content_Type="text/html") + b"\r\n" + b'<a "' * 50_000 + b"tekst",
            heads(b"x") + b"\r\n" + b"begin 644 a\n" * 20_000 + b"end\n" * 2_000 + b"tekst",
        ],
        ids=["cr", "mbox", "many headers", "long header", "parameters", "deep", "comments", "quotes", "uu"],
    )  # fmt: skip
    def test_made_up_mail_is_read_quickly(self, raw: bytes) -> None:
        begun = time.perf_counter()
        assert reading.read(raw).text.endswith("tekst")
        assert time.perf_counter() - begun < 5
