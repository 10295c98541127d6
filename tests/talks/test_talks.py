"""Every talk goes as it is written, in the simulator and against a real server."""

from __future__ import annotations

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


IN_IRC = [("first-conversation", who) for who in (("ann",), ("bob",), ("ann", "bob"))]
"""Talks that mean the same where these people come by IRC."""


@pytest.mark.parametrize(("name", "who"), IN_IRC)
@pytest.mark.parametrize("seed", range(3))
def test_a_talk_in_which_some_come_by_irc(name: str, who: tuple[str, ...], seed: int) -> None:
    with SimulatedStage(seed) as stage:
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
