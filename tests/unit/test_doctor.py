"""`besedka doctor` finds each trouble that is planted, says what helps, and leaves all as it was."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

import certificates
from besedka.chat.told import Registration
from besedka.config import Config
from besedka.config_keys import Listener
from besedka.limits import Limits
from besedka.net import tls
from besedka.serve.directory import DataDirectory, Holder
from besedka.serve.doctor import databases, doors, files, machine
from besedka.serve.doctor.checkup import examine
from besedka.serve.doctor.findings import Findings, Level, Patient
from besedka.store.backups import LAST_BACKUP
from besedka.store.opening import MESSAGES
from command import in_process
from kept_world import content
from server import Server

DAY = 86_400_000
NOW = 1_700_000_000_000 + 30 * DAY
"""A month after what `additions` says was said."""

DESK = Config(listen=(Listener("127.0.0.1", 0),))
STREET = Config(listen=(Listener("0.0.0.0", 9090),))
FEW = Limits(sessions_max=100)


@pytest.fixture
def data(tmp_path: Path, furnished: Path) -> Path:
    """A data directory that is well."""
    data = tmp_path / "data"
    shutil.copytree(furnished, data)
    (data / "tls" / "self-made.pem").unlink()
    tls.self_made(data / "tls")
    for path in (data, *data.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    (data / LAST_BACKUP).write_text(f'{{"time": {NOW - DAY}, "bytes": 1000}}')
    (data / LAST_BACKUP).chmod(0o600)
    return data


def patient(data: Path, config: Config = DESK, *, server: Holder | None = None, now: int = NOW) -> Patient:
    return Patient(data, replace(config, limits=FEW), server, now)


def found(look: Callable[[Patient], Findings], whom: Patient) -> list[tuple[Level, str]]:
    """What one look finds; whatever is to be done has its remedy."""
    findings = list(look(whom))
    assert all(finding.remedy for finding in findings if finding.level in (Level.WARNING, Level.FAILURE))
    return [(finding.level, finding.says) for finding in findings]


def only(look: Callable[[Patient], Findings], whom: Patient) -> tuple[Level, str]:
    (finding,) = found(look, whom)
    return finding


def test_a_sound_directory_has_nothing_to_be_done_and_is_left_as_it_was(data: Path) -> None:
    before = content(data)
    levels = {finding.about: finding.level for finding in examine(data, data / "besedka.toml", now=NOW)}
    for trouble in ("limits of the system", "disk", "SQLite", "clock"):
        levels.pop(trouble)  # This machine's own.
    assert set(levels.values()) <= {Level.OK, Level.NOTE}
    assert content(data) == before


def test_files_that_others_may_read(data: Path) -> None:
    assert only(files.permissions, patient(data))[0] is Level.OK
    (data / "accounts.db").chmod(0o644)
    level, says = only(files.permissions, patient(data))
    assert (level, "accounts.db" in says) == (Level.WARNING, True)
    data.chmod(0o755)
    assert only(files.permissions, patient(data))[0] is Level.FAILURE


def test_what_a_running_server_takes_away_meanwhile_is_no_trouble(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lstat = Path.lstat

    def taken_away(path: Path) -> os.stat_result:
        if path.name == LAST_BACKUP:
            raise FileNotFoundError(path)
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", taken_away)
    assert only(files.permissions, patient(data))[0] is Level.OK


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_of_somebody_else(data: Path) -> None:
    for name in ("accounts.db", "messages.db", "besedka.toml", LAST_BACKUP):
        os.chown(data / name, 65534, -1)
    level, says = only(files.permissions, patient(data))
    assert level is Level.WARNING
    assert says.startswith("accounts.db, besedka.toml, last-backup.json and 1 more belong to another user")


def test_what_was_left_behind(data: Path) -> None:
    assert found(files.leftovers, patient(data)) == []
    for name in ("restoring-1", "replaced-1", "restore.new", "backup.new"):
        (data / name).mkdir()
    for name in ("messages.db.version-1", "accounts.db.version-1", "control.sock"):
        (data / name).touch()
    levels = [level for level, _ in found(files.leftovers, patient(data))]
    assert levels == [Level.WARNING, *[Level.NOTE] * 6]
    served = patient(data, server=Holder(1, 1, "control.sock"))
    assert len(found(files.leftovers, served)) == 3  # What is under way just now is nobody's leftover.


@pytest.mark.parametrize(("days", "level"), [(0, Level.OK), (7, Level.OK), (8, Level.WARNING)])
def test_how_old_the_last_backup_is(data: Path, days: int, level: Level) -> None:
    assert only(files.backup, patient(data, now=NOW - DAY + days * DAY))[0] is level
    (data / LAST_BACKUP).unlink()
    assert only(files.backup, patient(data)) == (Level.WARNING, "none was ever made")


@pytest.mark.parametrize(("free", "level"), [(1 << 20, Level.FAILURE), (1 << 29, Level.WARNING), (1 << 40, Level.OK)])
def test_how_much_room_there_is(data: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: Level) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1 << 50, 0, free))
    assert only(machine.disk, patient(data))[0] is level


def test_a_disk_that_cannot_be_written(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = os.statvfs(data)
    assert "read-only" not in found(machine.disk, patient(data))[0][1]
    read_only = SimpleNamespace(f_flag=told.f_flag | os.ST_RDONLY)
    monkeypatch.setattr(os, "statvfs", lambda _path: read_only)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1 << 50, 0, 1 << 40))
    level, says = found(machine.disk, patient(data))[0]
    assert (level, "read-only" in says) == (Level.FAILURE, True)


def test_for_how_long_the_room_will_do(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (data / "messages.db").stat().st_size
    with closing(sqlite3.connect(data / "messages.db")) as connection, connection:
        connection.execute("UPDATE entries SET time = ? WHERE number = 1", (NOW - 10 * DAY,))
        connection.execute("UPDATE rooms SET time = ?", (NOW,))
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1 << 50, 0, size * 2))
    monkeypatch.setattr(machine, "FREE_BYTES_MIN", 0)
    level, says = only(machine.disk, patient(data))
    assert (level, says.endswith("enough for 20 days as it grew so far")) == (Level.WARNING, True)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1 << 50, 0, 1 << 44))
    level, says = only(machine.disk, patient(data))
    assert (level, "as it grew" in says) == (Level.OK, False), "a thousand years are no forecast"


def test_a_clock_that_is_wrong(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_kept_right", lambda: True)
    now = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp() * 1000)
    assert only(machine.clock, patient(data, now=now)) == (Level.OK, "it is 2026-05-01 00:00 UTC")
    assert only(machine.clock, patient(data, now=0))[0] is Level.FAILURE
    with closing(sqlite3.connect(data / "messages.db")) as connection, connection:
        connection.execute("UPDATE rooms SET time = ?", (now + DAY,))
    level, says = only(machine.clock, patient(data, now=now))
    assert (level, "the newest entry is of 2026-05-02" in says) == (Level.WARNING, True)
    monkeypatch.setattr(machine, "_kept_right", lambda: False)
    assert only(machine.clock, patient(data, now=now + 2 * DAY))[0] is Level.NOTE
    with closing(sqlite3.connect(data / "messages.db")) as connection, connection:
        connection.execute("UPDATE rooms SET time = ?", (1 << 60,))
    level, says = only(machine.clock, patient(data, now=now))
    assert (level, f"{1 << 60} ms" in says) == (Level.WARNING, True), "which no calendar has"


def test_the_kernel_can_be_asked_about_its_clock() -> None:
    assert machine._kept_right() in (True, False, None)


def test_too_few_open_files(data: Path) -> None:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert found(machine.limits, patient(data))[0][0] is Level.OK
    many = Patient(data, Config(limits=Limits(sessions_max=soft)), None, NOW)
    assert found(machine.limits, many)[0][0] is Level.WARNING
    served = replace(many, server=Holder(os.getpid(), 1, "control.sock"))
    level, says = found(machine.limits, served)[0]
    assert (level, says.startswith(f"the running server may have {soft} ")) == (Level.WARNING, True)


def test_which_sqlite_it_is(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    assert only(machine.sqlite, patient(data))[0] is Level.OK
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    level, says = only(machine.sqlite, patient(data))
    assert (level, "before 3.51.3" in says) == (Level.NOTE, True)


@pytest.mark.parametrize("name", ["accounts.db", "messages.db"])
def test_a_damaged_database(data: Path, name: str) -> None:
    assert [level for level, _ in found(databases.integrity, patient(data))] == [Level.OK, Level.OK]
    with (data / name).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 100)
    levels = [level for level, _ in found(databases.integrity, patient(data))]
    assert Level.FAILURE in levels
    (data / name).write_bytes(b"a letter" * 100)
    assert Level.FAILURE in [level for level, _ in found(databases.integrity, patient(data))]
    (data / name).unlink()
    assert (Level.FAILURE, "it is not there") in found(databases.integrity, patient(data))
    assert found(databases.together, patient(data)) == []


def changed(data: Path, name: str, statement: str) -> Path:
    with closing(sqlite3.connect(data / name)) as connection, connection:
        connection.execute(statement)
    return data


def test_rows_that_contradict_each_other_and_other_versions(data: Path) -> None:
    changed(data, "messages.db", "UPDATE rooms SET head = head + 1")
    assert (Level.FAILURE, "a room's last entry is gone") in found(databases.integrity, patient(data))
    changed(data, "messages.db", f"PRAGMA user_version = {MESSAGES.version + 1}")
    assert Level.FAILURE in [level for level, _ in found(databases.integrity, patient(data))]
    changed(data, "messages.db", f"PRAGMA user_version = {MESSAGES.version - 1}")
    assert Level.NOTE in [level for level, _ in found(databases.integrity, patient(data))]


def test_a_database_that_is_too_large_for_a_quick_look(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "SECONDS_MAX", -1.0)
    monkeypatch.setattr(databases, "STEP_INSTRUCTIONS", 1)
    assert [level for level, _ in found(databases.integrity, patient(data))] == [Level.NOTE, Level.NOTE]


def test_files_that_do_not_belong_together(data: Path) -> None:
    assert found(databases.together, patient(data)) == []
    changed(data, "messages.db", "INSERT INTO steps (what) VALUES ('{}')")
    assert only(databases.together, patient(data))[0] is Level.NOTE
    changed(data, "messages.db", "UPDATE rooms SET kind = 'inbox', owner = 99")
    assert found(databases.together, patient(data))[0][0] is Level.WARNING


def test_certificates(data: Path, tmp_path: Path) -> None:
    level, says = only(doors.certificate, patient(data))
    assert (level, "fingerprint SHA256:" in says) == (Level.OK, True)
    (data / "tls" / "self-made.pem").write_text("nothing")
    assert found(doors.certificate, patient(data))[0][0] is Level.FAILURE
    (data / "tls" / "self-made.pem").unlink()
    assert only(doors.certificate, patient(data))[0] is Level.NOTE
    certificates.self_made(tmp_path)
    own = Config(name="linden.example.org", certificate=tmp_path / "server.pem", key=tmp_path / "server.pem")
    today = int(datetime.now(UTC).timestamp() * 1000)
    for now, words in (
        (today, "it ends in 0 days"),
        (today + 2 * DAY, "it ended on"),
        (today - 2 * DAY, "it is not valid yet"),
    ):
        first, second = (sentence for _, sentence in found(doors.certificate, patient(data, own, now=now)))
        assert first.startswith(words)
        assert "no authority that this machine knows" in second
    nameless = replace(own, name="linden")
    assert found(doors.certificate, patient(data, nameless, now=today))[-1][0] is Level.NOTE


def test_who_can_come_in(data: Path) -> None:
    assert only(doors.reachable, patient(data))[0] is Level.NOTE
    assert only(doors.reachable, patient(data, STREET))[0] is Level.OK
    open_to_all = replace(
        STREET,
        registration_chosen=Registration.OPEN,
        allow_plaintext=True,
        trusted_proxies=(ip_network("0.0.0.0/0"),),
    )
    levels = [level for level, _ in found(doors.reachable, patient(data, open_to_all))]
    assert levels == [Level.OK, *[Level.WARNING] * 3]


def test_a_server_that_nobody_reaches(data: Path) -> None:
    with socket.socket() as bound:  # Nobody listens, and nobody else can while it is bound.
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        dead = Holder(os.getpid(), port, str(data / "control.sock"), (f"127.0.0.1:{port}",))
        assert [level for level, _ in found(doors.reachable, patient(data, server=dead))] == [
            Level.NOTE,
            Level.FAILURE,
        ]
        assert only(doors.server, patient(data, server=dead))[0] is Level.FAILURE
    assert only(doors.server, patient(data, server=Holder(1)))[0] is Level.NOTE


def test_the_command_says_it_all_in_lines(data: Path) -> None:
    done = in_process("doctor", "--data", data, "--config", data / "besedka.toml")
    lines = done.stdout.splitlines()
    assert f"ok       configuration: {data}/besedka.toml is understood." in lines
    assert "ok       messages.db: every page and every row is sound." in lines
    assert done.returncode == any(line.startswith(("warning", "failure")) for line in lines)
    (data / "besedka.toml").write_text("listen = 7\nport = 1\n")
    done = in_process("doctor", "--data", data, "--config", data / "besedka.toml")
    assert done.returncode == 1
    assert done.stdout.count("failure  configuration: ") == 2
    done = in_process("doctor", "--data", data / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is no directory" in done.stderr
    (data / "accounts.db").unlink()
    assert "it is not there" in in_process("doctor", "--data", data).stdout
    (data / "messages.db").unlink()
    done = in_process("doctor", "--data", data)
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no chat; name its directory" in done.stderr
    (data / "restoring-1").mkdir()  # Between the going out of the old files and the coming in of the new.
    assert "a restore was cut off" in in_process("doctor", "--data", data).stdout


def test_a_running_server_is_asked(standing: Server) -> None:
    done = in_process("doctor", "--data", standing.data)
    assert f"listening on 127.0.0.1:{standing.port}." in done.stdout.splitlines()[0]
    assert done.stdout.startswith("ok       server: besedka ")
    assert "note     address: 127.0.0.1:" in done.stdout
    assert "failure" not in done.stdout
    assert "the running server may have" in done.stdout


def test_what_this_user_may_not_read_is_a_finding(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_patient: Patient) -> Findings:
        raise PermissionError(13, "Permission denied", str(data))

    monkeypatch.setattr("besedka.serve.doctor.checkup.LOOKS", (closed,))
    assert [finding.level for finding in examine(data, None)] == [Level.FAILURE]


def test_a_finding_has_no_secret_of_the_configuration(data: Path) -> None:
    (data / "besedka.toml").write_text('[irc]\npassword = "correct horse"\n')
    assert "correct horse" not in repr(list(examine(data, data / "besedka.toml")))
    (data / "besedka.toml").write_text('[irc]\npassword = ["correct horse"]\n')
    findings = list(examine(data, data / "besedka.toml"))
    assert findings[0].level is Level.FAILURE
    assert "correct horse" not in repr(findings)


def test_somebody_elses_hold_is_no_server(data: Path) -> None:
    directory = DataDirectory.hold(data)
    try:
        findings = [finding for finding in examine(data, None) if finding.about == "server"]
    finally:
        directory.release()
    assert "is no server" in findings[0].says
