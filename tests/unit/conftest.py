"""Where the data are: not made yet, or in the hands of a server that stands for all tests of a module."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kept_world import furnish
from running import OnLoop
from server import Server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A directory that nobody has made."""
    return tmp_path / "data"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, made_data: Path) -> Iterator[Server]:
    """A server for tests that leave it as it is."""
    path = tmp_path_factory.mktemp("standing") / "used"
    shutil.copytree(made_data, path)
    with Server(path) as server:
        yield server


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with people, words, a certificate and a configuration; to be copied."""
    folder = tmp_path_factory.mktemp("furnished") / "data"
    with asyncio.Runner() as runner:
        furnish(folder, OnLoop(runner))
    return folder
