"""The files of a data directory: who may read them, what was left behind, when the last backup was made."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from besedka.admin.table import moment
from besedka.serve.doctor.findings import Finding, Findings, Level, Patient
from besedka.store.backups import last_backup
from besedka.store.opening import ACCOUNTS, MESSAGES, copies_of
from besedka.store.replacing import REPLACED, unfinished
from besedka.store.restored import UNFINISHED
from besedka.words import _, plural

FILES_NAMED = 3
"""Of many files with the same trouble, by name."""

BACKUP_DAYS_MAX = 8
"""A weekly one, and a day."""

DAY_MILLISECONDS = 86_400_000


def permissions(patient: Patient) -> Findings:
    """Whether anybody but its user can read or write what is there, and whether that user can."""
    about = _("permissions")
    data = patient.data
    found = _files(data)
    open_to_others = [
        path
        for path, status in found.items()
        if not stat.S_ISLNK(status.st_mode) and stat.S_IMODE(status.st_mode) & 0o077
    ]
    owner = found[data].st_uid
    strangers = [path for path, status in found.items() if status.st_uid != owner]
    if open_to_others:
        # Behind a closed directory nobody gets to them; an open one is a failure.
        yield Finding(
            Level.FAILURE if data in open_to_others else Level.WARNING,
            about,
            _("others on this machine may read or write {files}").format(files=_named(open_to_others)),
            _("chmod -R go= {data}").format(data=data),
        )
    if strangers:
        yield Finding(
            Level.WARNING,
            about,
            _("{files} belong to another user than {data} does").format(files=_named(strangers), data=data),
            _("chown -R {owner} {data}").format(owner=owner, data=data),
        )
    if not open_to_others and not strangers:
        yield Finding(Level.OK, about, _("only the user of {data} can read what is in it").format(data=data))


def _files(data: Path) -> dict[Path, os.stat_result]:
    """The directory and everything in it, but for what a running server has just taken away. Raises OSError."""

    def pass_over(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    found = {data: data.lstat()}
    for folder, folders, files in os.walk(data, onerror=pass_over):
        for path in sorted(Path(folder, name) for name in (*folders, *files)):
            with suppress(FileNotFoundError):
                found[path] = path.lstat()
    return found


def leftovers(patient: Patient) -> Findings:
    """What is there and need not be."""
    data = patient.data
    if not patient.server and unfinished(data) is not None:
        yield Finding(
            Level.WARNING,
            _("restore"),
            _("a restore was cut off after it was decided"),
            _("start the server, or run `besedka restore` again: either finishes it"),
        )
    for path in sorted(data.glob(f"{REPLACED}*")):
        yield _left(path, _("what a restore replaced, taken back words too"), _("delete it when you are sure"))
    if patient.server is None:
        for name in (UNFINISHED, "backup.new"):
            if (data / name).exists():
                yield _left(data / name, _("of a backup or restore that was cut off"), _("delete it"))
    for path in [*copies_of(data / MESSAGES.name), *copies_of(data / ACCOUNTS.name)]:
        yield _left(path, _("a copy of before an upgrade"), _("delete it if you will not go back"))
    if patient.server is None and ((data / "server.port").exists() or (data / "control.sock").exists()):
        yield Finding(
            Level.NOTE,
            _("last server"),
            _("the last one did not end in order"),
            _("nothing: the next start tidies up; the end of server.log may say why"),
        )


def backup(patient: Patient) -> Findings:
    """When the last one was made, as far as this machine knows."""
    about, remedy = _("backup"), _("have `besedka backup` run every night (docs/OPERATING.md, Backups)")
    last = last_backup(patient.data)
    if last is None:
        yield Finding(Level.WARNING, about, _("none was ever made"), remedy)
        return
    days = max(0, patient.now - last.time) // DAY_MILLISECONDS
    says = _("the last one is of {moment} UTC, {mib:.1f} MiB").format(moment=moment(last.time), mib=last.bytes / 2**20)
    if days >= BACKUP_DAYS_MAX:
        yield Finding(Level.WARNING, about, says, remedy)
    else:
        yield Finding(Level.OK, about, says)


def _left(path: Path, what: str, remedy: str) -> Finding:
    size = sum(one.lstat().st_size for one in [path, *path.rglob("*")])
    says = _("{name} is {what} ({mib:.1f} MiB)").format(name=path.name, what=what, mib=size / 2**20)
    return Finding(Level.NOTE, _("left behind"), says, remedy)


def _named(paths: list[Path]) -> str:
    names = ", ".join(path.name for path in paths[:FILES_NAMED])
    more = len(paths) - FILES_NAMED
    return names if more <= 0 else plural("{names} and {count} more", "{names} and {count} more", more, names=names)
