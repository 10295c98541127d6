"""How the answers to questions look: lists of rooms, people, masks and devices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from besedka.chat.answers import (
    DataList,
    InviteCode,
    MarkLine,
    MarkList,
    OverviewLine,
    OverviewTold,
    PersonTold,
    SessionLine,
    SessionList,
    WhowasList,
)
from besedka.chat.entries import Level, Listing, RoomId, RoomRole
from besedka.chat.own_requests import Away, ChangePassword, EndSessions, MoveMarker, RemoveAccount, SetProfile
from besedka.chat.principals import AccountRole
from besedka.chat.refusals import N_
from besedka.chat.requests import Write
from besedka.chat.room_requests import SetData
from besedka.chat.settings import RoomSettings
from besedka.chat.text import harmless_line
from besedka.chat.told import People, PersonLine, RoomLine, RoomList
from besedka.client.showing import INDENT, Look, moment
from besedka.client.transcript import LEVELS
from besedka.wire.text_phrases import duration_phrase
from besedka.words import _, plural


def say(template: str, /, **fields: str | int) -> str:
    """A phrase of the program with its fields filled in, in the reader's language."""
    return _(template).format(**fields)


# Rooms -----------------------------------------------------------------------------------------------------------


def room_lines(rooms: RoomList, known: Sequence[str], look: Look) -> list[str]:
    """The answer to `/rooms`; `known` are the labels of the rooms I am in that no list of rooms has."""
    lines = [_room_line(room, look) for room in rooms.rooms]
    if rooms.more:
        lines.append(look.dim(_("and more; a server shows so many at once")))
    return [*lines, *(f"* {one}" for one in known)] or [look.dim(_("There are no rooms yet; /join NAME makes one."))]


def _room_line(room: RoomLine, look: Look) -> str:
    mark = "*" if room.joined else " "
    people = plural("{count} person", "{count} people", room.members)
    topic = f"  {harmless_line(room.topic)}" if room.topic else ""
    return f"{mark} {look.bold(harmless_line(room.room_name))}  {look.dim(people)}{topic}"


def overview_lines(
    overview: OverviewTold, label: Callable[[RoomLine], str], look: Look, *, all_rooms: bool
) -> list[str]:
    """The answer to `/unread`; without `all_rooms` only those in which something is, and nothing else."""
    shown = [line for line in overview.rooms if line.unread or all_rooms]
    return [_overview_line(line, label(line.line), look) for line in shown]


def _overview_line(line: OverviewLine, where: str, look: Look) -> str:
    parts = [plural("{count} unread", "{count} unread", line.unread)]
    if line.mentions:
        parts.append(look.bold(plural("{count} mention of you", "{count} mentions of you", line.mentions)))
    if line.level is not Level.ALL:
        parts.append(look.dim(_("notified of {what}").format(what=_(LEVELS[line.level]))))
    return f"{where}: " + ", ".join(parts)


_SETTING_WORDS = {
    "invite_only": "invite-only",
    "hidden": "hidden",
    "members_only": "members-only",
    "topic_locked": "topic-locked",
    "moderated": "moderated",
    "no_ctcp": "no-ctcp",
    "key": "key",
    "members_max": "limit",
    "slow_seconds": "slow",
    "keep_seconds": "keep-for",
    "keep_messages": "keep-last",
}
SETTINGS = {word: name for name, word in _SETTING_WORDS.items()}
"""What people call a setting, and what the protocol does."""


def settings_lines(settings: RoomSettings, where: str, look: Look) -> list[str]:
    """The answer to `/settings`."""
    values: dict[str, Any] = msgspec.structs.asdict(settings)
    width = max(map(len, SETTINGS))
    lines = [f"  {word:<{width}}  {_setting_value(name, values[name])}" for word, name in SETTINGS.items()]
    return [look.dim(_("settings of {room}; /settings NAME VALUE changes one").format(room=where)), *lines]


def _setting_value(name: str, value: Any) -> str:
    if name.endswith("_seconds") and value:
        return duration_phrase(value, say)
    if isinstance(value, bool) or not value:
        return _("on") if value else _("off")
    return harmless_line(str(value))


_LISTS = {
    Listing.BAN: N_("banned from {room}"),
    Listing.MUTE: N_("muted in {room}"),
    Listing.BAN_EXCEPTION: N_("excepted from bans and mutes in {room}"),
    Listing.MUTE_EXCEPTION: N_("excepted from mutes in {room}"),
    Listing.INVITE_EXCEPTION: N_("need no invitation to {room}"),
}


def mark_lines(marks: MarkList, where: str, look: Look) -> list[str]:
    """The answer to `/bans` and its like."""
    heading = look.dim(say(_LISTS[marks.listing], room=where) + f": {len(marks.marks)}")
    return [heading, *(_mark_line(mark, look) for mark in marks.marks)]


def _mark_line(mark: MarkLine, look: Look) -> str:
    until = _("for ever") if mark.until is None else _("until {time}").format(time=moment(mark.until))
    by = _("by {name}, {time}").format(name=harmless_line(mark.by), time=moment(mark.since))
    reason = f": {harmless_line(mark.reason)}" if mark.reason else ""
    return f"  {look.bold(harmless_line(mark.mask))}  {until}  {look.dim(by)}{reason}"


