"""A server small enough to be believed: one lobby, rooms on demand, everything in memory, faults on order.

It stands in for the real one where a test is about the client alone. It speaks through the same codec.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from besedka.chat import requests as asked
from besedka.chat.answers import OverviewTold
from besedka.chat.entries import (
    Body,
    Entry,
    Kind,
    MembershipChanged,
    Message,
    Person,
    RequestId,
    RoomId,
    RoomName,
    RoomRole,
    TopicSet,
    Way,
)
from besedka.chat.own_requests import MoveMarker, Overview
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.told import (
    Done,
    Entries,
    Farewell,
    Kept,
    Page,
    Parting,
    People,
    PersonLine,
    Refused,
    Registration,
    RoomLine,
    RoomList,
    RoomTold,
    Synced,
    Unit,
    You,
)
from besedka.limits import Limits
from besedka.wire.native import NativeServer
from scripted import INBOX, LOBBY, welcome

TIME = 1_700_000_000_000


class FakeServer:
    """Accounts, rooms and the sessions that look at them."""

    def __init__(self, *, registration: Registration = Registration.OPEN, guests: bool = False) -> None:
        self.registration = registration
        self.guests = guests
        self.epoch = "e1"
        self.passwords: dict[str, str] = {}
        self.invitations = {"tell-nobody"}
        self.busy = 0
        """So many logins are still answered `busy`."""
        self.mute = False
        self.drops: Callable[[asked.Request], bool] = lambda request: False
        """Requests at which the connection is cut before anything is done."""
        self.names: dict[RoomId, str] = {LOBBY: "lobby"}
        self.logs: dict[RoomId, list[Entry]] = {LOBBY: []}
        self.topics: dict[RoomId, str] = {}
        self.known: dict[str, tuple[RoomId, int]] = {}
        self.markers: dict[RoomId, int] = {}
        self.sessions: list[Session] = []
        self.accepted = 0
        self.port = 0

    def keep(self, room: RoomId, author: PrincipalId, name: str, body: Body) -> int:
        """Number, keep and tell."""
        log = self.logs[room]
        log.append(Entry(len(log) + 1, TIME + len(log) * 60_000, author, AccountName(name), body))
        for session in self.sessions:
            if room in session.reads:
                session.tell(Entries(room, (log[-1],)))
        return len(log)

    @asynccontextmanager
    async def serving(self, context: ssl.SSLContext | None, *, port: int = 0) -> AsyncIterator[FakeServer]:
        """Listen on the loopback."""
        if context is not None:
            context.set_alpn_protocols(["besedka/1"])
        server = await asyncio.start_server(self._accept, "127.0.0.1", port, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for session in list(self.sessions):
                session.cut()
            await server.wait_closed()
            await asyncio.gather(*(one for one in asyncio.all_tasks() if one.get_name() == "fake session"))

    @contextmanager
    def in_thread(self, context: ssl.SSLContext) -> Iterator[FakeServer]:
        """Listen on a loop of its own, for a client that has the main thread or is another process."""
        ready, stop = threading.Event(), asyncio.Event()
        loop = asyncio.new_event_loop()

        async def serve() -> None:
            async with self.serving(context):
                ready.set()
                await stop.wait()

        def run() -> None:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())

        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert ready.wait(10), "the fake server starts"
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(10)
            assert not thread.is_alive(), "the fake server stops"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.set_name("fake session")
        self.accepted += 1
        session = Session(self, writer)
        self.sessions.append(session)
        try:
            with suppress(OSError):
                while not session.over and (data := await reader.read(65_536)):
                    session.receive(data)
        finally:
            self.sessions.remove(session)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class Session:
    """One connection."""

    def __init__(self, server: FakeServer, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.over = False
        self.reads: set[RoomId] = set()
        self._writer = writer
        self._codec = NativeServer(Limits())
        self._name = ""
        self._me = PrincipalId(0)

    def cut(self) -> None:
        """End the connection without a word."""
        self.over = True
        self._writer.transport.abort()

    def tell(self, unit: Unit) -> None:
        if not self.server.mute:
            self._writer.write(self._codec.tell(unit))

    def receive(self, data: bytes) -> None:
        for request in self._codec.receive(data):
            if self.over:
                return
            if isinstance(request, asked.Malformed):
                self.tell(Refused(request.id, request.refusal.code, request.refusal.sentence))
            elif self.server.drops(request):
                self.cut()
            else:
                self._do(request)

    def _refuse(self, request: asked.Request, code: Code) -> None:
        self.tell(Refused(request.request_id, code, SENTENCES[code]))

    def _do(self, request: asked.Request) -> None:
        server = self.server
        match request:
            case asked.Hello():
                told = welcome(server.epoch, registration=server.registration, guests=server.guests)
                self.tell(told)
            case asked.Login() | asked.Register() | asked.Resume() | asked.ComeAsGuest() if server.busy:
                server.busy -= 1
                self._refuse(request, Code.BUSY)
            case asked.Login(name=name, password=password):
                self._login(request, name, password)
            case asked.Register(name=name, password=password, invitation=invitation):
                if server.registration is Registration.INVITE and invitation not in server.invitations:
                    self._refuse(request, Code.INVITATION_NEEDED)
                elif len(password) < 8:
                    self._refuse(request, Code.PASSWORD_SHORT)
                else:
                    server.passwords[name] = password
                    self._enter(request, name)
            case asked.Resume(token=token):
                name = token.removeprefix("token of ")
                if name in server.passwords:
                    self._enter(request, name)
                else:
                    self._refuse(request, Code.TOKEN_DEAD)
            case asked.ComeAsGuest(name=name):
                self._enter(request, name, guest=True)
            case asked.Exit():
                self.tell(Farewell(Parting.EXIT, "Bye."))
                self.over = True
            case _ if not self._name:
                self._refuse(request, Code.LOGIN_FIRST)
            case asked.Write() if request.request_id in server.known:
                room, number = server.known[request.id or ""]
                self.tell(Kept(request.request_id, room, number))
            case _:
                self._talk(request)

    def _login(self, request: asked.Request, name: str, password: str) -> None:
        known = self.server.passwords.get(name)
        if known is None and self.server.registration is Registration.OPEN:
            self._refuse(request, Code.NAME_UNKNOWN)
        elif known != password:
            self._refuse(request, Code.WRONG_PASSWORD)
        else:
            self._enter(request, name)

    def _enter(self, request: asked.Request, name: str, *, guest: bool = False) -> None:
        self._name = name
        number = sum(map(ord, name)) + 10
        self._me = PrincipalId(-number if guest else number)
        token = None if guest else f"token of {name}"
        self._codec.logged_in()
        role, inbox = AccountRole.USER, None if guest else INBOX
        self.tell(You(request.request_id, self._me, AccountName(name), role, inbox, token))

    def _describe(self, room: RoomId, after: int) -> None:
        log = self.server.logs[room]
        self.tell(
            RoomTold(
                room=room,
                room_kind=Kind.PUBLIC,
                room_name=RoomName(self.server.names[room]),
                topic=self.server.topics.get(room, ""),
                head=len(log),
                floor=1,
                messages=len(log),
                members=1,
                after=after,
            )
        )
        self.reads.add(room)
        if log[after:]:
            self.tell(Entries(room, tuple(log[after:])))

    def _kept(self, request: asked.Request, room: RoomId, body: Body) -> None:
        assert request.id is not None
        number = len(self.server.logs[room]) + 1
        self.server.known[request.id] = (room, number)
        self.tell(Kept(RequestId(request.id), room, number))
        self.server.keep(room, self._me, self._name, body)

    def _talk(self, request: asked.Request) -> None:
        server = self.server
        match request:
            case asked.Sync(places=places, show=show):
                given = dict(places)
                self.tell(Synced(request.request_id, 1))
                head = len(server.logs[LOBBY])
                self._describe(LOBBY, given.get(LOBBY, max(0, head - show)))
            case asked.Say(room=room, text=text, manner=manner):
                if text == "forbidden":
                    self._refuse(request, Code.MUTED)
                else:
                    self._kept(request, room, Message(text, manner))
            case asked.Join(name=name):
                found = [room for room, known in server.names.items() if known == name]
                room = found[0] if found else RoomId(max(server.names) + 1)
                server.names[room] = name
                server.logs.setdefault(room, [])
                self._describe(room, len(server.logs[room]))
                self._kept(request, room, MembershipChanged(Way.JOINED, (Person(self._me, AccountName(self._name)),)))
            case asked.Leave(room=room):
                self._kept(request, room, MembershipChanged(Way.LEFT, (Person(self._me, AccountName(self._name)),)))
                self.reads.discard(room)
            case asked.SetTopic(room=room, topic=topic):
                server.topics[room] = topic
                self._kept(request, room, TopicSet(topic))
            case asked.History(room=room, before=before, limit=limit):
                log = server.logs[room][: (before or 1) - 1]
                self.tell(Page(request.request_id, room, tuple(log[-limit:]), len(server.logs[room]), 1))
            case asked.ListRooms():
                lines = tuple(
                    RoomLine(room, Kind.PUBLIC, RoomName(name), server.topics.get(room, ""), 1, room in self.reads)
                    for room, name in server.names.items()
                )
                self.tell(RoomList(request.request_id, lines))
            case asked.Who(room=room):
                me = PersonLine(self._me, AccountName(self._name), RoomRole.MEMBER, True)
                self.tell(People(request.request_id, room, len(server.logs[room]), (me,), 1))
            case asked.Ping():
                self.tell(Done(request.request_id))
            case asked.Tell():
                self._refuse(request, Code.NO_SUCH_PERSON)
            case MoveMarker(room=room, number=number):
                server.markers[room] = number
                self.tell(Done(request.request_id))
            case Overview():
                self.tell(OverviewTold(request.request_id, ()))
            case _:
                pass
