"""The talk itself: what is typed goes out, what happens comes in, until one of the two ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Set
from contextlib import suppress
from enum import Enum
from typing import Any

from besedka.chat.own_requests import MoveMarker, Overview, Typing
from besedka.chat.principals import is_guest
from besedka.chat.refusals import Code
from besedka.chat.told import Parting
from besedka.client.commands import Confided, Dictation, Meaning, Ordered, is_leaving
from besedka.client.core import Core
from besedka.client.dialling import LinkFault
from besedka.client.doing import Doer
from besedka.client.events import Phase
from besedka.client.link import Link
from besedka.client.reading import MARK_SECONDS
from besedka.client.surface import Surface
from besedka.client.terminal import Input
from besedka.client.writers import SAY_SECONDS
from besedka.words import _, plural

LINES_WAITING_MAX = 32
"""Lines typed or piped ahead of what can be carried out."""

ROOMS_SECONDS_MAX = 5.0
"""How long the first line waits for the rooms to be told before it is refused for want of one."""

DRAIN_SECONDS_MAX = 30.0
"""How long a script's last messages may go without any progress before they are given up."""

DRAIN_TYPED_SECONDS_MAX = 2.0
"""The same for somebody who wants to leave."""

FAREWELL_SECONDS_MAX = 2.0

Queue = asyncio.Queue[Input]


class Ending(Enum):
    """How a talk ended."""

    LEFT = "left"
    """By whoever typed."""
    ENDED = "ended"
    """By the server, or for want of one."""


