"""What the operator wants of the server, read from a TOML file.

`load` reports every fault of a file at once, each with its line.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from besedka.chat.text import harmless_line
from besedka.chat.told import Registration
from besedka.keylines import Key, key_lines
from besedka.limits import Limits, LimitsBroken
from besedka.words import _

DEFAULT_HOST = "127.0.0.1"

FILE_BYTES_MAX = 1 << 20
"""A configuration is some kilobytes; this is a wrong file."""

NAME_CHARACTERS_MAX = 64
"""The server's name stands in a status line."""

INTEGER_MAX = 1 << 53
"""Past this a number is no longer the same everywhere it goes (JSON, SQL)."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ConfigFault(Exception):
    """The configuration cannot be used."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults
        """One sentence each, beginning with `FILE:LINE:` where there is a line."""


class Listener(msgspec.Struct, frozen=True):
    """Where to wait for connections."""

    host: str
    """An address or a name of this machine, without brackets."""
    port: int
    """0 is automatic: any port that is free."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


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
    irc_enabled: bool = True
    limits: Limits = Limits()

    @property
    def registration(self) -> Registration:
        """Who may register: as chosen, else open where only this machine can connect."""
        if self.registration_chosen is not None:
            return self.registration_chosen
        return Registration.OPEN if all(listener.loopback for listener in self.listen) else Registration.INVITE

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


# Values ----------------------------------------------------------------------------------------------------------


class _Wrong(Exception):
    """What is wrong with a value, as the end of a sentence that begins with its key."""


def _kind(value: object) -> str:
    """What TOML calls the type of a value. The value itself may be a secret."""
    names = {
        bool: _("true or false"),
        int: _("a number"),
        float: _("a number"),
        str: _("a text"),
        list: _("a list"),
        dict: _("a table"),
    }
    return names.get(type(value), _("a date or time"))


def _boolean(value: object, _folder: Path) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(_("must be true or false, not {kind}").format(kind=_kind(value)))
    return value


def _text(value: object, _folder: Path) -> str:
    if not isinstance(value, str):
        raise _Wrong(_("must be a text in quotes, not {kind}").format(kind=_kind(value)))
    return value


def _server_name(value: object, folder: Path) -> str:
    name = _text(value, folder)
    if not 1 <= len(name) <= NAME_CHARACTERS_MAX or name != harmless_line(name) or not name.strip():
        raise _Wrong(_("must be 1 to {most} visible characters").format(most=NAME_CHARACTERS_MAX))
    return name


def _file(value: object, folder: Path) -> Path:
    text = _text(value, folder)
    if not text or "\0" in text:
        raise _Wrong(_("must be the path of a file"))
    return folder / Path(text).expanduser()


def _texts(value: object, folder: Path) -> list[str]:
    if not isinstance(value, list):
        raise _Wrong(_("must be a list of texts, not {kind}").format(kind=_kind(value)))
    return [_text(item, folder) for item in value]


def listener(text: str) -> Listener:
    """`HOST:PORT` or `[IPV6]:PORT` as a listener. Raises `ValueError`, whose text says what is wrong."""
    match = re.fullmatch(r"(?:\[([^\[\]\s]+)\]|([^:\[\]\s]+)):(\d{1,6})", text, re.ASCII)
    if not match:
        raise ValueError(_("is not HOST:PORT (an IPv6 address stands in brackets)"))
    if int(match[3]) > 65535:
        raise ValueError(_("has a port over 65535"))
    return Listener(match[1] or match[2], int(match[3]))


def _listeners(value: object, folder: Path) -> tuple[Listener, ...]:
    listeners: list[Listener] = []
    for text in _texts(value, folder):
        try:
            one = listener(text)
        except ValueError as error:
            raise _Wrong(_("has {text!r}, which {error}").format(text=harmless_line(text), error=error)) from None
        if one.port and one in listeners:
            raise _Wrong(_("has {one} twice").format(one=one))
        listeners.append(one)
    if not listeners:
        raise _Wrong(_("must have at least one HOST:PORT"))
    return tuple(listeners)


def _networks(value: object, folder: Path) -> tuple[Network, ...]:
    networks: list[Network] = []
    for text in _texts(value, folder):
        try:
            networks.append(ipaddress.ip_network(text))
        except ValueError:
            raise _Wrong(
                _("has {text!r}, which is no address or network (like 10.0.0.0/8)").format(text=harmless_line(text))
            ) from None
    return tuple(networks)


def _registration(value: object, folder: Path) -> Registration:
    try:
        return Registration(_text(value, folder))
    except ValueError:
        raise _Wrong(_('must be "open", "invite" or "closed"')) from None


class _Entry(msgspec.Struct, frozen=True):
    """One key: how it is read, and what docs/OPERATING.md says of it."""

    read: Callable[[Any, Path], object]
    field: str | None
    """The field of `Config` it fills; None where it only has to be right."""
    default: str
    meaning: str


def _not_yet(default: bool | str) -> _Entry:
    """A key of something this version has not got: only its default is true."""
    shown = msgspec.json.encode(default).decode()

    def read(value: object, _folder: Path) -> None:
        if type(value) is not type(default) or value != default:
            raise _Wrong(_("can only be {shown}: this version of besedka cannot do it yet").format(shown=shown))

    return _Entry(read, None, shown, "cannot be changed yet")


KEYS: Mapping[Key, _Entry] = {
    Key("name"): _Entry(_server_name, "name", '"besedka"', "what the operator calls this server"),
    Key("listen"): _Entry(
        _listeners,
        "listen",
        '["127.0.0.1:0"]',
        "where to wait for connections, each `HOST:PORT`; port 0 is any free one; `--host`, `--port` replace the list",
    ),
    Key("allow_plaintext"): _Entry(_boolean, "allow_plaintext", "false", "take passwords from afar without TLS too"),
    Key("allow_text_prompt"): _Entry(_boolean, "allow_text_prompt", "true", "ask a client that says nothing its name"),
    Key("trusted_proxies"): _Entry(
        _networks,
        "trusted_proxies",
        "[]",
        "networks whose PROXY lines and X-Forwarded-For headers are believed about who connects",
    ),
    Key("tls.certificate"): _Entry(_file, "certificate", "self-made", "PEM file of the chain; read again on SIGHUP"),
    Key("tls.key"): _Entry(_file, "key", "self-made", "PEM file of its private key; read with it"),
    Key("accounts.registration"): _Entry(
        _registration,
        "registration_chosen",
        '"open" if only this machine can connect, else "invite"',
        'who may register: "open" (anybody), "invite" (with a code), "closed" (nobody)',
    ),
    Key("accounts.guests"): _Entry(_boolean, "guests", "false", "admit people without an account"),
    Key("accounts.registration_before_connect"): _not_yet(False),
    Key("accounts.scram"): _not_yet(False),
    Key("irc.enabled"): _Entry(_boolean, "irc_enabled", "true", "let IRC clients in"),
    Key("irc.password"): _not_yet(""),
    Key("irc.motd_file"): _not_yet(""),
    Key("irc.nicks"): _not_yet("account"),
}
"""Every key but those of `[limits]`, which are the fields of `Limits`."""

_TABLES = frozenset({"limits"} | {key.partition(".")[0] for key in KEYS if "." in key})


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
            if name not in _TABLES:
                self._read(Key(name), value, values)
            elif not isinstance(value, dict):
                self.fault(Key(name), _("must be a table, not {kind}").format(kind=_kind(value)))
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
        except _Wrong as wrong:
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
                self.fault(key, _("must be true or false, not {kind}").format(kind=_kind(value)))
            elif types[name] is not bool and (isinstance(value, bool) or not isinstance(value, int | float)):
                self.fault(key, _("must be a number, not {kind}").format(kind=_kind(value)))
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
