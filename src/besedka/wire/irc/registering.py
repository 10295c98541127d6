"""Saying who one is: CAP, PASS, NICK, USER and SASL, up to the words of welcome."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from besedka.chat.own_requests import SetProfile, WatchData
from besedka.chat.refusals import N_, SENTENCES, Code
from besedka.chat.requests import ComeAsGuest, Exit, Login, Ping, Sync
from besedka.chat.told import Refused, Unit, You
from besedka.wire.irc import describing
from besedka.wire.irc.capabilities import BY_NAME, SASL_MECHANISMS, Capability
from besedka.wire.irc.isupport import USER_CHARACTERS_MAX
from besedka.wire.irc.lines import LINE_BYTES_MAX, Line, build, line_bytes, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.stages import Stage

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

REAL_NAME: Final = "=real-name"
"""Under which key the hub tells of real names (`hub.watching`)."""

CHUNK_BYTES: Final = 400
"""What one AUTHENTICATE carries; a shorter one, or `+`, is the last (IRCv3 sasl 3.1)."""

VALUES_SINCE: Final = 302
"""The version of CAP LS from which on capabilities have values and a list may be in several lines."""

_ACCOUNT_NEEDED: Final = N_("An account is needed here: log in with SASL, or with PASS name:password.")
_UNSAFE: Final = SENTENCES[Code.UNSAFE_WAY]

_NICK_REFUSED: Final = {
    Code.NAME_TAKEN: Numeric.ERR_NICKNAMEINUSE,
    Code.BAD_NAME: Numeric.ERR_ERRONEUSNICKNAME,
    Code.NAME_RESERVED: Numeric.ERR_ERRONEUSNICKNAME,
}
"""What is wrong with a guest's nick, who may then choose another."""


class Registering:
    """How far one connection has come with saying who it is."""

    def __init__(self, conversation: IrcServer) -> None:
        self._conversation = conversation
        self.negotiating = False
        """Whether a CAP negotiation is open, which CAP END closes."""
        self.version = 0
        """The greatest that CAP LS was asked with."""
        self.nick = ""
        self.real_name = ""
        self.login: tuple[str, str] | None = None
        """The name and password of PASS, no longer than they are needed."""
        self.admitted = False
        """Whether PASS was the server's password."""
        self.mechanism = ""
        """Of the SASL exchange under way; empty for none."""
        self.chunks: list[str] = []

    @property
    def offered(self) -> list[Capability]:
        """What may be asked for: SASL only where a password may be sent (P7)."""
        welcome = self._conversation.welcome
        safe = welcome is not None and welcome.safe
        return [one for one in Capability if safe or one is not Capability.SASL]

    def go_on(self) -> None:
        """Register, if everything is said that is needed."""
        conversation = self._conversation
        if self.negotiating or self.mechanism or not self.nick or not conversation.user:
            return
        if conversation.principal is not None:
            self._enter()
        elif self.login is not None:
            (name, password), self.login = self.login, None
            conversation.ask(Login(name=name, password=password), self._logged_in)
        elif conversation.world.settings.password is not None and not self.admitted:
            conversation.reply(Numeric.ERR_PASSWDMISMATCH)
            conversation.end(Exit())
        elif conversation.welcome is not None and conversation.welcome.guests:
            conversation.ask(ComeAsGuest(name=self.nick), self._came_as_guest)
        else:
            self._turn_away(_ACCOUNT_NEEDED)

    def _logged_in(self, unit: Unit) -> None:
        if isinstance(unit, You):
            self._enter()
            return
        code = unit.code if isinstance(unit, Refused) else Code.BUSY
        self._conversation.tell_fault(Numeric.ERR_PASSWDMISMATCH, sentence=SENTENCES[code])
        self._conversation.end(Exit())

    def _came_as_guest(self, unit: Unit) -> None:
        if isinstance(unit, You):
            self._enter()
            return
        code = unit.code if isinstance(unit, Refused) else Code.BUSY
        numeric = _NICK_REFUSED.get(code)
        if numeric is not None:
            self._conversation.reply(numeric, word(self.nick))
            self.nick = ""
        elif code is Code.BANNED:
            self._conversation.reply(Numeric.ERR_YOUREBANNEDCREEP)
            self._conversation.end(Exit())
        else:
            self._turn_away(SENTENCES[code])

    def _turn_away(self, sentence: str) -> None:
        """IRCv3 account-registration, "Rationale": FAIL * ACCOUNT_REQUIRED_TO_CONNECT, and the end."""
        self._conversation.fail("*", "ACCOUNT_REQUIRED_TO_CONNECT", sentence=sentence)
        self._conversation.end(Exit())

    def _enter(self) -> None:
        """Go on when the hub has let it in, which is after the answer that says so: then its host is known."""
        self._conversation.ask(Ping(), self._welcomed)

    def _welcomed(self, _unit: Unit) -> None:
        conversation = self._conversation
        conversation.enter()
        describing.welcome(conversation)
        if not conversation.is_account:
            profile = SetProfile(
                real_name=self.real_name.encode()[: conversation.limits.real_name_bytes_max].decode(errors="ignore")
            )
            conversation.ask(profile, _noted)
        self.watch()
        conversation.ask(Sync(), _noted)

    def watch(self) -> None:
        """Be told of real names that change, where that was asked for."""
        if Capability.SETNAME in self._conversation.capabilities:
            self._conversation.ask(WatchData(keys=(REAL_NAME,)), _noted)

    def forget_secrets(self) -> None:
        """Nothing of an exchange is kept when it is over."""
        self.mechanism = ""
        self.chunks.clear()


