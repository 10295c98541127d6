"""What a typed line means."""

from __future__ import annotations

import pytest

from besedka.client.commands import COMMANDS, Deed, Misused, Ordered, Said, Unknown, understood


@pytest.mark.parametrize("line", ["", "   ", "\t"])
def test_a_blank_line_means_nothing(line: str) -> None:
    assert understood(line) is None


@pytest.mark.parametrize("line", ["hello", " exit stage left", "Exit", "a /join b", " /join b"])
def test_what_is_not_a_command_is_said_as_it_is(line: str) -> None:
    assert understood(line) == Said(line)


def test_two_slashes_say_one() -> None:
    assert understood("//join dev") == Said("/join dev")
    assert understood("///") == Said("//")


@pytest.mark.parametrize("line", ["exit", " exit ", "/quit", "/QUIT", "/quit now"])
def test_the_ways_of_leaving(line: str) -> None:
    meaning = understood(line)
    assert isinstance(meaning, Ordered)
    assert meaning.command.deed is Deed.QUIT


@pytest.mark.parametrize(
    ("line", "deed", "argument"),
    [
        ("/join dev", Deed.JOIN, "dev"),
        ("/Join   dev ", Deed.JOIN, "dev"),
        ("/msg bob  two words", Deed.MESSAGE, "bob  two words"),
        ("/me one\ntwo", Deed.ACT, "one\ntwo"),
        ("/leave", Deed.LEAVE, ""),
        ("/history 5", Deed.HISTORY, "5"),
    ],
)
def test_commands_with_what_follows(line: str, deed: Deed, argument: str) -> None:
    assert understood(line) == Ordered(COMMANDS[deed.value], argument)


@pytest.mark.parametrize("line", ["/join", "/join  ", "/msg", "/msg bob", "/me", "/room"])
def test_a_command_without_what_it_needs_is_misused(line: str) -> None:
    assert isinstance(understood(line), Misused)


@pytest.mark.parametrize("line", ["/nonsense", "/", "/ join dev", "/etc/passwd"])
def test_other_slashes_are_unknown(line: str) -> None:
    assert isinstance(understood(line), Unknown)


def test_every_deed_has_its_command_and_a_usage_that_names_it() -> None:
    assert {command.deed for command in COMMANDS.values()} == set(Deed)
    assert all(command.usage.startswith(f"/{word}") for word, command in COMMANDS.items())


def test_what_is_said_is_in_no_repr() -> None:
    assert "secret" not in repr(understood("secret"))
    assert "secret" not in repr(understood("/msg bob secret"))
