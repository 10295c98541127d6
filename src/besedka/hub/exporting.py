"""Everything that is known of a person, as JSON in parts (docs/EXPORT.md).

The parts one after the other are the text of one JSON document. Where the next one begins is written in a word that
whoever asks gives back, so nothing is kept between two of them, memory is bounded by one, and the turn is not touched:
each part is some pages of the store's readers.

What somebody wrote is theirs, wherever it stands. What others wrote is in it where it was for this person alone: in
conversations of two, and in their inbox. A message that others edited after its author could read the room no longer
says nothing here, as it does in history (P7).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from besedka.chat.entries import Entry, Kind, Message, RoomId
from besedka.chat.mending import as_read
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.rooms import Room, direct_people, reading
from besedka.hub.accounts import Account, AccountStore
from besedka.hub.belongings import Place
from besedka.hub.keeping import LogStore
from besedka.hub.ports import Clock
from besedka.wire.native import told_without_key

VERSION = 1
"""Of the document's shape; a field more is no other version."""

PART_BYTES_MAX = 64 << 10
"""About how much of what was written is in one part: a page, or some hundred messages."""

PART_ENTRIES_MAX = 500
ROOMS_AT_ONCE = 50
"""Each is read with its members."""

ACTS_MAX = 1000
"""Of the operator's: an account is muted, banned or promoted a few times in its life."""

WORD_CHARACTERS_MAX = 64
"""Of the word that says where the next part begins: a section and three numbers."""

SECTIONS = ("rooms", "written", "heard")
"""The lists of the document, behind what it begins with."""

_encode = msgspec.json.Encoder().encode


class Part(msgspec.Struct, frozen=True):
    """Some of the document."""

    text: str
    next: str
    """Where the next part begins; empty where this was the last."""

    def __repr__(self) -> str:
        """Without what is in it."""
        return f"<Part of {len(self.text)} characters>"


class _Where(msgspec.Struct, frozen=True):
    """Where a part begins."""

    section: str
    place: Place = Place()
    begun: bool = False
    """Whether the list has something in it already, so that a comma comes first."""

    @property
    def word(self) -> str:
        """As whoever asks gives it back."""
        return f"{self.section}:{self.place.room}:{self.place.number}:{int(self.begun)}"


def _where(word: str) -> _Where | None:
    """What `_Where.word` was made of; None for anything else."""
    section, *numbers = word.split(":")
    good = len(word) <= WORD_CHARACTERS_MAX and len(numbers) == 3
    if not good or section not in SECTIONS or not all(one.isascii() and one.isdecimal() for one in numbers):
        return None
    room, number, begun = map(int, numbers)
    return _Where(section, Place(RoomId(room), number), begun == 1) if max(room, number) < 1 << 53 else None


class _Found(msgspec.Struct, frozen=True):
    """What a part of a list is made of."""

    items: Sequence[dict[str, Any]]
    upto: Place | None
    """From where the list goes on; None where it is over."""


