"""The line client's screen: turns what happens into lines, and knows which room is being looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import assert_never

from besedka.chat.entries import Entered, Kind, Left, MembershipChanged, Opened, RoomId
from besedka.chat.names import LOBBY, fold
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import SENTENCES, Code, Refusal
from besedka.chat.requests import ComeAsGuest, Join, Leave, Login, Register, Resume, Say, Tell
from besedka.chat.text import harmless, harmless_line
from besedka.chat.told import (
    PARTING_SENTENCES,
    Done,
    Farewell,
    Kept,
    Page,
    Parting,
    People,
    Presence,
    Refused,
    RoomList,
    Unreadable,
)
from besedka.client.core import Core
from besedka.client.events import (
    Answered,
    Appeared,
    Arrived,
    Event,
    Garbled,
    Jump,
    Jumped,
    Returned,
    StartedOver,
    Welcomed,
)
from besedka.client.link import Back, Known, News, NotKept, TryingAgain
from besedka.client.memory import AnyWrite, KnownRoom
from besedka.client.showing import INDENT, Look, day, entry_lines, label, people_lines, room_lines
from besedka.words import _, plural

_UNSHOWN: dict[Kind, tuple[type, ...]] = {
    Kind.INBOX: (Opened, Entered, Left),
    Kind.DIRECT: (Opened, MembershipChanged),
}
"""What is for programs only: nobody enters or leaves a conversation of two."""


class Surface:
    """What one person sees. `show` is given everything in order, as it happens."""

    def __init__(self, core: Core, look: Look, *, line: Callable[[str], None], notice: Callable[[str], None]) -> None:
        """`line` prints what belongs to the chat, `notice` what is about the connection or a mistake."""
        self._core = core
        self._look = look
        self._line = line
        self._notice = notice
        self._day = ""
        self._oldest: dict[RoomId, int] = {}
        self._reached: dict[RoomId, int] = {}
        self._changed = asyncio.Event()
        self._settled = False
        self._last_told: tuple[PrincipalId, str] | None = None
        """Who came or went last: in each of many rooms the same is told of the same people."""
        self.current: RoomId | None = None
        """Where what is typed goes."""
        self.refused = 0
        """Messages the server would not have."""
        self.login_refused: Code | None = None
        """Why coming back was refused, when it was; the talk then ends."""

    # What others ask -------------------------------------------------------------------------------------------

    @property
    def current_label(self) -> str:
        """What the current room is called; empty where there is none."""
        return "" if self.current is None else self._described(self.current)[1]

    def room_called(self, name: str) -> KnownRoom | None:
        """The room I am in that goes by this name on the screen."""
        wanted = fold(name.removeprefix("#"))
        for known in self._core.rooms.values():
            if known.kind is not Kind.INBOX and known.inside and fold(label(known, self._core.principal)) == wanted:
                return known
        return None

    def direct_labels(self) -> list[str]:
        """The conversations of two, which no list of rooms has."""
        rooms = self._core.rooms.values()
        return sorted(label(known, self._core.principal) for known in rooms if known.kind is Kind.DIRECT)

    def oldest(self, room: RoomId) -> int:
        """The number of the oldest entry shown of a room."""
        known = self._core.rooms.get(room)
        return self._oldest.get(room, known.place + 1 if known else 1)

    def everything_shown(self) -> bool:
        """Whether all I said has been shown."""
        rooms = self._core.rooms
        return all(room not in rooms or rooms[room].place >= number for room, number in self._reached.items())

    @property
    def settled(self) -> bool:
        """Whether the rooms are known, so that what is typed has somewhere to go."""
        return self._settled

    def settle(self) -> None:
        """All rooms were told: look at one of them."""
        self._choose_room()
        self._settled = True
        self.say_where()
        self._wake()

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that changes by what happens. The caller sets the deadline."""
        while not holds():
            changed = self._changed
            await changed.wait()

    # What happens ----------------------------------------------------------------------------------------------

    def show(self, event: Event | News) -> None:
        """Show what has happened."""
        match event:
            case Arrived():
                self._arrived(event)
            case Answered():
                self._answered(event)
            case Jumped():
                self._jumped(event)
            case Presence():
                self._presence(event)
            case Unreadable(room=room):
                _kind, where = self._described(room)
                self.say_notice(
                    _("{room}: this room cannot be read just now; what is missing follows").format(room=where)
                )
            case Appeared(room=room, after=after):
                self._oldest[room] = after + 1
                self._choose_room()
            case StartedOver():
                self._started_over()
            case Returned(writes=writes):
                for write in writes:
                    self.unsaid(write, _("it is not known whether that was said"))
            case Welcomed():
                pass
            case Farewell(parting=parting):
                if parting is not Parting.EXIT:
                    self.say_notice(_(PARTING_SENTENCES[parting]))
            case Garbled():
                self.say_notice(_("What the server said was not understood; connecting anew."))
            case TryingAgain() | Back() | Known() | NotKept():
                self._news(event)
            case _:
                assert_never(event)
        self._wake()

    def _wake(self) -> None:
        """All who wait look again; whoever looks next waits for the next."""
        self._changed.set()
        self._changed = asyncio.Event()

    def say_notice(self, text: str) -> None:
        """Something about the connection or a mistake."""
        self._notice(self._look.dim(f"-- {text}"))

    def say_refusal(self, refusal: Refusal) -> None:
        """A "no", in the reader's language."""
        self.say_notice(_(refusal.sentence))

    def say_lines(self, lines: list[str]) -> None:
        """An answer to a question."""
        for line in lines:
            self._line(line)

    def unsaid(self, write: AnyWrite, why: str) -> None:
        """Give back what somebody wrote and nobody got."""
        self.say_notice(why)
        if isinstance(write, Say | Tell):
            self.say_lines([INDENT + line for line in harmless(write.text).split("\n")])

    def _described(self, room: RoomId) -> tuple[Kind, str]:
        """A room's kind and label. The core is ahead of what is shown, and may have forgotten it."""
        known = self._core.rooms.get(room)
        return (known.kind, label(known, self._core.principal)) if known else (Kind.PUBLIC, "?")

    # Entries ---------------------------------------------------------------------------------------------------

    def _arrived(self, arrived: Arrived) -> None:
        kind, where = self._described(arrived.room)
        where = "" if arrived.room == self.current or kind is Kind.INBOX else where
        for entry in arrived.entries:
            if not isinstance(entry.body, _UNSHOWN.get(kind, ())):
                self._say_day(entry.time)
                self.say_lines(entry_lines(entry, self._look, where=where))
        if self._settled:
            self._choose_room()

    def _say_day(self, time: int) -> None:
        """Times are hours and minutes, so a new day is said."""
        today = day(time)
        if today != self._day:
            self._day = today
            self._line(self._look.dim(f"-- {today}"))

    def _page(self, page: Page) -> None:
        _kind, where = self._described(page.room)
        if not page.entries:
            if page.floor > 1:
                self.say_notice(_("What was said earlier in {room} cannot be read.").format(room=where))
            else:
                self.say_notice(_("There is nothing earlier in {room}.").format(room=where))
            return
        self._oldest[page.room] = page.entries[0].number
        self._line(self._look.dim("-- " + _("earlier in {room}").format(room=where)))
        today = ""
        for entry in page.entries:
            if day(entry.time) != today:
                today = day(entry.time)
                self._line(self._look.dim(f"-- {today}"))
            self.say_lines(entry_lines(entry, self._look, where=""))
        self._line(self._look.dim("-- " + _("so far what was earlier")))
        self._day = ""

    def _jumped(self, jumped: Jumped) -> None:
        kind, where = self._described(jumped.room)
        count = jumped.after - jumped.before
        if kind is Kind.INBOX:
            return
        match jumped.why:
            case Jump.PRUNED:
                text = plural("{count} entry", "{count} entries", count)
                self.say_notice(
                    _("{room}: {entries} you have not seen are no longer kept").format(room=where, entries=text)
                )
            case Jump.REJOINED:
                text = plural("{count} entry", "{count} entries", count)
                self.say_notice(
                    _("{room}: {entries} while you were not there; /history").format(room=where, entries=text)
                )
            case Jump.START_OVER:
                self.say_notice(_("{room} begins anew: its log is not the one it was").format(room=where))
        self._oldest[jumped.room] = jumped.after + 1

    def _started_over(self) -> None:
        self._oldest.clear()
        self._reached.clear()
        self.current = None
        self._settled = False
        self.say_notice(_("This server's log is not the one it was (it was restored, perhaps); all is shown anew."))

    # Answers ---------------------------------------------------------------------------------------------------

    def _answered(self, answered: Answered) -> None:
        request, answer = answered.request, answered.answer
        match answer:
            case Refused(code=code):
                self._refused(answered, code)
            case Kept(room=room, number=number):
                self._reached[room] = max(number, self._reached.get(room, 0))
                self._moved(request, room)
            case Done(room=room) if room is not None:
                self._moved(request, room)
            case Page():
                self._page(answer)
            case RoomList():
                self.say_lines(room_lines(answer, self.direct_labels(), self._look))
            case People(room=room):
                self.say_lines(people_lines(answer, self._described(room)[1], self._look))
            case _:
                pass

    def _moved(self, request: object, room: RoomId) -> None:
        """Joining a room is looking at it; leaving the one looked at is looking elsewhere."""
        if isinstance(request, Join):
            self.current = room
        elif isinstance(request, Leave) and self.current == room:
            self._choose_room(but=room)

    def _choose_room(self, *, but: RoomId | None = None) -> None:
        """Look at the lobby, or at any room, where nothing is being looked at.

        Until all rooms were told a better one may yet come.
        """
        known = self._core.rooms.get(self.current) if self.current is not None else None
        if self._settled and self.current not in (None, but) and (known is None or known.inside):
            return  # A room not known yet is one just joined: its description follows the receipt.
        mine = [
            one for one in self._core.rooms.values() if one.inside and one.kind is not Kind.INBOX and one.room != but
        ]
        mine.sort(key=lambda one: (fold(one.name) != fold(LOBBY), one.kind is Kind.DIRECT, one.room))
        chosen = mine[0].room if mine else None
        if chosen != self.current:
            self.current = chosen
            if self._settled:
                self.say_where()

    def say_where(self) -> None:
        """Which room this is, and what it is about."""
        known = self._core.rooms.get(self.current) if self.current is not None else None
        if known is None:
            self.say_notice(_("You are in no room; /join ROOM enters one, /rooms lists them."))
            return
        topic = f" · {harmless_line(known.topic)}" if known.topic else ""
        self.say_notice(_("you are in {room}").format(room=self.current_label) + topic)

    def _refused(self, answered: Answered, code: Code) -> None:
        request, why = answered.request, _(SENTENCES[code])
        match request:
            case Login() | Register() | ComeAsGuest() | Resume():
                self.login_refused = code  # Whoever asked says so.
            case Say() | Tell():
                self.refused += 1
                self.unsaid(request, why)
            case _:
                self.say_notice(why)

    # Signals and news ------------------------------------------------------------------------------------------

    def _presence(self, presence: Presence) -> None:
        known = self._core.rooms.get(presence.room)
        if known is None or not (presence.room == self.current or known.kind is Kind.DIRECT):
            return
        for people, sentence in ((presence.came, _("{names} is here")), (presence.went, _("{names} has gone"))):
            for person in people:
                told = (person.principal, sentence)
                if person.principal != self._core.principal and told != self._last_told:
                    self._last_told = told
                    self.say_lines([self._look.dim("-- " + sentence.format(names=harmless_line(person.name)))])

    def _news(self, news: News) -> None:
        match news:
            case TryingAgain(seconds=seconds, why=why):
                text = plural(
                    "Trying again in {count} second.", "Trying again in {count} seconds.", max(1, round(seconds))
                )
                self.say_notice((why or _("The connection is lost.")) + " " + text)
            case Back():
                self.say_notice(_("Back."))
            case Known(key=key):
                self.say_notice(
                    _(
                        "This server is new to this device. Its key is {key}; compare it with what the server printed."
                    ).format(key=key)
                )
            case NotKept(why=why):
                self.say_notice(why)
            case _:
                assert_never(news)
