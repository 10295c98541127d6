"""The verdict on each request of a turn, given on rooms that already contain the drafts before it."""

from __future__ import annotations

from collections.abc import Iterable

from besedka.chat.answers import InviteCode
from besedka.chat.entries import CodeMade, Draft, InvitationsChanged, MembershipChanged, Message, RequestId
from besedka.chat.personal_rules import PERSONAL_RULES
from besedka.chat.principals import Actor, PrincipalId, is_account
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Join, Write
from besedka.chat.room_requests import ChangeSettings, MakeCode, SetData
from besedka.chat.rooms import Room
from besedka.chat.rules import decide
from besedka.chat.told import Done, Kept, Refused, Unit
from besedka.hub.cases import Case, Cases, Finder, Found, Later, Wanting
from besedka.hub.doorway import Doorway
from besedka.hub.own_cases import KEPT_OF_GUESTS, OwnCases, is_own
from besedka.hub.parts import Parts
from besedka.hub.places import Places
from besedka.hub.preparing import Prepared
from besedka.hub.rooms import NOWHERE
from besedka.hub.session import Online, Session
from besedka.hub.turn import Effect, Taken, Turn


def refused(request_id: RequestId | None, refusal: Refusal) -> Refused:
    """A refusal as it is told."""
    return Refused(request_id, refusal.code, refusal.sentence, refusal.detail)


def _bound(case: Case, session: Session, number: int, room: Room) -> Effect | None:
    effect = case.effect
    return None if effect is None else lambda: effect(session, number, room)


_IN_INBOXES = (MembershipChanged, InvitationsChanged)
"""What `chat.notices` has inboxes note. Named here, for `A | B` in its place would be made for every message."""


