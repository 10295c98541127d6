"""Having something done to a data directory: by the server that holds it, or, where none does, on the files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from besedka.failures import Failure, Misuse
from besedka.words import _

if TYPE_CHECKING:  # Read late: a mistyped command need not wait for what only these take.
    from besedka.admin.deeds import AnyDeed, Ended, PersonPart, RoomPart, Told

    Take = Callable[[RoomPart], None] | Callable[[PersonPart], None]
    """Takes the parts of what was asked for."""


def ask_server(data: Path, deed: AnyDeed, take: Take | None = None) -> Ended | None:
    """What the server that holds this directory makes of a deed; None where there is none. Raises `Failure`."""
    from besedka.admin.control import ControlFault, ask
    from besedka.serve import directory

    _see_text(deed)
    try:
        server = directory.wait_server(data)
        if server is None:
            return None
        assert server.control is not None, "without one it is no server"
        return ask(Path(server.control), deed, _teller(take))
    except (directory.DirectoryFault, ControlFault) as fault:
        raise Failure(str(fault)) from None


def do(data: Path, deed: AnyDeed, take: Take | None = None) -> Ended:
    """Have the running server do it, or do it on the files where none runs. Raises `Failure`.

    What is said goes to the terminal, parts of a room or of a person to `take`.
    """
    ended = ask_server(data, deed, take)
    if ended is not None:
        return ended
    from besedka.hub.faults import StoreFault
    from besedka.serve import directory, offline

    try:
        return offline.carry_out(data, deed, _teller(take))
    except (directory.DirectoryFault, StoreFault) as fault:
        raise Failure(str(fault)) from None


def _see_text(deed: AnyDeed) -> None:
    """Refuse what was typed where it is no text: Python passes on any bytes. Raises `Misuse`."""
    import msgspec

    try:
        msgspec.json.encode(deed)
    except UnicodeEncodeError:
        raise Misuse(_("names and texts are in UTF-8, and this is not")) from None


def _teller(take: Take | None) -> Callable[[Told], None]:
    from besedka.admin.deeds import Said

    def tell(told: Told) -> None:
        if isinstance(told, Said):
            click.echo(told.text, err=told.fault)
        elif take is not None:
            take(told)  # type: ignore[arg-type]  # Whoever asks for rooms is shown rooms, and so on.

    return tell
