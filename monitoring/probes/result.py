"""What a probe found."""

import socket
import ssl
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """`error` is one of timeout, refused, unreachable, name (does not resolve), tls, garbage, status, forbidden (this
    machine does not let us ask), or None; `detail` a sentence for people. `rtt_ms` None without an answer."""

    ok: bool
    error: str | None = None
    detail: str = ""
    rtt_ms: float | None = None


def error_of(error: BaseException) -> tuple[str, str]:
    """(code, sentence) of what connecting may raise."""
    if isinstance(error, TimeoutError):
        return "timeout", "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "refused", "connection refused"
    if isinstance(error, socket.gaierror):
        return "name", "the name does not resolve"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls", error.verify_message
    if isinstance(error, ssl.SSLError):
        return "tls", error.reason or "no TLS"
    if isinstance(error, ConnectionError):
        return "garbage", "the connection broke off"
    if isinstance(error, OSError):
        return "unreachable", error.strerror or str(error)
    return "garbage", type(error).__name__
