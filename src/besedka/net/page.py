"""The page that a browser gets: a word about what this server is.

aiohttp's `web.Server` speaks HTTP on the transports it is given. It is imported when somebody first asks (0.2 s), in
a thread, while that connection waits.
"""

from __future__ import annotations

import asyncio
import html
import importlib
import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from besedka.chat.refusals import N_
from besedka.hub.ports import Peer
from besedka.net.parts import Parts, Visit, reason_of
from besedka.net.peers import forwarded_address, is_within, parse_address
from besedka.wire.protocol import ServerProtocol
from besedka.words import _

if TYPE_CHECKING:
    from aiohttp import web

_HEADERS_MAX = 64
"""Browsers send some twenty, proxies add a few."""

_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:/@\s]+))(?::[0-9]{0,5})?\Z", re.ASCII)
"""RFC 9110 §7.2."""

_IRC_OFFERED = re.compile(rb"^sec-websocket-protocol:[^\r\n]*(?:text|binary)\.ircv3\.net", re.IGNORECASE | re.MULTILINE)
"""Only looked for here; whether it is a handshake at all is judged where that is spoken."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")

_TITLE = N_("This is a besedka server.")
_HOW = N_("It is a chat. Join it from a terminal, with besedka installed:")

_HEADERS = {
    "Server": "besedka",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_SILENT = logging.Logger("besedka.http", logging.CRITICAL + 1)
"""aiohttp logs what peers send; the journal does not."""


def is_host_ours(host: str, hostnames: tuple[str, ...]) -> bool | None:
    """Whether a Host header names this server; None where it is no host at all.

    A web page anywhere may make its own name point here, and its visitors' browsers then let it read our answers (DNS
    rebinding). The Host header still has that name. An address cannot be made to point anywhere.
    """
    match = _HOST.match(host)
    if match is None:
        return None
    if match["six"] is not None:
        return True if parse_address(match["six"]) is not None else None
    name = match["name"].lower().removesuffix(".")
    known = {"localhost", *(hostname.lower() for hostname in hostnames)}
    return name in known or parse_address(name) is not None


def host_name(host: str) -> str | None:
    """The name or address in a host that may have a port; None where it is none."""
    match = _HOST.match(host)
    return None if match is None else (match["six"] or match["name"]).lower().removesuffix(".")


def asks_for_irc(head: bytes) -> bool:
    """Whether the head of a request offers a subprotocol of IRCv3 websocket."""
    return _IRC_OFFERED.search(head) is not None


class Pages:
    """Serves HTTP on connections that turned out to speak it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._server: web.Server | None = None

    def serve(self, transport: asyncio.Transport, visit: Visit, peer: Peer, data: bytes) -> None:
        """Take a transport over; `data` is what the peer has said already."""
        HTTPConnection(self._parts, self, transport, visit, peer).begin(data)

    async def handler(self) -> asyncio.Protocol:
        """aiohttp's side of a new connection."""
        if self._server is None:
            web = await self._parts.loop.run_in_executor(None, importlib.import_module, "aiohttp.web")
            limits = self._parts.limits
            self._server = self._server or web.Server(
                self._answer,
                keepalive_timeout=limits.http_idle_seconds_max,
                lingering_time=0,  # A body is of no use to us; whoever sends one is closed.
                max_line_size=limits.line_bytes_max,
                max_field_size=limits.line_bytes_max,
                max_headers=_HEADERS_MAX,
                auto_decompress=False,
                access_log=None,
                logger=_SILENT,
            )
        return cast(asyncio.Protocol, self._server())

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return self._page(request)
        except Exception as error:  # The edge.
            self._parts.journal.fault("answering a browser failed", error)
            return _response(500, _("Something went wrong on the server."))

    def _page(self, request: web.BaseRequest) -> web.StreamResponse:
        settings = self._parts.settings
        self._note(request)
        hosts = request.headers.getall("Host", [])
        ours = is_host_ours(hosts[0], settings.hostnames) if len(hosts) == 1 else None
        if ours is None:
            return _response(400, _("The Host header is missing or wrong."))
        if not ours:
            return _response(421, _("This server does not answer to that name."))
        if request.path != "/":
            return _response(404, _("There is no such page here."))
        if request.method not in ("GET", "HEAD"):
            return _response(405, _("That cannot be done here."), {"Allow": "GET, HEAD"})
        return _response(200, _body(settings.name), kind="text/html")

    def _note(self, request: web.BaseRequest) -> None:
        """The log learns whom a trusted proxy speaks for; the connection itself is the proxy's."""
        networks = self._parts.settings.trusted_proxies
        socket_address = request.remote or ""
        if is_within(socket_address, networks):
            values = request.headers.getall("X-Forwarded-For", [])
            address = forwarded_address(values, socket_address=socket_address, networks=networks)
            self._parts.journal.note("page asked for", address=address, by=socket_address)


