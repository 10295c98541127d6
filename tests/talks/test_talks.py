"""Every talk goes as it is written, in the simulator and against a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from server import Server
from talks.player import Player, talks
from talks.stages import RealStage, SimulatedStage


@pytest.mark.parametrize("talk", talks(), ids=lambda talk: talk.stem)
@pytest.mark.parametrize("seed", range(3))
def test_a_talk_in_the_simulator(talk: Path, seed: int) -> None:
    with SimulatedStage(seed) as stage:
        Player(stage).play(talk.read_text(encoding="utf-8"))


@pytest.mark.parametrize("talk", talks(), ids=lambda talk: talk.stem)
def test_a_talk_with_a_real_server(talk: Path, used: Path) -> None:
    with RealStage(Server(used, arguments=["--no-console"])) as stage:
        Player(stage).play(talk.read_text(encoding="utf-8"))


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
