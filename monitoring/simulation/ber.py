"""BER for SNMP messages of version 2c: just what an answering machine needs, in plain bytes.

Used by the benchmark answerer (wire.py), and by tests that need to forge datagrams which no honest library
would send. Polling never uses this file: decoding what strangers send is the business of monitoring/snmp.py.
"""

from collections.abc import Iterable
from typing import NamedTuple

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE32, TIMETICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB = 0x80, 0x81, 0x82
GET, GET_NEXT, RESPONSE, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA5
VERSION_2C = 1


class Request(NamedTuple):
    """A decoded GET, GETNEXT or GETBULK. `first` and `second` are non-repeaters and max-repetitions of a GETBULK.

    `oids` holds the encoded object identifiers without tag and length.
    """

    version: int
    community: bytes
    pdu: int
    request_id: bytes
    first: int
    second: int
    oids: list[bytes]


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, body."""
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def integer(value: int, tag: int = INTEGER) -> bytes:
    """Two's complement in as few bytes as hold it; unsigned kinds get a leading zero where needed."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid_body(oid: tuple[int, ...]) -> bytes:
    """The contents bytes of an object identifier with at least two arcs."""
    out = bytearray()
    for arc in (oid[0] * 40 + oid[1], *oid[2:]):
        chunk = [arc & 0x7F]
        while arc := arc >> 7:
            chunk.append(0x80 | (arc & 0x7F))
        out += bytes(reversed(chunk))
    return bytes(out)


def oid_arcs(body: bytes) -> tuple[int, ...]:
    """The inverse of `oid_body`."""
    arcs: list[int] = []
    value = 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            arcs.append(value)
            value = 0
    head = min(arcs[0] // 40, 2)
    return (head, arcs[0] - head * 40, *arcs[1:])


def varbind(oid: bytes, value: bytes) -> bytes:
    """One row of an answer: `oid` as contents bytes, `value` a complete TLV."""
    return tlv(SEQUENCE, tlv(OID, oid) + value)


def response(
    community: bytes,
    request_id: bytes,
    rows: Iterable[bytes],
    *,
    error: int = 0,
    index: int = 0,
    version: int = VERSION_2C,
    pdu: int = RESPONSE,
) -> bytes:
    """A whole answer. `request_id` is the contents bytes of the request's own id; `rows` come from `varbind`."""
    listing = tlv(SEQUENCE, b"".join(rows))
    body = tlv(INTEGER, request_id) + integer(error) + integer(index) + listing
    return tlv(SEQUENCE, integer(version) + tlv(OCTETS, community) + tlv(pdu, body))


def _read(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start and end of the element at `at`. Raises ValueError where it runs over the end."""
    if at + 2 > len(data):
        raise ValueError("truncated")
    tag, size = data[at], data[at + 1]
    at += 2
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + size > len(data):
        raise ValueError("truncated")
    return tag, at, at + size


def request(data: bytes) -> Request:
    """Decode one request datagram. Raises ValueError on anything that is none."""
    tag, at, _ = _read(data, 0)
    if tag != SEQUENCE:
        raise ValueError("not a message")
    _, start, end = _read(data, at)
    version = int.from_bytes(data[start:end], "big")
    _, start, end = _read(data, end)
    community = data[start:end]
    pdu, at, _ = _read(data, end)
    _, start, end = _read(data, at)
    request_id = data[start:end]
    _, start, end = _read(data, end)
    first = int.from_bytes(data[start:end], "big")
    _, start, end = _read(data, end)
    second = int.from_bytes(data[start:end], "big")
    _, at, stop = _read(data, end)
    oids = []
    while at < stop:
        _, inner, at = _read(data, at)
        _, start, end = _read(data, inner)
        oids.append(data[start:end])
    return Request(version, community, pdu, request_id, first, second, oids)
