"""What the IRC door costs, beside ngIRCd in the same run: only the ratio means something on a busy machine.

The load comes from `ircload.c`, which speaks to any server of IRC and is compiled when it is used.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from besedka.bench.irc_servers import Listening, besedka, ngircd, rival
from besedka.bench.server import Unmeasured

LOAD_SECONDS_MAX: Final = 300.0
PAYLOAD_BYTES: Final = 100

Serving = Callable[[], AbstractAsyncContextManager[Listening]]

_JOINED: Final = re.compile(r"join: \d+ clients in ([\d.]+)s, cpu ([\d.]+)s, rss/client ([-\d.]+) KiB")
_DELIVERED: Final = re.compile(r"server cpu [\d.]+s = ([\d.]+) us/delivery;.* p50 (\d+) p99 (\d+) ")


class Load(msgspec.Struct, frozen=True):
    """One load, and what it may cost."""

    clients: int
    senders: int
    window: int
    """Messages a sender has under way: said and not yet seen by the last client."""
    messages_each: int
    ratio_most: float | None
    """Of the other's CPU time; None where no aim was set."""
    per_second: int = 0
    """Messages of all senders together; 0 is as fast as the window lets them."""
    milliseconds_most: float | None = None
    """The aim for the slowest hundredth of the deliveries."""

    @property
    def name(self) -> str:
        """How it is printed."""
        how = f"paced {self.per_second}/s" if self.per_second else f"window {self.window}"
        return f"{self.clients} clients x {self.senders}, {how}"


LOADS: Final = (
    Load(100, 4, 1, 500, 1.2),
    Load(100, 4, 4, 2000, None),
    Load(100, 4, 64, 5000, 0.5),
    Load(100, 1, 64, 1500, 2.0, per_second=100, milliseconds_most=5.0),
    Load(1000, 1, 1, 200, 1.2),
    Load(1000, 1, 64, 3000, 0.5),
)


class Cost(msgspec.Struct, frozen=True):
    """What one run of a load came to."""

    microseconds: float
    """Of the server's CPU time (all its threads, user and system) for each delivery."""
    p99_milliseconds: float
    join_seconds: float
    """From the first connection to the last one's being in the channel."""
    join_cpu_seconds: float


@asynccontextmanager
async def generator() -> AsyncIterator[Path]:
    """The load generator, compiled."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise Unmeasured("the load generator is written in C, and there is no compiler `cc` here")
    with TemporaryDirectory(prefix="besedka-bench-") as directory:
        program = Path(directory) / "ircload"
        source = Path(__file__).with_name("ircload.c")
        process = await asyncio.create_subprocess_exec(compiler, "-O2", "-o", str(program), str(source))
        if await process.wait():
            raise Unmeasured("the load generator could not be compiled; the compiler's words are above")
        yield program


async def measure(program: Path, serving: Serving, load: Load) -> Cost:
    """Put one load on a server that is started for it."""
    async with serving() as listening:
        arguments = (listening.plain, listening.pid, load.clients, load.senders, load.messages_each, PAYLOAD_BYTES)
        process = await asyncio.create_subprocess_exec(
            str(program),
            "127.0.0.1",
            *map(str, (*arguments, load.window, load.per_second)),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), LOAD_SECONDS_MAX)
        except TimeoutError:
            raise Unmeasured(f"{load.name} took longer than {LOAD_SECONDS_MAX:.0f} s") from None
        finally:
            if process.returncode is None:
                process.kill()
    return read(output.decode())


def read(output: str) -> Cost:
    """What the generator printed. Raises `Unmeasured` where it could not finish."""
    joined, delivered = _JOINED.search(output), _DELIVERED.search(output)
    if joined is None or delivered is None:
        raise Unmeasured("the load was not carried to its end; the generator's own words are above")
    return Cost(float(delivered[1]), int(delivered[3]) / 1000, float(joined[1]), float(joined[2]))


async def compare(load: Load, rounds: int, progress: Callable[[str], None]) -> list[str]:
    """Both servers in turn, as often as that; lines for people."""
    other = ngircd()
    ours: list[Cost] = []
    theirs: list[Cost] = []
    async with generator() as program:
        for index in range(rounds):
            progress(f"{load.name}: besedka, {index + 1} of {rounds}")
            ours.append(await measure(program, besedka, load))
            if other is not None:
                progress(f"{load.name}: ngIRCd, {index + 1} of {rounds}")
                theirs.append(await measure(program, lambda: rival(other), load))
    return lines(load, ours, theirs)


def lines(load: Load, ours: Sequence[Cost], theirs: Sequence[Cost]) -> list[str]:
    """The medians of both, the ratio of the two, and the aims."""
    mine, other = _median(ours), _median(theirs) if theirs else None
    delivered = (
        f"{load.name:34} {mine.microseconds:7.3f} us of server CPU per delivery"
        f"  p99 {mine.p99_milliseconds:6.2f} ms{_aim(load.milliseconds_most, 'ms')}"
    )
    joined = (
        f"{load.clients} clients connect and join: {mine.join_seconds:.2f} s (aim 2), {mine.join_cpu_seconds:.2f} s of"
        " server CPU (aim 2)"
    )
    if other is not None:
        delivered += (
            f"  ngIRCd {other.microseconds:7.3f} us, p99 {other.p99_milliseconds:6.2f} ms"
            f"  ratio {mine.microseconds / other.microseconds:.2f}{_aim(load.ratio_most, '')}"
        )
        joined += f"; ngIRCd {other.join_seconds:.2f} s, {other.join_cpu_seconds:.2f} s"
    return [delivered, joined] if load.clients >= 1000 else [delivered]


def _aim(most: float | None, unit: str) -> str:
    return "" if most is None else f" (aim {most:g}{' ' + unit if unit else ''})"


def _median(costs: Sequence[Cost]) -> Cost:
    values = [msgspec.structs.astuple(one) for one in costs]
    return Cost(*(statistics.median(column) for column in zip(*values, strict=True)))
