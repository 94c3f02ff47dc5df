"""What it costs to cross into Python: events of a store as a pyarrow table beside the engine's own scan of them, the memory of
that table, and the cost of one call with one event. Everything is measured in one run, turn about; figures are medians.

    python bindings/python/benches/crossing.py [--events 1000000]

It needs pyarrow, and a checkout (the recorded sessions are what it reads).
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Callable

import pyarrow as pa

import callfold

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors"


def store_of(events: int, place: Path) -> int:
    """A store with at least so many events: the recorded sessions, as often as it takes."""
    sessions = sorted(VECTORS.glob("*/*.jsonl"))
    made = 0
    with callfold.open(place, create=True, durability="never") as log:
        turn = 0
        while made < events:
            for session in sessions:
                [taken] = log.import_traces(session, name=f"{turn} {session.stem}")
                made += log.count_events(stream=taken.streams)
                if made >= events:
                    break
            turn += 1
    return made


def timed(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak_of(work: Callable[[], object]) -> int:
    """By how much the peak of the process's memory grew, in bytes. Counts only once: the peak never sinks."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1_024


def crossing() -> tuple[float, float, int, int]:
    """Seconds an input: handled through Python, handled by the engine alone; inputs, and events told."""
    inputs = []
    for session in sorted(VECTORS.glob("*/*.jsonl")):
        with callfold.open(session) as log:
            info = log.streams[0]
            inputs.append((info.mode, info.cti, list(log.records())))
    count = sum(len(records) for _, _, records in inputs)
    events = sum(len(record.events) for _, _, records in inputs for record in records)

    def by_hand() -> None:
        for mode, cti, records in inputs:
            machine = callfold.Machine(mode, cti=cti)
            for record in records:
                machine.handle(record).events

    def alone() -> None:
        for mode, cti, records in inputs:
            callfold.Machine(mode, cti=cti).catch_up(records)

    through, engine = [], []
    for _ in range(9):
        through.append(timed(by_hand))
        engine.append(timed(alone))
    return statistics.median(through) / count, statistics.median(engine) / count, count, events


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--turns", type=int, default=5)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "store"
        made = store_of(given.events, place)
        with callfold.open(place) as log:
            size = 0

            def table() -> None:
                nonlocal size
                size = pa.table(log.events()).nbytes

            # The first of its kind, so that the peak is its own.
            grown = peak_of(table)
            scans, tables, lean = [], [], []
            columns = [name for name in log.events(stream=0).column_names if name != "detail"]
            for _ in range(given.turns):
                scans.append(timed(lambda: log.count_events()))
                tables.append(timed(lambda: pa.table(log.events())))
                lean.append(timed(lambda: pa.table(log.events(columns=columns))))
        scan, whole, short = (statistics.median(times) for times in (scans, tables, lean))
        print(f"{made:,} events in {place.name}: scan {scan:.2f} s ({made / scan / 1e6:.2f} million/s)")
        print(f"  as a pyarrow table: {whole:.2f} s, {whole / scan:.2f} x the scan")
        print(f"  without the column detail: {short:.2f} s, {short / scan:.2f} x the scan")
        print(f"  the table has {size / 2**20:.0f} MiB; the peak grew by {grown / 2**20:.0f} MiB, {grown / size:.2f} x")
    through, engine, count, events = crossing()
    print(f"{count:,} inputs with {events:,} events, handled one by one: {through * 1e6:.2f} µs an input through Python,")
    print(f"  {engine * 1e6:.2f} µs in the engine alone: {(through - engine) * 1e6:.2f} µs for the crossing,")
    print(f"  {(through - engine) * count / events * 1e6:.2f} µs for each event that crosses")


if __name__ == "__main__":
    main()
