"""Logs: stores and exported files, read as tables, calls, views and records."""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Literal, Optional, Sequence, TypeVar, Union

from . import _native
from ._times import When, day_of, micros, micros_at, offset
from .audit import Differences, FoundCalls, Oddities, Oddity, difference_of
from .errors import InvalidArgument, NotThere
from .events import Event
from .model import Call, View
from .report import FloorReport, report_of
from .table import Table
from .words import OddityKind, Outcome, Word

__all__ = [
    "Erased",
    "Finding",
    "Head",
    "Imported",
    "Log",
    "LogWarning",
    "Progress",
    "Record",
    "Report",
    "StreamInfo",
    "StreamReport",
    "in_memory",
    "open",
]

Progress = Callable[[int, int], object]
"""Is told how far long work is: how much is done, and how much there is (0 if that is not known). What it raises ends the
work. It must not use a log (`UseError`): the log is at work."""

TimeKey = Literal["stream", "agent", "call", "day"]

Streams = Union[str, int, "StreamInfo", Sequence[Union[str, int, "StreamInfo"]], None]
"""Streams by their names or numbers; none for all."""


class LogWarning(UserWarning):
    """Something had to be done to open a store after a crash. Nothing that was acknowledged as durable is lost."""


@dataclass(frozen=True)
class StreamInfo:
    """A stream of a log: one agent's line on one server, or one recorded session."""

    number: int
    """Its number in this log."""
    name: str
    """Its name."""
    title: str = field(repr=False)
    """What it is about, for people."""
    agent: str | None
    """The agent's login, as far as it is known."""
    server: str | None = field(repr=False)
    """The server's address, if it was known beforehand."""
    began: datetime
    """When it was begun."""
    last: datetime | None
    """When its last record was made."""
    records: int
    """How many records it has."""
    mode: str = field(repr=False)
    """`live`, or `replay` for a session of the reference client."""
    cti: bool = field(repr=False)
    """Whether the CTI model was kept."""
    numbers: tuple[str, ...] = field(repr=False)
    """Numbers of which whoever looks at the line wants to know what can be done with them."""
    head: str = field(repr=False)
    """The hash of its last record."""


@dataclass(frozen=True)
class Record:
    """A record of a log: one input, and what was decided on it."""

    seq: int
    """Its number in its stream, from 1."""
    at: datetime
    """When."""
    input: _native.RecordedInput
    """What went in: `kind`, `text` of a frame, `to_json()`. `Machine.handle` takes the record."""
    events: tuple[Event, ...]
    """What was decided, as told by the engine of then."""
    hash: str = field(repr=False)
    """Its hash, which follows from that of the record before and its bytes."""


@dataclass(frozen=True)
class Head:
    """The head of a stream at some time. Kept elsewhere, it proves later that nothing before it was changed or cut off."""

    stream: str
    """The stream's name."""
    origin: str
    """Where its chain begins: what the stream is."""
    seq: int
    """The number of its last record."""
    hash: str
    """The hash of that record."""

    def to_json(self) -> str:
        """The head as a line of JSON: what `callfold head` writes, and `callfold verify --head` reads."""
        return json.dumps(
            {"stream": self.stream, "origin": self.origin, "seq": self.seq, "hash": self.hash}, ensure_ascii=False
        )

    @classmethod
    def from_json(cls, line: str) -> Head:
        """The head that was written by `to_json`."""
        try:
            told = json.loads(line)
            return cls(told["stream"], told["origin"], told["seq"], told["hash"])
        except (ValueError, TypeError, KeyError):
            raise InvalidArgument.of(5230, "not_heads", "not a head of a log", {}) from None


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a record."""

    seq: int
    """The record's number."""
    what: str
    """What is wrong."""
    is_damage: bool
    """Whether the log is damaged by it. If not, it is whole, and there is something to look at."""


@dataclass(frozen=True)
class StreamReport:
    """What was found of a stream."""

    stream: str
    """Its name."""
    records: int
    """How many records were looked at."""
    erased: int
    """How many have something that was erased."""
    head: str
    """The hash of the last record that follows from the ones before."""
    findings: tuple[Finding, ...]
    """What is wrong, in order: the first hundred."""
    found: int
    """How many findings there are in all."""
    is_damaged: bool
    """Whether one of them is damage."""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return self.found == 0


