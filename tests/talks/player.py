"""Plays a talk: a plain text script of who says what, and who sees what.

    # A comment.
    ann (native): registers with a long password     somebody new, and how it speaks: native, text, client, irc
    ann: says hello                                  a deed; what each can do is in `speaking` and `deeds`
    bob sees: [lobby] ann: hello                     this line comes to stand on its screen, after what it saw before
    bob never sees: [lobby] ann: other words         and does not, however the talk goes on
    bob sees once: [lobby] ann: hello                and is there one time, in all
    the server crashes                               and is started again

Escapes as in Python (`\\n`, `\\x1b`, `\\u202e`) stand for what cannot be seen in a script.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from talks.speaking import NativeSpeaker, Speaker

HERE = Path(__file__).parent

_LINE = re.compile(
    r"(?P<who>\w+)(?: \((?P<way>native|text|client|irc)\))?(?: (?P<look>sees|never sees|sees once))?: ?(?P<rest>.*)"
)
_CRASH = "the server crashes"


class Step(msgspec.Struct, frozen=True):
    """One line of a script."""

    number: int
    who: str
    way: str | None
    look: str | None
    rest: str


class Stage(Protocol):
    """Where a talk is played."""

    def enter(self, name: str, way: str) -> Speaker:
        """Somebody new, not yet connected."""
        ...

    def until(self, holds: Callable[[], bool]) -> bool:
        """Let things happen until this holds; False if it never does."""
        ...

    def crash(self) -> None:
        """End the server at once, and start it again on what it had kept."""
        ...


def talks() -> list[Path]:
    """Every script there is."""
    return sorted(HERE.glob("*.talk"))


def read(script: str) -> list[Step]:
    """The steps of a script; fails on what it does not understand."""
    steps: list[Step] = []
    for number, line in enumerate(script.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.strip() == _CRASH:
            steps.append(Step(number, "", None, None, _CRASH))
            continue
        match = _LINE.fullmatch(line)
        assert match is not None, f"line {number}: {line}"
        steps.append(Step(number, match["who"], match["way"], match["look"], _unescaped(match["rest"])))
    return steps


def _unescaped(text: str) -> str:
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape")


class Player:
    """Plays the steps of one talk, in order."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._speakers: dict[str, Speaker] = {}
        self._never: list[tuple[Step, Speaker, int]] = []
        """What must not be seen, and how much had been seen when that was said."""

    def play(self, script: str) -> None:
        """All of it; fails where it does not go as written, naming the line."""
        for step in read(script):
            if step.rest == _CRASH and not step.who:
                self._stage.crash()
                for speaker in self._speakers.values():
                    self._wait(step, lambda speaker=speaker: not speaker.connected)  # type: ignore[misc]
                continue
            self._play(step)
        for step, speaker, seen in self._never:
            assert step.rest not in speaker.seen[seen:], self._complaint(step, "is seen", speaker)

    def _play(self, step: Step) -> None:
        speaker = self._speakers.get(step.who)
        if speaker is None:
            assert step.way is not None, f"line {step.number}: how does {step.who} speak?"
            speaker = self._speakers[step.who] = self._stage.enter(step.who, step.way)
        match step.look:
            case "sees":
                self._wait(step, lambda: step.rest in speaker.seen[speaker.matched :])
                speaker.matched += speaker.seen[speaker.matched :].index(step.rest) + 1
            case "sees once":
                self._wait(step, lambda: step.rest in speaker.seen)
                assert speaker.seen.count(step.rest) == 1, self._complaint(step, "is seen more than once", speaker)
            case "never sees":
                self._never.append((step, speaker, len(speaker.seen)))
            case _:
                self._do(step, speaker)

    def _do(self, step: Step, speaker: Speaker) -> None:
        # One thing at a time, so that what is said stands in the order of the script.
        self._wait(step, lambda: all(one.ready() for one in self._speakers.values()))
        deeds = speaker.deeds()
        words = max((words for words in deeds if f"{step.rest} ".startswith(f"{words} ")), key=len, default=None)
        assert words is not None, f"line {step.number}: {step.who} cannot: {step.rest}"
        rest = step.rest[len(words) + 1 :]
        if isinstance(speaker, NativeSpeaker):
            speaker.do(deeds[words], rest)
        else:
            deeds[words](rest)

    def _wait(self, step: Step, holds: Callable[[], bool]) -> None:
        happened = self._stage.until(holds)
        assert happened, self._complaint(step, "does not happen", self._speakers.get(step.who))

    def _complaint(self, step: Step, what: str, speaker: Speaker | None) -> str:
        screen = "\n".join(map(repr, speaker.seen)) if speaker is not None else ""
        return f"line {step.number}: {what}: {step.who} {step.look or ''}: {step.rest!r}; its screen:\n{screen}"
