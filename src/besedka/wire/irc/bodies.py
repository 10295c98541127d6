"""What each kind of entry is in IRC: a table from bodies to lines.

Whoever sends it, an entry becomes lines of the commands in this file and of no others, with its author as their
source. Text of people goes through `plain` and `word`, for it may come from where line ends are allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from besedka.chat.entries import (
    Body,
    Entry,
    InvitationsChanged,
    Invited,
    Kind,
    Listing,
    Mark,
    Marked,
    MarkerMoved,
    MembershipChanged,
    Person,
    Renamed,
    RolesChanged,
    RoomId,
    RoomRole,
    SettingsChanged,
    TopicSet,
    Unmarked,
    Way,
)
from besedka.chat.names import fold
from besedka.chat.principals import is_account
from besedka.chat.rooms import Room
from besedka.wire.irc.isupport import MODES_PER_LINE_MAX, TOPIC_BYTES_MAX
from besedka.wire.irc.lines import build, plain, shortened, word
from besedka.wire.irc.pages import ModeLine, Page, Show, iso_time
from besedka.wire.irc.said import REASON_BYTES_MAX, SHOWN_SAID, other_of
from besedka.wire.irc.world import World

LIST_MODES: Final = {
    Listing.BAN: "b",
    Listing.MUTE: "b",
    Listing.BAN_EXCEPTION: "e",
    Listing.MUTE_EXCEPTION: "e",
    Listing.INVITE_EXCEPTION: "I",
}

MUTE_PREFIX: Final = "m:"
"""A mute is a ban of kind `m` (ISUPPORT EXTBAN); what is behind it may be an account (`m:a:name`)."""

MUTING: Final = {Listing.BAN: Listing.MUTE, Listing.BAN_EXCEPTION: Listing.MUTE_EXCEPTION}
"""What a list's masks are about that begin so."""

FLAG_MODES: Final = {
    "C": "no_ctcp",
    "i": "invite_only",
    "m": "moderated",
    "n": "members_only",
    "s": "hidden",
    "t": "topic_locked",
}
"""Channel modes without a parameter, and the setting of a room that each is."""


def _topic(page: Page, entry: Entry, body: Body) -> None:
    topic = shortened(plain(cast(TopicSet, body).topic), bytes_max=TOPIC_BYTES_MAX)
    page.add(entry, "TOPIC", page.channel, topic)


# Who is here -----------------------------------------------------------------------------------------------------


def _membership(page: Page, entry: Entry, body: Body) -> None:
    changed = cast(MembershipChanged, body)
    reason = shortened(plain(changed.reason), bytes_max=REASON_BYTES_MAX)
    for person in changed.people:
        name = entry.name if person.principal == entry.author else page.called(person)
        source = page.source(person.principal, name)
        match changed.way:
            case Way.JOINED if changed.guest is not None and fold(changed.guest.name) == fold(name):
                pass  # It was in the room as a guest that was called so, and is to everybody still.
            case Way.JOINED:
                params = join_params(page.channel, person, page.world, extended=page.extended_join)
                page.add(entry, "JOIN", *params, source=source)
            case Way.LEFT:
                page.add(entry, "PART", page.channel, *([reason] if reason else []), source=source)
            case Way.REMOVED:
                # "If no comment is given, the server SHOULD use a default message instead" (KICK message).
                page.add(entry, "KICK", page.channel, page.called(person), reason or word(entry.name))


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
        page.add(entry, "INVITE", page.called(person), page.channel)


# How it is governed ----------------------------------------------------------------------------------------------


def _modes(page: Page, entry: Entry, changes: list[tuple[str, str, str]]) -> None:
    """Changes of modes (sign, letter, parameter), several to a line: what somebody changes in one go is one line."""
    before = page.mode_line
    if before is not None and page.lines and page.lines[-1] is before.line and before.entry.author == entry.author:
        together = [*before.changes, *changes]
        if len(list(_fitting(together))) == 1:
            page.lines.pop()
            entry, changes = before.entry, together
    for some in _fitting(changes):
        letters, sign = "", ""
        for one, letter, _parameter in some:
            letters += letter if one == sign else one + letter
            sign = one
        parameters = [parameter for _, _, parameter in some if parameter]
        page.add(entry, "MODE", page.channel, letters, *parameters)
        page.mode_line = ModeLine(entry, some, page.lines[-1])


def _fitting(changes: list[tuple[str, str, str]]) -> Iterator[list[tuple[str, str, str]]]:
    """As many changes as a line may have, and has the bytes for."""
    some: list[tuple[str, str, str]] = []
    size = 0
    for change in changes:
        cost = len(change[2].encode()) + 1
        if some and (len(some) == MODES_PER_LINE_MAX or size + cost > REASON_BYTES_MAX):
            yield some
            some, size = [], 0
        some.append(change)
        size += cost
    if some:
        yield some


def _roles(page: Page, entry: Entry, body: Body) -> None:
    changes: list[tuple[str, str, str]] = []
    for one in cast(RolesChanged, body).changes:
        name = page.called(one.person)
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
    found = shortened(word(raw), bytes_max=REASON_BYTES_MAX // 2)
    if "!" not in found and "@" not in found and "/" not in found and ":" not in found:
        found = f"{found}!*@*"
    return f"{MUTE_PREFIX}{found}" if listing in MUTING.values() else found


def _renamed(page: Page, entry: Entry, body: Body) -> None:
    """IRCv3 channel-rename: the third parameter is always there. Others are told PART and JOIN (`renaming`)."""
    renamed = cast(Renamed, body)
    if page.renames and renamed.before:  # An imported room had no name.
        before, after = f"#{word(renamed.before)}", f"#{word(renamed.room_name)}"
        page.add(entry, "RENAME", before, after, shortened(plain(renamed.reason), bytes_max=REASON_BYTES_MAX))


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


def _marker(page: Page, _entry: Entry, body: Body) -> None:
    """How far one has read: told to those of one's devices that asked for it (IRCv3 read-marker)."""
    moved, target = cast(MarkerMoved, body), ""
    if not moved.target.isdigit():
        target = word(moved.target)
    elif page.read_marker and page.room.owner is not None:
        room = page.world.room(RoomId(int(moved.target)))
        target = "" if room is None else other_of(room, page.room.owner, page.world) or f"#{word(room.name)}"
    if page.read_marker and target:
        page.lines.append(build(page.world.server, "MARKREAD", target, f"timestamp={iso_time(moved.time)}"))


_SHOWN_OF_ONE: Final[dict[type, Show]] = {Invited: _invited, MarkerMoved: _marker}

_SHOWN: Final[dict[type, Show]] = {
    **SHOWN_SAID,
    TopicSet: _topic,
    MembershipChanged: _membership,
    InvitationsChanged: _invitations,
    RolesChanged: _roles,
    SettingsChanged: _settings,
    Renamed: _renamed,
    Marked: _marked,
    Unmarked: _unmarked,
}

_BY_KIND: Final = {Kind.DIRECT: SHOWN_SAID, Kind.INBOX: _SHOWN_OF_ONE, Kind.PUBLIC: _SHOWN, Kind.PRIVATE: _SHOWN}


def shown_in(room: Room) -> Mapping[type, Show]:
    """What adds the lines of each kind of body to a page of this room; what is not there is nothing in IRC."""
    return _BY_KIND[room.kind]
