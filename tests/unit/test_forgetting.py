"""What the server no longer keeps is told to nobody, and whoever missed it is told that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
import pytest

from besedka.chat.answers import SearchPage
from besedka.chat.cursor import Resumption
from besedka.chat.entries import Message, RoomId, SettingsChange
from besedka.chat.refusals import Code
from besedka.chat.requests import History, Login, Say, Search, Sync
from besedka.chat.retention import Floor, Retention
from besedka.chat.room_requests import ChangeSettings
from besedka.chat.rooms import Reading, Room
from besedka.chat.searching import Query
from besedka.chat.told import Entries, Kept, Page, Refused, RoomTold
from besedka.hub.faults import StoreFault
from besedka.hub.keeping import Addition, Found, Moved, SearchPlace
from besedka.hub.keeping import Kept as Appended
from besedka.hub.keeping import Page as KeptPage
from besedka.hub.settings import Settings
from besedka.limits import Limits
from besedka.store.memory import MemoryLogStore
from hub_room import PASSWORD, Device, HubRoom

LOOK = 60.0


def server_keeping(retention: Retention, *, logs: MemoryLogStore | None = None) -> HubRoom:
    limits = Limits(retention_look_seconds=LOOK, ping_seconds=86_400.0)  # Nobody answers a ping here.
    return HubRoom(limits=limits, settings=Settings(guests=True, retention=retention), logs=logs)


@pytest.fixture
def server() -> HubRoom:
    return server_keeping(Retention(messages=2))


def say(device: Device, *texts: str) -> RoomId:
    lobby = device.room("lobby")
    for text in texts:
        device.ask(Say(id=device.server.new_id(), room=lobby, text=text))
        device.server.settle()
    return lobby


def history(device: Device, room: RoomId) -> list[str]:
    device.ask(History(room=room, limit=100))
    device.server.settle()
    return [entry.body.text for entry in device.told(Page)[-1].entries if isinstance(entry.body, Message)]


def test_the_last_messages_stay_for_those_who_are_here_and_for_those_who_come(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = say(ann, "one", "two", "three", "four")
    server.settle(LOOK + 1)
    assert history(ann, lobby) == ["three", "four"]
    assert ann.heard(lobby) == ["one", "two", "three", "four"], "what was told stays told"
    assert server.registered("bob").heard(lobby)[-2:] == ["three", "four"]
    page = ann.told(Page)[-1]
    assert page.floor == page.entries[0].number > 1
    assert say(ann, "five") == lobby
    assert history(ann, lobby) == ["three", "four", "five"], "until the next look"


def test_a_device_that_was_away_is_told_that_it_has_missed_something(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = say(ann, "one")
    place = bob.told(RoomTold)[-1].head
    bob.hang_up()
    say(ann, "two", "three", "four", "five")
    server.settle(LOOK + 1)
    again = server.visitor()
    again.ask(Login(name="bob", password=PASSWORD))
    server.settle()
    again.ask(Sync(epoch=server.logs.epoch, places=((lobby, place),), show=0))
    server.settle()
    (told,) = [unit for unit in again.told(RoomTold) if unit.room == lobby and unit.resumption is Resumption.PRUNED]
    assert told.after == told.floor - 1 > place
    assert again.heard(lobby) == ["four", "five"]


def test_what_is_gone_cannot_be_answered_and_its_id_is_known(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    first = Say(id=server.new_id(), room=lobby, text="one")
    ann.ask(first)
    server.settle()
    kept = ann.told(Kept)[-1]
    say(ann, "two", "three", "four")
    server.settle(LOOK + 1)
    ann.ask(Say(id=server.new_id(), room=lobby, text="to that", reply=kept.number))
    server.settle()
    assert ann.told(Refused)[-1].code is Code.NO_SUCH_MESSAGE
    ann.ask(first)
    server.settle()
    assert ann.told(Kept)[-1] == kept
    assert history(ann, lobby) == ["three", "four"], "it was not said again"


def test_a_room_of_its_own_keeps_less(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    ann.ask(ChangeSettings(id=server.new_id(), room=tea, change=SettingsChange(keep_messages=1)))
    for text in "ab":
        ann.ask(Say(id=server.new_id(), room=tea, text=text))
    server.settle(LOOK + 1)
    assert history(ann, tea) == ["b"]


def test_what_an_earlier_process_has_left_goes_at_once() -> None:
    before = server_keeping(Retention())
    ann = before.registered("ann")
    lobby = say(ann, "one", "two")
    state = before.parts.rooms.get(lobby)
    assert state is not None
    before.done(before.logs.raise_floors([Floor(lobby, state.state.head + 1, 2)]))
    after = server_keeping(Retention(), logs=before.logs)
    after.settle(1.0)
    found = after.done(after.logs.page(lobby, after=0, upto=99, limit=99, bytes_max=9999))
    assert found.entries == ()
    assert after.parts.unscrubbed


class Lingering(MemoryLogStore):
    """A store that is slow to say that it has kept something."""

    server: HubRoom | None = None

    async def append(self, additions: Sequence[Addition]) -> Sequence[Appended | Moved]:
        answers = await super().append(additions)
        if self.server is not None:
            await self.server.parts.clock.wait_seconds(1.5 * LOOK)
        return answers


def test_what_is_kept_and_not_told_yet_is_told_before_it_goes() -> None:
    server = server_keeping(Retention(messages=1), logs=Lingering())
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby, logs = ann.room("lobby"), server.logs
    assert isinstance(logs, Lingering)
    logs.server = server
    for text in ("one", "two", "three"):
        ann.ask(Say(id=server.new_id(), room=lobby, text=text))
    server.settle(LOOK)
    assert bob.heard(lobby) == [], "the look came first"
    server.settle(0.7 * LOOK)
    assert bob.heard(lobby) == ["one", "two", "three"]
    first = next(unit for unit in bob.told(Entries) if unit.room == lobby and isinstance(unit.entries[0].body, Message))
    opened = server.parts.rooms.get(lobby)
    assert opened is not None
    assert opened.state.floor <= first.entries[0].number, "nobody is told of what has gone"
    logs.server = None
    server.settle(LOOK)
    assert history(ann, lobby) == ["three"]


class Failing(MemoryLogStore):
    """A store in which no floor rises while it is broken, and rooms cannot be read or pruned that are damaged."""

    broken = False
    damaged = RoomId(0)

    async def room(self, room: RoomId) -> Room | None:
        if room == self.damaged:
            raise StoreFault("it is damaged")
        return await super().room(room)

    async def prune(self, room: RoomId, *, limit: int) -> bool:
        if room == self.damaged:
            raise StoreFault("it is damaged")
        return await super().prune(room, limit=limit)

    async def raise_floors(self, floors: Sequence[Floor]) -> None:
        if self.broken:
            raise StoreFault("the disk is gone")
        await super().raise_floors(floors)


def test_a_store_that_fails_is_told_of_once_and_asked_again() -> None:
    server = server_keeping(Retention(messages=1), logs=Failing())
    logs = server.logs
    assert isinstance(logs, Failing)
    ann = server.registered("ann")
    lobby = say(ann, "one", "two")
    logs.broken = True
    server.settle(3 * LOOK)
    assert [event for event, _ in server.notebook.faults] == ["forgetting failed"]
    assert history(ann, lobby) == ["one", "two"]
    logs.broken = False
    server.settle(LOOK)
    assert history(ann, lobby) == ["two"]


@pytest.mark.parametrize("is_open", [True, False])
def test_a_damaged_room_keeps_no_other_one(is_open: bool) -> None:
    server = server_keeping(Retention(), logs=Failing())
    logs, rooms = server.logs, server.parts.rooms
    assert isinstance(logs, Failing)
    tea, cake = server.registered("ann").join("tea"), server.registered("bob").join("cake")
    server.parts.settings = msgspec.structs.replace(server.parts.settings, retention=Retention(entries=1))
    logs.damaged, opened = tea, rooms.get(tea)
    assert opened is not None
    if not is_open:
        rooms.put_away(opened)

    def kept(room: RoomId) -> int:
        return len(server.done(logs.page(room, after=0, upto=99, limit=99, bytes_max=9999)).entries)

    server.settle(2 * LOOK)
    assert [event for event, _ in server.notebook.faults] == ["forgetting failed"]
    assert kept(tea) > kept(cake) == 1
    logs.damaged = RoomId(0)
    server.settle(LOOK)
    assert kept(tea) == 1


class Loaded(MemoryLogStore):
    """A store whose disk has so much to do that forgetting anything takes a second."""

    server: HubRoom
    asked: Sequence[float] = ()

    async def prune(self, room: RoomId, *, limit: int) -> bool:
        clock = self.server.parts.clock
        self.asked = (*self.asked, clock.seconds())
        await clock.wait_seconds(1.0)
        return await super().prune(room, limit=2)


def test_a_disk_that_has_much_to_do_is_left_to_people_for_most_of_the_time() -> None:
    server = server_keeping(Retention(messages=1), logs=Loaded())
    logs = server.logs
    assert isinstance(logs, Loaded)
    logs.server = server
    say(server.registered("ann"), *"abcdef")
    server.settle(2 * LOOK)
    pauses = [later - earlier for earlier, later in zip(logs.asked, logs.asked[1:], strict=False)]
    assert len(pauses) >= 2
    assert all(pause >= 10.0 for pause in pauses)


class Slow(MemoryLogStore):
    """A store in which a floor rises while a page is on its way."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    async def page(
        self, room: RoomId, *, after: int, upto: int, limit: int, bytes_max: int, messages: bool = False
    ) -> KeptPage:
        found = await super().page(room, after=after, upto=upto, limit=limit, bytes_max=bytes_max, messages=messages)
        self.meanwhile()
        return found

    async def page_before(
        self, room: RoomId, *, before: int, first: int, limit: int, bytes_max: int, messages: bool = False
    ) -> KeptPage:
        found = await super().page_before(
            room, before=before, first=first, limit=limit, bytes_max=bytes_max, messages=messages
        )
        self.meanwhile()
        return found

    async def search(
        self,
        query: Query,
        scope: Mapping[RoomId, Reading],
        *,
        older_than: SearchPlace | None,
        limit: int,
        bytes_max: int,
        spans_max: int,
    ) -> Found:
        found = await super().search(
            query, scope, older_than=older_than, limit=limit, bytes_max=bytes_max, spans_max=spans_max
        )
        self.meanwhile()
        return found