def _noted(_unit: Unit) -> None:
    """What was asked on the connection's own behalf is not spoken of."""


# NICK, USER, PASS ------------------------------------------------------------------------------------------------


def nick(conversation: IrcServer, line: Line) -> None:
    """NICK before registration is a wish; afterwards a name is an account's, or a guest's as long as it stays."""
    if not line.params or not line.params[0]:
        conversation.reply(Numeric.ERR_NONICKNAMEGIVEN)
        return
    wanted = line.params[0]
    if conversation.stage is Stage.PRESENT:
        if wanted != conversation.nick:
            conversation.reply(Numeric.ERR_NONICKCHANGE)
        return
    if word(wanted) != wanted or len(wanted) > conversation.limits.name_characters_max:
        conversation.reply(Numeric.ERR_ERRONEUSNICKNAME, word(wanted))
        return
    conversation.registering.nick = wanted
    if conversation.principal is None:
        conversation.nick = wanted
    conversation.registering.go_on()


def user(conversation: IrcServer, line: Line) -> None:
    """USER: the mode and the unused parameter mean nothing ("USER message")."""
    if not line.params[0] or not line.params[3]:
        # "If a client sends a USER command with an empty realname", it is one parameter too few.
        conversation.reply(Numeric.ERR_NEEDMOREPARAMS, line.command)
        return
    if conversation.user:
        conversation.reply(Numeric.ERR_ALREADYREGISTERED)
        return
    allowed = "".join(one for one in line.params[0] if one.isascii() and (one.isalnum() or one in "_-."))
    conversation.user = allowed[:USER_CHARACTERS_MAX] or "u"
    conversation.registering.real_name = line.params[3]
    conversation.registering.go_on()


def password(conversation: IrcServer, line: Line) -> None:
    """PASS is the server's password, or `name:password` of an account; it is judged when all else is said.

    "If the password supplied does not match the password expected by the server, then the server SHOULD send
    ERR_PASSWDMISMATCH and MUST close the connection" (PASS message). The last PASS counts.
    """
    registering, said = conversation.registering, line.params[0]
    expected, welcome = conversation.world.settings.password, conversation.welcome
    safe = welcome is not None and welcome.safe  # On an unsafe way it is a secret no more (P7).
    registering.admitted = safe and expected is not None and expected.is_opened_by(said)
    name, colon, secret = said.partition(":")
    registering.login = (name, secret) if colon and name and secret and not registering.admitted else None


# CAP -------------------------------------------------------------------------------------------------------------


def cap(conversation: IrcServer, line: Line) -> None:
    """CAP (IRCv3 capability-negotiation)."""
    subcommand = line.params[0].upper()
    handle = _CAP.get(subcommand)
    if handle is None:
        conversation.reply(Numeric.ERR_INVALIDCAPCMD, word(line.params[0]))
    else:
        handle(conversation, line)


def _cap_ls(conversation: IrcServer, line: Line) -> None:
    registering = conversation.registering
    if conversation.stage is Stage.NEW:
        registering.negotiating = True
    version = line.params[1] if len(line.params) > 1 else ""
    if version.isascii() and version.isdigit() and len(version) < 9:
        registering.version = max(registering.version, int(version))
    if registering.version >= VALUES_SINCE:
        conversation.use(conversation.capabilities | {Capability.CAP_NOTIFY})  # "implicitly enabled" by 302
    names = [_offer(one, registering.version) for one in registering.offered]
    _tell_capabilities(conversation, "LS", names)


def _offer(capability: Capability, version: int) -> str:
    with_value = capability is Capability.SASL and version >= VALUES_SINCE
    return f"sasl={SASL_MECHANISMS}" if with_value else capability.value


def _cap_list(conversation: IrcServer, _line: Line) -> None:
    _tell_capabilities(conversation, "LIST", [one.value for one in Capability if one in conversation.capabilities])


def _tell_capabilities(conversation: IrcServer, subcommand: str, names: list[str]) -> None:
    """In several lines where one is too short and the client knows of that: all but the last have a `*` before."""
    server, whom = conversation.world.server, conversation.addressee
    several: list[list[str]] = [[]]
    for name in names:
        trial = build(server, "CAP", whom, subcommand, "*", " ".join([*several[-1], name]))
        if line_bytes(trial) > LINE_BYTES_MAX and conversation.registering.version >= VALUES_SINCE:
            several.append([])
        several[-1].append(name)
    for some in several[:-1]:
        conversation.say(build(server, "CAP", whom, subcommand, "*", " ".join(some)))
    conversation.say(build(server, "CAP", whom, subcommand, " ".join(several[-1])))


