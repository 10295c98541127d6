"""What is exported into a file is all of it, or there is no file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from additions import ANN
from besedka import cli, roomwords
from besedka.admin.deeds import AnyDeed, Ended, PersonPart, RoomPart, Status
from besedka.chat.entries import Entry, Message, RoomId, RoomName
from besedka.failures import Failure
from besedka.newfiles import written
from command import failed

FIRST = Entry(1, 1, ANN.principal, ANN.name, Message("hello"))

PARTS: dict[str, RoomPart | PersonPart] = {
    "room": RoomPart(RoomId(1), RoomName("one"), "", False, False, floor=1, head=9, entries=(FIRST,)),
    "user": PersonPart("{", "rooms:0:0:0"),
}


@pytest.mark.parametrize("word", PARTS)
def test_an_export_that_is_cut_off_leaves_no_file(
    word: str, furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[AnyDeed] = []

    def do(data: Path, deed: AnyDeed, take: Callable[[RoomPart | PersonPart], None]) -> Ended:
        """What is exported is removed behind its first part."""
        asked.append(deed)
        if len(asked) > 1:
            return Ended(Status.FAILED)
        take(PARTS[word])
        return Ended(Status.FINE)

    for module in (cli, roomwords):
        monkeypatch.setattr(module, "do", do)
    said = failed(word, "export", "one", "-o", tmp_path / "file", "--data", furnished)
    assert (said, len(asked)) == ("besedka: not all of it could be read\n", 2)
    assert list(tmp_path.iterdir()) == []


def test_a_number_is_a_name_like_others(furnished: Path, tmp_path: Path) -> None:
    """And not the id of some room."""
    data = tmp_path / "data"
    shutil.copytree(furnished, data)
    assert "There is no such room" in failed("room", "export", "#1", "--data", data)


@pytest.mark.parametrize("word", PARTS)
def test_what_is_no_text_is_no_name(word: str, furnished: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(furnished, data)
    assert "UTF-8" in failed(word, "export", "\udcff", "--data", data, status=2)


def test_it_is_its_owners_alone_and_takes_no_place(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with written(file) as output:
        output.write(b"all")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"all", 0o600)
    with pytest.raises(Failure, match="cannot be made"), written(file):
        pass
    assert file.read_bytes() == b"all"
