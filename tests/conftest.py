"""Data that a server has used before, because a first start takes twice as long as a later one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server import Server


@pytest.fixture(scope="session")
def made_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To copy, not to use: what a server left that was started once and had no visitors."""
    path = tmp_path_factory.mktemp("made") / "data"
    with Server(path) as server:
        assert server.stop() == 0
    (path / "server.log").unlink()
    return path


@pytest.fixture
def used(tmp_path: Path, made_data: Path) -> Path:
    """A directory in which a server has run before, without people."""
    path = tmp_path / "used"
    shutil.copytree(made_data, path)
    return path
