"""Whether those who know this server by a name would trust its certificate, by the authorities they know."""

from __future__ import annotations

import ssl

_ROUNDS_MAX = 8
"""Flights of a handshake (RFC 8446 §2, RFC 5246 §7.3): two in either direction, and some to spare."""


def is_vouched_for(context: ssl.SSLContext, name: str, *, trust: ssl.SSLContext | None = None) -> bool:
    """Try a handshake in memory, as a client does that verifies what it is shown; takes a few milliseconds.

    `trust` is what the client believes: the authorities that this machine knows, unless given.
    """
    client_in, server_in = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = (trust or ssl.create_default_context()).wrap_bio(client_in, server_in, server_hostname=name)
    server = context.wrap_bio(server_in, client_in, server_side=True)
    waiting = [client, server]
    for _round in range(_ROUNDS_MAX):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
            except (ssl.SSLError, ssl.CertificateError):
                return False
        if not waiting:
            return True
    return False
