"""What it means that a mail server took a letter not: for now or for good, this one or all (RFC 5321, section 4.2.1)."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass

#: The server speaks about us (sign-in, encryption) or about itself, at whatever step.
_SERVER_CODES = frozenset({421, 530, 534, 535, 538})
#: The letter is too large: said to the sender's line, meant is the letter.
_SIZE = 552
_SERVER_ERRORS = (
    smtplib.SMTPServerDisconnected,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
)
#: Letters that cannot be written at all: an address or a header that no mail may have.
_UNFIT = (smtplib.SMTPNotSupportedError, ValueError)


class ServerError(Exception):
    """The mail server could not be reached, or did not let us in."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True)
class Refusal:
    """`final`: it will never be taken. `of_server`: every letter would be refused now. `said`: for people."""

    final: bool = False
    of_server: bool = False
    said: str = ""


def judge(error: Exception) -> Refusal:
    """4xx is for now, 5xx for good; at the connection, the sign-in and our own address both are the server's matter."""
    if isinstance(error, ServerError):
        return Refusal(of_server=True, said=_plain(error.cause))
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _by_code(*next(iter(error.recipients.values()), (450, b"")))
    if isinstance(error, _UNFIT):
        return Refusal(final=True, said=_plain(error))
    if isinstance(error, smtplib.SMTPResponseException) and not isinstance(error, _SERVER_ERRORS):
        ours = isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code != _SIZE
        return _by_code(error.smtp_code, error.smtp_error, of_server=ours)
    # What smtplib raises is an OSError too, as are all troubles of the network.
    lost = isinstance(error, OSError) and type(error) is not smtplib.SMTPException
    return Refusal(of_server=lost, said=_plain(error))


def words(error: Exception) -> str:
    """The error for the administrator: its kind, and what the server said."""
    cause = error.cause if isinstance(error, ServerError) else error
    return f"{type(cause).__name__}: {cause}".replace("\x00", "")[:300]


def _by_code(code: int, answer: bytes | str, *, of_server: bool = False) -> Refusal:
    if of_server or code in _SERVER_CODES:
        return Refusal(of_server=True, said=_answer(code, answer))
    return Refusal(final=500 <= code < 600, said=_answer(code, answer))


def _answer(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    return " ".join(f"{code} {text}".replace("\x00", "").split())[:250]


def _plain(error: Exception) -> str:
    return " ".join(f"{type(error).__name__} {error}".replace("\x00", "").split())[:250]
