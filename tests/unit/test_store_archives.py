"""The one file of a backup: everything of it is foreseen, so nothing of it can be another thing unnoticed."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from besedka.store import archives
from besedka.store.archives import FORMAT, Manifest, Part, pack, unpack
from besedka.store.faults import BadBackup

FILES = {
    "accounts.db": b"people" * 300,
    "messages.db": b"words" * 1000,
    "tls/self-made.pem": b"x" * 512,
    "besedka.toml": b"",
}


def packed(
    files: Mapping[str, bytes] = FILES, *, number: int = FORMAT, made: int = 1_700_000_000_000, by: str = "0.1.0"
) -> bytes:
    """The archive of these files."""
    output = io.BytesIO()
    with tempfile.TemporaryDirectory() as name:
        paths = {}
        for part, data in files.items():
            paths[part] = Path(name) / part.replace("/", "-")
            paths[part].write_bytes(data)
        parts = tuple(Part(part, len(data)) for part, data in files.items())
        manifest = Manifest(format=number, besedka=by, made=made, epoch="e", parts=parts)
        pack(manifest, paths, output.write)
    return output.getvalue()


def unpacked(archive: bytes) -> dict[str, bytes]:
    """The files of an archive."""
    with tempfile.TemporaryDirectory() as name:
        unpack(io.BytesIO(archive), Path(name), made_room=lambda _manifest: None)
        there = [path for path in Path(name).rglob("*") if path.is_file()]
        assert all(path.stat().st_mode & 0o077 == 0 for path in there)
        return {path.relative_to(name).as_posix(): path.read_bytes() for path in there}


ARCHIVE = packed()


def test_what_goes_in_comes_out() -> None:
    assert unpacked(ARCHIVE) == FILES


def test_it_can_be_opened_and_verified_by_hand(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(ARCHIVE)) as archive:
        assert archive.getnames() == ["manifest.json", *FILES, "SHA256SUMS"]
        assert {member.mode for member in archive.getmembers()} == {0o600}
        archive.extractall(tmp_path, filter="data")
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == FILES
    if shutil.which("sha256sum"):
        subprocess.run(
            ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True
        )


@settings(max_examples=30)
@given(place=st.integers(0, len(ARCHIVE) * 8 - 1))
@example(place=0)
@example(place=len(ARCHIVE) * 8 - 1)
def test_a_flipped_bit_is_found_wherever_it_is(place: int) -> None:
    broken = bytearray(ARCHIVE)
    broken[place // 8] ^= 1 << place % 8
    with pytest.raises(BadBackup):
        unpacked(bytes(broken))


@settings(max_examples=30)
@given(size=st.integers(0, len(ARCHIVE) - 1))
@example(size=len(ARCHIVE) - 1)
def test_an_archive_that_is_cut_off_is_found(size: int) -> None:
    with pytest.raises(BadBackup):
        unpacked(ARCHIVE[:size])


def test_what_comes_after_the_end_is_not_passed_over() -> None:
    with pytest.raises(BadBackup):
        unpacked(ARCHIVE + b"\0")


@pytest.mark.parametrize(
    "name",
    ["../evil.toml", "/etc/x.toml", "tls/../../x", "tls/..", "tls/.hidden", ".toml", "lock", "server.log", "tls/a/b"],
)
def test_a_name_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadBackup):
        unpacked(packed(FILES | {name: b"x"}))


@pytest.mark.parametrize("missing", ["accounts.db", "messages.db"])
def test_both_databases_must_be_there(missing: str) -> None:
    with pytest.raises(BadBackup):
        unpacked(packed({name: data for name, data in FILES.items() if name != missing}))


@pytest.mark.parametrize("made", [-1, archives.MADE_MAX + 1, 1 << 60])
def test_a_time_that_no_clock_says_is_damage(made: int) -> None:
    with pytest.raises(BadBackup):
        unpacked(packed(made=made))


@pytest.mark.parametrize("by", ["", "\x1b[2J", "1.0\n"])
def test_the_version_that_is_shown_is_a_version(by: str) -> None:
    with pytest.raises(BadBackup):
        unpacked(packed(by=by))


def test_a_manifest_without_end_is_damage() -> None:
    raw = b'{"format":1,"more":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    first = tarfile.TarInfo("manifest.json")
    first.size = len(raw)
    with pytest.raises(BadBackup, match="damaged"):
        unpacked(first.tobuf(format=tarfile.GNU_FORMAT) + raw)


def test_one_of_a_newer_program_is_told_from_a_damaged_one() -> None:
    with pytest.raises(BadBackup, match="newer besedka"):
        unpacked(packed(number=FORMAT + 1))


@pytest.mark.parametrize("other", [b"", b"x" * 2000, bytes(2000)])
def test_something_else_is_said_to_be_something_else(other: bytes) -> None:
    with pytest.raises(BadBackup, match=r"no backup|damaged"):
        unpacked(other)


def test_whoever_has_no_room_for_it_refuses_before_anything_is_written(tmp_path: Path) -> None:
    def refuse(manifest: Manifest) -> None:
        assert manifest.size == sum(map(len, FILES.values()))
        raise BadBackup("no room")

    with pytest.raises(BadBackup, match="no room"):
        unpack(io.BytesIO(ARCHIVE), tmp_path, made_room=refuse)
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_is_never_larger_than_what_is_read_of_it() -> None:
    parts = tuple(Part("tls/" + "x" * 80, 1 << 60) for _ in range(70))
    manifest = Manifest(besedka="1.2.3.4.5.6.7", made=1 << 50, epoch="e" * 32, parts=parts)
    assert len(msgspec.json.encode(manifest)) < archives.MANIFEST_BYTES_MAX
