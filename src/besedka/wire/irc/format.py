"""How what happens looks on IRC sessions: one format for each set of capabilities that changes their bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from besedka.chat.entries import Entry, Manner, MembershipChanged, Person, Way
from besedka.chat.permissions import Rank
from besedka.chat.principals import PrincipalId, is_account
from besedka.chat.rooms import Room
from besedka.chat.told import Called, Presence, TypingTold
from besedka.wire.asides import Aside, AsideTold
from besedka.wire.ignoring import is_said_by
from besedka.wire.irc.bodies import join_params, shown_in
from besedka.wire.irc.capabilities import OF_FORMAT, Capability
from besedka.wire.irc.lines import LINE_BYTES_MAX, build, line_bytes, plain, shortened, word
from besedka.wire.irc.pages import Page, Show, iso_time
from besedka.wire.irc.said import REASON_BYTES_MAX, other_of
from besedka.wire.irc.tagging import TYPING, shown_tags
from besedka.wire.irc.world import NO_USER, OFFLINE, UNSPECIFIED, Face, World, mask, shortest
from besedka.wire.looking import AwayMoved, GuestBecame, GuestsMoved


class IrcFormat:
    """How sessions of one set of capabilities read entries. Made by `Formats`, so that they share it."""

    def __init__(
        self,
        world: World,
        capabilities: frozenset[Capability],
        ignored: frozenset[PrincipalId] = frozenset(),
    ) -> None:
        self._world = world
        self._capabilities = capabilities
        self._ignored = ignored

    def ignoring(self, people: frozenset[PrincipalId]) -> IrcFormat:
        """The same without what these people say; whoever ignores nobody has the one that is shared."""
        return IrcFormat(self._world, self._capabilities, people) if people else self

    def run(self, room: Room, entries: Sequence[Entry]) -> bytes:
        """Consecutive entries of a room as lines."""
        page, shown = Page(room, self._world, self._capabilities), shown_in(room)
        for entry in entries:
            self._show(page, entry, shown)
        return "".join(page.lines).encode()

    def each(self, room: Room, entries: Sequence[Entry]) -> list[bytes]:
        """The lines of each entry, which may be none."""
        page, shown = Page(room, self._world, self._capabilities), shown_in(room)
        found = []
        for entry in entries:
            self._show(page, entry, shown)
            found.append("".join(page.lines).encode())
            page.lines.clear()
        return found

    def _show(self, page: Page, entry: Entry, shown: Mapping[type, Show]) -> None:
        if self._ignored and is_said_by(self._ignored, entry):
            return
        body = entry.body
        show = shown.get(type(body))
        if show is not None:
            show(page, entry, body)
        if type(body) is MembershipChanged and body.way is Way.JOINED:
            for person in body.people:
                page.lines += self._away_from_joining(page.room, person)

    # Signals ---------------------------------------------------------------------------------------------------------

    def presence(self, unit: Presence) -> bytes:
        """Which accounts are here and which are not, which is being away, too (IRCv3 away-notify).

        Whoever was here and says so is told of at once (`away`), and a guest is away from when it joins on (`guests`).
        """
        if Capability.AWAY_NOTIFY not in self._capabilities:
            return b""
        messages = {one.person.principal: one.message or UNSPECIFIED for one in unit.away}
        lines = [
            self._away_line(one, messages.get(one.principal, "")) for one in unit.came if is_account(one.principal)
        ]
        lines += [self._away_line(one, OFFLINE) for one in unit.went if is_account(one.principal)]
        return "".join(lines).encode()

    def away(self, unit: AwayMoved) -> bytes:
        """Somebody says that it is away, or back."""
        if Capability.AWAY_NOTIFY not in self._capabilities:
            return b""
        return self._away_line(unit.person, unit.message).encode()

    def _away_line(self, person: Person, message: str) -> str:
        words = [shortened(plain(message), bytes_max=REASON_BYTES_MAX)] if message else []
        return build(self._source(person), "AWAY", *words)

    def guests(self, unit: GuestsMoved) -> bytes:
        """Guests that came and went, as everybody does in IRC."""
        page = Page(unit.room, self._world, self._capabilities)
        lines = []
        for move in unit.moves:
            source = mask(word(move.person.name), Face(move.user or NO_USER, move.host))
            reason = shortened(plain(move.reason), bytes_max=REASON_BYTES_MAX)
            if move.came:
                joined = join_params(page.channel, move.person, self._world, extended=page.extended_join)
                lines.append(build(source, "JOIN", *joined))
                lines += self._away_from_joining(unit.room, move.person)
            elif move.quit:
                lines.append(build(source, "QUIT", reason))
            else:
                lines.append(build(source, "PART", page.channel, *([reason] if reason else [])))
        return "".join(lines).encode()

    def typing(self, unit: TypingTold) -> bytes:
        """Who is writing (IRCv3 typing)."""
        room = self._world.room(unit.room)
        if Capability.MESSAGE_TAGS not in self._capabilities or room is None:
            return b""
        lines = []
        for one in unit.people:
            target = other_of(room, one.person.principal, self._world) or f"#{word(room.name)}"
            tags = ";".join([*self._author_tags(one.person), f"{TYPING}={one.state.value}"])
            lines.append(f"@{tags} {build(self._source(one.person), 'TAGMSG', target)}")
        return "".join(lines).encode()

    def aside(self, unit: AsideTold) -> bytes:
        """What is said aside."""
        return "".join(self.aside_lines(unit.aside)).encode()

    def aside_lines(self, aside: Aside) -> list[str]:
        """The one line that an aside is, or none: TAGMSG "MUST NOT" be told to those without tags (message-tags)."""
        if aside.text is None and Capability.MESSAGE_TAGS not in self._capabilities:
            return []
        if aside.to is not None:
            target = word(aside.to.name)
        else:
            assert aside.room is not None, "an aside is for a room or for a person"
            target = f"{_PREFIXES.get(aside.least, '')}#{word(aside.room.name)}"
        command = "TAGMSG" if aside.text is None else "NOTICE" if aside.manner is Manner.NOTED else "PRIVMSG"
        source, words = self._source(aside.author), [] if aside.text is None else [plain(aside.text)]
        line = build(source, command, target, *words)
        if line_bytes(line) > LINE_BYTES_MAX:
            line = build(shortest(source), command, target, *words)
        return [self._aside_tags(aside) + line]

    def _aside_tags(self, aside: Aside) -> str:
        found = [f"time={iso_time(aside.time)}"] if Capability.SERVER_TIME in self._capabilities else []
        found += self._author_tags(aside.author)
        if Capability.MESSAGE_TAGS in self._capabilities:
            found.append(f"msgid={aside.mark}")
            found += [shown] if (shown := shown_tags(aside.tags)) else []
        return f"@{';'.join(found)} " if found else ""

    def _author_tags(self, author: Person) -> list[str]:
        """What goes with everything that somebody says: the account, and whether it is a bot."""
        found = []
        if Capability.ACCOUNT_TAG in self._capabilities and is_account(author.principal):
            found.append(f"account={word(self._world.account(author.principal) or author.name)}")
        if Capability.MESSAGE_TAGS in self._capabilities and self._world.face(author.principal).bot:
            found.append("bot")
        return found

    def became(self, unit: GuestBecame) -> bytes:
        """Who has logged in (IRCv3 account-notify)."""
        if Capability.ACCOUNT_NOTIFY not in self._capabilities:
            return b""
        account = self._world.account(unit.person.principal) or unit.person.name
        return build(self._source(unit.person), "ACCOUNT", word(account)).encode()

    def called(self, unit: Called) -> bytes:
        """Somebody who is called otherwise."""
        face = self._world.face(unit.person.principal)
        return build(mask(word(unit.was), face), "NICK", word(unit.person.name)).encode()

    def _away_from_joining(self, room: Room, person: Person) -> list[str]:
        """ "when a user joins and has an away message set" (IRCv3 away-notify)."""
        if Capability.AWAY_NOTIFY not in self._capabilities:
            return []
        message = self._world.away_in(room.id, person.principal)
        return [self._away_line(person, message)] if message else []

    def _source(self, person: Person) -> str:
        return mask(word(person.name), self._world.face(person.principal))


_PREFIXES: Final = {Rank.MODERATOR: "@", Rank.VOICED: "+"}

FORMATS_MAX: Final = 512
"""More sets of capabilities than there are programs; of one that is forgotten a second format is made."""


class Formats:
    """The formats of one server."""

    def __init__(self, world: World) -> None:
        self._of = lru_cache(maxsize=FORMATS_MAX)(lambda capabilities: IrcFormat(world, capabilities))

    def of(self, capabilities: frozenset[Capability]) -> IrcFormat:
        """The one that all sessions with these capabilities read by."""
        if Capability.BATCH not in capabilities:
            capabilities -= {Capability.MULTILINE}  # Which needs batches, and is nothing without.
        return self._of(capabilities & OF_FORMAT)
