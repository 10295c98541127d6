"""What a talk does beside what is typed: marking what was read, telling who writes, passwords, pastes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from besedka.chat.entries import Message
from besedka.chat.own_requests import ChangePassword, MoveMarker, Overview, Typing
from besedka.chat.requests import Edit, Request, Say
from besedka.client import talking
from besedka.client.commands import Confided, Ordered, understood
from besedka.client.core import Core
from besedka.client.device import Address, Device
from besedka.client.ids import Ids
from besedka.client.link import Link
from besedka.client.showing import Look
from besedka.client.surface import Surface
from besedka.client.talking import Queue, Talk
from besedka.client.terminal import Input
from certificates import self_made
from fake_server import FakeServer
from scripted import BOB, LOBBY
from waiting import wait_for, wait_until


class Someone:
    """Ann, logged in; what she types is put by the test, what she asks is in `asked`."""

    def __init__(self, server: FakeServer, state: Path, *, patient: bool) -> None:
        self.asked: list[Request] = []
        self.notices: list[str] = []
        self.core = Core(new_id=Ids(now=lambda: 5, token_bytes=bytes))
        self.surface = Surface(self.core, Look(), line=lambda _: None, notice=self.notices.append)
        address, device = Address("127.0.0.1", server.port), Device(state)
        self.link = Link(self.core, address, device, show=self.surface.show, chance=lambda: 0.001)
        self.talk = Talk(
            self.core, self.link, self.surface,
            patient=patient, forgetful=False, unsayable=set(), wait_busy=self._no_wait,
        )  # fmt: skip
        self.typed: asyncio.Queue[Input] = asyncio.Queue()
        self._patient = patient
        server.drops = self._note

    async def _no_wait(self) -> None:
        await asyncio.sleep(0)

    def _note(self, request: Request) -> bool:
        self.asked.append(request)
        return False

    def of(self, kind: type[Request]) -> list[Request]:
        return [one for one in self.asked if isinstance(one, kind)]

    async def talks(self) -> int:
        async def feed(queue: Queue) -> None:
            while (line := await self.typed.get()) is not None:
                await queue.put(line)
            if self._patient:
                await queue.put(None)

        return await self.talk.run(feed)


Work = Callable[[FakeServer, Someone], Coroutine[Any, Any, None]]


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    return self_made(tmp_path)


def play(context: ssl.SSLContext, tmp_path: Path, work: Work, *, patient: bool = False) -> None:
    async def run() -> None:
        server = FakeServer()
        server.passwords["ann"] = "correct horse"
        async with server.serving(context):
            ann = Someone(server, tmp_path / "state", patient=patient)
            try:
                await ann.link.open()
                ann.core.login("ann", "correct horse")
                assert await ann.link.answer()
                await work(server, ann)
            finally:
                await ann.link.close()

    asyncio.run(wait_for(run(), seconds=30))


def test_what_somebody_saw_is_marked_and_what_is_unread_is_asked_for_before(
    context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "MARK_SECONDS", 0.01)

    async def work(server: FakeServer, ann: Someone) -> None:
        server.keep(LOBBY, BOB, "bob", Message("one"))
        talk = asyncio.create_task(ann.talks())
        await wait_until(lambda: server.markers == {LOBBY: 1})
        server.keep(LOBBY, BOB, "bob", Message("two"))
        await wait_until(lambda: server.markers == {LOBBY: 2})
        order = [type(one) for one in ann.asked if isinstance(one, Overview | MoveMarker)]
        assert order == [Overview, MoveMarker, MoveMarker]
        ann.typed.put_nowait(None)
        assert await talk == 0

    play(context, tmp_path, work)


def test_what_was_seen_last_is_marked_on_leaving(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        server.keep(LOBBY, BOB, "bob", Message("one"))
        talk = asyncio.create_task(ann.talks())
        await wait_until(lambda: server.markers == {LOBBY: 1})
        server.keep(LOBBY, BOB, "bob", Message("two"))
        await wait_until(lambda: ann.surface.reading.waiting)
        ann.typed.put_nowait(None)
        assert await talk == 0
        assert server.markers == {LOBBY: 2}, "although its time had not come"

    play(context, tmp_path, work)


def test_a_script_has_no_eyes(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        ann.typed.put_nowait("hello")
        ann.typed.put_nowait(None)
        assert await ann.talks() == 0
        assert ann.of(MoveMarker) + ann.of(Overview) == []

    play(context, tmp_path, work, patient=True)


def test_that_somebody_writes_is_told_at_most_every_few_seconds(
    context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        talk = asyncio.create_task(ann.talks())
        await wait_until(lambda: ann.surface.settled)
        for _key in range(10):
            ann.talk.say_writing()
        await wait_until(lambda: ann.of(Typing))
        monkeypatch.setattr(talking, "SAY_SECONDS", 0.0)
        ann.talk.say_writing()
        await wait_until(lambda: len(ann.of(Typing)) == 2)
        ann.link.flush()
        ann.typed.put_nowait(None)
        assert await talk == 0
        assert len(ann.of(Typing)) == 2
        ann.talk.say_writing()  # Without a connection there is nobody to tell.

    play(context, tmp_path, work)


def test_what_mends_waits_for_what_was_just_said(
    context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "DRAIN_TYPED_SECONDS_MAX", 0.1)

    async def work(server: FakeServer, ann: Someone) -> None:
        for line in ("helo", "/edit hello"):
            ann.typed.put_nowait(line)
        talk = asyncio.create_task(ann.talks())
        await wait_until(lambda: ann.of(Edit))
        (edit,) = ann.of(Edit)
        assert isinstance(edit, Edit)
        assert (edit.number, edit.text) == (1, "hello")
        talk.cancel()
        await asyncio.wait({talk})

    play(context, tmp_path, work, patient=True)


def test_a_paste_is_one_message_also_where_a_script_ends_in_it(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        for line in ("/paste", "exit", " /quit", ".", "/paste", "the", "end", None):
            ann.typed.put_nowait(line)
        assert await ann.talks() == 0
        assert [one.text for one in ann.of(Say) if isinstance(one, Say)] == ["exit\n /quit", "the\nend"]

    play(context, tmp_path, work, patient=True)


def test_a_new_password_is_asked_for_and_waits_for_no_outbox(context: ssl.SSLContext, tmp_path: Path) -> None:
    async def work(server: FakeServer, ann: Someone) -> None:
        changing = understood("/password")
        assert isinstance(changing, Ordered)
        ann.typed.put_nowait(Confided(changing, ("correct horse", "battery staple", "battery staple")))
        talk = asyncio.create_task(ann.talks())
        await wait_until(lambda: ann.of(ChangePassword))
        assert ann.core.outbox == ()
        ann.typed.put_nowait(None)
        talk.cancel()
        await asyncio.wait({talk})

    play(context, tmp_path, work)
