"""gufo-snmp: the hot loop.

It does not tell error statuses: the nulls of such an answer leave it with {}, as does a device that has none of
what was asked. rounds.py then asks pysnmp. (A device that sends an error status *and* values is believed.)
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from functools import lru_cache
from typing import Any, Final

from monitoring.mibs.values import MISSING, Value, dotted, integer, octets
from monitoring.snmp.data import Endpoint, Fault, SnmpAuth
from monitoring.snmp.problems import AskError, Oid, arcs_of, os_problem, tries

FEW: Final = 10
"""Rows asked by one GETBULK: gufo takes no answer above 4 KiB."""


class Gufo:
    """A session, and so a socket, per question: gufo keeps no sockets for us to run out of."""

    async def get(self, endpoint: Endpoint, oids: Sequence[str]) -> dict[str, Value]:
        begun = time.perf_counter()
        try:
            # gufo's own limit starts anew with every stray datagram, so ours goes around all of it;
            # v3 discovery happens in refresh().
            async with asyncio.timeout(endpoint.timeout):
                session = _gufo_session(endpoint)
                await session.refresh()
                found = await session.get_many(list(oids))
        except BaseException as error:
            raise _gufo_problem(error, endpoint, time.perf_counter() - begun) from None
        return {oid: _gufo_value(value) for oid, value in found.items()}

    async def walk(self, endpoint: Endpoint, root: str) -> AsyncIterator[tuple[Oid, Value]]:
        arcs_of(root)

        async def begin() -> Any:
            try:
                async with asyncio.timeout(endpoint.timeout):
                    session = _gufo_session(endpoint)
                    await session.refresh()
                    return session.getbulk(root, FEW)
            except BaseException as error:
                raise _gufo_problem(error, endpoint, endpoint.timeout) from None

        async def step() -> tuple[str, Any] | None:
            begun = time.perf_counter()
            try:
                async with asyncio.timeout(endpoint.timeout):
                    return await anext(steps)
            except StopAsyncIteration:
                return None
            except BaseException as error:
                raise _gufo_problem(error, endpoint, time.perf_counter() - begun) from None

        steps, _ = await tries(endpoint, begin)
        while (row := (await tries(endpoint, step))[0]) is not None:
            yield arcs_of(row[0]), _gufo_value(row[1])


def _gufo_session(endpoint: Endpoint) -> Any:
    from gufo.snmp import SnmpVersion
    from gufo.snmp.aio import SnmpSession

    common: dict[str, Any] = {"port": endpoint.port, "timeout": endpoint.timeout + 1}
    if endpoint.auth.version == "2c":
        return SnmpSession(
            endpoint.address, community=endpoint.auth.community, version=SnmpVersion.v2c, **common
        )
    return SnmpSession(endpoint.address, user=_gufo_user(endpoint.auth), version=SnmpVersion.v3, **common)


@lru_cache(256)
def _gufo_user(auth: SnmpAuth) -> Any:
    """Stretching a password costs a megabyte of hashing: once per credential, not once per poll."""
    from gufo.snmp import Aes128Key, DesKey, Md5Key, Sha1Key, Sha256Key, User
    from gufo.snmp.user import KeyType

    hashes: dict[str, Any] = {"MD5": Md5Key, "SHA1": Sha1Key, "SHA256": Sha256Key}
    ciphers: dict[str, Any] = {"DES": DesKey, "AES128": Aes128Key}
    if not auth.auth_protocol:
        return User(auth.user)
    hashed = hashes[auth.auth_protocol]
    key = hashed(hashed.get_master_key(auth.auth_key.encode()), KeyType.Master)
    if not auth.priv_protocol:
        return User(auth.user, auth_key=key)
    stretched = hashed.get_master_key(auth.priv_key.encode())
    return User(auth.user, auth_key=key, priv_key=ciphers[auth.priv_protocol](stretched, KeyType.Master))


def _gufo_problem(error: BaseException, endpoint: Endpoint, took: float) -> BaseException:
    """What to raise instead. Some datagrams make gufo's Rust panic, and a panic is no `Exception` to Python."""
    from gufo.snmp import SnmpAuthError, SnmpDecodeError, SnmpEncodeError, SnmpError

    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        return error
    if isinstance(error, AskError):
        return error
    if isinstance(error, TimeoutError):
        # gufo reports the kernel's "refused" as a timeout too, but at once.
        return AskError(Fault.REFUSED if took < endpoint.timeout / 2 else Fault.TIMEOUT)
    if isinstance(error, SnmpAuthError):
        return AskError(Fault.AUTH if endpoint.auth.version == "3" else Fault.GARBAGE, str(error))
    if isinstance(error, SnmpEncodeError | ValueError):
        return AskError(Fault.REQUEST, str(error))
    if isinstance(error, SnmpDecodeError | SnmpError):
        return AskError(Fault.GARBAGE, str(error))
    if isinstance(error, OSError):
        return os_problem(error)
    return AskError(Fault.GARBAGE, repr(error))


def _gufo_value(raw: object) -> Value:
    match raw:
        case int():
            return integer(raw)
        case bytes():
            return octets(raw)
        case str():
            return dotted(raw)
    return MISSING
