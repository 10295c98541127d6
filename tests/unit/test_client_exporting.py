"""`/export`: what is known of me comes part by part, and is a file once it is whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from besedka.chat.answers import ExportPart
from besedka.chat.own_requests import Export
from besedka.chat.refusals import Code
from besedka.chat.told import Refused
from besedka.client.commands import understood
from besedka.client.doing import Doer
from besedka.client.showing import Look
from besedka.client.surface import Surface
from lone_client import in_the_lobby


class Typist:
    """Somebody in the lobby."""

    def __init__(self) -> None:
        self.someone = in_the_lobby()
        self.core = self.someone.core
        self.notices: list[str] = []
        self.surface = Surface(self.core, Look(), line=self.notices.append, notice=self.notices.append)
        self.doer = Doer(self.core, self.surface, unsayable=set())
        self.someone.asked()

    def told(self, *units: object) -> None:
        for event in self.someone.told(*units):  # type: ignore[arg-type]
            self.surface.show(event)


@pytest.fixture
def typist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typist:
    monkeypatch.chdir(tmp_path)
    return Typist()


def begin(typist: Typist, line: str) -> Export:
    """The request for the first part."""
    typist.doer.carry_out(understood(line))
    (asked,) = typist.someone.asked()
    assert isinstance(asked, Export)
    assert asked.after == ""
    return asked


def files() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_the_parts_become_a_file_of_ones_own(typist: Typist) -> None:
    asked = begin(typist, "/export me.json")
    assert typist.surface.exports.under_way
    typist.told(ExportPart(asked.id, '{"a":"', "rooms:0:0:0"))  # type: ignore[arg-type]
    (further,) = typist.someone.asked()
    assert isinstance(further, Export)
    assert further.after == "rooms:0:0:0"
    assert files() == ["me.json.unfinished"]
    typist.told(ExportPart(further.id, 'ё"}'))  # type: ignore[arg-type]
    assert not typist.surface.exports.under_way
    assert files() == ["me.json"]
    assert Path("me.json").read_text() == '{"a":"ё"}'
    assert stat.S_IMODE(Path("me.json").stat().st_mode) == 0o600
    assert "what is known of you is in me.json" in typist.notices[-1]
    assert typist.someone.asked() == []


def test_it_has_a_name_where_none_is_given(typist: Typist) -> None:
    asked = begin(typist, "/export")
    typist.told(ExportPart(asked.id, "{}"))  # type: ignore[arg-type]
    assert files() == [f"besedka-{typist.core.name}.json"]


def test_a_file_that_is_there_stays(typist: Typist) -> None:
    Path("me.json").write_text("mine")
    typist.doer.carry_out(understood("/export me.json"))
    assert typist.someone.asked() == []
    assert "me.json cannot be written: File exists" in typist.notices[-1]
    asked = begin(typist, "/export other.json")
    Path("other.json").write_text("mine too")
    typist.told(ExportPart(asked.id, "{}"))  # type: ignore[arg-type]
    assert "other.json cannot be written: File exists" in typist.notices[-1]
    assert [Path(name).read_text() for name in files()] == ["mine", "mine too"]


def test_a_file_system_without_links_will_do(typist: Typist, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(_source: Path, _target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    asked = begin(typist, "/export me.json")
    typist.told(ExportPart(asked.id, "{}"))  # type: ignore[arg-type]
    assert (files(), Path("me.json").read_text()) == (["me.json"], "{}")
    asked = begin(typist, "/export other.json")
    Path("other.json").write_text("mine")
    typist.told(ExportPart(asked.id, "{}"))  # type: ignore[arg-type]
    assert (files(), Path("other.json").read_text()) == (["me.json", "other.json"], "mine")


def test_one_at_a_time(typist: Typist) -> None:
    begin(typist, "/export me.json")
    typist.doer.carry_out(understood("/export other.json"))
    assert typist.someone.asked() == []
    assert files() == ["me.json.unfinished"]


def test_what_is_refused_or_cut_off_is_no_file_and_may_be_begun_again(typist: Typist) -> None:
    asked = begin(typist, "/export me.json")
    typist.told(Refused(asked.id, Code.EXPORT_TOO_SOON, "no"))  # type: ignore[arg-type]
    assert not typist.surface.exports.under_way
    begin(typist, "/export me.json")
    typist.core.lost()
    assert not typist.surface.exports.under_way
    assert files() == ["me.json.unfinished"]


@pytest.mark.parametrize("name", [".", "..", "/", "~nobody-here/me.json", "a\0b", "\ud800", "x" * 250])
def test_what_no_file_can_be_called_is_said(typist: Typist, name: str) -> None:
    typist.doer.carry_out(understood(f"/export {name}"))
    assert typist.someone.asked() == []
    assert "cannot be written: " in typist.notices[-1]
    assert files() == []


def test_a_directory_that_cannot_be_written_is_said(typist: Typist) -> None:
    typist.doer.carry_out(understood("/export nowhere/me.json"))
    assert typist.someone.asked() == []
    assert "nowhere/me.json cannot be written: No such file or directory" in typist.notices[-1]
