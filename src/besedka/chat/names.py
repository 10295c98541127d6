"""What people and rooms may be called (DESIGN §7), and when two names are the same one."""

from __future__ import annotations

import unicodedata
from typing import NewType

from besedka.chat.entries import RoomName
from besedka.chat.forgetting import is_tombstone
from besedka.chat.principals import AccountName
from besedka.chat.refusals import Code, Refusal
from besedka.chat.text import harmless
from besedka.limits import Limits

FoldedName = NewType("FoldedName", str)
"""A name as it is compared: two names that fold alike are one name."""

LOBBY = RoomName("lobby")

RESERVED = frozenset({"server", "system", "lobby", "all", "room", "here", "everyone", "0", "besedka"})
"""Names that would pass for the server, a place or everybody (and IRC's `JOIN 0`)."""

_ACCOUNT_MARKS = frozenset("_-.[]\\^{|}`")
_ROOM_MARKS = frozenset("_-.")


def fold(name: str) -> FoldedName:
    """The form names are compared in: NFKC, case-folded, NFKC again (Unicode 3.13, D147: folding can denormalise)."""
    if name.isascii():
        return FoldedName(name.lower())  # What the rest comes to, at a fifth of the cost.
    once = unicodedata.normalize("NFKC", name).casefold()
    return FoldedName(unicodedata.normalize("NFKC", once))


def _is_letter_or_digit(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "L" or category == "Nd"


def _well_formed(name: str, marks: frozenset[str]) -> bool:
    """Letters, digits and `marks` only. Four letters of Hangul have no shape: names made of them would look alike."""
    return name == harmless(name) and all(one in marks or _is_letter_or_digit(one) for one in name)


def _folds_well(folded: str, marks: frozenset[str]) -> bool:
    """The same of a folded name, where a letter may have become a letter with marks above it (U+0130)."""
    return _well_formed("".join(one for one in folded if unicodedata.category(one)[0] != "M"), marks)


def _encodable_bytes(text: str) -> int | None:
    """The length in UTF-8, or None where there is none (a lone surrogate)."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return None


def account_name(raw: str, *, limits: Limits, server_name: str = "") -> AccountName | Refusal:
    """A name for an account or a guest, in NFC, or why it cannot be one."""
    name = unicodedata.normalize("NFC", raw)
    size = _encodable_bytes(name)
    folded = fold(name) if size is not None else FoldedName("")
    acceptable = (
        size is not None
        and 1 <= len(name) <= limits.name_characters_max
        and size <= limits.name_bytes_max
        and 1 <= len(folded) <= limits.name_characters_max * 2
        and _well_formed(name, _ACCOUNT_MARKS)
        and _folds_well(folded, _ACCOUNT_MARKS)
        and not name[0].isdigit()
        and not folded[0].isdigit()
        and name[0] not in "-."
        and name[-1] != "."
    )
    reserved = folded in RESERVED or folded.endswith("serv") or is_tombstone(folded)
    if reserved or (server_name and folded == fold(server_name)):
        return Refusal(Code.NAME_RESERVED)
    return AccountName(name) if acceptable else Refusal(Code.BAD_NAME)


def room_name(raw: str, *, limits: Limits) -> RoomName | Refusal:
    """A room's name in NFC, without a leading `#` that people bring from elsewhere, or why it cannot be one."""
    name = unicodedata.normalize("NFC", raw.removeprefix("#"))
    folded = fold(name) if _encodable_bytes(name) is not None else FoldedName("")
    acceptable = (
        1 <= len(name) <= limits.room_name_characters_max
        and 1 <= len(folded) <= limits.room_name_characters_max * 2
        and _well_formed(name, _ROOM_MARKS)
        and _folds_well(folded, _ROOM_MARKS)
    )
    return RoomName(name) if acceptable else Refusal(Code.BAD_ROOM_NAME)
