"""What happens in rooms, as lines of text in the order it happened."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from besedka.chat.entries import (
    DataSet,
    Edited,
    Entry,
    Ignored,
    Invited,
    Kind,
    Level,
    Manner,
    MembershipChanged,
    Message,
    NotifySet,
    Person,
    ProfileSet,
    Reacted,
    Redacted,
    RoomId,
    SessionsRevoked,
)
from besedka.chat.principals import SERVER, AccountName, is_imported
from besedka.chat.refusals import N_
from besedka.chat.text import harmless, harmless_line
from besedka.chat.told import Page, ReactionCount
from besedka.client.core import Core
from besedka.client.events import Arrived
from besedka.client.remembered import Remembered
from besedka.client.showing import INDENT, Look, clock, day, label
from besedka.wire.native import Unknown
from besedka.wire.text_bodies import LINE_END, Telling, shown
from besedka.words import _, plural

_PEOPLE_NAMED = 5
"""Of a crowd that is put out at once, so many by name."""

ONCE_MORE_MAX = 10
"""Messages shown again when they get numbers: those one is likely to mean, and half a screen."""

_EXCERPT_CHARACTERS = 30
"""Enough of a message to know it again on the screen above."""

_MARK = "←"
"""Stands behind the message that somebody asked to see the surroundings of."""

LEVELS = {Level.ALL: N_("everything"), Level.MENTIONS: N_("mentions only"), Level.NONE: N_("nothing")}
"""Of what somebody is notified."""


class Transcript:
    """Turns entries into lines. It remembers what it has shown, and so says only what is new."""

    def __init__(self, core: Core, look: Look) -> None:
        self._core = core
        self._look = look
        self._day = ""
        self.numbers = False
        """Whether the number of each message is shown before it."""
        self.remembered = Remembered()

    def forget(self) -> None:
        """This is another log."""
        self._day = ""
        self.remembered.forget()

    def arrived(self, arrived: Arrived, *, kind: Kind, where: str, after: int = 0) -> list[str]:
        """The lines of entries as they come. `where` is the room's label where that has to be said, or empty.

        Of the inbox's, those up to number `after` are only remembered.
        """
        lines: list[str] = []
        for entry in arrived.entries:
            if self.is_unwanted(entry):
                continue
            if not (kind is Kind.INBOX and entry.number <= after):
                shown_now = self._entry(arrived.room, entry, kind=kind, where=where)
                lines += [*self._new_day(entry.time), *shown_now] if shown_now else []
            self.remembered.show(arrived.room, entry)
        return lines

    def page(self, page: Page, *, kind: Kind, where: str, marked: int | None = None) -> list[str]:
        """A page of history, as it reads now; the entry `marked` is the one that was asked about."""
        look, lines, today = self._look, [self._look.dim("-- " + _("earlier in {room}").format(room=where))], ""
        for entry in page.entries:
            if self.is_unwanted(entry):
                continue
            self.remembered.show(page.room, entry)
            if day(entry.time) != today:
                today = day(entry.time)
                lines.append(look.dim(f"-- {today}"))
            lines += self._entry(page.room, entry, kind=kind, where="")
            if entry.number == marked:
                lines[-1] += " " + look.bold(_MARK)
            lines += self._reactions([one for one in page.reactions if one.number == entry.number])
        self._day = ""
        return [*lines, look.dim("-- " + _("so far what was earlier"))]

    def once_more(self, room: RoomId, *, kind: Kind) -> list[str]:
        """The last messages shown of a room, as they read now."""
        lines: list[str] = []
        for entry in self.remembered.last(room, ONCE_MORE_MAX):
            if not self.is_unwanted(entry):
                lines += [*self._new_day(entry.time), *self._entry(room, entry, kind=kind, where="")]
        return lines

    def calls_me(self, arrived: Arrived, *, kind: Kind) -> bool:
        """Whether somebody says something to me here: by name, to everybody, or in a conversation of two."""
        return any(
            isinstance(entry.body, Message)
            and entry.author != self._core.principal
            and not self.is_unwanted(entry)
            and (kind is Kind.DIRECT or self._is_called(entry.body))
            for entry in arrived.entries
        )

    def is_unwanted(self, entry: Entry) -> bool:
        """Whether this is what somebody says whom I ignore. What they do as moderators is not."""
        if entry.author not in self._core.own.ignored:
            return False
        match entry.body:
            case Message() | Reacted() | Edited(author=None):
                return True
            case Redacted(author=author):
                return author.principal == entry.author
            case _:
                return False

    def _is_called(self, message: Message) -> bool:
        return message.calls_room or self._core.principal in message.mentions

    def _new_day(self, time: int) -> list[str]:
        """Times are hours and minutes, so a new day is said."""
        today = day(time)
        if today == self._day:
            return []
        self._day = today
        return [self._look.dim(f"-- {today}")]

    # One entry -------------------------------------------------------------------------------------------------

    def _entry(self, room: RoomId, entry: Entry, *, kind: Kind, where: str) -> list[str]:
        look = self._look
        prefix = look.dim(clock(entry.time)) + " " + (look.dim(f"[{where}]") + " " if where else "")
        if isinstance(entry.body, Message) and entry.body.text:
            return self._message(room, entry, entry.body, prefix)
        if self.remembered.has_happened(room, entry):
            return []
        if isinstance(entry.body, Unknown):
            notice = "-- " + _("something that this version cannot show")
        elif kind is Kind.INBOX:
            notice = self._inbox_notice(entry)
        else:
            notice = shown(_Screen(self.remembered, room, entry), _shortened(entry), direct=kind is Kind.DIRECT)
        first, *more = notice.split(LINE_END)
        return [prefix + look.dim(first), *(INDENT + look.dim(line[4:]) for line in more)] if notice else []

    def _message(self, room: RoomId, entry: Entry, message: Message, prefix: str) -> list[str]:
        look = self._look
        called = self._is_called(message) and entry.author != self._core.principal
        first, *more = [look.bold(line) if called else line for line in harmless(message.text).split("\n")]
        if message.reply:
            answered = _Screen(self.remembered, room, entry).message(message.reply)
            first = look.dim(_("(to {message})").format(message=answered)) + " " + first
        name = look.name(entry.name)
        if is_imported(entry.author):
            name += " " + look.dim(_("(imported)"))
        number = look.dim(f"#{entry.number}") + " " if self.numbers else ""
        match message.manner:
            case Manner.SAID:
                opening = f"{prefix}{number}{name}: {first}"
            case Manner.DONE:
                opening = f"{prefix}{number}* {name} {first}"
            case Manner.NOTED:
                opening = f"{prefix}{number}-{name}- {first}"
        lines = [opening, *(INDENT + line for line in more)]
        if message.edited:
            lines[-1] += " " + look.dim(_("(edited)"))
        return lines

    def _reactions(self, reactions: Sequence[ReactionCount]) -> list[str]:
        if not reactions:
            return []
        return [INDENT + self._look.dim("  ".join(f"{harmless_line(one.reaction)} {one.count}" for one in reactions))]

    def _inbox_notice(self, entry: Entry) -> str:
        """What has happened to me; empty for what only programs need."""
        match entry.body:
            case Invited(room_name=room, withdrawn=False):
                text = _("{name} invites you to {room}; /join {room} enters it")
                return "-- " + text.format(name=harmless_line(entry.name), room=harmless_line(room))
            case Invited(room_name=room):
                text = _("{name} no longer invites you to {room}")
                return "-- " + text.format(name=harmless_line(entry.name), room=harmless_line(room))
            case Ignored(person=person, withdrawn=False):
                text = _("you ignore {name} from now on; /unignore {name} ends that")
                return "-- " + text.format(name=harmless_line(person.name))
            case Ignored(person=person):
                return "-- " + _("you do not ignore {name} any more").format(name=harmless_line(person.name))
            case NotifySet(room=room_id, level=level):
                known = self._core.rooms.get(room_id)
                where = "?" if known is None else label(known, self._core.principal)
                return "-- " + _("{room}: you are notified of {what}").format(room=where, what=_(LEVELS[level]))
            case ProfileSet():
                return "-- " + _("your profile has changed; /profile shows it")
            case DataSet(key=key, value=value):
                text = _("your value {key}: {value}") if value else _("your value {key} is gone")
                return "-- " + text.format(key=harmless_line(key), value=harmless_line(value))
            case SessionsRevoked():
                return "-- " + _("sessions of yours were ended")
            case _:
                return ""


class _Screen(Telling):
    """The words about one entry, on a screen on which other messages stand above it."""

    def __init__(self, remembered: Remembered, room: RoomId, entry: Entry) -> None:
        super().__init__(_, ())
        self._remembered = remembered
        self._room = room
        self._entry = entry

    def message(self, number: int, author: str | None = None) -> str:
        """A message by its number, and by how it looks above; of one that was taken away only when it was said."""
        found = self._remembered.entry(self._room, number)
        if found is None:
            return f"#{number}" if author is None else _("#{number} of {name}").format(number=number, name=author)
        message = f"#{number}"
        if found.author != self._entry.author:
            message = _("#{number} of {name}").format(number=number, name=harmless_line(found.name))
        if isinstance(self._entry.body, Redacted) or not isinstance(found.body, Message) or found.body.redacted:
            return f"{message} ({clock(found.time)})"
        return f"{message} “{_excerpt(found.body.text)}”"


def _excerpt(text: str) -> str:
    line = harmless_line(text)
    return line if len(line) <= _EXCERPT_CHARACTERS else line[: _EXCERPT_CHARACTERS - 1].rstrip() + "…"


def _shortened(entry: Entry) -> Entry:
    """Of a crowd only the first by name."""
    if not isinstance(entry.body, MembershipChanged) or len(entry.body.people) <= _PEOPLE_NAMED:
        return entry
    people = entry.body.people
    others = plural("{count} more", "{count} more", len(people) - _PEOPLE_NAMED)
    crowd = (*people[:_PEOPLE_NAMED], Person(SERVER, AccountName(others)))
    return msgspec.structs.replace(entry, body=msgspec.structs.replace(entry.body, people=crowd))
