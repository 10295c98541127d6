"""What a client can ask for beyond the core (IRCv3 capability negotiation), as a table."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Capability(Enum):
    """By the name it is negotiated under."""

    ACCOUNT_NOTIFY = "account-notify"
    ACCOUNT_REGISTRATION = "draft/account-registration"
    ACCOUNT_TAG = "account-tag"
    AWAY_NOTIFY = "away-notify"
    BATCH = "batch"
    CHANNEL_RENAME = "draft/channel-rename"
    CAP_NOTIFY = "cap-notify"
    CHATHISTORY = "draft/chathistory"
    ECHO_MESSAGE = "echo-message"
    EVENT_PLAYBACK = "draft/event-playback"
    EXTENDED_ISUPPORT = "draft/extended-isupport"
    EXTENDED_JOIN = "extended-join"
    EXTENDED_MONITOR = "extended-monitor"
    EXTENDED_MONITOR_DRAFT = "draft/extended-monitor"
    INVITE_NOTIFY = "invite-notify"
    LABELED_RESPONSE = "labeled-response"
    MESSAGE_REDACTION = "draft/message-redaction"
    METADATA_2 = "draft/metadata-2"
    METADATA_3 = "draft/metadata-3"
    MESSAGE_TAGS = "message-tags"
    MULTI_PREFIX = "multi-prefix"
    MULTILINE = "draft/multiline"
    NO_IMPLICIT_NAMES = "no-implicit-names"
    NO_IMPLICIT_NAMES_DRAFT = "draft/no-implicit-names"
    PRE_AWAY = "draft/pre-away"
    READ_MARKER = "draft/read-marker"
    SASL = "sasl"
    SERVER_TIME = "server-time"
    SETNAME = "setname"
    STANDARD_REPLIES = "standard-replies"
    USERHOST_IN_NAMES = "userhost-in-names"


BY_NAME: Final = {one.value: one for one in Capability}

EXTENDED_MONITOR: Final = frozenset({Capability.EXTENDED_MONITOR, Capability.EXTENDED_MONITOR_DRAFT})
"""The same by its name and by the one it had."""

OF_FORMAT: Final = frozenset(
    {
        Capability.ACCOUNT_NOTIFY,
        Capability.ACCOUNT_TAG,
        Capability.AWAY_NOTIFY,
        Capability.CHANNEL_RENAME,
        Capability.ECHO_MESSAGE,
        Capability.EXTENDED_JOIN,
        Capability.INVITE_NOTIFY,
        Capability.MESSAGE_REDACTION,
        Capability.MESSAGE_TAGS,
        Capability.MULTILINE,
        Capability.READ_MARKER,
        Capability.SERVER_TIME,
    }
)
"""Those that change the bytes of what many sessions are told alike; sessions that differ in others share them."""

FOR_OLD_CLIENTS: Final = frozenset(
    {
        Capability.ACCOUNT_NOTIFY,
        Capability.ACCOUNT_TAG,
        Capability.AWAY_NOTIFY,
        Capability.BATCH,
        Capability.CAP_NOTIFY,
        Capability.ECHO_MESSAGE,
        Capability.EXTENDED_JOIN,
        Capability.INVITE_NOTIFY,
        Capability.LABELED_RESPONSE,
        Capability.MESSAGE_TAGS,
        Capability.MULTI_PREFIX,
        Capability.SASL,
        Capability.SERVER_TIME,
        Capability.SETNAME,
        Capability.USERHOST_IN_NAMES,
    }
)
"""Those in the list of whoever does not ask as 302: it has to fit into one line, however many there are."""
