"""A look at everything, in the order in which an operator would ask."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from besedka.config import Config, ConfigFault, load
from besedka.serve.directory import DirectoryFault, holder
from besedka.serve.doctor import databases, doors, files, machine, search
from besedka.serve.doctor.findings import Finding, Findings, Level, Patient
from besedka.store.opening import ACCOUNTS, MESSAGES
from besedka.store.replacing import unfinished
from besedka.words import _

LOOKS: tuple[Callable[[Patient], Findings], ...] = (
    doors.server,
    files.permissions,
    files.leftovers,
    files.backup,
    machine.disk,
    databases.integrity,
    databases.together,
    search.index,
    doors.certificate,
    doors.reachable,
    machine.limits,
    machine.clock,
    machine.sqlite,
)
"""Each yields at least what is wrong, and what is right where that is worth a line."""


def examine(data: Path, config: Path | None, *, now: int | None = None) -> Findings:
    """Everything there is to find. Changes nothing; blocks, as a rule for a second or two. Raises `DirectoryFault`."""
    if not data.is_dir():
        raise DirectoryFault(_("{data} is no directory; name the data directory with --data").format(data=data))
    if unfinished(data) is None and not any((data / file.name).exists() for file in (ACCOUNTS, MESSAGES)):
        raise DirectoryFault(
            _("{data}: there is no chat; name its directory with --data, or restore a backup").format(data=data)
        )
    chosen = Config()
    if config is not None:
        try:
            chosen = load(config)
        except ConfigFault as fault:
            for each in fault.faults:
                yield Finding(Level.FAILURE, _("configuration"), each, _("correct that"))
        else:
            yield Finding(Level.OK, _("configuration"), _("{path} is understood").format(path=config))
    yield from _looks(Patient(data, chosen, holder(data), time.time_ns() // 1_000_000 if now is None else now))


def _looks(patient: Patient) -> Findings:
    for look in LOOKS:
        try:
            yield from look(patient)
        except OSError as error:
            path = error.filename or patient.data
            yield Finding(
                Level.FAILURE,
                _("files"),
                _("{path}: {why}").format(path=path, why=error.strerror),
                _("look again as the user who runs the server, or as root"),
            )
