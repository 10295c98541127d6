"""A server's life in rounds: it serves busy people until it is killed, its files are judged, it is started again."""

from __future__ import annotations

import asyncio
import random
import signal
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from besedka.chat.entries import RequestId
from crash.disk import Disk
from crash.people import Person
from crash.texters import Texter, shown_faults
from crash.verdict import Files, missed, read_files, verdict
from server import Server
from waiting import wait_until

LAUNCHER = (sys.executable, "-W", "error", str(Path(__file__).with_name("launch.py")))
"""The command line with the weak spots of `launch.py`."""

CONFIGURATION = "[limits]\nflood = false\n"
"""A load test: nobody is slowed down."""

PEOPLE_MAX = 12
"""One registers in each round, up to this: an account and its inbox are made beside the load."""

RECEIPTS_MAX = 300
"""At most so many receipts, over all, before a kill: enough for some hundred commits and a checkpoint now and then."""

DEEDS_MAX = 400
"""At most so many writes and syncs of the disk before one of them is cut in the middle."""


class Life:
    """One data directory and the people of its server, over any number of kills. Everything random is of one seed."""

    def __init__(
        self,
        directory: Path,
        *,
        seed: int,
        disk: Disk | None = None,
        weakness: Mapping[str, str] | None = None,
        troubled: bool = False,
        mixed: bool = False,
    ) -> None:
        """With a `disk`, each kill cuts the power too. `weakness` is the environment of `launch.py`.

        Among `mixed` people every other speaks TLS, and somebody plain text.

        The log of a server that is not `troubled` tells of no error.
        """
        self._troubled = troubled
        self.seed = seed
        self.dice = random.Random(seed)
        self._directory = directory
        self._disk = disk
        self._weakness = weakness or {}
        self.data = directory / "data"
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.people: list[Person] = []
        self._names: list[str] = []
        self._mixed = mixed
        self.texters = [Texter("t0", dice=random.Random(self.dice.random()))] if mixed else []
        self._configuration = directory / "besedka.toml"
        self._configuration.write_text(CONFIGURATION)

    def newcomer(self) -> Person:
        """One more person, who has not registered yet."""
        name = f"p{len(self._names)}"
        tls = self._mixed and len(self._names) % 2 == 1
        self._names.append(name)
        person = Person(name, others=self._names, dice=random.Random(self.dice.random()), tls=tls)
        self.people.append(person)
        return person

    def server(self, *, dies_at: int = 0, weakness: Mapping[str, str] | None = None) -> Server:
        """The server's next process, not started yet."""
        environment = {**self._weakness, **(weakness or {})}
        if self._disk is not None:
            environment |= self._disk.start(dies_at=dies_at)
        arguments = ("--config", str(self._configuration), "--no-console")
        return Server(self.data, arguments=arguments, environment=environment, program=LAUNCHER)

    async def round(self) -> Sequence[str]:
        """Serve, be killed at a random moment, and what is wrong after that."""
        dies_at = self.dice.randint(1, DEEDS_MAX) if self._disk is not None and self.dice.random() < 0.5 else 0
        server = self.server(dies_at=dies_at)
        server.begin()
        with server:
            if server.wait_listening():
                await self._load(server)
                enough = self.receipts + self.dice.randint(0, RECEIPTS_MAX)
                await wait_until(lambda: server.ended or self.receipts >= enough)
                await asyncio.sleep(self.dice.uniform(0, 0.02))  # Anywhere in a turn.
            server.kill()
        return [*_otherwise_than_killed(server), *await self.after_death()]

    async def round_until(self, point: str, times: int) -> Sequence[str]:
        """Serve until the server comes by a point of `launch.POINTS` so many times, and what is wrong after that."""
        server = self.server(weakness={"BESEDKA_CRASH_AT": f"{point}:{times}"})
        with server.start():
            await self._load(server)
            await wait_until(lambda: server.ended)
        return [*_otherwise_than_killed(server), *await self.after_death()]

    async def _load(self, server: Server) -> None:
        if len(self.people) < PEOPLE_MAX:
            self.newcomer()
        await self.enter(server)
        for person in self.people:
            person.talk()
        for texter in self.texters:
            texter.talk()

    async def enter(self, server: Server) -> None:
        """Everybody comes in, as far as the server lets them before it dies."""
        connecting = [person.connect(server.port) for person in self.people]
        connecting += [texter.connect(server.port) for texter in self.texters]
        for outcome in await asyncio.gather(*connecting, return_exceptions=True):
            assert outcome is None or isinstance(outcome, ConnectionError | ssl.SSLError)
        await wait_until(lambda: server.ended or self._is_in())

    def _is_in(self) -> bool:
        people = all(person.core.in_step or person.faults for person in self.people)
        return people and all(texter.present for texter in self.texters)

    async def wait_receipts(self, person: Person, asked: Sequence[RequestId]) -> None:
        """Until each of these is kept; bounded."""
        await wait_until(lambda: all(one in person.receipts for one in asked))

    async def after_death(self) -> Sequence[str]:
        """Take what the dead server still said, lose what was not synced, and judge what is left."""
        for person in self.people:
            person.hush()
            await person.wait_gone()
        for texter in self.texters:
            texter.hush()
            await texter.wait_gone()
        if self._disk is not None:
            self._disk.cut_power(dice=self.dice if self.dice.random() < 0.5 else None)
        return self._verdict(self.files())

    def _verdict(self, files: Files) -> Sequence[str]:
        shown = [fault for texter in self.texters for fault in shown_faults(files, texter)]
        return [*verdict(files, self.people), *shown]

    def files(self) -> Files:
        """The databases as they lie there."""
        return read_files(self.data, self._directory / "scratch")

    @property
    def receipts(self) -> int:
        """How many there are by now, over all."""
        return sum(len(person.receipts) for person in self.people)

    async def end(self, *, until: Callable[[], bool] = lambda: True) -> Sequence[str]:
        """One more start: everybody comes back and gets every receipt and entry; then it stops in order.

        Not before `until`, for what the server heals meanwhile.
        """
        server = self.server()
        with server.start():
            await asyncio.gather(*(person.come(server.port) for person in self.people))
            await asyncio.gather(*(texter.connect(server.port) for texter in self.texters))
            await wait_until(lambda: not any(person.core.outbox for person in self.people))
            await wait_until(lambda: all(texter.present for texter in self.texters))
            await wait_until(until)
            files = self.files()  # Nobody writes any more.
            quiet = await self._is_told(files)
            status = await asyncio.to_thread(server.stop)
        faults = [*([] if quiet else self._missed(files)), *self._verdict(self.files())]
        if not self._troubled:
            faults += [f"in its log: {line}" for line in server.log() if " error=" in line]
        return faults if status == 0 else [f"the server ended with {status}", *faults]

    async def _is_told(self, files: Files) -> bool:
        try:
            await wait_until(lambda: not self._missed(files))
        except AssertionError:
            return False
        return True

    def _missed(self, files: Files) -> Sequence[str]:
        shown = [fault for texter in self.texters for fault in shown_faults(files, texter, all_told=True)]
        return [*missed(files, self.people), *shown]


def _otherwise_than_killed(server: Server) -> Sequence[str]:
    """How it ended, if neither we nor the shim nor a point killed it."""
    status = server.wait()
    return [] if status == -signal.SIGKILL else [f"the server ended by itself with {status}: {server.errors}"]
