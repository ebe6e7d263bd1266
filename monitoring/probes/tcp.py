"""Does a TCP port open?"""

import asyncio
import time
from contextlib import suppress

from monitoring.egress import RefusedError, connectable
from monitoring.probes.result import Result, error_of


async def probe_tcp(address: str, port: int, timeout: float = 2.0) -> Result:
    """Connect and hang up."""
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(connectable(address), port)
    except (OSError, RefusedError) as error:
        return Result(False, *error_of(error))
    took = time.perf_counter() - begun
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return Result(True, rtt_ms=took * 1000)
