"""Names to addresses, once: what is found here is checked and connected to, and nobody asks for the name again."""

import asyncio
import socket
from collections.abc import Iterable
from typing import Final

from monitoring.egress import addresses

SECONDS: Final = 2.0

Found = dict[str, tuple[str, ...]]


async def resolve(names: Iterable[str]) -> Found:
    """All addresses of each name (an address is its own); what is not known, or no host name, is left out."""
    found: Found = {}
    unknown = []
    for name in set(names):
        address = addresses.literal(name)
        if address is not None:
            found[name] = (str(address),)
        elif addresses.is_host_name(name):
            unknown.append(name)
    loop = asyncio.get_running_loop()

    async def one(name: str) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                rows = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError, UnicodeError):
            return
        found[name] = tuple(dict.fromkeys(str(row[4][0]) for row in rows))

    await asyncio.gather(*map(one, unknown))
    return found


def resolve_now(names: Iterable[str]) -> Found:
    """The same where there is no loop: forms and threads of their own."""
    return asyncio.run(resolve(names))