def _body(name: str) -> str:
    shown = html.escape(name)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{shown}</title>\n'
        f"<h1>{shown}</h1>\n<p>{_(_TITLE)} {_(_HOW)}</p>\n<pre>besedka chat HOST PORT</pre>\n</html>\n"
    )


def _response(
    status: int, text: str, headers: dict[str, str] | None = None, *, kind: str = "text/plain"
) -> web.Response:
    from aiohttp import web  # Imported already, or nobody would be answered.

    if kind == "text/plain":
        text += "\n"
    return web.Response(status=status, text=text, content_type=kind, headers=_HEADERS | (headers or {}))


class HTTPConnection(asyncio.Protocol):
    """Stands between a transport and aiohttp, so that the connection is counted and can be ended like any other."""

    __slots__ = ("_handler", "_opening", "_pages", "_parts", "_peer", "_said", "_transport", "_visit")

    def __init__(self, parts: Parts, pages: Pages, transport: asyncio.Transport, visit: Visit, peer: Peer) -> None:
        self._parts = parts
        self._pages = pages
        self._peer = peer
        self._transport = transport
        self._visit = visit
        self._handler: asyncio.Protocol | None = None
        self._opening: asyncio.Task[None] | None = None
        self._said = b""

    def begin(self, data: bytes) -> None:
        """Take the transport over; `data` is what the peer has said already."""
        self._visit.holder = self
        self._transport.set_protocol(self)
        self._parts.asking.start(self, self._transport.abort)
        self.data_received(data)

    def _decide(self) -> None:
        """As soon as the head of the first request is there, it is known whether this will be a WebSocket."""
        if not _HEAD_END.search(self._said) and len(self._said) < self._parts.limits.line_bytes_max:
            return
        self._parts.asking.stop(self)
        self._transport.pause_reading()
        make = self._parts.wires.irc
        opening = self._open() if make is None or not asks_for_irc(self._said) else self._become_irc(make)
        self._opening = self._parts.loop.create_task(opening)

    async def _become_irc(self, make: Callable[[bool], ServerProtocol]) -> None:
        """Another takes the transport over; it is imported now, in a thread."""
        try:
            module = await self._parts.loop.run_in_executor(None, importlib.import_module, "besedka.net.websocket")
            self._opening = None
            socket = module.WebSocket(self._parts, self._transport, self._visit)
            socket.shake_hands(self._peer, make, self._said)
            self._transport.resume_reading()
        except Exception as error:  # The same edge.
            self._parts.journal.fault("opening a WebSocket failed", error)
            self.abort()

    async def _open(self) -> None:
        self._visit.opened(self._peer.way)
        try:
            handler = await self._pages.handler()
        except Exception as error:  # The edge: no descriptor left to read aiohttp with, for one.
            self._parts.journal.fault("serving a page failed", error)
            self.abort()
            return
        self._opening = None
        self._handler = handler
        handler.connection_made(self._transport)
        handler.data_received(self._said)
        self._said = b""
        self._transport.resume_reading()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._handler is None:
            self._said += data
            if self._opening is None:
                self._decide()
        else:
            self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._handler is None else self._handler.eof_received()

    def pause_writing(self) -> None:
        if self._handler is not None:
            self._handler.pause_writing()

    def resume_writing(self) -> None:
        if self._handler is not None:
            self._handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._parts.asking.stop(self)
        if self._opening is not None:
            self._opening.cancel()
        if self._handler is not None:
            self._handler.connection_lost(exc)
        self._visit.end(reason_of(exc))
