"""The servers of IRC that are measured in turn: besedka as guests find it, and ngIRCd."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from besedka.bench.server import Running, Unmeasured, data_directory, serving

CONFIGURATION: Final = 'name = "bench"\n[accounts]\nguests = true\n[limits]\nflood = false\n'
"""Guests, so that nothing is hashed."""

NGIRCD: Final = """\
[Global]
Name = bench.local
Info = bench
Listen = 127.0.0.1
Ports = {plain}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
MaxListSize = 0
PingTimeout = 600
PongTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
[SSL]
CertFile = {certificate}
KeyFile = {certificate}
Ports = {tls}
"""
"""Without throttling, like the other one."""

_UP_SECONDS_MAX: Final = 20.0
_LOOK_SECONDS: Final = 0.05
_BESIDE_THE_PATH: Final = ("/usr/sbin/ngircd", "/usr/local/sbin/ngircd")
"""Where it is where only an administrator's path leads."""


class Listening(msgspec.Struct, frozen=True):
    """A server that is up, with its two doors."""

    pid: int
    plain: int
    tls: int


def ngircd() -> str | None:
    """The program; None where it is not installed."""
    return shutil.which("ngircd") or next((path for path in _BESIDE_THE_PATH if Path(path).exists()), None)


@asynccontextmanager
async def besedka() -> AsyncIterator[Listening]:
    """This program, on a directory of its own, every message on disk before anybody is told."""
    async with data_directory(0) as (data, _), serving(data, configuration=CONFIGURATION) as running:
        yield Listening(_pid(running), running.port, running.port)


@asynccontextmanager
async def rival(program: str) -> AsyncIterator[Listening]:
    """ngIRCd, in the foreground. Its certificate is one that besedka has made for itself."""
    with tempfile.TemporaryDirectory(prefix="besedka-bench-") as directory:
        plain, tls = _free_ports()
        async with data_directory(0) as (data, _), serving(data, configuration=CONFIGURATION):
            file = _configured(Path(directory), (data / "tls" / "self-made.pem").read_bytes(), plain=plain, tls=tls)
        process = await asyncio.create_subprocess_exec(
            program, "-n", "-f", str(file), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await asyncio.wait_for(_wait_up(process, plain), _UP_SECONDS_MAX)
            yield Listening(process.pid, plain, tls)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _configured(directory: Path, certificate: bytes, *, plain: int, tls: int) -> Path:
    """Its configuration. It gives up its rights before it reads the certificate, which is one of nothing."""
    directory.chmod(0o755)
    pem, file = directory / "certificate.pem", directory / "ngircd.conf"
    pem.write_bytes(certificate)
    pem.chmod(0o644)
    file.write_text(NGIRCD.format(plain=plain, tls=tls, certificate=pem))
    return file


def _pid(running: Running) -> int:
    assert running.pid is not None, "it was started here"
    return running.pid


def _free_ports() -> tuple[int, int]:
    """Two ports that were free a moment ago: this program cannot choose its own."""
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


async def _wait_up(process: asyncio.subprocess.Process, port: int) -> None:
    while process.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            writer.close()
            return
    raise Unmeasured("ngIRCd did not start")