class Talk:
    """One person's talk, from after the login to the end."""

    def __init__(
        self, core: Core, link: Link, surface: Surface, *, patient: bool, forgetful: bool, unsayable: Set[str],
        wait_busy: Callable[[], Awaitable[None]],
    ) -> None:  # fmt: skip
        """`patient`: everything typed is said before leaving, however long the server takes (a script).

        `forgetful`: nobody comes back with this session's token, so it ends with it. `unsayable` lines are not said.
        """
        self._core = core
        self._link = link
        self._surface = surface
        self._doer = Doer(core, surface, unsayable=unsayable)
        self._patient = patient
        self._forgetful = forgetful
        self._wait_busy = wait_busy
        self._lines: Queue = asyncio.Queue(LINES_WAITING_MAX)
        self._undone = 0
        self._said_writing = -SAY_SECONDS

    async def run(self, feed: Callable[[Queue], Coroutine[Any, Any, None]]) -> int:
        """Talk until the feed has put None, or the server ends it. The exit status.

        `feed` puts lines into the queue, and may be cancelled.
        """
        moving = asyncio.create_task(self._link.run(), name="link")
        staying = asyncio.create_task(self._stay_in(), name="staying in")
        doing = asyncio.create_task(self._do_all(), name="lines")
        feeding = asyncio.create_task(feed(self._lines), name="feed")
        settling = asyncio.create_task(self._settle(), name="settling")
        marking = asyncio.create_task(self._mark(), name="marking")
        tasks = (moving, staying, doing, feeding, settling, marking)
        seconds = DRAIN_SECONDS_MAX if self._patient else DRAIN_TYPED_SECONDS_MAX
        try:
            try:
                ends = {moving, staying, doing} if self._patient else {moving, staying, doing, feeding}
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                if not self._patient and feeding.done() and not doing.done():
                    # Done typing: what was typed before is carried out if it can be, but nobody waits long for it.
                    with suppress(asyncio.QueueFull):
                        self._lines.put_nowait(None)
                    await asyncio.wait(
                        {doing, moving}, timeout=DRAIN_TYPED_SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED
                    )
                    if not doing.done():
                        self._undone = sum(line is not None for line in self._take_lines())
            except asyncio.CancelledError:  # Ctrl-C where no prompt catches it is a way of leaving, and soon.
                seconds = DRAIN_TYPED_SECONDS_MAX
            for task in (staying, doing, feeding, settling, marking):
                if task.done():
                    task.result()  # What went wrong in one of them is not to be taken for leaving.
            if self._ending(moving, staying) is Ending.LEFT:
                return 0 if await self._leave(moving, seconds) else 1
            return 1
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._link.close()

    def _ending(self, moving: asyncio.Task[None], staying: asyncio.Task[None]) -> Ending:
        if moving.done():
            fault = moving.exception()
            if isinstance(fault, LinkFault):
                self._surface.say_notice(str(fault))
            elif fault is not None:
                raise fault
            wished = self._doer.removing and self._link.parting is Parting.REVOKED
            return Ending.LEFT if wished else Ending.ENDED
        return Ending.ENDED if staying.done() else Ending.LEFT

    async def _do_all(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(ROOMS_SECONDS_MAX):
                await self._surface.wait_until(lambda: self._surface.settled)
        dictation = Dictation()
        while (line := await self._lines.get()) is not None:
            await self._surface.wait_until(lambda: not self._core.full)
            if isinstance(line, Confided):
                asked = self._doer.carry_out_confided(line)
            else:
                meaning = dictation.take(line)
                if is_leaving(meaning):
                    return
                await self._wait_shown(meaning)
                asked = self._doer.carry_out(meaning)
            self._link.flush()
            if asked is not None:
                await self._surface.wait_until(lambda asked=asked: not self._core.awaits(asked))  # type: ignore[misc]
                await self._surface.wait_until(lambda: not self._surface.exports.under_way)
        if dictation.pasting and self._patient:  # A script that ends has ended its paste.
            self._doer.carry_out(dictation.take("."))
            self._link.flush()

    async def _wait_shown(self, meaning: Meaning) -> None:
        """What may be about something just said waits for that to have a number."""
        if isinstance(meaning, Ordered) and meaning.command.mends and self._core.phase is Phase.IN:
            with suppress(TimeoutError):
                async with asyncio.timeout(ROOMS_SECONDS_MAX):
                    await self._surface.wait_until(lambda: not self._core.outbox and self._surface.everything_shown())

    def _take_lines(self) -> list[Input]:
        """The lines that nobody will carry out."""
        return [self._lines.get_nowait() for _waiting in range(self._lines.qsize())]

    def say_writing(self) -> None:
        """Somebody writes: tell the room, but not at every key."""
        now, room = asyncio.get_running_loop().time(), self._surface.current
        if now - self._said_writing >= SAY_SECONDS and room is not None and self._core.phase is Phase.IN:
            self._said_writing = now
            self._core.ask(Typing(room=room))
            self._link.flush()

    async def _mark(self) -> None:
        """Move the read markers behind what is shown, now and then. A script has no eyes."""
        while not self._patient:
            await self._surface.wait_until(lambda: self._surface.settled and self._surface.reading.waiting)
            self._surface.reading.mark()
            self._link.flush()
            await asyncio.sleep(MARK_SECONDS)

    async def _settle(self) -> None:
        """Find one's feet whenever all rooms were told anew."""
        while True:
            await self._surface.wait_until(lambda: self._core.in_step and not self._surface.settled)
            self._surface.settle()
            if not self._patient and self._core.inbox is not None and self._surface.first_overview is None:
                asked = self._core.ask(Overview())
                self._surface.first_overview = asked if isinstance(asked, str) else None
                self._link.flush()

    async def _stay_in(self) -> None:
        """Log in again after each reconnection that the token did not settle; returns when that cannot be."""
        while True:
            await self._surface.wait_until(lambda: self._core.phase is Phase.STRANGER)
            refused, self._surface.login_refused = self._surface.login_refused, None
            principal = self._core.principal
            if self._core.token is not None and refused in (None, Code.BUSY):
                await self._wait_busy()
                if self._core.phase is Phase.STRANGER and self._core.token is not None:
                    self._core.resume()
            elif principal is not None and is_guest(principal) and refused in (None, Code.BUSY):
                await self._wait_busy()
                if self._core.phase is Phase.STRANGER:
                    self._core.come_as_guest(self._core.name)
            else:
                self._surface.say_notice(_("You are not logged in any more. Start besedka chat again to log in."))
                self._say_unsaid()
                return
            self._link.flush()

    async def _leave(self, moving: asyncio.Task[None], seconds: float) -> bool:
        """Say what is unsaid, as long as that moves, then goodbye. Whether everything was said."""
        if not self._patient and self._core.phase is Phase.IN:
            self._surface.reading.mark()
            self._link.flush()
        said_all = await self._drain(seconds)
        if not said_all:
            self._say_unsaid()
        if self._link.connected and self._core.phase is Phase.IN:
            self._core.exit(forget=self._forgetful)
            self._link.flush()
            await asyncio.wait({moving}, timeout=FAREWELL_SECONDS_MAX)
        return said_all and not (self._patient and self._surface.refused)

    async def _drain(self, seconds: float) -> bool:
        """Wait for all receipts and for one's own messages to be shown, as long as there is progress."""

        def left() -> tuple[int, bool]:
            return len(self._core.outbox), self._surface.everything_shown()

        while (before := left()) != (0, True):
            try:
                async with asyncio.timeout(seconds):
                    await self._surface.wait_until(lambda before=before: left() != before)  # type: ignore[misc]
            except TimeoutError:
                break
        return self._unsaid() == 0

    def _unsaid(self) -> int:
        """Messages without a receipt, and lines that never became one."""
        return sum(not isinstance(one, MoveMarker) for one in self._core.outbox) + self._undone

    def _say_unsaid(self) -> None:
        count = self._unsaid()
        if count:
            self._surface.say_notice(
                plural("{count} message may not have been said", "{count} messages may not have been said", count)
            )
