"""Rooms: finding, making, entering, setting and leaving them."""

from __future__ import annotations

from typing import Any

from besedka.chat.entries import Kind, SettingsChange
from besedka.chat.room_requests import ChangeSettings, Invite, MakeCode, Open, Rename, Uninvite
from besedka.client.answering import SETTINGS, settings_lines
from besedka.client.deeds.here import Asked, Deed, Here, numbered, person, seconds_of, split
from besedka.client.memory import KnownRoom
from besedka.client.showing import label
from besedka.words import _

_DAY_SECONDS = 86_400
_CODE_DAYS = 7


class Rooms:
    """Commands about rooms, whoever governs them."""

    def __init__(self, here: Here) -> None:
        self._here = here

    def deeds(self) -> dict[str, Deed]:
        """By the word after the slash."""
        return {
            "rooms": lambda _: self._here.core.list_rooms() if self._here.online() else None,
            "join": self._join,
            "make": self._make,
            "room": self._room,
            "leave": self._leave,
            "topic": self._topic,
            "invite": lambda argument: self._invite(argument, withdrawn=False),
            "uninvite": lambda argument: self._invite(argument, withdrawn=True),
            "code": self._code,
            "settings": self._settings,
            "rename": lambda argument: self._here.of_room(Rename, name=argument.removeprefix("#")),
        }

    def _look_at(self, known: KnownRoom) -> None:
        self._here.surface.current = known.room
        self._here.surface.say_where()

    def _join(self, argument: str) -> Asked:
        name, key = split(argument)
        known = self._here.surface.room_called(name)
        if known is None:
            return self._here.core.join(name, key=key, code=key)  # Whoever was given one need not know which it is.
        self._look_at(known)
        return None

    def _make(self, argument: str) -> Asked:
        name, topic = split(argument)
        word, rest = split(topic) if topic else ("", "")
        private = word.casefold() == Kind.PRIVATE.value
        kind = Kind.PRIVATE if private else Kind.PUBLIC
        return self._here.ask(Open(name=name, room_kind=kind, topic=rest if private else topic))

    def _room(self, argument: str) -> Asked:
        known = self._here.room(argument)
        if known is not None:
            self._look_at(known)
        return None

    def _leave(self, argument: str) -> Asked:
        word, rest = split(argument) if argument else ("", "")
        named = self._here.surface.room_called(word) if word else None
        known = named or self._here.room("")
        if known is None:
            return None
        return self._here.core.leave(known.room, reason=argument if named is None else rest)

    def _topic(self, argument: str) -> Asked:
        known = self._here.room("")
        if known is None:
            return None
        if argument:
            return self._here.core.topic(known.room, argument)
        self._here.surface.say_where()
        return None

    def _invite(self, argument: str, *, withdrawn: bool) -> Asked:
        name, room = split(argument)
        known = self._here.room(room)
        make = Uninvite if withdrawn else Invite
        return None if known is None else self._here.ask(make(room=known.room, name=person(name)))

    def _code(self, argument: str) -> Asked:
        days = numbered(argument) if argument else _CODE_DAYS
        if not days:
            self._here.say(_("/code takes a number of days."))
            return None
        return self._here.of_room(MakeCode, seconds=days * _DAY_SECONDS)

    def _settings(self, argument: str) -> Asked:
        known = self._here.room("")
        if known is None:
            return None
        if not argument:
            where = label(known, self._here.core.principal)
            self._here.surface.say_lines(settings_lines(known.settings, where, self._here.surface.look))
            return None
        word, value = split(argument)
        change = _change(word.casefold(), value.strip())
        if change is None:
            names = ", ".join(SETTINGS)
            text = _(
                "A setting is one of {names}; most are on or off, limit and keep-last take a number,"
                " slow and keep-for a time such as 30s or 30d."
            )
            self._here.say(text.format(names=names))
            return None
        return self._here.ask(ChangeSettings(room=known.room, change=change))


def _change(word: str, value: str) -> SettingsChange | None:
    """What `/settings WORD VALUE` changes; None where that is not possible."""
    name = SETTINGS.get(word)
    off = value.casefold() == "off"
    chosen: Any
    match name:
        case None:
            return None
        case "key":
            chosen = "" if off else value or None
        case "members_max" | "keep_messages":
            chosen = 0 if off else numbered(value)
        case "keep_seconds":
            chosen = 0 if off else seconds_of(value)
        case "slow_seconds":
            chosen = 0 if off else numbered(value) or seconds_of(value)
        case _:
            chosen = {"on": True, "off": False}.get(value.casefold())
    return None if chosen is None else SettingsChange(**{name: chosen})
