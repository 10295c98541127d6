"""What is asked of a log beside its entries: what is unread, who reacted, where a moment lies, who governed."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from besedka.chat.audit import AuditLine
from besedka.chat.entries import Kind, Person, RoomId
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.rooms import Room, reading_of_stay
from besedka.chat.told import ReactionCount
from besedka.hub.belongings import is_about
from besedka.hub.keeping import AuditRow, LastSaid, Reactions, ReadableRoom, Unread
from besedka.hub.seen import RoomSeen
from besedka.store.rows import ROOM_COLUMNS, STAY_COLUMNS, Row, room_of
from besedka.store.states import governance_of

# What is unread --------------------------------------------------------------------------------------------------

_ROOMS = ", ".join(f"rooms.{column.strip()}" for column in ROOM_COLUMNS.split(","))

_MENTIONS = (
    "SELECT count(*) FROM mentions AS one"
    " WHERE one.account = {account} AND one.room = mine.room AND one.number >= rooms.floor"
)

_UNREAD = f"""\
SELECT coalesce(markers.number, mine.first - 1) AS read, coalesce(markers.said, mine.said),
    ({_MENTIONS.format(account="?1")} AND one.number > coalesce(markers.number, mine.first - 1)),
    ({_MENTIONS.format(account="0")} AND one.number > coalesce(markers.number, mine.first - 1)), {_ROOMS}
FROM stays AS mine CROSS JOIN rooms ON rooms.id = mine.room
    LEFT JOIN markers ON markers.account = mine.principal AND markers.target = CAST(mine.room AS TEXT)
WHERE mine.principal = ?1 AND mine."left" IS NULL ORDER BY mine.room
"""
"""What a room had said by the entry of somebody's joining it had said by the one before, too: that is no message."""

_TWO = (
    f"SELECT stays.room, {STAY_COLUMNS} FROM stays WHERE stays.room IN"
    " (SELECT mine.room FROM stays AS mine CROSS JOIN rooms ON rooms.id = mine.room AND rooms.kind = 'direct'"
    " WHERE mine.principal = ?)"
)


def unread(connection: sqlite3.Connection, account: PrincipalId) -> list[Unread]:
    """The rooms the account is a member of, by id."""
    two: dict[RoomId, list[Row]] = {}
    for room, *stay in connection.execute(_TWO, (account,)):
        two.setdefault(room, []).append(tuple(stay))
    return [_unread_of(row, two) for row in connection.execute(_UNREAD, (account,))]


def _unread_of(row: Row, two: dict[RoomId, list[Row]]) -> Unread:
    read, said, mine, everybody, *columns = row
    room = room_of(tuple(columns), two.get(columns[0], ()))
    return Unread(room, columns[_MEMBERS], read, max(room.messages - max(said, room.pruned), 0), mine + everybody)


_MEMBERS = [column.strip() for column in ROOM_COLUMNS.split(",")].index("members")

# Reactions -------------------------------------------------------------------------------------------------------


def reactions(
    connection: sqlite3.Connection, room: RoomId, number: int, principal: PrincipalId, reaction: str
) -> Reactions:
    """Whether somebody put this reaction to a message, and how many everybody did."""
    query = (
        "SELECT count(*), coalesce(max(principal = ? AND reaction = ?), 0) FROM reactions WHERE room = ? AND number = ?"
    )
    count, mine = connection.execute(query, (principal, reaction, room, number)).fetchone()
    return Reactions(bool(mine), count)


def reaction_counts(
    connection: sqlite3.Connection,
    room: RoomId,
    *,
    first: int,
    last: int,
    upto: int,
    principal: PrincipalId,
    limit: int,
) -> list[ReactionCount]:
    """The reactions to the messages from `first` to `last` put by `upto`, by number and then as first put."""
    rows = connection.execute(
        "SELECT number, reaction, count(*), max(principal = ?) FROM reactions"
        " WHERE room = ? AND number BETWEEN ? AND ? AND at <= ?"
        " GROUP BY number, reaction ORDER BY number, min(at) LIMIT ?",
        (principal, room, first, last, upto, limit),
    )
    return [ReactionCount(number, reaction, count, bool(mine)) for number, reaction, count, mine in rows]


# Where something lies --------------------------------------------------------------------------------------------


def said_by(connection: sqlite3.Connection, room: RoomId, number: int) -> int:
    """How many messages the room had as of this entry; of one before the floor, as of the last of those."""
    query = (
        "SELECT max(pruned, coalesce((SELECT said FROM entries WHERE room = id AND number <= ? AND number >= floor"
        " ORDER BY number DESC LIMIT 1), 0)) FROM rooms WHERE id = ?"
    )
    (said,) = connection.execute(query, (number, room)).fetchone() or (0,)
    return int(said)


def number_at(connection: sqlite3.Connection, room: RoomId, time: int) -> int:
    """The last entry that is not younger than `time`: times grow with the numbers (P2), so few are looked at."""

    def time_of(number: int) -> int:
        (found,) = connection.execute(
            "SELECT time FROM entries WHERE room = ? AND number = ?", (room, number)
        ).fetchone()
        return int(found)

    floor, head = connection.execute("SELECT floor, head FROM rooms WHERE id = ?", (room,)).fetchone() or (1, 0)
    older = bisect_right(range(floor, head + 1), time, key=time_of)
    return floor + older - 1 if older else 0


