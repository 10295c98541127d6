"""What an IRC client at rest costs: resident memory of the server, for each connection that sits in a channel."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

from besedka.bench.irc_servers import Listening
from besedka.bench.server import Unmeasured, resident_bytes

WARM: Final = 32
"""So many come first, so that what the server needs only once is there."""
SETTLED_SECONDS: Final = 65.0
"""After a minute the server has put away what nobody uses."""
IN_SECONDS_MAX: Final = 60.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def measure(listening: Listening, clients: int, *, tls: bool, progress: Callable[[str], None]) -> float:
    """KiB of resident memory for each of so many clients."""
    connections = await _come(listening, range(WARM), tls=tls)
    await asyncio.sleep(SETTLED_SECONDS)
    before = resident_bytes(listening.pid)
    for first in range(WARM, WARM + clients, WARM):
        connections += await _come(listening, range(first, min(first + WARM, WARM + clients)), tls=tls)
        progress(f"{len(connections)} clients{' over TLS' if tls else ''}")
    await asyncio.sleep(SETTLED_SECONDS)
    after = resident_bytes(listening.pid)
    for _, writer in connections:
        writer.transport.abort()
    return (after - before) / clients / 1024


async def _come(listening: Listening, numbers: range, *, tls: bool) -> list[Connection]:
    return await asyncio.gather(*(_arrive(listening, number, tls=tls) for number in numbers))


async def _arrive(listening: Listening, number: int, *, tls: bool) -> Connection:
    """Connect, register as a guest, and be in the channel."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if tls else None
    if context is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # The load is on loopback, against a server it has just started.
    reader, writer = await asyncio.open_connection(
        "127.0.0.1",
        listening.tls if tls else listening.plain,
        ssl=context,
        local_addr=(f"127.0.{1 + number // 200}.{1 + number % 200}", 0),
    )
    writer.write(f"NICK u{number}\r\nUSER u{number} 0 * :u\r\n".encode())
    await asyncio.wait_for(_wait_numeric(reader, b"001"), IN_SECONDS_MAX)
    writer.write(b"JOIN #bench\r\n")
    await asyncio.wait_for(_wait_numeric(reader, b"366"), IN_SECONDS_MAX)
    return reader, writer


async def _wait_numeric(reader: asyncio.StreamReader, digits: bytes) -> None:
    while line := await reader.readline():
        if line.split(b" ")[1:2] == [digits]:
            return
    raise Unmeasured("a client was not let in")
