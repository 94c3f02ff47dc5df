"""Opens, reads and closes a store many times, and says how much memory that took for good.

    python tests/soak.py [CYCLES]

100,000 cycles by default. Exits with 1 if they took a megabyte or more. For Linux.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from pathlib import Path

import callfold

SESSION = Path(__file__).resolve().parents[3] / "tests" / "vectors" / "named" / "hold-and-back.jsonl"
BOUND = 1024 * 1024
WARM = 200


def resident() -> int:
    """Bytes of memory that this process has, in RAM."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cycle(place: Path) -> None:
    with callfold.open(place) as log:
        rows = len(log.calls())
        view = log.at(100)
    assert rows == 1 and view.seq == 100


def main(cycles: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "store"
        callfold.import_traces(SESSION, place)
        # What is kept once (classes, arenas of the allocator) is there after these.
        for _ in range(WARM):
            cycle(place)
        gc.collect()
        before, began = resident(), time.monotonic()
        for done in range(1, cycles + 1):
            cycle(place)
            if done % 10_000 == 0:
                gc.collect()
                print(f"{done}: {(resident() - before) / 1024:.0f} KiB more", flush=True)
        gc.collect()
        more = resident() - before
        print(f"{cycles} cycles in {time.monotonic() - began:.1f} s: {more / 1024:.0f} KiB more")
    return int(more >= BOUND)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
