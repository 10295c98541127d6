"""What moderators do to keep order in a room."""

from __future__ import annotations

from besedka.chat.entries import Listing, RoomRole
from besedka.chat.room_requests import Kick, LiftMark, ListMarks, SetMark, SetRole, Transfer
from besedka.client.deeds.here import Asked, Deed, Here, person, seconds_of, split

_LISTS = {
    "ban": Listing.BAN,
    "mute": Listing.MUTE,
    "except": Listing.BAN_EXCEPTION,
    "welcome": Listing.INVITE_EXCEPTION,
}
"""What each command lists for; with `un` before it, it takes off that list."""


class Governing:
    """Commands about the room being looked at that not everybody may give."""

    def __init__(self, here: Here) -> None:
        self._here = here

    def deeds(self) -> dict[str, Deed]:
        """By the word after the slash."""
        marks = {word: self._mark(listing) for word, listing in _LISTS.items()}
        lifts = {f"un{word}": self._lift(listing) for word, listing in _LISTS.items()}
        return marks | lifts | {
            "kick": self._kick,
            "bans": self._list(Listing.BAN),
            "mutes": self._list(Listing.MUTE),
            "exceptions": self._list(Listing.BAN_EXCEPTION, Listing.MUTE_EXCEPTION, Listing.INVITE_EXCEPTION),
            "voice": lambda name: self._here.of_room(SetRole, name=person(name), voice=True),
            "unvoice": lambda name: self._here.of_room(SetRole, name=person(name), voice=False),
            "moderator": lambda name: self._here.of_room(SetRole, name=person(name), role=RoomRole.MODERATOR),
            "unmoderator": lambda name: self._here.of_room(SetRole, name=person(name), role=RoomRole.MEMBER),
            "owner": lambda name: self._here.of_room(Transfer, name=person(name)),
        }  # fmt: skip

    def _kick(self, argument: str) -> Asked:
        name, reason = split(argument)
        return self._here.of_room(Kick, name=person(name), reason=reason)

    def _mark(self, listing: Listing) -> Deed:
        def mark(argument: str) -> Asked:
            mask, rest = split(argument)
            word, reason = split(rest) if rest else ("", "")
            seconds = seconds_of(word)
            return self._here.of_room(
                SetMark,
                listing=listing,
                mask=_mask(mask),
                seconds=seconds or 0,
                reason=rest if seconds is None else reason,
                put_out=listing is Listing.BAN,
            )

        return mark

    def _lift(self, listing: Listing) -> Deed:
        return lambda mask: self._here.of_room(LiftMark, listing=listing, mask=_mask(mask))

    def _list(self, *listings: Listing) -> Deed:
        def show(_argument: str) -> Asked:
            asked: Asked = None
            for listing in listings:
                asked = self._here.of_room(ListMarks, listing=listing)
                if not isinstance(asked, str):
                    break
            return asked

        return show


def _mask(word: str) -> str:
    """A mask as it was typed; `@bob`, as people call one another, is bob and no host."""
    return word.removeprefix("@") if word.startswith("@") and not set(word) & set("*?.:!/") else word
