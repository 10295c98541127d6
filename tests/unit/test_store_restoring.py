"""Restoring backups: verified before anything is replaced, another log afterwards, and nothing half done."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from additions import BOB
from besedka import __version__
from besedka.limits import Limits
from besedka.store import replacing, restoring
from besedka.store.backups import pour
from besedka.store.faults import BadBackup, Newer
from besedka.store.opening import MESSAGES
from besedka.store.restored import Restoration, read_restoration
from besedka.store.restoring import restore
from besedka.store.stores import open_stores
from kept_world import ask, content, epoch, make_account
from running import OnLoop

NOW = 1_700_000_000_000
STAMP = "20231114T221320Z"


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture(scope="module")
def archive(furnished: Path) -> bytes:
    return poured(furnished)


@pytest.fixture
def data(tmp_path: Path, furnished: Path) -> Path:
    """The directory that was backed up, with other things in it since."""
    shutil.copytree(furnished, tmp_path / "data")
    data = tmp_path / "data"
    (data / "besedka.toml").write_text('name = "later"\n')
    for name in ("search.db", "search.db-wal", "messages.db-wal", "messages.db.version-1"):
        (data / name).write_text("of the later")
    (data / "server.log").write_text("a line\n")
    return data


def poured(data: Path) -> bytes:
    output = io.BytesIO()
    pour(data, output, alone=True, now=NOW)
    return output.getvalue()


def put_back(data: Path, archive: bytes, *, end_sessions: bool = False) -> restoring.Restored:
    return restore(data, io.BytesIO(archive), now=NOW, by="root", end_sessions=end_sessions)


def test_a_new_directory_gets_it_all_and_is_another_log(
    tmp_path: Path, furnished: Path, archive: bytes, run: OnLoop
) -> None:
    data = tmp_path / "new"
    restored = put_back(data, archive)
    assert restored.replaced is None
    assert restored.entries == ask(furnished / "messages.db", "SELECT count(*) FROM entries")
    assert (restored.manifest.made, restored.manifest.epoch) == (NOW, epoch(furnished))
    assert epoch(data) != epoch(furnished)
    assert set(content(data)) == {"accounts.db", "messages.db", "besedka.toml", "tls/self-made.pem", "restored.json"}
    assert read_restoration(data) == Restoration(
        made=NOW, besedka=__version__, restored=NOW, by="root", epoch=epoch(data)
    )
    assert all(path.stat().st_mode & 0o077 == 0 for path in data.rglob("*"))
    stores = open_stores(data, limits=Limits())
    try:
        assert run(stores.accounts.redeem_token("ann", now=2, expires=1 << 50)) is not None
        assert run(make_account(stores, "eve")).id == BOB.principal + 1
    finally:
        run(stores.close())


def test_what_was_there_is_kept_aside_and_no_log_is_left_that_is_of_another_file(data: Path, archive: bytes) -> None:
    before = content(data)
    restored = put_back(data, archive)
    aside = data / f"replaced-{STAMP}"
    assert restored.replaced == aside
    there, kept = content(data), content(aside)
    assert before.keys() - kept.keys() == {"search.db", "search.db-wal", "server.log", "last-backup.json"}
    assert all(kept[name] == before[name] for name in before.keys() & kept.keys())
    assert not [name for name in there if "/" not in name and name.endswith(("-wal", ".version-1"))]
    assert there["besedka.toml"] == b'name = "linden"\n'
    assert there["server.log"] == b"a line\n"
    assert "search.db" not in there
    assert sorted(path.name for path in data.iterdir() if path.is_dir()) == [aside.name, "tls"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_restores_belongs_to_whom_the_directory_belongs(data: Path, archive: bytes) -> None:
    """Or their server could not open it."""
    shutil.rmtree(data / "tls")
    for path in (data, *data.iterdir()):
        os.chown(path, 65534, 65534)
    put_back(data, archive)
    pour(data, io.BytesIO(), alone=True, now=NOW)
    strangers = [path.name for path in data.rglob("*") if path.stat().st_uid != 65534]
    assert [name for name in strangers if not name.endswith(("-wal", "-shm"))] == []


def test_sessions_end_where_that_is_wanted(tmp_path: Path, archive: bytes) -> None:
    put_back(tmp_path / "one", archive)
    assert ask(tmp_path / "one" / "accounts.db", "SELECT count(*) FROM tokens") == 2
    put_back(tmp_path / "other", archive, end_sessions=True)
    assert ask(tmp_path / "other" / "accounts.db", "SELECT count(*) FROM tokens") == 0


def test_an_id_that_somebody_got_since_the_backup_is_given_to_nobody_else(
    tmp_path: Path, furnished: Path, archive: bytes, run: OnLoop
) -> None:
    data = tmp_path / "data"
    shutil.copytree(furnished, data)
    stores = open_stores(data, limits=Limits())
    later = run(make_account(stores, "later"))
    run(stores.close())
    put_back(data, archive)
    stores = open_stores(data, limits=Limits())
    try:
        assert run(make_account(stores, "eve")).id == later.id + 1
    finally:
        run(stores.close())


@pytest.mark.parametrize("damage", [b"", b"no database", bytes(9000)])
def test_a_damaged_file_can_be_replaced(data: Path, archive: bytes, damage: bytes) -> None:
    for name in ("accounts.db", "messages.db"):
        (data / name).write_bytes(damage)
    put_back(data, archive)
    assert ask(data / "accounts.db", "SELECT count(*) FROM accounts") == 2


@settings(max_examples=20)  # `test_store_archives` flips more of them.
@given(place=st.integers(min_value=0), cut=st.booleans())
def test_a_damaged_backup_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, archive: bytes, place: int, cut: bool
) -> None:
    data = tmp_path_factory.mktemp("spoiled")
    (data / "messages.db").write_bytes(b"as it was")
    place %= len(archive)
    broken = archive[:place] + (b"" if cut else bytes([archive[place] ^ 0x10]) + archive[place + 1 :])
    with pytest.raises(BadBackup):
        put_back(data, broken)
    assert content(data) == {"messages.db": b"as it was"}
    assert [path.name for path in data.iterdir()] == ["messages.db"]


def spoiled(furnished: Path, tmp_path: Path, name: str, *statements: str) -> bytes:
    """A backup with right sums of a file that is wrong, as another program might make it."""
    data = tmp_path / "spoiled"
    shutil.copytree(furnished, data)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("besedka.store.snapshots.flaws", lambda *_arguments: [])
        with closing(sqlite3.connect(data / name, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)
        return poured(data)


@pytest.mark.parametrize(
    ("name", "statement", "sentence"),
    [
        ("messages.db", "UPDATE rooms SET head = head - 1", "entries past its head"),
        ("messages.db", "UPDATE rooms SET head = head + 1", "last entry is gone"),
        ("messages.db", "DELETE FROM entries WHERE number = 2", "in the middle of a room are gone"),
        ("messages.db", "UPDATE entries SET room = 9", "last entry is gone"),
        ("messages.db", "INSERT INTO entries SELECT 9, number, 0, 1, '', '', 0 FROM entries", "belong to no room"),
        ("messages.db", "INSERT INTO meta (epoch, boot) VALUES ('another', 0)", "epoch is gone"),
        ("messages.db", "PRAGMA application_id = 1", "not one of besedka's"),
        ("accounts.db", "UPDATE sqlite_sequence SET seq = 1", "never given out"),
    ],
)
def test_files_that_contradict_themselves_are_refused(
    furnished: Path, tmp_path: Path, name: str, statement: str, sentence: str
) -> None:
    broken = spoiled(furnished, tmp_path, name, statement)
    with pytest.raises(BadBackup, match=sentence):
        put_back(tmp_path / "new", broken)
    assert list((tmp_path / "new").iterdir()) == []


def test_files_of_a_newer_program_are_refused(furnished: Path, tmp_path: Path) -> None:
    broken = spoiled(furnished, tmp_path, "messages.db", f"PRAGMA user_version = {MESSAGES.version + 1}")
    with pytest.raises(Newer, match="newer besedka"):
        put_back(tmp_path / "new", broken)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_disk_without_room_is_said_at_once(data: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(data)
    monkeypatch.setattr(restoring, "SPARE_BYTES", 1 << 60)
    with pytest.raises(BadBackup, match="no room"):
        put_back(data, archive)
    assert content(data) == before


class Cut(BaseException):
    """The process ends here, and nothing of it is cleaned up."""


def test_wherever_it_is_cut_the_next_start_has_the_one_or_the_other(
    tmp_path: Path, furnished: Path, archive: bytes
) -> None:
    """Each rename in turn is the last thing that happens; what was begun but not decided is not cleaned up either."""
    outcomes = []
    for last in range(20):
        data = tmp_path / str(last)
        shutil.copytree(furnished, data)
        finished = cut_after(last, data, archive)
        replacing.finish_replacing(data)
        assert replacing.unfinished(data) is None
        outcomes.append(epoch(data) != epoch(furnished))
        aside = data / f"replaced-{STAMP}"
        assert aside.exists() == outcomes[-1]
        assert (read_restoration(data) is not None) == outcomes[-1]
        if outcomes[-1]:
            assert epoch(aside) == epoch(furnished)
            assert (data / "tls" / "self-made.pem").exists()
        if finished:
            break
    assert outcomes == [False, *[True] * (len(outcomes) - 1)]
    # None, the decision, four files out (one with a log and its index), and five in: one says that it was restored.
    assert len(outcomes) == 13


def cut_after(renames: int, data: Path, archive: bytes) -> bool:
    """Restore until so many renames are done; whether that was to the end."""
    left = [renames]
    rename = Path.rename

    def rename_or_end(path: Path, target: Path) -> Path:
        if not left[0]:
            raise Cut
        left[0] -= 1
        return rename(path, target)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "rename", rename_or_end)
        patched.setattr(restoring, "_discard", lambda folder: None)
        try:
            put_back(data, archive)
        except Cut:
            return False
    return True


def test_nothing_is_decided_before_it_is_on_the_disk_nor_comes_in_before_all_is_out(
    data: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut too: a write-ahead log that came back beside a file it is not of would be folded into it."""
    did: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def note_sync(descriptor: int) -> None:
        did.append("sync " + Path(os.readlink(f"/proc/self/fd/{descriptor}")).relative_to(data.parent).as_posix())
        fsync(descriptor)

    def note_rename(path: Path, target: Path) -> Path:
        comes_in = any(part.startswith("restoring-") for part in path.parts)
        did.append("decide" if path.name == "restore.new" else "in" if comes_in else "out")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "rename", note_rename)
    put_back(data, archive)
    decided, last_out, first_in = did.index("decide"), len(did) - 1 - did[::-1].index("out"), did.index("in")
    laid = {f"data/restore.new/{name}" for name in ("accounts.db", "messages.db", "besedka.toml", "tls/self-made.pem")}
    assert {"sync " + name for name in (*laid, "data/restore.new", "data/restore.new/tls")} <= set(did[:decided])
    assert did[decided + 1] == "sync data"
    assert {"sync data", f"sync data/replaced-{STAMP}"} <= set(did[last_out:first_in])
    assert did[-1] == "sync data"


