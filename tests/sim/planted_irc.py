"""Bugs to plant in what IRC sessions are told: only what reads their lines can see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from besedka.hub.hub import Hub
from besedka.hub.keeping import Addition
from besedka.hub.rooms import OpenRoom
from besedka.hub.telling import Told
from besedka.hub.turn import Turn
from besedka.wire.irc.commands import COMMANDS
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.labels import Answers
from besedka.wire.irc.lines import Line, build

Plant = Callable[[pytest.MonkeyPatch], None]


def lines_before_keep(patch: pytest.MonkeyPatch) -> None:
    """IRC sessions are told while the commit is under way."""
    right = Hub._keep

    async def careless(self: Hub, turn: Turn, additions: list[Addition]) -> bool:
        for addition in additions:
            opened = self.parts.rooms.get(addition.after.id)
            entries = [numbered.entry for numbered in addition.entries]
            for readers in opened.readers.values() if opened is not None else ():
                for session in readers:
                    if isinstance(session.protocol, IrcServer):
                        session.link.write(session.format.run(addition.after, entries))
        return await right(self, turn, additions)

    patch.setattr(Hub, "_keep", careless)


def pong_at_once(patch: pytest.MonkeyPatch) -> None:
    """PING is answered before what was said before it is kept."""

    def careless(conversation: IrcServer, line: Line) -> None:
        server = conversation.world.server
        conversation.say(build(server, "PONG", server, line.params[0]))

    patch.setitem(COMMANDS, "PING", msgspec.structs.replace(COMMANDS["PING"], handle=careless))


def parted_reads_on(patch: pytest.MonkeyPatch) -> None:
    """IRC sessions are told what is said in a room after they have left it."""
    right = Told._move

    def careless(self: Told, opened: OpenRoom, addition: Addition, principal: Any, turn: Turn, moved: Any) -> None:
        online = self._parts.attendance.get(principal)
        sessions = [] if online is None else list(online.sessions)
        stays = [one for one in sessions if isinstance(one.protocol, IrcServer) and opened in one.live]
        if principal in opened.state.members or not stays:
            right(self, opened, addition, principal, turn, moved)

    patch.setattr(Told, "_move", careless)


def label_of_the_line_before(patch: pytest.MonkeyPatch) -> None:
    """The second labelled line is answered with the label of the first."""
    right = Answers.begin
    labels: list[str] = []

    def careless(self: Answers, label: str) -> None:
        labels.extend([label] if label else [])
        right(self, labels[0] if label else "")

    patch.setattr(Answers, "begin", careless)


IRC_PLANTS: tuple[Plant, ...] = (
    lines_before_keep,
    pong_at_once,
    parted_reads_on,
    label_of_the_line_before,
)
