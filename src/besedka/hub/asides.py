"""Asides: something is said to those who are here, and nothing of it is kept.

In a room each format is encoded once. Whoever is full, behind, or ignores the author is not told; of one person it
cannot be learnt by an aside whether they are here, for who is invisible would answer what programs ask.
"""

from __future__ import annotations

from besedka.chat.entries import Kind, Person
from besedka.chat.names import fold
from besedka.chat.permissions import Rank, rank_of
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import NO_ROOM
from besedka.chat.speaking_rules import may_say_aside
from besedka.chat.verdicts import Circumstances
from besedka.hub.finding import Finding
from besedka.hub.parts import Parts
from besedka.hub.rooms import NOWHERE, OpenRoom
from besedka.hub.session import Session
from besedka.hub.signals import shown
from besedka.wire.asides import Aside, AsideSaid, AsideTold, SayAside

MARK_BYTES = 9
"""Of a mark, so that no two are ever the same: made by chance, and 2^72 are enough for that."""


class Asides:
    """Passes them on."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._finding = Finding(parts)

    async def say(self, session: Session, request: SayAside) -> AsideSaid | Refusal:
        """Somebody says something aside. Answered to them alone, who may want to see it."""
        if request.room == NO_ROOM:
            return await self._to_person(session, request)
        return await self._in_room(session, request)

    async def _in_room(self, session: Session, request: SayAside) -> AsideSaid | Refusal:
        online = session.online
        assert online is not None, "an aside before login"
        opened = await self._parts.open_room(request.room)
        state = NOWHERE if opened is None else opened.state
        actor = session.actor(inside=opened is not None and opened.is_inside(online.principal))
        circumstances = Circumstances(self._parts.limits, self._parts.clock.now())
        refusal = may_say_aside(state, actor, circumstances, request.text)
        if refusal is not None or opened is None:
            return refusal or Refusal(Code.NO_SUCH_ROOM)
        aside = self._made(session, request, opened=opened)
        self._parts.guest_moves.tell()
        if request.typing is not None:
            self._parts.signals.typing(opened, online, request.typing)
        else:
            self._tell_room(opened, aside, session)
        return AsideSaid(request.request_id, aside)

    async def _to_person(self, session: Session, request: SayAside) -> AsideSaid | Refusal:
        author = session.online
        assert author is not None, "an aside before login"
        if author.muted:
            return Refusal(Code.MUTED)
        person = await self._finding.person(fold(request.name))
        if person is None:
            return Refusal(Code.NO_SUCH_PERSON)
        there = self._parts.attendance.get(person.principal)
        called = person if there is None or not shown(there).online else there.person
        aside = self._made(session, request, to=called)
        direct = await self._finding.direct(author.principal, person.principal)
        there = self._parts.attendance.get(person.principal)
        strange = direct is None and not author.registered
        if strange and there is not None and there is not author and there.profile.accounts_only:
            return Refusal(Code.NOT_WELCOME)
        if request.typing is not None and direct is not None and person.principal != author.principal:
            self._parts.signals.typing(direct, author, request.typing)
        else:
            self._tell_person(person.principal, aside, session)
        return AsideSaid(request.request_id, aside)

    def _made(
        self, session: Session, request: SayAside, *, opened: OpenRoom | None = None, to: Person | None = None
    ) -> Aside:
        assert session.online is not None
        return Aside(
            session.online.person,
            self._parts.clock.now(),
            self._parts.dice.token_bytes(MARK_BYTES).hex(),
            request.least,
            request.text,
            request.manner,
            request.tags,
            None if opened is None else opened.state,
            to,
        )

    def _tell_room(self, opened: OpenRoom, aside: Aside, origin: Session) -> None:
        """To the readers at its head; a direct room has its asides told to its people instead."""
        assert opened.state.kind is not Kind.INBOX, "nobody speaks in an inbox"
        told = AsideTold(aside)
        for sessions in opened.readers.values():
            data: bytes | None = None
            for session in sessions:
                if session is origin or session.link.full or not self._hears(session, aside, opened):
                    continue
                if data is None:
                    data = session.protocol.tell(told)
                if data:
                    session.link.write(data)

    def _hears(self, session: Session, aside: Aside, opened: OpenRoom) -> bool:
        if not session.protocol.hears_asides or session.online is None or session.ignores(aside.author.principal):
            return False
        return aside.least is Rank.OUTSIDER or rank_of(opened.state, session.online.principal) >= aside.least

    def _tell_person(self, principal: PrincipalId, aside: Aside, origin: Session) -> None:
        """To all sessions of both, the one that said it not among them unless it talks to itself."""
        told = AsideTold(aside)
        author = aside.author.principal
        sessions = [] if (own := self._parts.attendance.get(author)) is None else list(own.sessions)
        if principal == author:
            sessions = [one for one in sessions if one is not origin] + [origin]
        else:
            sessions = [one for one in sessions if one is not origin]
            online = self._parts.attendance.get(principal)
            if online is not None and shown(online).online:
                sessions += [one for one in online.sessions if not one.ignores(author)]
        for session in sessions:
            if session.protocol.hears_asides and not session.link.full:
                session.tell(told)
