"""REGISTER: making an account over IRC (IRCv3 draft/account-registration).

Where registration takes an invitation, its code stands where an e-mail address would: besedka has no use for one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.names import fold
from besedka.chat.principals import is_account
from besedka.chat.refusals import N_, SENTENCES, Code
from besedka.chat.requests import Ping, Register
from besedka.chat.told import Registration, Unit, You
from besedka.wire.irc import sasl
from besedka.wire.irc.lines import Line, build, plain, word
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.stages import Stage

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_NONE: Final = "*"
"""For no e-mail address; as the account it is one's nick."""

_MADE: Final = N_("Account created.")
_CONNECT_FIRST: Final = N_("Connect first, then register.")
_NICK_FIRST: Final = N_("Choose a nick first.")
_NOT_ONES_NICK: Final = N_("An account is called like its owner's nick: change that first.")
_BORNE_BY_GUEST: Final = N_("Somebody bears this nick without an account; nobody else can register it now.")
_NO_CODE: Final = N_("An invitation is needed: give its code in place of the e-mail address.")
_NOTHING_TO_VERIFY: Final = N_("Nothing waits to be verified.")

_FAILURES: Final = {
    Code.NAME_TAKEN: "ACCOUNT_EXISTS",
    Code.BAD_NAME: "BAD_ACCOUNT_NAME",
    Code.NAME_RESERVED: "BAD_ACCOUNT_NAME",
    Code.PASSWORD_SHORT: "WEAK_PASSWORD",
    Code.PASSWORD_LONG: "UNACCEPTABLE_PASSWORD",
    Code.BAD_REQUEST: "UNACCEPTABLE_PASSWORD",
}
"""What a refusal is called ("Responses"); whatever is not here may be over in a while: TEMPORARILY_UNAVAILABLE."""


def is_offered(conversation: IrcServer) -> bool:
    """Whether accounts can be made here: passwords go over safe ways only (P7)."""
    welcome = conversation.welcome
    return conversation.registering.is_safe and welcome is not None and welcome.registration is not Registration.CLOSED


def terms(conversation: IrcServer) -> str:
    """The value of the capability."""
    return "before-connect" if _before_connect(conversation) else ""


def _before_connect(conversation: IrcServer) -> bool:
    """ "Servers should ensure that this functionality cannot be used to bypass … a server password with PASS"."""
    settings = conversation.world.settings
    return settings.before_connect and settings.password is None


def register(conversation: IrcServer, line: Line) -> None:
    """REGISTER <account> {<email> | "*"} <password>."""
    asked, email, password = line.params[:3]
    nick = conversation.nick if conversation.stage is Stage.PRESENT else conversation.registering.nick
    name = nick if asked == _NONE else asked
    if not _may(conversation, "REGISTER", name):
        return
    if not nick:
        _fail(conversation, "NEED_NICK", _NONE, _NICK_FIRST)
    elif fold(name) != fold(nick):
        _fail(conversation, "ACCOUNT_NAME_MUST_BE_NICK", name, _NOT_ONES_NICK)
    else:
        code = "" if email == _NONE else email
        request = Register(name=nick, password=password, invitation=code)
        before = conversation.mask
        conversation.ask(request, lambda unit: _registered(conversation, name, before, unit))


def verify(conversation: IrcServer, line: Line) -> None:
    """VERIFY <account> <code>: no registration here waits for one."""
    name = line.params[0]
    if _may(conversation, "VERIFY", name):
        conversation.fail("VERIFY", "INVALID_CODE", word(name), sentence=_NOTHING_TO_VERIFY)


def _may(conversation: IrcServer, command: str, name: str) -> bool:
    """Whether this connection may make an account; it has been told why if not."""
    if conversation.is_account:
        sentence = SENTENCES[Code.LOGGED_IN_ALREADY]
        conversation.fail(command, "ALREADY_AUTHENTICATED", word(conversation.account), sentence=sentence)
    elif not is_offered(conversation):
        code = Code.REGISTRATION_CLOSED if conversation.registering.is_safe else Code.UNSAFE_WAY
        conversation.fail(command, "TEMPORARILY_UNAVAILABLE", word(name), sentence=SENTENCES[code])
    elif conversation.stage is Stage.NEW and not _before_connect(conversation):
        conversation.fail(command, "COMPLETE_CONNECTION_REQUIRED", word(name), sentence=_CONNECT_FIRST)
    else:
        return True
    return False


def _fail(conversation: IrcServer, code: str, name: str, sentence: str) -> None:
    conversation.fail("REGISTER", code, word(name), sentence=sentence)


def _registered(conversation: IrcServer, name: str, before: str, unit: Unit) -> None:
    """`before` is the `nick!user@host` it had."""
    if isinstance(unit, You):
        conversation.ask(Ping(), lambda _unit: _made(conversation, before))  # When it is let in its host is known.
        return
    code = code_of(unit) or Code.BUSY
    bearer = conversation.world.named(fold(name))
    if code is Code.INVITATION_NEEDED:
        _fail(conversation, "UNACCEPTABLE_EMAIL", name, _NO_CODE)
    elif code is Code.NAME_TAKEN and bearer is not None and not is_account(bearer.principal):
        # No code of the specification means this; other servers call it so.
        _fail(conversation, "USERNAME_EXISTS", name, _BORNE_BY_GUEST)
    else:
        _fail(conversation, _FAILURES.get(code, "TEMPORARILY_UNAVAILABLE"), name, SENTENCES[code])


def _made(conversation: IrcServer, before: str) -> None:
    """ "Afterward, the client is assumed to be authenticated to the <account> as if it used SASL"."""
    account, sentence = word(conversation.account), plain(conversation.translate(_MADE))
    conversation.say(build(conversation.world.server, "REGISTER", "SUCCESS", account, sentence))
    sasl.tell_logged_in(conversation)
    conversation.registering.go_on_as_account(before)
