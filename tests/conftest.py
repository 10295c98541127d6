"""What all tests begin with: untimed properties, signals as in a terminal, and what a first start left behind."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from server import Server

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("besedka", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("besedka")

# Programs begun by these tests inherit what is ignored: a hangup under nohup, an interrupt in a script's background.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


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
