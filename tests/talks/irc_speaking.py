"""Somebody at an IRC client, whose screen shows what it reads in the words that plain text has for it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

import strict_irc
from talks.speaking import Deed, Line, Speaker

_CAPABILITIES: Final = (
    "sasl draft/account-registration echo-message message-tags server-time batch draft/chathistory draft/event-playback"
)
_HISTORY_MAX: Final = 100
_ACTION: Final = "\x01ACTION "


class IrcSpeaker(Speaker):
    """It asks for the history of every channel it enters, which has its own joining at the end."""

    def __init__(self, name: str, connect: Callable[[Speaker], Line]) -> None:
        super().__init__(name, connect)
        self._rest = b""
        self._password = ""
        self._asked = 0
        self._answered = 0

    # The screen ------------------------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        whole, end, self._rest = (self._rest + data).rpartition(b"\r\n")
        for line in strict_irc.read(whole + end):
            self._read(line)

    def _read(self, line: strict_irc.Read) -> None:
        nick, past = line.source.partition("!")[0], any(tag.startswith("batch=") for tag in line.tags)
        match line.command, *line.params:
            case "PING", token:
                self.send(f"PONG {token}\r\n".encode())
            case "PONG", *_:
                self._answered += 1
            case "AUTHENTICATE", "+":
                self._write("AUTHENTICATE " + base64.b64encode(f"\0{self.name}\0{self._password}".encode()).decode())
            case (("903" | "REGISTER"), *_):
                self._write("CAP END")
            case "001", *_:
                self._write("JOIN #lobby", "PING in")
            case (("904" | "FAIL"), *_):
                self._show("! " + line.params[-1])
            case "JOIN", channel, *_ if nick == self.name and not past:
                self._say(f"CHATHISTORY LATEST {channel} * {_HISTORY_MAX}")
            case (("PRIVMSG" | "NOTICE"), target, text) if nick:
                label = target[1:] if target.startswith("#") else nick
                said = text.removeprefix(_ACTION).removesuffix("\x01")
                self._show(f"[{label}] * {nick} {said}" if said != text else f"[{label}] {nick}: {text}")
            case "JOIN", channel, *_:
                self._show(f"[{channel[1:]}] -- {nick} joined")
            case "PART", channel, *_:
                self._show(f"[{channel[1:]}] -- {nick} left")
            case "KICK", channel, whom, *_:
                self._show(f"[{channel[1:]}] -- {nick} put {whom} out")
            case "TOPIC", channel, topic:
                self._show(f"[{channel[1:]}] -- {nick} set the topic: {topic}")
            case "353", _, _, _, names:
                for name in sorted(names.split(" ")):
                    self._show(f"| {name.lstrip('@+')} here")

    def _show(self, line: str) -> None:
        self.seen.append(line)

    # Deeds -----------------------------------------------------------------------------------------------------------

    def deeds(self) -> dict[str, Deed]:
        return {
            "registers with": self._register,
            "logs in with": self._log_in,
            "comes back": lambda _: self._log_in(self._password),
            "loses the line": lambda _: self.lose(),
            "exits": lambda _: self._write("QUIT"),
            "says": lambda text: self._say(f"PRIVMSG #lobby :{text}"),
            "says in": lambda rest: self._say("PRIVMSG #{} :{}".format(*rest.split(": ", 1))),
            "does": lambda text: self._say(f"PRIVMSG #lobby :{_ACTION}{text}\x01"),
            "tells": lambda rest: self._say("PRIVMSG {} :{}".format(*rest.split(": ", 1))),
            "joins": lambda room: self._say(f"JOIN #{room}"),
            "leaves": lambda room: self._say(f"PART #{room}"),
            "sets the topic of": lambda rest: self._say("TOPIC #{} :{}".format(*rest.split(": ", 1))),
            "asks who is in": lambda room: self._say(f"NAMES #{room}"),
        }

    def ready(self) -> bool:
        return not self.connected or self._asked == self._answered

    def ended(self) -> None:
        super().ended()
        self._rest, self._asked, self._answered = b"", 0, 0

    def _register(self, password: str) -> None:
        self._begin()
        self._write(f"REGISTER {self.name} * :{password}")
        self._password = password

    def _log_in(self, password: str) -> None:
        self._begin()
        self._write("AUTHENTICATE PLAIN")
        self._password = password

    def _begin(self) -> None:
        self.come()
        self._asked += 1  # That it is in the lobby: the history of that is answered by then.
        self._write(
            "CAP LS 302", f"CAP REQ :{_CAPABILITIES}", f"NICK {self.name}", f"USER {self.name} 0 * :{self.name}"
        )

    def _say(self, line: str) -> None:
        self._write(line)
        self._ping()

    def _ping(self) -> None:
        self._asked += 1
        self._write(f"PING {self._asked}")

    def _write(self, *lines: str) -> None:
        self.send("".join(f"{line}\r\n" for line in lines).encode())
