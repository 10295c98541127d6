"""Every talk goes as it is written, in the simulator and against a real server."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest

from server import Server
from talks.player import HERE, Player, talks
from talks.stages import RealStage, SimulatedStage


@pytest.mark.parametrize("talk", talks(), ids=lambda talk: talk.stem)
@pytest.mark.parametrize("seed", range(3))
def test_a_talk_in_the_simulator(talk: Path, seed: int) -> None:
    with SimulatedStage(seed) as stage:
        Player(stage).play(talk.read_text(encoding="utf-8"))


@pytest.mark.parametrize("talk", talks(), ids=lambda talk: talk.stem)
def test_a_talk_with_a_real_server(talk: Path, used: Path) -> None:
    file = used.parent / "talk.toml"
    file.write_text("[accounts]\nregistration_before_connect = true\n")
    with RealStage(Server(used, arguments=["--no-console", "--config", str(file)])) as stage:
        Player(stage).play(talk.read_text(encoding="utf-8"))


IN_IRC: Mapping[str, tuple[str, ...]] = {
    "direct-message": ("ann", "eve"),
    "exit": ("ann", "bob"),
    "first-conversation": ("ann", "bob"),
    "ownership": ("eve",),
    "presence": ("ann",),
    "private-room": ("bob",),
    "replies": ("ann", "bob"),
    "rooms": ("bob",),
    "text-and-native": ("ann",),
    "three-ways": ("ann",),
    "troublemaker": ("eve",),
    "unread": ("bob",),
}
"""Who means the same in which talk, coming by IRC. Others do what has no line in IRC: they open a private room, pass
one on, ban for a second, take an invitation back, count what is unread, or ask to be notified of mentions only."""

NOT_IN_IRC: Mapping[str, str] = {
    "governing": "it is about the commands of the line client",
    "hostile-text": "what is hostile in it cannot be in a line of IRC",
    "ignoring": "it is about the commands of the line client; in IRC whom one ignores is known to one's client only",
    "invitations": "it is about the commands of the line client",
    "mending": "messages are edited, which no line of IRC does; how it is told there is `mending-by-irc`",
    "mending-by-irc": "its people come by IRC already",
    "resend": "IRC has no ids of requests: what is said again is said twice",
    "searching": "it is about the commands of the line client",
    "wrong-password": "it is about being asked, again and again, as IRC never asks",
}
"""Talks that nobody comes to by IRC, and why."""

MIXTURES = [
    (name, some)
    for name, people in sorted(IN_IRC.items())
    for count in range(1, len(people) + 1)
    for some in combinations(people, count)
]
"""Every way of coming to every talk."""


def test_every_talk_is_played_by_irc_or_says_why_not() -> None:
    assert sorted([*IN_IRC, *NOT_IN_IRC]) == sorted(talk.stem for talk in talks())


@pytest.mark.parametrize("name", IN_IRC)
def test_a_talk_to_which_people_come_by_irc(name: str) -> None:
    with SimulatedStage(0) as stage:
        Player(stage).play(by_irc(name, IN_IRC[name]))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "who"), MIXTURES)
@pytest.mark.parametrize("seed", range(1, 4))
def test_a_talk_in_every_mixture(name: str, who: tuple[str, ...], seed: int) -> None:
    with SimulatedStage(seed) as stage:
        Player(stage).play(by_irc(name, who))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "who"), MIXTURES)
def test_a_talk_in_every_mixture_with_a_real_server(name: str, who: tuple[str, ...], used: Path) -> None:
    file = used.parent / "talk.toml"
    file.write_text("[accounts]\nregistration_before_connect = true\n")
    with RealStage(Server(used, arguments=["--no-console", "--config", str(file)])) as stage:
        Player(stage).play(by_irc(name, who))


def by_irc(name: str, who: tuple[str, ...]) -> str:
    """A talk in which these people come by IRC instead."""
    script = (HERE / f"{name}.talk").read_text(encoding="utf-8")
    for one in who:
        assert f"{one} (native)" in script
        script = script.replace(f"{one} (native)", f"{one} (irc)")
    return script


def test_a_talk_that_does_not_go_as_written_is_noticed() -> None:
    for wrong in (
        "ann (native): registers with long enough\nann: says hello\nann sees: [lobby] ann: goodbye",
        "ann (native): registers with long enough\nann never sees: [lobby] ann: hello\nann: says hello\n"
        "ann sees: [lobby] ann: hello",
        "ann (native): registers with long enough\nann: says hello\nann: says hello\nann sees: [lobby] ann: hello\n"
        "ann sees: [lobby] ann: hello\nann sees once: [lobby] ann: hello",
    ):
        with SimulatedStage(0) as stage, pytest.raises(AssertionError, match=r"line \d"):
            Player(stage).play(wrong)
