"""What the operator decides and the hub must know."""

from __future__ import annotations

import msgspec

from besedka.chat.retention import FOR_EVER, Retention
from besedka.chat.told import Registration
from besedka.wire.irc.settings import IrcSettings


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Changed by a reload, as a whole."""

    name: str = "besedka"
    """What the operator calls this server; nobody else may bear it."""
    version: str = ""
    """The program and its version, as clients are told."""
    registration: Registration = Registration.OPEN
    guests: bool = False
    irc: IrcSettings = IrcSettings()
    retention: Retention = FOR_EVER
