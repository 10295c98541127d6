"""The first start after a restore, which says what was restored."""

from __future__ import annotations

from pathlib import Path

from besedka.admin.table import moment
from besedka.admin.trail import AuditTrail
from besedka.hub.faults import StoreFault
from besedka.hub.ports import Journal
from besedka.store.restored import UNFINISHED, forget_restoration, read_restoration
from besedka.words import _


async def note_restore(data: Path, journal: Journal, trail: AuditTrail) -> None:
    """For the start of a server: say what was restored since the last one, or begun.

    Where the audit trail cannot be written now, the next start says it again.
    """
    if (data / UNFINISHED).exists():
        journal.note("restore cut off before anything was changed", left=UNFINISHED)
    restoration = read_restoration(data)
    if restoration is None:
        return
    made = moment(restoration.made)
    journal.note(
        "backup restored",
        moment=made,
        besedka=restoration.besedka,
        restored=moment(restoration.restored),
        by=restoration.by,
        epoch=restoration.epoch,
    )
    whom, reason = _("backup of {moment} UTC").format(moment=made), _("by {user}").format(user=restoration.by)
    try:
        await trail.record("restore", whom, reason=reason)
    except StoreFault as error:
        journal.fault("store fault", error)
    else:
        forget_restoration(data)
