"""The lines of a run: how an entry's lines get their source and their tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from besedka.chat.entries import Body, Entry, Person
from besedka.chat.principals import SERVER, PrincipalId, is_account
from besedka.chat.rooms import Room
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import build, word
from besedka.wire.irc.world import World, mask


class ModeLine(msgspec.Struct, frozen=True):
    """A line of modes that the next change by the same person may be added to."""

    entry: Entry
    changes: list[tuple[str, str, str]]
    """Sign, letter and parameter."""
    line: str


class Page:
    """The lines of one run, in one format, as they are made."""

    def __init__(self, room: Room, world: World, capabilities: frozenset[Capability]) -> None:
        self.room: Final = room
        self.channel: Final = f"#{word(room.name)}"
        """What the room is called where it is a channel."""
        self.world: Final = world
        self._time = Capability.SERVER_TIME in capabilities
        self.tagged: Final = Capability.MESSAGE_TAGS in capabilities
        self._account = Capability.ACCOUNT_TAG in capabilities
        self.extended_join: Final = Capability.EXTENDED_JOIN in capabilities
        self.invite_notify: Final = Capability.INVITE_NOTIFY in capabilities
        self.multiline: Final = Capability.MULTILINE in capabilities
        self.read_marker: Final = Capability.READ_MARKER in capabilities
        self.redacts: Final = Capability.MESSAGE_REDACTION in capabilities
        self.echoes: Final = Capability.ECHO_MESSAGE in capabilities
        self._sources: dict[tuple[PrincipalId, str], str] = {}
        self._bots: dict[PrincipalId, bool] = {}
        self.lines: list[str] = []
        self.renames: Final = Capability.CHANNEL_RENAME in capabilities
        self.mode_line: ModeLine | None = None
        """The last line of modes."""

    def source(self, principal: PrincipalId, name: str) -> str:
        """Whom a line is from."""
        if principal == SERVER:
            return self.world.server
        found = self._sources.get((principal, name))
        if found is None:
            found = self._sources[principal, name] = mask(word(name), self.world.face(principal))
        return found

    def called(self, person: Person) -> str:
        """What somebody is called; whoever is not here, as it was then."""
        return word(self.world.name(person.principal) or person.name)

    def account(self, principal: PrincipalId, name: str) -> str:
        """What the account of somebody is called, who said something under this name."""
        member = self.room.members.get(principal)
        return word((member.name if member is not None else self.world.account(principal)) or name)

    def add(
        self, entry: Entry, command: str, *params: str, source: str = "", msgid: bool = True, tags: str = ""
    ) -> None:
        """One more line of an entry; from its author unless a source is given. More tags come behind the server's."""
        line = build(source or self.source(entry.author, entry.name), command, *params)
        self.lines.append(self._tags(entry, tags, msgid=msgid) + line)

    def add_part(self, entry: Entry, reference: str, command: str, *params: str, tags: str = "") -> None:
        """One more line of an entry that is a batch; all that goes with the entry is at its beginning."""
        line = build(self.source(entry.author, entry.name), command, *params)
        self.lines.append(f"@batch={reference}{tags} {line}")

    def add_end(self, reference: str) -> None:
        """The end of a batch."""
        self.lines.append(build(self.world.server, "BATCH", f"-{reference}"))

    def _tags(self, entry: Entry, more: str, *, msgid: bool) -> str:
        """Tags that go with an entry, in front of its line. Their values need no escape but those of clients."""
        found = []
        if self._time:
            found.append(f"time={iso_time(entry.time)}")
        if self._account and is_account(entry.author):
            found.append(f"account={self.account(entry.author, entry.name)}")
        if self.tagged:
            if msgid:
                found.append(f"msgid={self.room.id}-{entry.number}")
            if self._is_bot(entry.author):
                found.append("bot")
            if more:  # "MUST be included before client-only tags" (IRCv3 message-tags).
                found.append(more)
        return f"@{';'.join(found)} " if found else ""

    def _is_bot(self, author: PrincipalId) -> bool:
        """Whether "all commands sent by" the author bear the tag `bot` (IRCv3 bot-mode)."""
        found = self._bots.get(author)
        if found is None:
            found = self._bots[author] = author != SERVER and self.world.face(author).bot
        return found


def iso_time(milliseconds: int) -> str:
    """A time as server-time has it: `YYYY-MM-DDThh:mm:ss.sssZ` (civil time from days, without a clock)."""
    days, rest = divmod(milliseconds, 86_400_000)
    seconds, thousandths = divmod(rest, 1000)
    # Days since 1 March of the year 0, in eras of 400 years: leap days then come last in each year.
    era, day_of_era = divmod(days + 719_468, 146_097)
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    year += era * 400 + (month <= 2)
    hours, minutes = divmod(seconds // 60, 60)
    return f"{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds % 60:02}.{thousandths:03}Z"


Show = Callable[[Page, Entry, Body], None]
"""Adds what an entry of one kind is in IRC, which may be nothing."""
