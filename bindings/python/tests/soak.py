"""Opens, reads and closes a log many times, and says how much memory that took for good.

    python tests/soak.py [--store] [CYCLES]

100,000 cycles of a file by default; with `--store` of a store on disk. Exits with 1 if a file's took a megabyte or more. A
store's do: sled 0.34.7 does not free what it had in memory of each page when a database is closed (ARCHITECTURE, "Python").
For Linux.
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


def growth(place: Path, cycles: int) -> int:
    """By how many bytes memory grows in so many cycles, beyond what is kept once."""
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
    return more


def main(arguments: list[str]) -> int:
    is_store = "--store" in arguments
    cycles = next((int(argument) for argument in arguments if argument.isdigit()), 100_000)
    if not is_store:
        return int(growth(SESSION, cycles) >= BOUND)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "store"
        callfold.import_traces(SESSION, place)
        growth(place, cycles)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
