"""That clients are to come over TLS only (IRCv3 sts): told where that is true, and asked for by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

DURATION_SECONDS: Final = 2_592_000
"""A month from each connection on: long enough to mean something, and over soon where an operator gives it up."""


def policy(conversation: IrcServer) -> str:
    """How the capability is listed; empty where there is nothing to say.

    "Servers MUST send" a duration over TLS, and a port where the way is not secure. On this machine, and behind a
    proxy that speaks TLS, the way is safe as it is, and the name that the certificate is for is another.
    """
    port, welcome = conversation.world.settings.sts_port, conversation.welcome
    if not port or welcome is None:
        return ""
    if conversation.tls:
        return f"sts=duration={DURATION_SECONDS}"
    return "" if welcome.safe else f"sts=port={port}"
