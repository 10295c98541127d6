"""Whatever the files hold is in a personal export, or stands here with the reason why it is not.

Whoever adds a table, a column, a setting or a kind of value adds it to one of these lists, or the test fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from besedka.chat.audit import AuditLine
from besedka.chat.entries import Entry, Kind, Level, RoomName
from besedka.chat.governance import Governance
from besedka.chat.own_requests import Ignore, MoveMarker, SetNotify, SetProfile
from besedka.chat.personal import Invitation, Marker, Personal, Profile
from besedka.chat.principals import AccountName
from besedka.chat.refusals import Refusal
from besedka.chat.requests import Leave, Request, Say, Tell
from besedka.chat.room_requests import Invite, Open, SetData
from besedka.hub.exporting import Exporter
from besedka.hub.keeping import AuditRow
from besedka.store import schema, search_file
from hub_room import ANN, HubRoom

PAGE = Path(__file__).resolve().parents[2] / "docs" / "EXPORT.md"

TOLD = {
    "accounts.id": "account.id",
    "accounts.name": "account.name",
    "accounts.role": "account.role",
    "accounts.first_seen": "account.first_seen",
    "accounts.first_address": "account.first_address",
    "accounts.last_seen": "account.last_seen",
    "accounts.last_address": "account.last_address",
    "accounts.muted": "account.muted",
    "tokens.account": "devices",
    "tokens.address": "devices.address",
    "tokens.used": "devices.used",
    "tokens.client": "devices.client",
    "known.account": "addresses",
    "known.address": "addresses",
    "bans.account": "bans",
    "bans.since": "bans.since",
    "bans.until": "bans.until",
    "audit.time": "acts.time",
    "audit.act": "acts.act",
    "audit.whom": "acts.what",
    "audit.reason": "acts.reason",
    "audit.until": "acts.until",
    "meta.epoch": "epoch",
    "rooms.id": "rooms.room",
    "rooms.kind": "rooms.kind",
    "rooms.name": "rooms.name",
    "rooms.low": "rooms.people",
    "rooms.high": "rooms.people",
    "rooms.data": "settings.data",
    "rooms.personal": "settings",
    "stays.room": "rooms.room",
    "stays.principal": "rooms",
    "stays.role": "rooms.role",
    "stays.voice": "rooms.voice",
    "stays.first": "rooms.first",
    "stays.left": "rooms.left",
    "entries.room": "written.room",
    "entries.number": "written.number",
    "entries.time": "written.time",
    "entries.author": "written.author",
    "entries.name": "written.name",
    "entries.body": "written.body",
    "markers.account": "settings.markers",
    "markers.target": "settings.markers.target",
    "markers.number": "settings.markers.number",
    "markers.time": "settings.markers.time",
    "markers.said": "settings.markers.said",
    "personal.ignored": "settings.ignored",
    "personal.notify": "settings.notify",
    "personal.invitations": "settings.invitations",
    "personal.profile": "settings.profile",
    "personal.markers": "settings.markers",
}
"""Where each is in the document; `personal` is what an inbox's column of that name says."""

_SECRET = "a secret, of which not even a digest is handed out"
_FOLLOWS = "follows from what is told"
_ROOM = "is the room's, and no one person's"
_ENTRIES = "is put by an entry, which its author's export has"
_NOBODY = "is about nobody who can still ask"
_SERVER = "is the server's own book-keeping"

NOT_TOLD = {
    "accounts.folded": _FOLLOWS,
    "accounts.password_hash": _SECRET,
    "tokens.digest": _SECRET,
    "tokens.expires": "is so many days after its last use",
    "known.time": "is kept only so that old ones are dropped",
    "bans.id": _SERVER,
    "bans.network": "is an address, which may be anybody's",
    "invitations": "says neither who made one nor who used it",
    "kept_names": _NOBODY,
    "steps": _NOBODY,
    "audit.id": _SERVER,
    "audit.by": "names whoever acted; acts in rooms are entries, and those on the server are about others",
    "audit.room": "acts in rooms are entries there",
    "meta.boot": _SERVER,
    "meta.host_key": _SERVER,
    "meta.mended": _SERVER,
    "rooms.folded": _FOLLOWS,
    "rooms.owner": "is the person, of an inbox",
    "rooms.topic": _ENTRIES,
    "rooms.head": _ROOM,
    "rooms.floor": _ROOM,
    "rooms.time": _ROOM,
    "rooms.messages": _ROOM,
    "rooms.members": _ROOM,
    "rooms.archived": _ROOM,
    "rooms.hidden": _ROOM,
    "rooms.governance": "see `governance`",
    "rooms.due": _ROOM,
    "rooms.pruned": _ROOM,
    "former_names": _ROOM,
    "stays.name": _FOLLOWS,
    "stays.spoke": "is the time of the last message, in a room in slow mode",
    "stays.said": _ROOM,
    "entries.said": _ROOM,
    "reactions": _ENTRIES,
    "mentions": "follows from the messages of others, which are read where they stand",
    "requests": "are random and say nothing",
    "governance.settings": _ROOM,
    "governance.listed": _ENTRIES,
    "governance.invited": _ENTRIES,
    "governance.excused": _ENTRIES,
    "governance.code": _SECRET,
    "governance.code_until": _ROOM,
    "governance.guests": "is about those who bear no account, and ends with their session",
    "governance.former_names": _ROOM,
    "governance.opened": _ROOM,
    "governance.topic_by": _ENTRIES,
    "governance.topic_since": _ENTRIES,
    "search.meta": _SERVER,
    "search.places": _ROOM,
    "search.listed": _FOLLOWS,
    "search.shards": _SERVER,
    "search.documents": _FOLLOWS,
}
"""Columns, or tables as a whole, and why they are not told."""