def test_what_an_undecided_one_left_is_thrown_away(data: Path, archive: bytes) -> None:
    (data / "restore.new" / "tls").mkdir(parents=True)
    (data / "restore.new" / "messages.db").write_text("half")
    put_back(data, archive)
    assert not (data / "restore.new").exists()


def test_something_else_where_it_would_be_laid_is_said(data: Path, archive: bytes) -> None:
    before = content(data)
    (data / "restore.new").symlink_to(data / "tls")
    with pytest.raises(BadBackup, match=r"restore\.new"):
        put_back(data, archive)
    (data / "restore.new").unlink()
    assert content(data) == before


def test_two_within_a_second_do_not_share_a_place(data: Path, archive: bytes) -> None:
    put_back(data, archive)
    before = content(data)
    with pytest.raises(BadBackup, match="within this second"):
        put_back(data, archive)
    assert content(data) == before


def test_a_start_goes_on_where_a_restore_was_cut(data: Path, archive: bytes, run: OnLoop) -> None:
    before = epoch(data)
    assert not cut_after(5, data, archive)
    run(open_stores(data, limits=Limits()).close())
    assert replacing.unfinished(data) is None
    assert epoch(data) != before


def test_a_disk_that_fails_in_the_middle_is_said_and_the_next_start_goes_on(
    data: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_folder: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "rmdir", broken)
        patched.setattr(Path, "rmdir", broken)
        with pytest.raises(BadBackup, match="Input/output error"):
            put_back(data, archive)
    assert replacing.unfinished(data) is not None
    replacing.finish_replacing(data)
    assert replacing.unfinished(data) is None
    assert ask(data / "accounts.db", "SELECT count(*) FROM accounts") == 2
