"""Masks: wildcards against a matcher that tries everything, addresses, networks, and time."""

from __future__ import annotations

import time
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a_room import ANN, BOB, GUEST, NOW, actor, opened
from a_room import after as then
from besedka.chat.entries import Listing, Mark, Marked, Person
from besedka.chat.masks import (
    MASK_CHARACTERS_MAX,
    WILDCARDS_MAX,
    banned,
    fits,
    is_same,
    listed,
    may_be_name,
    muted,
    valid_mask,
)
from besedka.chat.principals import AccountName, Actor, PrincipalId
from besedka.chat.refusals import Code, Refusal
from paper_room import matches

ROOM = opened()
ANYBODY = Actor(PrincipalId(7), AccountName("Anna"), user="~us", host="abc.def.ip", address="192.0.2.7")

pieces = st.text("ab?*.[^", max_size=6)
addresses = st.ip_addresses().map(str)


def fitting(mask: str, who: Actor = ANYBODY) -> bool:
    return fits(Mark(Listing.BAN, mask), who)


@given(pieces, pieces, pieces, *([st.text("abA.[^", max_size=6)] * 3))
def test_a_pattern_fits_what_it_says(name: str, user: str, host: str, one: str, two: str, three: str) -> None:
    who = Actor(PrincipalId(7), AccountName(one), user=two, host=three)
    pairs = [(name, one), (user, two), (host, three)]
    expected = all(matches(pattern.lower() or "*", text.lower()) for pattern, text in pairs)
    assert fitting(f"{name}!{user}@{host}", who) is expected


@pytest.mark.parametrize(
    "mask",
    [
        "anna",
        "ANNA",
        "a*",
        "?nn?",
        "*",
        "anna!*@*",
        "anna!~us@*",
        "*!*@abc.*",
        "*!*@*.def.ip",
        "*@*.def.ip",
        "anna!",
        "!@",
        "~us@abc.def.ip",
        "192.0.2.7",
        "192.0.2.0/24",
        "192.0.2.9/24",
        "0.0.0.0/0",
        "::ffff:192.0.2.0/120",
    ],
)
def test_masks_that_fit(mask: str) -> None:
    assert valid_mask(mask) == mask
    assert fitting(mask)


@pytest.mark.parametrize(
    "mask",
    [
        "ann",
        "anna?",
        "nna",
        "a.na",
        "*!us@*",
        "us",
        "*!*@abc",
        "x@*",
        "192.0.2.8",
        "192.0.3.0/24",
        "::/0",
        "abc.def.ip",
    ],
)
def test_masks_that_do_not(mask: str) -> None:
    assert valid_mask(mask) == mask
    assert not fitting(mask)


@pytest.mark.parametrize(
    "mask",
    ["", "two words", "a\nb", "a\tb", "a\x02b", "\u202eann", "\ud800", "192.0.2.0/33", "a/b", "*" * 17, "x" * 193],
)
def test_no_mask(mask: str) -> None:
    assert valid_mask(mask) == Refusal(Code.BAD_MASK)


@given(st.text(max_size=200))
def test_what_is_kept_is_what_was_typed_and_matching_it_never_fails(raw: str) -> None:
    kept = valid_mask(raw)
    assert kept in (raw, Refusal(Code.BAD_MASK))
    if not isinstance(kept, Refusal):
        fitting(kept)


def test_names_are_compared_as_names_are() -> None:
    who = Actor(PrincipalId(7), AccountName("Straße"), host="x")
    assert fitting("STRASSE", who)
    assert fitting("stra*E!*@X", who)


# Addresses -------------------------------------------------------------------------------------------------------


@given(addresses, addresses, st.integers(0, 128))
def test_a_network_fits_the_addresses_in_it(one: str, other: str, bits: int) -> None:
    bits = min(bits, ip_address(one).max_prefixlen)
    network = ip_network((one, bits), strict=False)
    if ip_address(other).version == 4 or ip_address(other).ipv4_mapped is None:  # type: ignore[union-attr]
        assert fitting(str(network), Actor(PrincipalId(7), AccountName("x"), address=other)) is (
            ip_address(other) in network
        )


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_mapped_address_is_the_one_that_it_maps(address: object, bits: int) -> None:
    network = ip_network((str(address), bits), strict=False)
    mapped = Actor(PrincipalId(7), AccountName("x"), address=f"::ffff:{address}")
    plain = Actor(PrincipalId(7), AccountName("x"), address=str(address))
    for mask in (str(network), f"::ffff:{network.network_address}/{96 + bits}"):
        assert fitting(mask, mapped)
        assert fitting(mask, plain)


