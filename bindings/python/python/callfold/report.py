"""A floor's figures: calls by hour and outcome, speed of answer, service level, handling time, occupancy, agents.

What each figure means, and what is in its base, stands in `core/callfold/FIGURES.md`. Shares are a part and a base, and
thousandths of it; what is a share or a mean of nothing is `None`, and never 0.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Callable, Mapping, TypeVar

from ._personal import PersonName, PhoneNumber
from ._times import moment_of
from .model import Totals
from .words import Direction, HoldReason, IrregularityKind, Outcome, TimeKind

__all__ = [
    "Agent",
    "Among",
    "Calls",
    "Damage",
    "FloorReport",
    "Handling",
    "Inbound",
    "Irregular",
    "ListedCall",
    "LongGap",
    "LongHold",
    "Mean",
    "Outbound",
    "Share",
    "Slot",
    "Time",
    "Transfers",
]


@dataclass(frozen=True)
class Damage:
    """A line that could not be read to its end."""

    stream: str
    """The name of the stream."""
    until: int
    """The last record that was read."""
    what: str
    """What is wrong."""


@dataclass(frozen=True)
class Among:
    """Calls that a figure is made of."""

    count: int
    """How many."""
    listed: tuple[int, ...]
    """Some of them, by their places in `FloorReport.calls`."""


@dataclass(frozen=True)
class Mean:
    """A mean length. It is of the calls that are named with it."""

    sum: timedelta
    """All of it."""
    of: int
    """Of how many."""
    mean: timedelta | None
    """The sum by the number, rounded down to a microsecond; none of nothing."""


@dataclass(frozen=True)
class Share:
    """A share of calls."""

    part: int
    """Those that count."""
    base: Among
    """Those of which it is a share."""
    per_mille: int | None
    """The part in thousandths of the base, rounded to the nearest; none of nothing."""


@dataclass(frozen=True)
class Inbound:
    """Calls that came in. Each is in exactly one of the six after `offered`."""

    offered: Among
    """All of them."""
    answered: Among
    """An agent talked to the caller."""
    abandoned: Among
    """The caller gave up, and not at once."""
    short_abandoned: Among
    """The caller gave up before the threshold of short abandons."""
    declined: Among
    """An agent declined it, and nobody else took it."""
    failed: Among
    """The agent's phone went away."""
    undetermined: Among
    """The log does not say what became of it, or it still rings."""
    in_time: Among
    """Those answered within the threshold."""
    answer_speed: Mean
    """How long those that were answered had waited, where that is known (ASA)."""
    service_level: Share
    """Answered within the threshold, of all that count."""
    abandonment: Share
    """Given up, of all that count."""


@dataclass(frozen=True)
class Outbound:
    """Calls that agents made. Each is in exactly one of the five after `made`."""

    made: Among
    """All of them."""
    answered: Among
    """Somebody answered."""
    not_answered: Among
    """Nobody answered."""
    busy: Among
    """The number was busy."""
    failed: Among
    """It could not be made."""
    undetermined: Among
    """The log does not say what became of it, or it is still dialled."""


@dataclass(frozen=True)
class Calls:
    """Calls of the floor."""

    inbound: Inbound
    """Calls that came in."""
    outbound: Outbound
    """Calls that agents made."""
    consultations: Among
    """Calls that were made while another was held: no calls of their own."""
    unplaced: Among
    """Calls that were up before their line was seen, so that nobody knows who called."""


@dataclass(frozen=True)
class Handling:
    """What handling calls took."""

    handled: Among
    """Calls that were talked on and are over, consultations aside."""
    talk: Mean
    """Their conversation, conferences included."""
    hold: Mean
    """Their time on hold."""
    wrap_up: Mean
    """Work after calls, of the same agents in the same time."""
    time: Mean
    """The three together (AHT)."""


@dataclass(frozen=True)
class Time:
    """Where time went."""

    totals: Totals
    """By kind: all kinds together are the time logged in."""
    logged_in: timedelta
    """Between login and logout."""
    busy: timedelta
    """Time on calls and after them: dial, talk, hold, consult, conference, wrap-up."""
    staffed: timedelta
    """That, and time in which a call could come: ring and idle."""
    occupancy: int | None
    """Busy in thousandths of staffed (occupancy)."""


@dataclass(frozen=True)
class Slot:
    """Calls of an hour or a day."""

    name: str
    """Which: `09:00` or `2026-01-12`."""
    calls: Calls
    """The calls that began in it."""