@dataclass(frozen=True)
class Report:
    """What was found of a log."""

    streams: tuple[StreamReport, ...]
    """Of each stream."""
    missing: tuple[str, ...]
    """Streams of which a head was kept, and that are not there."""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.missing and all(stream.is_good for stream in self.streams)

    @property
    def is_damaged(self) -> bool:
        """Whether something of it is damaged or gone."""
        return bool(self.missing) or any(stream.is_damaged for stream in self.streams)

    def __bool__(self) -> bool:
        return self.is_good

    def _repr_html_(self) -> str:
        import html

        rows = []
        for stream in self.streams:
            what = "good" if stream.is_good else "; ".join(f"#{at.seq}: {at.what}" for at in stream.findings[:5])
            rows.append(f"<tr><td>{html.escape(stream.stream)}</td><td>{stream.records}</td><td>{html.escape(what)}</td></tr>")
        rows += [f"<tr><td>{html.escape(name)}</td><td></td><td>not there</td></tr>" for name in self.missing]
        head = '<tr><th scope="col">stream</th><th scope="col">records</th><th scope="col">found</th></tr>'
        return f"<table>{head}{''.join(rows)}</table>"


@dataclass(frozen=True)
class Erased:
    """What was erased, or would be."""

    texts: int
    """How many texts: the number or name itself, and longer ones that have it in them."""
    records: int
    """How many records had one of them."""
    still_readable: tuple[tuple[int, int], ...]
    """Records (number of the stream, number of the record) in which it is still to be read."""


@dataclass(frozen=True)
class Imported:
    """What was taken in from a file."""

    path: Path
    """The file."""
    streams: tuple[str, ...]
    """The streams that it became."""
    unknown_lines: int
    """Lines of kinds that are not known, which were passed over."""


def open(  # noqa: A001 - as tarfile and gzip have it
    path: str | os.PathLike[str],
    *,
    create: bool = False,
    durability: Literal["always", "never"] | timedelta = timedelta(milliseconds=50),
    progress: Progress | None = None,
) -> Log:
    """Opens a log: the store in a directory, or a file that was exported (or a recorded session), packed or not.

    A file is read into memory and never written. A store has one owner at a time: while somebody has it open, it cannot be
    opened again. Close it, or use `with`.

    `create` makes a store where there is none. `durability` says when what is written to a store is safe from a power cut:
    `"always"` at once, `"never"` when the system sees fit (or at `sync`), else after that long at the latest.

    Raises `NotThere` if there is nothing, `LogError` if it is in use or no store, `DamagedError` if it is damaged,
    `FileError` if a file is none of callfold's.

    >>> import callfold
    >>> with callfold.open("tests/vectors/named/hold-and-back.jsonl") as log:
    ...     print(log)
    <Log: 1 stream, 131 records>
    """
    place = Path(path)
    if place.is_file() and not create:
        return Log(_native.open_file(place, progress))
    native, notes = _native.open_store(place, create, _durable_after(durability))
    for note in notes:
        warnings.warn(note, LogWarning, stacklevel=2)
    return Log(native)


def in_memory() -> Log:
    """An empty log that goes with the process: for `Log.import_traces`, and for recording lines in tests."""
    return Log(_native.in_memory())


