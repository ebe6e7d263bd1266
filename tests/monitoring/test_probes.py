"""Ports, web pages and echoes."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from monitoring.probes import HttpsResult, Result, probe_https, probe_icmp, probe_tcp
from monitoring.probes import icmp as icmp_module
from tests.monitoring.agents import own_address


@asynccontextmanager
async def listening(
    answer: bytes | None, address: str, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers each connection with the same bytes, or None: with nothing. The requests it got."""
    got: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            await asyncio.sleep(30)
            return
        try:
            got.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, address, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], got
    finally:
        server.close()


def certificate(folder: Path, address: str, days: int) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server with a certificate for `address` that ends in `days`, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = cert.public_bytes(serialization.Encoding.PEM)
    both = pem + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "pair.pem"
    path.write_bytes(both)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=pem.decode())


def test_tcp_opens() -> None:
    async def ask() -> Result:
        address = own_address()
        async with listening(b"", address) as (port, _):
            return await probe_tcp(address, port)

    found = asyncio.run(ask())
    assert (found.ok, found.error) == (True, None)
    assert found.rtt_ms is not None
    assert 0 < found.rtt_ms < 2000


def test_tcp_refused_and_unknown() -> None:
    assert asyncio.run(probe_tcp(own_address(), 9)).error == "refused"
    assert (
        asyncio.run(probe_tcp("no-such-host.invalid", 80)).error == "egress"
    )  # names are resolved before, once


def test_tcp_that_never_opens() -> None:
    """A listener whose queue is full drops what comes."""

    async def ask() -> Result:
        address = own_address()
        with socket.socket() as listener:
            listener.bind((address, 0))
            listener.listen(0)
            port = listener.getsockname()[1]
            filling = [socket.socket() for _ in range(3)]
            try:
                for one in filling:
                    one.setblocking(False)
                    one.connect_ex((address, port))
                await asyncio.sleep(0.1)
                return await probe_tcp(address, port, 0.3)
            finally:
                for one in filling:
                    one.close()

    assert asyncio.run(ask()).error == "timeout"


def https(tmp_path: Path, answer: bytes | None, days: int = 30, trusted: bool = True, path: str = "/") -> tuple[HttpsResult, list[bytes]]:  # fmt: skip
    async def ask() -> tuple[HttpsResult, list[bytes]]:
        address = own_address()
        server, client = certificate(tmp_path, address, days)
        async with listening(answer, address, server) as (port, got):
            return await probe_https(address, port, path, 1.0, client if trusted else None), got

    return asyncio.run(ask())


def test_a_page_that_answers(tmp_path: Path) -> None:
    found, got = https(tmp_path, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", path="/helse?a=1")
    assert (found.ok, found.status, found.error) == (True, 200, None)
    days = found.days_left(datetime.now(UTC))
    assert days is not None
    assert 29.9 < days <= 30
    assert got[0].startswith(b"GET /helse?a=1 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        (b"HTTP/1.0 503 Service Unavailable\r\n\r\n", "status", 503),
        (b"HTTP/1.1 404\r\n\r\n", "status", 404),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", None, 302),
        (b"SSH-2.0-wrong\r\n", "garbage", None),
        (b"HTTP/1.1 OK\r\n", "garbage", None),
        (b"", "garbage", None),
        (b"x" * 100_000, "garbage", None),
        (None, "timeout", None),
    ],
    ids=["503", "404", "redirection", "not HTTP", "no number", "nothing", "endless line", "silence"],
)
def test_pages_that_do_not(
    tmp_path: Path, answer: bytes | None, error: str | None, status: int | None
) -> None:
    found, _ = https(tmp_path, answer)
    assert (found.ok, found.error, found.status) == (error is None, error, status)


def test_a_path_cannot_smuggle_a_header(tmp_path: Path) -> None:
    _, got = https(tmp_path, b"HTTP/1.1 200 OK\r\n\r\n", path="/æ x\r\nX-Evil: 1")
    assert got[0].startswith(b"GET /%C3%A6%20x%0D%0AX-Evil:%201 HTTP/1.1\r\n")


