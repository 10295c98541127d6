"""Whoever missed what is no longer kept is told so where it was said, and what else that would have told them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from besedka.chat.cursor import Resumption
from besedka.chat.told import RoomTold
from besedka.wire.looking import Look
from irc_visitor import Visitor, room_told, seated, seen

NOTICE = "NOTICE {} :Some of what was said here meanwhile is no longer kept."


def missed(*, name: str = "tea", head: int = 9) -> RoomTold:
    return replace(room_told(name=name, after=5, head=head), resumption=Resumption.PRUNED)


def lines(visitor: Visitor) -> list[str]:
    """What it is told, without by whom."""
    return [line.partition(" ")[2] for line in visitor.read()]


def test_what_is_no_longer_kept_is_said_to_be_missing() -> None:
    visitor = seated()
    assert visitor.tell(missed()) == []
    assert lines(visitor) == [NOTICE.format("#tea")]
    assert visitor.tell(replace(missed(), resumption=Resumption.START_OVER)) == []
    assert lines(visitor) == []


def test_a_new_name_that_came_with_what_is_no_longer_kept_is_told() -> None:
    visitor = seated("draft/channel-rename")
    assert visitor.tell(missed(name="cake")) == []
    assert lines(visitor) == ["RENAME #tea #cake :", NOTICE.format("#cake")]


def test_whoever_cannot_follow_a_new_name_leaves_the_old_one_and_enters() -> None:
    visitor = seated()
    assert [type(request) for request in visitor.tell(missed(name="cake"))] == [Look]
    assert lines(visitor)[:3] == ["PART #tea", "JOIN #cake", NOTICE.format("#cake")]


@pytest.mark.parametrize("name", ["tea", ""])
@pytest.mark.parametrize("inside", [False, True])
def test_whoever_was_put_out_by_what_is_no_longer_kept_is_told_to_have_left(name: str, inside: bool) -> None:
    visitor = seated()
    assert [type(request) for request in visitor.tell(missed(name=name, head=4))] == [Look]
    visitor.tell(seen(inside=inside))
    assert lines(visitor) == [NOTICE.format("#tea"), *([] if inside else ["PART #tea"])]
