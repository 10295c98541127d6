"""The control socket: a running server does what its operator's other commands ask.

Only root and the server's own user are listened to. The words are those of `deeds`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import socket
import stat
import struct
import warnings
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec

from besedka.admin.deeds import DEED_BYTES_MAX, Answer, AnyDeed, Ended, Status, Told
from besedka.hub.ports import Journal
from besedka.words import _

PATH_BYTES_MAX = 107
"""`sun_path` of Linux has 108 bytes, the last one a zero (unix(7))."""

DEED_SECONDS_MAX = 10.0
"""From connecting to having asked: a program asks at once."""

CONNECTIONS_MAX = 16
"""Operators at once."""

ANSWER_SECONDS_MAX = 120.0
"""The longest silence before the asker gives up: an import hashes for seconds."""

_PEER_CREDENTIALS = struct.Struct("3i")
"""`struct ucred`: process, user, group (unix(7))."""

_decode_deed = msgspec.json.Decoder(AnyDeed).decode
_decode_answer = msgspec.json.Decoder(Told | Ended).decode


class ControlFault(Exception):
    """The control socket cannot be made or did not answer. Its text is a sentence for the operator."""


def socket_path(data: Path) -> Path:
    """Where the control socket of this data directory is made: in it, or in a private directory where that is too long.

    Raises `ControlFault`.
    """
    path = data / "control.sock"
    if len(os.fsencode(path)) <= PATH_BYTES_MAX:
        return path
    from platformdirs import user_runtime_path  # Late: 20 ms that hardly any start needs.

    try:
        with warnings.catch_warnings(action="ignore"):  # That none is set. What is taken instead is judged below.
            folder = user_runtime_path("besedka")
    except OSError as error:
        raise ControlFault(
            _("there is no runtime directory for the control socket: {why}").format(why=error.strerror or error)
        ) from None
    path = folder / (hashlib.sha256(os.fsencode(data)).hexdigest()[:16] + ".sock")
    if len(os.fsencode(path)) > PATH_BYTES_MAX:
        raise ControlFault(
            _("{data} is too long for a control socket, and so is {folder}; choose a shorter --data").format(
                data=data, folder=folder
            )
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise ControlFault(
            _("{folder} cannot be made for the control socket: {why}").format(folder=folder, why=error.strerror)
        ) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise ControlFault(
            _("{folder} is not a directory of this user's alone, so no control socket is made there").format(
                folder=folder
            )
        )
    return path


class ControlSocket:
    """The server's end. Whoever makes one holds the data directory, so that a socket that is there is a dead one's."""

    def __init__(
        self, path: Path, *, carry_out: Callable[[AnyDeed, Answer], Awaitable[Ended]], journal: Journal
    ) -> None:
        self._path = path
        self._carry_out = carry_out
        self._journal = journal
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen. Raises `ControlFault`."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o077)
        try:
            self._path.unlink(missing_ok=True)
            listening.bind(os.fsencode(self._path))
        except OSError as error:
            listening.close()
            raise ControlFault(_("{path} cannot be made: {why}").format(path=self._path, why=error.strerror)) from None
        finally:
            os.umask(before)
        self._server = await asyncio.start_unix_server(self._talk, sock=listening, limit=DEED_BYTES_MAX)

    async def close(self, *, seconds: float) -> None:
        """Listen no more and remove the socket; deeds under way have this long to end."""
        if self._server is not None:
            self._server.close()
        with contextlib.suppress(OSError):
            self._path.unlink()
        if self._talks:
            _done, late = await asyncio.wait(self._talks, timeout=seconds)
            for talk in late:
                talk.cancel()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            await self._converse(reader, writer)
        except (OSError, EOFError, TimeoutError):
            pass  # The asker went away or was too slow; there is nobody to tell.
        except Exception as error:  # The edge: a failed talk must not end the server.
            self._journal.fault("control fault", error)
        finally:
            self._talks.discard(talk)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def tell(unit: Told | Ended) -> None:
            writer.write(msgspec.json.encode(unit) + b"\n")

        answer = Answer(tell, tell)
        if _peer_user(writer) not in (0, os.geteuid()):
            self._journal.note("control refused")
            ended = answer.refuse(_("Only the user who runs the server, and root, may ask it."))
        elif len(self._talks) > CONNECTIONS_MAX:
            ended = answer.refuse(_("Too many are asking at once; try again."))
        else:
            ended = await self._listen(reader, answer)
        tell(ended)
        async with asyncio.timeout(DEED_SECONDS_MAX):
            await writer.drain()
            writer.write_eof()
            while await reader.read(DEED_BYTES_MAX):
                pass  # To close before all is read would reset the connection, and the answer with it.

    async def _listen(self, reader: asyncio.StreamReader, answer: Answer) -> Ended:
        try:
            async with asyncio.timeout(DEED_SECONDS_MAX):
                line = await reader.readuntil(b"\n")
            deed = _decode_deed(line)
        except asyncio.LimitOverrunError:
            return answer.refuse(_("That is longer than this server accepts."), Status.MISUSED)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return answer.refuse(
                _("This server does not know that command; is it of the same version?"), Status.MISUSED
            )
        return await self._carry_out(deed, answer)


def _peer_user(writer: asyncio.StreamWriter) -> int:
    """Whose process is at the other end."""
    peer = writer.get_extra_info("socket")
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER_CREDENTIALS.size)
    _process, user, _group = _PEER_CREDENTIALS.unpack(raw)
    return int(user)


def ask(path: Path, deed: AnyDeed, tell: Callable[[Told], None]) -> Ended:
    """Have a running server do something; blocks until it has. Raises `ControlFault`, and whatever `tell` does."""
    for answer in _answers(path, deed):
        if isinstance(answer, Ended):
            return answer
        tell(answer)
    raise ControlFault(_("the server ended before it answered"))


def _answers(path: Path, deed: AnyDeed) -> Iterator[Told | Ended]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(ANSWER_SECONDS_MAX)
        try:
            asking.connect(os.fsencode(path))
            with contextlib.suppress(BrokenPipeError):  # Refused before it was read: the answer is there all the same.
                asking.sendall(msgspec.json.encode(deed) + b"\n")
            with asking.makefile("rb") as answers:
                while line := answers.readline():
                    yield _decode_answer(line)
        except TimeoutError:
            raise ControlFault(_("the server does not answer at {path}").format(path=path)) from None
        except OSError as error:
            raise ControlFault(
                _("the server cannot be asked at {path}: {why}").format(path=path, why=error.strerror)
            ) from None
        except msgspec.MsgspecError:
            raise ControlFault(
                _("something else than this version of besedka answers at {path}").format(path=path)
            ) from None
