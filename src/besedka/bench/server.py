"""The server that is measured: a process of its own, on a data directory made for the purpose."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.limits import Limits
from besedka.store.stores import Stores, open_stores

CONFIGURATION = 'name = "bench"\n[limits]\nflood = false\n'
READY_SECONDS_MAX = 60.0
TOKEN_MILLISECONDS = 86_400_000


class Unmeasured(Exception):
    """The server did not do what is measured; the message says what it did."""


class Device(msgspec.Struct, frozen=True):
    """A session token of one of the server's people, so that nobody is hashed while something is measured."""

    name: AccountName
    account: PrincipalId
    token: str

    def __repr__(self) -> str:
        """Without the token."""
        return f"<Device of {self.name}>"


class Running(msgspec.Struct, frozen=True):
    """A server that listens."""

    pid: int | None
    """None for a server elsewhere, whose CPU time cannot be read."""
    port: int
    host: str = "127.0.0.1"
    ready_seconds: float = 0.0
    """From starting the process to its saying that it listens."""


async def make_people(stores: Stores, count: int) -> list[Device]:
    """Register people `u0`, `u1` … without a usable password, each with a token."""
    devices = []
    for index in range(count):
        name = AccountName(f"u{index}")
        account = await stores.accounts.add_account(
            name=name, password_hash="!", role=AccountRole.USER, address="127.0.0.1", now=_now(), invitation=None
        )
        devices += await make_devices(stores, name, account.id, 1)
    return devices


async def make_devices(stores: Stores, name: AccountName, account: PrincipalId, count: int) -> list[Device]:
    """So many devices of one account: each has a token of its own, for one token is one device and one connection."""
    devices = []
    for _ in range(count):
        token = secrets.token_urlsafe(32)
        await stores.accounts.add_token(
            account,
            token=token,
            address="127.0.0.1",
            client="bench",
            now=_now(),
            expires=_now() + TOKEN_MILLISECONDS,
            at_most=max(64, count),
        )
        devices.append(Device(name, account, token))
    return devices


def _now() -> int:
    return time.time_ns() // 1_000_000


@asynccontextmanager
async def data_directory(people: int) -> AsyncIterator[tuple[Path, Sequence[Device]]]:
    """A temporary data directory with so many people in it."""
    with tempfile.TemporaryDirectory(prefix="besedka-bench-") as directory:
        data = Path(directory) / "data"
        data.mkdir(mode=0o700)
        stores = open_stores(data, limits=Limits())
        try:
            devices = await make_people(stores, people)
        finally:
            await stores.close()
        yield data, devices


@asynccontextmanager
async def serving(data: Path, *, configuration: str = CONFIGURATION) -> AsyncIterator[Running]:
    """Run `besedka serve` on a data directory, as a rule without limits of rate, until the block ends."""
    file = data.parent / "bench.toml"
    file.write_text(configuration)
    arguments = ["--port", "auto", "--data", str(data), "--config", str(file), "--no-console"]
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "besedka", "serve", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        port = await asyncio.wait_for(_wait_listening(process), READY_SECONDS_MAX)
        yield Running(process.pid, port, ready_seconds=time.perf_counter() - began)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _wait_listening(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        words = line.decode(errors="replace").split()
        if words[:2] == ["listening", "on"]:
            return int(words[2].rpartition(":")[2])
    raise Unmeasured("the server did not start; its own message is above")


def cpu_seconds(pid: int | None) -> float:
    """User and system time a process has used, all its threads together; not a number where that is unknown."""
    if pid is None:
        return float("nan")
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
