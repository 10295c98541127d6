"""`besedka bench`: which measurement, against which server, printed how."""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import click

from besedka.bench import (
    backing,
    crowding,
    delivery,
    flooding,
    forgetting,
    idle,
    irc_idle,
    joining,
    overview,
    searching,
    starting,
)
from besedka.bench import irc as ircs
from besedka.bench.irc_servers import besedka, ngircd, rival
from besedka.bench.peers import arrive, register
from besedka.bench.server import Device, Running, Unmeasured, data_directory, make_devices, serving
from besedka.limits import Limits
from besedka.store.stores import open_stores


def _progress(sentence: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{sentence}", err=True, nl=False)


def _say(line: str) -> None:
    _progress("")
    click.echo(line)


def _run(work: Coroutine[Any, Any, None]) -> None:
    import uvloop

    try:
        uvloop.run(work)
    except Unmeasured as error:
        raise click.ClickException(f"{error}.") from None
    except OSError as error:
        raise click.ClickException(f"The server cannot be reached: {error.strerror or error}.") from None


def _given(command: Callable[..., None]) -> Callable[..., None]:
    """The options that measure a server which is there already."""
    command = click.option("--pid", type=int, help="Its process, if it runs here: its CPU time is read.")(command)
    return click.option(
        "--server",
        metavar="HOST:PORT",
        help="Measure this server instead. It must let anybody register, and want `flood = false` in its [limits].",
    )(command)


@asynccontextmanager
async def _measured(
    people: int, server: str | None, pid: int | None
) -> AsyncIterator[tuple[Running, Sequence[Device]]]:
    """The server that is measured, and people on it."""
    if server is None:
        async with data_directory(people) as (data, devices), serving(data) as running:
            yield running, devices
        return
    host, _, port = server.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise click.UsageError("--server is HOST:PORT.")
    running = Running(pid, int(port), host)
    yield running, await register(running, people, _progress)


@click.group(invoke_without_command=True)
@click.pass_context
def bench(context: click.Context) -> None:
    """Reproducible load against a server that is started for it, in a temporary directory."""
    if context.invoked_subcommand is None:
        for command in (deliver, join, presence, flood, rest, start, unread):
            context.invoke(command)


@bench.command()
@click.option("--rounds", default=1, show_default=True, help="Run each shape so often and print the median.")
@click.option("--readers", type=int, help="Only the crowd of so many readers.")
@_given
def deliver(rounds: int, readers: int | None, server: str | None, pid: int | None) -> None:
    """Deliveries: 100 readers and 4 speakers, 1,000 and 1, 1 and 1, each with windows of 1, 4 and 64."""
    for crowd in delivery.CROWDS:
        if readers in (None, crowd[0]):
            _run(_deliver(crowd, rounds, server, pid))


async def _deliver(crowd: tuple[int, int], rounds: int, server: str | None, pid: int | None) -> None:
    shapes = [shape for shape in delivery.shapes() if (shape.readers, shape.speakers) == crowd]
    async with _measured(crowd[0], server, pid) as (running, devices):
        results = await delivery.measure(running, devices, shapes * rounds, _progress)
    for shape in shapes:
        mine = sorted((one for one in results if one.shape == shape), key=lambda one: one.cpu)
        _say(mine[len(mine) // 2].line())


@bench.command()
@click.option("--clients", default=1000, show_default=True)
@_given
def join(clients: int, server: str | None, pid: int | None) -> None:
    """A crowd joins one room at once."""
    _run(_join(clients, server, pid))


async def _join(clients: int, server: str | None, pid: int | None) -> None:
    async with _measured(clients, server, pid) as (running, devices):
        _say(await joining.measure(running, devices, _progress))


@bench.command()
@click.option("--clients", default=1000, show_default=True)
def presence(clients: int) -> None:
    """A crowd connects, types in one room, leaves it, and goes."""
    _run(_presence(clients))


async def _presence(clients: int) -> None:
    async with data_directory(clients) as (data, devices), serving(data) as running:
        _say(await crowding.measure(running, devices, _progress))


@bench.command()
@click.option("--guesses", default=1000, show_default=True)
def flood(guesses: int) -> None:
    """What a flood of wrong passwords costs somebody honest who logs in meanwhile."""
    _run(_flood(guesses))


async def _flood(guesses: int) -> None:
    _say(await flooding.measure(guesses, _progress))


@bench.command()
@click.option("--connections", default=500, show_default=True)
def rest(connections: int) -> None:
    """Memory of connections at rest: plain, over TLS, and of somebody in a thousand rooms."""
    _run(_rest(connections))


async def _rest(connections: int) -> None:
    async with data_directory(connections) as (data, devices):
        for visit in ("first", "second"):
            async with serving(data) as running:
                kib = await idle.measure(running, devices, tls=False, progress=_progress)
            _say(f"an idle connection in the lobby, plain, on its {visit} visit: {kib:.1f} KiB")
    async with data_directory(connections) as (data, devices), serving(data) as running:
        kib = await idle.measure(running, devices, tls=True, progress=_progress)
    _say(f"an idle connection in the lobby, TLS, on its first visit: {kib:.1f} KiB")
    async with data_directory(1) as (data, devices):
        stores = open_stores(data, limits=Limits())
        try:
            await idle.furnish(stores, devices[0], 998)
            devices = await make_devices(stores, devices[0].name, devices[0].account, connections)
        finally:
            await stores.close()
        async with serving(data) as running:
            kib = await idle.measure(running, devices, tls=False, progress=_progress)
    _say(f"an idle connection of somebody in 999 rooms, plain: {kib:.1f} KiB")


@bench.command()
@click.option("--messages", default=1_000_000, show_default=True)
def start(messages: int) -> None:
    """Starting a server that has a million messages, and a page of its history."""
    _run(_start(messages))


async def _start(messages: int) -> None:
    async with data_directory(1) as (data, devices):
        async with serving(data) as running:
            peer, _ = await arrive(running, devices[0])
            peer.close()
        empty = await starting.starts(data, 5)
        _say(f"with nothing said: ready {statistics.median(empty):.2f} s after the start (median of 5)")
        await starting.fill(data, devices[0], messages, _progress)
        seconds = await starting.starts(data, 5)
        milliseconds = await starting.pages(data, devices[0])
    _say(starting.line(seconds, milliseconds, messages))


@bench.command()
@click.option("--messages", default=1_000_000, show_default=True)
def backup(messages: int) -> None:
    """Backups of a million messages while a hundred people talk."""
    _run(_backup(messages))


async def _backup(messages: int) -> None:
    async with data_directory(backing.TALK.readers) as (data, devices):
        async with serving(data) as running:
            peer, _ = await arrive(running, devices[0])
            peer.close()
        await starting.fill(data, devices[0], messages, _progress)
        async with serving(data) as running:
            _progress("waiting for the search index")
            await backing.wait_indexed(data, messages)
            outcome = await backing.measure(running, devices, data, _progress)
    for line in outcome.lines(messages):
        _say(line)


@bench.command()
@click.option("--messages", default=300_000, show_default=True, help="All but the last 10,000 of them are forgotten.")
def retention(messages: int) -> None:
    """A large past is forgotten while a hundred people talk."""
    for shape in forgetting.SHAPES:
        _run(_retention(messages, shape))


async def _retention(messages: int, shape: delivery.Shape) -> None:
    async with data_directory(shape.readers) as (data, devices):
        async with serving(data) as running:
            peer, _ = await arrive(running, devices[0])
            peer.close()
        await starting.fill(data, devices[0], messages, _progress)
        async with serving(data, configuration=forgetting.EVERYTHING) as running:
            outcome = await forgetting.measure(running, devices, data, shape, _progress)
    for line in outcome.lines():
        _say(line)


@bench.command(name="overview")
@click.option("--messages", default=1_000_000, show_default=True)
def unread(messages: int) -> None:
    """What is unread in a thousand rooms, as the store answers it."""
    _run(_unread(messages))


async def _unread(messages: int) -> None:
    async with data_directory(1) as (data, devices):
        stores = open_stores(data, limits=Limits())
        try:
            await overview.fill(stores, devices[0], messages, _progress)
            milliseconds = await overview.measure(stores, devices[0])
        finally:
            await stores.close()
    _say(overview.line(milliseconds, messages))


@bench.command()
@click.option("--messages", default=1_000_000, show_default=True)
@click.option("--asked", default=searching.ASKED, show_default=True, help="Searches of each kind.")
def search(messages: int, asked: int) -> None:
    """Two words, phrases and prefixes among a million messages, and what indexing them costs."""
    _run(_search(messages, asked))


async def _search(messages: int, asked: int) -> None:
    talk = searching.Talk(random.Random(searching.SEED))
    async with data_directory(1) as (data, devices):
        stores = open_stores(data, limits=Limits())
        try:
            rooms = await searching.fill(stores, devices[0], talk, messages, _progress)
            _say(await searching.build(stores, data, messages))
            for line in await searching.measure(stores, talk, rooms, asked=asked):
                _say(line)
            _say(await searching.follow(stores, devices[0], talk, rooms, min(messages, searching.FOLLOWED)))
        finally:
            await stores.close()


@bench.command()
@click.option("--rounds", default=1, show_default=True, help="Run each load so often on each and print the medians.")
@click.option("--idle", "only_idle", is_flag=True, help="Only the memory of idle clients.")
@click.option("--loads", "only_loads", is_flag=True, help="Only the loads.")
@click.option("--load", "wanted", default="", help="Only loads whose name has this in it.")
@click.option("--clients", default=500, show_default=True, help="For memory.")
def irc(rounds: int, only_idle: bool, only_loads: bool, wanted: str, clients: int) -> None:
    """The IRC door beside ngIRCd (Debian package `ngircd`), in turn: deliveries, joins, idle memory."""
    if ngircd() is None:
        _say("ngIRCd is not installed here: there is nothing to compare with")
    if not only_idle:
        for load in ircs.LOADS:
            if wanted in load.name:
                _run(_irc_load(load, rounds))
    if not only_loads:
        _run(_irc_idle(clients))


async def _irc_load(load: ircs.Load, rounds: int) -> None:
    for line in await ircs.compare(load, rounds, _progress):
        _say(line)


async def _irc_idle(clients: int) -> None:
    other = ngircd()
    for tls, most in ((False, 10), (True, 40)):
        async with besedka() as listening:
            line = f"an idle IRC client{' over TLS' if tls else ''}: "
            ours = await irc_idle.measure(listening, clients, tls=tls, progress=_progress)
        line += f"{ours:.1f} KiB (aim {most})"
        if other is not None:
            async with rival(other) as listening:
                theirs = await irc_idle.measure(listening, clients, tls=tls, progress=_progress)
            line += f"; ngIRCd {theirs:.1f} KiB"
        _say(line)
