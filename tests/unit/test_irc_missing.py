"""Whoever missed what is no longer kept is told so where it was said."""

from __future__ import annotations

from msgspec.structs import replace

from besedka.chat.cursor import Resumption
from besedka.wire.looking import Look
from irc_visitor import room_told, seated


def test_what_is_no_longer_kept_is_said_to_be_missing() -> None:
    visitor = seated()
    visitor.read()
    assert visitor.tell(replace(room_told(), resumption=Resumption.PRUNED)) == []
    (line,) = visitor.read()
    assert line.endswith("NOTICE #tea :Some of what was said here meanwhile is no longer kept.")
    assert visitor.tell(replace(room_told(), resumption=Resumption.START_OVER)) == []
    assert visitor.read() == []


def test_a_new_name_that_came_with_what_is_no_longer_kept_is_told() -> None:
    visitor = seated("draft/channel-rename")
    told = replace(room_told(name="cake"), resumption=Resumption.PRUNED)
    assert visitor.tell(told) == []
    assert [line.removeprefix(":here. ") for line in visitor.read()] == [
        "RENAME #tea #cake :",
        "NOTICE #cake :Some of what was said here meanwhile is no longer kept.",
    ]


def test_whoever_cannot_follow_a_new_name_leaves_the_old_one_and_enters() -> None:
    visitor = seated()
    told = replace(room_told(name="cake"), resumption=Resumption.PRUNED)
    assert [type(request) for request in visitor.tell(told)] == [Look]
    said = [line.partition(" ")[2] for line in visitor.read()]
    assert said[:2] == ["PART #tea", "JOIN #cake"]