def test_nothing_is_given_from_before_a_floor_that_rises_while_a_page_is_read() -> None:
    server = server_keeping(Retention(), logs=Slow())
    ann = server.registered("ann")
    lobby = say(ann, "one", "two", "three", "four")
    opened = server.parts.rooms.get(lobby)
    assert opened is not None
    assert isinstance(server.logs, Slow)
    floor = Floor(lobby, opened.state.head, 3)
    server.logs.meanwhile = lambda: opened.raise_floor(floor)
    assert history(ann, lobby) == ["four"]


def test_a_reader_that_is_behind_jumps_where_the_floor_rises_while_its_page_is_read() -> None:
    limits = Limits(tail_entries_max=0, ping_seconds=86_400.0)
    server = HubRoom(limits=limits, logs=Slow())
    ann = server.registered("ann")
    lobby = say(ann, "one", "two", "three")
    opened = server.parts.rooms.get(lobby)
    assert opened is not None
    assert isinstance(server.logs, Slow)
    floor = Floor(lobby, opened.state.head, 2)
    server.logs.meanwhile = lambda: opened.raise_floor(floor)
    again = server.visitor()
    again.ask(Login(name="ann", password=PASSWORD))
    server.settle()
    again.ask(Sync(epoch=server.logs.epoch, places=((lobby, 1),), show=0))
    server.settle()
    assert again.heard(lobby) == ["three"]
    told = [unit for unit in again.told(RoomTold) if unit.room == lobby]
    assert [(one.resumption, one.after) for one in told] == [
        (Resumption.ON, 1),
        (Resumption.PRUNED, floor.number - 1),
    ]


