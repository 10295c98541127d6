"""What the operator wants of the server, read from a TOML file.

`load` reports every fault of a file at once, each with its line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from besedka.chat.retention import Retention
from besedka.chat.text import harmless_line
from besedka.chat.told import Registration
from besedka.config_keys import KEYS, TABLES, Listener, Network, Wrong, kind_of
from besedka.keylines import Key, key_lines
from besedka.limits import Limits, LimitsBroken
from besedka.wire.irc.settings import IrcSettings, Nicks, ServerPassword
from besedka.words import _

DEFAULT_HOST = "127.0.0.1"

FILE_BYTES_MAX = 1 << 20
"""A configuration is some kilobytes; this is a wrong file."""

INTEGER_MAX = 1 << 53
"""Past this a number is no longer the same everywhere it goes (JSON, SQL)."""


DAY_SECONDS = 86_400


class ConfigFault(Exception):
    """The configuration cannot be used."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults
        """One sentence each, beginning with `FILE:LINE:` where there is a line."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration. Its docstrings and defaults are what docs/OPERATING.md says."""

    name: str = "besedka"
    listen: tuple[Listener, ...] = (Listener(DEFAULT_HOST, 0),)
    allow_plaintext: bool = False
    allow_text_prompt: bool = True
    trusted_proxies: tuple[Network, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    registration_chosen: Registration | None = None
    guests: bool = False
    before_connect: bool = False
    scram: bool = False
    irc_enabled: bool = True
    irc_password: ServerPassword | None = None
    irc_motd: tuple[str, ...] = ()
    irc_nicks: Nicks = Nicks.ACCOUNT
    irc_sts_port: int = 0
    retention_days: int = 0
    retention_messages: int = 0
    limits: Limits = Limits()

    @property
    def retention(self) -> Retention:
        """How much of a room the server keeps at most."""
        return Retention(seconds=self.retention_days * DAY_SECONDS, messages=self.retention_messages)

    @property
    def registration(self) -> Registration:
        """Who may register: as chosen, else open where only this machine can connect."""
        if self.registration_chosen is not None:
            return self.registration_chosen
        return Registration.OPEN if all(listener.loopback for listener in self.listen) else Registration.INVITE

    @property
    def irc(self) -> IrcSettings:
        """What the IRC door must know of it."""
        return IrcSettings(
            password=self.irc_password,
            motd=self.irc_motd,
            nicks=self.irc_nicks,
            sts_port=self.irc_sts_port,
            before_connect=self.before_connect,
            scram=self.scram,
        )

    def listening_on(self, *, host: str | None, port: int | None) -> Config:
        """This configuration with what the command line says: it replaces `listen` by one listener."""
        if host is None and port is None:
            return self
        first = self.listen[0]
        listener = Listener(first.host if host is None else host, first.port if port is None else port)
        return msgspec.structs.replace(self, listen=(listener,))


def load(path: Path) -> Config:
    """The configuration in this file. Raises `ConfigFault` with everything that is wrong with it."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigFault((_("{path}: cannot be read: {why}").format(path=path, why=error.strerror),)) from None
    if len(raw) > FILE_BYTES_MAX:
        raise ConfigFault(
            (
                _("{path}: is larger than {most} bytes, so it is no configuration").format(
                    path=path, most=FILE_BYTES_MAX
                ),
            )
        )
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigFault((_("{path}:{line}: is not UTF-8").format(path=path, line=line),)) from None
    return parse(text.removeprefix("\ufeff"), path=path)


def parse(text: str, *, path: Path) -> Config:
    """The configuration in `text`; `path` is for messages, and relative paths in it start from its directory."""
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigFault((_syntax_fault(error, path),)) from None
    reading = _Reading(path, key_lines(text))
    values = reading.values(tree)
    limits = reading.limits(tree.get("limits", {}))
    if ("certificate" in values) is not ("key" in values):
        given = Key("tls.certificate" if "certificate" in values else "tls.key")
        reading.fault(given, _("needs the other of `certificate` and `key` beside it"))
    if reading.faults:
        raise ConfigFault(tuple(sentence for _line, sentence in sorted(reading.faults)))
    return Config(**values, limits=limits)


def _syntax_fault(error: Exception, path: Path) -> str:
    """TOML's own word, with its position where we put ours. It quotes at most one character of the file."""
    match = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
    if match:
        return harmless_line(
            _("{path}:{line}: is not TOML: {why} (column {column})").format(
                path=path, line=match[2], why=match[1], column=match[3]
            )
        )
    return harmless_line(_("{path}: is not TOML: {error}").format(path=path, error=error))


class _Reading:
    """One reading of one file: collects what is wrong with it."""

    def __init__(self, path: Path, lines: Mapping[Key, int]) -> None:
        self._path = path
        self._lines = lines
        self.faults: list[tuple[int, str]] = []

    def fault(self, key: Key, what: str) -> None:
        line = self._lines.get(key, 1)
        self.faults.append((line, f"{self._path}:{line}: `{harmless_line(key)}` {what}"))

    def values(self, tree: Mapping[str, object]) -> dict[str, Any]:
        """The fields of `Config` that the file gives, limits apart."""
        values: dict[str, Any] = {}
        for name, value in tree.items():
            if name not in TABLES:
                self._read(Key(name), value, values)
            elif not isinstance(value, dict):
                self.fault(Key(name), _("must be a table, not {kind}").format(kind=kind_of(value)))
            elif name != "limits":
                for inner, inner_value in value.items():
                    self._read(Key(f"{name}.{inner}"), inner_value, values)
        return values

    def _read(self, key: Key, value: object, values: dict[str, Any]) -> None:
        entry = KEYS.get(key)
        if entry is None:
            self.fault(key, _("is no key of this configuration"))
            return
        try:
            read = entry.read(value, self._path.parent)
        except Wrong as wrong:
            self.fault(key, str(wrong))
            return
        if entry.field is not None:
            values[entry.field] = read

    def limits(self, table: object) -> Limits:
        """The limits the file gives; the defaults where it is wrong."""
        chosen: dict[str, Any] = {}
        types = {field.name: field.type for field in msgspec.structs.fields(Limits)}
        for name, value in table.items() if isinstance(table, dict) else ():
            key = Key(f"limits.{name}")
            if name not in types:
                self.fault(key, _("is no limit of this server"))
            elif types[name] is bool and not isinstance(value, bool):
                self.fault(key, _("must be true or false, not {kind}").format(kind=kind_of(value)))
            elif types[name] is not bool and (isinstance(value, bool) or not isinstance(value, int | float)):
                self.fault(key, _("must be a number, not {kind}").format(kind=kind_of(value)))
            elif types[name] is int and not isinstance(value, int):
                self.fault(key, _("must be a whole number"))
            elif not abs(value) <= INTEGER_MAX:  # Infinities and nan too.
                self.fault(key, _("must be smaller"))
            else:
                chosen[name] = value
        try:
            return Limits(**chosen)
        except LimitsBroken as broken:
            for relation in broken.relations:
                named = [name for name in chosen if re.search(rf"\b{name}\b", relation)]
                self.fault(
                    Key(f"limits.{named[0]}" if named else "limits"),
                    _("breaks a relation: {relation}").format(relation=relation),
                )
            return Limits()
