"""Removing an account: a list of steps that survives a crash at any of them.

The first is kept in `messages.db` before anything is touched, and from then on there is no way back: every start of a
server goes on where the last one ended. The secrets and the name go first, then the sessions and the memberships, so
that whoever is being removed can neither write nor read while the rest is done. What was said is gone through once for
the words, if they are to go, and once for the name. All of it may be repeated.

A message is taken back by a redaction of its own, and not all of a room's by one entry: clients of any age, IRC and a
search index already know what that is, one that is behind is told of what it has and of nothing else, and what is done
so far shows in the log itself, so that a crash leaves nothing to be found out. It costs an entry for each message.
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

import msgspec

from besedka.chat.entries import (
    Draft,
    Entry,
    MembershipChanged,
    Message,
    Person,
    Reacted,
    Redacted,
    RoleChange,
    RolesChanged,
    RoomId,
    RoomRole,
    Way,
)
from besedka.chat.forgetting import Bygone, forgotten, tombstone
from besedka.chat.principals import SERVER, AccountName, PrincipalId
from besedka.chat.rooms import Room
from besedka.chat.told import Parting
from besedka.hub.accounts import Account
from besedka.hub.belongings import Place, Step, Steps
from besedka.hub.faults import StoreUnsure
from besedka.hub.lending import take_back
from besedka.hub.orders import Outcome
from besedka.hub.rooms import OpenRoom
from besedka.hub.turn import Turn

if TYPE_CHECKING:
    from besedka.hub.hub import Hub

DAY_MILLISECONDS = 86_400_000

TAKEN_BACK_AT_ONCE = 50
"""Messages of one turn: their rewriting takes some 5 ms of its commit, which others' messages wait for."""

_SERVER_NAME = AccountName("server")


class Removal(msgspec.Struct, frozen=True, tag_field="deed", tag="remove", omit_defaults=True):
    """A removal, as the store keeps it until all of it is done."""

    account: PrincipalId
    name: AccountName = AccountName("")
    """Empty in steps of a version that kept no name: then only who speaks is renamed."""
    redact: bool = False
    """Whether what they said goes too."""
    name_until: int = 0
    """Until when nobody else may bear the name, in milliseconds since 1970 UTC."""
    taken_back: bool = False
    """Whether nothing is left to be taken back."""
    upto: Place = Place()
    """How far the logs were gone through: for the words, and when these are done for the name."""

    @property
    def bygone(self) -> Bygone:
        """Who is to be forgotten."""
        return Bygone(self.account, self.name, self.redact)

    def step(self, number: int) -> Step:
        """As it is kept under this number."""
        return Step(number, msgspec.json.encode(self).decode())


class Accounts(Protocol):
    """Where accounts are removed from."""

    async def remove_account(self, account: PrincipalId, *, name_until: int = 0) -> None:
        """As `hub.accounts` has it."""
        ...


async def begin(steps: Steps, accounts: Accounts, account: Account, *, redact: bool, now: int, name_days: int) -> Step:
    """Remove an account for ever; `Removing.finish` does the rest, now or at the next start. Raises `StoreFault`."""
    until = now + name_days * DAY_MILLISECONDS
    removal = Removal(account.id, account.name, redact, until)
    number = await steps.add_step(removal.step(0).what)
    await accounts.remove_account(account.id, name_until=until)
    return removal.step(number)


