"""Every key of the configuration: how its value is read, and what it means."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from besedka.chat.text import harmless_line
from besedka.chat.told import Registration
from besedka.keylines import Key
from besedka.wire.irc.settings import Nicks, ServerPassword
from besedka.words import _

NAME_CHARACTERS_MAX = 64
"""The server's name stands in a status line."""

PASSWORD_BYTES_MAX = 500
"""What a PASS line can carry: 512 bytes without `PASS :` and its end."""

MOTD_BYTES_MAX = 1 << 14
"""Every IRC client is sent all of it whenever it connects: some two hundred lines."""

COUNT_MAX = 1_000_000_000
"""Days or messages: past this a limit is none, and times would no longer fit their columns."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


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


class Wrong(Exception):
    """What is wrong with a value, as the end of a sentence that begins with its key."""


def kind_of(value: object) -> str:
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
        raise Wrong(_("must be true or false, not {kind}").format(kind=kind_of(value)))
    return value


def _port(value: object, _folder: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 65_535:
        raise Wrong(_("must be a port, or 0 for none"))
    return value


def _count(value: object, _folder: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= COUNT_MAX:
        raise Wrong(_("must be a whole number from 0, which is no limit, to {most}").format(most=COUNT_MAX))
    return value


def _text(value: object, _folder: Path) -> str:
    if not isinstance(value, str):
        raise Wrong(_("must be a text in quotes, not {kind}").format(kind=kind_of(value)))
    return value


def _server_name(value: object, folder: Path) -> str:
    name = _text(value, folder)
    if not 1 <= len(name) <= NAME_CHARACTERS_MAX or name != harmless_line(name) or not name.strip():
        raise Wrong(_("must be 1 to {most} visible characters").format(most=NAME_CHARACTERS_MAX))
    return name


def _file(value: object, folder: Path) -> Path:
    text = _text(value, folder)
    if not text or "\0" in text:
        raise Wrong(_("must be the path of a file"))
    return folder / Path(text).expanduser()


def _texts(value: object, folder: Path) -> list[str]:
    if not isinstance(value, list):
        raise Wrong(_("must be a list of texts, not {kind}").format(kind=kind_of(value)))
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
            raise Wrong(_("has {text!r}, which {error}").format(text=harmless_line(text), error=error)) from None
        if one.port and one in listeners:
            raise Wrong(_("has {one} twice").format(one=one))
        listeners.append(one)
    if not listeners:
        raise Wrong(_("must have at least one HOST:PORT"))
    return tuple(listeners)


def _networks(value: object, folder: Path) -> tuple[Network, ...]:
    networks: list[Network] = []
    for text in _texts(value, folder):
        try:
            networks.append(ipaddress.ip_network(text))
        except ValueError:
            raise Wrong(
                _("has {text!r}, which is no address or network (like 10.0.0.0/8)").format(text=harmless_line(text))
            ) from None
    return tuple(networks)


def _registration(value: object, folder: Path) -> Registration:
    try:
        return Registration(_text(value, folder))
    except ValueError:
        raise Wrong(_('must be "open", "invite" or "closed"')) from None


def _nicks(value: object, folder: Path) -> Nicks:
    try:
        return Nicks(_text(value, folder))
    except ValueError:
        raise Wrong(_('must be "account" or "free"')) from None


def _server_password(value: object, folder: Path) -> ServerPassword | None:
    password = _text(value, folder)
    if len(password.encode()) > PASSWORD_BYTES_MAX or any(one in password for one in "\0\r\n"):
        raise Wrong(_("must be one line of at most {most} bytes").format(most=PASSWORD_BYTES_MAX))
    return ServerPassword.of(password) if password else None


def _lines(value: object, folder: Path) -> tuple[str, ...]:
    """The lines of the file that is named, without controls; none for an empty name."""
    if value == "":
        return ()
    path = _file(value, folder)
    try:
        with path.open("rb") as file:
            raw = file.read(MOTD_BYTES_MAX + 1)
        text = raw.decode().removeprefix("\ufeff")
    except OSError as error:
        raise Wrong(
            _("is {path}, which cannot be read: {why}").format(path=harmless_line(str(path)), why=error.strerror)
        ) from None
    except UnicodeDecodeError:
        raise Wrong(_("is {path}, which is not UTF-8").format(path=harmless_line(str(path)))) from None
    if len(raw) > MOTD_BYTES_MAX:
        raise Wrong(
            _("is {path}, which is larger than {most} bytes").format(path=harmless_line(str(path)), most=MOTD_BYTES_MAX)
        )
    return tuple(line.replace("\0", " ").rstrip() for line in text.splitlines())


class Entry(msgspec.Struct, frozen=True):
    """One key: how it is read, and what docs/OPERATING.md says of it."""

    read: Callable[[Any, Path], object]
    field: str
    """The field of `Config` it fills."""
    default: str
    meaning: str


KEYS: Mapping[Key, Entry] = {
    Key("name"): Entry(_server_name, "name", '"besedka"', "what the operator calls this server"),
    Key("listen"): Entry(
        _listeners,
        "listen",
        '["127.0.0.1:0"]',
        "where to wait for connections, each `HOST:PORT`; port 0 is any free one; `--host`, `--port` replace the list",
    ),
    Key("allow_plaintext"): Entry(_boolean, "allow_plaintext", "false", "take passwords from afar without TLS too"),
    Key("allow_text_prompt"): Entry(_boolean, "allow_text_prompt", "true", "ask a client that says nothing its name"),
    Key("trusted_proxies"): Entry(
        _networks,
        "trusted_proxies",
        "[]",
        "networks whose PROXY lines and X-Forwarded-For headers are believed about who connects",
    ),
    Key("tls.certificate"): Entry(_file, "certificate", "self-made", "PEM file of the chain; read again on SIGHUP"),
    Key("tls.key"): Entry(_file, "key", "self-made", "PEM file of its private key; read with it"),
    Key("accounts.registration"): Entry(
        _registration,
        "registration_chosen",
        '"open" if only this machine can connect, else "invite"',
        'who may register: "open" (anybody), "invite" (with a code), "closed" (nobody)',
    ),
    Key("accounts.guests"): Entry(_boolean, "guests", "false", "admit people without an account"),
    Key("accounts.registration_before_connect"): Entry(
        _boolean, "before_connect", "false", "let IRC clients register an account before they are let in themselves"
    ),
    Key("accounts.scram"): Entry(
        _boolean,
        "scram",
        "false",
        "let IRC clients log in with SCRAM-SHA-256 too; it keeps a weaker key beside each password's hash",
    ),
    Key("retention.days"): Entry(
        _count,
        "retention_days",
        "0",
        "for how many days what happens in a room is kept; 0 for ever; read again on SIGHUP",
    ),
    Key("retention.messages"): Entry(
        _count,
        "retention_messages",
        "0",
        "how many of the last messages of each room are kept; 0 for all; read again on SIGHUP",
    ),
    Key("irc.enabled"): Entry(_boolean, "irc_enabled", "true", "let IRC clients in"),
    Key("irc.password"): Entry(
        _server_password,
        "irc_password",
        '""',
        "a password without which, or an account's, no IRC client is let in; empty is none",
    ),
    Key("irc.motd_file"): Entry(
        _lines, "irc_motd", '""', "text file with the message of the day for IRC clients; read again on SIGHUP"
    ),
    Key("irc.nicks"): Entry(
        _nicks,
        "irc_nicks",
        '"account"',
        'what people are called in IRC: "account" (as their account), "free" (as they like)',
    ),
    Key("irc.sts_port"): Entry(
        _port,
        "irc_sts_port",
        "0",
        "the port, as seen from outside, at which IRC clients are to come over TLS from now on (sts); told them only"
        " where `tls.certificate` is one that authorities vouch for, for the server's name; 0 demands nothing",
    ),
}
"""Every key but those of `[limits]`, which are the fields of `Limits`."""

TABLES = frozenset({"limits"} | {key.partition(".")[0] for key in KEYS if "." in key})
