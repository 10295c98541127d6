"""What a typed line means."""

from __future__ import annotations

import pytest

from besedka.client.command_table import COMMANDS, GROUPS, Group
from besedka.client.commands import (
    Confided,
    Dictation,
    Misused,
    Ordered,
    Said,
    Unknown,
    command_called,
    is_leaving,
    secrets_of,
    understood,
)


@pytest.mark.parametrize("line", ["", "   ", "\t"])
def test_a_blank_line_means_nothing(line: str) -> None:
    assert understood(line) is None


@pytest.mark.parametrize("line", ["hello", " exit stage left", "Exit", "a /join b", " /join b"])
def test_what_is_not_a_command_is_said_as_it_is(line: str) -> None:
    assert understood(line) == Said(line)


def test_two_slashes_say_one() -> None:
    assert understood("//join dev") == Said("/join dev")
    assert understood("///") == Said("//")


@pytest.mark.parametrize("line", ["exit", " exit ", "/quit", "/QUIT", "/quit now", "/exit"])
def test_the_ways_of_leaving(line: str) -> None:
    assert is_leaving(understood(line))


@pytest.mark.parametrize(
    ("line", "word", "argument"),
    [
        ("/join dev", "join", "dev"),
        ("/Join   dev ", "join", "dev"),
        ("/j dev", "join", "dev"),
        ("/msg bob  two words", "msg", "bob  two words"),
        ("/query bob hi", "msg", "bob hi"),
        ("/me one\ntwo", "me", "one\ntwo"),
        ("/leave", "leave", ""),
        ("/part", "leave", ""),
        ("/history 5", "history", "5"),
        ("/op bob", "moderator", "bob"),
    ],
)
def test_commands_with_what_follows(line: str, word: str, argument: str) -> None:
    command = command_called(word)
    assert command is not None
    assert understood(line) == Ordered(command, argument)


@pytest.mark.parametrize("line", ["/join", "/join  ", "/msg", "/msg bob", "/me", "/room", "/reply @bob", "/kick"])
def test_a_command_without_what_it_needs_is_misused(line: str) -> None:
    assert isinstance(understood(line), Misused)


@pytest.mark.parametrize("line", ["/nonsense", "/", "/ join dev", "/etc/passwd"])
def test_other_slashes_are_unknown(line: str) -> None:
    assert isinstance(understood(line), Unknown)


def test_no_word_means_two_things() -> None:
    words = [word for command in COMMANDS for word in (command.word, *command.also)]
    assert len(words) == len(set(words))
    assert all(word == word.casefold() for word in words)
    assert set(GROUPS) == set(Group)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.word)
def test_the_example_of_a_command_is_one_of_it(command: object) -> None:
    meaning = understood(command.example)  # type: ignore[attr-defined]
    assert isinstance(meaning, Ordered)
    assert meaning.command == command


def test_what_is_said_is_in_no_repr() -> None:
    assert "secret" not in repr(understood("secret"))
    assert "secret" not in repr(understood("/msg bob secret"))


# Several lines -----------------------------------------------------------------------------------------------------


def test_between_paste_and_a_dot_everything_is_text_as_it_was_typed() -> None:
    dictation = Dictation()
    assert dictation.take("/paste") is None
    for line in ("def f():", "    /quit", "exit", "", ".."):
        assert dictation.pasting
        assert dictation.take(line) is None
    assert dictation.take(".") == Said("def f():\n    /quit\nexit\n\n..")
    assert not dictation.pasting
    assert is_leaving(dictation.take("exit"))


def test_an_empty_paste_says_nothing() -> None:
    dictation = Dictation()
    assert [dictation.take(line) for line in ("/paste", " ", ".", "hi")] == [None, None, None, Said("hi")]


@pytest.mark.parametrize(
    ("line", "questions"),
    [
        ("/password", 3),
        ("/password x", 0),
        ("/remove-account", 0),
        ("/remove-account ann", 1),
        ("/remove-account ann redact", 1),
        ("/who", 0),
    ],
)
def test_a_command_asks_for_the_secrets_it_needs(line: str, questions: int) -> None:
    ordered = understood(line)
    assert isinstance(ordered, Ordered)
    assert len(secrets_of(ordered)) == questions
    assert repr(Confided(ordered, ("correct horse",))) == "<Confided>"
