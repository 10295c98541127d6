"""Play seeds by hand: `python tests/sim/replay.py SEED [COUNT]`. One seed tells its whole story."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from sim.world import World


class Failed(AssertionError):
    """Some seeds failed; says which and how to see them."""


def play(seeds: list[int]) -> None:
    """Run each seed's world to its end; raises `Failed` naming the first that broke a promise."""
    for seed in seeds:
        try:
            World(seed).run()
        except Exception as error:
            raise Failed(
                f"seed {seed}: {type(error).__name__}: {error}\n"
                f"see it all: python tests/sim/replay.py {seed}\n"
                f"then keep it: a line in tests/sim/seeds.txt"
            ) from error


def tell(seed: int) -> None:
    """Print everything that happens in one world."""
    world = World(seed, story=True)
    try:
        world.run()
    finally:
        print("\n".join(world.story or ()))


if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    if count == 1:
        tell(first)
    else:
        play(list(range(first, first + count)))