def test_an_expired_certificate_says_since_when(tmp_path: Path) -> None:
    found, _ = https(tmp_path, b"HTTP/1.1 200 OK\r\n\r\n", days=-3)
    assert (found.ok, found.error) == (False, "tls")
    assert "has ended" in found.detail
    days = found.days_left(datetime.now(UTC))
    assert days is not None
    assert -3.1 < days <= -3


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    found, _ = https(tmp_path, b"HTTP/1.1 200 OK\r\n\r\n", trusted=False)
    assert (found.ok, found.error) == (False, "tls")
    assert found.not_after is not None


def test_no_tls_at_all() -> None:
    async def ask() -> HttpsResult:
        address = own_address()
        async with listening(b"HTTP/1.1 400 Bad\r\n\r\n", address) as (port, _):
            return await probe_https(address, port, timeout=1.0)

    assert asyncio.run(ask()).error in ("tls", "timeout", "garbage")
    assert asyncio.run(probe_https(own_address(), 9)).error == "refused"


def test_echo() -> None:
    """Where the kernel lets us: a loopback address always echoes."""
    found = asyncio.run(probe_icmp(own_address()))
    if found.error == "forbidden":
        assert "ping_group_range" in found.detail
        pytest.skip("this kernel forbids ping sockets to this account")
    assert found.ok, found
    assert found.rtt_ms is not None
    assert 0 < found.rtt_ms < 1000


def test_a_kernel_that_forbids_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forbidding:
        AF_INET, AF_INET6, SOCK_DGRAM = socket.AF_INET, socket.AF_INET6, socket.SOCK_DGRAM
        getprotobyname = staticmethod(socket.getprotobyname)

        @staticmethod
        def socket(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(icmp_module, "socket", Forbidding)
    found = asyncio.run(probe_icmp("127.0.0.1"))
    assert (found.ok, found.error) == (False, "forbidden")
    assert "ping_group_range" in found.detail


def forged(monkeypatch: pytest.MonkeyPatch, answers: Callable[[bytes], list[bytes]]) -> Result:
    async def ask() -> Result:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        theirs.setblocking(False)

        class Sock(socket.socket):
            def connect(self, address: object) -> None:
                """Already connected."""

        sock = Sock(fileno=ours.detach())

        class Forging:
            AF_INET, AF_INET6, SOCK_DGRAM = socket.AF_INET, socket.AF_INET6, socket.SOCK_DGRAM
            getprotobyname = staticmethod(socket.getprotobyname)

            @staticmethod
            def socket(*_: object) -> socket.socket:
                return sock

        monkeypatch.setattr(icmp_module, "socket", Forging)
        loop = asyncio.get_running_loop()

        def said() -> None:
            for packet in answers(theirs.recv(2048)):
                theirs.send(packet)

        loop.add_reader(theirs, said)
        try:
            return await probe_icmp("127.0.0.1", 0.2, 1)
        finally:
            loop.remove_reader(theirs)
            theirs.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("answers", "ok"),
    [
        (lambda sent: [b"\x00" + sent[1:]], True),
        (lambda sent: [], False),
        (lambda sent: [sent], False),
        (lambda sent: [b"\x00" + sent[1:-1] + b"?"], False),
        (lambda sent: [b"\x00" + sent[1:6] + b"\xff\xff" + sent[8:]], False),
        (lambda sent: [b"\x03\x01\x00\x00", b"", b"\x00" + sent[1:]], True),
    ],
    ids=["echo", "silence", "a request", "other payload", "other number", "runts before the echo"],
)
def test_only_our_own_echo_counts(
    monkeypatch: pytest.MonkeyPatch, answers: Callable[[bytes], list[bytes]], ok: bool
) -> None:
    found = forged(monkeypatch, answers)
    assert found.ok is ok
    assert found.error == (None if ok else "timeout")
