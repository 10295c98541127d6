"""What passes between the hub and one IRC session, checked at the hub's door as it is written.

A line is traced to its entry by its msgid, and where the session asked for none by the mark in what it says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import msgspec

import strict_irc
from besedka.chat.entries import Entry, Kind, MembershipChanged, Message, RoomId
from besedka.chat.names import fold
from besedka.chat.principals import is_guest
from besedka.chat.rooms import Room
from besedka.wire.irc.pages import iso_time
from sim.link import Connection
from sim.record import Record, hold
from sim.secrecy import Viewer
from sim.tokens import tokens_in

SERVER = "besedka."
"""What every line of the server's own has for its source."""

_OF_SERVER = frozenset(
    {
        *("ACK", "BATCH", "CAP", "CHATHISTORY", "FAIL", "MARKREAD", "METADATA"),
        *("MODE", "NOTE", "NOTICE", "PONG", "REGISTER", "RENAME", "WARN"),
    }
)
_OF_PEOPLE = frozenset(
    {
        *("ACCOUNT", "AWAY", "BATCH", "INVITE", "JOIN", "KICK", "MODE", "NICK", "NOTICE", "PART"),
        *("PRIVMSG", "QUIT", "REDACT", "RENAME", "SETNAME", "TAGMSG", "TOPIC"),
    }
)
_OF_NOBODY = frozenset({"AUTHENTICATE", "ERROR", "PING"})
_IN_CHANNELS = frozenset({"JOIN", "KICK", "MODE", "PART", "PRIVMSG", "NOTICE", "REDACT", "TAGMSG", "TOPIC"})
_EDITED = "* "
"""Before what a message says by now."""
_HISTORY = frozenset({"chathistory"})


class Batch(msgspec.Struct):
    """One that is open."""

    kind: str
    last: int = 0
    """The number of the last entry in it."""
    outer: str = ""


