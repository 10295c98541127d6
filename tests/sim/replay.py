"""Play seeds by hand: `python tests/sim/replay.py SEED [COUNT [STORM_SECONDS]]`. One seed tells its whole story."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from sim.world import STORM_SECONDS, World


class Failed(AssertionError):
    """Some seeds failed; says which and how to see them."""


def play(seeds: list[int], *, storm_seconds: float = STORM_SECONDS) -> None:
    """Run each seed's world to its end; raises `Failed` naming the first that broke a promise."""
    for seed in seeds:
        try:
            World(seed, storm_seconds=storm_seconds).run()
        except Exception as error:
            raise Failed(
                f"seed {seed}: {type(error).__name__}: {error}\n"
                f"see it all: python tests/sim/replay.py {seed} 1 {storm_seconds:g}\n"
                f"then keep it: a line in tests/sim/seeds.txt"
            ) from error


def tell(seed: int, *, storm_seconds: float) -> None:
    """Print everything that happens in one world."""
    world = World(seed, storm_seconds=storm_seconds, story=True)
    try:
        world.run()
    finally:
        print("\n".join(world.story or ()))


if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else STORM_SECONDS
    if count == 1:
        tell(first, storm_seconds=seconds)
    else:
        play(list(range(first, first + count)), storm_seconds=seconds)