class Removing:
    """Finishes removals where a server runs."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parts = hub.parts

    async def finish(self, step: Step) -> None:
        """Do what is left of it, and forget the step. Raises `StoreFault`."""
        removal = msgspec.json.decode(step.what, type=Removal)
        await self._parts.accounts.remove_account(removal.account, name_until=removal.name_until)
        await self.leave(removal.account)
        if removal.redact and not removal.taken_back:
            removal = await self._take_everything_back(step.id, removal)
        await self._bury(step.id, removal)
        await self._erase_inbox(removal.account)
        self._parts.unscrubbed = True
        await self._parts.logs.finish_step(step.id)
        self._parts.journal.note("removal finished", account=removal.account)

    # Sessions and rooms ---------------------------------------------------------------------------------------------

    async def leave(self, account: PrincipalId) -> None:
        """The account is no more: it leaves every room, by entries, and its sessions end."""
        self._parts.people_changes += 1
        take_back(self._hub, account)
        await self._leave_all(account)
        online = self._parts.attendance.get(account)
        for session in () if online is None else list(online.sessions):
            self._hub.part(session, Parting.REVOKED)
        await self._leave_all(account)  # One of them may have entered another meanwhile.

    async def _leave_all(self, account: PrincipalId) -> None:
        for brief in await self._parts.logs.briefs(account):
            if brief.member:
                await self._leave(brief.room, account)

    async def _leave(self, room: RoomId, account: PrincipalId) -> None:
        def write(turn: Turn) -> Outcome:
            opened = self._parts.rooms.get(room)
            if opened is None or not turn.has_inbox(account):
                return Outcome.UNPREPARED
            state = turn.tentative(opened.state)
            member = state.members.get(account)
            if member is None:
                return Outcome.NOTHING
            heir = _heir(state, account)
            passed_on = () if heir is None else (RolesChanged((RoleChange(heir, RoomRole.OWNER),)),)
            removed = MembershipChanged(Way.REMOVED, (Person(account, member.name),))
            turn.add(state, [Draft(SERVER, _SERVER_NAME, body) for body in (*passed_on, removed)])
            return Outcome.KEPT

        outcome = Outcome.UNPREPARED
        while outcome is Outcome.UNPREPARED:
            inbox = await self._parts.logs.inbox(account)
            if await self._parts.open_room(room) is None or inbox is None:
                return
            await self._parts.open_room(inbox)
            outcome = await self._hub.orders.carry_out(write)
        _hold(outcome)

    # Words ----------------------------------------------------------------------------------------------------------

    async def _take_everything_back(self, step: int, removal: Removal) -> Removal:
        """Redact every message of theirs and withdraw every reaction, in every room there ever was."""
        place: Place | None = removal.upto
        while place is not None:
            bytes_max = self._parts.limits.run_bytes_max
            page = await self._parts.logs.authored(
                removal.account, after=place, limit=TAKEN_BACK_AT_ONCE, bytes_max=bytes_max
            )
            for room, found in groupby(page.entries, key=lambda one: one[0]):
                await self._take_back(room, [entry for _, entry in found])
            place = page.upto
            done = msgspec.structs.replace(removal, taken_back=place is None, upto=place or Place())
            await self._parts.logs.update_step(step, done.step(step).what)
        return done

    async def _take_back(self, room: RoomId, entries: list[Entry]) -> None:
        """What these say in one room, as far as it is still said."""
        outcome = Outcome.UNPREPARED
        while outcome is Outcome.UNPREPARED:
            opened = await self._parts.open_room(room)
            if opened is None:
                return
            retraction = _Retraction(room, opened.state.head)
            for entry in entries:
                await self._prepare(retraction, entry)
            if not retraction.messages and not retraction.reactions:
                return
            outcome = await self._hub.orders.carry_out(partial(self._retract, retraction))
        _hold(outcome)

    def _retract(self, retraction: _Retraction, turn: Turn) -> Outcome:
        return retraction.write(turn, self._parts.rooms.get(retraction.room))

    async def _prepare(self, retraction: _Retraction, entry: Entry) -> None:
        """Look up what there is of it by now."""
        body, room, logs = entry.body, retraction.room, self._parts.logs
        if isinstance(body, Message):
            kept = await logs.entry(room, entry.number)
            if kept is not None and isinstance(kept.body, Message) and not kept.body.redacted:
                retraction.messages.append(kept)
        elif isinstance(body, Reacted) and not body.withdrawn:
            standing = await logs.reactions(room, body.number, entry.author, body.reaction)
            if standing.mine:
                withdrawn = Reacted(body.number, body.reaction, withdrawn=True)
                retraction.reactions[withdrawn] = Draft(entry.author, tombstone(entry.author), withdrawn)

    # The name -------------------------------------------------------------------------------------------------------

    async def _bury(self, step: int, removal: Removal) -> None:
        """Whatever names them in the logs names their tombstone instead."""
        await self._bury_in_tails(removal.bygone)  # Pages that were read meanwhile say it still, and nothing after.
        place: Place | None = removal.upto
        while place is not None:
            place = await self._parts.logs.forget(removal.bygone, after=place)
            if place is not None:
                done = msgspec.structs.replace(removal, upto=place)
                await self._parts.logs.update_step(step, done.step(step).what)
        await self._bury_in_tails(removal.bygone)  # A turn that was under way may have named them.
        self._parts.attendance.departed.forget(removal.account)

    async def _bury_in_tails(self, whom: Bygone) -> None:
        for opened in list(self._parts.rooms):
            opened.tail[:] = [forgotten(entry, whom) if whom.is_in(entry) else entry for entry in opened.tail]
            await self._parts.clock.wait_seconds(0)  # A thousand rooms in one breath would be felt.

    async def _erase_inbox(self, account: PrincipalId) -> None:
        self._put_inbox_away(account)
        await self._parts.logs.erase_inbox(account)
        self._put_inbox_away(account)  # Somebody may have looked into it meanwhile.

    def _put_inbox_away(self, account: PrincipalId) -> None:
        opened = self._parts.rooms.inbox_of(account)
        if opened is not None:
            self._parts.rooms.put_away(opened)


class _Retraction:
    """What is taken back in one room by one turn."""

    def __init__(self, room: RoomId, head: int) -> None:
        self.room = room
        self._head = head
        """Of the room when the messages were looked up."""
        self.messages: list[Entry] = []
        self.reactions: dict[Reacted, Draft] = {}

    def write(self, turn: Turn, opened: OpenRoom | None) -> Outcome:
        """Add it all, or nothing where something was touched since it was looked up."""
        if opened is None:
            return Outcome.UNPREPARED
        mended = turn.mended.get(self.room, ())
        for message in self.messages:
            if message.number in mended or not opened.is_untouched(message.number, since=self._head):
                return Outcome.UNPREPARED
        for message in self.messages:
            mark = tombstone(message.author)
            redacted = Redacted(message.number, Person(message.author, mark))
            turn.add(opened.state, (Draft(message.author, mark, redacted),), target=message)
        if self.reactions:
            turn.add(opened.state, self.reactions.values())
        return Outcome.KEPT


def _hold(outcome: Outcome) -> None:
    """Raises `StoreFault` unless it is kept, or was so before."""
    if outcome is Outcome.FAILED:
        raise StoreUnsure("a step of a removal may not have been kept")


def _heir(room: Room, owner: PrincipalId) -> Person | None:
    """Who owns a room after its last owner: whoever has been a moderator longest, else a member; None if not needed."""
    member, others = room.members[owner], {one: other for one, other in room.members.items() if one != owner}
    if member.role is not RoomRole.OWNER or any(other.role is RoomRole.OWNER for other in others.values()):
        return None
    longest = min(others, key=lambda one: (others[one].role is not RoomRole.MODERATOR, others[one].first), default=None)
    return None if longest is None else Person(longest, others[longest].name)
