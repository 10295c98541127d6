"""How what happens in a room looks as lines of text."""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence

import msgspec

from besedka.chat.entries import (
    Archived,
    Entered,
    Entry,
    Kind,
    Left,
    Manner,
    MembershipChanged,
    Message,
    Opened,
    Person,
    RoomRole,
    SessionsRevoked,
    TopicSet,
    Way,
)
from besedka.chat.names import fold
from besedka.chat.principals import PrincipalId
from besedka.chat.text import harmless, harmless_line
from besedka.chat.told import People, RoomLine, RoomList
from besedka.client.memory import KnownRoom
from besedka.words import _, plural

INDENT = " " * 6
"""Before what continues an entry: as wide as its time, so that no line of a message can pass for an entry."""

_PEOPLE_NAMED = 5
"""Of a crowd that comes or goes at once, so many by name."""

_DIM = "2"
_BOLD = "1"
_NAME_COLOURS = ("31", "32", "33", "34", "35", "36", "91", "92", "93", "94", "95", "96")
"""ANSI's colours without black, white and grey, which are somebody's background."""


class Look(msgspec.Struct, frozen=True):
    """How this screen shows things."""

    colour: bool = False

    def name(self, raw: str) -> str:
        """Somebody's name, always in the same colour."""
        colour = _NAME_COLOURS[zlib.crc32(fold(raw).encode()) % len(_NAME_COLOURS)]
        return self._styled(harmless_line(raw), colour)

    def dim(self, text: str) -> str:
        """What is not a message."""
        return self._styled(text, _DIM)

    def bold(self, text: str) -> str:
        """What must be seen."""
        return self._styled(text, _BOLD)

    def _styled(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def label(known: KnownRoom, me: PrincipalId | None) -> str:
    """What a room is called on the screen: its name, or for a conversation of two `@` and the other's name."""
    if known.kind is not Kind.DIRECT:
        return harmless_line(known.name)
    others = [person.name for person in known.people if person.principal != me] or [one.name for one in known.people]
    return "@" + harmless_line(others[0] if others else "?")


def clock(milliseconds: int) -> str:
    """Local time, `HH:MM`."""
    return time.strftime("%H:%M", time.localtime(milliseconds / 1000))


def day(milliseconds: int) -> str:
    """The local date."""
    return time.strftime("%Y-%m-%d", time.localtime(milliseconds / 1000))


def entry_lines(entry: Entry, look: Look, *, where: str) -> list[str]:
    """The lines of an entry; `where` is the room's label where that has to be said, or empty."""
    room = look.dim(f"[{where}]") + " " if where else ""
    prefix = f"{look.dim(clock(entry.time))} {room}"
    if isinstance(entry.body, Message):
        return _message_lines(entry, entry.body, look, prefix)
    notice = _notice(entry)
    return [f"{prefix}{look.dim('-- ' + notice)}"] if notice else []


def _message_lines(entry: Entry, message: Message, look: Look, prefix: str) -> list[str]:
    first, *more = harmless(message.text).split("\n")
    name = look.name(entry.name)
    match message.manner:
        case Manner.SAID:
            opening = f"{prefix}{name}: {first}"
        case Manner.DONE:
            opening = f"{prefix}* {name} {first}"
        case Manner.NOTED:
            opening = f"{prefix}-{name}- {first}"
    return [opening, *(INDENT + line for line in more)]


def _notice(entry: Entry) -> str:
    """What an entry that is no message says; empty for what only programs need."""
    author = harmless_line(entry.name)
    match entry.body:
        case MembershipChanged(way=way, people=people):
            return _membership(way, people, author)
        case TopicSet(topic=""):
            return _("{author} took the topic away").format(author=author)
        case TopicSet(topic=topic):
            return _("{author} set the topic: {topic}").format(author=author, topic=harmless_line(topic))
        case Opened(room_kind=Kind.PUBLIC | Kind.PRIVATE):
            return _("{author} opened this room").format(author=author) if author else _("this room was opened")
        case Archived():
            return _("this room has ended")
        case SessionsRevoked():
            return _("all your sessions were ended")
        case Opened() | Entered() | Left():
            return ""
        case _:
            return _("something that this version cannot show")


def _membership(way: Way, people: Sequence[Person], author: str) -> str:
    names = ", ".join(harmless_line(person.name) for person in people[:_PEOPLE_NAMED])
    if len(people) > _PEOPLE_NAMED:
        names += plural(" and {count} more", " and {count} more", len(people) - _PEOPLE_NAMED)
    match way:
        case Way.JOINED:
            return _("{names} joined").format(names=names)
        case Way.LEFT:
            return _("{names} left").format(names=names)
        case Way.REMOVED:
            return _("{author} removed {names}").format(author=author, names=names)


def room_lines(rooms: RoomList, known: Sequence[str], look: Look) -> list[str]:
    """The answer to `/rooms`; `known` are the labels of conversations of two, which no list of rooms has."""
    lines = [_room_line(room, look) for room in rooms.rooms]
    if rooms.more:
        lines.append(look.dim(_("and more; a server shows so many at once")))
    return [*lines, *(f"  {one}" for one in known)] or [look.dim(_("There are no rooms yet; /join NAME makes one."))]


def _room_line(room: RoomLine, look: Look) -> str:
    mark = "*" if room.joined else " "
    people = plural("{count} person", "{count} people", room.members)
    topic = f"  {harmless_line(room.topic)}" if room.topic else ""
    return f"{mark} {look.bold(harmless_line(room.room_name))}  {look.dim(people)}{topic}"


def people_lines(people: People, where: str, look: Look) -> list[str]:
    """The answer to `/who`: those who are here, then those who are not."""
    here = [_person(one.name, one.role, look) for one in people.people if one.online]
    away = [_person(one.name, one.role, look) for one in people.people if not one.online]
    lines = [look.dim(plural("{count} person", "{count} people", people.members) + f" · {where}")]
    if here:
        lines.append(_("here: {names}").format(names=", ".join(here)))
    if away:
        lines.append(_("away: {names}").format(names=", ".join(away)))
    return lines


def _person(name: str, role: RoomRole, look: Look) -> str:
    mark = {RoomRole.OWNER: "@", RoomRole.MODERATOR: "%", RoomRole.MEMBER: ""}[role]
    return mark + look.name(name)
