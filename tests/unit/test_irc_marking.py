"""MARKREAD: read markers of accounts and guests, from one device to the others, seen through whole conversations."""

from __future__ import annotations

import pytest

from besedka.chat.own_requests import MoveMarker
from besedka.chat.told import Kept
from besedka.limits import Limits
from hub_room import PASSWORD
from irc_person import IrcPerson, IrcRoom

MARKER = "draft/read-marker"
EARLY, LATE = "timestamp=2019-01-04T14:33:26.123Z", "timestamp=2023-06-01T12:00:00.000Z"
BEFORE_EPOCH = "timestamp=1969-01-01T00:00:00.000Z"


@pytest.fixture
def server() -> IrcRoom:
    return IrcRoom()


def markers(lines: list[str]) -> list[str]:
    return [line.split(" MARKREAD ")[1] for line in lines if " MARKREAD " in line]


def device(server: IrcRoom, name: str) -> IrcPerson:
    """One more of an account's."""
    return IrcPerson(server, name, MARKER, account=True)


def test_a_guests_marker_is_remembered_and_never_goes_back(server: IrcRoom) -> None:
    ann = IrcPerson(server, "ann", MARKER)
    assert markers(ann.answer("MARKREAD #nowhere")) == ["#nowhere *"]
    ann.write("JOIN #tea")
    assert markers(ann.answer(f"MARKREAD #tea {LATE}")) == [f"#tea {LATE}"]
    assert markers(ann.answer(f"MARKREAD #tea {EARLY}")) == [f"#tea {LATE}"]
    assert markers(ann.answer("MARKREAD #TEA")) == [f"#TEA {LATE}"]
    assert markers(ann.answer(f"MARKREAD bob {EARLY}")) == [f"bob {EARLY}"]
    ann.write("PART #tea")
    assert markers(ann.answer("JOIN #tea")) == [f"#tea {LATE}"], "another room, of the same name"
    ann.write("QUIT")
    again = IrcPerson(server, "ann", MARKER)
    assert markers(again.answer("MARKREAD #tea")) == ["#tea *"], "guests leave nothing behind"


def test_a_marker_comes_between_ones_joining_and_the_names(server: IrcRoom) -> None:
    ann = IrcPerson(server, "ann", MARKER)
    words = [line.split(" ")[1] for line in ann.answer("JOIN #tea")]
    assert words[:2] == ["JOIN", "MARKREAD"]
    assert words[-2:] == ["353", "366"]
    bob = IrcPerson(server, "bob")
    assert markers(bob.answer("JOIN #tea")) == []
    assert markers(bob.answer("MARKREAD #tea")) == ["#tea *"], "an answer is an answer"


def test_an_accounts_devices_are_told_whichever_program_they_are(server: IrcRoom) -> None:
    native = server.registered("eve")
    tea = native.join("tea")
    one, other, plain = device(server, "eve"), device(server, "eve"), IrcPerson(server, "eve", account=True)
    assert markers(one.welcome) == ["#lobby *", "#tea *"]
    assert markers(one.answer(f"MARKREAD #tea {LATE}")) == [f"#tea {LATE}"], "once"
    assert markers(other.read()) == [f"#tea {LATE}"]
    assert " MARKREAD " not in str(plain.read())
    assert markers(one.answer(f"MARKREAD #tea {EARLY}")) == [f"#tea {LATE}"]
    assert other.read() == [], "nothing has moved"
    assert [line.split(" ")[0] for line in one.answer(f"@label=x MARKREAD #tea {EARLY}")] == [f":{server.world.server}"]
    native.ask(MoveMarker(id=server.new_id(), room=tea, number=native.entries(tea)[-1].number))
    server.settle()
    assert native.told(Kept)[-1].room == native.you.inbox
    (told,) = markers(one.read())
    assert told.startswith("#tea timestamp=20")
    assert told != f"#tea {LATE}"
    assert markers(device(server, "eve").welcome) == ["#lobby *", told]