def _cap_req(conversation: IrcServer, line: Line) -> None:
    """All of what is asked, or nothing ("The CAP REQ subcommand")."""
    registering = conversation.registering
    if conversation.stage is Stage.NEW:
        registering.negotiating = True
    asked = line.params[1] if len(line.params) > 1 else ""
    wanted = set(conversation.capabilities)
    acceptable = True
    for name in asked.split():
        capability = BY_NAME.get(name.removeprefix("-"))
        if capability is None or capability not in registering.offered:
            acceptable = False
        elif not name.startswith("-"):
            wanted.add(capability)
        elif capability is Capability.CAP_NOTIFY and registering.version >= VALUES_SINCE:
            acceptable = False  # "MUST NOT" be disabled by clients of 302.
        else:
            wanted.discard(capability)
    verdict = "ACK" if acceptable else "NAK"
    conversation.say(build(conversation.world.server, "CAP", conversation.addressee, verdict, asked))
    if acceptable:
        news = Capability.SETNAME in wanted and Capability.SETNAME not in conversation.capabilities
        conversation.use(frozenset(wanted))
        if news and conversation.stage is Stage.PRESENT:
            registering.watch()


def _cap_end(conversation: IrcServer, _line: Line) -> None:
    if conversation.stage is Stage.NEW:
        conversation.registering.negotiating = False
        conversation.registering.go_on()


_CAP: Final[dict[str, Callable[[IrcServer, Line], None]]] = {
    "LS": _cap_ls,
    "LIST": _cap_list,
    "REQ": _cap_req,
    "END": _cap_end,
}


# SASL ------------------------------------------------------------------------------------------------------------


def authenticate(conversation: IrcServer, line: Line) -> None:
    """AUTHENTICATE (IRCv3 sasl 3.1 and 3.2)."""
    registering, said = conversation.registering, line.params[0]
    if conversation.principal is not None:
        conversation.reply(Numeric.ERR_SASLALREADY)
    elif said == "*":
        registering.forget_secrets()
        conversation.reply(Numeric.ERR_SASLABORTED)
        registering.go_on()
    elif not registering.mechanism:
        _begin(conversation, said)
    elif len(said) > CHUNK_BYTES:
        registering.forget_secrets()
        conversation.reply(Numeric.ERR_SASLTOOLONG)
    else:
        _continue(conversation, said)


def _begin(conversation: IrcServer, mechanism: str) -> None:
    if Capability.SASL not in conversation.registering.offered:
        conversation.tell_fault(Numeric.ERR_SASLFAIL, sentence=_UNSAFE)
    elif mechanism.upper() != SASL_MECHANISMS:
        conversation.reply(Numeric.RPL_SASLMECHS, SASL_MECHANISMS)
        conversation.reply(Numeric.ERR_SASLFAIL)
    else:
        conversation.registering.mechanism = SASL_MECHANISMS
        conversation.say(build("", "AUTHENTICATE", "+"))


def _continue(conversation: IrcServer, chunk: str) -> None:
    registering = conversation.registering
    if chunk != "+":
        registering.chunks.append(chunk)
    # Name twice, password, two NULs; base64 makes four bytes of three.
    most = (2 * conversation.limits.name_bytes_max + conversation.limits.password_bytes_max + 2) * 4 // 3 + 4
    if sum(map(len, registering.chunks)) > most:
        registering.forget_secrets()
        conversation.reply(Numeric.ERR_SASLTOOLONG)
        return
    if len(chunk) == CHUNK_BYTES:
        return  # "+" or a shorter one is still to come.
    credentials = _plain("".join(registering.chunks))
    registering.chunks.clear()
    if credentials is None:
        registering.forget_secrets()
        conversation.reply(Numeric.ERR_SASLFAIL)
        return
    name, secret = credentials
    conversation.ask(Login(name=name, password=secret), lambda unit: _authenticated(conversation, unit))


def _plain(encoded: str) -> tuple[str, str] | None:
    """The name and password of PLAIN (RFC 4616 §2); None if there are none, or one would act as another."""
    try:
        parts = base64.b64decode(encoded, validate=True).decode().split("\0")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    if len(parts) != 3 or not parts[1] or not parts[2] or parts[0] not in ("", parts[1]):
        return None
    return parts[1], parts[2]


def _authenticated(conversation: IrcServer, unit: Unit) -> None:
    conversation.registering.forget_secrets()
    if isinstance(unit, You):
        conversation.ask(Ping(), lambda _unit: _accepted(conversation))  # When it is let in its host is known.
    else:
        refused = cast(Refused, unit)
        known = refused.code in (Code.WRONG_PASSWORD, Code.NAME_UNKNOWN, Code.BAD_NAME)
        sentence = Numeric.ERR_SASLFAIL.sentence if known else SENTENCES.get(refused.code, "")
        conversation.tell_fault(Numeric.ERR_SASLFAIL, sentence=sentence)
        conversation.registering.go_on()


def _accepted(conversation: IrcServer) -> None:
    account = word(conversation.nick)
    conversation.reply(Numeric.RPL_LOGGEDIN, conversation.mask, account, account=account)
    conversation.reply(Numeric.RPL_SASLSUCCESS)
    conversation.registering.go_on()
