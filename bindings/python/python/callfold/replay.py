"""Sessions and stores, run through the engine of today."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Sequence

from . import _native
from .errors import InvalidArgument
from .log import Imported, Log, Progress, open
from .table import Table

__all__ = ["Replayed", "import_traces", "replay"]


@dataclass(frozen=True)
class Replayed:
    """What today's rules make of a session or stream."""

    path: Path
    """The file or store that it is of."""
    name: str
    """The session's or stream's name."""
    title: str = field(repr=False)
    """What it is about, for people."""
    cti: bool = field(repr=False)
    """Whether the CTI model was kept."""
    inputs: int
    """Inputs and timers."""
    talks: int
    """How often talk began: a call that comes back from hold is counted again."""
    refused: int
    """Commands that were refused."""
    findings: int
    """Messages that could not be read, and clocks that stepped back."""
    unknown_lines: int = field(repr=False)
    """Lines of kinds that are not known, which were passed over."""
    events: Table = field(repr=False, compare=False)
    """Every event."""
    calls: Table = field(repr=False, compare=False)
    """Every call."""
    commands: Table = field(repr=False, compare=False)
    """Every command."""
    time: Table = field(repr=False, compare=False)
    """Where the time went, by agent and day. That of a session goes on to its last line, which may say nothing any more; that
    of a stream ends with its last record."""
    announcements: bytes | None = field(repr=False)
    """What the reference client would have announced, as its traces have it, line by line; none unless it was asked for. Of
    a store: without the requests that were sent."""


def replay(
    paths: str | os.PathLike[str] | Log | Sequence[str | os.PathLike[str] | Log],
    threads: int | None = None,
    *,
    announcements: bool = False,
    progress: Progress | None = None,
) -> list[Replayed]:
    """Runs recorded sessions (files, packed or not), stores and exported logs through the engine of today: one result for
    each session or stream, in order.

    `threads` says how many are run at a time: as many as there are processors, if it does not. `progress` is told how many
    are done, and how many there are.

    >>> import callfold
    >>> [session] = callfold.replay("tests/vectors/named/hold-and-back.jsonl")
    >>> session.name, session.inputs, len(session.calls)
    ('hold-and-back', 131, 1)
    """
    if threads is not None and threads < 1:
        raise InvalidArgument.of(5002, "bad_range", f"{threads} threads run nothing", {})
    given = [paths] if isinstance(paths, (str, os.PathLike, Log)) else list(paths)
    opened: list[Log] = []
    jobs: list[_Job] = []
    try:
        for one in given:
            if not isinstance(one, Log) and Path(one).is_file() and not _is_export(Path(one)):
                jobs.append(_file_job(Path(one), announcements))
                continue
            log = one if isinstance(one, Log) else open(one)
            if not isinstance(one, Log):
                opened.append(log)
            path = log.path or Path()
            jobs += [_stream_job(log, str(stream.number), path, announcements) for stream in log.streams]
        return _run(jobs, threads, progress)
    finally:
        for log in opened:
            log.close()


def import_traces(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    into: Log | str | os.PathLike[str],
    *,
    progress: Progress | None = None,
) -> list[Imported]:
    """Takes recorded sessions into a log: one that is open, or the store in a directory, which is made if it is not there."""
    if isinstance(into, Log):
        return into.import_traces(paths, progress=progress)
    # Nobody waits for one record: all is synced once, when the log is closed.
    with open(into, create=True, durability="never") as log:
        return log.import_traces(paths, progress=progress)


def _is_export(path: Path) -> bool:
    return _native.is_export(path)


_Job = Callable[[Progress], "Replayed"]


def _file_job(path: Path, announcements: bool) -> _Job:
    return lambda watch: _replayed(path, _native.replay_file(path, announcements, watch))


def _stream_job(log: Log, stream: str, path: Path, announcements: bool) -> _Job:
    return lambda watch: _replayed(path, _native.replay_stream(log._log, stream, announcements, watch))


def _replayed(path: Path, fields: dict[str, Any]) -> Replayed:
    for name in ("events", "calls", "commands", "time"):
        fields[name] = Table(fields[name])
    return Replayed(path=path, **fields)


class _Stopped(Exception):
    """The other sessions are not wanted any more."""


def _run(jobs: list[_Job], threads: int | None, progress: Progress | None) -> list[Replayed]:
    stop = threading.Event()

    def watch(_done: int, _of: int) -> None:
        if stop.is_set():
            raise _Stopped

    done = []
    with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as pool:
        waiting = [pool.submit(job, watch) for job in jobs]
        try:
            for future in waiting:
                done.append(future.result())
                if progress is not None:
                    progress(len(done), len(jobs))
        except BaseException:
            # Ctrl-C, most likely: those that wait are not begun, and those that run end soon.
            stop.set()
            for future in waiting:
                future.cancel()
            raise
    return done
