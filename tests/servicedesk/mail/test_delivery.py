"""What bounces say, in the shapes that servers write them."""

from __future__ import annotations

from email import message_from_bytes, message_from_string

import pytest

from servicedesk.mail import delivery

OURS = "<INC-00001.5.3.0123456789abcdef0123456789abcdef@desk.example>"


def report(*recipients: str, returned: str = "", human: str = "It did not work.") -> str:
    """A standard report (RFC 3464); `recipients`: one block of fields each."""
    status = "\n\n".join(("Reporting-MTA: dns; mx.example", *recipients))
    back = (
        returned
        or f"Content-Type: message/rfc822\n\nFrom: desk@desk.example\nMessage-ID: {OURS}\nSubject: x\n\nletter\n"
    )
    return (
        "From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nReturn-Path: <>\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\n{human}\n--b\nContent-Type: message/delivery-status\n\n{status}\n--b\n{back}\n--b--\n"
    )


FAILED = "Final-Recipient: rfc822; Kari@example.no\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 No such user"
DELAYED = "Final-Recipient: rfc822; kari@example.no\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Wed, 7 Oct 2026 08:12:00 +0200"
EXPIRED = "Final-Recipient: rfc822; kari@example.no\nAction: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 421 gave up"
RELAYED = "Final-Recipient: rfc822; kari@example.no\nAction: relayed\nStatus: 2.0.0"


@pytest.mark.parametrize(
    ("block", "final", "status"),
    [
        (FAILED, True, "5.1.1"),
        (DELAYED, False, "4.4.1"),
        (EXPIRED, True, "4.4.7"),
        (RELAYED, False, "2.0.0"),
        (RELAYED.replace("relayed", "delivered"), False, "2.0.0"),
        (FAILED.replace("Action: failed\n", ""), True, "5.1.1"),
        (DELAYED.replace("Action: delayed\n", ""), False, "4.4.1"),
        (FAILED.replace("failed", "FAILED (gone)").replace(" (gone)", ""), True, "5.1.1"),
    ],
)
def test_only_what_failed_for_good_is_final(block: str, final: bool, status: str) -> None:
    found = delivery.read(message_from_string(report(block)))
    assert OURS in found.returned
    assert (found.final is not None) is final
    assert found.failures[0].status == status
    assert found.failures[0].recipient == "kari@example.no"


def test_one_of_several_addressees_failed() -> None:
    other = RELAYED.replace("kari@", "ola@")
    found = delivery.read(message_from_string(report(other, FAILED)))
    assert found.final is not None
    assert (found.final.recipient, found.final.said) == ("kari@example.no", "550 5.1.1 No such user")


def test_the_address_that_we_wrote_to_is_named() -> None:
    block = "Original-Recipient: rfc822;kari@example.no\nFinal-Recipient: rfc822;k17@store.example\nAction: failed\nStatus: 5.2.2"
    found = delivery.read(message_from_string(report(block)))
    assert found.failures[0].recipient == "kari@example.no"


@pytest.mark.parametrize(
    "returned",
    [
        f"Content-Type: text/rfc822-headers\n\nFrom: desk@desk.example\nMessage-ID: {OURS}\nSubject: x\n",
        f"Content-Type: text/rfc822-headers\n\nReceived: x\nMessage-Id:\n {OURS}\n",
        f"Content-Type: message/global-headers\n\nMessage-ID: {OURS}\n",
        f"Content-Type: message/global\n\nMessage-ID: {OURS}\n\nx",
    ],
)
def test_the_returned_letter_s_head(returned: str) -> None:
    assert OURS in delivery.read(message_from_string(report(FAILED, returned=returned))).returned


def test_a_returned_answer_to_our_letter_is_not_our_letter() -> None:
    back = f"Content-Type: message/rfc822\n\nMessage-ID: <own@example.no>\nReferences: {OURS}\nIn-Reply-To: {OURS}\n\nx"
    assert OURS not in delivery.read(message_from_string(report(FAILED, returned=back))).returned


QMAIL = f"""From: MAILER-DAEMON@mx.example
Return-Path: <>
Subject: failure notice

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<kari@example.no>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 unknown user

--- Below this line is a copy of the message.

Return-Path: <desk@desk.example>
Message-ID: {OURS}
Subject: x

letter
"""
EXCHANGE = f"""From: Microsoft Outlook <postmaster@example.no>
Subject: Undeliverable: x
X-Failed-Recipients: Kari@example.no

Your message to kari@example.no couldn't be delivered.

Diagnostic information for administrators:
#550 5.1.10 RESOLVER.ADR.RecipientNotFound

Original message headers:
> Message-ID: {OURS}
> Subject: x
"""
EXIM = f"""From: Mail Delivery System <Mailer-Daemon@mx.example>
Return-Path: <>
X-Failed-Recipients: kari@example.no
In-Reply-To: {OURS}
Subject: Mail delivery failed: returning message to sender

A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.
"""
LATE = f"""From: MAILER-DAEMON@mx.example
Return-Path: <>
Subject: Warning: could not send message for past 4 hours

THIS IS A WARNING MESSAGE ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.
450 4.2.0 greylisted

Message-ID: {OURS}
"""


@pytest.mark.parametrize(
    ("raw", "final", "status"),
    [(QMAIL, True, "5.1.1"), (EXCHANGE, True, "5.1.10"), (EXIM, True, ""), (LATE, False, "4.2.0")],
)
def test_bounces_without_a_report(raw: str, final: bool, status: str) -> None:
    found = delivery.read(message_from_string(raw))
    assert OURS in found.returned
    assert (found.final is not None) is final
    (one,) = found.failures
    assert one.status == status
    assert one.recipient == ("kari@example.no" if final else "")


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n\xff\xfe\n--b--",
        b"Content-Type: message/rfc822\n\n", b"Content-Type: text/rfc822-headers\n\n\xff", b"Content-Type: message/delivery-status\n\nx",
        b"\n\n" + b"<" * 100_000, b"\n\n" + b"message-id: <" * 20_000, b"\n\n" + b"> " * 60_000,
    ],
)  # fmt: skip
def test_broken_ones_are_read_too(raw: bytes) -> None:
    assert OURS not in delivery.read(message_from_bytes(raw)).returned
