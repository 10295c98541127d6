from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.entries import Manner, Message, RoomName, SettingsChange
from besedka.chat.own_requests import Away, Whois
from besedka.chat.refusals import Code
from besedka.chat.requests import Exit, Join, Leave, Malformed, Ping, Say, SetTopic, Tell
from besedka.chat.room_requests import ChangeSettings, Kick
from besedka.chat.rooms import Room
from besedka.chat.told import Done, Farewell, Kept, Parting, Pinged, Presence
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.commands import COMMANDS, When
from besedka.wire.irc.format import Formats
from besedka.wire.looking import Look, LookAround, Seen
from irc_visitor import GUEST, TEA, FakeWorld, Visitor, present, refused, room_told, seated, seen

DONE = Done(None)


# Malformed commands, at any time ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if one.when is When.AFTER])
def test_what_comes_after_registration_is_451_before_it(name: str) -> None:
    visitor = Visitor()
    assert visitor.write(f"{name} a b c d") == []
    assert visitor.read() == [":here. 451 * :You have not registered"]


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if one.least and one.when is not When.BEFORE])
def test_too_few_parameters_are_461(name: str) -> None:
    needs = COMMANDS[name].needs
    visitor = present(*([] if needs is None else [needs.value]))
    assert visitor.write(" ".join([name, *["x"] * (COMMANDS[name].least - 1)])) == []
    assert visitor.read() == [f":here. 461 guest {name} :Not enough parameters"]


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if one.when is When.BEFORE])
def test_registration_is_not_done_twice(name: str) -> None:
    visitor = present()
    visitor.write(f"{name} a b c d")
    assert visitor.read() == [":here. 462 guest :You may not reregister"]


def test_an_unknown_command_is_421_and_goes_by_its_own_name() -> None:
    visitor = present()
    visitor.write("frobnicate x", "WATCH +bob")
    assert visitor.read() == [
        ":here. 421 guest FROBNICATE :Unknown command",
        ":here. 421 guest WATCH :Unknown command",
    ]


def test_what_is_no_line_is_told_so() -> None:
    visitor = present()
    visitor.write_bytes(b"PRIVMSG #x :" + b"a" * 600 + b"\r\nNOTICE x :\xff\r\nTOPIC x :\0\r\n")
    assert visitor.numerics() == ["417", "FAIL", "400"]


def test_a_line_past_all_limits_is_417_and_the_end() -> None:
    visitor = present()
    (asked,) = visitor.write_bytes(b"a" * 20_000 + b"\r\nFOO\r\n")
    assert visitor.numerics() == ["417"]
    assert isinstance(asked, Malformed)
    assert asked.fatal


@given(st.lists(st.one_of(st.binary(max_size=80), st.sampled_from([*map(str.encode, COMMANDS)])), max_size=12))
def test_garbage_never_raises_and_is_answered_in_lines(lines: list[bytes]) -> None:
    visitor = present()
    asked = visitor.write_bytes(b"\r\n".join(lines) + b"\r\n")
    while asked:
        asked = [more for one in asked if not isinstance(one, Exit) for more in visitor.tell(refused(Code.BUSY))]
    for line in visitor.read():
        assert line.startswith((":here. ", ":guest!u@h PART", *_SERVICES))


_SERVICES = (":NickServ!NickServ@here. NOTICE guest :", ":ChanServ!ChanServ@here. NOTICE guest :")


@given(
    st.sampled_from([*COMMANDS]), st.lists(st.sampled_from(["#x", "a", "", ":", "*", "+o", "0", "=", "é"]), max_size=5)
)
def test_every_command_takes_any_parameters(command: str, params: list[str]) -> None:
    visitor = Visitor() if command in ("USER", "PASS") else present()
    middle = [one for one in params[:-1] if one and one[0] != ":"]
    asked = visitor.write(" ".join([command, *middle, f":{params[-1]}" if params else ""]))
    while asked and not isinstance(asked[0], Exit):
        asked = [more for _ in asked for more in visitor.tell(DONE)]
    visitor.read()


# Answers in order ------------------------------------------------------------------------------------------------


def test_ping_is_answered_after_what_was_asked_before() -> None:
    visitor = seated()
    asked = visitor.write("PRIVMSG #tea :one", "PING sync", "PRIVMSG #tea :two")
    assert [type(one) for one in asked] == [Say, Ping, Say]
    visitor.tell(refused(Code.MODERATED))
    assert visitor.numerics() == ["404"]
    visitor.tell(DONE)
    assert visitor.read() == [":here. PONG here. sync"]


def test_other_commands_wait_until_all_before_them_is_answered() -> None:
    visitor = seated()
    assert [type(one) for one in visitor.write("PRIVMSG #tea :one", "FOO", "PRIVMSG #tea :two")] == [Say]
    assert visitor.read() == []
    assert [type(one) for one in visitor.tell(Kept(None, TEA, 6))] == [Say]
    assert visitor.numerics() == ["421"]


