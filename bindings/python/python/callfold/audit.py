"""What an auditor asks of a log: calls found by what is so of them, what does not fit, and what comes out otherwise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Mapping, TypeVar, Union, overload

from . import _native
from ._times import moment_of
from .model import Call, Moment
from .table import Table
from .words import OddityKind, Side, TimeKind

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = [
    "CallDifference",
    "DamagedSide",
    "DamagedStream",
    "Difference",
    "Differences",
    "EventsDifference",
    "FieldDifference",
    "FoundCalls",
    "MissingStream",
    "Oddities",
    "Oddity",
    "RecordsDifference",
    "TimeDifference",
]


# ---- calls that were found ----


@dataclass(frozen=True)
class DamagedStream:
    """A stream that cannot be read to its end. What stands before the damage was looked at."""

    stream: str
    """Its name."""
    why: str
    """What is wrong, and with which record."""


class FoundCalls(Sequence[Call]):
    """Calls that were found, by when they began. Made by `Log.find`.

    A sequence of calls, which become objects when they are asked for; and a table of them, with the columns of `Log.calls`.
    """

    __slots__ = ("_found",)

    def __init__(self, found: _native.FoundCalls) -> None:
        self._found = found

    @property
    def total(self) -> int:
        """How many were found in all: more than there are here, if `most` was given."""
        return self._found.total

    @property
    def damaged(self) -> tuple[DamagedStream, ...]:
        """Streams that cannot be read to their end. What stands before the damage is among the calls, without the answers
        to their commands."""
        return tuple(DamagedStream(*damaged) for damaged in self._found.damaged)

    @property
    def table(self) -> Table:
        """The calls as a table."""
        return Table(self._found.rows())

    def to_arrow(self) -> pyarrow.Table:
        """The calls as a `pyarrow.Table`."""
        return self.table.to_arrow()

    def to_polars(self) -> polars.DataFrame:
        """The calls as a `polars.DataFrame`."""
        return self.table.to_polars()

    def to_pandas(self, **options: Any) -> pandas.DataFrame:
        """The calls as a `pandas.DataFrame`, as `Table.to_pandas` makes it."""
        return self.table.to_pandas(**options)

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, place: int) -> Call: ...
    @overload
    def __getitem__(self, place: slice) -> list[Call]: ...
    def __getitem__(self, place: int | slice) -> Call | list[Call]:
        if isinstance(place, slice):
            return [self._found[at] for at in range(len(self))[place]]
        return self._found[range(len(self))[place]]

    def __eq__(self, other: object) -> bool:
        """Whether the calls are the same: those of another search, or of a list."""
        if not isinstance(other, (FoundCalls, list)):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = f"{len(self)} of {self.total}" if len(self) < self.total else f"{len(self)}"
        damaged = f", damaged streams: {len(self.damaged)}" if self.damaged else ""
        return f"<FoundCalls: {shown}{damaged}>"

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


# ---- what does not fit ----


@dataclass(frozen=True)
class Oddity:
    """Something that does not fit. Nobody's name or number is in it."""

    stream: str
    """The stream's name."""
    kind: OddityKind
    """What it is."""
    at: Moment
    """When it showed, and the record that shows it."""
    records: tuple[int, ...]
    """All records that belong to it, in order."""
    call: str | None
    """The call that it is of, by its id."""
    command: int | None
    """The command that it is of, by its number (`CommandTrail.id`)."""
    words: str
    """What it is, in a sentence."""
    _json: str = field(repr=False, compare=False)

    @classmethod
    def _of(cls, stream: str, line: str) -> Oddity:
        told = json.loads(line)
        at, records = _moment(told["at"]), tuple(told["records"])
        return cls(stream, OddityKind(told["kind"]), at, records, told["call"], told["command"], told["words"], line)

    def to_json(self) -> str:
        """The oddity as every surface of callfold tells it in JSON, without its stream."""
        return self._json


_One = TypeVar("_One")


class _Findings(Sequence[_One]):
    """Findings in order, with what was read."""

    __slots__ = ("_found", "_json", "_summary")

    def __init__(self, found: tuple[_One, ...], summary: str) -> None:
        self._found = found
        self._json = summary
        self._summary: Mapping[str, Any] = json.loads(summary)

    @property
    def streams(self) -> int:
        """How many streams were read."""
        return int(self._summary["streams"])

    @property
    def records(self) -> int:
        """How many records were read."""
        return int(self._summary["records"])

    def to_json(self) -> str:
        """What was found in all, as every surface of callfold tells it in JSON. Each finding has its own."""
        return self._json

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, place: int) -> _One: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[_One, ...]: ...
    def __getitem__(self, place: int | slice) -> _One | tuple[_One, ...]:
        return self._found[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Findings) or type(other) is not type(self):
            return NotImplemented
        return (self._found, self._json) == (other._found, other._json)

    def __hash__(self) -> int:
        return hash((self._found, self._json))


class Oddities(_Findings[Oddity]):
    """What does not fit in a log: a sequence, stream by stream and in the order of the records. Made by `Log.lint`; false if
    there is nothing to look at."""

    __slots__ = ()

    @property
    def by_kind(self) -> dict[OddityKind, int]:
        """How many there are of each kind, where there are any."""
        return {OddityKind(kind): count for kind, count in self._summary["kinds"].items()}

    @property
    def is_damaged(self) -> bool:
        """Whether a stream could not be read to its end."""
        return OddityKind.DAMAGED in self.by_kind

    def __repr__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.by_kind.items()) or "none"
        return f"<Oddities: {kinds}; streams: {self.streams}, records: {self.records:,}>"


