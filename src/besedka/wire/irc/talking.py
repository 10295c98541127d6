"""Saying something: PRIVMSG, NOTICE and TAGMSG; and PING, PONG, QUIT.

A line is meant in one of four ways, and `_say_to` sees which: it says something, and is kept; it answers a message or
reacts to one (`referring`), and is kept; it is said aside, because programs talk (CTCP, TAGMSG) or because it is for
those with a prefix only (STATUSMSG), and is told and not kept; or it cannot be meant, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from besedka.chat.entries import Manner, RoomId
from besedka.chat.names import FoldedName, fold
from besedka.chat.permissions import Rank
from besedka.chat.refusals import Code
from besedka.chat.requests import Exit, Ping, Pong, Say, Tell
from besedka.chat.told import Kept, Unit
from besedka.wire.asides import AsideSaid, SayAside
from besedka.wire.irc import people, referring, services
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.channels import CHANNEL, room_of
from besedka.wire.irc.isupport import TARGETS_MAX
from besedka.wire.irc.lines import LINE_BYTES_MAX, Line, build, line_bytes, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of, tell_unsaid
from besedka.wire.irc.said import ACTION, CTCP
from besedka.wire.irc.services import looks_secret
from besedka.wire.irc.tagging import Tags, client_tags, persists, typing
from besedka.wire.irc.world import shortest
from besedka.wire.looking import Look, Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

STATUS_RANKS: Final = {"@": Rank.MODERATOR, "+": Rank.VOICED}
"""For whom `@#channel` and `+#channel` are: those with that prefix or a higher one (ISUPPORT STATUSMSG)."""


class Saying(msgspec.Struct, frozen=True):
    """What one line says, to whomever."""

    command: str
    text: str | None
    """None of TAGMSG."""
    manner: Manner
    tags: Tags
    breaks: tuple[int, ...] = ()
    aside: bool = False

    def __repr__(self) -> str:
        """Without what a person wrote."""
        return f"<{self.command}>"


def privmsg(conversation: IrcServer, line: Line) -> None:
    """PRIVMSG."""
    _say(conversation, line, Manner.SAID)


def notice(conversation: IrcServer, line: Line) -> None:
    """NOTICE: "servers MUST NOT send any error reply back to the client on receipt of a notice" (RFC 2812 §3.3.2).

    Whoever labels a line waits for its answer and is told, for no two programs can answer each other so for ever.
    """
    _say(conversation, line, Manner.NOTED)


def tagmsg(conversation: IrcServer, line: Line) -> None:
    """TAGMSG (IRCv3 message-tags): only tags, told "in the same way as PRIVMSG and NOTICE messages".

    Those that say so are kept, the others are for who is here.
    """
    tags = client_tags(conversation, line)
    targets = _targets(conversation, line, line.params[0])
    for target in targets or ():
        _say_to(conversation, Saying("TAGMSG", None, Manner.SAID, tags, aside=not persists(tags)), target)


def _say(conversation: IrcServer, line: Line, manner: Manner) -> None:
    if not line.params or not line.params[0].strip(","):
        _fault(conversation, line, lambda: conversation.reply(Numeric.ERR_NORECIPIENT, command=line.command))
        return
    if len(line.params) < 2 or not line.params[1]:
        _fault(conversation, line, lambda: conversation.reply(Numeric.ERR_NOTEXTTOSEND))
        return
    if not line.tags and _said_plainly(conversation, line, manner):
        return
    text, targets = line.params[1], []
    for target in _targets(conversation, line, line.params[0]) or ():
        if services.named(target):
            services.said_to(conversation, target, text, manner)
        else:
            targets.append(target)
    for target in targets:
        if not _is_short_enough(conversation, line.command, target, text):
            in_order(conversation, lambda: conversation.reply(Numeric.ERR_INPUTTOOLONG))
            return
    saying = meant(line.command, text, manner, client_tags(conversation, line))
    for target in targets:
        _say_to(conversation, saying, target)


def _said_plainly(conversation: IrcServer, line: Line, manner: Manner) -> bool:
    """Say what most lines say: words for one channel that one is in. False for any other line, which is not said yet.

    This is what the way through `meant` and `_say_to` comes to for such a line, at half of its cost.
    """
    target, text = line.params[:2]
    room = conversation.rooms.get(fold(target[1:])) if target[0] == CHANNEL else None
    if room is None or text[0] == CTCP or looks_secret(text):
        return False
    if not _is_short_enough(conversation, line.command, target, text):
        return False
    told = unsaid(conversation, line.command, target)
    conversation.ask(Say(room=room, text=text, manner=manner), told, streams=True)
    return True


def _is_short_enough(conversation: IrcServer, command: str, target: str, text: str) -> bool:
    """Whether a line can be told to others as it is, if need be from the nick alone. Half a line holds any source."""
    said = len(command) + len(target.encode()) + len(text.encode())
    if said <= LINE_BYTES_MAX // 2:
        return True
    return line_bytes(build(shortest(conversation.mask), command, word(target), text)) <= LINE_BYTES_MAX


def _targets(conversation: IrcServer, line: Line, listed: str) -> list[str] | None:
    """The targets of a line, each once; None for too many, of which "nothing is sent" to any."""
    if "," not in listed:
        return [listed]
    several = list(dict.fromkeys(one for one in listed.split(",") if one))
    if len(several) <= TARGETS_MAX:
        return several
    _fault(conversation, line, lambda: conversation.reply(Numeric.ERR_TOOMANYTARGETS, word(listed)))
    return None


def meant(command: str, text: str, manner: Manner, tags: Tags = (), breaks: tuple[int, ...] = ()) -> Saying:
    """What a text is meant as: ACTION is something done, and any other CTCP is said aside (ctcp, "ACTION")."""
    if not text.startswith(CTCP):
        return Saying(command, text, manner, tags, breaks)
    if text.startswith(ACTION) and manner is Manner.SAID:
        return Saying(command, text.removeprefix(ACTION).removesuffix(CTCP), Manner.DONE, tags)
    return Saying(command, text, manner, tags, aside=True)


def say_kept(conversation: IrcServer, saying: Saying, target: str) -> bool:
    """Say something that is to be kept; False where nothing said to this target is."""
    if target.lstrip("@+")[:1] == CHANNEL and target[:1] != CHANNEL:
        return False
    _say_to(conversation, saying, target)
    return True


def _say_to(conversation: IrcServer, saying: Saying, target: str) -> None:
    if saying.text is not None and looks_secret(saying.text):
        in_order(conversation, lambda: services.refuse_secret(conversation, saying.command, target))
        return
    name, least = target.lstrip("@+"), Rank.OUTSIDER
    if name[:1] != CHANNEL:
        _say_to_person(conversation, saying, target)
        return
    if len(name) < len(target):
        saying = msgspec.structs.replace(saying, aside=True)
        least = min(STATUS_RANKS[one] for one in target.removesuffix(name))
    folded = room_of(name) or ""
    known = conversation.rooms.get(FoldedName(folded))
    if known is not None:
        say_in_room(conversation, saying, target, known, least)
        return

    def found(unit: Unit) -> None:
        if isinstance(unit, Seen) and unit.room is not None:
            say_in_room(conversation, saying, target, unit.room.id, least)
        else:
            tell_unsaid(conversation, saying.command, Code.NO_SUCH_ROOM, word(target))

    conversation.ask(Look(name=folded), found)


def say_in_room(
    conversation: IrcServer, saying: Saying, target: str, room: RoomId, least: Rank = Rank.OUTSIDER
) -> None:
    """Say something in a room, to all of it or to those who are `least` so much there."""
    told = unsaid(conversation, saying.command, target)

    def plainly() -> None:
        if saying.aside:
            aside = SayAside(
                room=room,
                least=least,
                text=saying.text,
                manner=saying.manner,
                tags=saying.tags,
                typing=typing(saying.tags) if saying.text is None and least is Rank.OUTSIDER else None,
            )
            conversation.ask(aside, said_aside(conversation, saying, target), streams=True)
        else:
            asked = Say(room=room, text=saying.text or "", manner=saying.manner, tags=saying.tags, breaks=saying.breaks)
            conversation.ask(asked, told, streams=True)

    if not saying.tags or least is not Rank.OUTSIDER or not referring.refer(conversation, saying, room, told, plainly):
        plainly()


def _say_to_person(conversation: IrcServer, saying: Saying, target: str) -> None:
    def plainly() -> None:
        if saying.aside:
            aside = SayAside(
                name=target,
                text=saying.text,
                manner=saying.manner,
                tags=saying.tags,
                typing=typing(saying.tags) if saying.text is None else None,
            )
            conversation.ask(aside, said_aside(conversation, saying, target), streams=True)
        else:
            asked = Tell(
                name=target, text=saying.text or "", manner=saying.manner, tags=saying.tags, breaks=saying.breaks
            )
            conversation.ask(asked, told, streams=True)

    told = unsaid(conversation, saying.command, target)
    if not referring.refer_to_person(conversation, saying, target, told, plainly):
        plainly()


def unsaid(conversation: IrcServer, command: str, target: str) -> Callable[[Unit], None]:
    """What to do with an answer of which only the "no" is told, and that somebody is away."""

    def told(unit: Unit) -> None:
        if type(unit) is Kept:
            if target[0] != CHANNEL and command == "PRIVMSG":
                people.tell_away(conversation, unit)
            return
        code = code_of(unit)
        if code is not None:
            tell_unsaid(conversation, command, code, word(target))

    return told


def said_aside(conversation: IrcServer, saying: Saying, target: str) -> Callable[[Unit], None]:
    """The same for what is not kept, of which the echo is told here (IRCv3 echo-message)."""
    refused = unsaid(conversation, saying.command, target)

    def told(unit: Unit) -> None:
        if not isinstance(unit, AsideSaid):
            refused(unit)
        elif Capability.ECHO_MESSAGE in conversation.capabilities:
            for line in conversation.format.aside_lines(unit.aside):
                conversation.say(line)

    return told


# In order --------------------------------------------------------------------------------------------------------


def _fault(conversation: IrcServer, line: Line, say: Callable[[], None]) -> None:
    if line.command != "NOTICE" or conversation.labelled:
        in_order(conversation, say)


def in_order(conversation: IrcServer, say: Callable[[], None]) -> None:
    """Say something of one's own when all that was asked before is answered."""
    if conversation.waits:
        conversation.ask(Ping(), lambda _unit: say(), streams=True)
    else:
        say()


def ping(conversation: IrcServer, line: Line) -> None:
    """PING is answered when all before it is answered and told: clients synchronise by it (DESIGN §1)."""
    if not line.params:
        in_order(conversation, lambda: conversation.reply(Numeric.ERR_NEEDMOREPARAMS, line.command))
    elif not line.params[0]:
        in_order(conversation, lambda: conversation.reply(Numeric.ERR_NOORIGIN))
    else:
        server, token = conversation.world.server, line.params[0]
        conversation.ask(Ping(), lambda _unit: conversation.say(build(server, "PONG", server, token)), streams=True)


def pong(conversation: IrcServer, _line: Line) -> None:
    """PONG is not answered."""
    conversation.tell_hub(Pong())


def quit_(conversation: IrcServer, line: Line) -> None:
    """QUIT ends the session; rooms are left by PART only."""
    conversation.last_words = line.params[0] if line.params else ""
    conversation.end(Exit())
