"""What is written down of a backup that was made."""

from __future__ import annotations

from besedka.admin.deeds import Ended, Status
from besedka.admin.noting import NoteBackup
from besedka.admin.table import moment
from besedka.admin.trail import AuditTrail
from besedka.hub.ports import Journal
from besedka.words import _


async def note_backup(deed: NoteBackup, journal: Journal, trail: AuditTrail) -> Ended:
    """Somebody has made a backup of what this server serves. Raises `StoreFault`."""
    write_backup(deed, journal)
    await trail.record("backup", deed.file, reason=_("by {user}").format(user=deed.by))
    return Ended(Status.FINE)


def write_backup(deed: NoteBackup, journal: Journal) -> None:
    """The line of the log."""
    journal.note("backup made", file=deed.file, moment=moment(deed.made), bytes=deed.bytes, by=deed.by)