class Judge:
    """Turns requests into drafts, receipts and refusals."""

    def __init__(self, parts: Parts, places: Places) -> None:
        self._parts = parts
        self._cases = Cases(parts, Doorway(parts, places))
        self._own_cases = OwnCases(parts)
        self._id_time = -1
        self._id_beginning = ""
        self._ids_made = 0
        """Of this beginning."""
        self._finders: dict[type[Write], Finder] = {
            **self._cases.finders,
            **dict.fromkeys(PERSONAL_RULES, self._own_cases.find),
            SetData: self._data,
        }

    def write(self, turn: Turn, session: Session, request: Write, prepared: Prepared | None) -> Taken | Later | Wanting:
        """Judge a client's write."""
        online = session.online
        assert online is not None
        if online.newest is None:
            return Later.UNPREPARED
        request_id = request.request_id
        if request_id is not None and request_id <= online.newest:
            if prepared is None or prepared.looked_up != online.kept:
                return Later.NEXT_TURN if online.principal in turn.writers else Later.UNPREPARED
            if prepared.receipt is not None:
                return Taken(session, request, Kept(request_id, prepared.receipt.room, prepared.receipt.number))
        if not session.peer.safe and _tells_secret(request):
            return Taken(session, request, refused(request_id, Refusal(Code.UNSAFE_WAY)))
        if type(request) in KEPT_OF_GUESTS and not online.registered and is_own(request):
            answer = self._own_cases.guest(turn, session, request)
            return Taken(session, request, refused(request_id, answer) if isinstance(answer, Refusal) else answer)
        case = self._finders[type(request)](turn, online, request, prepared)
        if isinstance(case, Later):
            return case
        if isinstance(case, Refusal):
            return Taken(session, request, refused(request_id, case))
        return self._judge(turn, session, online, request, case, prepared)

    def _data(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Found:
        cases = self._own_cases if is_own(request) else self._cases
        return cases.find(turn, online, request, prepared)

    def case(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Found:
        """What a request is judged on."""
        return self._finders[type(request)](turn, online, request, prepared)

    def actor(self, turn: Turn, session: Session, room: Room) -> Actor:
        """Whoever asks, as the rules of this room see it."""
        online = session.online
        assert online is not None
        inside = online.principal in room.members or self._cases.is_present(turn, online.principal, room)
        return session.actor(inside=inside)

    def verdict(
        self, turn: Turn, actor: Actor, request: Write, case: Case, prepared: Prepared | None
    ) -> tuple[Draft, ...] | Refusal | Wanting:
        """What the rules say, and what stands in the way beside them."""
        verdict = decide(case.room, actor, request, case.circumstances)
        if isinstance(verdict, Refusal) or not verdict:
            return verdict
        if case.obstacle is not None:
            return case.obstacle
        if len(verdict) == 1 and type(verdict[0].body) is Message:
            return verdict  # The hot path: no inbox notes a message.
        wanted = self._unopened_inboxes(turn, verdict, prepared)
        return Wanting(tuple(wanted)) if wanted else verdict

    def _judge(
        self, turn: Turn, session: Session, online: Online, request: Write, case: Case, prepared: Prepared | None
    ) -> Taken | Wanting:
        room, asked = case.room, request.request_id
        verdict = self.verdict(turn, self.actor(turn, session, room), request, case, prepared)
        if isinstance(verdict, Wanting):
            return verdict
        if isinstance(verdict, Refusal):
            return Taken(session, request, refused(asked, verdict))
        if not verdict:
            return Taken(session, request, Done(asked, room.id or None), _bound(case, session, room.head + 1, room))
        if room is NOWHERE:
            if self._parts.rooms_given >= self._parts.limits.rooms_max:
                return Taken(session, request, refused(asked, Refusal(Code.ROOMS_FULL)))
            room = turn.new_room()
        request_id = asked or self._make_id(turn.now)
        number = turn.add(room, verdict, request=request_id, session=session, target=case.circumstances.target)
        turn.writers[online.principal] = None
        online.kept += 1
        online.spoke_at = turn.now
        assert online.newest is not None
        if request_id > online.newest:
            online.newest = request_id
        answer: Unit = Kept(asked, room.id, number)
        if case.code:
            answer = _code_told(case, asked, room, number, verdict)
        elif type(request) is Join and not online.registered:
            answer = Done(asked, room.id)
        effect = None if case.effect is None else _bound(case, session, number, room)
        return Taken(session, request, answer, effect, True, request_id)

    def _unopened_inboxes(self, turn: Turn, drafts: Iterable[Draft], prepared: Prepared | None) -> list[PrincipalId]:
        """Whose inboxes would note these and are neither open nor known not to exist."""
        unopened: list[PrincipalId] = []
        for draft in drafts:
            if isinstance(draft.body, _IN_INBOXES):
                inboxless = () if prepared is None else prepared.inboxless
                accounts = [one.principal for one in draft.body.people if is_account(one.principal)]
                unopened += [one for one in accounts if not turn.has_inbox(one) and one not in inboxless]
        return unopened

    def _make_id(self, now: int) -> RequestId:
        """For requests that came without one (text): what finds them again if the commit's outcome is unknown.

        Those of one millisecond begin alike and are counted, so that the store finds its place for them quickly.
        """
        if now != self._id_time:
            self._id_time, self._ids_made = now, 0
            self._id_beginning = f"{now:012x}{self._parts.dice.token_bytes(6).hex()}"
        self._ids_made += 1
        return RequestId(f"{self._id_beginning}{self._ids_made:08x}")


def _tells_secret(request: Write) -> bool:
    """Whether a request has a secret in it, or will be answered by one (P7)."""
    match request:
        case Join():
            return bool(request.key or request.code)
        case ChangeSettings():
            return bool(request.change.key)
        case _:
            return type(request) is MakeCode


def _code_told(case: Case, asked: RequestId | None, room: Room, number: int, drafts: Iterable[Draft]) -> InviteCode:
    until = next(draft.body.until for draft in drafts if isinstance(draft.body, CodeMade))
    return InviteCode(asked, room.id, number, case.code, until)
