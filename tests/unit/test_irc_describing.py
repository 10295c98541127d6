"""What the server says of itself: 005, HELP, LINKS and their like, each in the lines the specifications have."""

from __future__ import annotations

import pytest

from besedka.limits import Limits
from besedka.wire.irc.lines import line_bytes
from irc_visitor import FakeWorld, Visitor, present


def answers(visitor: Visitor, *lines: str) -> list[str]:
    """What it is told, without whom it is from and to."""
    visitor.write(*lines)
    return [line.split(" ", 3)[1] + " " + line.split(" ", 3)[3] for line in visitor.read()]


def test_isupport_is_asked_for_and_is_what_was_told_in_the_words_of_welcome() -> None:
    visitor = present()
    visitor.write("ISUPPORT")
    told = visitor.read()
    assert len(told) > 1
    assert all(
        line.startswith(":here. 005 guest ") and line.endswith(" :are supported by this server") for line in told
    )
    assert all(len(line.split(" :")[0].split(" ")) <= 3 + 13 for line in told)
    visitor.write("VERSION")
    assert visitor.read()[1:] == told, "the same tokens come behind 351"


def test_isupport_before_registration_is_for_whoever_asked_for_it() -> None:
    visitor = Visitor()
    visitor.write("ISUPPORT")
    assert visitor.numerics() == ["451"]
    visitor.write("CAP REQ :draft/extended-isupport", "ISUPPORT")
    _ack, *told = visitor.read()
    assert all(line.startswith(":here. 005 * ") for line in told)
    visitor.write("CAP REQ batch", "ISUPPORT")
    _ack, begin, *told, end = visitor.read()
    assert begin.endswith(" draft/isupport")
    reference = begin.split(" +")[1].split(" ")[0]
    assert end == f":here. BATCH -{reference}"
    assert all(line.startswith(f"@batch={reference} :here. 005 * ") for line in told)


def test_an_answer_that_is_a_batch_needs_no_other_around_it() -> None:
    visitor = present("batch", "draft/extended-isupport", "labeled-response")
    visitor.write("@label=x ISUPPORT")
    begin, *told, end = visitor.read()
    assert begin.startswith("@label=x :here. BATCH +")
    assert begin.endswith(" draft/isupport"), "one logical message needs no batch around it"
    assert all(line.startswith("@batch=") and " 005 " in line for line in told)
    assert end.startswith(":here. BATCH -")
    visitor.write("@label=y VERSION")
    outer, version, inner, *told, _end, last = visitor.read()
    around = outer.split(" +")[1].split(" ")[0]
    assert outer == f"@label=y :here. BATCH +{around} labeled-response"
    assert version.startswith(f"@batch={around} :here. 351 ")
    assert inner.startswith(f"@batch={around} :here. BATCH +")
    assert not any(around in line for line in told), "they are in the inner one"
    assert last == f":here. BATCH -{around}"


def test_a_long_name_of_the_network_makes_more_lines_and_none_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeWorld, "network", "=" * 64)
    monkeypatch.setattr(FakeWorld, "server", "s" * 64 + ".")
    visitor = present(name="n" * Limits().name_characters_max)
    visitor.write("ISUPPORT")
    assert all(line_bytes(line) <= 510 for line in visitor.read())


@pytest.mark.parametrize("command", ["HELP", "HELPOP"])
def test_help_is_for_all_commands_or_for_one(command: str) -> None:
    visitor = present()
    several = answers(visitor, command)
    assert several[0].startswith("704 * ")
    assert several[-1].startswith("706 * ")
    assert all(line.startswith("705 * ") for line in several[1:-1])
    assert answers(visitor, f"{command} privmsg")[0].startswith("704 PRIVMSG :PRIVMSG <target>")
    assert answers(visitor, f"{command} tea") == ["524 TEA :No help available on this topic"]


@pytest.mark.parametrize("said", ["INFO", "VERSION", "TIME", "ADMIN", "MOTD"])
def test_a_server_goes_by_its_name_a_mask_of_it_and_whoever_is_there(said: str) -> None:
    visitor = present()
    whole = answers(visitor, said)
    for name in ("here.", "HERE.", "he*", "*", "guest", "bob"):
        assert answers(visitor, f"{said} {name}") == whole
    for name in ("there.example", "nobody", "*" * 17, ":"):
        assert answers(visitor, f"{said} {name}")[0].startswith("402 ")


def test_links_are_none_for_one_server() -> None:
    visitor = present()
    assert answers(visitor, "LINKS") == ["365 * :End of /LINKS list"]
    assert answers(visitor, "LINKS here. h*") == ["365 h* :End of /LINKS list"]
