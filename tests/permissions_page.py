"""`docs/PERMISSIONS.md`, made from the one table of permissions. Run this file to write it anew."""

from __future__ import annotations

from pathlib import Path

from besedka.chat.entries import Kind
from besedka.chat.permissions import PERMISSIONS, Permission, Rank
from besedka.chat.settings import PRESETS, RoomSettings
from operating import table

PAGE = Path(__file__).parent.parent / "docs" / "PERMISSIONS.md"

RANKS = {
    Rank.OUTSIDER: "anybody who may know of the room",
    Rank.MEMBER: "a member",
    Rank.VOICED: "a member with a voice",
    Rank.MODERATOR: "a moderator",
    Rank.OWNER: "an owner",
    Rank.ADMIN: "an administrator",
}

SETTINGS = {
    "invite_only": "entered by invitation, by a code, or by an exception only",
    "hidden": "not there for those outside: not in lists, and not in refusals",
    "members_only": "only those inside may speak in it",
    "topic_locked": "only moderators set the topic",
    "moderated": "only those with a voice may speak",
    "no_ctcp": "takes no client-to-client queries",
    "key": "whoever joins must say the key",
    "members_max": "holds so many at most",
    "slow_seconds": "one waits so long between two messages",
    "keep_seconds": "what happens is kept for so long, where the server does not forget it sooner",
    "keep_messages": "so many of the last messages are kept, where the server does not keep fewer",
}

WORDS = {
    "invite_only": "invite only",
    "members_only": "members only",
    "topic_locked": "topic locked",
    "no_ctcp": "no queries",
    "members_max": "limit",
    "slow_seconds": "slow mode",
    "keep_seconds": "keep for",
    "keep_messages": "keep last",
}

TEMPLATE = """\
# Who may do what in a room

This page is made from the table in `src/besedka/chat/permissions.py` by `python tests/permissions_page.py`; a test
holds the two together.

In a room somebody is, the least first: **outside**, a **member**, a member with a **voice**, a **moderator**, an
**owner**; an **administrator** of the server is more than all of them. Whoever is more may do what those who are less
may.

## What it takes

{acts}

## What else holds

- Nobody acts on a person who is more than they are: a moderator cannot kick, ban, mute or demote an owner. Equals may
  act on one another, and everybody on themselves.
- All but saying something needs being inside, because it needs reading. Administrators govern any room that is not
  hidden without being in it; to be heard, they must be in it like everybody.
- Whoever is banned or muted in a room is not heard there, unless they have a voice, are more than that, or are
  excepted. A ban does not put anybody out: a kick does. Whoever is muted on the whole server is heard nowhere.
- A session that an administrator has lent their rights (IRC's OPER) is an administrator until it ends, or the lender is
  none any more; its account and its other devices are not. On the whole server it may then end people's sessions, have
  the configuration read again, and call out to everybody.
- Whoever is not heard may leave, and take back what they said, but without a reason; and is told of as away without a
  word. Whoever is muted on the whole server moderates without giving reasons, and names and values nothing.
- A room that somebody owns keeps an owner: the last one cannot leave, be kicked or be demoted while others are inside.
  The lobby is the server's, and so are its settings: administrators govern it.
- In a room that no account owns, its moderators are what owners are elsewhere. A guest who opens a room is its
  moderator; whoever is made its owner must have an account, and then the room stays.
- In a conversation of two both are members and nobody is more. It cannot be governed or left.

## Settings

What a room begins with; each can be changed afterwards, independently of the others. What a room's *kind* decides for
ever is from where its members read: all of a public room, a private one from their first joining on.

{settings}
"""


def acts() -> str:
    """What takes how much."""
    rows = [(permission.words, RANKS[permission.least], _unless(permission)) for permission in PERMISSIONS]
    return table(("to", "takes", "but"), rows)


def _unless(permission: Permission) -> str:
    asked = [f"where the room is {_word(when.setting)}, {RANKS[when.least]}" for when in permission.when]
    return "; ".join(asked)


def _word(setting: str) -> str:
    return WORDS.get(setting, setting)


def settings() -> str:
    """The settings, and what each kind of room begins with."""
    rows = [
        (
            _word(name),
            f"`{name}`",
            SETTINGS[name],
            *(_value(getattr(PRESETS[kind], name)) for kind in (Kind.PUBLIC, Kind.PRIVATE)),
        )
        for name in RoomSettings.__struct_fields__
    ]
    return table(("setting", "name", "a room that is so", "public", "private"), rows)


def _value(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value else "none"


def page() -> str:
    """The whole page."""
    return TEMPLATE.format(acts=acts(), settings=settings())


if __name__ == "__main__":
    PAGE.write_text(page())
