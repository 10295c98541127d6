"""INVITE: inviting people, and seeing where one is invited to."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from besedka.chat.names import fold
from besedka.chat.refusals import Code
from besedka.chat.room_requests import Invite
from besedka.chat.told import Unit
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.channels import look
from besedka.wire.irc.lines import Line, build, word
from besedka.wire.irc.names import occupants
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of, tell_refusal
from besedka.wire.irc.world import mask
from besedka.wire.looking import GuestInvited, InvitedTo, LookForInvitations, Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer


def invite(conversation: IrcServer, line: Line) -> None:
    """INVITE: 341 for whoever invites, and INVITE for the invited; without parameters where one is invited to."""
    if not line.params:
        conversation.ask(LookForInvitations(), lambda unit: _tell_invitations(conversation, unit))
    elif len(line.params) == 1:
        conversation.reply(Numeric.ERR_NEEDMOREPARAMS, line.command)
    else:
        nick, channel = line.params[:2]
        look(conversation, channel, lambda unit: _invite(conversation, nick, channel, unit))


def _tell_invitations(conversation: IrcServer, unit: Unit) -> None:
    server, whom = conversation.world.server, conversation.addressee
    for name in unit.rooms if isinstance(unit, InvitedTo) else ():
        conversation.say(build(server, Numeric.RPL_INVITELIST.digits, whom, f"#{word(name)}"))
    conversation.reply(Numeric.RPL_ENDOFINVITELIST)


def _invite(conversation: IrcServer, nick: str, channel: str, unit: Unit) -> None:
    """The checks come in the order of "INVITE message": the channel, being in it, the other's being in it."""

    def told(unit: Unit) -> None:
        code, server, whom = code_of(unit), conversation.world.server, conversation.addressee
        if code is None:
            conversation.say(build(server, Numeric.RPL_INVITING.digits, whom, word(nick), word(channel)))
        elif code is Code.NO_SUCH_PERSON:
            conversation.reply(Numeric.ERR_NOSUCHNICK, word(nick))
        else:
            tell_refusal(conversation, "INVITE", code, word(channel))

    if not isinstance(unit, Seen) or unit.room is None:
        conversation.reply(Numeric.ERR_NOSUCHCHANNEL, word(channel))
    elif not unit.inside:
        conversation.reply(Numeric.ERR_NOTONCHANNEL, word(channel))
    elif any(fold(one.person.name) == fold(nick) for one in occupants(unit)):
        conversation.reply(Numeric.ERR_USERONCHANNEL, word(nick), word(channel))
    else:
        conversation.ask(Invite(room=unit.room.id, name=nick), told)


def invited(conversation: IrcServer, unit: Unit) -> None:
    """A guest is told that it is invited; an account reads that in its log."""
    told = cast(GuestInvited, unit)
    source = mask(word(told.by.name), conversation.world.face(told.by.principal))
    account = conversation.world.account(told.by.principal)
    tags = [("account", word(account))] if account and Capability.ACCOUNT_TAG in conversation.capabilities else []
    line = build(source, "INVITE", word(conversation.nick), f"#{word(told.room_name)}", tags=tags)
    conversation.say_apart(line)