class IrcTap:
    """Knows the promises and looks at every line."""

    def __init__(
        self, record: Record, connection: Connection, label: str, tell_story: Callable[[str, object], None]
    ) -> None:
        self._record = record
        self._connection = connection
        self._label = label
        self._tell_story = tell_story
        self._viewer = Viewer(record, hears_itself=True)
        self._heard = self._rest = b""
        self.capabilities: frozenset[str] = frozenset()
        self._receipts = Receipts(record, label)
        self._batches: dict[str, Batch] = {}
        self._channels: dict[str, None] = {}
        """Those it has been told that it is in, folded."""
        self._put_out = "", ""
        """By whom it was last put out, and of which channel."""
        self._been: dict[str, None] = {}
        """Those it has ever been in."""
        self.shown: dict[RoomId, int] = {}
        """The last entry shown of each room that it is in, since it is."""
        self._told: dict[RoomId, int] = {}
        """The last message among them."""

    # What the session says -------------------------------------------------------------------------------------------

    def asked(self, data: bytes) -> None:
        """What the hub is about to be given."""
        *lines, self._heard = (self._heard + data).split(b"\r\n")
        for line in lines:
            self._tell_story("asks", line.decode(errors="replace"))
            self._receipts.asked(line.decode(errors="replace"))

    # What it is told -------------------------------------------------------------------------------------------------

    def written(self, data: bytes) -> bytes:
        """What the hub has written, all of which is sent."""
        whole, end, self._rest = (self._rest + data).rpartition(b"\r\n")
        online = self._connection.session.online if self._connection.session is not None else None
        if online is not None:
            self._viewer.me = online.principal
        for raw in (whole + end).splitlines(keepends=True):
            self._tell_story("is told", raw.decode().rstrip())
            (line,) = strict_irc.read(raw)
            self._check(line, raw)
        return data

    def _check(self, line: strict_irc.Read, raw: bytes) -> None:
        tags = dict(one.partition("=")[::2] for one in line.tags)
        self._check_source(line)
        self._receipts.told(line, tags, raw)
        if line.command == "CAP" and line.params[1] == "ACK":
            self.capabilities |= frozenset(line.params[-1].split())
        self._follow_self(line)
        self._viewer.check_words(raw)
        batch = self._batch(line, tags)
        self._check_place(line, batch)
        entry = self._entry_of(line, tags, raw)
        if entry is not None:
            self._check_entry(*entry, line, tags, batch)
        self._check_rooms(line)

    def _check_source(self, line: strict_irc.Read) -> None:
        command, source = line.command, line.source
        if not source:
            hold(command in _OF_NOBODY, f"{self._label} is told {command} by nobody")
        elif "!" in source:
            hold(command in _OF_PEOPLE, f"{self._label} is told {command} by {source}")
        else:
            hold(source == SERVER, f"{self._label} is told {command} by {source}")
            by_server = command.isdigit() or command in _OF_SERVER or command in _IN_CHANNELS
            hold(by_server, f"{self._label} is told {command} by the server")

    @property
    def _nick(self) -> str:
        online = self._connection.session.online if self._connection.session is not None else None
        return "" if online is None else online.nick

    def _is_own(self, line: strict_irc.Read) -> bool:
        return line.source.partition("!")[0] == self._nick

    # Where it is -----------------------------------------------------------------------------------------------------

    def _follow_self(self, line: strict_irc.Read) -> None:
        """What it is told of its own coming and going; the past says nothing of that."""
        if any(tag.startswith("batch=") and self._is_past(tag[6:]) for tag in line.tags):
            return
        match line.command, *line.params:
            case "JOIN", channel, *_ if self._is_own(line):
                self._came(channel)
            case "PART", channel, *_ if self._is_own(line):
                self._went(channel)
            case "KICK", channel, nick, *_ if nick == self._nick:
                self._went(channel)
                self._put_out = line.source, channel
            case "RENAME", before, after, *_:
                self._channels.pop(fold(before[1:]), None)
                self._channels[fold(after[1:])] = None

    def _came(self, channel: str) -> None:
        name = fold(channel[1:])
        self._channels[name] = self._been[name] = None
        for room in self._bearing(name):
            self._forget(room)
            if self._viewer.me is not None and is_guest(self._viewer.me) and not room.archived:
                self._viewer.came_in(room.id)

    def _went(self, channel: str) -> None:
        name = fold(channel[1:])
        self._channels.pop(name, None)
        for room in self._bearing(name):
            if room.id in self._told:
                self._told.pop(room.id)

    def _forget(self, room: Room) -> None:
        self._told.pop(room.id, None)

    def _bearing(self, name: str) -> list[Room]:
        """Every room that is or was called so."""
        found = []
        for room in self._record.rooms.values():
            names = [fold(room.name), *map(fold, room.governance.former_names)] if room.name else []
            if name in names:
                found.append(room)
        return found

    def _is_past(self, reference: str) -> bool:
        batch = self._batches.get(reference)
        while batch is not None:
            if batch.kind in _HISTORY:
                return True
            batch = self._batches.get(batch.outer)
        return False

    def _batch(self, line: strict_irc.Read, tags: dict[str, str]) -> Batch | None:
        """The batch that a line is in."""
        outer = tags.get("batch", "")
        hold(not outer or outer in self._batches, f"{self._label} is told of a batch that is not open")
        if line.command == "BATCH" and line.params[0].startswith("+"):
            reference = line.params[0][1:]
            hold(reference not in self._batches, f"{self._label} is told of batch {reference} twice")
            self._batches[reference] = Batch(line.params[1], outer=outer)
        elif line.command == "BATCH":
            hold(line.params[0][1:] in self._batches, f"{self._label} is told of the end of no batch")
            del self._batches[line.params[0][1:]]
        return self._batches.get(outer)

    def _check_place(self, line: strict_irc.Read, batch: Batch | None) -> None:
        """What happens in a channel is told to those in it, and to who does it."""
        target = line.params[0].lstrip("@+") if line.params else ""
        if line.command not in _IN_CHANNELS or not target.startswith("#") or self._is_own(line):
            return
        inside = fold(target[1:]) in self._channels or batch is not None or self._nick in line.params
        inside = inside or (line.source, line.params[0]) == self._put_out  # One ban puts out several people.
        inside = inside or self._is_to_join(fold(target[1:]))
        hold(inside, f"{self._label} is told {line} of a channel that it is not in")

    def _is_to_join(self, name: str) -> bool:
        """Whether it is back, or has come in by a commit of unknown outcome, and its joining is yet to be told.

        Who is behind reads from where it is, also what was said while it was out.
        """
        rooms = [room for room in self._bearing(name) if self._viewer.span(room.id) is not None]
        return any(name in self._been or not room.governance.former_names for room in rooms)

    # Entries ---------------------------------------------------------------------------------------------------------

    def _entry_of(self, line: strict_irc.Read, tags: dict[str, str], raw: bytes) -> tuple[RoomId, int] | None:
        """Of which entry a line is."""
        if line.command.isdigit() or line.command not in _OF_PEOPLE:
            return None
        room, dash, number = tags.get("msgid", "").partition("-")
        if dash and room.isdigit() and number.isdigit():
            return RoomId(int(room)), int(number)
        if line.command in ("PRIVMSG", "NOTICE") and (found := tokens_in(raw)):
            edit = line.params[-1].startswith(_EDITED)
            return self._record.said[found[-1]][-1] if edit else self._record.stands[found[-1]]
        return None

    def _check_entry(
        self, room: RoomId, number: int, line: strict_irc.Read, tags: dict[str, str], batch: Batch | None
    ) -> None:
        entries = self._record.entries.get(room, [])
        hold(0 < number <= len(entries), f"{self._label} is told of {room}/{number} before it was kept")
        entry = entries[number - 1]
        if "time" in tags:
            hold(tags["time"] == iso_time(entry.time), f"{self._label} is told of {room}/{number} at {tags['time']}")
        if not isinstance(entry.body, MembershipChanged):
            author = line.source.partition("!")[0]
            hold(author in (entry.name, SERVER), f"{room}/{number} of {entry.name} is told of {author}")
        span = self._viewer.span(room)
        may = entry.author == self._viewer.me or (span is not None and span.has(number))
        hold(may, f"{self._label} is told of {room}/{number}, and may read {span}")
        if batch is not None and any(self._is_past(one) for one in [tags.get("batch", "")]):
            hold(number >= batch.last, f"a page with {number} after {batch.last}")
            batch.last = number
        elif line.command != "INVITE":
            self._check_order(room, entry)

    def _check_order(self, room: RoomId, entry: Entry) -> None:
        number, last = entry.number, self.shown.get(room, 0)
        several = isinstance(entry.body, MembershipChanged) and len(entry.body.people) > 1
        to_oneself = self._record.rooms[room].pair == (self._viewer.me, self._viewer.me)
        again = number == last and (several or to_oneself)
        hold(number > last or again, f"{self._label} is told of {room}/{number} after {last}")
        self.shown[room] = number
        if isinstance(entry.body, Message):
            before = self._told.get(room)
            if before is not None:
                self._nothing_between(room, before, number)
            self._told[room] = number

    def _nothing_between(self, room: RoomId, last: int, upto: int) -> None:
        """No message was left out, but by whom its account ignores, what was mended, and its own without an echo."""
        me = self._viewer.me
        assert me is not None, "a stranger is told nothing"
        for entry in self._record.entries[room][last : upto - 1]:
            body = entry.body
            if not isinstance(body, Message) or body.edited or body.redacted:
                continue
            if f"{self._label}~" in body.text and "echo-message" not in self.capabilities:
                continue
            if is_guest(me) or not self._record.ever_ignored(me, entry.author):
                pruned = entry.number < self._record.floors.get(room, 1)
                hold(pruned, f"{self._label} is not told of {room}/{entry.number}")

    def complete(self) -> None:
        """It has been told all there is."""
        for room, last in self._told.items():
            if self._record.rooms[room].kind is not Kind.INBOX:
                self._nothing_between(room, last, len(self._record.entries[room]) + 1)

    # Rooms in lists --------------------------------------------------------------------------------------------------

    def _check_rooms(self, line: strict_irc.Read) -> None:
        """Of no room is said that there is one, or who is there, to who may not know of it."""
        match line.command, *line.params:
            case "322", _, channel, *_:
                self._may_know([channel])
            case "353", _, _, channel, _:
                self._may_know([channel])
            case "319", _, _, channels:
                self._may_know(one.lstrip("@+") for one in channels.split())
            case "352", _, channel, *_ if channel != "*":
                self._may_know([channel])

    def _may_know(self, channels: Iterable[str]) -> None:
        for channel in channels:
            rooms = [version for room in self._bearing(fold(channel[1:])) for version in self._record.versions(room.id)]
            may = any(not room.governance.settings.hidden or self._viewer.is_inside(room.id) for room in rooms)
            hold(may, f"{self._label} is told of {channel}, which is hidden from it")


