"""AUTHENTICATE: logging in (IRCv3 sasl 3.1 and 3.2), before registration and, for guests, after it."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.requests import Login, Ping
from besedka.chat.scram import MECHANISM
from besedka.chat.told import Unit, You
from besedka.wire.irc.lines import Line, build, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.scram import Dialogue
from besedka.wire.proving import Challenge, Proved

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

CHUNK_BYTES: Final = 400
"""What one AUTHENTICATE carries; a shorter one, or `+`, is the last ("The AUTHENTICATE command")."""

PLAIN: Final = "PLAIN"

_LIKE_A_WRONG_PASSWORD: Final = frozenset({Code.WRONG_PASSWORD, Code.NAME_UNKNOWN, Code.BAD_NAME, Code.NAME_RESERVED})
"""Refusals that say no more than that: whether there is such an account is told to nobody here."""


class Exchange:
    """How far one connection has come with logging in."""

    __slots__ = ("chunks", "dialogue", "mechanism")

    def __init__(self) -> None:
        self.mechanism = ""
        """Of the exchange under way; empty for none."""
        self.chunks: list[str] = []
        self.dialogue: Dialogue | None = None
        """Of SCRAM."""

    def forget(self) -> None:
        """Nothing of an exchange is kept when it is over."""
        self.mechanism, self.dialogue = "", None
        self.chunks.clear()


def mechanisms(conversation: IrcServer) -> str:
    """For `sasl=` and 908."""
    return f"{PLAIN},{MECHANISM}" if conversation.world.settings.scram else PLAIN


def authenticate(conversation: IrcServer, line: Line) -> None:
    """AUTHENTICATE: a mechanism first, then its data in chunks; `*` aborts."""
    exchange, said = conversation.registering.exchange, line.params[0]
    if conversation.is_account:
        conversation.reply(Numeric.ERR_SASLALREADY)
    elif said == "*":
        exchange.forget()
        conversation.reply(Numeric.ERR_SASLABORTED)
    elif not exchange.mechanism:
        _begin(conversation, said)
    elif len(said) > CHUNK_BYTES:
        exchange.forget()
        conversation.reply(Numeric.ERR_SASLTOOLONG)
    else:
        _continue(conversation, said)


def abort(conversation: IrcServer) -> None:
    """The client has ended registration before the exchange: "SHOULD abort it and send a 906 numeric"."""
    if conversation.registering.exchange.mechanism:
        conversation.registering.exchange.forget()
        conversation.reply(Numeric.ERR_SASLABORTED)


def _begin(conversation: IrcServer, mechanism: str) -> None:
    if not conversation.registering.is_safe:
        conversation.tell_fault(Numeric.ERR_SASLFAIL, sentence=SENTENCES[Code.UNSAFE_WAY])
    elif mechanism.upper() not in mechanisms(conversation).split(","):
        conversation.reply(Numeric.RPL_SASLMECHS, mechanisms(conversation))
        conversation.reply(Numeric.ERR_SASLFAIL)
    else:
        exchange = conversation.registering.exchange
        exchange.mechanism = mechanism.upper()
        exchange.dialogue = Dialogue() if exchange.mechanism == MECHANISM else None
        conversation.say(build("", "AUTHENTICATE", "+"))


def _continue(conversation: IrcServer, chunk: str) -> None:
    exchange = conversation.registering.exchange
    if chunk != "+":
        exchange.chunks.append(chunk)
    # Name twice, password, two NULs; base64 makes four bytes of three.
    most = (2 * conversation.limits.name_bytes_max + conversation.limits.password_bytes_max + 2) * 4 // 3 + 4
    if sum(map(len, exchange.chunks)) > most:
        exchange.forget()
        conversation.reply(Numeric.ERR_SASLTOOLONG)
    elif len(chunk) < CHUNK_BYTES:  # Otherwise "+" or a shorter one is still to come.
        whole = "".join(exchange.chunks)
        exchange.chunks.clear()
        try:
            data = base64.b64decode(whole, validate=True)
        except (binascii.Error, ValueError):
            fail(conversation)
            return
        if exchange.dialogue is None:
            _try_plain(conversation, data)
        else:
            _go_on(conversation, exchange.dialogue, data)


def _try_plain(conversation: IrcServer, data: bytes) -> None:
    """PLAIN (RFC 4616 §2): nobody acts as another, so an authorization identity must be the name itself."""
    try:
        parts = data.decode().split("\0")
    except UnicodeDecodeError:
        parts = []
    if len(parts) != 3 or not parts[1] or not parts[2] or parts[0] not in ("", parts[1]):
        fail(conversation)
        return
    before = conversation.mask
    conversation.ask(Login(name=parts[1], password=parts[2]), lambda unit: _tried(conversation, before, unit))


def _go_on(conversation: IrcServer, dialogue: Dialogue, data: bytes) -> None:
    """SCRAM: what the client said leads to a question, or to nothing."""
    request, before = dialogue.heard(data), conversation.mask
    if request is None:
        fail(conversation)
        return

    def told(unit: Unit) -> None:
        if isinstance(unit, Challenge):
            _say(conversation, dialogue.challenge(unit))
        elif isinstance(unit, Proved):
            _say(conversation, dialogue.signature(unit))
        else:
            _tried(conversation, before, unit)

    conversation.ask(request, told)


def _say(conversation: IrcServer, data: bytes) -> None:
    """Data of the server's, in chunks; one that is full is not the last."""
    encoded = base64.b64encode(data).decode()
    for start in range(0, len(encoded) + 1, CHUNK_BYTES):
        conversation.say(build("", "AUTHENTICATE", encoded[start : start + CHUNK_BYTES] or "+"))


def fail(conversation: IrcServer) -> None:
    """The exchange has come to nothing; "the client MAY retry"."""
    conversation.registering.exchange.forget()
    conversation.reply(Numeric.ERR_SASLFAIL)


def _tried(conversation: IrcServer, before: str, unit: Unit) -> None:
    """`before` is the `nick!user@host` it had."""
    conversation.registering.exchange.forget()
    if isinstance(unit, You):
        # When it is let in its host is known.
        conversation.ask(Ping(), lambda _unit: _accepted(conversation, before))
        return
    code = code_of(unit) or Code.BUSY
    sentence = Numeric.ERR_SASLFAIL.sentence if code in _LIKE_A_WRONG_PASSWORD else SENTENCES[code]
    numeric = Numeric.ERR_NICKLOCKED if code is Code.BANNED else Numeric.ERR_SASLFAIL
    conversation.tell_fault(numeric, sentence=sentence)
    conversation.registering.go_on()


def _accepted(conversation: IrcServer, before: str) -> None:
    tell_logged_in(conversation)
    conversation.reply(Numeric.RPL_SASLSUCCESS)
    conversation.registering.go_on_as_account(before)


def tell_logged_in(conversation: IrcServer) -> None:
    """900, "sent when the user's account name is set (whether by SASL or otherwise)"."""
    account = word(conversation.account)
    conversation.reply(Numeric.RPL_LOGGEDIN, conversation.mask, account, account=account)