def test_a_label_is_on_the_one_answer(server: IrcRoom) -> None:
    server.registered("eve")
    eve = IrcPerson(server, "eve", MARKER, "batch", "labeled-response", account=True)
    lines = eve.answer(f"@label=x MARKREAD #lobby {LATE}")
    assert [line.split(" ")[0] for line in lines] == ["@label=x"]
    assert markers(lines) == [f"#lobby {LATE}"]


def test_a_conversation_is_marked_by_the_others_nick(server: IrcRoom) -> None:
    for name in ("eve", "bob"):
        server.registered(name)
    eve, other, bob = device(server, "eve"), device(server, "eve"), device(server, "bob")
    assert markers(eve.answer(f"MARKREAD bob {EARLY}")) == [f"bob {EARLY}"], "they have not spoken yet"
    assert markers(other.read()) == [f"bob {EARLY}"]
    bob.write("PRIVMSG eve :hi")
    eve.read()
    assert markers(eve.answer("MARKREAD Bob")) == [f"Bob {EARLY}"]
    assert markers(eve.answer(f"MARKREAD BOB {LATE}")) == [f"BOB {LATE}"]
    assert markers(other.read()) == [f"bob {LATE}"]
    assert markers(bob.read()) == [], "nobody else's to know"


def test_a_conversation_with_a_guest_is_marked_as_well(server: IrcRoom) -> None:
    server.registered("eve")
    eve, other, ann = device(server, "eve"), device(server, "eve"), IrcPerson(server, "ann", MARKER)
    ann.write("PRIVMSG eve :hi")
    other.read()
    assert markers(eve.answer(f"MARKREAD ann {LATE}")) == [f"ann {LATE}"]
    assert markers(other.read()) == [f"ann {LATE}"]
    assert eve.session.online is not None
    inbox = server.parts.rooms.inbox_of(eve.session.online.principal)
    assert inbox is not None
    (target,) = inbox.state.personal.markers
    assert target.isdigit(), "the conversation's, whatever the guest is called next"


def test_a_marker_outlives_a_membership_and_is_there_before_one(server: IrcRoom) -> None:
    ann = server.registered("ann")
    ann.join("tea")
    server.registered("eve")
    eve = device(server, "eve")
    assert markers(eve.answer(f"MARKREAD #tea {EARLY}")) == [f"#tea {EARLY}"]
    assert markers(eve.answer("JOIN #tea")) == [f"#tea {EARLY}"]
    eve.write(f"MARKREAD #tea {LATE}", "PART #tea")
    assert markers(eve.answer("JOIN #tea")) == [f"#tea {LATE}"]


def test_no_marker_is_later_than_now(server: IrcRoom) -> None:
    ann = IrcPerson(server, "ann", MARKER)
    (told,) = markers(ann.answer("MARKREAD #tea timestamp=2999-01-01T00:00:00.000Z"))
    assert told.startswith("#tea timestamp=20")


def test_what_is_malformed_or_cannot_be_kept_fails(server: IrcRoom) -> None:
    ann = IrcPerson(server, "ann", MARKER)
    for line, said in (
        ("MARKREAD", "NEED_MORE_PARAMS"),
        ("MARKREAD :", "NEED_MORE_PARAMS"),
        ("MARKREAD #tea *", "INVALID_PARAMS *"),
        ("MARKREAD #tea timestamp=soon", "INVALID_PARAMS timestamp=soon"),
        (f"MARKREAD #tea {BEFORE_EPOCH}", "INVALID_PARAMS #tea"),
        (f"MARKREAD #t\u00a0a {EARLY}", "INVALID_PARAMS #t\u00a0a"),
    ):
        (answer,) = ann.answer(line)
        assert answer.split(" :")[0].endswith(f" FAIL MARKREAD {said}")


def test_a_guests_markers_are_bounded() -> None:
    server = IrcRoom(Limits(markers_max=1))
    ann = IrcPerson(server, "ann", MARKER)
    ann.write(f"MARKREAD #tea {EARLY}")
    (answer,) = ann.answer(f"MARKREAD #cake {EARLY}")
    assert " FAIL MARKREAD INTERNAL_ERROR #cake " in answer
    assert PASSWORD not in answer