def test_what_is_forgotten_while_somebody_looks_for_it_is_not_found() -> None:
    server = server_keeping(Retention(), logs=Slow())
    ann = server.registered("ann")
    lobby = say(ann, "tea", "tea again")
    opened = server.parts.rooms.get(lobby)
    assert opened is not None
    assert isinstance(server.logs, Slow)
    floor = Floor(lobby, opened.state.head, 1)

    def found() -> list[int]:
        ann.ask(Search(query="tea"))
        server.settle(1.0)
        return [hit.entry.number for hit in ann.told(SearchPage)[-1].hits]

    assert found() == [floor.number, floor.number - 1]
    server.logs.meanwhile = lambda: opened.raise_floor(floor)
    assert found() == [floor.number], "it rose while this was looked for"
    assert found() == [floor.number]


def test_the_audit_trail_is_as_old_as_what_is_kept() -> None:
    server = server_keeping(Retention(seconds=100))
    ann = server.registered("ann")
    tea = ann.join("tea")
    ann.ask(ChangeSettings(id=server.new_id(), room=tea, change=SettingsChange(moderated=True)))
    server.settle()
    assert server.done(server.logs.audit(limit=9))
    server.settle(100 + 2 * LOOK)
    assert server.done(server.logs.audit(limit=9)) == []
