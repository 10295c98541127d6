"""What people want to do just now: anything that can be asked, of anybody, in any room, whether or not they may."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from besedka.chat.entries import Kind, Level, Listing, Manner, RoomRole, SettingsChange
from besedka.chat.own_requests import (
    Away,
    EndSessions,
    GetData,
    Ignore,
    ListSessions,
    MoveMarker,
    Overview,
    SetNotify,
    SetProfile,
    Typing,
    WatchData,
    Whois,
    Whowas,
)
from besedka.chat.requests import (
    Edit,
    History,
    Join,
    Leave,
    ListRooms,
    Ping,
    React,
    Redact,
    Request,
    Say,
    Search,
    SetTopic,
    Tell,
    Who,
    Write,
)
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    ListMarks,
    MakeCode,
    Open,
    Rename,
    SetData,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)
from besedka.chat.told import TypingState
from besedka.client.memory import KnownRoom
from sim.stepper import STARTED_AT

if TYPE_CHECKING:
    from sim.people import Device

NAMES = ("lobby", "tea", "Attic", "nook")
"""What rooms are called; few, so that people meet."""

GOVERNABLE = (Kind.PUBLIC, Kind.PRIVATE)
KEYS = ("", "sesame", "mellon")
CODES_KNOWN_MAX = 5

Wish = Callable[["Wishes", KnownRoom], Request]


class Wishes:
    """The next thing that one device asks."""

    def __init__(self, device: Device, random: Random) -> None:
        self._device = device
        self._random = random
        self._writes = list(_WRITES)
        self._questions = list(_QUESTIONS)

    def write(self) -> Write | None:
        """Something to say or to do; None where there is no room for it."""
        random = self._random
        chance = random.random()
        if chance < 0.1:
            return self._enter()
        if chance < 0.16:
            return Tell(name=self._anybody(), text=self._device.something(), manner=Manner.DONE)
        room = self._some_room()
        if room is None:
            return None
        if chance < 0.5:
            return self._say(room)
        wish = random.choices(self._writes, _WRITE_WEIGHTS)[0]
        if wish in _GOVERNING and random.random() < 0.9:
            room = self._governed() or room
        asked = wish(self, room)
        assert isinstance(asked, Write)
        return asked

    def question(self) -> Request | None:
        """Something to ask; None where there is no room for it."""
        room = self._some_room()
        return None if room is None else self._random.choices(self._questions, _QUESTION_WEIGHTS)[0](self, room)

    # Whom and what --------------------------------------------------------------------------------------------------

    def _some_room(self) -> KnownRoom | None:
        rooms = list(self._device.core.rooms.values())
        if self._random.random() < 0.9:
            rooms = [room for room in rooms if room.inside and room.kind is not Kind.INBOX]
        return self._random.choice(rooms) if rooms else None

    def _governed(self) -> KnownRoom | None:
        """A room where it may have something to say."""
        rooms = [room for room in self._device.core.rooms.values() if room.inside and room.kind in GOVERNABLE]
        mine = [room for room in rooms if room.role is not RoomRole.MEMBER]
        return self._random.choice(mine or rooms) if rooms else None

    def _anybody(self) -> str:
        return self._random.choice([*self._device.world.names, *self._device.world.names, "gus", "tim", "nobody"])

    def _number(self, room: KnownRoom) -> int:
        """Of an entry that it may have seen, or has not."""
        screen = self._device.screens.rooms.get(room.room)
        shown = list(screen.texts) if screen is not None else []
        if shown and self._random.random() < 0.8:
            return self._random.choice(shown[-6:])
        return self._random.randint(0, room.place + 2)

    def _mask(self) -> str:
        name = self._anybody()
        address = self._random.choice(self._device.world.record.addresses.get(name, ["192.0.2.99"]))
        network = address.rpartition(".")[0] + ".0/24"
        return self._random.choice([name, name, name, address, network, f"{name[0]}*", f"*!*@{name}.ip"])

    def _seconds(self) -> int:
        return self._random.choice([0, 1, 3, 10])

    # Deeds ----------------------------------------------------------------------------------------------------------

    def _enter(self) -> Write:
        random, name = self._random, self._random.choice(NAMES)
        if random.random() < 0.3:
            topic = random.choice(["", self._device.something()])
            return Open(name=name, room_kind=random.choice([Kind.PUBLIC, Kind.PRIVATE, Kind.PRIVATE]), topic=topic)
        code = random.choice(["", *self._device.world.codes[-CODES_KNOWN_MAX:]])
        return Join(name=name, show=random.choice([0, 3, 20]), key=random.choice(KEYS), code=code)

    def _say(self, room: KnownRoom) -> Write:
        random, text = self._random, self._device.something()
        reply = self._number(room) if random.random() < 0.1 else 0
        if random.random() < 0.15:
            text = f"@{random.choice([self._anybody(), 'room'])} {text}"
        return Say(room=room.room, text=text, manner=random.choice(list(Manner)), reply=reply)

    def _leave(self, room: KnownRoom) -> Write:
        return Leave(room=room.room, reason=self._random.choice(["", self._device.something()]))

    def _topic(self, room: KnownRoom) -> Write:
        return SetTopic(room=room.room, topic=self._random.choice(["", "tea", self._device.something()]))

    def _edit(self, room: KnownRoom) -> Write:
        return Edit(room=room.room, number=self._number(room), text=self._device.something())

    def _redact(self, room: KnownRoom) -> Write:
        return Redact(room=room.room, number=self._number(room), reason=self._random.choice(["", "rude"]))

    def _react(self, room: KnownRoom) -> Write:
        random = self._random
        reaction, withdrawn = random.choice(["+1", "☕"]), random.random() < 0.3
        return React(room=room.room, number=self._number(room), reaction=reaction, withdrawn=withdrawn)

    def _kick(self, room: KnownRoom) -> Write:
        return Kick(room=room.room, name=self._anybody(), reason=self._random.choice(["", self._device.something()]))

    def _mark(self, room: KnownRoom) -> Write:
        random = self._random
        return SetMark(
            room=room.room,
            listing=random.choice([Listing.BAN, Listing.BAN, *Listing]),
            mask=self._mask(),
            seconds=self._seconds(),
            reason=random.choice(["", self._device.something()]),
            put_out=random.random() < 0.5,
        )

    def _lift(self, room: KnownRoom) -> Write:
        return LiftMark(room=room.room, listing=self._random.choice(list(Listing)), mask=self._mask())

    def _role(self, room: KnownRoom) -> Write:
        role, voice = self._random.choice([None, *RoomRole]), self._random.choice([None, True, False])
        return SetRole(room=room.room, name=self._anybody(), role=role, voice=voice)

    def _transfer(self, room: KnownRoom) -> Write:
        return Transfer(room=room.room, name=self._anybody())

    def _invite(self, room: KnownRoom) -> Write:
        return Invite(room=room.room, name=self._anybody())

    def _uninvite(self, room: KnownRoom) -> Write:
        return Uninvite(room=room.room, name=self._anybody())

    def _code(self, room: KnownRoom) -> Write:
        return MakeCode(room=room.room, seconds=self._random.choice([5, 3600]))

    def _set(self, room: KnownRoom) -> Write:
        random, either = self._random, [True, False]
        change = random.choice(
            [
                SettingsChange(hidden=random.choice(either)),
                SettingsChange(hidden=random.choice(either), invite_only=random.choice(either)),
                SettingsChange(moderated=random.choice(either), members_only=random.choice(either)),
                SettingsChange(topic_locked=random.choice(either)),
                SettingsChange(key=random.choice(KEYS)),
                SettingsChange(members_max=random.choice([0, 2])),
                SettingsChange(slow_seconds=random.choice([0, 0, 2])),
                SettingsChange(keep_messages=random.choice([0, 3])),
            ]
        )
        return ChangeSettings(room=room.room, change=change)

    def _rename(self, room: KnownRoom) -> Write:
        return Rename(room=room.room, name=self._random.choice([*NAMES[1:], "loft"]))

    def _room_value(self, room: KnownRoom) -> Write:
        return SetData(room=room.room, key=self._random.choice("ab"), value=self._value())

    def _own_value(self, _room: KnownRoom) -> Write:
        return SetData(key=self._random.choice("ab"), value=self._value())

    def _value(self) -> str:
        return self._random.choice(["", self._device.something()])

    def _read(self, room: KnownRoom) -> Write:
        random, time = self._random, self._device.process.now() - self._random.randrange(5000)
        return random.choice(
            [
                MoveMarker(room=room.room, number=random.randint(0, room.place + 1)),
                MoveMarker(room=room.room, number=room.place),
                MoveMarker(room=room.room, time=time),
                MoveMarker(name=room.name or self._anybody(), number=room.place, time=time),
                MoveMarker(name="elsewhere", time=time),
            ]
        )

    def _ignore(self, _room: KnownRoom) -> Write:
        return Ignore(name=self._anybody(), withdrawn=self._random.random() < 0.5)

    def _notify(self, room: KnownRoom) -> Write:
        return SetNotify(room=room.room, level=self._random.choice(list(Level)))

    def _profile(self, _room: KnownRoom) -> Write:
        random = self._random
        real_name = random.choice([None, "", self._device.something()])
        return SetProfile(
            real_name=real_name, bot=random.choice([None, True]), invisible=random.choice([None, True, False])
        )

    # Questions ------------------------------------------------------------------------------------------------------

    def _history(self, room: KnownRoom) -> Request:
        random = self._random
        limit = random.choice([1, 4, 50])
        return random.choice(
            [
                History(room=room.room, before=random.choice([None, 5]), limit=limit),
                History(room=room.room, after=random.randrange(9), limit=limit),
                History(room=room.room, around=self._number(room), limit=limit),
                History(room=room.room, after_time=self._moment(), limit=limit, messages=random.random() < 0.5),
                History(room=room.room, after=self._number(room), before_time=self._moment(), newest=True),
            ]
        )

    def _search(self, room: KnownRoom) -> Request:
        random = self._random
        words = random.choice(["Б*", self._device.label, f"from:{self._anybody()}", "from:me", "б* before:today ббб"])
        where = random.choice(["", "", f" in:{random.choice(NAMES)}", f" in:@{self._anybody()}", f" in:{room.name}"])
        return Search(query=words + where, zone=random.choice([0, 180]), limit=random.choice([1, 4, 50]))

    def _moment(self) -> int:
        """A time that the simulation has seen or will see."""
        return STARTED_AT + self._random.randrange(120_000)

    def _ask_data(self, room: KnownRoom) -> Request:
        return self._random.choice([GetData(room=room.room), GetData(name=self._anybody())])

    def _typing(self, room: KnownRoom) -> Request:
        return Typing(room=room.room, state=self._random.choice(list(TypingState)))

    def _revoke(self, _room: KnownRoom) -> Request:
        return EndSessions() if self._random.random() < 0.1 else ListSessions()


_GOVERNING: dict[Wish, int] = {
    Wishes._kick: 6,
    Wishes._mark: 8,
    Wishes._lift: 2,
    Wishes._role: 5,
    Wishes._transfer: 1,
    Wishes._invite: 6,
    Wishes._uninvite: 2,
    Wishes._code: 3,
    Wishes._set: 8,
    Wishes._rename: 2,
    Wishes._room_value: 1,
}
"""What is done about rooms, and how often."""

_WRITES: dict[Wish, int] = {
    Wishes._leave: 4,
    Wishes._topic: 3,
    Wishes._edit: 8,
    Wishes._redact: 5,
    Wishes._react: 5,
    **_GOVERNING,
    Wishes._own_value: 1,
    Wishes._read: 6,
    Wishes._ignore: 2,
    Wishes._notify: 2,
    Wishes._profile: 2,
}
"""What is done, and how often."""

_WRITE_WEIGHTS = list(_WRITES.values())

_QUESTIONS: dict[Wish, int] = {
    lambda wishes, room: ListRooms(): 3,
    lambda wishes, room: Who(room=room.room): 3,
    Wishes._history: 6,
    Wishes._search: 3,
    lambda wishes, room: Ping(): 1,
    lambda wishes, room: Whois(name=wishes._anybody()): 2,
    lambda wishes, room: Whowas(name=wishes._anybody()): 1,
    Wishes._ask_data: 2,
    lambda wishes, room: Overview(): 2,
    lambda wishes, room: ListMarks(room=room.room, listing=wishes._random.choice(list(Listing))): 2,
    Wishes._typing: 4,
    lambda wishes, room: Away(message=wishes._random.choice(["", "lunch"])): 2,
    lambda wishes, room: WatchData(keys=("a", "b")): 1,
    Wishes._revoke: 1,
}
"""What is asked, and how often."""

_QUESTION_WEIGHTS = list(_QUESTIONS.values())
