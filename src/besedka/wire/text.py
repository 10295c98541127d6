"""The plain text protocol: a dialogue for `nc`, and then every line is said in the lobby.

Theory of operation
-------------------
Before login the server leads a dialogue, which is a table: each *stage* has the words that prompt for a line and a
handler that takes it. While a request of the dialogue has no answer, and until the lobby is known, lines wait here;
so a script may send its name, its password and what it has to say in one piece. Everything said while nothing is
asked goes out through `prompt`, everything else is the answer to a unit.

    NAME ── PASSWORD ── LOGGING_IN ─── you ──────────────────────────────── ENTERING ── PRESENT
      │        └─(empty)─ REGISTERING     │ name-unknown, registration open      │
      │                        ▲  ▲       ├── NEW_AGAIN ──────────── REGISTERING ┤
      │                        │  │       │ wrong-password, by invitation        │
      └─(unsafe)─ GUEST ───────┘  └───────┴── INVITATION ── INVITED_AGAIN ───────┘

Any other refusal goes back to NAME. Where registration is by invitation, an unknown name and a wrong password lead
to the same questions (P7). On a way that is not safe no password is asked for, and whatever is written where one was
expected is thrown away: it may be one, and must not be said in the lobby.

There are no request ids here: what is sent twice is said twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final, cast

from besedka.chat.cursor import Resumption
from besedka.chat.entries import Body, Kind, RoomId
from besedka.chat.names import LOBBY, fold
from besedka.chat.refusals import N_, SENTENCES, Code, Refusal
from besedka.chat.requests import ComeAsGuest, Exit, Join, Login, Malformed, Register, Request, Say, Sync
from besedka.chat.rooms import Room
from besedka.chat.text import harmless_line
from besedka.chat.told import (
    PARTING_SENTENCES,
    Called,
    Done,
    Farewell,
    Kept,
    Presence,
    Refused,
    Registration,
    RoomTold,
    Unit,
    Unreadable,
    Welcome,
    You,
)
from besedka.limits import Limits
from besedka.wire.framing import Fault, LineDecoder
from besedka.wire.text_bodies import Translate
from besedka.wire.text_format import TextFormat, encode_lines, same, text_format

ENTRIES_SHOWN: Final = 10
"""How much of each room's past is shown at first: half of the smallest terminal."""

DIALOGUE_LINES_MAX: Final = 50
"""Lines of one connection before login: several times what three attempts with every mistake take."""

LEAVE: Final = "exit"

_LINE_OVERHEAD_BYTES: Final = 64
"""What a waiting line costs beside its bytes, so that many empty ones do not cost much."""

_DIFFER: Final = N_("The two passwords differ, so no account was made.")
_TOO_MUCH: Final = N_("Too much came before there was an answer; what came last was not read.")
_PRUNED: Final = N_("some of what was said here meanwhile is no longer kept")
_UNREADABLE: Final = N_("one of your rooms cannot be read just now; what is missing follows when it can be")
_HELLO: Final = N_("Hello, {name}. Every line you write is said in the lobby; exit alone on a line leaves.")


class _Stage(Enum):
    """How far the dialogue has come."""

    CONNECTING = "connecting"
    NAME = "name"
    PASSWORD = "password"
    GUEST = "guest"
    NEW_AGAIN = "new-again"
    INVITATION = "invitation"
    INVITED_AGAIN = "invited-again"
    LOGGING_IN = "logging-in"
    REGISTERING = "registering"
    ENTERING = "entering"
    PRESENT = "present"
    ENDED = "ended"


_PROMPTS: Final[dict[_Stage, tuple[str, ...]]] = {
    _Stage.NAME: (N_("Name:"),),
    _Stage.PASSWORD: (N_("Password:"),),
    _Stage.GUEST: (N_("An empty line lets you in as a guest."),),
    _Stage.NEW_AGAIN: (N_("New here. Password again:"),),
    _Stage.INVITATION: (
        N_("If you are new here, write your invitation; an empty line tries another name."),
        N_("Invitation:"),
    ),
    _Stage.INVITED_AGAIN: (N_("Password again:"),),
}

