"""The native protocol: JSON in frames, both sides of it.

The structures of `chat.requests` and `chat.told` are the protocol; this module only puts them into bytes. Nothing
here raises because of what a peer sent. A server refuses what it does not understand and goes on, unless the bytes
that follow cannot be understood either; a client passes over what newer servers have and older clients do not
(`docs/PROTOCOL.md`, "What may be added").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, cast, get_args

import msgspec

from besedka.chat.entries import Body, Entry, RequestId, RoomId, SettingsChanged
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Id, Malformed, Request, Write
from besedka.chat.rooms import Room
from besedka.chat.shapes import AnyRequest, AnyUnit
from besedka.chat.told import Entries, Farewell, Page, Parting, ReactionCount, Refused, Unit
from besedka.limits import Limits
from besedka.wire.framing import FRAME_BYTES_CEILING, Fault, FrameDecoder, encode_frame

_UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Everything that decoding can raise: bad JSON or a wrong type, bad UTF-8, and nesting deeper than the stack."""


def _tags(union: Any) -> frozenset[str]:
    return frozenset(str(one.__struct_config__.tag) for one in get_args(union))


class _Named(msgspec.Struct, frozen=True):
    """Of any message, what it calls itself."""

    tag: str = msgspec.field(name="is")


class _Identified(msgspec.Struct, frozen=True):
    """Of any request, its id."""

    id: Id | None = None


_ENCODER: Final = msgspec.json.Encoder()
_NAMED: Final = msgspec.json.Decoder(_Named)


# The server's side -----------------------------------------------------------------------------------------------

_REQUESTS: Final[msgspec.json.Decoder[Request]] = msgspec.json.Decoder(AnyRequest)
_REQUEST_TAGS: Final = _tags(AnyRequest)
_IDENTIFIED: Final = msgspec.json.Decoder(_Identified)

_FIELD = re.compile(r" - at `\$\.([a-z_]+(?:\[\d+\]|\.[a-z_]+)*)`\Z|\AObject missing required field `([a-z_]+)`\Z")
"""Where msgspec names the field that is wrong. Its message may quote the value before that, which is never shown."""

_NO_FRAMES: Final = {
    Fault.EMPTY: Malformed(Refusal(Code.BAD_REQUEST, "length"), fatal=True),
    Fault.TOO_LONG: Malformed(Refusal(Code.TOO_LONG, "length"), fatal=True),
}


KEY_UNTOLD: Final = "*"
"""What an entry says in a room's key's place. The key is a secret: a `room` unit tells it to whom it may be told."""


