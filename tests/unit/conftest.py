"""A server's data, made once: a first start takes twice as long as a later one."""

from __future__ import annotations

import shutil
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
