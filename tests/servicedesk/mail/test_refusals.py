"""5xx is for good, 4xx for now; what the server says about itself is no letter's fault."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import timedelta
from unittest import mock

import pytest
from django.core import mail as mailbox
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.test import override_settings
from django.utils import timezone

from cmdb import heartbeats
from servicedesk import outbox
from servicedesk.actions.open_ticket import open_ticket
from servicedesk.actors import Actor
from servicedesk.mail import refusals
from servicedesk.models import Message
from tests.cases import RegionCase


def to(code: int, text: bytes = b"no") -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"own@example.no": (code, text)})


@pytest.mark.parametrize(
    ("error", "final", "of_server"),
    [
        (to(550, b"5.1.1 No such user"), True, False),
        (to(553), True, False),
        (to(552, b"5.2.2 mailbox full"), True, False),
        (to(450), False, False),
        (to(451, b"4.7.1 greylisted"), False, False),
        (to(452), False, False),
        (to(421), False, True),
        (to(530, b"5.7.0 Authentication required"), False, True),
        (smtplib.SMTPDataError(554, b"5.7.1 spam"), True, False),
        (smtplib.SMTPDataError(451, b"try later"), False, False),
        (smtplib.SMTPDataError(421, b"bye"), False, True),
        (smtplib.SMTPSenderRefused(550, b"not you", "desk@example.no"), False, True),
        (smtplib.SMTPSenderRefused(451, b"later", "desk@example.no"), False, True),
        (smtplib.SMTPSenderRefused(552, b"too large", "desk@example.no"), True, False),
        (smtplib.SMTPAuthenticationError(535, b"wrong"), False, True),
        (smtplib.SMTPHeloError(501, b"who"), False, True),
        (smtplib.SMTPConnectError(554, b"no service"), False, True),
        (smtplib.SMTPServerDisconnected("gone"), False, True),
        (smtplib.SMTPNotSupportedError("SMTPUTF8"), True, False),
        (smtplib.SMTPResponseException(550, b"no"), True, False),
        (smtplib.SMTPException("odd"), False, False),
        (ConnectionRefusedError("no"), False, True),
        (TimeoutError(), False, True),
        (OSError("network"), False, True),
        (UnicodeEncodeError("ascii", "ø", 0, 1, "no"), True, False),
        (refusals.ServerError(smtplib.SMTPAuthenticationError(535, b"wrong")), False, True),
        (refusals.ServerError(ValueError("odd")), False, True),
        (RuntimeError("odd"), False, False),
    ],
)
def test_what_it_means(error: Exception, final: bool, of_server: bool) -> None:
    found = refusals.judge(error)
    assert (found.final, found.of_server) == (final, of_server)
    assert found.said
    assert "\x00" not in refusals.words(error)


class Picky(EmailBackend):
    """A server that answers as `answers` says by address; "" is its answer to everybody who connects."""

    answers: dict[str, Exception] = {}
    connected = 0

    def open(self) -> bool:
        type(self).connected += 1
        if "" in self.answers:
            raise self.answers[""]
        return True

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for one in messages:
            if one.to[0] in self.answers:
                raise self.answers[one.to[0]]
        return super().send_messages(messages)


@override_settings(EMAIL_BACKEND="tests.servicedesk.mail.test_refusals.Picky")
class TestOutbox(RegionCase):
    def setUp(self) -> None:
        for account in ("own", "colleague", "stranger"):
            open_ticket(Actor.of(getattr(self.r, account)), title=account)
        Picky.connected = 0

    def send(self, **answers: Exception) -> int:
        """One batch; `server` answers at the connection."""
        named = {"" if name == "server" else f"{name}@example.no": error for name, error in answers.items()}
        with mock.patch.object(Picky, "answers", named):
            return outbox.send_due()

    def letter(self, account: str) -> Message:
        return Message.objects.get(recipient=getattr(self.r, account))

    def test_5xx_is_final_and_shown(self) -> None:
        assert self.send(own=to(550, b"5.1.1 No such user")) == 2
        refused = self.letter("own")
        assert refused.undelivered_at is not None
        assert refused.undelivered_reason == "550 5.1.1 No such user"
        assert refused.sent_at is None
        assert self.send() == 0

    def test_4xx_is_tried_again(self) -> None:
        assert self.send(own=to(451)) == 2
        waiting = self.letter("own")
        assert (waiting.undelivered_at, waiting.given_up_at, waiting.obstacle) == (None, None, "recipient")
        Message.objects.update(due_at=timezone.now())
        assert self.send() == 1
        assert self.letter("own").obstacle == ""

    def test_the_server_s_no_stops_the_batch_and_costs_the_others_nothing(self) -> None:
        assert self.send(server=smtplib.SMTPAuthenticationError(535, b"5.7.8 wrong")) == 0
        assert Picky.connected == 1
        assert sorted(Message.objects.values_list("attempts", flat=True)) == [0, 0, 1]
        assert set(Message.objects.values_list("obstacle", "undelivered_at", "given_up_at")) == {
            ("server", None, None)
        }
        Message.objects.update(due_at=timezone.now())
        assert self.send() == 3
        assert len(mailbox.outbox) == 3

    def test_a_server_that_goes_away_in_between(self) -> None:
        assert self.send(colleague=smtplib.SMTPServerDisconnected("gone")) == 1
        assert Message.objects.filter(obstacle="server").count() == 2

    def test_it_is_given_up_in_the_end_and_shown(self) -> None:
        Message.objects.update(attempts=outbox.MOST_ATTEMPTS - 1)
        self.send(own=to(451, b"later"))
        assert self.letter("own").given_up_at is not None
        assert self.letter("own").undelivered_reason == "451 later"

    def test_days_are_waited_for_a_server(self) -> None:
        waits = sum(min(2 ** min(n, 10), 60) for n in range(outbox.MOST_ATTEMPTS - 1))
        assert timedelta(minutes=waits) > timedelta(days=3)

    def smtp(self) -> heartbeats.Sign:
        heartbeats.flush()
        return next(sign for sign in heartbeats.signs() if sign.part == outbox.PART)

    def test_the_server_s_state_is_told(self) -> None:
        self.send(own=to(550))
        assert self.smtp().ok_age is not None
        heartbeats.forget()
        open_ticket(Actor.of(self.r.own), title="x")
        self.send(server=ConnectionRefusedError("secret-host:25"))
        told = self.smtp()
        assert told.detail == "ConnectionRefusedError"
        assert told.ok_age is not None
        assert told.ok_age >= told.age
        # it waits for its turn: still not well
        self.send()
        assert self.smtp().detail == "ConnectionRefusedError"
        Message.objects.update(due_at=timezone.now())
        self.send()
        assert self.smtp().detail == ""
