"""After a storm everybody has written down what is known of them, and then some go: judged by the storm's record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from besedka.chat.entries import Entry, Kind, Message, RoomId, RoomRole
from besedka.chat.folding import evolve
from besedka.chat.governance import Governance
from besedka.chat.personal import Personal
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Refusal
from besedka.chat.rooms import Room
from besedka.hub.accounts import Account
from besedka.hub.exporting import Exporter
from besedka.hub.removing import begin
from besedka.limits import Limits
from besedka.store.memory import MemoryAccountStore, MemoryLogStore
from besedka.wire.native import told_without_key
from hub_room import HubRoom
from sim.record import Record
from sim.seeds import first_seed
from sim.world import World

FIRST = first_seed()
WHOLE = 1 << 40


def calm(world: World) -> HubRoom:
    """A server on what a world has left, and nobody there."""
    logs, left = MemoryLogStore(epoch=world.store.epoch), world.store
    for part in ("_rooms", "_entries", "_requests", "_reactions", "_audit"):
        setattr(logs, part, getattr(left, part))
    server = HubRoom(logs=logs, limits=Limits(ping_seconds=1e9))
    for part, value in vars(MemoryAccountStore()).items():
        setattr(server.accounts, part, vars(world.accounts).get(part, value))
    return server


def entries(server: HubRoom, room: RoomId) -> tuple[Entry, ...]:
    return server.done(server.logs.page(room, after=0, upto=WHOLE, limit=WHOLE, bytes_max=WHOLE)).entries


def exported(server: HubRoom, account: Account) -> tuple[dict[str, Any], str]:
    exporter = Exporter(logs=server.logs, accounts=server.accounts, clock=server.process)
    text, after = "", ""
    while True:
        part = server.done(exporter.part(account, after))
        assert not isinstance(part, Refusal)
        text, after = text + part.text, part.next
        if not after:
            return msgspec.json.decode(text), text


def kept(record: Record, server: HubRoom) -> Iterator[tuple[RoomId, Entry]]:
    """Everything that the record has and the store has not pruned."""
    for room, log in sorted(record.entries.items()):
        state = server.done(server.logs.room(room))
        assert state is not None
        for entry in log:
            if entry.number >= state.floor:
                yield room, entry


def check_export(record: Record, server: HubRoom, account: Account) -> None:
    """It is what the record says is theirs: no entry less, none more, and none that they may not read."""
    document, text = exported(server, account)
    me = account.id
    mine = {(room, entry.number): entry for room, entry in kept(record, server) if entry.author == me}
    assert {(one["room"], one["number"]) for one in document["written"]} == set(mine)
    private = {room.id for room in record.rooms.values() if room.kind is Kind.DIRECT and me in room.members}
    private |= {room.id for room in record.rooms.values() if room.kind is Kind.INBOX and room.owner == me}
    heard = {
        (room, entry.number): entry for room, entry in kept(record, server) if room in private and entry.author != me
    }
    readable = {place for place in heard if (span := record.span(place[0], me)) is not None and span.has(place[1])}
    assert {(one["room"], one["number"]) for one in document["heard"]} == readable
    for one in (*document["written"], *document["heard"]):
        place = one.pop("room"), one["number"]
        (entry,) = told_without_key(((mine | heard)[place],))
        span = record.span(place[0], me)
        late = (
            isinstance(entry.body, Message) and entry.body.edited and (span is None or not span.has(entry.body.edited))
        )
        if late:
            assert one["body"]["text"] == ""
        else:
            assert one == msgspec.json.decode(msgspec.json.encode(entry))
    for other in record.addresses:
        for address in record.addresses[other]:
            assert other == account.name or f'"{address}"' not in text.partition('"rooms":')[0], "another's address"


def bare(room: Room) -> Room:
    """Without what names people in a room's state, such as who set its topic: that stays until it is set again."""
    return msgspec.structs.replace(room, governance=Governance(settings=room.governance.settings), personal=Personal())


def check_forgotten(record: Record, server: HubRoom, account: Account) -> None:
    """No word of theirs is there for anybody, and every room goes on as it should."""
    me = account.id
    messages = [one for _, one in kept(record, server) if isinstance(one.body, Message) and one.author == me]
    words = {one.body.text for one in messages if isinstance(one.body, Message)}
    for room, before in record.rooms.items():
        log = entries(server, room)
        state = server.done(server.logs.room(room))
        assert state is not None
        assert me not in state.members
        if before.kind is Kind.INBOX and before.owner == me:
            assert log == ()
            continue
        said = [(one.author, one.body) for one in log if isinstance(one.body, Message)]
        assert not [body for author, body in said if author == me and (body.text or not body.redacted)]
        assert {one.name for one in log if one.author == me} <= {f"removed-{me}"}
        assert not {body.text for _, body in said} & (words - {""})
        owners = [one for one, member in state.members.items() if member.role is RoomRole.OWNER]
        had = any(member.role is RoomRole.OWNER for member in before.members.values())
        assert owners or not had or not state.members
        if state.floor == 1:
            folded = Room(room)
            for one in log:
                folded = evolve(folded, one)
            assert bare(folded) == bare(state), "the state is what the log makes of it"


@pytest.mark.parametrize(
    "seed", [FIRST, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(FIRST + 1, FIRST + 30))]
)
def test_who_goes_takes_all_along_that_is_theirs(seed: int) -> None:
    world = World(seed)
    world.run()
    server = calm(world)
    accounts: list[Account] = list(server.done(server.accounts.accounts()))
    for account in accounts:
        check_export(world.record, server, account)
    gone: list[PrincipalId] = []
    for account in accounts[: len(accounts) // 2 + 1]:
        now = server.process.now()
        step = server.done(begin(server.logs, server.accounts, account, redact=True, now=now, name_days=1))
        server.ordered(server.governor.finish_removal(step), seconds=60)
        check_forgotten(world.record, server, account)
        gone.append(account.id)
    again = server.registered("ivy")
    assert again.you.principal > max(gone), "no id is given again"
    for account in server.done(server.accounts.accounts()):
        document, _ = exported(server, account)
        assert not [one for one in document["heard"] if one["author"] in gone and one["body"].get("text")]
