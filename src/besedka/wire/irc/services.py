"""Services: commands in what looks like a conversation, for people whose clients know nothing newer.

They are NickServ and ChanServ. What is said to them is a command and never a message: it is no entry, nobody is told,
and nothing of it is logged. They answer with NOTICE. All that they do is done by a request that others make otherwise,
through the same gate. Because a password meant for them is easily said elsewhere, a line that looks like that is told
to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from besedka.chat.entries import Manner, RoomRole
from besedka.chat.names import FoldedName, fold
from besedka.chat.own_requests import ChangePassword
from besedka.chat.refusals import N_, SENTENCES, Code
from besedka.chat.requests import Login, Ping, Register, Request
from besedka.chat.room_requests import SetRole
from besedka.chat.told import Unit
from besedka.wire.irc import enrolling, sasl
from besedka.wire.irc.channels import CHANNEL, room_of
from besedka.wire.irc.lines import Line, build, plain, word
from besedka.wire.irc.modes import is_owner
from besedka.wire.irc.replies import code_of
from besedka.wire.looking import Look, Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

NICKSERV: Final = "NickServ"
CHANSERV: Final = "ChanServ"
_BY_NAME: Final = {fold(name): name for name in (NICKSERV, CHANSERV)}

_SECRET: Final = re.compile(
    r"\W*(?:(?:msg|query|quote|squery|privmsg)\s+)?(?:(?:nickserv|ns)\s+:?register\s+\S"
    r"|(?:(?:nickserv|ns)\s+)?:?identify\s+\S+(?:\s+\S+)?\s*\Z)",
    re.IGNORECASE,
)
"""IDENTIFY with a password, or a name and one; said alone, or as people type it to reach NickServ."""

_NOT_TOLD: Final = N_("That looks like a password for NickServ. It was told to nobody.")
_UNKNOWN: Final = N_("There is no such command. HELP tells what there is.")
_HOW: Final = N_("This is how: {form}")
_MADE: Final = N_("The account {account} is made, and you are logged in.")
_IN: Final = N_("You are logged in as {account}.")
_CHANGED: Final = N_("Your password is changed. All your other devices must log in again.")
_DONE: Final = N_("Done.")
_OWNED: Final = N_("Channels need no registering: one that an account opens is its own, for good.")


class Service(msgspec.Struct, frozen=True):
    """One command of a service."""

    form: str
    """What follows its name, as people read it."""
    least: int
    """Words that must follow."""
    do: Callable[[IrcServer, list[str]], None]
    help: str


def looks_secret(text: str) -> bool:
    """Whether a text has a line that looks like a password meant for NickServ."""
    if text.isascii():  # Most is, and has neither word; other letters may fold to these.
        lowered = text.lower()
        if "identify" not in lowered and "register" not in lowered:
            return False
    return any(_SECRET.match(line) for line in text.split("\n"))


def refuse_secret(conversation: IrcServer, command: str, target: str) -> None:
    """Say that something was told to nobody."""
    sentence = plain(conversation.translate(_NOT_TOLD))
    conversation.say(build(conversation.world.server, "400", conversation.addressee, command, word(target), sentence))


def named(target: str) -> bool:
    """Whether a target of a message is one of the services."""
    return target[:1] != CHANNEL and fold(target) in _BY_NAME


def said_to(conversation: IrcServer, target: str, text: str, manner: Manner) -> None:
    """Somebody has said something to a service. Nothing answers a NOTICE, nor what programs ask programs."""
    if manner is Manner.SAID and not text.startswith("\x01"):
        _ask(conversation, _BY_NAME[fold(target)], text)


def nickserv(conversation: IrcServer, line: Line) -> None:
    """NICKSERV and NS: the same as a message to it."""
    _ask(conversation, NICKSERV, " ".join(line.params))


def chanserv(conversation: IrcServer, line: Line) -> None:
    """CHANSERV and CS: the same as a message to it."""
    _ask(conversation, CHANSERV, " ".join(line.params))


def _ask(conversation: IrcServer, service: str, text: str) -> None:
    """Do what is asked when all before it is answered."""
    if conversation.waits:
        conversation.ask(Ping(), lambda _unit: _do(conversation, service, text))
    else:
        _do(conversation, service, text)


def _do(conversation: IrcServer, service: str, text: str) -> None:
    name, *words = text.split() or ["HELP"]
    found = _SERVICES[service].get(name.upper())
    if name.upper() == "HELP":
        for command, one in _SERVICES[service].items():
            _tell(conversation, service, f"{command} {one.form}: {conversation.translate(one.help)}")
    elif found is None:
        _tell(conversation, service, conversation.translate(_UNKNOWN))
    elif len(words) < found.least:
        _tell(conversation, service, conversation.translate(_HOW).format(form=f"{name.upper()} {found.form}"))
    else:
        found.do(conversation, words)


def _tell(conversation: IrcServer, service: str, sentence: str) -> None:
    source = f"{service}!{service}@{conversation.world.server}"
    conversation.say(build(source, "NOTICE", conversation.addressee, plain(sentence)))


def _answering(
    conversation: IrcServer, service: str, sentence: str, then: Callable[[], None] = lambda: None
) -> Callable[[Unit], None]:
    """What to do with an answer: say why not, or that it is done."""

    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is not None:
            _tell(conversation, service, conversation.translate(SENTENCES[code]))
            return
        _tell(conversation, service, conversation.translate(sentence).format(account=conversation.account))
        then()

    return told


# NickServ --------------------------------------------------------------------------------------------------------


def _come_as(conversation: IrcServer, request: Request, sentence: str) -> None:
    """Log in by a request, and go on as the account's."""
    before = conversation.mask

    def in_now() -> None:
        # When it is let in its host is known.
        conversation.ask(Ping(), lambda _unit: _logged_in(conversation, before))

    if conversation.is_account:
        _tell(conversation, NICKSERV, conversation.translate(SENTENCES[Code.LOGGED_IN_ALREADY]))
    else:
        conversation.ask(request, _answering(conversation, NICKSERV, sentence, in_now))


