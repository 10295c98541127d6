"""CHATHISTORY: what was said before, and with whom (IRCv3 draft/chathistory).

A page counts what this session can be shown, the oldest first, whichever way it was asked for. Whoever is not in a
room learns nothing of it, not even that there is one; an id that is not the room's is as unknown as one that never was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from besedka.chat.entries import RoomId
from besedka.chat.refusals import N_, SENTENCES, Code
from besedka.chat.told import Refused, Unit
from besedka.wire.irc import moments
from besedka.wire.irc.batches import say_batch
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import Line, build, word
from besedka.wire.irc.pages import iso_time
from besedka.wire.irc.past import Past
from besedka.wire.irc.said import other_of
from besedka.wire.looking import ConversationList, ListConversations, Point, Recall, Recalled

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

LATEST: Final = "*"
"""In place of a point: no bound but the newest ("LATEST")."""

_MSGID: Final = re.compile(r"([0-9]{1,16})-([0-9]{1,16})", re.ASCII)

_UNKNOWN: Final = Point(number=0)
"""An id that is none of ours: no entry has this number."""

_NOT_THERE: Final = N_("Messages could not be retrieved")
_NO_COMMAND: Final = N_("Unknown command")
_TOO_FEW: Final = N_("Insufficient parameters")
_TOO_MANY: Final = N_("Too many parameters")
_NO_TIME: Final = N_("Invalid timestamp")
_NO_LIMIT: Final = N_("The limit is a number from 1 on")
_NO_POINT: Final = N_("Messages are referred to by timestamp= or msgid=")

_NO_TARGET: Final = frozenset({Code.NO_SUCH_ROOM, Code.NOT_A_MEMBER, Code.NO_SUCH_PERSON})


class _Faulty(msgspec.Struct, frozen=True):
    """Why a CHATHISTORY is not understood: the code, what it is about, and the words."""

    code: str
    context: tuple[str, ...]
    sentence: str


class _Bounds(msgspec.Struct, frozen=True):
    """What a subcommand asks for, as `Recall` has it."""

    after: Point | None = None
    before: Point | None = None
    around: Point | None = None
    newest: bool = False


_BOUNDS: Final[dict[str, tuple[int, Callable[..., _Bounds]]]] = {
    "BEFORE": (1, lambda point: _Bounds(before=point)),
    "AFTER": (1, lambda point: _Bounds(after=point)),
    "LATEST": (1, lambda point: _Bounds(after=point, newest=True)),
    "AROUND": (1, lambda point: _Bounds(around=point)),
    "BETWEEN": (2, lambda one, other: _Bounds(after=one, before=other)),
}
"""Each subcommand with how many points it takes and what they mean."""

TARGETS: Final = "TARGETS"


def chathistory(conversation: IrcServer, line: Line) -> None:
    """CHATHISTORY `<subcommand> <target> <point> [<point>] <limit>`, or `TARGETS <time> <time> <limit>`."""
    subcommand = line.params[0].upper()
    known = _BOUNDS.get(subcommand)
    count = 4 if subcommand == TARGETS else 0 if known is None else known[0] + 3
    faulty = _miscounted(line, count) or _no_limit(line)
    if faulty is None and known is None:
        faulty = _targets(conversation, line)
    elif faulty is None and known is not None:
        faulty = _recall(conversation, line, known[1])
    if faulty is not None:
        conversation.fail("CHATHISTORY", faulty.code, word(line.params[0]), *faulty.context, sentence=faulty.sentence)


def _miscounted(line: Line, count: int) -> _Faulty | None:
    if count == 0:
        return _Faulty("INVALID_PARAMS", (), _NO_COMMAND)
    if len(line.params) == count:
        return None
    return _Faulty("INVALID_PARAMS", (), _TOO_FEW if len(line.params) < count else _TOO_MANY)


def _no_limit(line: Line) -> _Faulty | None:
    return None if _limit(line) else _Faulty("INVALID_PARAMS", (word(line.params[-1]),), _NO_LIMIT)


def _limit(line: Line) -> int:
    said = line.params[-1]
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


# Messages --------------------------------------------------------------------------------------------------------


def _recall(conversation: IrcServer, line: Line, bounds: Callable[..., _Bounds]) -> _Faulty | None:
    target, points = line.params[1], list[Point | None]()
    for said in line.params[2:-1]:
        if said == LATEST and line.params[0].upper() == "LATEST":
            points.append(None)
            continue
        point = _point(said, target)
        if isinstance(point, _Faulty):
            return point
        points.append(point)
    asked, past = bounds(*points), Past(conversation.world, conversation.capabilities)

    def told(unit: Unit) -> None:
        if isinstance(unit, Recalled):
            room = unit.room
            lines = [] if room is None else [one for entry in unit.entries for one in past.lines(room, entry)]
            say_batch(conversation, "chathistory", word(target), lines=lines)
        else:
            _tell_unread(conversation, unit, line)

    conversation.ask(
        Recall(
            name=target,
            after=asked.after,
            before=asked.before,
            around=asked.around,
            newest=asked.newest,
            messages=Capability.EVENT_PLAYBACK not in conversation.capabilities,
            limit=_limit(line),
            shows=past.shows,
        ),
        told,
    )
    return None


def _point(said: str, target: str) -> Point | _Faulty:
    """What `timestamp=…` or `msgid=…` refers to."""
    kind, equals, value = said.partition("=")
    if kind == "timestamp" and equals:
        time = moments.milliseconds(value)
        return _Faulty("INVALID_PARAMS", (word(said),), _NO_TIME) if time is None else Point(time=time)
    if kind == "msgid" and equals:
        found = _MSGID.fullmatch(value)
        return _UNKNOWN if found is None else Point(room=RoomId(int(found[1])), number=int(found[2]))
    if equals:
        return _Faulty("INVALID_MSGREFTYPE", (word(target),), _NO_POINT)
    return _Faulty("INVALID_PARAMS", (word(said),), _NO_POINT)


def _tell_unread(conversation: IrcServer, unit: Unit, line: Line) -> None:
    """Why there is no page, "the_given_command the_given_target" being told with it."""
    code = unit.code if isinstance(unit, Refused) else Code.BUSY
    given = word(line.params[0]), word(line.params[1])
    if code in _NO_TARGET:
        conversation.fail("CHATHISTORY", "INVALID_TARGET", *given, sentence=_NOT_THERE)
    else:
        conversation.fail("CHATHISTORY", "MESSAGE_ERROR", *given, sentence=SENTENCES[code])


# Conversations ---------------------------------------------------------------------------------------------------


def _targets(conversation: IrcServer, line: Line) -> _Faulty | None:
    """TARGETS: "the same semantics as BETWEEN", of when the last message was said."""
    times = [moments.reference(said) for said in line.params[1:3]]
    start, end = times
    if start is None or end is None:
        wrong = line.params[1] if start is None else line.params[2]
        return _Faulty("INVALID_PARAMS", (word(wrong),), _NO_TIME)

    def told(unit: Unit) -> None:
        if not isinstance(unit, ConversationList):
            code = unit.code if isinstance(unit, Refused) else Code.BUSY
            conversation.fail("CHATHISTORY", "MESSAGE_ERROR", TARGETS, sentence=SENTENCES[code])
            return
        world, principal = conversation.world, conversation.principal
        assert principal is not None, "only who has said who it is asks"
        named = [(other_of(room, principal, world) or f"#{word(room.name)}", time) for room, time in unit.lines]
        lines = [build(world.server, "CHATHISTORY", TARGETS, target, iso_time(time)) for target, time in named]
        say_batch(conversation, "draft/chathistory-targets", lines=lines)

    conversation.ask(ListConversations(start=start, end=end, limit=_limit(line)), told)
    return None
