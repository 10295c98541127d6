"""Whom a mask fits: a name, an address, a network, or a pattern over name, user name and host.

A pattern is `name!user@host` with `*` for any text and `?` for any one character (as in IRC, RFC 1459 §4.2.3); parts
left out fit everybody. Nobody is shown another's address, so a host is what stands for it (`Actor.host`); whoever
knows an address or a network may still list it as it is. `a:` and a name, which may have wildcards, is an account,
whatever it is called elsewhere (IRCv3 account-extban).
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network

from besedka.chat.entries import Listing, Mark
from besedka.chat.hosts import address_of
from besedka.chat.names import fold
from besedka.chat.principals import Actor, is_account
from besedka.chat.refusals import Code, Refusal
from besedka.chat.rooms import Room
from besedka.chat.text import harmless_line

MASK_CHARACTERS_MAX = 192
"""A name, a user name and a host with room for wildcards."""

WILDCARDS_MAX = 16
"""Stars in one mask: more than anybody needs."""

ACCOUNT_PREFIX = "a:"
"""What a mask begins with that is about accounts."""

_WHOEVER = "!*@*"

_NEVER_IN_NAMES = frozenset("!@*?/:")

_MAPPED_BITS = 96
"""What stands before the IPv4 address in a mapped one."""


def valid_mask(raw: str) -> str | Refusal:
    """A mask as it is kept, which is as it was typed, or why it cannot be one."""
    printable = raw == harmless_line(raw) and " " not in raw
    if not raw or len(raw) > MASK_CHARACTERS_MAX or not printable or raw.count("*") > WILDCARDS_MAX:
        return Refusal(Code.BAD_MASK)
    if _network(raw) is None and "/" in raw:
        return Refusal(Code.BAD_MASK)
    return raw


def fits(mark: Mark, actor: Actor) -> bool:
    """Whether a mark is about somebody."""
    return _fits(mark, actor, _shown(actor))


def _shown(actor: Actor) -> tuple[str, ...]:
    """As what somebody is seen: by its name, and by its nick where it has another."""
    behind = f"!{fold(actor.user)}@{fold(actor.host)}"
    names = (actor.name, actor.nick) if actor.nick else (actor.name,)
    return tuple(f"{fold(name)}{behind}" for name in names)


def _fits(mark: Mark, actor: Actor, shown: tuple[str, ...]) -> bool:
    if mark.principal == actor.principal:
        return True
    if mark.principal is not None and is_account(mark.principal):
        return False  # An account's name is its own. A guest's may be the next guest's, so its mark is a mask as well.
    network = _network(mark.mask)
    if network is not None:
        address = address_of(actor.address)
        return address is not None and address in network
    if mark.mask.lower().startswith(ACCOUNT_PREFIX):
        return is_account(actor.principal) and is_like(mark.mask[len(ACCOUNT_PREFIX) :], actor.name)
    pattern = _pattern(mark.mask)
    return any(pattern.fits(one) for one in shown)


def may_be_name(mask: str) -> bool:
    """Whether a mask is not a pattern or an address for sure, but may be what somebody is called."""
    return not set(mask) & _NEVER_IN_NAMES


def is_same(mask: str, other: str) -> bool:
    """Whether two masks are one, however they are written: `name!*@*` is how IRC writes a name."""
    return fold(mask).removesuffix(_WHOEVER) == fold(other).removesuffix(_WHOEVER)


def listed(room: Room, listing: Listing, actor: Actor, now: int, *, since: int = 0) -> bool:
    """Whether somebody is on a list of a room at `now`, and was not put there before `since` (milliseconds, 1970)."""
    there = [
        one.mark
        for one in room.governance.listed
        if one.mark.listing is listing and one.since >= since and one.in_force(now)
    ]
    if not there:
        return False
    shown = _shown(actor)
    return any(_fits(mark, actor, shown) for mark in there)


def banned(room: Room, actor: Actor, now: int, *, since: int = 0) -> bool:
    """Whether somebody is banned from a room, by a ban not set before `since`, and not excepted."""
    barred = listed(room, Listing.BAN, actor, now, since=since)
    return barred and not listed(room, Listing.BAN_EXCEPTION, actor, now)


def muted(room: Room, actor: Actor, now: int) -> bool:
    """Whether somebody is muted in a room, and not excepted."""
    if not listed(room, Listing.MUTE, actor, now):
        return False
    return not any(listed(room, one, actor, now) for one in (Listing.BAN_EXCEPTION, Listing.MUTE_EXCEPTION))


# Addresses -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _network(mask: str) -> IPv4Network | IPv6Network | None:
    """The network that a mask is; one of mapped addresses is the IPv4 network that they stand for."""
    try:
        network = ip_network(mask, strict=False)
    except ValueError:
        return None
    first = address_of(str(network.network_address))
    if isinstance(network, IPv6Network) and isinstance(first, IPv4Address) and network.prefixlen >= _MAPPED_BITS:
        return IPv4Network((first, network.prefixlen - _MAPPED_BITS))
    return network


# Patterns --------------------------------------------------------------------------------------------------------


def is_like(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern with `*` and `?` has it, in any case. With too many stars it is like nothing."""
    return pattern == "*" or (pattern.count("*") <= WILDCARDS_MAX and _like(fold(pattern)).fits(fold(text)))


class _Pattern:
    """A mask with wildcards, cut at its stars: each piece is looked for once, behind the one before it.

    One regular expression would try every way of dividing the text among sixteen stars, which takes years.
    """

    __slots__ = ("_first", "_last", "_last_length", "_middle")

    def __init__(self, mask: str) -> None:
        first, *middle = mask.split("*")
        last = middle.pop() if middle else None
        self._first = _piece(first)
        self._middle = [_piece(piece) for piece in middle if piece]
        self._last = None if last is None else _piece(last)
        self._last_length = len(last or "")

    def fits(self, text: str) -> bool:
        """Whether the whole text is as the mask has it."""
        if self._last is None:
            return self._first.fullmatch(text) is not None
        found = self._first.match(text)
        for piece in self._middle:
            found = None if found is None else piece.search(text, found.end())
        begins = len(text) - self._last_length
        return found is not None and found.end() <= begins and self._last.match(text, begins) is not None


def _piece(piece: str) -> re.Pattern[str]:
    return re.compile("".join("." if one == "?" else re.escape(one) for one in piece), re.DOTALL)


@lru_cache(maxsize=4096)
def _like(folded: str) -> _Pattern:
    return _Pattern(folded)


@lru_cache(maxsize=4096)
def _pattern(mask: str) -> _Pattern:
    name, bang, rest = mask.partition("!")
    if not bang and "@" in mask:
        name, rest = "", mask
    user, _, host = rest.partition("@")
    return _Pattern(f"{fold(name) or '*'}!{fold(user) or '*'}@{fold(host) or '*'}")
