"""Whom a mask fits: a name, an address, a network, or a pattern over name, user name and host.

A pattern is `name!user@host` with `*` for any text and `?` for any one character (as in IRC, RFC 1459 §4.2.3); parts
left out fit everybody. Nobody is shown another's address, so a host is what stands for it (`Actor.host`); whoever
knows an address or a network may still list it as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from besedka.chat.entries import Listing, Mark
from besedka.chat.names import fold
from besedka.chat.principals import Actor
from besedka.chat.refusals import Code, Refusal
from besedka.chat.rooms import Room
from besedka.chat.text import harmless_line

MASK_CHARACTERS_MAX = 192
"""A name, a user name and a host with room for wildcards."""

WILDCARDS_MAX = 16
"""Stars in one mask: what keeps matching fast whatever somebody has typed."""


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
    if mark.principal is not None:
        return mark.principal == actor.principal
    network = _network(mark.mask)
    if network is not None:
        return _is_within(actor.address, network)
    return _pattern(mark.mask).fullmatch(f"{fold(actor.name)}!{fold(actor.user)}@{actor.host}") is not None


def listed(room: Room, listing: Listing, actor: Actor, now: int) -> bool:
    """Whether somebody is on a list of a room at `now`, in milliseconds since 1970 UTC."""
    return any(
        one.mark.listing is listing and one.in_force(now) and fits(one.mark, actor) for one in room.governance.listed
    )


def banned(room: Room, actor: Actor, now: int) -> bool:
    """Whether somebody is banned from a room, and not excepted."""
    return listed(room, Listing.BAN, actor, now) and not listed(room, Listing.BAN_EXCEPTION, actor, now)


def muted(room: Room, actor: Actor, now: int) -> bool:
    """Whether somebody is muted in a room, and not excepted."""
    return listed(room, Listing.MUTE, actor, now) and not listed(room, Listing.BAN_EXCEPTION, actor, now)


@lru_cache(maxsize=4096)
def _network(mask: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(mask, strict=False)
    except ValueError:
        return None


def _is_within(address: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(address) in network
    except ValueError:
        return False  # A session without an address (the simulator's, a Unix socket's).


@lru_cache(maxsize=4096)
def _pattern(mask: str) -> re.Pattern[str]:
    name, bang, rest = mask.partition("!")
    if not bang and "@" in mask:
        name, rest = "*", mask
    user, at, host = rest.partition("@")
    if not bang:
        user = user or "*"
    whole = f"{fold(name) or '*'}!{fold(user) or '*'}@{(host if at else '*') or '*'}"
    return re.compile("".join(_piece(one) for one in re.sub(r"\*+", "*", whole)), re.DOTALL)


def _piece(character: str) -> str:
    return {"*": ".*", "?": "."}.get(character, re.escape(character))
