"""Whoever missed what is no longer kept is told so where it was said."""

from __future__ import annotations

from msgspec.structs import replace

from besedka.chat.cursor import Resumption
from irc_visitor import room_told, seated


def test_what_is_no_longer_kept_is_said_to_be_missing() -> None:
    visitor = seated()
    visitor.read()
    assert visitor.tell(replace(room_told(), resumption=Resumption.PRUNED)) == []
    (line,) = visitor.read()
    assert line.endswith("NOTICE #tea :Some of what was said here meanwhile is no longer kept.")
    assert visitor.tell(replace(room_told(), resumption=Resumption.START_OVER)) == []
    assert visitor.read() == []
