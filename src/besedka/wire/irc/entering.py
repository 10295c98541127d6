"""What is told of a channel to whoever enters it, and asks for it later: the topic, and the names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.rooms import Room
from besedka.chat.told import Unit
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import build, plain, word
from besedka.wire.irc.marking import tell_marker
from besedka.wire.irc.names import tell_names
from besedka.wire.irc.numerics import Numeric
from besedka.wire.looking import Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_UNTOLD: Final = frozenset({Capability.NO_IMPLICIT_NAMES, Capability.NO_IMPLICIT_NAMES_DRAFT})
"""IRCv3 no-implicit-names, under both its names: NAMES comes when it is asked for."""


def tell_entered(conversation: IrcServer, seen: Unit) -> None:
    """What comes behind one's own JOIN ("JOIN message"): the topic if there is one, and the names."""
    if not isinstance(seen, Seen) or seen.room is None or not seen.inside:
        return
    if Capability.READ_MARKER in conversation.capabilities:
        # "After the server sends a server JOIN command", and "before the RPL_ENDOFNAMES" (IRCv3 read-marker).
        tell_marker(conversation, f"#{word(seen.room.name)}", seen.read)
    if seen.room.topic:
        tell_topic(conversation, seen.room)
    if not conversation.capabilities & _UNTOLD:
        tell_names(conversation, seen, f"#{word(seen.room.name)}")


def tell_topic(conversation: IrcServer, room: Room) -> None:
    """A topic there is, with who set it and when: "RPL_TOPICWHOTIME SHOULD also be sent" ("TOPIC message")."""
    channel, governance = f"#{word(room.name)}", room.governance
    server, whom = conversation.world.server, conversation.addressee
    conversation.say(build(server, Numeric.RPL_TOPIC.digits, whom, channel, plain(room.topic)))
    if governance.topic_since:
        who, when = word(governance.topic_by), str(governance.topic_since // 1000)
        conversation.say(build(server, Numeric.RPL_TOPICWHOTIME.digits, whom, channel, who, when))