def test_ones_own_faults_are_told_in_their_turn() -> None:
    visitor = seated()
    visitor.write("PRIVMSG #tea :one", "PRIVMSG #tea")
    assert visitor.read() == []
    visitor.tell(refused(Code.MODERATED), DONE)
    assert visitor.numerics() == ["404", "412"]


def test_whoever_asks_much_more_than_is_answered_is_cut_off() -> None:
    visitor = seated()
    visitor.write("WHOIS ann")
    (malformed,) = visitor.write(*["NAMES #" + "x" * 400] * 200)
    assert isinstance(malformed, Malformed)
    assert malformed.fatal


def test_the_end() -> None:
    visitor = seated()
    assert visitor.write("QUIT :so long", "FOO") == [Exit()]
    visitor.tell(Farewell(Parting.EXIT, ""))
    assert visitor.read() == ["ERROR :Bye."]
    assert visitor.protocol.last_words == "so long"


def test_a_sign_of_life() -> None:
    visitor = present()
    visitor.tell(Pinged())
    assert visitor.read() == ["PING here."]
    assert [type(one).__name__ for one in visitor.write("PONG here.")] == ["Pong"]
    assert not visitor.protocol.waits


# Rooms -----------------------------------------------------------------------------------------------------------


def test_joining_is_told_before_topic_and_names_and_all_before_the_next_answer() -> None:
    visitor = present()
    assert visitor.write("JOIN #tea key", "PING x") == [Join(name="tea", key="key")]
    assert visitor.tell(Done(None, TEA)) == [Ping()]
    assert visitor.tell(room_told()) == [Look(room=TEA)]
    visitor.tell(DONE)
    assert visitor.read() == [":guest!u@h JOIN #tea"]
    assert visitor.tell(seen(Room(TEA, name=RoomName("tea"), head=5, topic="tea: and cake"))) == [Ping()]
    assert visitor.read() == [
        ":here. 332 guest #tea :tea: and cake",
        ":here. 353 guest = #tea :guest",
        ":here. 366 guest #tea :End of /NAMES list",
    ]


@pytest.mark.parametrize(
    ("code", "numeric"),
    [
        (Code.INVITATION_ONLY, "473"),
        (Code.ROOM_NAME_TAKEN, "473"),
        (Code.BANNED_HERE, "474"),
        (Code.WRONG_KEY, "475"),
        (Code.ROOM_FULL, "471"),
        (Code.TOO_MANY_ROOMS, "405"),
        (Code.BAD_ROOM_NAME, "403"),
        (Code.BUSY, "400"),
    ],
)
def test_why_one_may_not_join(code: Code, numeric: str) -> None:
    visitor = present()
    visitor.write("JOIN #tea")
    visitor.tell(refused(code))
    (line,) = visitor.read()
    assert line.startswith(f":here. {numeric} guest ")
    assert " #tea :" in line


def test_several_channels_each_with_its_key() -> None:
    visitor = present()
    assert visitor.write("JOIN #a,#b,c,#a k1") == [Join(name="a", key="k1"), Join(name="b")]
    assert visitor.numerics() == ["403"]


def test_leaving_and_what_is_not_there() -> None:
    visitor = seated()
    assert visitor.write("PART #tea :bye") == [Leave(room=TEA, reason="bye")]
    visitor.tell(DONE)
    assert visitor.read() == [":guest!u@h PART #tea bye"]
    assert visitor.write("PART #tea,x") == [Look(name="tea")]
    visitor.tell(Seen(None))
    assert sorted(visitor.numerics()) == ["403", "403"]


def test_a_topic_is_asked_and_set() -> None:
    visitor = seated()
    assert visitor.write("TOPIC #tea :new") == [SetTopic(room=TEA, topic="new")]
    visitor.tell(refused(Code.NOT_ALLOWED))
    assert visitor.read() == [":here. 482 guest #tea :You're not channel operator"]
    visitor.write("TOPIC #tea")
    visitor.tell(seen())
    assert visitor.numerics() == ["331"]


def test_modes_that_are_asked_together_are_changed_together() -> None:
    visitor = seated()
    visitor.write("MODE #tea +i-n+kl secret 5")
    (asked,) = visitor.tell(seen())
    change = SettingsChange(invite_only=True, members_only=False, key="secret", members_max=5)
    assert asked == ChangeSettings(room=TEA, change=change)
    visitor.tell(DONE)
    assert visitor.read() == []


@pytest.mark.parametrize(
    ("said", "numeric"),
    [("+X", "472"), ("+k", "461"), ("+l many", "696"), ("+l 0", "696"), ("+o", "461"), ("b", "368"), ("+I", "347")],
)
def test_what_is_wrong_with_a_mode(said: str, numeric: str) -> None:
    visitor = seated()
    visitor.write(f"MODE #tea {said}")
    assert visitor.tell(seen()) == []
    assert visitor.numerics() == [numeric]