_GUESTS_WELCOME: Final = N_("An empty password lets you in as a guest.")

_WAITING: Final = frozenset({_Stage.CONNECTING, _Stage.LOGGING_IN, _Stage.REGISTERING, _Stage.ENTERING})
"""Stages in which lines are kept for later: the server is to answer first."""

_AFTER_REFUSED_LOGIN: Final = {
    (Code.NAME_UNKNOWN, Registration.OPEN): _Stage.NEW_AGAIN,
    (Code.WRONG_PASSWORD, Registration.INVITE): _Stage.INVITATION,
}
"""Where a refused login goes on; all others, and whatever else is refused, at the name."""


class TextServer:
    """The server's end of one plain text connection. See `wire.protocol.ServerProtocol`."""

    enters_lobby: Final = True
    sees_guests: Final = False
    hears_asides: Final = False
    follows_keenly: Final = False
    answers_moves: Final = False
    labelled: Final = False
    user: Final = ""
    last_words: Final = ""
    handshake: Final = False
    pings: Final = False
    converses: Final = True
    echoes_all: Final = False

    def __init__(self, limits: Limits, *, prompted: bool, translate: Translate = same) -> None:
        """`prompted` tells whether `Name:` was sent before it was known that this is text."""
        self.format: Final[TextFormat] = text_format(translate)
        self._limits = limits
        self._prompted = prompted
        self._translate = translate
        self._lines = LineDecoder(bytes_max=min(limits.frame_bytes_before_login_max, limits.line_bytes_max))
        self._stage = _Stage.CONNECTING
        self._registration = Registration.CLOSED
        self._guests = False
        self._safe = False
        self._name = ""
        self._password = ""
        self._invitation = ""
        self._lobby: RoomId | None = None
        self._lobby_name: str = LOBBY
        """What it is called now; a lobby that was given another name is still entered by its first one."""
        self._held: deque[bytes | Fault] = deque()
        self._held_bytes = 0
        self._overflowed = False
        """Lines were dropped since any waited, and that has been said."""
        self._lines_left = DIALOGUE_LINES_MAX
        self._due: list[Request | Malformed] = []
        self._spoken: list[str] = []

    # The doors -------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> list[Request | Malformed]:
        """What the lines that are whole now, and those that waited, ask for."""
        for line in self._lines.receive(data):
            self._hold(line)
            self._take_held()
        self._take_held()
        due, self._due = self._due, []
        return due

    @property
    def restless(self) -> bool:
        """Whether an answer has led to a question, or lets a line be taken that waits, or there is more to say."""
        return bool(self._due or self._held or self._spoken)

    def echoes(self, _room: Room, _body: Body) -> bool:
        """Never: what one wrote stands on one's terminal already."""
        return False

    def prompt(self) -> bytes:
        """What the dialogue says next."""
        spoken, self._spoken = self._spoken, []
        return encode_lines(spoken)

    def tell(self, unit: Unit) -> bytes:
        """The unit in words; empty for what only a program wants to know."""
        told = _TOLD.get(type(unit))
        return b"" if told is None else encode_lines(told(self, unit))

    def logged_in(self) -> None:
        """From here on a line may be as long as a session's."""
        self._lines.raise_limit(self._limits.line_bytes_max)

    # Lines -----------------------------------------------------------------------------------------------------------

    def _hold(self, line: bytes | Fault) -> None:
        """Keep a line until it can be taken. All that wait may be as long as one frame of a native session."""
        if self._stage is _Stage.ENDED:
            return
        size = _size(line)
        if self._held_bytes + size <= self._limits.frame_bytes_max:
            self._held.append(line)
            self._held_bytes += size
        elif not self._overflowed:
            self._overflowed = True
            self._spoken.append(self._translate(_TOO_MUCH))

    def _take_held(self) -> None:
        while self._held and self._stage not in _WAITING:
            line = self._held.popleft()
            self._held_bytes -= _size(line)
            self._overflowed = False
            self._take(line)

    def _take(self, line: bytes | Fault) -> None:
        if self._stage is not _Stage.PRESENT:
            self._lines_left -= 1
            if self._lines_left < 0:
                self._end(Malformed(Refusal(Code.TOO_MANY_ATTEMPTS), fatal=True))
                return
        if isinstance(line, Fault):
            self._refuse(Code.TOO_LONG)
            return
        try:
            text = line.decode()
        except UnicodeDecodeError:
            self._refuse(Code.BAD_TEXT)
            return
        if text.strip() == LEAVE:
            self._end(Exit())
        elif self._stage is not _Stage.PRESENT and text[:5].lower() == "host:":
            # A web page made somebody's browser talk to us; what follows would be its author's words (DESIGN §5).
            self._end(Malformed(Refusal(Code.BAD_REQUEST), fatal=True))
        else:
            _LINES[self._stage](self, text)

    def _refuse(self, code: Code) -> None:
        """Refuse a line, without a request that could be told from the dialogue's own only by counting."""
        if self._stage is _Stage.PRESENT:
            self._due.append(Malformed(Refusal(code)))
        else:
            self._spoken += [self._translate(SENTENCES[code]), *self._prompts()]

    def _end(self, request: Request | Malformed) -> None:
        self._due.append(request)
        self._go(_Stage.ENDED)
        self._held.clear()

    # The dialogue ----------------------------------------------------------------------------------------------------

    def _go(self, stage: _Stage) -> list[str]:
        """Enter a stage; the words that prompt for its line. Secrets are kept no longer than they are needed."""
        self._stage = stage
        if stage not in (_Stage.LOGGING_IN, _Stage.NEW_AGAIN, _Stage.INVITATION, _Stage.INVITED_AGAIN):
            self._password = self._invitation = ""
        return self._prompts()

    def _prompts(self) -> list[str]:
        prompts = [self._translate(prompt) for prompt in _PROMPTS.get(self._stage, ())]
        if self._stage is _Stage.PASSWORD and self._guests:
            prompts.insert(0, self._translate(_GUESTS_WELCOME))
        return prompts

    def _ask(self, request: Request, stage: _Stage) -> None:
        self._due.append(request)
        self._go(stage)

    def _name_given(self, line: str) -> None:
        self._name = line.strip()
        following = _Stage.PASSWORD if self._safe else _Stage.GUEST
        self._spoken += self._go(following if self._name else _Stage.NAME)

    def _password_given(self, line: str) -> None:
        if line:
            self._password = line
            self._ask(Login(name=self._name, password=line), _Stage.LOGGING_IN)
        else:
            self._guest_asked(line)

    def _guest_asked(self, line: str) -> None:
        if self._guests and not line:
            self._ask(ComeAsGuest(name=self._name), _Stage.REGISTERING)
        else:
            self._spoken += self._prompts()

    def _invitation_given(self, line: str) -> None:
        self._invitation = line.strip()
        self._spoken += self._go(_Stage.INVITED_AGAIN if self._invitation else _Stage.NAME)

    def _password_repeated(self, line: str) -> None:
        if line != self._password:
            self._spoken += [self._translate(_DIFFER), *self._go(_Stage.NAME)]
            return
        request = Register(name=self._name, password=line, invitation=self._invitation)
        self._ask(request, _Stage.REGISTERING)

    def _line_said(self, line: str) -> None:
        assert self._lobby is not None, "present somewhere"
        if line.strip():
            self._due.append(Say(room=self._lobby, text=line))

    # Units -----------------------------------------------------------------------------------------------------------

    def _welcomed(self, unit: Unit) -> list[str]:
        welcome = cast(Welcome, unit)
        self._registration, self._guests, self._safe = welcome.registration, welcome.guests, welcome.safe
        warning = [] if welcome.safe else [self._translate(SENTENCES[Code.UNSAFE_WAY])]
        if not welcome.safe and not welcome.guests:
            self._end(Exit())
            return warning
        prompts = self._go(_Stage.NAME)
        return warning if self._prompted else warning + prompts

    def _known(self, unit: Unit) -> list[str]:
        """Ask for the lobby, which somebody may once have left, and then for what is in it: so nothing comes twice."""
        self._due.append(Join(name=LOBBY))
        self._ask(Sync(show=ENTRIES_SHOWN), _Stage.ENTERING)
        return [self._translate(_HELLO).format(name=harmless_line(cast(You, unit).name))]

    def _answered(self, unit: Unit) -> list[str]:
        """The first answer that names a room is the one to `join`."""
        if self._stage is _Stage.ENTERING and self._lobby is None:
            self._lobby = cast(Kept | Done, unit).room
        return []

    def _room_told(self, unit: Unit) -> list[str]:
        room = cast(RoomTold, unit)
        called_so = room.room_kind is Kind.PUBLIC and fold(room.room_name) == fold(LOBBY)
        missing = self._missing(room)
        if not called_so and room.room != self._lobby:
            return missing
        self._lobby, self._lobby_name = room.room, harmless_line(room.room_name)
        if self._stage is _Stage.ENTERING:
            self._go(_Stage.PRESENT)
        return [*missing, *self.format.topic(self._lobby_name, room.topic)]

    def _missing(self, room: RoomTold) -> list[str]:
        """That something of a room will not be shown, where it has a name to say so of."""
        if room.resumption is not Resumption.PRUNED or not room.room_name:
            return []
        return [f"[{harmless_line(room.room_name)}] {self.format.notice(_PRUNED)}"]

    def _presence_told(self, unit: Unit) -> list[str]:
        """Only of the lobby: in each of many rooms the same would be said of the same people."""
        presence = cast(Presence, unit)
        return self.format.presence(self._lobby_name, presence) if presence.room == self._lobby else []

    def _called_told(self, unit: Unit) -> list[str]:
        return [self.format.called(cast(Called, unit))]

    def _unreadable_told(self, unit: Unit) -> list[str]:
        """Of the lobby it is told there; of another room, whose name may be what cannot be read, without one."""
        where = f"[{self._lobby_name}] " if cast(Unreadable, unit).room == self._lobby else ""
        return [where + self.format.notice(_UNREADABLE)]

    def _refused(self, unit: Unit) -> list[str]:
        code = cast(Refused, unit).code
        sentence = [self._translate(SENTENCES[code])]
        match self._stage:
            case _Stage.LOGGING_IN:
                stage = _AFTER_REFUSED_LOGIN.get((code, self._registration), _Stage.NAME)
                return self._go(stage) if stage is _Stage.NEW_AGAIN else sentence + self._go(stage)
            case _Stage.REGISTERING:
                return sentence + self._go(_Stage.NAME)
            case _Stage.ENTERING:
                self._end(Exit())  # Without a lobby there is nothing that a line could mean.
        return sentence

    def _parting(self, unit: Unit) -> list[str]:
        self._go(_Stage.ENDED)
        self._held.clear()
        return [self._translate(PARTING_SENTENCES[cast(Farewell, unit).parting])]


def _size(line: bytes | Fault) -> int:
    return _LINE_OVERHEAD_BYTES + (len(line) if isinstance(line, bytes) else 0)


_LINES: Final[dict[_Stage, Callable[[TextServer, str], None]]] = {
    _Stage.NAME: TextServer._name_given,
    _Stage.PASSWORD: TextServer._password_given,
    _Stage.GUEST: TextServer._guest_asked,
    _Stage.NEW_AGAIN: TextServer._password_repeated,
    _Stage.INVITATION: TextServer._invitation_given,
    _Stage.INVITED_AGAIN: TextServer._password_repeated,
    _Stage.PRESENT: TextServer._line_said,
}

_TOLD: Final[dict[type[Unit], Callable[[TextServer, Unit], list[str]]]] = {
    Welcome: TextServer._welcomed,
    You: TextServer._known,
    Kept: TextServer._answered,
    Done: TextServer._answered,
    RoomTold: TextServer._room_told,
    Presence: TextServer._presence_told,
    Called: TextServer._called_told,
    Unreadable: TextServer._unreadable_told,
    Refused: TextServer._refused,
    Farewell: TextServer._parting,
}
