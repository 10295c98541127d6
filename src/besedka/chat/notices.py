"""What the inboxes of those concerned note of what happens in a room."""

from __future__ import annotations

from besedka.chat.entries import Body, Entered, Entry, InvitationsChanged, Invited, Kind, Left, MembershipChanged, Way
from besedka.chat.principals import PrincipalId, is_account
from besedka.chat.rooms import Room


def inbox_notices(room: Room, entry: Entry) -> list[tuple[PrincipalId, Body]]:
    """What the inboxes of those concerned note of `entry`, given the room after it. Guests have no inbox."""
    body = entry.body
    if room.kind is Kind.INBOX:
        return []
    note: Body
    if isinstance(body, InvitationsChanged):
        note = Invited(room.id, room.kind, room.name, body.withdrawn)
    elif not isinstance(body, MembershipChanged):
        return []
    elif body.way is Way.JOINED:
        people = body.people if room.kind is Kind.DIRECT else ()
        note = Entered(room.id, room.kind, room.name, entry.number, people)
    else:
        note = Left(room.id, entry.number, body.way)
    return [(person.principal, note) for person in body.people if is_account(person.principal)]