# ---- what comes out otherwise ----


class _Differs:
    """What every difference has."""

    _json: str

    def to_json(self) -> str:
        """The difference as every surface of callfold tells it in JSON."""
        return self._json


@dataclass(frozen=True)
class FieldDifference:
    """A property of a call that differs."""

    name: str
    """Which: `outcome`, `talk`, …"""
    one: str = field(repr=False)
    """What it is on the first side. It may name people."""
    other: str = field(repr=False)
    """What it is on the other side. It may name people."""


@dataclass(frozen=True)
class CallDifference(_Differs):
    """A call that comes out otherwise."""

    stream: str
    """The stream's name."""
    id: str
    """The call's id."""
    began: Moment
    """When it began, on the side that tells of it first."""
    only: Side | None
    """The side that has it, if the other does not."""
    first: int
    """The first record of which the two sides tell something else."""
    one: tuple[str, ...] = field(repr=False)
    """What the first side tells of that record. It may name people."""
    other: tuple[str, ...] = field(repr=False)
    """What the other side tells of it. It may name people."""
    fields: tuple[FieldDifference, ...]
    """What differs of the call as a whole."""
    _json: str = field(repr=False, compare=False)


@dataclass(frozen=True)
class TimeDifference(_Differs):
    """How much of a kind of time there is in all."""

    stream: str
    """The stream's name."""
    kind: TimeKind
    """Of which kind of time."""
    one: timedelta
    """How much on the first side."""
    other: timedelta
    """How much on the other."""
    _json: str = field(repr=False, compare=False)


@dataclass(frozen=True)
class EventsDifference(_Differs):
    """What was decided on single inputs."""

    stream: str
    """The stream's name."""
    records: int
    """On how many."""
    first: int
    """The record of the first."""
    event: int
    """Which event of it is the first that differs, from 1."""
    one: str | None
    """What it is on the first side, by its name; none if there is none."""
    other: str | None
    """What it is on the other."""
    _json: str = field(repr=False, compare=False)


@dataclass(frozen=True)
class RecordsDifference(_Differs):
    """One side has more records."""

    stream: str
    """The stream's name."""
    one: int
    """How many the first side has."""
    other: int
    """How many the other has."""
    _json: str = field(repr=False, compare=False)


@dataclass(frozen=True)
class MissingStream(_Differs):
    """One side does not have the stream."""

    stream: str
    """The stream's name."""
    side: Side
    """Which side does not have it."""
    _json: str = field(repr=False, compare=False)


@dataclass(frozen=True)
class DamagedSide(_Differs):
    """One side cannot be read further; what was read before was compared."""

    stream: str
    """The stream's name."""
    side: Side
    """Which side."""
    seq: int
    """From this record on."""
    why: str
    """What is wrong."""
    _json: str = field(repr=False, compare=False)


Difference = Union[CallDifference, TimeDifference, EventsDifference, RecordsDifference, MissingStream, DamagedSide]
"""Something that comes out otherwise."""


class Differences(_Findings[Difference]):
    """What comes out otherwise: a sequence, stream by stream. Made by `Log.diff`; false if all is the same.

    The first side is the log, as it was told; the other is the other log, or what today's rules make of the same inputs.
    """

    __slots__ = ()

    @property
    def calls(self) -> int:
        """How many calls there are, those counted once that both sides have."""
        return int(self._summary["calls"])

    @property
    def differ(self) -> int:
        """How many of them differ."""
        return int(self._summary["differ"])

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not self

    @property
    def is_damaged(self) -> bool:
        """Whether something could not be read to its end."""
        return bool(self._summary["damaged"])

    def __repr__(self) -> str:
        read = f"streams: {self.streams}, records: {self.records:,}"
        return f"<Differences: {len(self)}; calls that differ: {self.differ} of {self.calls}, {read}>"


def difference_of(line: str) -> Difference:
    """The difference that the native half tells as JSON."""
    told = json.loads(line)
    stream, [(what, of)] = told["stream"], told["differs"].items()
    if what == "call":
        fields = tuple(FieldDifference(**one) for one in of["fields"])
        only = None if of["only"] is None else Side(of["only"])
        told_of_first = tuple(of["one"]), tuple(of["other"])
        return CallDifference(stream, of["id"], _moment(of["began"]), only, of["first"], *told_of_first, fields, line)
    if what == "time":
        lengths = timedelta(microseconds=of["one"]), timedelta(microseconds=of["other"])
        return TimeDifference(stream, TimeKind(of["kind"]), *lengths, line)
    if what == "events":
        return EventsDifference(stream, **of, _json=line)
    if what == "records":
        return RecordsDifference(stream, **of, _json=line)
    if what == "missing":
        return MissingStream(stream, Side(of), line)
    return DamagedSide(stream, Side(of["side"]), of["seq"], of["why"], line)


def _moment(told: Mapping[str, int]) -> Moment:
    return Moment(moment_of(told["at"]), told["seq"])