def held() -> Iterator[str]:
    """Everything that the files can hold."""
    for tables in (schema.accounts, schema.messages):
        for table in tables.tables.values():
            whole = table.name in NOT_TOLD
            yield from [table.name] if whole else [f"{table.name}.{column.name}" for column in table.columns]
    for shape in (Personal, Governance):
        yield from (f"{shape.__name__.lower()}.{field}" for field in shape.__struct_fields__)
    yield from (f"search.{name}" for name in re.findall(r"CREATE TABLE (\w+)", search_file._TABLES))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Of somebody to whom everything has happened that can."""
    server = HubRoom()
    ann, bob = server.registered("ann"), server.registered("bob")

    def do(device: Any, *requests: Request) -> None:
        before = len(device.refusals())
        for request in requests:
            device.ask(msgspec.structs.replace(request, id=server.new_id()))
        server.settle()
        assert device.refusals()[before:] == []

    tea, left = ann.join("tea"), bob.join("attic")
    ann.join("attic")
    do(ann, Say(room=tea, text="a 1"), Tell(name="bob", text="a 2"), Leave(room=left))
    do(bob, Open(name="den", room_kind=Kind.PRIVATE))
    do(bob, Invite(room=bob.room("den"), name="ann"))
    do(ann, MoveMarker(room=tea, number=2), SetNotify(room=tea, level=Level.NONE))
    do(ann, SetProfile(real_name="Ann"), Ignore(name="bob"), SetData(key="a", value="1"))
    server.done(server.accounts.ban(account=ANN, address=None, now=1, until=1 << 50))
    now, expires = server.process.now(), 1 << 50
    token = server.accounts.add_token(
        ANN, token="t" * 43, client="a client", address="192.0.2.7", now=now, expires=expires, at_most=9
    )
    server.done(token)  # A ban ends those there were.
    act = AuditLine("ban", "ann", "rude", until=1 << 50)
    server.done(server.logs.add_audit(AuditRow(1 << 45, AccountName("operator"), RoomName(""), act)))
    account = server.done(server.accounts.account(ANN))
    exporter = Exporter(logs=server.logs, accounts=server.accounts, clock=server.process)
    assert account is not None
    text, after = "", ""
    while not text or after:
        part = server.done(exporter.part(account, after))
        assert not isinstance(part, Refusal)
        text, after = text + part.text, part.next
    decoded: dict[str, Any] = msgspec.json.decode(text)
    return decoded


def found(value: Any, path: list[str]) -> Iterator[Any]:
    """What is at a path, in any item of the lists on the way."""
    if isinstance(value, list) and path:
        for item in value:
            yield from found(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from found(value[path[0]], path[1:])


def test_everything_that_is_held_is_told_or_has_a_reason() -> None:
    now = set(held())
    assert not TOLD.keys() & NOT_TOLD.keys()
    assert now - TOLD.keys() - NOT_TOLD.keys() == set(), "tell it in hub/exporting.py, or say here why not"
    assert (TOLD.keys() | NOT_TOLD.keys()) - now == set(), "these are held no more"


def test_it_is_where_it_is_said_to_be(document: dict[str, Any]) -> None:
    there = {
        place for place in TOLD.values() if any(one not in ([], {}, "") for one in found(document, place.split(".")))
    }
    assert set(TOLD.values()) - there == set()


@pytest.mark.parametrize(
    ("shape", "place", "elsewhere"),
    [
        (Profile, "settings.profile", {"bot", "invisible", "unlisted", "accounts_only"}),
        (Marker, "settings.markers", set()),
        (Invitation, "settings.invitations", set()),
        (Entry, "written", set()),
    ],
)
def test_values_are_told_whole(
    document: dict[str, Any], shape: type[msgspec.Struct], place: str, elsewhere: set[str]
) -> None:
    """`elsewhere` is what stands in it only where it is set."""
    (value, *_) = (
        item for one in found(document, place.split(".")) for item in (one if isinstance(one, list) else [one])
    )
    assert set(shape.__struct_fields__) - elsewhere <= value.keys()


def test_the_page_says_what_each_part_is(document: dict[str, Any]) -> None:
    page = PAGE.read_text()
    for field, value in document.items():
        (row,) = re.findall(rf"^\| `{field}` \|(.*)", page, re.M)
        item = value[0] if isinstance(value, list) and field in ("devices", "bans", "acts") else value
        names = item if field in ("account", "devices", "bans", "acts", "settings") else ()
        assert [name for name in names if name not in row] == []
