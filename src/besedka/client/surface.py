"""The line client's screen: turns what happens into lines, and knows which room is being looked at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import assert_never

from besedka.chat.answers import OverviewTold, SearchPage
from besedka.chat.entries import Kind, RequestId, RoomId
from besedka.chat.names import LOBBY, fold
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import SENTENCES, Code, Refusal
from besedka.chat.requests import ComeAsGuest, Edit, History, Join, Leave, Login, Register, Resume, Say, Tell
from besedka.chat.room_requests import Open
from besedka.chat.text import harmless, harmless_line
from besedka.chat.told import (
    PARTING_SENTENCES,
    Called,
    Done,
    Farewell,
    Kept,
    Page,
    Parting,
    Presence,
    Refused,
    RoomLine,
    RoomList,
    TypingTold,
    Unreadable,
)
from besedka.client.answering import answer_lines, done_sentence, overview_lines, room_lines
from besedka.client.company import Company, presence_sentences
from besedka.client.core import Core
from besedka.client.events import (
    Answered,
    Appeared,
    Arrived,
    Event,
    Garbled,
    Jumped,
    Returned,
    StartedOver,
    Welcomed,
)
from besedka.client.exporting import Exports
from besedka.client.hits import Hits
from besedka.client.link import Back, Known, News, NotKept, TryingAgain
from besedka.client.memory import AnyWrite, KnownRoom
from besedka.client.news import before_sentence, jump_sentence, news_sentence
from besedka.client.reading import ReadSoFar
from besedka.client.showing import INDENT, Look, label, unlisted_labels
from besedka.client.transcript import Transcript
from besedka.client.writers import Writers
from besedka.words import _


class Surface:
    """What one person sees. `show` is given everything in order, as it happens."""

    def __init__(
        self,
        core: Core,
        look: Look,
        *,
        line: Callable[[str], None],
        notice: Callable[[str], None],
        bell: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`line` prints what belongs to the chat, `notice` what is about the connection or a mistake.

        `bell` is rung when somebody says something to whoever sits here. `now` is in seconds.
        """
        self._core = core
        self.look = look
        """How this screen shows things."""
        self._line = line
        self._notice = notice
        self._bell = bell
        self._now = now
        self.transcript = Transcript(core, look)
        """What was shown of rooms."""
        self.reading = ReadSoFar(core)
        """How far that was."""
        self.hits = Hits(core, look)
        """What was searched for."""
        self.exports = Exports(core, self.say_notice)
        self.company = Company()
        """Who is there."""
        self.rooms_listed: tuple[RoomLine, ...] = ()
        """The answer to `/rooms`, when it was asked last."""
        self._writers = Writers()
        self._oldest: dict[RoomId, int] = {}
        self._seen: dict[RoomId, int] = {}
        """The last entry shown of a room. The core is ahead of that."""
        self._inbox_known = 0
        """What the inbox said up to here was so before this run, and is no news."""
        self._reached: dict[RoomId, int] = {}
        self._changed = asyncio.Event()
        self._settled = False
        self._last_told: tuple[PrincipalId, str] | None = None
        """Who came or went last: in each of many rooms the same is told of the same people."""
        self.first_overview: RequestId | None = None
        """The request whose answer is of interest only as far as something is unread."""
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

    @property
    def writing(self) -> str:
        """Who is writing in the current room, for the prompt."""
        me = self._core.principal
        unwanted = self._core.own.ignored.keys() | (set() if me is None else {me})
        return self._writers.line(self.current, self._now(), unwanted)

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
        for invitation in self._core.own.invitations.values():
            text = _("{name} has invited you to {room}; /join {room} enters it")
            self.say_notice(
                text.format(name=harmless_line(invitation.by.name), room=harmless_line(invitation.room_name))
            )
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
            case Called():
                self.say_lines([self.look.dim("-- " + self.company.called(event))])
            case TypingTold():
                self._writers.told(event, self._now())
            case Unreadable(room=room):
                text = _("{room}: this room cannot be read just now; what is missing follows")
                self.say_notice(text.format(room=self._described(room)[1]))
            case Appeared(room=room, after=after):
                self._oldest[room], self._seen[room] = after + 1, after
                if room == self._core.inbox:
                    self._inbox_known = self._core.rooms[room].as_of
                if self._settled and room == self.current:
                    self.say_where()  # It was joined before it was described.
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
                self.say_notice(news_sentence(event))
                if isinstance(event, Back):
                    self.company.returned(self._now())
            case _:
                assert_never(event)
        self._wake()

    def _wake(self) -> None:
        """All who wait look again; whoever looks next waits for the next."""
        self._changed.set()
        self._changed = asyncio.Event()

    def say_notice(self, text: str) -> None:
        """Something about the connection or a mistake."""
        self._notice(self.look.dim(f"-- {text}"))

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
        if isinstance(write, Say | Tell | Edit):
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
            self._writers.said(arrived.room, entry.author)
        if kind is not Kind.INBOX:
            self.company.arrived(arrived.room, arrived.entries)
        self.say_lines(self.transcript.arrived(arrived, kind=kind, where=where, after=self._inbox_known))
        self.reading.shown(arrived)
        self._seen[arrived.room] = arrived.entries[-1].number
        if self._settled:
            if self.reading.is_loud(arrived.room) and self.transcript.calls_me(arrived, kind=kind):
                self._bell()
            self._choose_room()

    def _page(self, page: Page, request: object) -> None:
        assert isinstance(request, History), "nothing else is answered so"
        kind, where = self._described(page.room)
        if before := before_sentence(page, request, kind, where):
            self.say_notice(before)
        if not page.entries:
            return
        self._oldest[page.room] = page.entries[0].number
        self.company.arrived(page.room, page.entries)
        self.say_lines(self.transcript.page(page, kind=kind, where=where, marked=request.around))

    def _jumped(self, jumped: Jumped) -> None:
        kind, where = self._described(jumped.room)
        if kind is not Kind.INBOX:
            self.say_notice(jump_sentence(jumped, where))
            self._oldest[jumped.room], self._seen[jumped.room] = jumped.after + 1, jumped.after

    def _started_over(self) -> None:
        self._oldest.clear()
        self._seen.clear()
        self._reached.clear()
        self.transcript.forget()
        self.reading.forget()
        self.company.forget()
        self.hits.forget()
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
            case Done(room=room):
                self._done(request, room)
            case Page():
                self._page(answer, request)
            case SearchPage():
                self.say_lines(self.hits.lines(request, answer))
            case RoomList():
                self.rooms_listed, me = answer.rooms, self._core.principal
                self.say_lines(room_lines(answer, unlisted_labels(self._core.rooms.values(), me), self.look))
            case OverviewTold():
                first = answer.id is not None and answer.id == self.first_overview
                self.say_lines(overview_lines(answer, self._label_of, self.look, all_rooms=not first))
            case _:
                self.exports.take(answer)
                self.company.listed(answer)
                self.say_lines(answer_lines(answer, lambda room: self._described(room)[1], self.look))

    def _label_of(self, line: RoomLine) -> str:
        known = self._core.rooms.get(line.room)
        return harmless_line(line.room_name) if known is None else label(known, self._core.principal)

    def _moved(self, request: object, room: RoomId) -> None:
        """Joining a room is looking at it; leaving the one looked at is looking elsewhere."""
        if isinstance(request, Join | Open):
            self._look_at(room)
        elif isinstance(request, Leave) and self.current == room:
            self._choose_room(but=room)

    def _look_at(self, room: RoomId) -> None:
        if self.current != room:
            self.current = room
            if room in self._seen:
                self.say_where()

    def _done(self, request: object, room: RoomId | None) -> None:
        if room is not None and isinstance(request, Join | Leave | Open):
            self._moved(request, room)
        elif sentence := done_sentence(request):
            self.say_notice(sentence)

    def _choose_room(self, *, but: RoomId | None = None) -> None:
        """Look at the lobby, or at any room, where nothing is being looked at.

        Until all rooms were told a better one may yet come.
        """
        known = self._core.rooms.get(self.current) if self.current is not None else None
        # A room not known yet is one just joined: its description follows the receipt.
        if self._settled and self.current not in (None, but) and (known is None or not self._is_over(known)):
            return
        mine = [
            one for one in self._core.rooms.values() if one.inside and one.kind is not Kind.INBOX and one.room != but
        ]
        mine.sort(key=lambda one: (fold(one.name) != fold(LOBBY), one.kind is Kind.DIRECT, one.room))
        chosen = mine[0].room if mine else None
        if chosen != self.current:
            self.current = chosen
            if self._settled:
                self.say_where()

    def _is_over(self, known: KnownRoom) -> bool:
        """Whether I am outside and see it: my inbox tells of it before the room says who put me out and why."""
        return known.left_at is not None and self._seen.get(known.room, 0) >= known.left_at

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
            case Say() | Tell() | Edit():
                self.refused += 1
                self.unsaid(request, why)
            case _ if answered.answer.id is not None and answered.answer.id == self.first_overview:
                pass  # Nobody asked for it.
            case _:
                if not self.reading.is_marker(request):
                    self.say_notice(why)

    # Signals and news ------------------------------------------------------------------------------------------

    def _presence(self, presence: Presence) -> None:
        news = self.company.told(presence, self._now(), arriving=not self._settled)
        known = self._core.rooms.get(presence.room)
        if known is None or not (presence.room == self.current or known.kind is Kind.DIRECT):
            return
        for person, text in presence_sentences(news):
            unwanted = person.principal == self._core.principal or person.principal in self._core.own.ignored
            if not unwanted and (person.principal, text) != self._last_told:
                self._last_told = (person.principal, text)
                self.say_lines([self.look.dim("-- " + text)])
