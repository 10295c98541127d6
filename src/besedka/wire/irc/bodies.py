"""What each kind of entry is in IRC: a table from bodies to lines.

Whoever sends it, an entry becomes lines of the commands in this file and of no others, with its author as their
source. Text of people goes through `plain` and `word`, for it may come from where line ends are allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from besedka.chat.entries import (
    Body,
    Edited,
    Entry,
    InvitationsChanged,
    Invited,
    Kind,
    Listing,
    Manner,
    Mark,
    Marked,
    MembershipChanged,
    Message,
    Person,
    RolesChanged,
    RoomRole,
    SettingsChanged,
    TopicSet,
    Unmarked,
    Way,
)
from besedka.chat.principals import SERVER, PrincipalId, is_account
from besedka.chat.rooms import Room
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.isupport import MODES_PER_LINE_MAX, TOPIC_BYTES_MAX
from besedka.wire.irc.lines import LINE_BYTES_MAX, build, pieces, plain, shortened, word
from besedka.wire.irc.world import World, mask

REASON_BYTES_MAX: Final = 300
"""So that a line with a reason fits (`Limits.reason_bytes_max`); what is longer ends in an ellipsis."""

_CTCP: Final = "\x01"
ACTION: Final = "\x01ACTION "
"""What `/me` begins with, and U+0001 ends (modern.ircdocs.horse/ctcp, "ACTION")."""

LIST_MODES: Final = {Listing.BAN: "b", Listing.MUTE: "b", Listing.BAN_EXCEPTION: "e", Listing.INVITE_EXCEPTION: "I"}

MUTE_PREFIX: Final = "m:"
"""A mute is a ban of kind `m` (ISUPPORT EXTBAN)."""

FLAG_MODES: Final = {
    "C": "no_ctcp",
    "i": "invite_only",
    "m": "moderated",
    "n": "members_only",
    "s": "hidden",
    "t": "topic_locked",
}
"""Channel modes without a parameter, and the setting of a room that each is."""

_EDITED: Final = "* "
"""What shows that a line says anew what was said before."""


class Page:
    """The lines of one run, in one format, as they are made."""

    def __init__(self, room: Room, world: World, capabilities: frozenset[Capability]) -> None:
        self.room: Final = room
        self.world: Final = world
        self._time = Capability.SERVER_TIME in capabilities
        self._tagged = Capability.MESSAGE_TAGS in capabilities
        self._account = Capability.ACCOUNT_TAG in capabilities
        self.extended_join: Final = Capability.EXTENDED_JOIN in capabilities
        self.invite_notify: Final = Capability.INVITE_NOTIFY in capabilities
        self.echoes: Final = Capability.ECHO_MESSAGE in capabilities
        self._sources: dict[PrincipalId, str] = {}
        self.lines: list[str] = []

    @property
    def channel(self) -> str:
        """What the room is called where it is a channel."""
        return f"#{word(self.room.name)}"

    def source(self, principal: PrincipalId, name: str) -> str:
        """Whom a line is from."""
        if principal == SERVER:
            return self.world.server
        found = self._sources.get(principal)
        if found is None:
            found = self._sources[principal] = mask(word(name), self.world.face(principal))
        return found

    def add(self, entry: Entry, command: str, *params: str, source: str = "", msgid: bool = True) -> None:
        """One more line of an entry; from its author unless a source is given."""
        line = build(source or self.source(entry.author, entry.name), command, *params)
        self.lines.append(self._tags(entry, msgid=msgid) + line)

    def _tags(self, entry: Entry, *, msgid: bool) -> str:
        """Tags that go with an entry, in front of its line. Their values need no escape but those of clients."""
        found = []
        if self._time:
            found.append(f"time={iso_time(entry.time)}")
        if self._account and is_account(entry.author):
            found.append(f"account={word(entry.name)}")
        if self._tagged and msgid:
            found.append(f"msgid={self.room.id}-{entry.number}")
        return f"@{';'.join(found)} " if found else ""


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


# What is said ----------------------------------------------------------------------------------------------------


def _say(page: Page, entry: Entry, text: str, manner: Manner, first: str = "") -> None:
    command = "NOTICE" if manner is Manner.NOTED else "PRIVMSG"
    target = _target(page.room, entry) or page.channel
    source = page.source(entry.author, entry.name)
    before, behind = (ACTION, _CTCP) if manner is Manner.DONE else ("", "")
    frame = len(f":{source} {command} {target} :{before}{behind}\r\n".encode())
    msgid = True
    for line in (first + text).split("\n"):
        for piece in pieces(plain(line), bytes_max=LINE_BYTES_MAX - frame):
            if piece:
                page.add(entry, command, target, f"{before}{piece}{behind}", msgid=msgid)
                msgid = False  # A longer message goes as several lines, of which the first has the id.


def _target(room: Room, entry: Entry) -> str:
    """To whom something said in a direct room is: the other one, or oneself."""
    if room.kind is not Kind.DIRECT or room.pair is None:
        return ""
    other = room.pair[0] if room.pair[1] == entry.author else room.pair[1]
    member = room.members.get(other)
    return word("" if member is None else member.name)


def _message(page: Page, entry: Entry, body: Body) -> None:
    message = cast(Message, body)
    if message.redacted:
        return  # Whoever cannot be told of a redaction sees nothing of what is gone.
    _say(page, entry, message.text, message.manner)
    if page.echoes and page.room.pair == (entry.author, entry.author):
        _say(page, entry, message.text, message.manner)  # To oneself: once as one's echo, once as delivered.


def _edited(page: Page, entry: Entry, body: Body) -> None:
    edited = cast(Edited, body)
    if edited.text:
        _say(page, entry, edited.text, Manner.SAID, _EDITED)


def _topic(page: Page, entry: Entry, body: Body) -> None:
    topic = shortened(plain(cast(TopicSet, body).topic), bytes_max=TOPIC_BYTES_MAX)
    page.add(entry, "TOPIC", page.channel, topic)


# Who is here -----------------------------------------------------------------------------------------------------


def _membership(page: Page, entry: Entry, body: Body) -> None:
    changed = cast(MembershipChanged, body)
    reason = shortened(plain(changed.reason), bytes_max=REASON_BYTES_MAX)
    for person in changed.people:
        source = page.source(person.principal, person.name)
        match changed.way:
            case Way.JOINED:
                params = join_params(page.channel, person, page.world, extended=page.extended_join)
                page.add(entry, "JOIN", *params, source=source)
            case Way.LEFT:
                page.add(entry, "PART", page.channel, *([reason] if reason else []), source=source)
            case Way.REMOVED:
                # "If no comment is given, the server SHOULD use a default message instead" (KICK message).
                page.add(entry, "KICK", page.channel, word(person.name), reason or word(entry.name))


def join_params(channel: str, person: Person, world: World, *, extended: bool) -> tuple[str, ...]:
    """The parameters of a JOIN: with extended-join the account, `*` for none, and the real name come behind."""
    if not extended:
        return (channel,)
    account = word(person.name) if is_account(person.principal) else "*"
    real_name = shortened(plain(world.face(person.principal).real_name), bytes_max=REASON_BYTES_MAX)
    return channel, account, real_name or word(person.name)


def _invitations(page: Page, entry: Entry, body: Body) -> None:
    changed = cast(InvitationsChanged, body)
    for person in changed.people if page.invite_notify and not changed.withdrawn else ():
        page.add(entry, "INVITE", word(person.name), page.channel)


# How it is governed ----------------------------------------------------------------------------------------------


def _modes(page: Page, entry: Entry, changes: list[tuple[str, str, str]]) -> None:
    """Changes of modes (sign, letter, parameter), several to a line."""
    for start in range(0, len(changes), MODES_PER_LINE_MAX):
        some = changes[start : start + MODES_PER_LINE_MAX]
        letters, sign = "", ""
        for one, letter, _parameter in some:
            letters += letter if one == sign else one + letter
            sign = one
        parameters = [parameter for _, _, parameter in some if parameter]
        page.add(entry, "MODE", page.channel, letters, *parameters)


def _roles(page: Page, entry: Entry, body: Body) -> None:
    changes: list[tuple[str, str, str]] = []
    for one in cast(RolesChanged, body).changes:
        name = word(one.person.name)
        if one.role is not None:  # Owner and moderator are both `@`.
            changes.append(("-" if one.role is RoomRole.MEMBER else "+", "o", name))
        if one.voice is not None:
            changes.append(("+" if one.voice else "-", "v", name))
    _modes(page, entry, changes)


def _settings(page: Page, entry: Entry, body: Body) -> None:
    change = cast(SettingsChanged, body).change
    changes = [
        ("+" if value else "-", letter, "")
        for letter, setting in FLAG_MODES.items()
        if (value := getattr(change, setting)) is not None
    ]
    if change.key is not None:
        changes.append(("+" if change.key else "-", "k", "*"))  # The key itself is a secret (P7).
    if change.members_max is not None:
        changes.append(("+", "l", str(change.members_max)) if change.members_max else ("-", "l", ""))
    _modes(page, entry, changes)


def shown_mask(listing: Listing, raw: str) -> str:
    """A mask as a mode has it: whole, so that every client takes it for one."""
    found = word(raw)
    if "!" not in found and "@" not in found and "/" not in found and ":" not in found:
        found = f"{found}!*@*"
    return f"{MUTE_PREFIX}{found}" if listing is Listing.MUTE else found


def _marked(page: Page, entry: Entry, body: Body) -> None:
    mark: Mark = cast(Marked, body).mark
    _modes(page, entry, [("+", LIST_MODES[mark.listing], shown_mask(mark.listing, mark.mask))])


def _unmarked(page: Page, entry: Entry, body: Body) -> None:
    lifted = cast(Unmarked, body)
    letter = LIST_MODES[lifted.listing]
    _modes(page, entry, [("-", letter, shown_mask(lifted.listing, one)) for one in lifted.masks])


# Of one's own log ------------------------------------------------------------------------------------------------


def _invited(page: Page, entry: Entry, body: Body) -> None:
    invited, owner = cast(Invited, body), page.room.owner
    whose = None if owner is None else page.world.name(owner)
    if whose is not None and not invited.withdrawn:
        page.add(entry, "INVITE", word(whose), f"#{word(invited.room_name)}", msgid=False)


_Show = Callable[[Page, Entry, Body], None]

_SHOWN_OF_TWO: Final[dict[type, _Show]] = {Message: _message, Edited: _edited}

_SHOWN_OF_ONE: Final[dict[type, _Show]] = {Invited: _invited}

_SHOWN: Final[dict[type, _Show]] = {
    Message: _message,
    Edited: _edited,
    TopicSet: _topic,
    MembershipChanged: _membership,
    InvitationsChanged: _invitations,
    RolesChanged: _roles,
    SettingsChanged: _settings,
    Marked: _marked,
    Unmarked: _unmarked,
}

_BY_KIND: Final = {Kind.DIRECT: _SHOWN_OF_TWO, Kind.INBOX: _SHOWN_OF_ONE, Kind.PUBLIC: _SHOWN, Kind.PRIVATE: _SHOWN}


def show(page: Page, entry: Entry) -> None:
    """Add what an entry is in IRC, which may be nothing."""
    shown = _BY_KIND[page.room.kind].get(type(entry.body))
    if shown is not None:
        shown(page, entry, entry.body)
