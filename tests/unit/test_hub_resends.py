"""Faults that only appear when something happens while something else is read; the simulator found each of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from besedka.chat.answers import OverviewTold, PersonTold
from besedka.chat.entries import SettingsChange
from besedka.chat.own_requests import Overview, Whois
from besedka.chat.principals import PrincipalId
from besedka.chat.requests import Join, Leave, Say
from besedka.chat.room_requests import ChangeSettings, Kick
from besedka.chat.told import Kept
from besedka.hub.faults import StoreUnsure
from besedka.hub.keeping import Unread
from besedka.limits import Limits
from hub_room import HubRoom


class Slowness:
    """How long each call of the store takes before it is carried out, beside what the weather does."""

    def __init__(self, server: HubRoom, patch: pytest.MonkeyPatch) -> None:
        self.seconds: dict[str, float] = {}
        calm = server.weather.before

        async def before(call: str) -> None:
            if call in self.seconds:
                await server.process.wait_seconds(self.seconds[call])
            await calm(call)

        patch.setattr(server.weather, "before", before)


@pytest.fixture
def server() -> HubRoom:
    """With nothing in memory but the rooms themselves, so that every page is read from the store."""
    return HubRoom(limits=Limits(tail_entries_max=0))


def test_a_request_looked_up_during_its_own_commit_is_kept_once(
    server: HubRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = server.registered("ann")
    other = server.another(ann)
    lobby = ann.room("lobby")
    slow = Slowness(server, monkeypatch)
    slow.seconds = {"newest_request": 0.5, "append": 1.0}
    say = Say(id=server.new_id(), room=lobby, text="once")
    ann.ask(say)
    server.settle(0.3)
    other.ask(say)  # Its look-up begins before the first is judged, and reads before that is kept.
    server.settle(5)
    assert ann.heard(lobby) == other.heard(lobby) == ["once"]
    assert ann.told(Kept) == other.told(Kept)


def test_what_was_looked_up_before_a_doubt_is_not_believed_after_it(
    server: HubRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = server.registered("ann")
    other = server.another(ann)
    lobby = ann.room("lobby")
    slow = Slowness(server, monkeypatch)
    slow.seconds = {"briefs": 2.0}
    other.ask(Say(id=server.new_id(), room=lobby, text="later"))
    server.settle(0.05)  # It has read which request was the last, and that nothing was kept yet.
    slow.seconds = {"append": 1.0}
    server.weather.doubtful = StoreUnsure("kept, but nobody knows")
    ann.ask(Say(id=server.new_id(), room=lobby, text="once"))
    server.settle(10)
    assert sorted(ann.heard(lobby)) == ["later", "once"]


def test_a_reader_behind_gets_what_is_kept_while_its_page_is_read(
    server: HubRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    slow = Slowness(server, monkeypatch)
    slow.seconds = {"page": 1.0}
    bob.link.full = True
    ann.ask(Say(id=server.new_id(), room=lobby, text="one"))
    server.settle()
    bob.link.full = False
    server.hub.drained(bob.session)
    server.settle(0.5)
    ann.ask(Say(id=server.new_id(), room=lobby, text="two"))
    server.settle(5)
    ann.ask(Say(id=server.new_id(), room=lobby, text="three"))
    server.settle(5)
    assert bob.heard(lobby) == ["one", "two", "three"]


def test_a_reader_behind_misses_nothing_by_joining_again(server: HubRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    slow = Slowness(server, monkeypatch)
    slow.seconds = {"page": 1.0}
    bob.link.full = True
    ann.ask(Say(id=server.new_id(), room=tea, text="one"), Say(id=server.new_id(), room=tea, text="two"))
    server.settle()
    bob.link.full = False
    server.hub.drained(bob.session)
    server.settle(0.5)
    bob.ask(Join(id=server.new_id(), name="tea"))
    server.settle(5)
    assert bob.heard(tea) == ["one", "two"]


def test_a_joining_is_known_though_another_room_bears_the_name_by_now(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("passer-by")
    ended = guest.join("tea")
    join = Join(id=server.new_id(), name="tea")
    ann.ask(join, Leave(id=server.new_id(), room=ended))
    server.settle()
    guest.ask(Leave(id=server.new_id(), room=ended))
    server.settle(1)
    ann.ask(Join(id=server.new_id(), name="tea"))
    server.settle(1)
    first, *_ = [kept for kept in ann.told(Kept) if kept.id == join.id]
    ann.ask(join)
    server.settle(1)
    assert [kept for kept in ann.told(Kept) if kept.id == join.id] == [first, first]
    assert first.room == ended


@pytest.fixture
def late_lists(server: HubRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the store says of somebody's rooms is a second old when it comes."""
    read = server.logs.unread

    async def unread(account: PrincipalId) -> Sequence[Unread]:
        found = await read(account)
        await server.process.wait_seconds(1.0)
        return found

    monkeypatch.setattr(server.logs, "unread", unread)


@pytest.mark.usefixtures("late_lists")
def test_a_room_that_was_hidden_while_somebody_asked_who_is_in_it_is_not_listed(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.ask(Whois(name="ann"))
    server.settle(0.5)
    ann.ask(ChangeSettings(id=server.new_id(), room=tea, change=SettingsChange(hidden=True)))
    server.settle(5)
    (told,) = bob.told(PersonTold)
    assert [line.room_name for line in told.rooms] == ["lobby"]


@pytest.mark.usefixtures("late_lists")
def test_a_room_one_was_put_out_of_while_one_asked_is_in_no_list_of_ones_own(server: HubRoom) -> None:
    ann, bob, cat = server.registered("ann"), server.registered("bob"), server.registered("cat")
    tea = ann.join("tea")
    bob.join("tea")
    bob.ask(Overview())
    cat.ask(Whois(name="bob"))
    server.settle(0.5)
    ann.ask(Kick(id=server.new_id(), room=tea, name="bob"))
    server.settle(5)
    (overview,), (told,) = bob.told(OverviewTold), cat.told(PersonTold)
    assert [one.line.room_name for one in overview.rooms] == ["lobby"]
    assert [line.room_name for line in told.rooms] == ["lobby"]
