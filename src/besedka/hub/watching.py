"""What is told beside a room's run because something was kept: values that sessions watch, and what people are.

A session names the keys that it watches. It is told of a room's values where it is at the head of the room, and of a
person's where it shares a room with them; like all signals, this is dropped for whoever is full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import cast

from immutables import Map

from besedka.chat.answers import DataTold
from besedka.chat.entries import Body, DataSet, Entry, Kind, Message, ProfileSet
from besedka.chat.own_requests import WatchData
from besedka.chat.personal import Profile
from besedka.chat.refusals import Code, Refusal
from besedka.chat.told import Done, Unit
from besedka.hub.following import Following
from besedka.hub.presence import Attendance
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session
from besedka.hub.signals import Signals, shown
from besedka.limits import Limits

REAL_NAME = "=real-name"
BOT = "=bot"
"""Keys under which a change of somebody's profile is told: no value of anybody's has a key with `=` in it."""


class Watching:
    """Which session watches what."""

    def __init__(self, *, limits: Limits, attendance: Attendance, signals: Signals, following: Following) -> None:
        self._limits = limits
        self._attendance = attendance
        self._signals = signals
        self._following = following
        self._keys: dict[Session, frozenset[str]] = {}
        """Bounded by the sessions, each with the keys that one request may name."""
        self._heeded: dict[type, Callable[[OpenRoom, Entry, Body], None]] = {
            DataSet: self._data_set,
            ProfileSet: self._profile_set,
        }

    def watch(self, session: Session, request: WatchData) -> Unit | Refusal:
        """From here on these keys and no others."""
        if any(len(key) > self._limits.data_key_bytes_max for key in request.keys):
            return Refusal(Code.BAD_VALUE, "keys")
        self._keys.pop(session, None)
        if request.keys:
            self._keys[session] = frozenset(request.keys)
        return Done(request.request_id)

    def forget(self, session: Session) -> None:
        """The session has ended."""
        self._keys.pop(session, None)

    # What was kept --------------------------------------------------------------------------------------------------

    def kept(self, opened: OpenRoom, entries: Sequence[Entry]) -> None:
        """These are true and told."""
        somebody_typed = self._signals.somebody_typed
        for entry in entries:
            kind = type(entry.body)
            if kind is Message:
                if somebody_typed:
                    self._signals.said(opened.state.id, entry.author)
            elif kind in self._heeded:
                self._heeded[kind](opened, entry, entry.body)

    def _data_set(self, opened: OpenRoom, _entry: Entry, body: Body) -> None:
        data, state = cast(DataSet, body), opened.state
        if state.kind is not Kind.INBOX:
            unit = DataTold(data.key, data.value, room=state.id)
            self._tell(unit, _readers(opened))
            return
        online = None if state.owner is None else self._attendance.get(state.owner)
        if online is not None:
            online.data = state.data
            self.value_changed(online, data.key, data.value, beside=self._following.followers(online))

    def _profile_set(self, opened: OpenRoom, _entry: Entry, _body: Body) -> None:
        online = None if opened.state.owner is None else self._attendance.get(opened.state.owner)
        if online is not None:
            self.profile_changed(online, opened.state.personal.profile)

    def guest_changed(self, guest: Online, profile: Profile, data: Map[str, str]) -> None:
        """What a guest says of itself is this from now on: its session remembers it, and no inbox."""
        before, guest.data = guest.data, data
        for key in sorted({*before, *data}):
            if before.get(key) != data.get(key):
                self.value_changed(guest, key, data.get(key, ""), beside=self._following.followers(guest))
        self.profile_changed(guest, profile)

    def profile_changed(self, online: Online, profile: Profile) -> None:
        """What somebody who is online says of itself is this from now on."""
        before, was, online.profile = online.profile, shown(online), profile
        if profile.invisible is not before.invisible:
            self._following.look(online.nick)
            self._attendance.census.note(online)
            self._signals.changed(self._signals.rooms_of(online), online, was)
        if profile.real_name != before.real_name:
            # Whoever has just come says its real name only then; to those who follow it, that belongs to its coming.
            keen = self._following.keenly(online) if before.real_name else ()
            self.value_changed(online, REAL_NAME, profile.real_name, beside=keen)
        if profile.bot is not before.bot:
            self.value_changed(online, BOT, "1" if profile.bot else "")

    def value_changed(self, online: Online, key: str, value: str, *, beside: Iterable[Session] = ()) -> None:
        """A value of somebody who is online is this from now on. Nothing is told of who is invisible.

        It is told to whoever shares a room with them, and to those `beside`.
        """
        if not shown(online).online:
            return
        unit = DataTold(key, value, person=online.person)
        concerned = dict.fromkeys(beside)
        for opened in self._signals.rooms_of(online):
            concerned.update(dict.fromkeys(_readers(opened)))
        self._tell(unit, [session for session in concerned if session.online is not online])

    def _tell(self, unit: DataTold, sessions: Iterable[Session]) -> None:
        for session in sessions:
            if unit.key in self._keys.get(session, ()) and not session.link.full:
                session.tell(unit)


def _readers(opened: OpenRoom) -> list[Session]:
    """The sessions at the head of a room. A list, for what they are told may change how they read it."""
    return [session for sessions in opened.readers.values() for session in sessions]
