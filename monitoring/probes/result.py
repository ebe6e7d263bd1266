"""What a probe found."""

import ssl
from dataclasses import dataclass
from typing import Final

from monitoring.egress import RefusedError


@dataclass(frozen=True, slots=True)
class Result:
    """`error` is one of timeout, refused, unreachable, tls, garbage, status, forbidden (this machine does not let us ask),
    egress (our own rules do not), or None; `detail` a sentence for people. `rtt_ms` None without an answer.

    The sentence says of what kind the answer was and never what stood in it: whoever may choose an address must not read
    there what some other service says.
    """

    ok: bool
    error: str | None = None
    detail: str = ""
    rtt_ms: float | None = None


#: OpenSSL's codes of what is wrong with a certificate; anything else is "not trusted".
CERTIFICATE: Final = {
    9: "its certificate is not valid yet",
    10: "its certificate has ended",
    18: "its certificate is signed by itself",
    62: "its certificate is for another name",
    64: "its certificate is for another name",
}


def error_of(error: BaseException) -> tuple[str, str]:
    """(code, sentence) of what connecting may raise."""
    if isinstance(error, RefusedError):
        return "egress", str(error)
    if isinstance(error, TimeoutError):
        return "timeout", "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "refused", "connection refused"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls", CERTIFICATE.get(error.verify_code, "its certificate is not trusted")
    if isinstance(error, ssl.SSLError):
        return "tls", "it does not speak TLS as we do"
    if isinstance(error, ConnectionError):
        return "garbage", "the connection broke off"
    if isinstance(error, OSError):
        return "unreachable", "unreachable"
    return "garbage", "the answer is not HTTP"