def _durable_after(durability: object) -> int | None:
    if durability == "always":
        return 0
    if durability == "never":
        return None
    if isinstance(durability, timedelta) and durability > timedelta():
        return max(1, micros(durability) // 1_000)
    raise InvalidArgument.of(
        5001, "bad_argument", f"durability is 'always', 'never' or a timedelta, not {durability!r}", {}
    )


class Log:
    """A log: streams of records. Made by `callfold.open`.

    Threads may share it. Long work lets other threads run, tells `progress` how far it is, and ends at Ctrl-C.
    """

    __slots__ = ("_log",)

    def __init__(self, native: _native.Log) -> None:
        self._log = native

    # ---- life ----

    def close(self) -> None:
        """Closes the log, and makes everything in it durable. Closing twice is no error; using it afterwards is.

        Who reads it at this moment, and a line that records in it, go on: the store is free for others when they are done.
        """
        self._log.close()

    def sync(self) -> None:
        """Makes everything that was written durable now."""
        self._log.sync()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._log.closed

    @property
    def path(self) -> Path | None:
        """The store's directory, or the file; none for a log in memory."""
        path = self._log.path
        return None if path is None else Path(path)

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return "<Log: closed>"
        streams = self.streams
        records = sum(stream.records for stream in streams)
        of = "stream" if len(streams) == 1 else "streams"
        return f"<Log: {len(streams)} {of}, {records:,} records>"

    # ---- what is in it ----

    @property
    def streams(self) -> list[StreamInfo]:
        """Every stream."""
        return [_stream(fields) for fields in self._log.streams()]

    def stream(self, name: str | int | StreamInfo) -> StreamInfo:
        """The stream of this name or number. `NotThere` if there is none."""
        return _stream(self._log.stream(_name(name)))

    def calls(
        self,
        *,
        start: When | None = None,
        end: When | None = None,
        number: str | None = None,
        agent: str | None = None,
        stream: Streams = None,
        columns: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Table:
        """The calls that began from `start` on and before `end`, with a number at the other end, of an agent (by login), of
        streams. Calls that go on are among them, as they are now.

        The first time, the log is read to its end and an index of calls is kept; later only what is new is.
        """
        rows = self._log.calls(_wanted(stream, start, end, number, agent), progress)
        return _chosen(rows, columns)

    def events(
        self,
        *,
        start: When | None = None,
        end: When | None = None,
        event: str | type[Event] | Sequence[str | type[Event]] | None = None,
        number: str | None = None,
        agent: str | None = None,
        stream: Streams = None,
        columns: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Table:
        """The events from `start` on and before `end`, of some kinds (classes of `callfold.events`, or their names), about a
        number, of an agent or streams.

        The column `detail`, the whole event as JSON, costs more than all others: name the `columns` that you need, and it
        is left out.
        """
        detail = columns is None or "detail" in columns
        names = _event_names(event)
        rows = self._log.events(_wanted(stream, start, end, number, agent), names, detail, progress)
        return _chosen(rows, columns)

    def count_events(
        self,
        *,
        start: When | None = None,
        end: When | None = None,
        event: str | type[Event] | Sequence[str | type[Event]] | None = None,
        number: str | None = None,
        agent: str | None = None,
        stream: Streams = None,
        progress: Progress | None = None,
    ) -> int:
        """How many events `events` would have: they are read, and no table is made."""
        wanted = _wanted(stream, start, end, number, agent)
        return self._log.count_events(wanted, _event_names(event), progress)

    def commands(
        self,
        *,
        start: When | None = None,
        end: When | None = None,
        number: str | None = None,
        agent: str | None = None,
        stream: Streams = None,
        columns: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Table:
        """The commands that were asked from `start` on and before `end`, with what became of them and what they led to."""
        rows = self._log.commands(_wanted(stream, start, end, number, agent), progress)
        return _chosen(rows, columns)

    def time(
        self,
        by: TimeKey | Sequence[TimeKey] = ("agent", "day"),
        *,
        start: date | When | None = None,
        end: date | When | None = None,
        number: str | None = None,
        agent: str | None = None,
        stream: Streams = None,
        utc_offset: timedelta = timedelta(),
        progress: Progress | None = None,
    ) -> Table:
        """Where the time went: by agent, day, stream, call or several of them, and always by its kind (idle, talk, hold, …,
        unknown). It balances: every microsecond between login and logout is in exactly one kind.

        `start` and `end` are days (the end is not in it): a day is told whole. By `call` they are moments, and only time
        that was spent on a call is told. `utc_offset` says how far east of UTC the days' midnights are: three hours for
        Moscow.
        """
        keys = [by] if isinstance(by, str) else list(by)
        if "call" in keys:
            if _is_day(start) or _is_day(end):
                raise InvalidArgument.of(5001, "bad_argument", "by call, `start` and `end` are moments, not days", {})
            wanted = _wanted(stream, start, end, number, agent)
            return Table(self._log.time(wanted, keys, None, None, 0, progress))
        if number is not None:
            raise InvalidArgument.of(5001, "bad_argument", "time of one number is told by call", {})
        first, last = _day(start, "start"), _day(end, "end")
        if first is not None and last is not None and last < first:
            raise InvalidArgument.of(5002, "bad_range", f"the end {end} is before the start {start}", {})
        wanted = _wanted(stream, None, None, None, agent)
        return Table(self._log.time(wanted, keys, first, last, offset(utc_offset), progress))

    def call(self, id: str, stream: str | int | StreamInfo | None = None, *, progress: Progress | None = None) -> Call:
        """One call, with all that is known of it. The id is that of the table of calls: the chain, mostly.

        `NotThere` if there is none; it names some that are near (`near` has them). If there are several, it is refused: `find`
        has them all.
        """
        found = self.find(id, stream, progress=progress)
        if not found:
            where = "" if stream is None else f" in the stream {_name(stream)}"
            why, context = f"there is no call {id}{where}", {"call": id}
            if found.damaged:
                why += f", as far as {', '.join(damaged.stream for damaged in found.damaged)} can be read"
            near = ", ".join(dict.fromkeys(call.id for call in self.near(id, stream)))
            if near:
                why, context["near"] = f"{why}; near to it are {near}", near
            raise NotThere.of(5109, "no_record", why, context)
        if len(found) > 1:
            streams = sorted({str(call.stream) for call in found})
            hint = f"say stream=, one of {streams}" if len(streams) > 1 else "one began after the other"
            why = f"there are {len(found)} calls {id} ({hint}); find() has them all"
            raise InvalidArgument.of(5001, "bad_argument", why, {"call": id})
        return found[0]

    def find(
        self,
        id: str | None = None,
        stream: str | int | StreamInfo | None = None,
        *,
        start: When | None = None,
        end: When | None = None,
        number: str | None = None,
        name: str | None = None,
        agent: str | None = None,
        outcome: Outcome | str | Sequence[Outcome | str] | None = None,
        at_least: timedelta | None = None,
        at_most: timedelta | None = None,
        held: bool = False,
        transferred: bool = False,
        irregular: bool = False,
        most: int | None = None,
        progress: Progress | None = None,
    ) -> FoundCalls:
        """The calls of which all that is said is so, by when they began.

        - `id`: the call's id, as in the table of calls. A call between two agents is in both their streams, each with its
          part, and a chain that returns after minutes is another call.
        - `stream`, `agent`: of this stream; on a line of this agent, by login.
        - `start`, `end`: begun from `start` on and before `end`.
        - `number`: somebody with this number took part, at the other end or because the call was passed on to them. However
          it is written; `*4567` is what it ends with, `916*` what it begins with, `*345*` a part of it.
        - `name`: somebody with this in their name took part, in capitals or not.
        - `outcome`: it ended so, or as one of several.
        - `at_least`, `at_most`: how long it took, from its beginning to its end.
        - `held`, `transferred`, `irregular`: it was on hold; was passed on, by the agent or to the agent; something of it
          does not fit.
        - `most`: the most calls that are handed out, the latest of them; `total` counts all.

        A stream that is damaged gives what stands before the damage, and is named in `damaged`: also with `agent`, if nobody
        can tell whose line it is, though then nothing of it is given.

        >>> import callfold
        >>> with callfold.open("tests/vectors/named/hold-and-back.jsonl") as log:
        ...     found = log.find(number="*4567", held=True)
        >>> [str(call.outcome) for call in found]
        ['answered']
        """
        wanted = _wanted(None, start, end, number, agent)
        for called, text in (("id", id), ("name", name)):
            if text is not None and not isinstance(text, str):
                raise TypeError(f"`{called}` is text, not {type(text).__name__}")
        least = None if at_least is None else _span(at_least, "at_least")
        longest = None if at_most is None else _span(at_most, "at_most")
        if least is not None and longest is not None and longest < least:
            raise InvalidArgument.of(5002, "bad_range", f"`at_most` {at_most} is less than `at_least` {at_least}", {})
        sought = {
            **wanted,
            "id": id,
            "stream": None if stream is None else _name(stream),
            "name": name,
            "outcomes": [_variant(word) for word in _words(Outcome, outcome, "outcome")],
            "at_least": least,
            "at_most": longest,
            "held": bool(held),
            "transferred": bool(transferred),
            "irregular": bool(irregular),
            "most": None if most is None else _count(most, "most"),
        }
        return FoundCalls(self._log.find(sought, progress))

    def near(
        self, wanted: str, stream: str | int | StreamInfo | None = None, *, progress: Progress | None = None
    ) -> FoundCalls:
        """A few calls that are near to one that is not there: whose id begins like this, that went on at this record
        (`record:17`), or in which a number or a name like this took part. The latest of them."""
        return FoundCalls(self._log.near(wanted, None if stream is None else _name(stream), progress))

    def at(self, when: datetime | int, stream: str | int | StreamInfo | None = None) -> View:
        """What was so on a line at a moment: an aware `datetime`, or the number of a record (an `int`).

        A log with one stream needs no `stream`. `NotThere` if nothing had happened yet, or there is no such record.
        """
        name = self._only() if stream is None else _name(stream)
        if isinstance(when, bool) or not isinstance(when, (int, datetime)):
            raise TypeError(f"a moment is an aware datetime or the number of a record, not {type(when).__name__}")
        if isinstance(when, int):
            return self._log.at(name, _number(when), None)
        return self._log.at(name, None, micros_at(when))

    def records(self, stream: str | int | StreamInfo | None = None, *, first: int = 1) -> Iterator[Record]:
        """The records of a stream, from number `first` on, read as they are needed."""
        name = self._only() if stream is None else _name(stream)
        # Asked for here and not at the first record: what is wrong with it is told where it was given.
        self._log.stream(name)
        return self._records(name, _number(first))

    def _records(self, name: str, first: int) -> Iterator[Record]:
        while True:
            batch = self._log.records(name, first, 1_000)
            for seq, at, given, events, hash in batch:
                yield Record(seq, at, given, tuple(events), hash)
            if not batch:
                return
            first = batch[-1][0] + 1

    # ---- whether it is whole ----

    def verify(
        self,
        *,
        rerun: bool = False,
        heads: Sequence[Head] | None = None,
        stream: Streams = None,
        progress: Progress | None = None,
    ) -> Report:
        """Looks whether the log is whole: its chain, its numbers, its times. With `rerun` also whether the engine of today
        decides the same on the same inputs. With `heads` that were kept elsewhere also whether something was cut off.

        The report is true if all is good. What is wrong with the log is in the report; it raises only if it cannot be read
        at all.
        """
        if heads is not None and not heads:
            raise InvalidArgument.of(5231, "no_heads", "there is no head to compare with; leave `heads` out", {})
        kept = None if heads is None else "\n".join(head.to_json() for head in heads)
        streams, missing = self._log.verify(_names(stream), rerun, kept, progress)
        reports = (
            StreamReport(name, records, erased, head, tuple(Finding(*at) for at in findings), found, is_damaged)
            for name, records, erased, head, findings, found, is_damaged in streams
        )
        return Report(tuple(reports), tuple(missing))

    # ---- looked at closely ----

    def lint(
        self,
        *,
        start: When | None = None,
        end: When | None = None,
        kind: OddityKind | str | Sequence[OddityKind | str] | None = None,
        stream: Streams = None,
        progress: Progress | None = None,
    ) -> Oddities:
        """Looks for what does not fit: calls, commands and messages that an auditor should look at, each by its name, with
        the records that show it. What shows from `start` on and before `end`, of these kinds, in these streams.

        The log is read once, as it was told. A stream that is damaged is read up to the damage, which is told whatever was
        asked for.
        """
        wanted = _wanted(stream, start, end, None, None)
        kinds = [str(word) for word in _words(OddityKind, kind, "kind")]
        found, summary = self._log.lint({**wanted, "kinds": kinds}, progress)
        return Oddities(tuple(Oddity._of(stream, line) for stream, line in found), summary)

    def diff(
        self, other: Log | None = None, *, stream: Streams = None, progress: Progress | None = None
    ) -> Differences:
        """What comes out otherwise: of the log as it was told and by the rules of today, or of this log and another one,
        stream by stream of the same name. Of each call that differs it is told what does, and the first record of which the
        two sides tell something else.
        """
        if other is not None and not isinstance(other, Log):
            raise TypeError(f"a log is compared with a Log, not with {type(other).__name__}")
        found, summary = self._log.diff(None if other is None else other._log, _names(stream), progress)
        return Differences(tuple(difference_of(line) for line in found), summary)

    def report(
        self,
        *,
        start: When | None = None,
        end: When | None = None,
        agent: str | Sequence[str] | None = None,
        utc_offset: timedelta = timedelta(),
        threshold: timedelta = timedelta(seconds=20),
        short_abandon: timedelta = timedelta(seconds=5),
        listed: int = 20,
        longest: int = 20,
        progress: Progress | None = None,
    ) -> FloorReport:
        """A floor's figures: service level, speed of answer, handling time, occupancy, by hour, day and agent; and as a page
        (`html`). Calls count that began from `start` on and before `end`; of agents' time, what lies within.

        `agent` is a login, or several; those without a line are in `unknown_agents`. Hours and days begin by a clock
        `utc_offset` east of UTC. Whoever was answered within `threshold` counts for the service level; whoever gives up sooner
        than `short_abandon` counts neither for nor against. Each figure lists at most so many calls (`listed`), and so many
        of the longest holds and gaps are told (`longest`).

        Of a line that is damaged, what comes before the damage counts, and `damage` names it.
        """
        wanted = _wanted(None, start, end, None, None)
        agents = [agent] if isinstance(agent, str) else list(() if agent is None else agent)
        if not all(isinstance(login, str) for login in agents):
            raise TypeError("`agent` is a login, or several")
        reported = {
            "from": wanted["from"],
            "to": wanted["to"],
            "agents": agents,
            "offset": offset(utc_offset) // 1_000_000,
            "threshold": _span(threshold, "threshold"),
            "short_abandon": _span(short_abandon, "short_abandon"),
            "listed": _count(listed, "listed"),
            "longest": _count(longest, "longest"),
        }
        return report_of(*self._log.report(reported, progress))

    def head(self) -> list[Head]:
        """The head of every stream now. Keep them elsewhere: a chain alone does not show that its end was cut off."""
        return [Head.from_json(line) for line in self._log.heads()]

    # ---- in and out ----

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        table: Literal["events", "calls", "commands", "time"] | None = None,
        format: Literal["jsonl", "parquet", "csv"] | None = None,
        stream: Streams = None,
        utc_offset: timedelta = timedelta(),
        progress: Progress | None = None,
    ) -> int:
        """Writes the log as JSON lines with its chain, from which it can be taken in again; or a `table` of it as Parquet or
        CSV (by the file's name, if no `format` is given). The file appears whole or not at all. How many records or rows
        it has.

        A table is written batch by batch: it may be larger than memory.
        """
        place = Path(path)
        if table is None:
            if place.suffix in (".parquet", ".csv", ".gz", ".zst"):
                why = f"a log is written as JSON lines, not packed; say which table is to be in {place.name}"
                raise InvalidArgument.of(5001, "bad_argument", why, {"path": str(place)})
            if format not in (None, "jsonl"):
                raise InvalidArgument.of(5001, "bad_argument", f"say which table is to be written as {format}", {})
            return self._log.export(place, _names(stream), progress)
        chosen = format or place.suffix.lstrip(".")
        return self._log.export_table(place, table, chosen, _names(stream), offset(utc_offset), progress)

    def import_traces(
        self,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        name: str | None = None,
        progress: Progress | None = None,
    ) -> list[Imported]:
        """Takes recorded sessions in, each a stream of its own, and exported logs. `name` names the stream of one session;
        without it they are called as they call themselves.

        An exported log is taken in whole or not at all; of a session that cannot be read to its end, what came before the
        fault is in the log.
        """
        files = [Path(paths)] if isinstance(paths, (str, os.PathLike)) else [Path(path) for path in paths]
        if name is not None and len(files) != 1:
            raise InvalidArgument.of(5001, "bad_argument", "a name is for one session", {})
        taken = []
        for path in files:
            streams, unknown = self._log.take_in(path, name, progress)
            taken.append(Imported(path, tuple(streams), unknown))
        return taken

    def erase(self, text: str, *, dry_run: bool = False, progress: Progress | None = None) -> Erased:
        """Forgets a number or a name, for good: it is read as a token from now on, in this store and its exports. Times,
        totals and the chain stay what they are. With `dry_run` nothing is erased, and it is told what would be."""
        texts, records, still = self._log.erase(text, dry_run, progress)
        return Erased(texts, records, tuple(still))

    def _only(self) -> str:
        streams = self._log.streams()
        if len(streams) == 1:
            return str(streams[0]["number"])
        why = f"the log has {len(streams)} streams: say stream=, one of " + ", ".join(
            repr(stream["name"]) for stream in streams[:8]
        )
        raise InvalidArgument.of(5001, "bad_argument", why, {})


def _stream(fields: dict[str, Any]) -> StreamInfo:
    return StreamInfo(**{**fields, "numbers": tuple(fields["numbers"])})


def _number(record: int) -> int:
    """The number of a record, as far as it can be one."""
    if isinstance(record, bool) or not isinstance(record, int):
        raise TypeError(f"a record has a number, not {type(record).__name__}")
    if not 0 <= record < 2**63:
        raise InvalidArgument.of(5002, "bad_range", f"records are numbered from 1, not {record}", {})
    return record


def _name(stream: str | int | StreamInfo) -> str:
    if isinstance(stream, StreamInfo):
        return str(stream.number)
    if isinstance(stream, (str, int)) and not isinstance(stream, bool):
        return str(stream)
    raise TypeError(f"a stream is named by its name or number, not by {type(stream).__name__}")


def _names(streams: Streams) -> list[str]:
    if streams is None:
        return []
    if isinstance(streams, (str, int, StreamInfo)):
        return [_name(streams)]
    names = [_name(stream) for stream in streams]
    if not names:
        raise InvalidArgument.of(5001, "bad_argument", "no stream is named; leave `stream` out for all", {})
    return names


def _wanted(
    streams: Streams, start: object, end: object, number: str | None, agent: str | None
) -> dict[str, object]:
    first, last = None if start is None else micros_at(start), None if end is None else micros_at(end)
    if first is not None and last is not None and last < first:
        raise InvalidArgument.of(5002, "bad_range", f"the end {end} is before the start {start}", {})
    for name, text in (("number", number), ("agent", agent)):
        if text is not None and not isinstance(text, str):
            raise TypeError(f"`{name}` is text, not {type(text).__name__}")
    return {"streams": _names(streams), "from": first, "to": last, "number": number, "agent": agent}


def _span(length: timedelta, name: str) -> int:
    """A length of time in microseconds, which is not less than nothing."""
    span = micros(length)
    if not 0 <= span < 2**63:
        raise InvalidArgument.of(5002, "bad_range", f"`{name}` is a length of time, not {length}", {})
    return span


def _count(number: int, name: str) -> int:
    """How many, from 0 on."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"`{name}` is a number, not {type(number).__name__}")
    if not 0 <= number < 2**31:
        raise InvalidArgument.of(5002, "bad_range", f"`{name}` is how many, not {number}", {})
    return number


_Words = TypeVar("_Words", bound=Word)


def _words(cls: type[_Words], given: object, name: str) -> list[_Words]:
    """The words that were given: one, several, or none."""
    if given is None:
        return []
    several = [given] if isinstance(given, str) else given
    if not isinstance(several, Iterable):
        raise TypeError(f"`{name}` is a {cls.__name__} or several, not {type(given).__name__}")
    words = []
    for one in several:
        try:
            words.append(cls(one))
        except ValueError:
            why = f"{one!r} is no {name}; callfold.{cls.__name__} has them all"
            raise InvalidArgument.of(5004, "unknown_name", why, {}) from None
    if not words:
        raise InvalidArgument.of(5001, "bad_argument", f"no {name} is named; leave `{name}` out for all", {})
    return words


def _variant(word: Word) -> str:
    """How the engine names it."""
    return "".join(part.capitalize() for part in word.name.split("_"))


def _event_names(
    event: str | type[Event] | Sequence[str | type[Event]] | None,
) -> Optional[set[str]]:
    if event is None:
        return None
    from ._names import EVENTS

    by_class = {cls: name for name, cls in EVENTS.items()}
    given = [event] if isinstance(event, (str, type)) else list(event)
    names = set()
    for one in given:
        name = one if isinstance(one, str) else by_class.get(one)
        if name not in EVENTS:
            raise InvalidArgument.of(
                5004, "unknown_name", f"{one!r} is no kind of event; callfold.events has them all", {}
            )
        names.add(name)
    return names


def _chosen(rows: _native.Rows, columns: Sequence[str] | None) -> Table:
    table = Table(rows)
    return table if columns is None else table.select(columns)


def _is_day(given: object) -> bool:
    return isinstance(given, date) and not isinstance(given, datetime)


def _day(given: object, name: str) -> int | None:
    if given is None:
        return None
    if not _is_day(given):
        raise InvalidArgument.of(
            5001, "bad_argument", f"`{name}` is a day here (datetime.date): a day of the ledger is told whole", {}
        )
    assert isinstance(given, date)
    return day_of(given)
