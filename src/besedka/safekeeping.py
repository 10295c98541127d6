"""The words of the command line that are about the data as a whole: backup, restore, doctor."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from besedka.arguments import data_option
from besedka.failures import Failure, Misuse
from besedka.words import _, plural


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    from besedka.hub.faults import StoreFault
    from besedka.serve.directory import DirectoryFault

    try:
        yield
    except (DirectoryFault, StoreFault) as fault:
        raise Failure(str(fault)) from None


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@data_option
def backup(file: Path, data: Path) -> int:
    """Keep everything in one FILE, while the server runs or not; `-` is the output.

    FILE must not be there yet. It holds what everybody said and their password hashes: only its owner can read it.
    """
    from besedka.admin.table import moment
    from besedka.serve import backing

    is_pipe = str(file) == "-"
    if is_pipe and sys.stdout.isatty():
        raise Misuse(_("a backup is nothing for a terminal; name a file, or pipe it on"))
    with _failing():
        if is_pipe:
            made = backing.pour_backup(data, sys.stdout.buffer)
        else:
            made = backing.make_backup(data, file.absolute())
    click.echo(
        _("{file}: everything as of {moment} UTC, {mib:.1f} MiB").format(
            file=file, moment=moment(made.time), mib=made.bytes / 2**20
        ),
        err=is_pipe,
    )
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--end-sessions", is_flag=True, help="Have everybody log in anew, on every device.")
@data_option
def restore(file: Path, end_sessions: bool, data: Path) -> int:
    """Put what is in a backup FILE in the place of what is there; `-` is the input.

    No server may be running. Nothing is touched before all of FILE is verified, and what was there is kept aside.
    """
    from besedka.admin.table import moment
    from besedka.serve import backing
    from besedka.store.restoring import open_for_reading

    with _failing(), sys.stdin.buffer if str(file) == "-" else open_for_reading(file) as archive:
        restored = backing.restore_backup(data, archive, end_sessions=end_sessions)
    entries = plural("{count} entry", "{count} entries", restored.entries)
    click.echo(
        _("{data}: {entries}, as of {moment} UTC, by besedka {version}").format(
            data=data, entries=entries, moment=moment(restored.manifest.made), version=restored.manifest.besedka
        )
    )
    if restored.replaced is not None:
        click.echo(_("What was there is in {aside}; delete that when you are sure.").format(aside=restored.replaced))
    return 0


@click.command()
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration of the server.")
@data_option
def doctor(config: Path | None, data: Path) -> int:
    """Look for what is wrong, or soon will be, and say what helps; exit status 1 where something should be done."""
    from besedka.chat.text import harmless_line
    from besedka.serve.doctor.checkup import examine
    from besedka.serve.doctor.findings import Level

    status = 0
    with _failing():
        for finding in examine(data, config):
            line = f"{finding.level.value:8} {finding.about}: {finding.says.rstrip('.')}."
            click.echo(harmless_line(line))
            if finding.remedy:
                click.echo(harmless_line(f"{'':8} -> {finding.remedy}"))
            status |= finding.level in (Level.WARNING, Level.FAILURE)
    return status


COMMANDS = {command.name: command for command in (backup, restore, doctor)}