@pytest.mark.parametrize("address", ["", "unknown", "/run/besedka.sock"])
def test_whoever_has_no_address_is_in_no_network(address: str) -> None:
    assert not fitting("0.0.0.0/0", Actor(PrincipalId(7), AccountName("x"), address=address))
    assert not fitting("::/0", Actor(PrincipalId(7), AccountName("x"), address=address))


# Whose a name was ------------------------------------------------------------------------------------------------


def test_a_mark_on_an_accounts_name_is_about_that_account_whatever_it_is_called() -> None:
    mark = Mark(Listing.BAN, "bob", BOB.principal)
    assert fits(mark, actor(Person(BOB.principal, AccountName("robert")), ROOM))
    assert not fits(mark, actor(Person(PrincipalId(-9), BOB.name), ROOM))


def test_a_mark_on_a_guests_name_is_about_that_guest_and_whoever_takes_the_name_after_it() -> None:
    mark = Mark(Listing.BAN, "passer-by", GUEST.principal)
    assert fits(mark, actor(Person(GUEST.principal, AccountName("another")), ROOM))
    assert fits(mark, actor(Person(PrincipalId(-9), GUEST.name), ROOM))
    assert not fits(mark, actor(ANN, ROOM))


# Lists -----------------------------------------------------------------------------------------------------------


def test_lists_are_told_apart_and_run_out() -> None:
    room = then(ROOM, Marked(Mark(Listing.BAN, "bob", until=NOW + 5)), Marked(Mark(Listing.MUTE, "ann")))
    bob, ann = actor(BOB, room), actor(ANN, room)
    assert (banned(room, bob, NOW + 4), banned(room, bob, NOW + 5), muted(room, bob, NOW)) == (True, False, False)
    assert (banned(room, ann, NOW), muted(room, ann, NOW)) == (False, True)


def test_whoever_is_excepted_is_neither_banned_nor_muted_but_listed() -> None:
    room = then(ROOM, *(Marked(Mark(listing, "*!*@*")) for listing in (Listing.BAN, Listing.MUTE)))
    room = then(room, Marked(Mark(Listing.BAN_EXCEPTION, "bob", until=NOW + 5)))
    bob = actor(BOB, room)
    assert not banned(room, bob, NOW)
    assert not muted(room, bob, NOW)
    assert listed(room, Listing.BAN, bob, NOW)
    assert banned(room, bob, NOW + 5)
    assert banned(room, actor(ANN, room), NOW)


def test_no_mask_takes_long() -> None:
    """Each star could stand anywhere; a matcher that tries all of it takes longer than the sun will burn."""
    mask = "*a" * (WILDCARDS_MAX - 1) + "*b"
    assert len(mask) <= MASK_CHARACTERS_MAX
    assert isinstance(valid_mask(mask), str)
    who = Actor(PrincipalId(7), AccountName("a" * 32), user="a" * 64, host="a" * 64)
    began = time.process_time()
    for _ in range(100):
        assert not fitting(mask, who)
    assert time.process_time() - began < 1


def test_an_account_is_listed_whatever_it_is_called_elsewhere() -> None:
    assert fitting("a:ANNA")
    assert fitting("A:an*")
    assert not fitting("a:bob")
    assert not fitting("a:anna", Actor(PrincipalId(-7), AccountName("Anna")))


def test_a_name_as_irc_writes_it_is_the_same_mask() -> None:
    assert is_same("Ann", "ann!*@*")
    assert not is_same("ann", "ann!*@host")
    assert may_be_name("ann")
    assert not any(map(may_be_name, ("ann!*@*", "a*", "a:ann", "192.0.2.0/24")))


def test_only_bans_that_are_not_older_count_where_somebody_was_excused() -> None:
    room = then(ROOM, Marked(Mark(Listing.BAN, "anna")))
    (ban,) = room.governance.listed
    assert banned(room, ANYBODY, NOW, since=ban.since)
    assert not banned(room, ANYBODY, NOW, since=ban.since + 1)


def test_an_exception_from_mutes_is_none_from_bans() -> None:
    marks = [Marked(Mark(one, "anna")) for one in (Listing.BAN, Listing.MUTE, Listing.MUTE_EXCEPTION)]
    room = then(ROOM, *marks)
    assert banned(room, ANYBODY, NOW)
    assert not muted(room, ANYBODY, NOW)
