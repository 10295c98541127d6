"""Saying who one is, by PASS, NICK or USER, up to the words of welcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.own_requests import Away, ChangeNick, SetProfile, WatchData
from besedka.chat.refusals import N_, SENTENCES, Code
from besedka.chat.requests import ComeAsGuest, Exit, Login, Ping, Sync
from besedka.chat.told import Refused, Unit, You
from besedka.wire.irc import describing, nicks, sasl, subscriptions
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.isupport import USER_CHARACTERS_MAX
from besedka.wire.irc.lines import Line, build, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.settings import Nicks
from besedka.wire.irc.stages import Stage
from besedka.wire.irc.world import NO_USER, UNSPECIFIED
from besedka.wire.proving import Knock

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_ACCOUNT_NEEDED: Final = N_("An account is needed here: log in with SASL, or with PASS name:password.")


class Registering:
    """How far one connection has come with saying who it is."""

    def __init__(self, conversation: IrcServer) -> None:
        self._conversation = conversation
        self.negotiating = False
        """Whether a CAP negotiation is open, which CAP END closes."""
        self.version = 0
        """The greatest that CAP LS was asked with."""
        self.listed: tuple[str, ...] | None = None
        """How the capabilities that a reload may change were last listed; None where it is not told of changes."""
        self.nick = ""
        """What it wants to be called, even where that was refused: logging in may make it possible."""
        self.turned_down = False
        """Whether that was refused, so that another is waited for."""
        self.mask_before = ""
        """Its `nick!user@host` before it was last told who it is."""
        self.real_name = ""
        self._watches = False
        """Whether the hub was asked to tell of any changes."""
        self.away: str | None = None
        """What it said of being away before it was in (IRCv3 pre-away); None where it said nothing."""
        self.login: tuple[str, str] | None = None
        """The name and password of PASS, no longer than they are needed."""
        self.said = ""
        """The whole of PASS, as long, where it may be the server's password."""
        self.admitted = False
        """Whether that was the server's password."""
        self.exchange: Final = sasl.Exchange()
        """Logging in."""

    @property
    def is_safe(self) -> bool:
        """Whether a secret may be said on this connection (P7)."""
        welcome = self._conversation.welcome
        return welcome is not None and welcome.safe

    def go_on(self) -> None:
        """Register, if everything is said that is needed."""
        conversation = self._conversation
        if self.negotiating or not self.nick or not conversation.user or conversation.stage is not Stage.NEW:
            return
        sasl.abort(conversation)
        if conversation.principal is not None:
            self.said, self.login = "", None  # Whoever has logged in needs no password any more.
            self._choose_nick()
        elif self.turned_down:
            return
        elif conversation.world.settings.password is not None and self.said:
            conversation.ask(Knock(password=self.said), self._knocked)
            self.said = ""
        elif self.login is not None:
            (name, password), self.login = self.login, None
            conversation.ask(Login(name=name, password=password), self._logged_in)
        elif conversation.world.settings.password is not None and not self.admitted:
            self._keep_out(Numeric.ERR_PASSWDMISMATCH.sentence)
        elif conversation.welcome is not None and conversation.welcome.guests:
            conversation.ask(ComeAsGuest(name=self.nick), self._came_as_guest)
        else:
            self._turn_away(_ACCOUNT_NEEDED)

    def _knocked(self, unit: Unit) -> None:
        code = code_of(unit)
        self.admitted = code is None
        if self.admitted:
            self.login = None  # It was the server's password, whatever it looks like.
        if code not in (None, Code.WRONG_PASSWORD):
            self._keep_out(SENTENCES[code])
        else:
            self.go_on()

    def _logged_in(self, unit: Unit) -> None:
        if isinstance(unit, You):
            self._choose_nick()
        else:
            self._keep_out(SENTENCES[code_of(unit) or Code.BUSY])

    def _keep_out(self, sentence: str) -> None:
        """464, and the end."""
        self._conversation.tell_fault(Numeric.ERR_PASSWDMISMATCH, sentence=sentence)
        self._conversation.end(Exit())

    def _came_as_guest(self, unit: Unit) -> None:
        if isinstance(unit, You):
            self._enter()
            return
        code = unit.code if isinstance(unit, Refused) else Code.BUSY
        if code in nicks.REFUSED:
            self._turn_down(nicks.REFUSED[code])
        elif code is Code.BANNED:
            self._conversation.reply(Numeric.ERR_YOUREBANNEDCREEP)
            self._conversation.end(Exit())
        else:
            self._turn_away(SENTENCES[code])

    def wish(self, nick: str) -> None:
        """It wants to be called so."""
        self.nick, self.turned_down = nick, False
        if self._conversation.principal is None:
            self._conversation.nick = nick
        self.go_on()

    def _choose_nick(self) -> None:
        """Where nicks are free, the first session of an account says what all of them are called."""
        conversation = self._conversation
        if conversation.world.settings.nicks is Nicks.FREE and self.nick != conversation.nick:
            conversation.ask(ChangeNick(name=self.nick, first=True), self._chosen)
        else:
            self._enter()

    def _chosen(self, unit: Unit) -> None:
        numeric = nicks.REFUSED.get(code_of(unit) or Code.BUSY)
        if numeric is None:
            self._enter()
        else:
            self._turn_down(numeric)

    def _turn_down(self, numeric: Numeric) -> None:
        self._conversation.reply(numeric, word(self.nick))
        self.turned_down = True

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
        subscriptions.tell_own(conversation, self._settle)

    def _settle(self) -> None:
        conversation = self._conversation
        describing.tell_motd(conversation)
        self._introduce()
        self.watch()
        # Whoever is away for no reason that a person gave is back as soon as one of their clients does not say so.
        if self.away is not None or conversation.face.away == UNSPECIFIED:
            conversation.ask(Away(message=self.away or ""), _noted)
        conversation.ask(Sync(), _noted)

    def _introduce(self) -> None:
        """What USER said is the real name of whoever has none yet: of a guest, and of an account at its first login."""
        conversation = self._conversation
        most = conversation.limits.real_name_bytes_max
        if not conversation.face.real_name:
            real_name = self.real_name.encode()[:most].decode(errors="ignore")
            conversation.ask(SetProfile(real_name=real_name), _noted)

    def go_on_as_account(self, before: str) -> None:
        """Somebody has logged in, who was `before` (`nick!user@host`): a visitor registers, a guest is another now."""
        conversation = self._conversation
        if conversation.stage is not Stage.PRESENT:
            self.go_on()
            return
        if before.partition("!")[0] != word(conversation.nick):
            conversation.say(build(before, "NICK", word(conversation.nick)))
        if Capability.ACCOUNT_NOTIFY in conversation.capabilities:  # "including themselves"
            conversation.say(build(conversation.mask, "ACCOUNT", word(conversation.account)))
        if conversation.world.settings.nicks is Nicks.FREE:
            nicks.choose(conversation, before.partition("!")[0])
        self._introduce()
        conversation.ask(Sync(), _noted)

    def watch(self) -> None:
        """Be told of real names that change, where that was asked for, and of the values it has subscribed to."""
        keys = tuple(self._conversation.metadata.keys)
        if Capability.SETNAME in self._conversation.capabilities:
            keys = (subscriptions.REAL_NAME, *keys)
        if keys or self._watches:
            self._watches = bool(keys)
            self._conversation.ask(WatchData(keys=keys), _noted)


