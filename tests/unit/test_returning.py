"""The first start after a restore says so, once, in the log and in the audit trail."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from besedka.admin.trail import AuditTrail
from besedka.hub.faults import StoreFault
from besedka.hub.keeping import AuditRow
from besedka.serve.returning import note_restore
from besedka.serve.world import SystemClock
from besedka.store.restored import NOTED, UNFINISHED, Restoration, lay_restoration
from receiving import FakeJournal

RESTORED = Restoration(made=1_700_000_000_000, besedka="1.0", restored=1_700_000_100_000, by="root", epoch="another")


class Rows:
    """A trail, or a full disk."""

    def __init__(self) -> None:
        self.rows: list[AuditRow] = []
        self.full = False

    async def add_audit(self, row: AuditRow) -> None:
        if self.full:
            raise StoreFault("the disk is full")
        self.rows.append(row)

    async def audit(self, *, limit: int) -> list[AuditRow]:
        return self.rows[-limit:]


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def journal() -> FakeJournal:
    return FakeJournal()


def start(data: Path, journal: FakeJournal, rows: Rows) -> None:
    asyncio.run(note_restore(data, journal, AuditTrail(rows, SystemClock())))


def test_a_restore_is_said_once(tmp_path: Path, journal: FakeJournal, rows: Rows) -> None:
    start(tmp_path, journal, rows)
    assert (journal.notes, rows.rows) == ([], [])
    lay_restoration(tmp_path, RESTORED)
    assert (tmp_path / NOTED).stat().st_mode & 0o077 == 0
    for _ in range(2):
        start(tmp_path, journal, rows)
    assert journal.events("backup restored") == [
        {
            "moment": "2023-11-14 22:13",
            "besedka": "1.0",
            "restored": "2023-11-14 22:15",
            "by": "root",
            "epoch": "another",
        }
    ]
    (row,) = rows.rows
    assert (row.line.act, row.line.whom) == ("restore", "backup of 2023-11-14 22:13 UTC")
    assert row.line.reason == "by root"


def test_what_cannot_be_kept_is_said_at_the_next_start_again(tmp_path: Path, journal: FakeJournal, rows: Rows) -> None:
    lay_restoration(tmp_path, RESTORED)
    rows.full = True
    start(tmp_path, journal, rows)
    assert len(journal.faults) == 1
    rows.full = False
    start(tmp_path, journal, rows)
    assert len(rows.rows) == 1


def test_a_restore_that_was_cut_off_before_it_changed_anything(
    tmp_path: Path, journal: FakeJournal, rows: Rows
) -> None:
    (tmp_path / UNFINISHED).mkdir()
    (tmp_path / NOTED).write_text("half of i")  # Not ours, or of a broken disk: nobody stumbles over it.
    start(tmp_path, journal, rows)
    assert journal.notes == [("restore cut off before anything was changed", {"left": UNFINISHED})]
    assert not rows.rows
