"""Where the data are: not made yet, or used before, because a first start takes twice as long as a later one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import Server


@pytest.fixture(scope="session")
def _made_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "data"
    with Server(path) as server:
        assert server.stop() == 0
    (path / "server.log").unlink()
    return path


@pytest.fixture
def used(tmp_path: Path, _made_data: Path) -> Path:
    """A directory in which a server has run before, without people."""
    path = tmp_path / "used"
    shutil.copytree(_made_data, path)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A directory that nobody has made."""
    return tmp_path / "data"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, _made_data: Path) -> Iterator[Server]:
    """A server for tests that leave it as it is."""
    path = tmp_path_factory.mktemp("standing") / "used"
    shutil.copytree(_made_data, path)
    with Server(path) as server:
        yield server
