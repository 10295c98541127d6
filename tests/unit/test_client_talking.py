"""A whole talk against a small server: typed lines in, shown lines out, and how it ends."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from besedka.chat.entries import Message, Person, RequestId, RoomId
from besedka.chat.principals import AccountName
from besedka.chat.requests import Say
from besedka.chat.told import Farewell, Parting, Presence
from besedka.client import talking
from besedka.client.commands import Meaning
from besedka.client.core import Core
from besedka.client.device import Address, Device
from besedka.client.ids import Ids
from besedka.client.link import Link
from besedka.client.showing import Look
from besedka.client.surface import Surface
from besedka.client.talking import Queue, Talk
from certificates import self_made
from fake_server import FakeServer
from scripted import BOB, LOBBY
from waiting import wait_for, wait_until


class Someone:
    """Logged in as ann; what is typed is put by the test, what is shown is in `lines` and `notices`."""

    def __init__(self, server: FakeServer, state: Path, *, patient: bool = True) -> None:
        self.lines: list[str] = []
        self.notices: list[str] = []
        self.core = Core(new_id=Ids(now=lambda: 5, token_bytes=bytes))
        self.surface = Surface(self.core, Look(), line=self.lines.append, notice=self.notices.append)
        address, device = Address("127.0.0.1", server.port), Device(state)
        self.link = Link(self.core, address, device, show=self.surface.show, chance=lambda: 0.001)
        self.talk = Talk(
            self.core,
            self.link,
            self.surface,
            patient=patient,
            forgetful=patient,
            unsayable={"correct horse", ""},
            wait_busy=self._no_wait,
        )
        self.typed: Queue = asyncio.Queue()

    async def _no_wait(self) -> None:
        await asyncio.sleep(0)

    async def comes_in(self, name: str = "ann") -> None:
        await self.link.open()
        self.core.login(name, "correct horse")
        assert await self.link.answer()

    async def talks(self) -> int:
        """Talk until the typed lines end (patient) or have ended; the exit status."""

        async def feed(queue: Queue) -> None:
            while (line := await self.typed.get()) is not None:
                await queue.put(line)
            if self.talk._patient:
                await queue.put(None)

        return await self.talk.run(feed)

    async def says(self, *lines: str) -> int:
        """Type these lines and leave."""
        for line in lines:
            self.typed.put_nowait(line)
        self.typed.put_nowait(None)
        return await self.talks()

    def said(self) -> list[str]:
        """What is shown, without the times and the days."""
        return [line[6:] if line[2:3] == ":" else line for line in self.lines if not line.startswith("-- 2023")]


Work = Callable[[FakeServer, Someone], Coroutine[Any, Any, None]]


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    return self_made(tmp_path)


def play(context: ssl.SSLContext, tmp_path: Path, work: Work, *, patient: bool = True) -> None:
    async def run() -> None:
        server = FakeServer()
        server.passwords["ann"] = "correct horse"
        async with server.serving(context):
            ann = Someone(server, tmp_path / "state", patient=patient)
            try:
                await ann.comes_in()
                await work(server, ann)
            finally:
                await ann.link.close()

    asyncio.run(wait_for(run(), seconds=30))


def test_lines_are_said_where_one_is_and_shown_when_they_come_back(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        typed = ["one", "", "/join dev", "two", "/room lobby", "three", "//four", "/me five", "exit", "never"]
        assert await ann.says(*typed) == 0
        assert [entry.body for entry in server.logs[LOBBY] if isinstance(entry.body, Message)][:3] == [
            Message("one"),
            Message("three"),
            Message("/four"),
        ]
        shown = [line.removeprefix("[dev] ") for line in ann.said()]  # Its echo may come after the next command.
        assert shown == ["ann: one", "-- ann joined", "ann: two", "ann: three", "ann: /four", "* ann five"]
        assert ann.core.outbox == ()

    play(context, tmp_path, work)


def test_entries_of_another_room_say_which(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        talk = asyncio.create_task(ann.talks())
        ann.typed.put_nowait("/join dev")
        await wait_until(lambda: ann.surface.current_label == "dev")
        server.keep(LOBBY, BOB, "bob", Message("over\nhere"))
        server.keep(RoomId(3), BOB, "bob", Message("and here"))
        await wait_until(lambda: len(ann.said()) == 4)
        assert ann.said()[1:] == ["[lobby] bob: over", "      here", "bob: and here"]
        ann.typed.put_nowait(None)
        assert await talk == 0

    play(context, tmp_path, work)


def test_questions_are_answered_in_their_place(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        assert await ann.says("/topic tea", "/rooms", "/who", "/topic", "/help", "/leave") == 0
        said = ann.said()
        assert said[:4] == ["-- ann set the topic: tea", "* lobby  1 person  tea", "1 person · lobby", "here: ann"]
        assert said[-1] in ("-- ann left", "[lobby] -- ann left")
        assert "-- you are in lobby · tea" in ann.notices
        assert "-- You are in no room; /join ROOM enters one, /rooms lists them." in ann.notices

    play(context, tmp_path, work)


def test_mistakes_cost_one_sentence_each(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        assert await ann.says("/nonsense\x1b[2J", "/join", "/history soon", "/history 0", "/room nowhere") == 0
        wrong = [notice for notice in ann.notices if "new to this device" not in notice and "you are in" not in notice]
        assert len(wrong) == 5
        assert all("\x1b" not in notice for notice in ann.notices)

    play(context, tmp_path, work)


@pytest.mark.parametrize("line", ["correct horse", " correct horse\t", "what I pasted:\ncorrect horse\n"])
def test_a_password_given_in_this_run_is_not_said(context: ssl.SSLContext, tmp_path: Path, line: str) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        assert await ann.says(line, "correct horses", "two\n\nthree") == 0
        said = [entry.body.text for entry in server.logs[LOBBY] if isinstance(entry.body, Message)]
        assert said == ["correct horses", "two\n\nthree"]
        assert ann.notices.count("-- That line is a password that was given here, so it was not said.") == 1
        assert not any("correct horse" in notice for notice in ann.notices)

    play(context, tmp_path, work)


def test_history_goes_further_back_each_time(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        assert await ann.says("/history 3", "/history 3", "/history", "/history") == 0
        said = [line for line in ann.said() if line.startswith("bob: ")]
        recent = [f"bob: {number}" for number in range(10, 30)]
        assert said[:20] == recent
        assert said[20:23] == ["bob: 7", "bob: 8", "bob: 9"]
        assert said[23:26] == ["bob: 4", "bob: 5", "bob: 6"]
        assert said[26:] == ["bob: 0", "bob: 1", "bob: 2", "bob: 3"]
        assert "-- There is nothing earlier in lobby." in ann.notices

    async def run() -> None:
        server = FakeServer()
        server.passwords["ann"] = "correct horse"
        for number in range(30):
            server.keep(LOBBY, BOB, "bob", Message(str(number)))
        async with server.serving(context):
            ann = Someone(server, tmp_path / "state")
            await ann.comes_in()
            await work(server, ann)

    asyncio.run(wait_for(run(), seconds=30))


def test_a_refused_message_is_given_back_and_fails_a_script(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        assert await ann.says("forbidden") == 1
        assert "-- You are muted on this server." in ann.notices
        assert ann.lines == ["      forbidden"]

    play(context, tmp_path, work)


def test_a_script_waits_for_every_receipt_across_lost_connections(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        seen = 0

        def drops(request: object) -> bool:
            nonlocal seen
            seen += isinstance(request, Say)
            return isinstance(request, Say) and seen in (3, 9)

        server.drops = drops
        texts = [f"n{number}" for number in range(300)]
        assert await ann.says(*texts) == 0
        assert ann.said() == [f"ann: {text}" for text in texts]
        assert "-- Back." in ann.notices

    play(context, tmp_path, work)


def test_a_script_gives_up_when_nothing_moves(
    context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "DRAIN_SECONDS_MAX", 0.2)
    monkeypatch.setattr(talking, "FAREWELL_SECONDS_MAX", 0.1)

    async def work(server: FakeServer, ann: Someone) -> None:
        server.drops = lambda request: isinstance(request, Say)
        assert await ann.says("into the void") == 1
        assert "-- 1 message may not have been said" in ann.notices

    play(context, tmp_path, work)


def test_a_script_that_is_interrupted_waits_no_longer_than_a_person(
    context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "DRAIN_TYPED_SECONDS_MAX", 0.1)
    monkeypatch.setattr(talking, "FAREWELL_SECONDS_MAX", 0.1)

    async def work(server: FakeServer, ann: Someone) -> None:
        server.drops = lambda request: isinstance(request, Say)
        talk = asyncio.create_task(ann.talks())
        ann.typed.put_nowait("into the void")
        await wait_until(lambda: ann.core.outbox)
        talk.cancel()
        assert await wait_for(talk) == 1
        assert "-- 1 message may not have been said" in ann.notices

    play(context, tmp_path, work)


def test_somebody_who_leaves_does_not_wait_for_a_server_that_is_gone(
    context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "DRAIN_TYPED_SECONDS_MAX", 0.1)

    async def work(server: FakeServer, ann: Someone) -> None:
        talk = asyncio.create_task(ann.talks())
        await wait_until(lambda: ann.surface.settled)
        server.drops = lambda request: True
        ann.typed.put_nowait("/join dev")
        for number in range(5):
            ann.typed.put_nowait(f"n{number}")
        ann.typed.put_nowait(None)
        assert await talk == 1
        assert "-- 6 messages may not have been said" in ann.notices

    play(context, tmp_path, work, patient=False)


def test_leaving_says_goodbye(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        assert await ann.says() == 0
        assert ann.link.parting is Parting.EXIT
        assert ann.core.token is not None

    play(context, tmp_path, work, patient=False)


def test_a_script_takes_its_token_with_it(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        assert await ann.says("one") == 0
        assert ann.link.parting is Parting.EXIT
        assert ann.core.token is None

    play(context, tmp_path, work)


def test_a_server_that_ends_it_is_quoted_and_the_talk_failed(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        talk = asyncio.create_task(ann.talks())
        await wait_until(lambda: ann.surface.settled)
        for session in server.sessions:
            session.tell(Farewell(Parting.KICKED, "An administrator ended this session."))
        assert await talk == 1
        assert "-- An administrator ended this session." in ann.notices

    play(context, tmp_path, work)


def test_a_token_that_died_meanwhile_ends_the_talk_with_a_remedy(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        talk = asyncio.create_task(ann.talks())
        await wait_until(lambda: ann.surface.settled)
        server.passwords.clear()
        for session in list(server.sessions):
            session.cut()
        assert await talk == 1
        assert any("Start besedka chat again" in notice for notice in ann.notices)

    play(context, tmp_path, work)


def test_a_busy_server_is_asked_again_when_coming_back(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        talk = asyncio.create_task(ann.talks())
        await wait_until(lambda: ann.surface.settled)
        server.busy = 2
        for session in list(server.sessions):
            session.cut()
        await wait_until(lambda: "-- Back." in ann.notices)
        ann.typed.put_nowait(None)
        assert await talk == 0

    play(context, tmp_path, work)


def test_a_restored_server_is_shown_anew(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        talk = asyncio.create_task(ann.talks())
        ann.typed.put_nowait("before")
        await wait_until(lambda: ann.said() == ["ann: before"])
        server.epoch, server.drops = "e2", lambda request: isinstance(request, Say)
        ann.typed.put_nowait("unsure")
        await wait_until(lambda: any("not the one it was" in notice for notice in ann.notices))
        await wait_until(lambda: ann.said() == ["ann: before", "      unsure", "ann: before"])
        server.drops = lambda request: False
        ann.typed.put_nowait("after")
        ann.typed.put_nowait(None)
        assert await talk == 0
        assert ann.said()[-1] == "ann: after"

    play(context, tmp_path, work)


def test_presence_is_shown_for_the_room_that_is_looked_at(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        talk = asyncio.create_task(ann.talks())
        await wait_until(lambda: ann.surface.settled)
        bob = Person(BOB, AccountName("bob\x1b"))
        for session in server.sessions:
            session.tell(Presence(LOBBY, came=(bob,)))
            session.tell(Presence(RoomId(9), came=(bob,)))
            session.tell(Presence(LOBBY, went=(bob,)))
            session.tell(Presence(LOBBY, went=(bob,)))  # As for a second room that is shown.
            session.tell(Presence(LOBBY, came=(bob,)))
        await wait_until(lambda: len(ann.said()) == 3)
        assert ann.said() == ["-- bob\ufffd is here", "-- bob\ufffd has gone", "-- bob\ufffd is here"]
        ann.typed.put_nowait(None)
        assert await talk == 0

    play(context, tmp_path, work)


def test_a_mistake_in_the_client_is_not_taken_for_leaving(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        def broken(meaning: Meaning) -> RequestId | None:
            raise ZeroDivisionError

        ann.talk._doer.carry_out = broken  # type: ignore[method-assign]
        with pytest.raises(ZeroDivisionError):
            await ann.says("anything")

    play(context, tmp_path, work)