def _logged_in(conversation: IrcServer, before: str) -> None:
    sasl.tell_logged_in(conversation)
    conversation.registering.go_on_as_account(before)


def _register(conversation: IrcServer, words: list[str]) -> None:
    if not enrolling.is_offered(conversation):
        code = Code.REGISTRATION_CLOSED if conversation.registering.is_safe else Code.UNSAFE_WAY
        _tell(conversation, NICKSERV, conversation.translate(SENTENCES[code]))
        return
    code_word = "" if len(words) < 2 or words[1] == "*" else words[1]
    _come_as(conversation, Register(name=conversation.nick, password=words[0], invitation=code_word), _MADE)


def _identify(conversation: IrcServer, words: list[str]) -> None:
    name, password = (conversation.nick, words[0]) if len(words) == 1 else (words[0], words[1])
    _come_as(conversation, Login(name=name, password=password), _IN)


def _password(conversation: IrcServer, words: list[str]) -> None:
    request = ChangePassword(old=words[0], new=words[1])
    conversation.ask(request, _answering(conversation, NICKSERV, _CHANGED))


# ChanServ --------------------------------------------------------------------------------------------------------


def _sets(*, role: RoomRole | None = None, voice: bool | None = None) -> Callable[[IrcServer, list[str]], None]:
    """What gives a role or a voice in a channel to somebody, or to whoever asks."""

    def do(conversation: IrcServer, words: list[str]) -> None:
        nick = words[1] if len(words) > 1 else conversation.nick

        def found(unit: Unit) -> None:
            room = unit.room if isinstance(unit, Seen) else None
            if room is None:
                _tell(conversation, CHANSERV, conversation.translate(SENTENCES[Code.NO_SUCH_ROOM]))
            elif role is RoomRole.MODERATOR and is_owner(conversation, room, nick):
                _tell(conversation, CHANSERV, conversation.translate(_DONE))
            else:
                request = SetRole(room=room.id, name=nick, role=role, voice=voice)
                conversation.ask(request, _answering(conversation, CHANSERV, _DONE))

        conversation.ask(Look(name=room_of(words[0]) or FoldedName("")), found)

    return do


def _own(conversation: IrcServer, _words: list[str]) -> None:
    _tell(conversation, CHANSERV, conversation.translate(_OWNED))


_SERVICES: Final = {
    NICKSERV: {
        "REGISTER": Service(
            "<password> [<invite code>]", 1, _register, N_("make an account that is called like your nick")
        ),
        "IDENTIFY": Service("[<account>] <password>", 1, _identify, N_("log in")),
        "PASSWORD": Service("<old password> <new password>", 2, _password, N_("change your password")),
    },
    CHANSERV: {
        "OP": Service("<channel> [<nick>]", 1, _sets(role=RoomRole.MODERATOR), N_("make somebody an operator")),
        "DEOP": Service("<channel> [<nick>]", 1, _sets(role=RoomRole.MEMBER), N_("make an operator a member")),
        "VOICE": Service("<channel> [<nick>]", 1, _sets(voice=True), N_("give somebody a voice")),
        "DEVOICE": Service("<channel> [<nick>]", 1, _sets(voice=False), N_("take a voice away")),
        "REGISTER": Service("", 0, _own, N_("nothing: a channel is its opener's")),
    },
}
"""By service, its commands beside HELP."""
