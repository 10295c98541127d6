"""The words of the command line about rooms as files: exporting one, importing it into a new one."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from besedka.admin import roomfiles
from besedka.admin.deeds import BeginImport, BringEntries, FinishImport, ReadRoom, RoomPart, Status
from besedka.arguments import data_option
from besedka.asking import do
from besedka.chat.entries import RoomId
from besedka.failures import Failure
from besedka.hub.importing import NewRoom
from besedka.limits import Limits
from besedka.newfiles import written
from besedka.words import _


@click.group(no_args_is_help=True)
def room() -> None:
    """Rooms as files."""


# Export ----------------------------------------------------------------------------------------------------------


@room.command("export")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="A new file; else the output.")
@click.option("--text", is_flag=True, help="Plain text, for people; it cannot be imported.")
@data_option
def export(name: str, output: Path | None, text: bool, data: Path) -> int:
    """Write down a public or private room as JSON Lines, whether the server runs or not."""
    parts: list[RoomPart] = []
    ended = do(data, ReadRoom(room=name), parts.append)
    if not parts:
        return ended.status
    with written(output) as file:
        _export(parts.pop(), file, text=text, data=data)
    return Status.FINE


def _export(part: RoomPart, file: BinaryIO, *, text: bool, data: Path) -> None:
    """Write a room whose first part this is, up to where its head is now, or a busy room would never end."""
    last, parts = part.head, [part]
    if not text:
        file.write(roomfiles.header_line(part))
    while parts:
        part = parts.pop()
        entries = tuple(entry for entry in part.entries if entry.number <= last)
        file.write(roomfiles.text_lines(entries) if text else roomfiles.json_lines(entries))
        if entries and entries[-1].number < last:
            do(data, ReadRoom(room=part.room, after=entries[-1].number), parts.append)
            if not parts:
                raise Failure(_("not all of it could be read"))
    file.flush()


# Import ----------------------------------------------------------------------------------------------------------


@room.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("name")
@click.option("--owner", required=True, metavar="ACCOUNT", help="Whose the new room is.")
@data_option
def import_room(file: Path, name: str, owner: str, data: Path) -> int:
    """Bring what people wrote in an exported room into a new one, which a running server makes.

    All of the file is checked first. Nobody sees the room before everything is there.
    """
    try:
        with file.open("rb") as opened:
            return _import(opened, name, owner, data)
    except roomfiles.RoomFileFault as fault:
        raise Failure(f"{file}: {fault}") from None
    except OSError as error:
        raise Failure(_("{file} cannot be read: {why}").format(file=file, why=error.strerror)) from None


def _import(opened: BinaryIO, name: str, owner: str, data: Path) -> Status:
    file = roomfiles.RoomFile(opened, limits=Limits())
    for _imported in file.entries(first=1):
        pass
    total, left_behind, header = file.count, file.left_behind, file.header
    new = NewRoom(opened=max(file.opened - 2, 0), hidden=header.hidden, invite_only=header.invite_only)
    begun = do(data, BeginImport(name=name, owner=owner, new=new))
    if begun.status is not Status.FINE:
        return begun.status
    into, head = RoomId(begun.count), 2 if header.hidden or header.invite_only else 1
    for part in roomfiles.in_parts(file.entries(first=head + 1)):
        ended = do(data, BringEntries(room=into, after=head, entries=part))
        if ended.status is not Status.FINE:
            return ended.status
        head += len(part)
    ended = do(data, FinishImport(room=into, name=name, owner=owner))
    if ended.status is Status.FINE:
        click.echo(
            _("{total} entries are in {name}; {left_behind} were about the old room and stay behind.").format(
                total=total, name=name, left_behind=left_behind
            )
        )
    return ended.status
