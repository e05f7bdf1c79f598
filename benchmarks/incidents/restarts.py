"""What becomes of letters when the sentinel is killed: ``python -m benchmarks.incidents.restarts [KILLS] [SEED]``.

It opens an incident, is killed within 300 ms at a random moment, and is started again. Wanted: no letter is lost; at
most one arrives a second time for each kill, and says that it may be a repeat.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.sentinel.killing import kill_at_random


def main() -> None:
    """Kill, and print what came of it."""
    given = [int(one) for one in sys.argv[1:]]
    kills, seed = (*given, *(100, 1)[len(given) :])
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        told = kill_at_random(Path(folder), kills=kills, seed=seed)
    print(
        f"{kills} kills (seed {seed}) in {time.monotonic() - began:.0f} s: {told.letters} letters arrived, "
        f"{told.lost} lost, {told.repeats} came twice, {told.marked} said that they may be a repeat"
    )


if __name__ == "__main__":
    main()