def code_lines(made: InviteCode, where: str, look: Look) -> list[str]:
    """The answer to `/code`: the only time it is shown."""
    until = moment(made.until)
    text = _("whoever has this code may join {room} until {time}; it is shown this once:").format(
        room=where, time=until
    )
    return [look.dim(text), INDENT + look.bold(f"/join {where} {harmless_line(made.code)}")]


# People ----------------------------------------------------------------------------------------------------------


def people_lines(people: People, where: str, look: Look) -> list[str]:
    """The answer to `/who`: those who are here, then those who are not."""
    here = [_person(one, look) for one in people.people if one.online]
    away = [_person(one, look) for one in people.people if not one.online]
    lines = [look.dim(plural("{count} person", "{count} people", people.members) + f" · {where}")]
    if here:
        lines.append(_("here: {names}").format(names=", ".join(here)))
    if away:
        lines.append(_("not here: {names}").format(names=", ".join(away)))
    if any(one.role is not RoomRole.MEMBER or one.voice for one in people.people):
        lines.append(look.dim(_("@ owner, % moderator, + has a voice")))
    return lines


def _person(one: PersonLine, look: Look) -> str:
    mark = {RoomRole.OWNER: "@", RoomRole.MODERATOR: "%", RoomRole.MEMBER: "+" if one.voice else ""}[one.role]
    notes = [_("bot")] if one.bot else []
    if one.away:
        notes.append(_("away: {message}").format(message=harmless_line(one.away)))
    return mark + look.name(one.name) + (look.dim(f" ({', '.join(notes)})") if notes else "")


def person_lines(told: PersonTold, look: Look) -> list[str]:
    """The answer to `/whois`."""
    name = look.name(told.person.name)
    notes = [harmless_line(told.real_name)] if told.real_name else []
    notes += [_("administrator of this server")] if told.role is AccountRole.ADMIN else []
    notes += [_("bot")] if told.bot else []
    lines = [name + (f" · {', '.join(notes)}" if notes else "")]
    if told.away:
        lines.append(INDENT + _("away: {message}").format(message=harmless_line(told.away)))
    elif told.online:
        lines.append(INDENT + _("is here"))
    elif told.last_seen:
        lines.append(INDENT + _("was last here {time}").format(time=moment(told.last_seen)))
    lines.append(INDENT + _("comes from {host}").format(host=harmless_line(told.host)))
    if told.rooms:
        names = ", ".join(harmless_line(room.room_name) for room in told.rooms)
        lines.append(INDENT + _("is in {rooms}").format(rooms=names))
    return lines


def whowas_lines(whowas: WhowasList, look: Look) -> list[str]:
    """The answer to `/whowas`."""
    lines = []
    for gone in whowas.people:
        real_name = f" · {harmless_line(gone.real_name)}" if gone.real_name else ""
        left = _("left {time}, came from {host}").format(time=moment(gone.time), host=harmless_line(gone.host))
        lines.append(f"{look.name(gone.person.name)}{real_name}  {look.dim(left)}")
    return lines or [look.dim(_("Nobody of that name has left lately."))]


def data_lines(data: DataList, look: Look) -> list[str]:
    """The answer to `/data`."""
    lines = [f"  {harmless_line(key)}: {harmless_line(value)}" for key, value in data.values]
    return lines or [look.dim(_("There are no values."))]


def session_lines(sessions: SessionList, look: Look) -> list[str]:
    """The answer to `/sessions`."""
    return [_session_line(one, look) for one in sessions.sessions]


def _session_line(one: SessionLine, look: Look) -> str:
    state = _("this one") if one.this else _("connected") if one.live else _("not connected")
    used = _("last used {time}").format(time=moment(one.used))
    client = f"  {harmless_line(one.client)}" if one.client else ""
    return f"  {look.bold(harmless_line(one.handle))}  {state}  {harmless_line(one.address)}{client}  {look.dim(used)}"


# All of them -----------------------------------------------------------------------------------------------------


class Describe(Protocol):
    """Knows what rooms are called here."""

    def __call__(self, room: RoomId) -> str:
        """A room's label."""
        ...


def answer_lines(answer: object, describe: Describe, look: Look) -> list[str]:
    """The lines of an answer that needs nothing but itself; none of any other."""
    match answer:
        case People(room=room):
            return people_lines(answer, describe(room), look)
        case MarkList(room=room):
            return mark_lines(answer, describe(room), look)
        case InviteCode(room=room):
            return code_lines(answer, describe(room), look)
        case PersonTold():
            return person_lines(answer, look)
        case WhowasList():
            return whowas_lines(answer, look)
        case DataList():
            return data_lines(answer, look)
        case SessionList():
            return session_lines(answer, look)
        case _:
            return []


def done_sentence(request: object) -> str:
    """What is said of a request that left nothing to be seen; empty where that would be said to nobody."""
    match request:
        case Away(message=""):
            return _("you are back")
        case Away():
            return _("you are away; /back ends that")
        case ChangePassword():
            return _("your password is changed; your other devices must log in again")
        case RemoveAccount():
            return _("your account is removed")
        case EndSessions() | SetProfile() | SetData():
            return _("done")
        case Write() if not isinstance(request, MoveMarker):
            return _("it is so already")
        case _:
            return ""
