"""What this device keeps of the servers it has been to.

Two files in one directory that only its owner may read. `device.json` has the last address and name and the session
tokens. `known_servers` is for people to read and edit: one server a line, `HOST:PORT` and how it is known: `authority`
once a certificate authority vouched for it, otherwise `sha256:` and the digest of the public key it first showed.

To the server a token is one device: of two sessions that come with the same one it ends the earlier. So of several
clients of one account that run at once each claims a token of its own, the first that is free, by a lock on an empty
file beside those two. The operating system takes the lock away, however the client ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from besedka.chat.names import fold
from besedka.chat.text import harmless_line
from besedka.words import _

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 9090

AUTHORITY = "authority"
"""A server known by the word of a certificate authority; anything else it is known by is its key's digest."""

CLAIMS_MAX = 64
"""Clients of one account at once on one device; a server has no more sessions of one."""

_TOKENS_MAX = 64
"""Tokens kept, of the servers last logged in to; as many as an account may have on one server."""


class DeviceFault(Exception):
    """Something cannot be kept or read; the text is a sentence for a person."""


class Address(msgspec.Struct, frozen=True, order=True):
    """Where a server is."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        """As people write it, harmless on a screen."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{harmless_line(host)}:{self.port}"

    @property
    def key(self) -> str:
        """How it is looked up: host names are the same in any case, with or without the final dot."""
        return str(Address(self.host.rstrip(".").casefold().replace(" ", ""), self.port))


class _Kept(msgspec.Struct, frozen=True):
    last: Address = Address()
    last_name: str = ""
    tokens: dict[str, str] = {}
    """By address, folded name, and from the second claim on its number; the one used last at the end."""

    def __repr__(self) -> str:
        return "<what the device keeps>"


class Device:
    """The files of one directory. Several clients may use it at once; each change is whole or not at all."""

    def __init__(self, directory: Path) -> None:
        """`directory` is made (for its owner only) when there is something to keep."""
        self._directory = directory
        self._claimed: tuple[str, int] | None = None
        self._lock: int | None = None

    @property
    def known_servers(self) -> Path:
        """The file that people may have to edit."""
        return self._directory / "known_servers"

    def last(self) -> tuple[Address, str]:
        """The server and the name used last."""
        kept = self._kept()
        return kept.last, kept.last_name

    def keep_last(self, address: Address, name: str) -> None:
        """This server was entered under this name."""
        with self._changing():
            self._write(msgspec.structs.replace(self._kept(), last=address, last_name=name))

    def claim(self, address: Address, name: str) -> None:
        """Take the first token of this name there that no other client has taken, whether or not there is one yet.

        It is taken until this process ends, or claims another.
        """
        self.release()
        key = _token_key(address, name)
        with self._changing():
            for number in range(1, CLAIMS_MAX + 1):
                digest = hashlib.sha256(f"{key} {number}".encode()).hexdigest()[:16]
                lock = os.open(self._directory / f"claim-{digest}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(lock)
                    continue
                self._lock, self._claimed = lock, (key, number)
                return
        raise DeviceFault(_("Too many clients are running here under this name."))

    def release(self) -> None:
        """Others may claim what this one has."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = self._claimed = None

    def token(self, address: Address, name: str) -> str | None:
        """The session token of this name there: the one claimed, or the first."""
        return self._kept().tokens.get(self._claimed_key(address, name))

    def keep_token(self, address: Address, name: str, token: str | None) -> None:
        """Keep a session token in the place of that one; None takes it away."""
        key = self._claimed_key(address, name)
        with self._changing():
            kept = self._kept()
            tokens = {one: value for one, value in kept.tokens.items() if one != key}
            if token is not None:
                tokens[key] = token
            tokens = dict(list(tokens.items())[-_TOKENS_MAX:])
            self._write(msgspec.structs.replace(kept, tokens=tokens))

    def _claimed_key(self, address: Address, name: str) -> str:
        key = _token_key(address, name)
        number = self._claimed[1] if self._claimed is not None and self._claimed[0] == key else 1
        return key if number == 1 else f"{key} {number}"

    def known(self, address: Address) -> str | None:
        """How a server is known: `AUTHORITY`, the digest of its key, or None for not at all."""
        for line in self._known_lines():
            words = line.split()
            if len(words) == 2 and words[0] == address.key:
                return words[1]
        return None

    def keep_known(self, address: Address, how: str) -> None:
        """From now on the server is known like this."""
        with self._changing():
            lines = [line for line in self._known_lines() if line.split()[:1] != [address.key]]
            self._replace("known_servers", "".join(f"{line}\n" for line in [*lines, f"{address.key} {how}"]).encode())

    def _known_lines(self) -> list[str]:
        return self._read("known_servers").decode(errors="replace").splitlines()

    def _kept(self) -> _Kept:
        raw = self._read("device.json")
        try:
            return msgspec.json.decode(raw, type=_Kept) if raw else _Kept()
        except msgspec.DecodeError:
            # Nothing in it is worth refusing to chat: what was kept is asked again, and the next change replaces it.
            return _Kept()

    def _read(self, name: str) -> bytes:
        try:
            return (self._directory / name).read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise DeviceFault(_fault(_("{path} cannot be read: {reason}."), self._directory / name, error)) from None

    def _write(self, kept: _Kept) -> None:
        self._replace("device.json", msgspec.json.encode(kept))

    def _replace(self, name: str, content: bytes) -> None:
        """Put a file in place of another in one step. `mkstemp` makes it 0600."""
        handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=self._directory)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._directory / name)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Alone with the files: two clients that log in at once both keep their tokens."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(self._directory / "lock", "a", opener=_private) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise DeviceFault(_fault(_("{path} cannot be written: {reason}."), self._directory, error)) from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _fault(sentence: str, path: Path, error: OSError) -> str:
    return sentence.format(path=path, reason=error.strerror or type(error).__name__)


def _token_key(address: Address, name: str) -> str:
    return f"{address.key} {fold(name)}"


def this_device() -> Device:
    """The device of whoever runs this: `$BESEDKA_STATE`, or the place the platform has for such files."""
    chosen = os.environ.get("BESEDKA_STATE")
    if chosen:
        return Device(Path(chosen))
    import platformdirs

    return Device(Path(platformdirs.user_state_dir("besedka")))
