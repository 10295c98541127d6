"""The port: the one that was asked for, or one that is free."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterable, Sequence

from besedka.words import _

DEFAULT_PORT = 9090
"""DESIGN §6."""
PORTS_TRIED = 100
"""After the default port, so that people on one machine find each other's servers near it; then any free port."""
BACKLOG = 4096
"""Connections the kernel keeps while none is accepted; it cuts this to net.core.somaxconn (4096 since Linux 5.4)."""
_RETRY_SECONDS = 0.05
"""Between looks at whether a port is free now: people do not notice the rest of it."""

_Place = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


class BindFault(Exception):
    """The server cannot listen there. Its text is one sentence with the remedy."""


class _Busy(Exception):
    """Somebody else listens on that port."""


async def wait_bound(
    host: str, port: int | None, *, preferred: int | None = None, wait_seconds: float = 2.0
) -> list[socket.socket]:
    """Non-blocking listening sockets, one for each address of `host`, all on one port; never an empty list.

    With `port` None a free one is found: `preferred` (the last one used, after a crash), waited for up to
    `wait_seconds` while its former owner dies; then the default port, those after it, and any. Connections wait in
    the kernel from here on. Raises `BindFault`.
    """
    places = await _resolve(host)
    if port is not None:
        try:
            return _listen(places, port, host)
        except _Busy:
            raise BindFault(
                _(
                    "port {port} of {host} is in use: choose another with --port, or leave that out to have one found"
                ).format(port=port, host=host)
            ) from None
    if preferred is not None:
        sockets = await _wait_free(places, preferred, host, seconds=wait_seconds)
        if sockets is not None:
            return sockets
    return _listen_on_first_free(places, host)


def port_of(sockets: Sequence[socket.socket]) -> int:
    """The port that these sockets listen on."""
    port: int = sockets[0].getsockname()[1]
    return port


async def _resolve(host: str) -> list[_Place]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise BindFault(
            _("{host!r} is no address or name of this machine: give one with --host").format(host=host)
        ) from None
    places = [(family, address) for family, _type, _protocol, _name, address in found]
    return [(family, address) for family, address in dict.fromkeys(places) if isinstance(address[0], str)]


async def _wait_free(places: Sequence[_Place], port: int, host: str, *, seconds: float) -> list[socket.socket] | None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        try:
            return _listen(places, port, host)
        except _Busy:
            if loop.time() >= deadline:
                return None
        await asyncio.sleep(_RETRY_SECONDS)


def _candidates() -> Iterable[int]:
    yield from range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED + 1)
    # The kernel's choice is free at the first of several addresses, and may be busy at another.
    yield from [0] * 10


def _listen_on_first_free(places: Sequence[_Place], host: str) -> list[socket.socket]:
    for port in _candidates():
        try:
            return _listen(places, port, host)
        except _Busy:
            continue
    raise BindFault(
        _("no port of {host} is free: end a program that listens there, or give another --host").format(host=host)
    )


def _listen(places: Sequence[_Place], port: int, host: str) -> list[socket.socket]:
    """Listen on the same port of every place that this machine has. Raises `_Busy` or `BindFault`."""
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, address in places:
            try:
                one = _listen_at(family, (address[0], port, *address[2:]))
            except OSError as error:
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                missing = error  # `localhost` has an IPv6 address on machines that have no IPv6.
                continue
            sockets.append(one)
            port = port_of(sockets)
        if missing is not None and not sockets:
            raise missing
    except OSError as error:
        for one in sockets:
            one.close()
        raise _explained(error, host, port) from None
    return sockets


def _listen_at(family: socket.AddressFamily, address: tuple[str | int, ...]) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)  # Not inherited by children (PEP 446).
    try:
        # Connections of a server that has just ended linger in TIME_WAIT and must not hold its port.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            # `::` is every address of the machine, IPv4 too; of a name, each address is bound by itself.
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
        one.setblocking(False)
        one.bind(address)
        one.listen(BACKLOG)
    except BaseException:
        one.close()
        raise
    return one


def _explained(error: OSError, host: str, port: int) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return _Busy()
    if error.errno == errno.EACCES:
        return BindFault(
            _("this user may not listen on port {port}: choose one above 1023 with --port").format(port=port)
        )
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return BindFault(_("{host} is no address of this machine: give one with --host").format(host=host))
    return BindFault(
        _("cannot listen on port {port} of {host} ({why}): give another --host or --port").format(
            port=port, host=host, why=error.strerror
        )
    )
