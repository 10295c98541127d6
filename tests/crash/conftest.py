"""What the crash tests share: the shim, built once, and disks that forget."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from crash.disk import Disk

SOURCE = Path(__file__).with_name("shim.c")


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The preload library that forgets what was not synced."""
    compiler = shutil.which("cc")
    if compiler is None:
        assert "CI" not in os.environ, "there is no C compiler, and without one no power can be cut"
        pytest.skip("there is no C compiler, and without one no power can be cut")
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    subprocess.run([compiler, *flags, "-o", str(library), str(SOURCE), "-ldl"], check=True, timeout=60)
    return library


@pytest.fixture
def disk(tmp_path: Path, shim: Path) -> Disk:
    """A data directory on a disk that forgets."""
    return Disk(tmp_path / "data", tmp_path / "disk", shim=shim)
