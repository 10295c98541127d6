"""What a reader is told of a room before its entries: as much of its present state as that reader may know."""

from __future__ import annotations

import msgspec

from besedka.chat.cursor import Resumption
from besedka.chat.entries import Kind, RoomName
from besedka.chat.governance import Standing
from besedka.chat.principals import PrincipalId
from besedka.chat.rooms import Member, Reading, Room, direct_people
from besedka.chat.settings import RoomSettings
from besedka.chat.told import PersonalTold, RoomTold
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Session


def room_told(session: Session, opened: OpenRoom, readable: Reading, *, after: int, resumption: Resumption) -> RoomTold:
    """The room as of now for who is inside; for who was, as of the entry that ended that (P7)."""
    state = opened.state
    if readable.last is not None:
        return RoomTold(
            room=state.id,
            room_kind=state.kind,
            room_name=RoomName("") if state.hidden else state.name,
            topic="",
            head=min(readable.last, state.head),
            floor=state.floor,
            messages=0,
            members=0,
            after=after,
            resumption=resumption,
        )
    principal = PrincipalId(0) if session.online is None else session.online.principal
    member = state.members.get(principal)
    standing: Member | Standing = member or state.governance.guests.get(principal) or Standing()
    return RoomTold(
        room=state.id,
        room_kind=state.kind,
        room_name=state.name,
        topic=state.topic,
        head=state.head,
        floor=state.floor,
        messages=state.messages,
        members=len(state.members),
        after=after,
        resumption=resumption,
        people=direct_people(state),
        settings=_without_key(state.governance.settings, member is not None and session.peer.safe),
        role=standing.role,
        voice=standing.voice,
        personal=personal_told(state) if state.kind is Kind.INBOX else None,
    )


def personal_told(inbox: Room) -> PersonalTold:
    """What an inbox says of its account, in an order that is the same whenever it is told."""
    personal = inbox.personal
    return PersonalTold(
        markers=tuple((target, personal.markers[target]) for target in sorted(personal.markers)),
        ignored=tuple(personal.ignored[principal] for principal in sorted(personal.ignored)),
        notify=tuple((room, personal.notify[room]) for room in sorted(personal.notify)),
        invitations=tuple(sorted(personal.invitations.values(), key=lambda one: one.number)),
        profile=personal.profile,
        data=tuple((key, inbox.data[key]) for key in sorted(inbox.data)),
    )


def _without_key(settings: RoomSettings, tell_key: bool) -> RoomSettings:
    """The key is a secret: only members are told it, and on a safe way."""
    return settings if tell_key or not settings.key else msgspec.structs.replace(settings, key="")
