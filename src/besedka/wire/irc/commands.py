"""The commands, as a table: what each takes, when it may be said, what it is for, and who handles it.

`docs/IRC.md` and `HELP` are made from it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec

from besedka.chat.refusals import N_
from besedka.wire.irc import (
    channels,
    describing,
    enrolling,
    history,
    inviting,
    listing,
    marking,
    metadata,
    modes,
    monitor,
    multiline,
    negotiating,
    nicks,
    operators,
    people,
    redacting,
    registering,
    renaming,
    sasl,
    services,
    talking,
    who,
    whois,
)
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import Line, word
from besedka.wire.irc.numerics import Numeric

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

Handler = Callable[["IrcServer", Line], None]


class When(Enum):
    """At which time a command may be said."""

    BEFORE = "before registration"
    """Afterwards 462."""
    ALWAYS = "at any time"
    AFTER = "after registration"
    """Before it 451."""


class Command(msgspec.Struct, frozen=True):
    """One command."""

    name: str
    form: str
    """Its parameters, as a person reads them."""
    least: int
    """Fewer parameters are answered 461."""
    when: When
    handle: Handler
    help: str
    streams: bool = False
    """Whether the next may be taken before this one is answered."""
    needs: Capability | None = None
    """Without it the command is unknown, 421."""


def _ignored(_conversation: IrcServer, _line: Line) -> None:
    """What clients send that means nothing here, and to which an error would only confuse them."""


_HELP_START: Final = N_("The commands of this server")
_HELP_END: Final = N_("HELP <command> says what one takes.")


def help_(conversation: IrcServer, line: Line) -> None:
    """HELP, of all commands or of one."""
    subject = line.params[0].upper() if line.params and line.params[0] else "*"
    found = list(COMMANDS.values()) if subject == "*" else [one for one in COMMANDS.values() if one.name == subject]
    if not found:
        conversation.reply(Numeric.ERR_HELPNOTFOUND, word(subject))
        return
    translate = conversation.translate
    if subject == "*":
        describing.plainly(conversation, Numeric.RPL_HELPSTART, subject, translate(_HELP_START))
        for one in found:
            describing.plainly(conversation, Numeric.RPL_HELPTXT, subject, f"{one.name}: {translate(one.help)}")
        describing.plainly(conversation, Numeric.RPL_ENDOFHELP, subject, translate(_HELP_END))
    else:
        one = found[0]
        describing.plainly(conversation, Numeric.RPL_HELPSTART, subject, f"{one.name} {one.form}".strip())
        describing.plainly(conversation, Numeric.RPL_ENDOFHELP, subject, translate(one.help))


_TABLE: Final = (
    Command("CAP", "<subcommand> [:<capabilities>]", 1, When.ALWAYS, negotiating.cap, N_("negotiate capabilities")),
    Command(
        "PASS",
        "<password> or <name>:<password>",
        1,
        When.BEFORE,
        registering.password,
        N_("say a password to be let in"),
    ),
    Command("NICK", "<nick>", 0, When.ALWAYS, nicks.nick, N_("say what to be called")),
    Command("USER", "<user> 0 * :<real name>", 4, When.BEFORE, registering.user, N_("say who you are")),
    Command("AUTHENTICATE", "<mechanism or data>", 1, When.ALWAYS, sasl.authenticate, N_("log in (SASL)")),
    Command(
        "REGISTER",
        "<account> {<invite code> | *} <password>",
        3,
        When.ALWAYS,
        enrolling.register,
        N_("make an account"),
    ),
    Command("VERIFY", "<account> <code>", 2, When.ALWAYS, enrolling.verify, N_("nothing: no account waits for it")),
    Command("PING", "<token>", 0, When.ALWAYS, talking.ping, N_("be answered PONG after all before it"), streams=True),
    Command("PONG", "[<server>] <token>", 0, When.ALWAYS, talking.pong, N_("answer PING"), streams=True),
    Command("QUIT", "[:<reason>]", 0, When.ALWAYS, talking.quit_, N_("end this session")),
    Command("ERROR", ":<reason>", 0, When.ALWAYS, _ignored, N_("nothing: servers say it")),
    Command("JOIN", "<channel>{,<channel>} [<key>{,<key>}]", 1, When.AFTER, channels.join, N_("enter rooms")),
    Command("PART", "<channel>{,<channel>} [:<reason>]", 1, When.AFTER, channels.part, N_("leave rooms for good")),
    Command("TOPIC", "<channel> [:<topic>]", 1, When.AFTER, channels.topic, N_("see, set or take away the topic")),
    Command("NAMES", "<channel>{,<channel>}", 0, When.AFTER, channels.names, N_("see who is in rooms")),
    Command(
        "LIST", "[<channel>{,<channel>}] [<condition>{,<condition>}]", 0, When.AFTER, listing.list_, N_("see the rooms")
    ),
    Command("KICK", "<channel> <nick>{,<nick>} [:<reason>]", 2, When.AFTER, channels.kick, N_("put people out")),
    Command("INVITE", "[<nick> <channel>]", 0, When.AFTER, inviting.invite, N_("invite somebody; see who invites you")),
    Command(
        "RENAME", "<channel> <new name> [:<reason>]", 2, When.AFTER, renaming.rename, N_("call a room something else")
    ),
    Command("MODE", "<target> [<modes> {<parameter>}]", 1, When.AFTER, modes.mode, N_("see or change modes")),
    Command(
        "PRIVMSG", "<target>{,<target>} :<text>", 0, When.AFTER, talking.privmsg, N_("say something"), streams=True
    ),
    Command(
        "NOTICE", "<target>{,<target>} :<text>", 0, When.AFTER, talking.notice, N_("say it to no bot"), streams=True
    ),
    Command("NICKSERV", "<command> {<word>}", 0, When.AFTER, services.nickserv, N_("register and log in (HELP)")),
    Command("NS", "<command> {<word>}", 0, When.AFTER, services.nickserv, N_("the same")),
    Command("CHANSERV", "<command> {<word>}", 0, When.AFTER, services.chanserv, N_("make operators (HELP)")),
    Command("CS", "<command> {<word>}", 0, When.AFTER, services.chanserv, N_("the same")),
    Command(
        "CHATHISTORY",
        "<subcommand> <target> <point> [<point>] <limit>",
        1,
        When.AFTER,
        history.chathistory,
        N_("see what was said before"),
    ),
    Command(
        "TAGMSG",
        "<target>{,<target>}",
        1,
        When.AFTER,
        talking.tagmsg,
        N_("let programs say something to programs (tags)"),
        streams=True,
        needs=Capability.MESSAGE_TAGS,
    ),
    Command(
        "REDACT",
        "<target> <msgid> [:<reason>]",
        2,
        When.AFTER,
        redacting.redact,
        N_("take away what was said"),
        needs=Capability.MESSAGE_REDACTION,
    ),
    Command(
        "BATCH",
        "+<reference> draft/multiline <target>, -<reference>",
        1,
        When.AFTER,
        multiline.batch,
        N_("say something of several lines"),
        streams=True,
        needs=Capability.MULTILINE,
    ),
    Command("MARKREAD", "<target> [timestamp=<time>]", 0, When.AFTER, marking.markread, N_("how far you have read")),
    Command("AWAY", "[:<message>]", 0, When.ALWAYS, people.away, N_("be away, or (empty) back")),
    Command("WHO", "<mask> [o][%<fields>[,<token>]]", 1, When.AFTER, who.who, N_("see people in lines")),
    Command("WHOIS", "[<server>] <nick>", 0, When.AFTER, whois.whois, N_("see who somebody is")),
    Command("WHOWAS", "<nick> [<count>]", 0, When.AFTER, whois.whowas, N_("see who bore a nick until lately")),
    Command("USERHOST", "<nick>{ <nick>}", 1, When.AFTER, people.userhost, N_("see up to five people's hosts")),
    Command("ISON", "<nick>{ <nick>}", 1, When.AFTER, people.ison, N_("see who is here")),
    Command("MONITOR", "(+|-) <nick>{,<nick>} | C | L | S", 1, When.AFTER, monitor.monitor, N_("follow people")),
    Command("SETNAME", ":<real name>", 1, When.AFTER, people.setname, N_("change your real name")),
    Command("OPER", "<name> <password>", 2, When.AFTER, operators.oper, N_("act as an administrator")),
    Command("KILL", "<nick> [:<reason>]", 1, When.AFTER, operators.kill, N_("end somebody's sessions")),
    Command("REHASH", "", 0, When.AFTER, operators.rehash, N_("read the configuration again")),
    Command("WALLOPS", ":<text>", 1, When.AFTER, operators.wallops, N_("call out to all in user mode w")),
    Command("STATS", "<letter>", 1, When.AFTER, operators.stats, N_("see (u) how long the server is up")),
    Command(
        "METADATA",
        "<target> GET|LIST|SET|CLEAR|SUB|UNSUB|SUBS|SYNC {<key>} [:<value>]",
        2,
        When.ALWAYS,
        metadata.metadata,
        N_("see, set and follow small values under keys, of people and channels"),
    ),
    Command("MOTD", "[<server>]", 0, When.AFTER, describing.motd, N_("see the message of the day")),
    Command("LUSERS", "", 0, When.AFTER, describing.lusers, N_("see how many are here")),
    Command("VERSION", "[<server>]", 0, When.AFTER, describing.version, N_("see what this server is")),
    Command("TIME", "[<server>]", 0, When.AFTER, describing.time, N_("see the server's time")),
    Command("INFO", "[<server>]", 0, When.AFTER, describing.info, N_("see what this server runs")),
    Command("ADMIN", "[<server>]", 0, When.AFTER, describing.admin, N_("see who runs it")),
    Command("LINKS", "[[<server>] <mask>]", 0, When.AFTER, describing.links, N_("see the servers of this network")),
    Command("ISUPPORT", "", 0, When.ALWAYS, describing.support, N_("see what the server can do (005)")),
    Command("HELP", "[<command>]", 0, When.AFTER, help_, N_("see the commands")),
    Command("HELPOP", "[<command>]", 0, When.AFTER, help_, N_("the same as HELP")),
)

COMMANDS: Final = {command.name: command for command in _TABLE}
"""All of them by name, in the order they are shown in."""
