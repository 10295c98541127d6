"""What the server says of itself: the words of welcome, and MOTD, LUSERS, VERSION, TIME, INFO, ADMIN, LINKS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.names import fold
from besedka.chat.refusals import N_
from besedka.wire.irc import isupport
from besedka.wire.irc.bodies import iso_time
from besedka.wire.irc.lines import Line, build, pieces, plain, word
from besedka.wire.irc.numerics import Numeric

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

USER_MODES: Final = "i"
"""A user mode that everybody has and nobody changes: people are shown to those who share a room with them."""

MOTD_LINE_BYTES_MAX: Final = 400
"""What is longer is told in several; so much has room beside the longest server's name and nick."""

_WITH_PARAMETER: Final = "beIklov"

_INFO: Final = (
    N_("besedka: a chat that keeps every word it has acknowledged."),
    N_("Rooms are channels, conversations of two are queries; whoever is here with another program is in them too."),
)


def welcome(conversation: IrcServer) -> None:
    """001 to 005, LUSERS and MOTD, in this order ("Connection Registration")."""
    world = conversation.world
    network, server, version = plain(world.network), world.server, word(world.version)
    conversation.reply(Numeric.RPL_WELCOME, network=network, mask=conversation.mask)
    conversation.reply(Numeric.RPL_YOURHOST, server=server, version=version)
    conversation.reply(Numeric.RPL_CREATED, created=iso_time(world.created))
    modes = isupport.CHANNEL_MODES.replace(",", "")
    conversation.reply(Numeric.RPL_MYINFO, server, version, USER_MODES, "".join(sorted(modes + "ov")), _WITH_PARAMETER)
    for some in isupport.in_lines(isupport.tokens(network=network, limits=conversation.limits)):
        conversation.reply(Numeric.RPL_ISUPPORT, *some)
    _tell_counts(conversation)
    _tell_motd(conversation)


def _is_here(conversation: IrcServer, line: Line) -> bool:
    """Whether a command is for this server; otherwise there is none of that name."""
    if not line.params or fold(line.params[0]) in (fold(conversation.world.server), fold(conversation.nick), "*"):
        return True
    conversation.reply(Numeric.ERR_NOSUCHSERVER, word(line.params[0]))
    return False


def motd(conversation: IrcServer, line: Line) -> None:
    """MOTD."""
    if _is_here(conversation, line):
        _tell_motd(conversation)


def _tell_motd(conversation: IrcServer) -> None:
    """375, 372 and 376, or 422 where there is none ("MOTD message")."""
    motd, server = conversation.world.settings.motd, conversation.world.server
    if not motd:
        conversation.reply(Numeric.ERR_NOMOTD)
        return
    conversation.reply(Numeric.RPL_MOTDSTART, server=server)
    for line in motd:
        for piece in pieces(plain(line), bytes_max=MOTD_LINE_BYTES_MAX):
            plainly(conversation, Numeric.RPL_MOTD, f"- {piece}")
    conversation.reply(Numeric.RPL_ENDOFMOTD)


def lusers(conversation: IrcServer, _line: Line) -> None:
    """LUSERS."""
    _tell_counts(conversation)


def _tell_counts(conversation: IrcServer) -> None:
    counts = conversation.world.counts()
    users, most = counts.users, max(counts.users_most, counts.users)
    conversation.reply(Numeric.RPL_LUSERCLIENT, users=users - counts.invisible, invisible=counts.invisible)
    conversation.reply(Numeric.RPL_LUSEROP, str(counts.admins))
    conversation.reply(Numeric.RPL_LUSERUNKNOWN, str(counts.unknown))
    conversation.reply(Numeric.RPL_LUSERCHANNELS, str(counts.rooms))
    conversation.reply(Numeric.RPL_LUSERME, users=users)
    conversation.reply(Numeric.RPL_LOCALUSERS, str(users), str(most), users=users, most=most)
    conversation.reply(Numeric.RPL_GLOBALUSERS, str(users), str(most), users=users, most=most)


def version(conversation: IrcServer, line: Line) -> None:
    """VERSION; the tokens of 005 come behind ("VERSION message": "SHOULD")."""
    if not _is_here(conversation, line):
        return
    world = conversation.world
    plainly(conversation, Numeric.RPL_VERSION, word(world.version), world.server, plain(world.network))
    for some in isupport.in_lines(isupport.tokens(network=plain(world.network), limits=conversation.limits)):
        conversation.reply(Numeric.RPL_ISUPPORT, *some)


def time(conversation: IrcServer, line: Line) -> None:
    """TIME, in UTC."""
    if _is_here(conversation, line):
        now = conversation.world.now()
        server, said = conversation.world.server, iso_time(now)
        plainly(conversation, Numeric.RPL_TIME, server, str(now // 1000), "0", said)


def info(conversation: IrcServer, _line: Line) -> None:
    """INFO."""
    for sentence in _INFO:
        plainly(conversation, Numeric.RPL_INFO, conversation.translate(sentence))
    conversation.reply(Numeric.RPL_ENDOFINFO)


def admin(conversation: IrcServer, line: Line) -> None:
    """ADMIN."""
    if _is_here(conversation, line):
        conversation.reply(Numeric.RPL_ADMINME, conversation.world.server)
        conversation.reply(Numeric.RPL_ADMINLOC1, network=plain(conversation.world.network))
        conversation.reply(Numeric.RPL_ADMINLOC2)
        conversation.reply(Numeric.RPL_ADMINEMAIL)


def links(conversation: IrcServer, _line: Line) -> None:
    """LINKS: this server is the network."""
    world = conversation.world
    plainly(conversation, Numeric.RPL_LINKS, world.server, world.server, f"0 {plain(world.network)}")
    conversation.reply(Numeric.RPL_ENDOFLINKS, "*")


def plainly(conversation: IrcServer, numeric: Numeric, *params: str) -> None:
    """A numeric that has no words of its own."""
    conversation.say(build(conversation.world.server, numeric.digits, conversation.addressee, *params))
