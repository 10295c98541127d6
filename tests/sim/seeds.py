"""Which seeds to play: some from the commit, so that every commit sees others, and all that ever found something."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent

WITHOUT_COMMIT = 20_240_229
"""The first seed where there is no git."""


def kept_seeds() -> list[int]:
    """The seeds of `seeds.txt`."""
    lines = (HERE / "seeds.txt").read_text().splitlines()
    return [int(line.split()[0]) for line in lines if line.strip() and not line.startswith("#")]


def first_seed() -> int:
    """Where this commit's seeds begin. `SEED=` in the environment says otherwise."""
    chosen = os.environ.get("SEED")
    if chosen:
        return int(chosen)
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return WITHOUT_COMMIT
    return int(hashlib.sha256(done.stdout.strip()).hexdigest()[:7], 16)