class Exporter:
    """Tells all of it. Whether whoever asks may know is the asker's business."""

    def __init__(self, *, logs: LogStore, accounts: AccountStore, clock: Clock) -> None:
        self._logs = logs
        self._accounts = accounts
        self._clock = clock

    async def part(self, account: Account, after: str) -> Part | Refusal:
        """One part: the first, or what begins where the one before said. Raises `StoreFault`."""
        if not after:
            head = {"besedka_export": VERSION, **await self._head(account)}
            text = _encode(head).decode().removesuffix("}") + f',\n"{SECTIONS[0]}":['
            return Part(text, _Where(SECTIONS[0]).word)
        where = _where(after)
        if where is None:
            return Refusal(Code.BAD_PLACE)
        found = await self._find(where.section, account.id, where.place)
        lines = [_encode(item).decode() for item in found.items]
        text = "".join(f"{',' if where.begun or number else ''}\n{line}" for number, line in enumerate(lines))
        if found.upto is not None:
            return Part(text, _Where(where.section, found.upto, where.begun or bool(lines)).word)
        section = SECTIONS.index(where.section) + 1
        if section == len(SECTIONS):
            return Part(f"{text}\n]}}\n", "")
        return Part(f'{text}\n],\n"{SECTIONS[section]}":[', _Where(SECTIONS[section]).word)

    async def _find(self, section: str, account: PrincipalId, after: Place) -> _Found:
        match section:
            case "rooms":
                return await self._rooms(account, after)
            case "written":
                return await self._written(account, after)
            case _:
                return await self._heard(account, after)

    # What it begins with --------------------------------------------------------------------------------------------

    async def _head(self, account: Account) -> dict[str, Any]:
        """The account, its devices and addresses, what was done to it, and what it has set: no hash, and no token."""
        now = self._clock.now()
        bans = [ban for ban in await self._accounts.bans(now=now) if ban.account == account.id]
        acts = await self._logs.audit_about(account.name, since=account.first_seen, limit=ACTS_MAX)
        inbox = await self._logs.inbox(account.id)
        room = None if inbox is None else await self._logs.room(inbox)
        return {
            "made": now,
            "epoch": self._logs.epoch,
            "account": account,
            "devices": await self._accounts.tokens(account.id, now=now),
            "addresses": await self._accounts.addresses(account.id),
            "bans": [{"since": ban.since, "until": ban.until} for ban in bans],
            "acts": [
                {"time": act.time, "act": act.line.act, "what": act.line.whom, "reason": act.line.reason}
                | ({} if act.line.until is None else {"until": act.line.until})
                for act in acts
            ],
            "settings": {} if room is None else _settings(room),
        }

    # Its lists ------------------------------------------------------------------------------------------------------

    async def _rooms(self, account: PrincipalId, after: Place) -> _Found:
        briefs = [brief for brief in await self._logs.briefs(account) if brief.room > after.room]
        rooms = [await self._logs.room(brief.room) for brief in briefs[:ROOMS_AT_ONCE]]
        items = [_membership(room, account) for room in rooms if room is not None]
        return _Found(items, Place(briefs[ROOMS_AT_ONCE - 1].room) if len(briefs) > ROOMS_AT_ONCE else None)

    async def _written(self, account: PrincipalId, after: Place) -> _Found:
        page = await self._logs.authored(account, after=after, limit=PART_ENTRIES_MAX, bytes_max=PART_BYTES_MAX)
        last: dict[RoomId, int | None] = {}
        items = []
        for room, entry in page.entries:
            if isinstance(entry.body, Message) and entry.body.edited:
                if room not in last:
                    last[room] = await self._last_read(room, account)
                entry = as_read(entry, last[room])
            items.append(_item(room, entry))
        return _Found(items, page.upto)

    async def _last_read(self, room: RoomId, account: PrincipalId) -> int | None:
        """Up to where somebody may read a room; None for however far it goes."""
        state = await self._logs.room(room)
        readable = None if state is None else reading(state, account, inside=False)
        return 0 if readable is None else readable.last

    async def _heard(self, account: PrincipalId, after: Place) -> _Found:
        """What others wrote where only this person, and one other at most, can read it; a page of one room."""
        inbox = await self._logs.inbox(account)
        direct = [unread.room.id for unread in await self._logs.unread(account) if unread.room.kind is Kind.DIRECT]
        ahead = sorted(room for room in (*direct, *(() if inbox is None else (inbox,))) if room >= after.room)
        if not ahead:
            return _Found((), None)
        room = ahead[0]
        done = after.number if room == after.room else 0
        state = await self._logs.room(room)
        readable = None if state is None else reading(state, account, inside=False)
        entries: tuple[Entry, ...] = ()
        if state is not None and readable is not None:
            page = await self._logs.page(
                room,
                after=max(done, readable.first - 1),
                upto=state.head if readable.last is None else readable.last,
                limit=PART_ENTRIES_MAX,
                bytes_max=PART_BYTES_MAX,
            )
            entries = page.entries
        if not entries:
            return _Found((), Place(RoomId(room + 1)) if len(ahead) > 1 else None)
        items = [_item(room, entry) for entry in entries if entry.author != account]
        return _Found(items, Place(room, entries[-1].number))


def _item(room: RoomId, entry: Entry) -> dict[str, Any]:
    (told,) = told_without_key((entry,))
    return {"room": room, **msgspec.structs.asdict(told)}


def _membership(room: Room, account: PrincipalId) -> dict[str, Any]:
    """A room as somebody who is or was in it may know it: one that hides itself is named to its members only."""
    member, stay = room.members.get(account), room.former.get(account)
    known: dict[str, Any] = {"room": room.id, "kind": room.kind}
    if member is not None or not (room.hidden or room.archived):
        known["name"] = room.name
    if room.kind is Kind.DIRECT:
        known["people"] = direct_people(room)
    if member is not None:
        return known | {"role": member.role, "voice": member.voice, "first": member.first}
    return known if stay is None else known | {"first": stay.first, "left": stay.left}


def _settings(inbox: Room) -> dict[str, Any]:
    personal = inbox.personal
    return {
        "profile": personal.profile,
        "data": dict(sorted(inbox.data.items())),
        "ignored": [person for _, person in sorted(personal.ignored.items())],
        "notify": [{"room": room, "level": level} for room, level in sorted(personal.notify.items())],
        "invitations": [one for _, one in sorted(personal.invitations.items())],
        "markers": [
            {"target": target, **msgspec.structs.asdict(one)} for target, one in sorted(personal.markers.items())
        ],
    }
