"""What the server says of itself: the words of welcome, and ISUPPORT, MOTD, LUSERS, VERSION, TIME and their like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.masks import is_like
from besedka.chat.names import fold
from besedka.chat.refusals import N_
from besedka.wire.irc import isupport
from besedka.wire.irc.batches import say_batch
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import LINE_BYTES_MAX, Line, build, line_bytes, pieces, plain, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.pages import iso_time
from besedka.wire.irc.stages import Stage
from besedka.wire.irc.user_modes import USER_MODES

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

MOTD_LINE_BYTES_MAX: Final = 400
"""What is longer is told in several; so much has room beside the longest server's name and nick."""

_WITH_PARAMETER: Final = "beIklov"

_INFO: Final = (
    N_("besedka: a chat that keeps every word it has acknowledged."),
    N_("Rooms are channels, conversations of two are queries; whoever is here with another program is in them too."),
)


def welcome(conversation: IrcServer) -> None:
    """001 to 005, and LUSERS; the MOTD comes last ("Connection Registration")."""
    world = conversation.world
    network, server, version = plain(world.network), world.server, word(world.version)
    conversation.reply(Numeric.RPL_WELCOME, network=network, mask=conversation.mask)
    conversation.reply(Numeric.RPL_YOURHOST, server=server, version=version)
    conversation.reply(Numeric.RPL_CREATED, created=iso_time(world.created))
    modes = isupport.CHANNEL_MODES.replace(",", "")
    conversation.reply(Numeric.RPL_MYINFO, server, version, USER_MODES, "".join(sorted(modes + "ov")), _WITH_PARAMETER)
    _tell_support(conversation)
    _tell_counts(conversation)


def support(conversation: IrcServer, _line: Line) -> None:
    """ISUPPORT; before registration where draft/extended-isupport is enabled."""
    if conversation.stage is Stage.NEW and Capability.EXTENDED_ISUPPORT not in conversation.capabilities:
        conversation.reply(Numeric.ERR_NOTREGISTERED)
    else:
        _tell_support(conversation)


def _tell_support(conversation: IrcServer) -> None:
    """005 in as many lines as it takes; in a batch where that was asked for ("`draft/isupport` batch")."""
    tokens = isupport.tokens(network=plain(conversation.world.network), limits=conversation.limits)
    room = LINE_BYTES_MAX - line_bytes(conversation.numeric(Numeric.RPL_ISUPPORT))
    lines = [conversation.numeric(Numeric.RPL_ISUPPORT, *some) for some in isupport.in_lines(tokens, bytes_max=room)]
    if Capability.EXTENDED_ISUPPORT in conversation.capabilities:
        say_batch(conversation, "draft/isupport", lines=lines)
    else:
        for line in lines:
            conversation.say(line)


def _is_here(conversation: IrcServer, line: Line) -> bool:
    """Whether a command is for this server; otherwise there is none of that name.

    A server may be named by a mask, or by the nick of somebody who is on it (RFC 2812 §3.4).
    """
    asked, world = line.params[0] if line.params else "*", conversation.world
    if is_like(asked, world.server) or world.named(fold(asked)) is not None:
        return True
    conversation.reply(Numeric.ERR_NOSUCHSERVER, word(asked))
    return False


def motd(conversation: IrcServer, line: Line) -> None:
    """MOTD."""
    if _is_here(conversation, line):
        tell_motd(conversation)


def tell_motd(conversation: IrcServer) -> None:
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
    _tell_support(conversation)


def time(conversation: IrcServer, line: Line) -> None:
    """TIME, in UTC."""
    if _is_here(conversation, line):
        now = conversation.world.now()
        server, said = conversation.world.server, iso_time(now)
        plainly(conversation, Numeric.RPL_TIME, server, str(now // 1000), "0", said)


def info(conversation: IrcServer, line: Line) -> None:
    """INFO."""
    if not _is_here(conversation, line):
        return
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


def links(conversation: IrcServer, line: Line) -> None:
    """LINKS: there are none. Of two parameters the last is the mask (RFC 2812 §3.4.5)."""
    conversation.reply(Numeric.RPL_ENDOFLINKS, word(line.params[-1] if line.params else "*"))


def plainly(conversation: IrcServer, numeric: Numeric, *params: str) -> None:
    """A numeric that has no words of its own."""
    conversation.say(build(conversation.world.server, numeric.digits, conversation.addressee, *params))
