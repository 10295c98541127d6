"""`besedka chat`: the line client, from the first question to the exit status."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from besedka.client.asking import BUSY_SECONDS_MAX, Entrance, GaveUp, Runs, ask_server, port_number
from besedka.client.commands import Dictation
from besedka.client.core import Core
from besedka.client.device import DEFAULT_PORT, Address, Device, DeviceFault, this_device
from besedka.client.dialling import LinkFault, Unresolvable
from besedka.client.ids import Ids
from besedka.client.link import Link
from besedka.client.showing import Look
from besedka.client.surface import Surface
from besedka.client.talking import Queue, Talk
from besedka.client.terminal import Asker, EndOfInput, Lines, Person, Script, read_into, wants_colour
from besedka.words import _

FINE = 0
FAILED = 1
MISUSED = 2
SIGNALLED = 128
"""And the number of the signal, as shells say of what Ctrl-C or a signal ended."""


def run_chat(host: str | None, port: str | None, name: str | None, plain: bool) -> int:
    """Talk on a server, asking for what is not given. The exit status (DESIGN §6)."""
    lines = Lines(sys.stdin.fileno())
    typed = sys.stdin.isatty()
    asker: Asker = Person(lines) if typed else Script(lines)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Other people's alphabets on a screen that has not got them.
            stream.reconfigure(errors="replace")
    visit = _Visit(lines, asker, prompts=typed and sys.stdout.isatty() and not plain)
    with _leaving_when_told() as told:
        status = _run(visit, asker, host=host, port=port, name=name)
    return SIGNALLED + told[0] if told else status


def _run(visit: _Visit, asker: Asker, *, host: str | None, port: str | None, name: str | None) -> int:
    try:
        with asyncio.Runner() as runner:
            return visit.run(runner.run, host=host, port=port, name=name)
    except KeyboardInterrupt:
        with suppress(OSError):  # A terminal that has gone.
            print(file=sys.stderr)
        return SIGNALLED + signal.SIGINT
    except EndOfInput:
        asker.complain(_("The input ended before everything was answered."))
        return MISUSED
    except GaveUp as gave_up:
        asker.complain(str(gave_up))
        return MISUSED
    except (LinkFault, DeviceFault) as fault:
        asker.complain(str(fault))
        return MISUSED if isinstance(fault, Unresolvable) else FAILED
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise
        # Whoever read our output has enough, or the terminal has gone; the interpreter must not flush into it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


@contextmanager
def _leaving_when_told() -> Iterator[list[int]]:
    """Within it, SIGTERM and SIGHUP end the visit as Ctrl-C does; its value is which of them came.

    To die of them would leave a terminal without echo, or raw. Ctrl-C is heard at a question, at a password, by the
    loop and by the prompt, each in its own way; so it is sent, rather than four ways of ending made again.
    """
    told: list[int] = []

    def leave(number: int, _frame: object) -> None:
        told.append(number)
        signal.raise_signal(signal.SIGINT)

    before = {}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # Else Ctrl-C ends nothing (a shell's `&`).
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # Else it is to be ignored (nohup).
                before[number] = signal.signal(number, leave)
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Visit:
    """One run of the program."""

    def __init__(self, lines: Lines, asker: Asker, *, prompts: bool) -> None:
        """`prompts`: somebody sits at a terminal that can show a line being typed among lines that come."""
        self._lines = lines
        self._asker = asker
        self._scripted = isinstance(asker, Script)
        self._prompts = prompts
        self._device: Device = this_device()
        self._core = Core(new_id=Ids(now=lambda: time.time_ns() // 1_000_000, token_bytes=os.urandom))

    def run(self, run: Runs, *, host: str | None, port: str | None, name: str | None) -> int:
        look = Look(colour=self._prompts and wants_colour())
        surface = Surface(
            self._core,
            look,
            line=_print,
            notice=_print if self._prompts else self._asker.complain,
            bell=_ring if self._prompts else lambda: None,
        )
        link, address = self._connect(run, surface, host=host, port=port)
        entrance = Entrance(
            asker=self._asker,
            run=run,
            core=self._core,
            surface=surface,
            link=link,
            device=self._device,
            address=address,
            tokens=not self._scripted,
            wait_busy=_wait_busy,
        )
        try:
            entrance.enter(name)
            return run(self._talk(link, surface, passwords=entrance.passwords))
        finally:
            run(link.close())
            self._device.release()

    def _connect(self, run: Runs, surface: Surface, *, host: str | None, port: str | None) -> tuple[Link, Address]:
        links: list[Link] = []

        def connect(address: Address) -> None:
            link = Link(self._core, address, self._device, show=surface.show, chance=random.random)
            run(link.open())
            links.append(link)

        last, _name = self._device.last()
        host, port = (host or "").strip(), (port or "").strip()  # Empty is not given, as at a question.
        if not host and not port:
            address = ask_server(self._asker, run, last, connect)
        else:
            number = port_number(port) if port else DEFAULT_PORT
            if isinstance(number, str):
                raise GaveUp(number)
            address = Address(host or last.host, number)
            connect(address)
        return links[-1], address

    async def _talk(self, link: Link, surface: Surface, *, passwords: set[str]) -> int:
        talk = Talk(
            self._core,
            link,
            surface,
            patient=not self._prompts,
            forgetful=self._scripted,
            unsayable=passwords,
            wait_busy=_wait_busy,
        )
        if not self._prompts:
            return await talk.run(self._feed_lines)
        from besedka.client.completing import known_to
        from besedka.client.prompting import prompting

        with prompting(surface, talk.say_writing, lambda: known_to(self._core, surface)) as feed:
            return await talk.run(feed)

    async def _feed_lines(self, queue: Queue) -> None:
        loop, dictation = asyncio.get_running_loop(), Dictation()
        read_into(queue.put, self._lines, self._asker, loop, dictation.take)


def _print(line: str) -> None:
    print(line, flush=True)


def _ring() -> None:
    print("\a", end="", flush=True)


async def _wait_busy() -> None:
    await asyncio.sleep(random.uniform(BUSY_SECONDS_MAX / 4, BUSY_SECONDS_MAX))
