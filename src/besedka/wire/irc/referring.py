"""What is said of another message: replies and reactions, by the id in `+draft/reply` (IRCv3 reply, react).

An id that means nothing in that room, or nothing one may read, is passed on as the tag it came in and refers to
nothing. That may be known only when the hub has answered, so what refers to something lets no later line pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from besedka.chat.entries import RoomId
from besedka.chat.names import fold
from besedka.chat.refusals import Code
from besedka.chat.requests import React, Request, Say
from besedka.chat.told import Unit
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.tagging import reaction, replied_to, without_reply
from besedka.wire.looking import Look, Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer
    from besedka.wire.irc.talking import Saying

_REFERS_TO_NOTHING: Final = frozenset({Code.NO_SUCH_MESSAGE, Code.EMPTY_TEXT, Code.TEXT_LONG, Code.BAD_TEXT})
"""Of a reaction also what is none here: its "value has no restrictions" elsewhere."""


def refer(
    conversation: IrcServer, saying: Saying, room: RoomId, told: Callable[[Unit], None], plainly: Callable[[], None]
) -> bool:
    """Ask for the reply or the reaction that a line is; `told` hears of it, but if it refers to nothing, say `plainly`.

    False where it does not seem to refer to anything in this room, and nothing was asked.
    """
    found = replied_to(saying.tags) if saying.tags else None
    if found is None or found[0] != room:
        return False
    request = _referring(saying, room, found[1])
    if request is None:
        return False
    nothing = _REFERS_TO_NOTHING if isinstance(request, React) else {Code.NO_SUCH_MESSAGE}

    def answered(unit: Unit) -> None:
        if code_of(unit) in nothing:
            plainly()
        else:
            told(unit)

    conversation.ask(request, answered)
    return True


def refer_to_person(
    conversation: IrcServer, saying: Saying, target: str, told: Callable[[Unit], None], plainly: Callable[[], None]
) -> bool:
    """The same for something said to one person, whose direct room is looked for."""
    if not saying.tags or replied_to(saying.tags) is None:
        return False

    def looked(unit: Unit) -> None:
        room = unit.room if isinstance(unit, Seen) else None
        if room is None or not refer(conversation, saying, room.id, told, plainly):
            plainly()

    conversation.ask(Look(person=fold(target)), looked)
    return True


def _referring(saying: Saying, room: RoomId, number: int) -> Request | None:
    if saying.text is None:
        found = reaction(saying.tags)
        return None if found is None else React(room=room, number=number, reaction=found[0], withdrawn=found[1])
    if saying.aside:
        return None
    return Say(
        room=room,
        text=saying.text,
        manner=saying.manner,
        reply=number,
        tags=without_reply(saying.tags),
        breaks=saying.breaks,
    )
