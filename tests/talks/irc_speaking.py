"""Somebody at an IRC client, whose screen shows what it reads in the words that plain text has for it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

import strict_irc
from besedka.chat.refusals import SENTENCES
from talks.irc_words import NUMERICS, changes_shown
from talks.speaking import Deed, Line, Speaker

_CAPABILITIES: Final = (
    "sasl draft/account-registration echo-message message-tags server-time batch draft/chathistory draft/event-playback"
    " away-notify draft/message-redaction"
)
_HISTORY_MAX: Final = 100
_ACTION: Final = "\x01ACTION "
_EVER: Final = "timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z"
_CODES: Final = {sentence: code for code, sentence in SENTENCES.items()}


class IrcSpeaker(Speaker):
    """It asks for the history of every channel it enters, which has its own joining at the end; on coming back also
    for that of its conversations. What it has shown once it does not show again."""

    def __init__(self, name: str, connect: Callable[[Speaker], Line]) -> None:
        super().__init__(name, connect)
        self._rest = b""
        self._password = ""
        self._asked = 0
        self._answered = 0
        self._shown: set[str] = set()
        """The ids of all that stands on the screen."""
        self._ids: dict[tuple[str, str], str] = {}
        """The id of each message, by target and text."""
        self._offline: set[str] = set()

    # The screen ------------------------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        whole, end, self._rest = (self._rest + data).rpartition(b"\r\n")
        for line in strict_irc.read(whole + end):
            self._read(line)

    def _read(self, line: strict_irc.Read) -> None:
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
                self._write("JOIN #lobby", f"CHATHISTORY TARGETS {_EVER} {_HISTORY_MAX}", "PING in")
            case "CHATHISTORY", "TARGETS", target, _ if not target.startswith("#"):
                self._say(f"CHATHISTORY LATEST {target} * {_HISTORY_MAX}")
            case "422", *_:
                pass  # There is no message of the day.
            case "ERROR", _:
                self._show("! exit")
            case "322", _, channel, count, _:
                self._show(f"| {channel[1:]} {count}")
            case "353", _, _, _, names:
                for name in sorted(names.split(" ")):
                    self._show(f"| {name.lstrip('@+')} here")
            case _ if line.command in ("904", "FAIL") or line.command[0] in "45":
                self._refused(line)
            case _ if line.source:
                self._happened(line)

    def _refused(self, line: strict_irc.Read) -> None:
        code = _CODES.get(line.params[-1])
        self._show("! " + (code.value if code is not None else NUMERICS.get(line.command, line.params[-1])))

    def _happened(self, line: strict_irc.Read) -> None:
        """Something that somebody has said or done, in a channel or to a person."""
        nick, tags = line.source.partition("!")[0], dict(tag.partition("=")[::2] for tag in line.tags)
        mark = tags.get("msgid", "")
        if line.command == "JOIN" and nick == self.name and "batch" not in tags:
            self._say(f"CHATHISTORY LATEST {line.params[0]} * {_HISTORY_MAX}")
            return
        if mark in self._shown:
            return
        self._shown.update([mark] if mark else [])
        match line.command, *line.params:
            case (("PRIVMSG" | "NOTICE"), target, text) if nick != "besedka.":
                self._ids[self._other(nick, target), text] = mark
                self._show(f"[{self._label(nick, target)}] {_said(nick, text, tags)}")
            case "TAGMSG", target:
                self._tagged(nick, self._label(nick, target), tags)
            case "AWAY", *message:
                self._is_away(nick, "".join(message))
            case "INVITE", _, channel:
                self._show(f"| {nick} invites me to {channel[1:]}")
            case command, channel, *rest if channel.startswith("#"):
                for words in changes_shown(nick, command, rest):
                    self._show(f"[{channel[1:]}] -- {words}")

    def _tagged(self, nick: str, label: str, tags: dict[str, str]) -> None:
        if tags.get("+typing") == "active":
            self._show(f"[{label}] {nick} is typing")
        elif "+draft/react" in tags:
            number = tags["+draft/reply"].partition("-")[2]
            self._show(f"[{label}] -- {nick} put {tags['+draft/react']} to message {number}")

    def _is_away(self, nick: str, message: str) -> None:
        """Being away tells of accounts without a session as well."""
        if message == "offline":
            self._offline.add(nick)
            self._show(f"[lobby] -- {nick} went offline")
        elif message:
            self._show(f"[lobby] -- {nick} is away: {message}")
        else:
            self._show(f"[lobby] -- {nick} {'came online' if nick in self._offline else 'came back'}")
            self._offline.discard(nick)

    def _label(self, nick: str, target: str) -> str:
        return target[1:] if target.startswith("#") else " & ".join(sorted([nick, target]))

    def _other(self, nick: str, target: str) -> str:
        return nick if target == self.name else target

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
            "says in": self._in_room("PRIVMSG {room} :{rest}"),
            "does": lambda text: self._say(f"PRIVMSG #lobby :{_ACTION}{text}\x01"),
            "tells": lambda rest: self._say("PRIVMSG {} :{}".format(*rest.split(": ", 1))),
            "joins": lambda room: self._say(f"JOIN #{room}"),
            "leaves": lambda room: self._say(f"PART #{room}"),
            "sets the topic of": self._in_room("TOPIC {room} :{rest}"),
            "sets": self._set,
            "asks who is in": lambda room: self._say(f"NAMES #{room}"),
            "asks for the rooms": lambda _: self._say("LIST"),
            "kicks from": self._in_room("KICK {room} {rest}"),
            "invites to": self._in_room("INVITE {rest} {room}"),
            "is away": lambda message: self._say(f"AWAY :{message}"),
            "is back": lambda _: self._say("AWAY"),
            "types in": lambda room: self._say(f"@+typing=active TAGMSG #{room}"),
            "answers in": self._about("@+draft/reply={msgid} PRIVMSG {room} :{rest}"),
            "reacts in": self._about("@+draft/reply={msgid};+draft/react={rest} TAGMSG {room}"),
            "takes away in": self._about("REDACT {room} {msgid} :{rest}"),
        }

    def _in_room(self, form: str) -> Deed:
        """A line about a room: what comes before the colon."""

        def deed(said: str) -> None:
            room, _, rest = said.partition(": ")
            self._say(form.format(room=self._target(room), rest=rest))

        return deed

    def _about(self, form: str) -> Deed:
        """A line about a message, which is called by what it says."""

        def deed(said: str) -> None:
            room, _, about = said.partition(": ")
            text, _, rest = about.partition(" -> ")
            target = self._target(room)
            self._say(form.format(room=target, msgid=self._ids[target, text], rest=rest))

        return deed

    def _target(self, room: str) -> str:
        """A channel, or whoever it has spoken with."""
        return room if any(target == room for target, _ in self._ids) else f"#{room}"

    def _set(self, said: str) -> None:
        room, _, words = said.partition(": ")
        letter = {"moderated": "m", "hidden": "s", "invite_only": "i", "topic_locked": "t"}[words.removeprefix("not ")]
        self._say(f"MODE #{room} {'-' if words.startswith('not ') else '+'}{letter}")

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


def _said(nick: str, text: str, tags: dict[str, str]) -> str:
    """What somebody says or does, and to which message it is the answer."""
    number = tags.get("+draft/reply", "").partition("-")[2]
    about = f"(to message {number}) " if number else ""
    done = text.removeprefix(_ACTION).removesuffix("\x01")
    return f"* {nick} {about}{done}" if done != text else f"{nick}: {about}{text}"
