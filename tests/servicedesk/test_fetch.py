"""The mailbox: every letter once, whatever people read or move there; what cannot be had is shown; certificates are verified."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from servicedesk.intake.mail import running
from servicedesk.mail import fetch
from servicedesk.models import InboundMail, Mailbox, Ticket
from tests.cases import RegionCase
from tests.servicedesk.mail.imap_server import Folder, serving
from tests.servicedesk.mail.letters import heads, plain


def letters(*numbers: int) -> dict[int, bytes]:
    return {number: plain(b"nr %d" % number, subject=b"brev %d" % number) for number in numbers}


class FetchCase(RegionCase):
    def take(self, folder: Folder, scheme: str = "imap", context: ssl.SSLContext | None = None) -> int:
        with serving(folder, context, scheme) as url:
            # The port differs from run to run and is no part of what a mailbox is known by.
            return fetch.fetch(url)

    def box(self) -> Mailbox:
        return Mailbox.objects.get()


class TestWatermark(FetchCase):
    def test_the_bytes_are_kept_as_they_came(self) -> None:
        raw = plain(b"\xff\xfe odd \x80 \x00") + b"\r\n.\r\n)"
        assert self.take(Folder({7: raw})) == 1
        row = InboundMail.objects.get()
        assert (bytes(row.raw), row.uid, row.uid_validity, row.mailbox) == (raw, 7, 1, self.box())
        assert self.box().key == "desk@localhost/INBOX"
        assert self.box().last_success_at is not None

    def test_what_people_have_read_is_taken_all_the_same_and_nothing_is_marked(self) -> None:
        folder = Folder(letters(1, 2, 3), seen={1, 3})
        assert self.take(folder) == 3
        assert folder.seen == {1, 3}
        assert not [line for line in folder.asked if "STORE" in line]

    def test_every_letter_once(self) -> None:
        folder = Folder(letters(1, 2))
        assert self.take(folder) == 2
        assert self.take(folder) == 0  # a server answers 3:* with the last one
        folder.mails |= letters(5)
        assert self.take(folder) == 1
        assert self.box().last_uid == 5
        assert [line for line in folder.asked if "FETCH 2 (BODY" in line] == ["UID FETCH 2 (BODY.PEEK[])"]

    def test_one_batch_at_a_time(self) -> None:
        folder = Folder(letters(*range(1, 8)))
        with mock.patch.object(fetch, "BATCH", 3):
            assert [self.take(folder) for _run in range(4)] == [3, 3, 1, 0]

    def test_killed_between_storing_and_the_watermark(self) -> None:
        folder = Folder(letters(1, 2))
        with (
            mock.patch("servicedesk.mail.storing.pass_by", side_effect=KeyboardInterrupt),
            pytest.raises(KeyboardInterrupt),
        ):
            self.take(folder)
        assert (InboundMail.objects.count(), self.box().last_uid) == (0, 0)
        assert self.take(folder) == 2

    def test_a_new_generation_of_identifiers_begins_anew_without_twins(self) -> None:
        folder = Folder(letters(8, 9))
        self.take(folder)
        moved = Folder({1: folder.mails[9], 2: folder.mails[8], 3: plain(b"ny")}, validity=2)
        assert self.take(moved) == 1
        assert (self.box().uid_validity, self.box().last_uid) == (2, 3)
        assert InboundMail.objects.count() == 3

    def test_a_letter_moved_out_and_back_is_the_same(self) -> None:
        folder = Folder(letters(1))
        self.take(folder)
        folder.mails = {2: folder.mails[1]}
        assert self.take(folder) == 0
        assert self.box().gone == 0

    def test_what_others_took_away_is_counted(self) -> None:
        folder = Folder(letters(1))
        self.take(folder)
        folder.mails |= letters(4, 5)
        self.take(folder)
        assert self.box().gone == 2

    def test_old_mail_may_stay_in_the_mailbox(self) -> None:
        folder = Folder(letters(1))
        with override_settings(SAMDRIFT_IMAP_SINCE=date(2026, 11, 1)):
            self.take(folder)
        assert "UID SEARCH UID 1:* SINCE 1-Nov-2026" in folder.asked

    def test_clocks_count_from_when_the_server_got_it(self) -> None:
        now = timezone.now().replace(microsecond=0)
        dates = {
            1: now - timedelta(hours=3),
            2: now - timedelta(days=300),
            3: now + timedelta(days=3),
        }
        said = {uid: at.strftime("%d-%b-%Y %H:%M:%S +0000") for uid, at in dates.items()}
        self.take(Folder(letters(1, 2, 3), dates=said))
        found = dict(InboundMail.objects.values_list("uid", "received_at"))
        assert found[1] == dates[1]
        assert min(found[2], found[3]) >= now

    def test_only_one_worker_fetches(self) -> None:
        other = connection.copy()
        try:
            with mock.patch.object(fetch, "connection", other), fetch._alone("desk@localhost/INBOX") as alone:
                assert alone
                with mock.patch.object(fetch, "connection", connection):
                    assert self.take(Folder(letters(1))) == 0
        finally:
            other.close()
        assert self.take(Folder(letters(1))) == 1


class TestDoorGoesOn(FetchCase):
    def test_a_mail_that_is_made_to_stop_its_reader_stops_nothing(self) -> None:
        deep = heads() + b"".join(b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" for _n in range(1000))
        folder = Folder({1: deep, 2: b"", 3: bytes(range(256)) * 10} | letters(4))
        with mock.patch("email.message_from_bytes", side_effect=AssertionError("parsed while fetched")):
            assert self.take(folder) == 4
        running.run()
        found = list(InboundMail.objects.order_by("uid").values_list("outcome", "reason"))
        assert found == [("held", "unreadable")] * 3 + [("opened", "")]
        assert Ticket.objects.get().title == "brev 4"

    def test_what_the_server_does_not_give_out_is_set_aside_after_some_tries(self) -> None:
        for folder in (Folder(letters(1, 2), silent={1}), Folder(letters(3, 4), drops={3})):
            for _run in range(fetch.MOST_ATTEMPTS + 1):
                try:
                    self.take(folder)
                except fetch.ERRORS:
                    assert self.box().failing_since is not None
        rows = list(InboundMail.objects.order_by("uid").values_list("uid", "outcome", "reason"))
        assert rows == [(1, "held", "unreadable"), (2, "", ""), (3, "held", "unreadable"), (4, "", "")]
        assert (self.box().failing_since, self.box().last_error) == (None, "")
        said = {row.uid: row.trouble for row in InboundMail.objects.filter(outcome="held")}
        assert "does not give it out" in said[1]
        assert "connection ended" in said[3]

    def test_of_what_is_too_large_only_the_head_is_taken_and_shown(self) -> None:
        folder = Folder(letters(1, 2), sizes={1: fetch.LARGEST + 1})
        assert self.take(folder) == 2
        row = InboundMail.objects.get(uid=1)
        assert (row.outcome, row.reason, row.subject, row.size) == (
            "held",
            "too_large",
            "brev 1",
            fetch.LARGEST + 1,
        )
        assert row.sender == "own@example.no"
        assert b"nr 1" not in bytes(row.raw)
        assert "UID FETCH 1 (BODY.PEEK[])" not in folder.asked

    def test_a_letter_taken_away_while_we_fetch(self) -> None:
        folder = Folder(letters(1, 2))
        with mock.patch.object(fetch, "_new", return_value=[1, 2, 3]):
            assert self.take(folder) == 2
        assert (self.box().last_uid, self.box().gone) == (3, 1)


class TestConnection(FetchCase):
    def test_what_is_wrong_is_written_down_without_secrets(self) -> None:
        with serving(Folder()) as url, pytest.raises(fetch.ERRORS):
            fetch.fetch(url.replace("secret", "hemmelig"))
        box = self.box()
        assert box.failing_since is not None
        assert box.last_error == "MailboxLoginError"
        first = box.failing_since
        with pytest.raises(OSError, match="refused"):
            fetch.fetch("imap://desk:secret@localhost:1/INBOX")
        assert (self.box().failing_since, self.box().last_error) == (first, "ConnectionRefusedError")

    def test_an_unknown_certificate_is_refused(self) -> None:
        with TemporaryDirectory() as folder:
            context, _ca = certificate(Path(folder), "localhost")
            for scheme in ("imaps", "imap+tls"):
                letterbox = Folder(letters(1))
                with pytest.raises(ssl.SSLCertVerificationError):
                    self.take(letterbox, scheme, context)
                assert not [line for line in letterbox.asked if "LOGIN" in line]
                assert "self-signed" in self.box().last_error.replace(" ", "-")

    def test_a_private_authority_is_named(self) -> None:
        with TemporaryDirectory() as folder:
            context, ca = certificate(Path(folder), "localhost")
            with override_settings(SAMDRIFT_IMAP_CA=ca):
                assert self.take(Folder(letters(1)), "imaps", context) == 1
                assert self.take(Folder(letters(1, 2)), "imap+tls", context) == 1

    def test_a_certificate_for_another_server_is_refused(self) -> None:
        with TemporaryDirectory() as folder:
            context, ca = certificate(Path(folder), "mail.example.no")
            with override_settings(SAMDRIFT_IMAP_CA=ca), pytest.raises(ssl.SSLCertVerificationError):
                self.take(Folder(letters(1)), "imaps", context)

    def test_an_address_that_is_none_is_refused_without_repeating_it(self) -> None:
        for url in ("http://user:secret@host/", "imaps://host/", "imaps://"):
            with pytest.raises(ImproperlyConfigured) as caught:
                fetch.fetch(url)
            assert "secret" not in str(caught.value)


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """A self-signed certificate for `name`: (the server's context, the file that makes it known)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = timezone.now()
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context, str(pem)