class Saying(msgspec.Struct, frozen=True):
    """Something that a session said and that is to be kept, or refused."""

    token: str
    command: str


class Receipts:
    """What one session has asked, each with an answer that says truly what became of it.

    An echo, a labelled answer and the PONG to what was asked behind it are receipts: what they acknowledge is kept.
    """

    def __init__(self, record: Record, label: str) -> None:
        self._record = record
        self._label = label
        self._pings: deque[tuple[str, list[Saying]]] = deque()
        """Each PING that is not answered, with what was said before it."""
        self._labels: deque[tuple[str, Saying | None]] = deque()
        self._said: list[Saying] = []
        self._errors = 0

    def asked(self, text: str) -> None:
        """One line that the session wrote."""
        tags, text = text.split(" ", 1) if text.startswith("@") else ("", text)
        command, _, rest = text.partition(" ")
        found = tokens_in(rest.encode())
        saying = Saying(found[-1], command) if found and command in ("PRIVMSG", "NOTICE") else None
        for tag in tags.removeprefix("@").split(";"):
            if tag.startswith("label="):
                self._labels.append((tag.removeprefix("label="), saying))
        if saying is not None and saying.command == "PRIVMSG":
            self._said.append(saying)
        if command == "PING":
            self._pings.append((rest.removeprefix(":"), self._said))
            self._said = []

    def told(self, line: strict_irc.Read, tags: dict[str, str], raw: bytes) -> None:
        """One line that it is told."""
        if line.command.isdigit() and line.command[0] in "45":
            self._errors += 1
        if "label" in tags:
            self._answered(line, tags["label"], raw)
        if line.command == "PONG":
            self._ponged(line.params[-1])

    def _answered(self, line: strict_irc.Read, label: str, raw: bytes) -> None:
        hold(bool(self._labels), f"{self._label} has an answer to nothing: {line}")
        due, saying = self._labels.popleft()
        hold(label == due, f"{self._label} is answered {label} where {due} was due")
        if saying is not None and line.command == "ACK":
            hold(saying.token in self._record.said, f"{self._label} is told that {saying.token} is said")
        if saying is not None and line.command in ("PRIVMSG", "NOTICE"):
            hold(saying.token.encode() in raw, f"{self._label} is told {line} where {saying} was due")

    def _ponged(self, token: str) -> None:
        hold(bool(self._pings), f"{self._label} is told PONG {token}, and has not asked")
        due, said = self._pings.popleft()
        hold(token == due, f"{self._label} is told PONG {token} where {due} was due")
        unkept = [one.token for one in said if one.token not in self._record.said]
        hold(len(unkept) <= self._errors, f"{self._label} is told PONG {token}, and {unkept} are not kept")
        self._errors = 0