def _noted(_unit: Unit) -> None:
    """What was asked on the connection's own behalf is not spoken of."""


# USER, PASS ------------------------------------------------------------------------------------------------------


def user(conversation: IrcServer, line: Line) -> None:
    """USER: the mode and the unused parameter mean nothing ("USER message").

    Nobody's machine is asked who its users are, so every user name has "a tilde … to show that this value is user-set".
    """
    if not line.params[0] or not line.params[3]:
        # "If a client sends a USER command with an empty realname", it is one parameter too few.
        conversation.reply(Numeric.ERR_NEEDMOREPARAMS, line.command)
        return
    if conversation.user:
        conversation.reply(Numeric.ERR_ALREADYREGISTERED)
        return
    allowed = "".join(one for one in line.params[0] if one.isascii() and (one.isalnum() or one in "_-."))
    conversation.user = "~" + (allowed[:USER_CHARACTERS_MAX] or NO_USER)
    conversation.registering.real_name = line.params[3]
    conversation.registering.go_on()


def password(conversation: IrcServer, line: Line) -> None:
    """PASS is the server's password, or `name:password` of an account; it is judged when all else is said.

    "If the password supplied does not match the password expected by the server, then the server SHOULD send
    ERR_PASSWDMISMATCH and MUST close the connection" (PASS message). The last PASS counts.
    """
    registering, said = conversation.registering, line.params[0]
    name, colon, secret = said.partition(":")
    registering.said = said if conversation.world.settings.password is not None else ""
    registering.login = (name, secret) if colon and name and secret else None
