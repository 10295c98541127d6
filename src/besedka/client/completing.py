"""What a line that is being typed can go on with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from besedka.chat.entries import Kind, Level
from besedka.chat.names import fold
from besedka.chat.text import harmless_line
from besedka.client.answering import SETTINGS
from besedka.client.command_table import COMMANDS, Group
from besedka.client.commands import command_called
from besedka.client.core import Core
from besedka.client.showing import label
from besedka.client.surface import Surface


class Known(msgspec.Struct, frozen=True):
    """What can be named where somebody types."""

    people: Sequence[str] = ()
    """Names, those likeliest to be meant first."""
    rooms: Sequence[str] = ()
    """Rooms I am in, and `@` with a name for a conversation of two."""
    others: Sequence[str] = ()
    """Rooms I was told of, in which I am not."""


def known_to(core: Core, surface: Surface) -> Known:
    """What can be named as of now, as far as it was told."""
    rooms = [known for known in core.rooms.values() if known.inside and known.kind is not Kind.INBOX]
    labels = [label(known, core.principal) for known in rooms]
    invited = [invitation.room_name for invitation in core.own.invitations.values()]
    told = [*invited, *(line.room_name for line in surface.rooms_listed)]
    people = (name for name in surface.company.names(surface.current) if fold(name) != fold(core.name))
    return Known(tuple(people), labels, [name for name in map(harmless_line, told) if name not in labels])


Options = Callable[[Known, Sequence[str]], Iterable[str]]
"""What can stand in one place of a command, given the words up to there, the one being typed among them."""

SWITCH = ("on", "off")
_VALUED = ("key", "limit", "slow")
"""Settings that take something else than `on`."""
_LEVELS = tuple(level.value for level in Level)


def _people(known: Known, words: Sequence[str]) -> Iterable[str]:
    return _messages(known, words) if words[-1].startswith("@") else known.people


def _messages(known: Known, _words: Sequence[str]) -> Iterable[str]:
    return (f"@{name}" for name in known.people)


def _rooms(known: Known, _words: Sequence[str]) -> Iterable[str]:
    return known.rooms


def _of(*options: str) -> Options:
    return lambda _known, _words: options


def _query(known: Known, _words: Sequence[str]) -> Iterable[str]:
    people = (f"from:{name}" for name in ("me", *known.people))
    return (*people, *(f"in:{room}" for room in known.rooms), "before:today", "after:yesterday", "has:link")


_PERSON = (_people,)
_MESSAGE = (_messages,)

ARGUMENTS: dict[str, tuple[Options, ...]] = {
    **dict.fromkeys(("reply", "redact", "react", "unreact"), _MESSAGE),
    **dict.fromkeys(("msg", "kick", "ban", "unban", "mute", "unmute", "except", "unexcept", "welcome"), _PERSON),
    **dict.fromkeys(("unwelcome", "voice", "unvoice", "moderator", "unmoderator", "owner"), _PERSON),
    **dict.fromkeys(("whois", "whowas", "ignore", "unignore"), _PERSON),
    **dict.fromkeys(("invite", "uninvite"), (_people, _rooms)),
    **dict.fromkeys(("room", "leave", "who"), (_rooms,)),
    "join": (lambda known, _words: known.others,),
    "make": (_of(), _of("private")),
    "search": (_query,) * 8,
    "history": (_of("before", "after", "today", "yesterday"), _of("before", "after", "today", "yesterday")),
    "settings": (_of(*SETTINGS), lambda _known, words: SWITCH[words[0] in _VALUED :]),
    "notify": (lambda known, _words: (*_LEVELS, *known.rooms), _of(*_LEVELS)),
    "profile": (
        _of("name", "bot", "invisible", "unlisted", "accounts-only"),
        lambda _known, words: () if words[0] == "name" else SWITCH,
    ),
    "data": (lambda known, words: ("room", *_messages(known, words)),),
    "revoke": (_of("others"),),
    "remove-account": (_of(), _of("redact")),  # One's own name is to be typed, as a sign of meaning it.
    "help": (_of(*(group.value for group in Group), "all", *(command.word for command in COMMANDS)),),
}
"""By the word after the slash, what can stand in the first place, the second, and so on."""


def completions(line: str, known: Known, *, dictated: bool = False) -> tuple[str, list[str]]:
    """The word at the end of a line that ends at the cursor, and every word that it can become.

    A `dictated` line is text, whatever it looks like.
    """
    *before, word = line.split(" ")
    if dictated or not line.startswith("/") or line.startswith("//"):
        return _mentions(line, known)
    if not before:
        return word, _beginning(word, (f"/{command.word}" for command in COMMANDS))
    command = command_called(before[0])
    places = () if command is None else ARGUMENTS.get(command.word, ())
    words = [*(one.casefold() for one in before[1:] if one), word]
    if len(words) > len(places):
        return _mentions(line, known)
    return word, _beginning(word, places[len(words) - 1](known, words))


def _mentions(line: str, known: Known) -> tuple[str, list[str]]:
    """In a text only what begins with an `@` is a name."""
    word = line.split("\n")[-1].split(" ")[-1]
    return word, _beginning(word, _messages(known, ())) if word.startswith("@") else []


def _beginning(word: str, options: Iterable[str]) -> list[str]:
    """The options that begin so in whatever letters' case; what marks them as names may be left out."""
    wanted = fold(word.removeprefix("#"))
    found = (one for one in options if fold(one).startswith(wanted) or fold(one.removeprefix("@")).startswith(wanted))
    return list(dict.fromkeys(found))