@dataclass(frozen=True)
class Agent:
    """What an agent did. Calls are as the agent's lines had them."""

    login: str | None
    """The login; none if nobody has logged in on the line."""
    lines: int
    """How many lines."""
    presented: Among
    """Calls that rang at the agent."""
    answered: Among
    """Of these, those that the agent answered."""
    missed: Among
    """Those that rang and that nobody answered."""
    taken_by_others: Among
    """Those that rang here and that another agent answered."""
    made: Among
    """Calls that the agent made, consultations aside."""
    reached: Among
    """Of these, those that were answered."""
    answer_speed: Mean
    """How long those that the agent answered had rung here."""
    handling: Handling
    """What handling took."""
    consultations: Among
    """Consultations that the agent made."""
    transferred: Among
    """Calls that the agent passed on."""
    conferences: Among
    """Calls that were in a conference."""
    held: Among
    """Calls that were on hold."""
    with_gap: Among
    """Calls that went on while nothing was known of the line."""
    irregular: Among
    """Calls of which something does not fit."""
    time: Time
    """Where the time went."""


@dataclass(frozen=True)
class LongHold:
    """A time on hold."""

    call: int | None
    """The call, by its place in `FloorReport.calls`."""
    agent: str | None
    """Whose line."""
    from_: datetime
    """From when."""
    length: timedelta
    """How long; until the last record if it goes on."""
    reason: HoldReason
    """Why."""
    end: str
    """How it ended, in a word."""


@dataclass(frozen=True)
class Transfers:
    """Calls that were passed on."""

    blind: Among
    """By an agent who had not spoken to the other first."""
    attended: Among
    """By an agent who had consulted the other."""
    to_us: Among
    """To an agent."""


@dataclass(frozen=True)
class LongGap:
    """A time while nothing is known of a line."""

    stream: str
    """The line's stream."""
    agent: str | None
    """Whose line."""
    from_: datetime
    """From when."""
    length: timedelta
    """How long."""


@dataclass(frozen=True)
class Irregular:
    """Something that does not fit."""

    kind: IrregularityKind
    """What."""
    calls: Among
    """In which calls."""


@dataclass(frozen=True)
class ListedCall:
    """A call that a figure lists, as a line had it."""

    stream: str
    """The stream."""
    id: str
    """Its name there."""
    record: int
    """The record with which it began."""
    agent: str | None
    """Whose line."""
    began: datetime
    """When it began."""
    direction: Direction
    """Who called whom."""
    consultation: bool
    """Whether it was made while another was held."""
    number: PhoneNumber | None
    """Who was at the other end first."""
    name: PersonName | None
    """The name of whoever that was."""
    waited: timedelta
    """How long it rang, or was dialled."""
    talk: timedelta
    """How long it was talked on."""
    held: timedelta
    """How long it was on hold."""
    outcome: Outcome
    """What became of it."""
    irregular: bool
    """Whether something does not fit."""


