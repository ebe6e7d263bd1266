"""Does a web page answer, and how long is its certificate good for?"""

import asyncio
import re
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from monitoring.egress import RefusedError, connectable
from monitoring.probes.result import Result, error_of

HEAD_LIMIT: Final = 16 * 1024
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r|$)")
_UNSAFE: Final = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True)
class HttpsResult(Result):
    """`ok` is a valid certificate and a status below 400. `not_after` is the certificate's end (UTC), also where the
    certificate was not accepted, if it could be read."""

    status: int | None = None
    not_after: datetime | None = None

    def days_left(self, now: datetime) -> float | None:
        """Days until the certificate ends; negative after it."""
        return (self.not_after - now).total_seconds() / 86_400 if self.not_after else None


async def probe_https(
    address: str,
    port: int = 443,
    path: str = "/",
    timeout: float = 5.0,
    context: ssl.SSLContext | None = None,
    name: str = "",
) -> HttpsResult:
    """One GET to `address`, for the host `name` (default: the address itself).

    A redirection is an answer and is not followed: where it leads nobody has allowed. `context` for other trusted roots
    than the machine's.
    """
    name = name or address
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(timeout):
            context = context or ssl.create_default_context()
            status, not_after = await _ask(connectable(address), name, port, path, context)
    except ssl.SSLCertVerificationError as error:
        code, detail = error_of(error)
        return HttpsResult(False, code, detail, not_after=await _end_unverified(address, name, port, timeout))
    except (
        OSError,
        ValueError,
        RefusedError,
        asyncio.IncompleteReadError,
        asyncio.LimitOverrunError,
    ) as error:
        return HttpsResult(False, *error_of(error))
    took = (time.perf_counter() - begun) * 1000
    if status is None:
        return HttpsResult(False, "garbage", "the answer is not HTTP", took, None, not_after)
    if status >= 400:
        return HttpsResult(False, "status", f"HTTP status {status}", took, status, not_after)
    return HttpsResult(True, None, "", took, status, not_after)


async def _ask(
    address: str, name: str, port: int, path: str, context: ssl.SSLContext
) -> tuple[int | None, datetime | None]:
    path = _UNSAFE.sub(lambda found: "".join(f"%{b:02X}" for b in found[0].encode()), path or "/")
    reader, writer = await asyncio.open_connection(
        address, port, ssl=context, server_hostname=name, limit=HEAD_LIMIT
    )
    try:
        peer: Any = writer.get_extra_info("peercert") or {}
        host = f"[{name}]" if ":" in name else name
        writer.write(
            f"GET {path if path.startswith('/') else '/' + path} HTTP/1.1\r\nHost: {host}"
            f"{'' if port == 443 else f':{port}'}\r\n"
            "User-Agent: Samdrift\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode("ascii")
        )
        await writer.drain()
        line = await reader.readuntil(b"\n")
    finally:
        writer.transport.abort()
    found = _STATUS.match(line)
    return int(found[1]) if found else None, _end(peer.get("notAfter"))


def _end(text: str | None) -> datetime | None:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC) if text else None


async def _end_unverified(address: str, name: str, port: int, timeout: float) -> datetime | None:
    """The end of a certificate that nobody vouches for: an expired one still says when it did."""
    from cryptography import x509

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.transport.abort()
        return x509.load_der_x509_certificate(der).not_valid_after_utc if der else None
    except (OSError, ValueError):
        return None
