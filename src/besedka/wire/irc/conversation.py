"""The IRC protocol: the server's end of one connection, sans-I/O.

Theory of operation
-------------------
A line is looked up in `commands.COMMANDS`, checked against what the table says of it (451, 421, 461), and handed to
its handler, which says something at once (`reply`), or asks the hub (`ask`) and says it when the answer comes. The
hub answers a session in the order it asked, and requests bear no id here, so each answer belongs to the longest
outstanding question. Answers go out in order (DESIGN §1): a line waits here until all before it are answered. Only
lines that need nothing but their own answer (`streams` in the table: messages, PING) follow each other without
waiting, so that many messages make one turn.

    NEW ──(NICK and USER, no CAP open; PASS or a guest's name is accepted)── PRESENT ──(QUIT, farewell)── ENDED
     └──(AUTHENTICATE is accepted)── NEW, with an account ──(as above, without asking again)──┘

What waits is bounded; whoever sends more than that without waiting for answers is cut off, as everywhere in IRC.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final, cast

from besedka.chat.entries import Body, MarkerMoved, RoomId
from besedka.chat.names import FoldedName
from besedka.chat.principals import AccountRole, PrincipalId, is_account
from besedka.chat.refusals import SENTENCES, Code, Refusal
from besedka.chat.requests import Malformed, Request
from besedka.chat.rooms import Room
from besedka.chat.told import PARTING_SENTENCES, Called, Farewell, Presence, TypingTold, Unit, Welcome, You
from besedka.limits import Limits
from besedka.wire.asides import AsideTold
from besedka.wire.framing import Fault, LineDecoder
from besedka.wire.irc import nicks, user_modes
from besedka.wire.irc.capabilities import EXTENDED_MONITOR, Capability
from besedka.wire.irc.commands import COMMANDS, Command, When
from besedka.wire.irc.flaws import FLAWS
from besedka.wire.irc.format import Formats, IrcFormat
from besedka.wire.irc.labels import MESSAGES, Answers, label_of, own_lines
from besedka.wire.irc.lines import ENDLESS, INPUT_BYTES_MAX, Line, build, parse, plain, word
from besedka.wire.irc.metadata_targets import Metadata
from besedka.wire.irc.multiline import Multiline, is_on
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.registering import Registering
from besedka.wire.irc.stages import Stage
from besedka.wire.irc.telling import TOLD
from besedka.wire.irc.world import NO_USER, Face, World, mask
from besedka.wire.looking import AwayMoved, GuestBecame, GuestsMoved
from besedka.wire.text_bodies import Translate
from besedka.wire.text_format import same

LINES_BEFORE_LOGIN_MAX: Final = 200
"""What a connection may say before it has said who it is: a long password is four lines, and mistakes are made."""

_LINE_OVERHEAD_BYTES: Final = 64
"""What a waiting line costs beside its bytes."""

Then = Callable[[Unit], None]
"""What becomes of an answer."""


class IrcServer:
    """The server's end of one IRC connection. See `wire.protocol.ServerProtocol`; handlers use all of it."""

    # Beyond thirty attributes instances share no keys, and a dictionary of its own takes 1.6 KiB.
    __slots__ = (
        "_answers", "_due", "_echoes", "_expected", "_formats", "_held", "_held_bytes", "_lines", "_lines_left",
        "_role", "_streaming", "account", "capabilities", "entered", "followed", "format", "last_words", "lent",
        "limits", "metadata", "modes", "multiline", "names", "nick", "principal", "references", "registering",
        "rooms", "stage", "tls", "translate", "user", "welcome", "world",
    )  # fmt: skip

    handshake: Final = False
    pings: Final = True
    converses: Final = True
    echoes_all: Final = False
    enters_lobby: Final = False
    sees_guests: Final = True
    hears_asides: Final = True
    answers_moves: Final = True

    def __init__(
        self, limits: Limits, world: World, formats: Formats, *, tls: bool = False, translate: Translate = same
    ) -> None:
        """`tls` is whether this process itself has decrypted what comes."""
        self.limits: Final = limits
        self.tls: Final = tls
        self.world: Final = world
        self.translate: Final = translate
        self.format: IrcFormat = formats.of(frozenset())
        self.stage = Stage.NEW
        self.registering: Final[Registering] = Registering(self)
        self.capabilities: frozenset[Capability] = frozenset()
        self._echoes = False
        self.welcome: Welcome | None = None
        self.nick = ""
        """What it is called; before that, what it wants to be called."""
        self.account = ""
        """The name of its account; of a guest, its nick."""
        self.user = ""
        """What it said with USER."""
        self.principal: PrincipalId | None = None
        self._role = AccountRole.USER
        self.lent = False
        """Whether an administrator's rights are lent to it (OPER)."""
        self.modes: frozenset[str] = frozenset()
        """Those of its user modes that are this session's alone."""
        self.followed: dict[FoldedName, str] = {}
        """Whom it is told about (MONITOR), each as it was written."""
        self.last_words = ""
        """Why it is gone: what it said with QUIT, or who put it out."""
        self.rooms: dict[FoldedName, RoomId] = {}
        """Channels by name, as they were when this session was told of them; wrong guesses are refused by the hub."""
        self.names: dict[RoomId, str] = {}
        self.references: Final = count(1)
        """For batches: each is another."""
        self.metadata: Final = Metadata()
        self.multiline: Final = Multiline()
        self.entered: Final[dict[RoomId, None]] = {}
        """Rooms of which a labelled JOIN is told, and that they are entered is not yet."""
        self._formats = formats
        self._lines = LineDecoder(bytes_max=INPUT_BYTES_MAX)
        self._held: list[tuple[Line, int]] = []  # An empty deque takes 0.7 KiB, and there are seldom many.
        """Lines that wait, each with what it costs."""
        self._held_bytes = 0
        self._lines_left = LINES_BEFORE_LOGIN_MAX
        self._expected: list[Then] = []
        self._streaming = True
        """Whether all that is expected answers commands that stream."""
        self._due: list[Request | Malformed] = []
        self._answers: Final = Answers(world)

    # The doors -------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> list[Request | Malformed]:
        """What the lines that are whole now, and those that waited, ask for."""
        if self._held:
            self._take_held()
        for found in self._lines.receive(data) if data else ():
            line, size = (ENDLESS, 0) if isinstance(found, Fault) else (parse(found), len(found))
            if line is not None and self.stage is not Stage.ENDED and (self._held or not self._takes(line)):
                self._hold(line, size)
        due, self._due = self._due, []
        return due

    @property
    def restless(self) -> bool:
        """Whether an answer has led to a question, or lets a line be taken that waits."""
        return bool(self._due or self._held)

    def prompt(self) -> bytes:
        """What was said without asking anybody; the answer to a labelled line when it is whole."""
        return self._answers.take()

    def tell(self, unit: Unit) -> bytes:
        """What somebody is told. Signals are bytes that every session of this format may be given."""
        shared = _SHARED.get(type(unit))
        if shared is not None and not nicks.is_of_own(self, unit):
            return b"" if user_modes.shuns(self, unit) else shared(self.format, unit)
        told = _TOLD.get(type(unit))
        if told is not None:
            told(self, unit)
        elif self._expected and self.stage is not Stage.ENDED:
            if self._answers.label:
                self._answers.add(*own_lines(self, unit))
            self._expected.pop(0)(unit)
            if not self._expected:
                self._answers.finish()
        return self._answers.take()

    def logged_in(self) -> None:
        """The session has said who it is."""
        self._lines_left = -1

    def echoes(self, room: Room, body: Body) -> bool:
        """Whether the session is shown what it did itself: its messages only where it asked for that (echo-message).

        What one says to oneself is delivered all the same. What a labelled line does is told with its label, and
        MARKREAD is answered in any case.
        """
        if self._answers.label or type(body) is MarkerMoved:
            return False
        if self._echoes or type(body) not in MESSAGES:
            return True
        return room.pair is not None and room.pair == (self.principal, self.principal)

    # What handlers use -----------------------------------------------------------------------------------------------

    def say(self, line: str) -> None:
        """Say a built line."""
        self._answers.add([line])

    def say_apart(self, line: str) -> None:
        """Say a built line that answers nothing."""
        self._answers.say_apart(line)

    def begin_telling(self) -> None:
        """What follows in a room may come between the lines of this answer, and nothing of it before what is said."""
        self._answers.begin_telling()

    def reply(self, numeric: Numeric, *params: str, **fields: str | int) -> None:
        """Say a numeric: its parameters, and its words with their fields filled in."""
        self.say(self.numeric(numeric, *params, **fields))

    def numeric(self, numeric: Numeric, *params: str, **fields: str | int) -> str:
        """The line of a numeric, to be said in a batch."""
        words = [plain(self.translate(numeric.sentence).format(**fields))] if numeric.sentence else []
        return build(self.world.server, numeric.digits, self.addressee, *params, *words)

    def tell_fault(self, numeric: Numeric, *params: str, sentence: str) -> None:
        """Say an error in words that are not the numeric's own."""
        self.say(build(self.world.server, numeric.digits, self.addressee, *params, plain(self.translate(sentence))))

    def fail(self, command: str, code: str, *context: str, sentence: str) -> None:
        """Say a FAIL (IRCv3 standard-replies)."""
        self.say(build(self.world.server, "FAIL", command or "*", code, *context, plain(self.translate(sentence))))

    def refuse(self, command: str, code: Code) -> None:
        """Say a refusal that no numeric is for."""
        self.tell_fault(Numeric.ERR_UNKNOWNERROR, command, sentence=SENTENCES[code])

    def ask(self, request: Request, then: Then, *, streams: bool = False) -> None:
        """Ask the hub; `then` gets its answer, a `Refused` among them."""
        self._due.append(request)
        self._expected.append(then)
        self._streaming = self._streaming and streams

    def tell_hub(self, request: Request) -> None:
        """Say something to the hub that is not answered."""
        self._due.append(request)

    @property
    def ended(self) -> bool:
        """Whether nothing more is heard."""
        return self.stage is Stage.ENDED

    @property
    def waits(self) -> bool:
        """Whether something asked is not answered yet."""
        return bool(self._expected)

    def end(self, request: Request | Malformed) -> None:
        """Ask for the end; nothing more is heard."""
        self._due.append(request)
        self.stage = Stage.ENDED
        self._held.clear()

    def use(self, capabilities: frozenset[Capability]) -> None:
        """These are enabled from here on."""
        self.capabilities = capabilities
        self._echoes = Capability.ECHO_MESSAGE in capabilities
        self.format = self._formats.of(capabilities)

    def enter(self) -> None:
        """Registration is over: from here on everything else can be asked."""
        self.stage = Stage.PRESENT

    def put_off(self) -> str:
        """This line is answered with a later one, which is to have its label; what that is."""
        return self._answers.put_off()

    @property
    def labelled(self) -> bool:
        """Whether what is said now answers a line with a label."""
        return self._answers.label != ""

    @property
    def addressee(self) -> str:
        """To whom numerics are: `*` for whoever has no nick yet."""
        return word(self.nick) if self.stage is Stage.PRESENT or self.principal is not None else "*"

    @property
    def face(self) -> Face:
        """How this session looks."""
        if self.principal is None:
            return Face(user=self.user or NO_USER)
        return self.world.face(self.principal)

    @property
    def mask(self) -> str:
        """Its `nick!user@host`."""
        return mask(word(self.nick), self.face)

    @property
    def is_account(self) -> bool:
        """Whether it is an account's."""
        return self.principal is not None and is_account(self.principal)

    @property
    def follows_keenly(self) -> bool:
        """Whether it asked for more than that those whom it follows come and go (IRCv3 extended-monitor)."""
        return not self.capabilities.isdisjoint(EXTENDED_MONITOR)

    @property
    def is_admin(self) -> bool:
        """Whether it may do what administrators may; the hub knows for certain."""
        return self.lent or self._role is AccountRole.ADMIN

    # Lines -----------------------------------------------------------------------------------------------------------

    def _hold(self, line: Line, size: int) -> None:
        """Keep a line until it can be taken."""
        cost = size + _LINE_OVERHEAD_BYTES
        if self._held_bytes + cost > self.limits.frame_bytes_max:
            self.end(Malformed(Refusal(Code.TOO_LONG), fatal=True))
            return
        self._held.append((line, cost))
        self._held_bytes += cost

    def _take_held(self) -> None:
        while self._held and not self.ended:
            first = self._held.pop(0)
            if not self._takes(first[0]):
                self._held.insert(0, first)
                return
            self._held_bytes -= first[1]

    def _takes(self, line: Line) -> bool:
        """Take a line, unless it has to wait for what was asked before it."""
        command = COMMANDS.get(line.command)
        label = self.multiline.label(line) or (label_of(line, self.capabilities) if line.tags else "")
        if not self._expected:
            self._streaming = not label
        elif label or command is None or line.flaw is not None or not (command.streams and self._streaming):
            return False
        self._answers.begin(label)
        self._take(line, command)
        if not self._expected and self.stage is not Stage.ENDED:
            self._answers.finish()
        return True

    def _take(self, line: Line, command: Command | None) -> None:
        if self._lines_left > 0:
            self._lines_left -= 1
        elif self._lines_left == 0:
            self.end(Malformed(Refusal(Code.TOO_MANY_ATTEMPTS), fatal=True))
            return
        if line.flaw is not None:
            self.multiline.spoil()
            FLAWS[line.flaw](self, line)
        elif line.command == "HOST:" and self.stage is Stage.NEW:
            # A web page made somebody's browser talk to us; what follows would be its author's words (DESIGN §5).
            self.end(Malformed(Refusal(Code.BAD_REQUEST), fatal=True))
        elif self.stage is Stage.NEW and (command is None or command.when is When.AFTER):
            self.reply(Numeric.ERR_NOTREGISTERED)
        elif self.multiline.concerns(line) and is_on(self.capabilities):
            self.multiline.take(self, line)
        elif command is None or (command.needs is not None and command.needs not in self.capabilities):
            self.reply(Numeric.ERR_UNKNOWNCOMMAND, word(line.command))
        elif command.when is When.BEFORE and self.stage is not Stage.NEW:
            self.reply(Numeric.ERR_ALREADYREGISTERED)
        elif len(line.params) < command.least:
            self.reply(Numeric.ERR_NEEDMOREPARAMS, line.command)
        else:
            command.handle(self, line)

    # Units -----------------------------------------------------------------------------------------------------------

    def _welcomed(self, unit: Unit) -> None:
        self.welcome = cast(Welcome, unit)

    def _known(self, unit: Unit) -> None:
        you = cast(You, unit)
        self.principal, self.account, self._role = you.principal, you.name, you.role
        self.registering.mask_before, self.nick = self.mask, you.nick or you.name
        self._expected.pop(0)(unit)

    def _parting(self, unit: Unit) -> None:
        farewell = cast(Farewell, unit)
        self.stage = Stage.ENDED
        self._held.clear()
        self._expected.clear()
        self.say(build("", "ERROR", plain(self.translate(PARTING_SENTENCES[farewell.parting]))))
        self._answers.finish()


_TOLD: Final[dict[type[Unit], Callable[[IrcServer, Unit], None]]] = {
    Welcome: IrcServer._welcomed,
    You: IrcServer._known,
    Farewell: IrcServer._parting,
    **TOLD,
}
"""Units that answer nothing, or more than that; every other answers what was asked first."""

_SHARED: Final[dict[type[Unit], Callable[[IrcFormat, Unit], bytes]]] = {
    Presence: lambda form, unit: form.presence(cast(Presence, unit)),
    GuestsMoved: lambda form, unit: form.guests(cast(GuestsMoved, unit)),
    GuestBecame: lambda form, unit: form.became(cast(GuestBecame, unit)),
    Called: lambda form, unit: form.called(cast(Called, unit)),
    TypingTold: lambda form, unit: form.typing(cast(TypingTold, unit)),
    AsideTold: lambda form, unit: form.aside(cast(AsideTold, unit)),
    AwayMoved: lambda form, unit: form.away(cast(AwayMoved, unit)),
}
"""Units that are told to all sessions of a format as the same bytes."""
