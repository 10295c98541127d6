"""What a search has found, as it is shown, and how it goes on."""

from __future__ import annotations

import msgspec

from besedka.chat.answers import Hit, HitRoom, SearchPage
from besedka.chat.entries import Kind, Manner, Message, RoomId
from besedka.chat.names import fold
from besedka.chat.principals import is_imported
from besedka.chat.queries import misread
from besedka.chat.requests import Request, Search
from besedka.chat.text import harmless_line
from besedka.client.core import Core
from besedka.client.memory import KnownRoom
from besedka.client.showing import Look, label, moment
from besedka.words import _, plural

EXCERPT_CHARACTERS_MAX = 240
"""Of a message, so much is shown: three lines of a terminal."""

BEFORE_CHARACTERS_MAX = 60
"""Of what stands before the first word that was looked for."""


class Hits:
    """The last page of what was found."""

    def __init__(self, core: Core, look: Look) -> None:
        self._core = core
        self._look = look
        self._rooms: dict[str, RoomId] = {}
        self.following: Search | None = None
        """What asks for the next page; None where there is none."""

    def forget(self) -> None:
        """The numbers mean nothing any more."""
        self._rooms, self.following = {}, None

    def room_called(self, name: str) -> RoomId | None:
        """The room that the last pages call so."""
        return self._rooms.get(fold(name.removeprefix("#")))

    def lines(self, request: Request | None, page: SearchPage) -> list[str]:
        """A page, the newest message first."""
        assert isinstance(request, Search), "nothing else is answered so"
        if request.older_than is None:
            self._rooms.clear()
        labels = {room.room: self._label(room) for room in page.rooms}
        self._rooms |= {fold(name): room for room, name in labels.items()}
        self.following = None if page.next is None else msgspec.structs.replace(request, id=None, older_than=page.next)
        wanted = [hit for hit in page.hits if hit.entry.author not in self._core.own.ignored]
        return [*(self._line(hit, labels[hit.room]) for hit in wanted), *self._ending(request, page, len(wanted))]

    def _ending(self, request: Search, page: SearchPage, count: int) -> list[str]:
        dim = self._look.dim
        lines = []
        words = " ".join(misread(request.query)) if count == 0 and request.older_than is None else ""
        if words:
            text = _("{said} was looked for as words; /help search shows what can be said")
            lines.append(dim("-- " + text.format(said=harmless_line(words))))
        if page.since:
            text = _("what was said before {time} is not indexed yet, so it was not looked through")
            lines.append(dim("-- " + text.format(time=moment(page.since))))
        found = plural("{count} message", "{count} messages", count) if count else _("nothing found")
        if self.following is not None:
            found = _("{found}; /more looks further back").format(found=found)
        return [*lines, dim(f"-- {found}")]

    def _label(self, room: HitRoom) -> str:
        """What a room is called here; one whose name is not told any more goes by its id."""
        name = label(
            KnownRoom(room=room.room, kind=room.room_kind, name=room.room_name, place=0, people=room.people),
            self._core.principal,
        )
        return name if name or room.room_kind is Kind.DIRECT else f"~{room.room}"

    def _line(self, hit: Hit, where: str) -> str:
        look, message = self._look, hit.entry.body
        assert isinstance(message, Message), "only messages are found"
        name = look.name(hit.entry.name)
        if is_imported(hit.entry.author):
            name += " " + look.dim(_("(imported)"))
        opening = {Manner.SAID: f"{name}:", Manner.DONE: f"* {name}", Manner.NOTED: f"-{name}-"}[message.manner]
        edited = " " + look.dim(_("(edited)")) if message.edited else ""
        place = look.dim(f"{moment(hit.entry.time)} {where}#{hit.entry.number}")
        return f"{place} {opening} {self._excerpt(message.text, hit.spans)}{edited}"

    def _excerpt(self, text: str, spans: tuple[tuple[int, int], ...]) -> str:
        """The text about the first of the words, on one line, and all of them in it in bold."""
        first = spans[0][0] if spans else 0
        start = max(0, first - BEFORE_CHARACTERS_MAX) if len(text) > EXCERPT_CHARACTERS_MAX else 0
        end = min(len(text), start + EXCERPT_CHARACTERS_MAX)
        shown, at = ("…" if start else ""), start
        for span_start, span_end in spans:
            if at <= span_start < span_end <= end:
                shown += harmless_line(text[at:span_start]) + self._look.bold(harmless_line(text[span_start:span_end]))
                at = span_end
        return shown + harmless_line(text[at:end]) + ("…" if end < len(text) else "")