def told_without_key(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Entries as all who read them may know them, whatever way they came (P7)."""
    for entry in entries:
        if type(entry.body) is SettingsChanged:
            return tuple(_without_key(entry) if type(entry.body) is SettingsChanged else entry for entry in entries)
    return tuple(entries)


def _without_key(entry: Entry) -> Entry:
    change = cast(SettingsChanged, entry.body).change
    if not change.key:
        return entry
    change = msgspec.structs.replace(change, key=KEY_UNTOLD)
    return msgspec.structs.replace(entry, body=SettingsChanged(change))


class NativeFormat:
    """Entries as one frame holding an `entries` unit. There is one such format: `NATIVE`."""

    __slots__ = ()

    def run(self, room: Room, entries: Sequence[Entry]) -> bytes:
        """Consecutive entries of a room, encoded once for every native reader."""
        return encode_frame(_ENCODER.encode(Entries(room.id, told_without_key(entries))))

    def each(self, room: Room, entries: Sequence[Entry]) -> list[bytes]:
        """Each entry in a frame of its own."""
        return [self.run(room, (entry,)) for entry in entries]

    def ignoring(self, _people: frozenset[PrincipalId]) -> NativeFormat:
        """Itself: a client knows whom its account ignores, and leaves them out on its own."""
        return self


NATIVE: Final = NativeFormat()


class NativeServer:
    """The server's end of one native connection. See `wire.protocol.ServerProtocol`."""

    format: Final = NATIVE
    enters_lobby: Final = True
    sees_guests: Final = False
    hears_asides: Final = False
    follows_keenly: Final = False
    answers_moves: Final = False
    labelled: Final = False
    user: Final = ""
    last_words: Final = ""
    handshake: Final = True
    pings: Final = True
    converses: Final = False
    restless: Final = False
    echoes_all: Final = True

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._frames = FrameDecoder(bytes_max=limits.frame_bytes_before_login_max)

    def receive(self, data: bytes) -> list[Request | Malformed]:
        """The requests that are whole now, in order; what is none is a `Malformed` in its place."""
        return [
            _request(message) if isinstance(message, bytes) else _NO_FRAMES[message]
            for message in self._frames.receive(data)
        ]

    def echoes(self, _room: Room, _body: Body) -> bool:
        """Always: a client knows its own by their receipts."""
        return True

    def prompt(self) -> bytes:
        """Nothing: this protocol never speaks of its own accord."""
        return b""

    def tell(self, unit: Unit) -> bytes:
        """One frame holding the unit."""
        if type(unit) is Page:
            unit = msgspec.structs.replace(unit, entries=told_without_key(unit.entries))
        return encode_frame(_ENCODER.encode(unit))

    def logged_in(self) -> None:
        """From here on a frame may be as long as a session's."""
        self._frames.raise_limit(self._limits.frame_bytes_max)


def _request(message: bytes) -> Request | Malformed:
    try:
        request = _REQUESTS.decode(message)
    except _UNDECODABLE as error:
        return _malformed(message, error)
    if request.id is None and isinstance(request, Write):
        return Malformed(Refusal(Code.BAD_REQUEST, "id"))
    return request


def _malformed(message: bytes, error: Exception) -> Malformed:
    """What is wrong with a message that is no request, with its id where that can be read."""
    field = _FIELD.search(str(error)) if isinstance(error, msgspec.ValidationError) else None
    refusal = Refusal(Code.BAD_REQUEST, (field[1] or field[2]) if field else "")
    request_id: RequestId | None = None
    try:
        if _NAMED.decode(message).tag not in _REQUEST_TAGS:
            refusal = Refusal(Code.UNKNOWN_REQUEST)
        found = _IDENTIFIED.decode(message).id
        request_id = None if found is None else RequestId(found)
    except _UNDECODABLE:
        pass  # It is as unreadable as it seemed: the refusal stands as it is.
    return Malformed(refusal, request_id)


# The client's side -----------------------------------------------------------------------------------------------


class Unknown(msgspec.Struct, frozen=True):
    """The body of an entry that a newer server has and this client cannot read. It still counts and has a place."""

    kind: str
    """What the server calls it; a kind this client does know means that something within was new."""


class _LooseEntry(msgspec.Struct, frozen=True):
    number: int
    time: int
    author: PrincipalId
    name: AccountName
    body: msgspec.Raw

    def entry(self) -> Entry:
        """The entry, its body `Unknown` where it cannot be read."""
        try:
            body = _BODIES.decode(self.body)
        except msgspec.ValidationError:
            # Not one of `Body`, on purpose: only a client ever meets it, and a server can never be made to keep one.
            body = cast(Body, Unknown(_KINDS.decode(self.body).kind))
        return Entry(self.number, self.time, self.author, self.name, body)


# Units in which a newer server may say what this client does not know. Each has a `unit`: the nearest known one.


class _LooseEntries(msgspec.Struct, frozen=True, tag_field="is", tag="entries"):
    room: RoomId
    entries: tuple[_LooseEntry, ...]

    def unit(self) -> Unit:
        return Entries(self.room, tuple(loose.entry() for loose in self.entries))


class _LoosePage(msgspec.Struct, frozen=True, tag_field="is", tag="page"):
    id: RequestId | None
    room: RoomId
    entries: tuple[_LooseEntry, ...]
    head: int
    floor: int
    reactions: tuple[ReactionCount, ...] = ()

    def unit(self) -> Unit:
        entries = tuple(loose.entry() for loose in self.entries)
        return Page(self.id, self.room, entries, self.head, self.floor, self.reactions)


class _LooseRefused(msgspec.Struct, frozen=True, tag_field="is", tag="refused"):
    id: RequestId | None
    code: str
    why: str

    def unit(self) -> Unit:
        return Refused(self.id, Code.BAD_REQUEST, self.why, self.code)


class _LooseFarewell(msgspec.Struct, frozen=True, tag_field="is", tag="farewell"):
    parting: str
    why: str

    def unit(self) -> Unit:
        return Farewell(Parting.FAULT, self.why)


_UNITS: Final[msgspec.json.Decoder[Unit]] = msgspec.json.Decoder(AnyUnit)
_UNIT_TAGS: Final = _tags(AnyUnit)
_Loose = _LooseEntries | _LoosePage | _LooseRefused | _LooseFarewell
_LOOSE: Final[msgspec.json.Decoder[_Loose]] = msgspec.json.Decoder(_Loose)
_BODIES: Final[msgspec.json.Decoder[Body]] = msgspec.json.Decoder(Body)
_KINDS: Final = msgspec.json.Decoder(Unknown)


class NativeClient:
    """The client's end of one native connection."""

    def __init__(self, *, frame_bytes_max: int = FRAME_BYTES_CEILING) -> None:
        """`frame_bytes_max` is what this client will hold of one unit; a server's page may be some hundred KiB."""
        self._frames = FrameDecoder(bytes_max=frame_bytes_max)
        self.unknown_units = 0
        """Units passed over because this client does not know their name."""

    def ask(self, request: Request) -> bytes:
        """One frame holding the request."""
        return encode_frame(_ENCODER.encode(request))

    def receive(self, data: bytes) -> list[Unit | Fault]:
        """The units that are whole now, in order.

        After `Fault.EMPTY` or `Fault.TOO_LONG` nothing more comes. `Fault.UNREADABLE` stands for a unit that no
        version of this protocol has: what was in it is lost, so a client connects anew.
        """
        units: list[Unit | Fault] = []
        for message in self._frames.receive(data):
            unit = self._unit(message) if isinstance(message, bytes) else message
            if unit is not None:
                units.append(unit)
        return units

    def _unit(self, message: bytes) -> Unit | Fault | None:
        try:
            return _UNITS.decode(message)
        except _UNDECODABLE:
            pass
        try:
            if _NAMED.decode(message).tag not in _UNIT_TAGS:
                self.unknown_units += 1
                return None
            return _LOOSE.decode(message).unit()
        except _UNDECODABLE:
            return Fault.UNREADABLE