_MINE = (
    f"SELECT mine.first, {_ROOMS} FROM stays AS mine CROSS JOIN rooms ON rooms.id = mine.room"
    ' WHERE mine.principal = ? AND mine."left" IS NULL AND rooms.time > ? ORDER BY rooms.id'
)

_BESIDE = f"SELECT 1, {_ROOMS} FROM rooms WHERE rooms.id = ? AND rooms.time > ?"


def last_said(
    connection: sqlite3.Connection, principal: PrincipalId, *, after: int, before: int, beside: Sequence[RoomId]
) -> list[LastSaid]:
    """Where the last message was said between these times: a room whose head is older than that is not looked into."""
    rows = connection.execute(_MINE, (principal, after)).fetchall()
    for other in beside:
        rows += connection.execute(_BESIDE, (other, after))
    two: dict[RoomId, list[Row]] = {}
    for there, *stay in connection.execute(_TWO, (principal,)):
        two.setdefault(there, []).append(tuple(stay))
    found = []
    for first, *columns in rows:
        room = room_of(tuple(columns), two.get(columns[0], ()))
        time = _last_said(connection, room, 1 if room.kind is Kind.PUBLIC else first)
        if time is not None and after < time < before:
            found.append(LastSaid(room, time))
    return sorted(found, key=lambda one: one.room.id)


def _last_said(connection: sqlite3.Connection, room: Room, first: int) -> int | None:
    """When a room's last message was said, unless it was before `first`: the count of messages grows by each."""

    def said(number: int) -> int:
        (count,) = connection.execute(
            "SELECT said FROM entries WHERE room = ? AND number = ?", (room.id, number)
        ).fetchone()
        return int(count)

    numbers = range(max(first, room.floor), room.head + 1)
    if not numbers or said(numbers[-1]) == (said(numbers[0] - 1) if numbers[0] > room.floor else room.pruned):
        return None
    number = numbers[bisect_left(numbers, said(numbers[-1]), key=said)]
    (time,) = connection.execute("SELECT time FROM entries WHERE room = ? AND number = ?", (room.id, number)).fetchone()
    return int(time)


# Who may read what ----------------------------------------------------------------------------------------------

_READABLE = (
    "SELECT rooms.id, rooms.kind, CASE WHEN rooms.hidden = 0 OR mine.\"left\" IS NULL THEN rooms.name ELSE '' END,"
    ' mine.first, mine."left", rooms.floor, rooms.low, rooms.high'
    " FROM stays AS mine CROSS JOIN rooms ON rooms.id = mine.room"
    " WHERE mine.principal = ? AND rooms.kind <> 'inbox' ORDER BY rooms.id"
)


def readable_rooms(connection: sqlite3.Connection, principal: PrincipalId) -> list[ReadableRoom]:
    """Every room somebody is or was a member of, with where they may read."""
    names: dict[RoomId, dict[PrincipalId, Person]] = {}
    for room, who, name, *_ in connection.execute(_TWO, (principal,)):
        names.setdefault(room, {})[who] = Person(who, name)
    found = []
    for room, kind, name, first, left, floor, *pair in connection.execute(_READABLE, (principal,)):
        may_read = reading_of_stay(Kind(kind), first=first, left=left, floor=floor)
        people = [names[room][who] for who in dict.fromkeys(pair) if who in names.get(room, {})]
        found.append(ReadableRoom(room, Kind(kind), name, may_read, tuple(people)))
    return found


# What an operator sees -------------------------------------------------------------------------------------------

_SEEN = """\
SELECT id, rooms.name, kind, governance, owner, stays.name, members, messages, topic
FROM rooms LEFT JOIN stays ON room = id AND principal = owner
WHERE folded IS NOT NULL ORDER BY folded LIMIT ?
"""


def rooms_seen(connection: sqlite3.Connection, limit: int) -> list[RoomSeen]:
    """The rooms that bear a name, by it. Of an owner who has left, the stay has no name any more."""
    return [
        RoomSeen(
            id=room,
            name=name,
            kind=Kind(kind),
            settings=governance_of(governance, Kind(kind)).settings,
            owner=owner,
            owner_name=owner_name or "",
            members=members,
            messages=messages,
            topic=topic,
        )
        for room, name, kind, governance, owner, owner_name, members, messages, topic in connection.execute(
            _SEEN, (limit,)
        )
    ]


# The audit trail -------------------------------------------------------------------------------------------------


def audit(connection: sqlite3.Connection, limit: int) -> list[AuditRow]:
    """The last lines of the audit trail, the oldest first."""
    query = "SELECT time, by, room, act, whom, reason, until FROM audit ORDER BY id DESC LIMIT ?"
    rows: Iterable[Row] = connection.execute(query, (limit,))
    lines: Sequence[AuditRow] = [AuditRow(time, by, room, AuditLine(*line)) for time, by, room, *line in rows]
    return [*reversed(lines)]


def audit_about(connection: sqlite3.Connection, name: AccountName, since: int, limit: int) -> list[AuditRow]:
    """What an operator did to an account, the oldest first."""
    query = (
        "SELECT time, by, room, act, whom, reason, until FROM audit"
        " WHERE room = '' AND time >= ? AND substr(whom, 1, ?) = ? ORDER BY id DESC"
    )
    rows: Iterable[Row] = connection.execute(query, (since, len(name), name))
    lines = (AuditRow(time, by, room, AuditLine(*line)) for time, by, room, *line in rows)
    about = [row for row in lines if is_about(row.line.whom, name)][:limit]
    return about[::-1]
