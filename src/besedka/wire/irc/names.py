"""Who is in a channel, and with which prefix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from besedka.chat.entries import Person, RoomRole
from besedka.chat.governance import Standing
from besedka.chat.rooms import Member
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import LINE_BYTES_MAX, build, line_bytes, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.world import mask
from besedka.wire.looking import Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

OPERATOR: Final = "@"
VOICED: Final = "+"


_NO_STANDING: Final = Standing()


class Occupant(msgspec.Struct, frozen=True):
    """Somebody in a channel."""

    person: Person
    operator: bool
    """An owner or a moderator."""
    voice: bool

    def prefix(self, *, several: bool) -> str:
        """The highest of its prefixes, or (multi-prefix) all of them."""
        return _prefix(operator=self.operator, voice=self.voice, several=several)


def _prefix(*, operator: bool, voice: bool, several: bool) -> str:
    found = (OPERATOR if operator else "") + (VOICED if voice else "")
    return found if several else found[:1]


def occupants(seen: Seen) -> Iterator[Occupant]:
    """Members in the order of their ids, then guests in the order they came."""
    if seen.room is None:
        return
    for principal, member in sorted(seen.room.members.items()):
        operator = member.role is not RoomRole.MEMBER
        yield Occupant(Person(principal, seen.called.get(principal, member.name)), operator, member.voice)
    standings = seen.room.governance.guests
    for guest in seen.guests:
        standing = standings.get(guest.principal, _NO_STANDING)
        yield Occupant(guest, standing.role is not RoomRole.MEMBER, standing.voice)


def tell_names(conversation: IrcServer, seen: Seen, channel: str) -> None:
    """353 in as many lines as it takes, and 366."""
    if seen.room is not None and (seen.inside or not seen.room.hidden):
        symbol = "@" if seen.room.hidden else "="  # RPL_NAMREPLY: "@" is a secret channel, "=" a public one.
        server, whom = conversation.world.server, conversation.addressee
        room_for = LINE_BYTES_MAX - line_bytes(build(server, Numeric.RPL_NAMREPLY.digits, whom, symbol, channel, ""))
        for names in packed(_shown(conversation, seen), bytes_max=room_for):
            conversation.say(build(server, Numeric.RPL_NAMREPLY.digits, whom, symbol, channel, names))
    conversation.reply(Numeric.RPL_ENDOFNAMES, channel)


def packed(words: Iterable[str], *, bytes_max: int) -> Iterator[str]:
    """Words with spaces between them, as many in each piece as fit. Cut where they are joined, for they are many."""
    rest, start = " ".join(words).encode(), 0
    while len(rest) - start > bytes_max:
        end = rest.rfind(b" ", start, start + bytes_max + 1)
        assert end > start, "no word is that long"
        yield rest[start:end].decode()
        start = end + 1
    if start < len(rest):
        yield rest[start:].decode()


def _shown(conversation: IrcServer, seen: Seen) -> list[str]:
    several = Capability.MULTI_PREFIX in conversation.capabilities
    if Capability.USERHOST_IN_NAMES not in conversation.capabilities:
        return _plainly(seen, several=several)
    face = conversation.world.face
    return [
        one.prefix(several=several) + mask(word(one.person.name), face(one.person.principal)) for one in occupants(seen)
    ]


def _plainly(seen: Seen, *, several: bool) -> list[str]:
    """Prefixes and names. A thousand who join are each told of up to a thousand, so no `Occupant` is made for each."""
    assert seen.room is not None, "nobody is in a room that is not seen"

    def prefix(standing: Member | Standing) -> str:
        return _prefix(operator=standing.role is not RoomRole.MEMBER, voice=standing.voice, several=several)

    members, standings = sorted(seen.room.members.items()), seen.room.governance.guests
    names = [prefix(member) + word(seen.called.get(principal, member.name)) for principal, member in members]
    for guest in seen.guests:
        standing = standings.get(guest.principal)
        names.append(word(guest.name) if standing is None else prefix(standing) + word(guest.name))
    return names
