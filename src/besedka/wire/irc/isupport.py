"""What the server says of itself in 005 (modern.ircdocs.horse, "RPL_ISUPPORT Parameters")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from besedka.chat.governing_rules import KEY_CHARACTERS_MAX
from besedka.limits import Limits
from besedka.wire.irc.world import BOT_MODE

TOKENS_PER_LINE_MAX: Final = 13
"""A line has fifteen parameters, and two of them are the nick and the words ("RPL_ISUPPORT (005)")."""

MODES_PER_LINE_MAX: Final = 6
"""Changes with a parameter that one MODE may have."""

TARGETS_MAX: Final = 4
"""Recipients of one PRIVMSG or NOTICE, people of one KICK, channels of one NAMES."""

TOPIC_BYTES_MAX: Final = 340
"""So that a TOPIC line fits whoever sets it, and wherever."""

USER_CHARACTERS_MAX: Final = 10
"""Of a user name so much is kept: it stands in every line that somebody is the source of."""

CHANNEL_MODES: Final = "beI,k,l,Cimnst"
"""Lists; with a parameter always; with one when set; without (CHANMODES)."""

_ESCAPED: Final = re.compile(r"[\\= ]")


def escaped(value: str) -> str:
    """A value as 005 has it: `\\x` and two digits for a backslash, an equals sign and a space."""
    return _ESCAPED.sub(lambda found: f"\\x{ord(found[0]):02X}", value)


def tokens(*, network: str, limits: Limits) -> list[str]:
    """The tokens, by name."""
    counts = ",".join(
        f"{command}:{count}"
        for command, count in {
            "JOIN": "",
            "KICK": TARGETS_MAX,
            "NAMES": TARGETS_MAX,
            "NOTICE": TARGETS_MAX,
            "PART": "",
            "PRIVMSG": TARGETS_MAX,
            "TAGMSG": TARGETS_MAX,
            "WHOIS": 1,
        }.items()
    )
    values = {
        "ACCOUNTEXTBAN": "a",
        "AWAYLEN": str(limits.reason_bytes_max),
        "BOT": BOT_MODE,
        "CASEMAPPING": "ascii",
        "CHANLIMIT": f"#:{limits.rooms_per_account_max}",
        "CHANMODES": CHANNEL_MODES,
        "CHANNELLEN": str(limits.room_name_characters_max + 1),
        "CHANTYPES": "#",
        "CHATHISTORY": str(limits.page_entries_max),
        "ELIST": "CMNTU",
        "EXCEPTS": "e",
        "EXTBAN": ",am",
        "INVEX": "I",
        "KEYLEN": str(KEY_CHARACTERS_MAX),
        "KICKLEN": str(limits.reason_bytes_max),
        "MAXLIST": f"beI:{limits.marks_max}",
        "MODES": str(MODES_PER_LINE_MAX),
        "MSGREFTYPES": "msgid,timestamp",
        "MONITOR": str(limits.followed_max),
        "NAMELEN": str(limits.real_name_bytes_max),
        "NETWORK": escaped(network),
        "NICKLEN": str(limits.name_characters_max),
        "PREFIX": "(ov)@+",
        "SAFELIST": "",
        "STATUSMSG": "@+",
        "TARGMAX": counts,
        "TOPICLEN": str(TOPIC_BYTES_MAX),
        "USERLEN": str(USER_CHARACTERS_MAX),
        "UTF8ONLY": "",
        "WHOX": "",
    }
    return [f"{name}={value}" if value else name for name, value in values.items()]


def in_lines(found: list[str], *, bytes_max: int) -> Iterator[list[str]]:
    """The tokens of each line, in which so many bytes are left for them, each with the space before it."""
    some: list[str] = []
    size = 0
    for token in found:
        cost = len(token.encode()) + 1
        if some and (len(some) == TOKENS_PER_LINE_MAX or size + cost > bytes_max):
            yield some
            some, size = [], 0
        some.append(token)
        size += cost
    if some:
        yield some