def test_somebody_is_put_out_each_in_a_request_of_its_own() -> None:
    visitor = seated()
    asked = visitor.write("KICK #tea bob,ann :out")
    assert asked == [Kick(room=TEA, name="bob", reason="out"), Kick(room=TEA, name="ann", reason="out")]
    visitor.tell(refused(Code.NOT_HERE), refused(Code.NOT_ALLOWED))
    assert visitor.numerics() == ["441", "482"]


# Talking ---------------------------------------------------------------------------------------------------------


def test_what_is_said_and_how() -> None:
    visitor = seated()
    asked = visitor.write("PRIVMSG #tea,bob :hi", "NOTICE #tea :note", "PRIVMSG #tea :\x01ACTION waves\x01")
    assert asked == [
        Say(room=TEA, text="hi"),
        Tell(name="bob", text="hi"),
        Say(room=TEA, text="note", manner=Manner.NOTED),
        Say(room=TEA, text="waves", manner=Manner.DONE),
    ]


def test_what_cannot_be_said() -> None:
    visitor = seated()
    visitor.write("PRIVMSG", "PRIVMSG bob", "PRIVMSG bob :", "PRIVMSG a,b,c,d,e :x", "PRIVMSG ,, :x")
    assert visitor.numerics() == ["411", "412", "412", "407", "411"]


def test_a_notice_is_answered_with_no_error_but_to_whoever_labelled_it() -> None:
    visitor = seated("labeled-response", "batch")
    visitor.write("NOTICE", "NOTICE bob", "NOTICE a,b,c,d,e :x", "NOTICE #other :x", "NOTICE zed :x")
    visitor.tell(Seen(None), refused(Code.NO_SUCH_PERSON))
    assert visitor.read() == []
    visitor.write("@label=a NOTICE zed :x")
    visitor.tell(refused(Code.NO_SUCH_PERSON))
    assert visitor.read() == ["@label=a :here. 401 guest zed :No such nick/channel"]


@pytest.mark.parametrize(("name", "needs"), [(name, one.needs) for name, one in COMMANDS.items() if one.needs])
def test_what_needs_a_capability_is_unknown_without_it(name: str, needs: Capability) -> None:
    visitor = present()
    visitor.write(f"{name} a b c d")
    assert visitor.read() == [f":here. 421 guest {name} :Unknown command"]


def test_a_line_that_would_be_too_long_for_others_is_417_and_not_cut() -> None:
    visitor = seated()
    frame = len(":guest PRIVMSG #tea :\r\n")
    assert len(visitor.write("PRIVMSG #tea :" + "a" * (512 - frame))) == 1
    visitor.tell(Kept(None, TEA, 6))
    assert visitor.write("PRIVMSG #tea :" + "a" * (513 - frame)) == []
    assert visitor.numerics() == ["417"]


def test_a_channel_that_is_not_known_is_looked_for() -> None:
    visitor = seated()
    assert visitor.write("PRIVMSG #other :hi") == [Look(name="other")]
    assert visitor.tell(Seen(None)) == []
    assert visitor.numerics() == ["403"]


def test_ones_own_messages_are_shown_where_that_was_asked_for() -> None:
    room, message = Room(TEA), Message("hi")
    assert not seated().protocol.echoes(room, message)
    assert seated("echo-message").protocol.echoes(room, message)
    alone = Room(TEA, pair=(GUEST, GUEST))
    assert seated().protocol.echoes(alone, message)


# People ----------------------------------------------------------------------------------------------------------


def test_away_and_back() -> None:
    visitor = present()
    assert visitor.write("AWAY :tea") == [Away(message="tea")]
    visitor.tell(DONE)
    visitor.write("AWAY")
    visitor.tell(DONE)
    assert visitor.numerics() == ["306", "305"]


def test_whois_nobody() -> None:
    visitor = present()
    assert visitor.write("WHOIS here. zed") == [Whois(name="zed")]
    visitor.tell(refused(Code.NO_SUCH_PERSON))
    assert visitor.numerics() == ["401", "318"]


def test_who_userhost_and_ison() -> None:
    visitor = present()
    visitor.write("WHO bob", "USERHOST bob zed", "ISON bob zed :guest ann")
    assert visitor.read() == [
        ":here. 352 guest * u h here. bob H :0 bob",
        ":here. 315 guest bob :End of WHO list",
        ":here. 302 guest bob=+u@h",
        ":here. 303 guest :bob guest ann",
    ]


def test_list_shows_rooms_with_somebody_in_them() -> None:
    visitor = present()
    assert visitor.write("LIST") == [LookAround()]


def test_sessions_of_the_same_capabilities_share_a_format() -> None:
    world = FakeWorld()
    formats = Formats(world)
    assert formats.of(frozenset()) is formats.of(frozenset())
    one, other = present("multi-prefix").protocol, present().protocol
    assert one.capabilities != other.capabilities
    assert type(one.format) is type(other.format)


def test_signals_do_not_disturb_the_order_of_answers() -> None:
    visitor = seated()
    visitor.write("WHOIS bob")
    visitor.tell(Presence(TEA))
    assert visitor.protocol.waits