@dataclass(frozen=True, repr=False)
class FloorReport:
    """A floor's figures for a stretch of time. Made by `Log.report`.

    What each figure means, and what is in its base, stands in `core/callfold/FIGURES.md`.
    """

    from_: datetime
    """Calls that began at or after; time from then on."""
    to: datetime
    """Calls that began before; time until then."""
    offset: int
    """How many seconds ahead of UTC the clock is by which hours and days begin."""
    threshold: timedelta
    """Whoever was answered within this time counts for the service level."""
    short_abandon: timedelta
    """Whoever gives up sooner than this is a short abandon."""
    only: tuple[str, ...]
    """The agents that were asked for; empty if it is of all."""
    unknown_agents: tuple[str, ...]
    """Agents that were asked for and have no line."""
    lines: int
    """How many lines it is of."""
    damage: tuple[Damage, ...]
    """What could not be read. Figures are of what comes before it."""
    floor: Calls
    """Calls of the floor: one that several lines had is one."""
    handling: Handling
    """What handling took, of the floor."""
    time: Time
    """Where all agents' time went."""
    hours: tuple[Slot, ...]
    """By hour of the day, all days together: 24 of them."""
    days: tuple[Slot, ...]
    """By day; those without calls are left out."""
    agents: tuple[Agent, ...]
    """By agent."""
    held: Among
    """Calls that were on hold."""
    longest_holds: tuple[LongHold, ...]
    """The longest holds, the longest first."""
    transfers: Transfers
    """Calls that were passed on, and those that were passed on to an agent."""
    conferences: Among
    """Calls that were in a conference."""
    gaps: int
    """Times while nothing is known of a line."""
    longest_gaps: tuple[LongGap, ...]
    """The longest of them, the longest first."""
    with_gap: Among
    """Calls that went on while nothing was known of their line."""
    irregularities: tuple[Irregular, ...]
    """What does not fit, by kind; kinds without a call are left out."""
    calls: tuple[ListedCall, ...]
    """The calls that figures list, as lines had them, by when they began."""
    _json: str = field(repr=False, compare=False)
    _page: str = field(repr=False, compare=False)

    @property
    def is_damaged(self) -> bool:
        """Whether something could not be read."""
        return bool(self.damage)

    def to_json(self) -> str:
        """The figures as `callfold report --json` writes them: lengths are microseconds, moments microseconds of UTC since
        1970."""
        return self._json

    def html(self) -> str:
        """The report as a page: no other file, nothing from the network. Names and numbers are in it."""
        return self._page

    def __repr__(self) -> str:
        calls = self.floor
        damaged = f", damaged: {len(self.damage)}" if self.damage else ""
        return (
            f"<FloorReport: {self.from_:%Y-%m-%d %H:%M} to {self.to:%Y-%m-%d %H:%M} UTC, lines: {self.lines}{damaged}, "
            f"offered: {calls.inbound.offered.count}, made: {calls.outbound.made.count}>"
        )

    def _repr_html_(self) -> str:
        """The figures of the floor for a notebook; `html` is all of it."""
        inbound, outbound, handling = self.floor.inbound, self.floor.outbound, self.handling
        rows = (
            ("offered", inbound.offered.count),
            ("service level", _percent(inbound.service_level.per_mille)),
            ("ASA", _length(inbound.answer_speed.mean)),
            ("abandoned", _percent(inbound.abandonment.per_mille)),
            ("AHT", _length(handling.time.mean)),
            ("occupancy", _percent(self.time.occupancy)),
            ("made", outbound.made.count),
        )
        cells = "".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in rows)
        return f"<table>{cells}</table>"


def _percent(per_mille: int | None) -> str:
    return "–" if per_mille is None else f"{per_mille // 10}.{per_mille % 10} %"


def _length(mean: timedelta | None) -> str:
    return "–" if mean is None else str(mean)


# ---- from what the native half tells ----


_Figures = TypeVar("_Figures")


def report_of(line: str, page: str) -> FloorReport:
    """The report that the native half tells as JSON, with its page."""
    told = json.loads(line)
    return FloorReport(**_read_fields(FloorReport, told), _json=line, _page=page)


def _read_fields(cls: type, told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a class, each read as what its annotation says it is."""
    public = (field for field in fields(cls) if not field.name.startswith("_"))
    return {field.name: _READ[str(field.type)](told[_camel(field.name)]) for field in public}


def _camel(name: str) -> str:
    first, *others = name.rstrip("_").split("_")
    return first + "".join(other.capitalize() for other in others)


def _class(cls: type[_Figures]) -> Callable[[Any], _Figures]:
    return lambda told: cls(**_read_fields(cls, told))


def _span(told: int) -> timedelta:
    return timedelta(microseconds=told)


def _totals(told: Mapping[str, int]) -> Totals:
    return Totals(_span(told.get(kind, 0)) for kind in TimeKind)


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "bool": bool,
    "int": int,
    "str": str,
    "PersonName": PersonName,
    "PhoneNumber": PhoneNumber,
    "datetime": moment_of,
    "timedelta": _span,
    "Totals": _totals,
    **{word.__name__: word for word in (Direction, HoldReason, IrregularityKind, Outcome)},
    **{
        cls.__name__: _class(cls)
        for cls in (
            Agent, Among, Calls, Damage, Handling, Inbound, Irregular, ListedCall, LongGap, LongHold, Mean, Outbound,
            Share, Slot, Time, Transfers,
        )
    },
}  # fmt: skip


def _optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda told: None if told is None else read(told)


def _several(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda told: tuple(read(one) for one in told)


# By annotation: the thing itself, it or none, several of it.
_READ: dict[str, Callable[[Any], Any]] = {
    **_PLAIN,
    **{f"{name} | None": _optional(read) for name, read in _PLAIN.items()},
    **{f"tuple[{name}, ...]": _several(read) for name, read in _PLAIN.items()},
}
