"""What callfold tells of: parties, calls, the view of a line, how commands end. Values: nothing in them can be changed."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, Union

from . import _native
from ._personal import Json, PersonName, PhoneNumber
from ._times import When, offset
from .words import (
    AgentState,
    Answering,
    CallState,
    Change,
    CommandName,
    Connection,
    CtiErrorKind,
    CtiErrorSource,
    Direction,
    DisconnectReason,
    EndedBy,
    ErrorCode,
    Features,
    GivenBy,
    HoldEnd,
    HoldReason,
    IrregularityKind,
    LineState,
    LinkKind,
    Misuse,
    Outcome,
    RequestFate,
    SpellKind,
    TimeKind,
    TransferKind,
    UnreadableReason,
    WebStatus,
)

if TYPE_CHECKING:
    from ._native import Directory

__all__ = [
    "Agent",
    "AgentFacts",
    "Call",
    "CommandEffect",
    "CommandResult",
    "CommandTrail",
    "Competitor",
    "Conference",
    "ConferenceSpell",
    "CtiAgentStateChanged",
    "CtiCall",
    "CtiCallCentreStateChanged",
    "CtiCallFinished",
    "CtiCallInfoChanged",
    "CtiCallStarted",
    "CtiCommutationStarted",
    "CtiDisconnected",
    "CtiError",
    "CtiHold",
    "CtiInitialized",
    "CtiLineStateChanged",
    "CtiModel",
    "CtiUnhold",
    "Datasets",
    "DirectoryUser",
    "Done",
    "Gap",
    "HeldConference",
    "HoldSpell",
    "Irregularity",
    "Leg",
    "LineBecame",
    "Link",
    "Menu",
    "Misused",
    "Moment",
    "OtherSide",
    "Party",
    "PartyUser",
    "ProviderEvent",
    "Refused",
    "RefusedAtLogin",
    "RefusedByServer",
    "RequestFailed",
    "RequestTrail",
    "Server",
    "ServerError",
    "Spell",
    "Timeline",
    "Totals",
    "Transfer",
    "Unreadable",
    "UserStatus",
    "View",
]


@dataclass(frozen=True)
class Menu:
    """A voice menu."""

    name: PersonName | None
    """Its name."""


@dataclass(frozen=True)
class Competitor:
    """What a conference says of a competitor."""

    creator: bool
    """Made the conference."""
    director: bool
    """Directs it."""
    ghost: bool
    """Listens unheard."""
    ghost_major: bool
    """Is the one listened to."""
    hidden: bool
    """Is not shown to the others."""


@dataclass(frozen=True)
class PartyUser:
    """A user of the PBX, as a party's data name them."""

    id: str
    """The user id."""
    name: PersonName | None
    """The user's name."""
    login: str | None
    """The user's login."""
    comment: str | None
    """A comment on the user."""


@dataclass(frozen=True)
class Party:
    """
    Someone or something at the other end: a caller, a colleague, a voice menu, a competitor of a
    conference.
    """

    key: str = field(repr=False)
    """What tells this party from another."""
    guid: str | None
    """The competitor id, else the user id."""
    menu: Menu | None
    """Set for a voice menu."""
    competitor: Competitor | None
    """Set for a competitor of a conference."""
    conference: str | None
    """The conference that was ours when the party was made, whatever the party."""
    external: bool
    """Whether the party is behind an external line."""
    chain: str | None
    """The chain, as it came."""
    number: PhoneNumber | None
    """The party's number."""
    caller: PhoneNumber | None
    """The caller's number, where it is told apart."""
    name: PersonName | None
    """
    The first name there is of simplename, username, name, caption, userlogin, number, ivrname.
    """
    user: PartyUser | None
    """Set for a user of the PBX."""

    @property
    def phone(self) -> PhoneNumber | None:
        """The number, else the caller's number."""
        return self.number if self.number is not None else self.caller


@dataclass(frozen=True)
class HeldConference:
    """A whole conference on hold."""

    id: str
    """Its id."""
    name: str | None
    """Its name."""
    room: int | None
    """Its room."""


@dataclass(frozen=True)
class Conference:
    """A conference that is ours."""

    id: str
    """Its id."""
    ghost: bool
    """Whether we are in it as a ghost."""


@dataclass(frozen=True)
class AgentFacts:
    """What the server says of an agent (spec part 3)."""

    id: int
    """
    The user state's id: 0 disconnected, 1 ready, 2 break, 3 off, 5 busy, 6 reserved, 7 no phone.
    """
    on_break: bool
    """On break."""
    manual: bool
    """In the call centre, calls taken by hand."""
    redirect: bool
    """Calls are redirected."""
    on_task: bool
    """On a task."""
    reason: int | str | None
    """The last break reason told."""


@dataclass(frozen=True)
class Agent:
    """The agent whose line this is."""

    login: str | None
    """The agent's login."""
    user: str | None
    """The agent's user id."""
    number: PhoneNumber | None
    """The agent's number."""
    name: PersonName | None
    """The agent's name."""
    operator: bool
    """Whether the agent is an operator."""
    call_centre: bool | None
    """Whether the agent is in the call centre; not known at first."""
    facts: AgentFacts
    """What the server says of the agent."""
    web_status: WebStatus | None
    """The web status; none at first."""
    state: AgentState
    """What the agent does."""
    status: AgentState
    """What the agent has chosen."""
    break_reason: int | str | None
    """Why the agent is on break, as told."""
    redirect_number: PhoneNumber | None
    """The number that calls are redirected to."""


@dataclass(frozen=True)
class Server:
    """What a server told of itself."""

    dated: int | None
    """`version.dated`, such as 150601."""
    build: str | None
    """`version.build`"""
    procedures: tuple[str, ...]
    """Stored procedures that may be run, in lower case."""


@dataclass(frozen=True)
class DirectoryUser:
    """A user of the PBX, as the directory has them."""

    id: str
    """The user id."""
    name: PersonName | None
    """The user's name."""
    main: PhoneNumber | None
    """The user's first number."""
    numbers: tuple[PhoneNumber, ...]
    """All numbers of the user."""
    subordinate: bool
    """Whether the agent may join this user's calls."""


@dataclass(frozen=True)
class ServerError:
    """What a server said of a refusal."""

    code: str | None
    """`error`"""
    message: str | None = field(repr=False)
    """`errormsg`. It may name people."""


@dataclass(frozen=True)
class Unreadable:
    """A frame that could not be read: why, and where."""

    reason: UnreadableReason
    """Why."""
    line: int
    """Line of the text, from 1; 0 if no place can be named."""
    column: int
    """Column of the line in bytes, from 1; 0 if no place can be named."""


@dataclass(frozen=True)
class CtiCall:
    """A call as the provider tells of it."""

    id: str = field(repr=False)
    """The chain, a colon and the digits of the other side's number, as far as they are known."""
    chain: str | None
    """The chain."""
    direction: Direction
    """Who called whom."""
    device: PhoneNumber | None
    """The agent's number."""
    caller: PhoneNumber | None
    """Who called."""
    called: PhoneNumber | None
    """Who was called."""
    state: CallState
    """The state."""
    old_state: CallState
    """The state before it was connected, or before it ended."""
    features: Features
    """What can be done with it."""
    redirecting: PhoneNumber | None
    """Who consults: set for a consultation."""
    redirection: PhoneNumber | None
    """Who is consulted: set for a consultation."""


@dataclass(frozen=True)
class CtiModel:
    """The values that a desktop binds to."""

    line_features: Features | None
    """What can be done on the line; not known at first."""
    current: str | None = field(repr=False)
    """The id of the current call."""
    current_number: PhoneNumber | None
    """The other side of the current call; empty when it has ended."""
    consult_number: PhoneNumber | None
    """The other side of the consultation; empty when it has ended."""
    consulting: bool
    """Whether the agent consults."""
    agent_state: WebStatus | None
    """The web status."""
    connected: bool
    """Whether the connection is made."""
    call_centre: bool | None
    """Whether the agent is in the call centre; not known at first."""
    calls: tuple[CtiCall, ...]
    """The calls, in the order in which they were told."""
    ended_current: CtiCall | None
    """The current call after it has ended, while two or more others are left: it stays current."""


@dataclass(frozen=True, repr=False)
class View:
    """A line, its agent, and what is known of the PBX around them."""

    connection: Connection
    """How far the connection is."""
    stale_since: datetime | None
    """
    Since when line, hold and parties are stale: the connection was lost and no picture was read
    since.
    """
    line: LineState
    """The line's state."""
    talk_since: datetime | None
    """When the talk began, while the talk clock runs."""
    parties: tuple[Party, ...]
    """Who is at the other end."""
    held: Party | HeldConference | None
    """Who is held."""
    conference: Conference | None
    """The conference that is ours."""
    queue: tuple[Party, ...]
    """Who entered the queue and has not left it."""
    agent: Agent
    """The agent."""
    server: Server
    """What the server told of itself."""
    directory: Directory
    """Numbers, users, reasons."""
    answering: Answering
    """Whether the phone can be answered from the application."""
    cti: CtiModel | None
    """The values of the CTI model, where it is switched on."""
    at: datetime | None = None
    """Which moment it is of, where that is known."""
    seq: int | None = None
    """The last record that counts, where it is of a log."""
    turn: int | None = None
    """The last turn that counts, where it is of a line: events with a `turn` up to this one are in it."""
    _seen: _native.Seen | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        parts = [f"{self.connection}", f"line {self.line}"]
        if self.parties:
            parts.append(f"with {', '.join(repr(party.phone) for party in self.parties)}")
        if self.held is not None:
            parts.append("someone held")
        if self.stale_since is not None:
            parts.append("stale")
        parts.append(f"agent {self.agent.login} {self.agent.state}")
        if self.seq is not None:
            parts.append(f"record {self.seq}")
        if self.at is not None:
            parts.append(self.at.isoformat(" "))
        return f"<View: {', '.join(parts)}>"

    def actions(self, target: str) -> list[str]:
        """What may be done with a number or a user's id now, in the order in which to show it (spec part 4): names of
        commands, such as `call` and `transfer`."""
        return self._seen.actions(target) if self._seen is not None else []

    def state_json(self, at: When, numbers: tuple[str, ...] = (), *, cti: bool = False) -> str:
        """The snapshot that the reference client's traces have of this at `at`, as JSON."""
        if self._seen is None:
            raise ValueError("a view that was made by hand has no snapshot")
        return self._seen.state_json(at, list(numbers), cti)

    def _repr_html_(self) -> str:
        """The view for a notebook. Names and numbers are shown: a notebook is where they belong."""
        rows: list[tuple[str, str]] = [("connection", str(self.connection)), ("line", str(self.line))]
        if self.at is not None:
            rows.insert(0, ("at", self.at.isoformat(" ")))
        if self.stale_since is not None:
            rows.append(("stale since", self.stale_since.isoformat(" ")))
        if self.talk_since is not None:
            rows.append(("talks since", self.talk_since.isoformat(" ")))
        rows += [("with", _who(party)) for party in self.parties]
        if isinstance(self.held, Party):
            rows.append(("holds", _who(self.held)))
        elif self.held is not None:
            rows.append(("holds", f"conference {self.held.name or self.held.id}"))
        rows += [("in the queue", _who(party)) for party in self.queue]
        agent = self.agent
        rows.append(("agent", " ".join(str(part) for part in (agent.name or agent.login, agent.number) if part)))
        rows.append(("does", str(agent.state)))
        cells = "".join(
            f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>'
            for name, value in rows
        )
        return f"<table>{cells}</table>"


class Totals(Mapping[TimeKind, timedelta]):
    """Time by kind: every kind has its length, which may be nothing.

    >>> Totals([timedelta()] * 3 + [timedelta(seconds=9)] + [timedelta()] * 7)
    Totals(talk=0:00:09)
    """

    __slots__ = ("_lengths",)

    def __init__(self, lengths: Iterable[timedelta]) -> None:
        self._lengths = tuple(lengths)

    def __getitem__(self, kind: TimeKind) -> timedelta:
        return self._lengths[_KINDS[kind]]

    def __iter__(self) -> Iterator[TimeKind]:
        return iter(_KINDS)

    def __len__(self) -> int:
        return len(_KINDS)

    def __hash__(self) -> int:
        return hash(self._lengths)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Totals) and self._lengths == other._lengths

    def __repr__(self) -> str:
        return f"Totals({', '.join(f'{kind}={length}' for kind, length in self.items() if length)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Totals, (self._lengths,))

    def sum(self) -> timedelta:
        """All of it."""
        return sum(self._lengths, timedelta())


_KINDS = {kind: place for place, kind in enumerate(TimeKind)}


@dataclass(frozen=True)
class Moment:
    """When something was so, and the record that proves it."""

    at: datetime
    """When."""
    seq: int
    """The sequence number of the record."""


@dataclass(frozen=True)
class OtherSide:
    """Who is at the other end."""

    number: PhoneNumber | None
    """The number."""
    name: PersonName | None
    """The name."""
    user: str | None
    """The user, if it is one."""
    external: bool
    """Whether it is behind an external line."""
    menu: bool
    """Whether it is a voice menu."""


@dataclass(frozen=True)
class Spell:
    """A stretch of a call."""

    kind: SpellKind
    """What went on."""
    callback: bool
    """Whether it is how a callback begins: the PBX sets the call up (dial), or the agent's own phone rings for it (ring)."""
    from_: Moment
    """From when."""
    to: Moment | None
    """Until when; none while it goes on."""

    @property
    def length(self) -> timedelta | None:
        """How long; none while it goes on."""
        return None if self.to is None else self.to.at - self.from_.at


@dataclass(frozen=True)
class Leg:
    """Someone at the other end, from when until when."""

    who: OtherSide
    """Who."""
    agent: bool
    """Whether it is the agent: one of the members of a conference."""
    key: str = field(repr=False)
    """What tells this party from another within the log."""
    from_: Moment
    """From when."""
    to: Moment | None
    """Until when; none while it goes on."""


@dataclass(frozen=True)
class Link:
    """What a call has to do with another call of the line."""

    at: Moment
    """Since when."""
    kind: LinkKind
    """What."""
    call: str
    """The other call."""
    with_: OtherSide
    """Who was on it then, as far as it is known."""


@dataclass(frozen=True)
class HoldSpell:
    """A time on hold."""

    from_: Moment
    """From when."""
    to: Moment | None
    """Until when; none while it goes on."""
    reason: HoldReason
    """Why."""
    end: HoldEnd | None
    """How it ended."""

    @property
    def length(self) -> timedelta | None:
        """How long; none while it goes on."""
        return None if self.to is None else self.to.at - self.from_.at


@dataclass(frozen=True)
class Transfer:
    """How a call was passed on."""

    at: Moment
    """When it took effect."""
    kind: TransferKind
    """Of what kind it is."""
    with_: OtherSide | None
    """To whom (or, to us: from whom), as far as it is known."""


@dataclass(frozen=True)
class ConferenceSpell:
    """A time in a conference."""

    conference: str
    """Which conference."""
    name: str | None
    """Its name, where the server told it: of one that was on hold."""
    room: int | None
    """Its room, where the server told it: of one that was on hold."""
    ghost: bool
    """Whether the agent was in it as a ghost at some time: the server's list is then without most of the others."""
    from_: Moment
    """From when."""
    to: Moment | None
    """Until when; none while it goes on."""
    members: tuple[Leg, ...]
    """Whom the server listed in it, the agent included, from when until when. Who was invited and did not come yet, or never came,
    is listed too. Nobody: the list was never told."""


@dataclass(frozen=True)
class Gap:
    """A time while the connection was down."""

    from_: Moment
    """From when."""
    to: Moment | None
    """Until when; none while it goes on."""


@dataclass(frozen=True)
class Irregularity:
    """Something that does not fit, and where."""

    kind: IrregularityKind
    """What."""
    at: Moment
    """Where."""


@dataclass(frozen=True, repr=False)
class Call:
    """A call: everything on one chain for one stream."""

    id: str
    """Its name within its stream: the chain, or `record:N` for one without a chain, by its first record."""
    chain: str | None
    """Its chain, if the server named one."""
    direction: Direction
    """Who called whom."""
    callback: bool
    """Whether the agent's own phone rang first (click to call)."""
    other: OtherSide
    """Who was at the other end first, as far as it is known."""
    began: Moment
    """When it began."""
    up_when_connected: bool
    """Whether it was up already when the line was first seen."""
    answered: Moment | None
    """The first talk: when it was answered, or when a call that nothing rang or was dialled for began."""
    ended: Moment | None
    """When it ended; none while it goes on."""
    ended_by: EndedBy | None
    """Who ended it, where the wire shows it."""
    outcome: Outcome
    """What became of it."""
    spells: tuple[Spell, ...]
    """What went on when, without overlap, in order."""
    legs: tuple[Leg, ...]
    """Who was at the other end when. Who is in a conference is told by `conferences` instead."""
    holds: tuple[HoldSpell, ...]
    """Every time it was on hold."""
    consults_for: str | None
    """The call for which this one consults."""
    consultations: tuple[str, ...]
    """The calls by which this one was consulted."""
    links: tuple[Link, ...]
    """What it has to do with other calls of the line, and who was there."""
    transfers: tuple[Transfer, ...]
    """How it was passed on, each time."""
    conferences: tuple[ConferenceSpell, ...]
    """The conferences that it was part of."""
    gaps: tuple[Gap, ...]
    """While the connection was down, nobody knows what it did."""
    commands: tuple[int, ...]
    """Commands that were given while it was on the line or on hold."""
    irregularities: tuple[Irregularity, ...]
    """What does not fit."""
    time: Totals
    """Its time, by kind (the time ledger's part of it)."""
    trails: tuple[CommandTrail, ...] = ()
    """The commands that were given while it was on the line or on hold, with what the server answered."""
    stream: str | None = None
    """The stream that it is of."""
    _facts: _native.CallFacts | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        lasted = "goes on" if self.ended is None else str(self.ended.at - self.began.at)
        who = f" with {self.other.number!r}" if self.other.number is not None else ""
        where = "" if self.stream is None else f", stream {self.stream!r}"
        return f"<Call {self.id}: {self.direction}{who}, {self.outcome}, {self.began.at:%Y-%m-%d %H:%M:%S} UTC, {lasted}{where}>"

    @property
    def talk(self) -> timedelta:
        """How long it was talked on, conferences included."""
        return self._total(SpellKind.TALK, SpellKind.CONFERENCE)

    @property
    def held(self) -> timedelta:
        """How long it was on hold."""
        return self._total(SpellKind.HOLD)

    @property
    def waited(self) -> timedelta:
        """How long it rang, or was dialled."""
        return self._total(SpellKind.RING, SpellKind.DIAL)

    def _total(self, *kinds: SpellKind) -> timedelta:
        lengths = (spell.length for spell in self.spells if spell.kind in kinds and spell.length is not None)
        return sum(lengths, timedelta())

    def to_json(self) -> str:
        """The call as every surface of callfold tells it in JSON."""
        return self._source().to_json()

    def timeline(self, *, utc_offset: timedelta = timedelta()) -> Timeline:
        """What went on when, as text, SVG and HTML. Times of day are those of UTC, or of a zone so far east of it."""
        return Timeline(self._source(), utc_offset)

    def _source(self) -> _native.CallFacts:
        if self._facts is None:
            raise ValueError("a call that was made by hand has no timeline")
        return self._facts

    def _repr_html_(self) -> str:
        return self.timeline()._repr_html_()

    def _repr_svg_(self) -> str:
        return self.timeline().svg()


@dataclass(frozen=True)
class RequestFailed:
    """A request had no answer."""

    code: ErrorCode
    """Why."""


@dataclass(frozen=True)
class LineBecame:
    """The line entered a state, of a command's doing."""

    state: LineState
    """The state."""


@dataclass(frozen=True)
class RequestTrail:
    """A request and its answer."""

    method: str
    """The wire's method."""
    qid: int
    """Its id on the wire."""
    sent: Moment
    """When it was sent."""
    settled: Moment | None
    """When it was answered, or given up; none while it waits."""
    fate: RequestFate | RequestFailed
    """What became of it."""


@dataclass(frozen=True)
class CommandEffect:
    """What a command led to."""

    change: Change | LineBecame
    """What changed."""
    at: Moment
    """When."""


@dataclass(frozen=True)
class CommandTrail:
    """A command from asking to effect."""

    id: int
    """Its name in the log."""
    name: CommandName
    """Which command."""
    target: PhoneNumber | None
    """The number or user that it names first."""
    others: tuple[PhoneNumber, ...]
    """The other numbers or users that it names, where the log was read with its inputs."""
    about: tuple[str, ...]
    """What it names besides (a status, a method, ...), where the log was read with its inputs."""
    by: GivenBy | None
    """Whose command it is; none where the log was read without its inputs."""
    asked: Moment
    """When it was asked."""
    requests: tuple[RequestTrail, ...]
    """What was sent for it."""
    done: Moment | None
    """When it ended; none while it goes on."""
    result: CommandResult | None
    """How it ended."""
    effect: CommandEffect | None
    """What it led to; none if nothing came of it in time."""


@dataclass(frozen=True)
class Done:
    """It was done."""

    server: Json | None
    """The fields of the server's answer, where the command passes them on."""


@dataclass(frozen=True)
class UserStatus:
    """The user status was set, or was so already."""

    state: AgentState
    """What the agent does."""
    status: AgentState
    """What the agent has chosen."""


@dataclass(frozen=True)
class Datasets:
    """A stored procedure was run."""

    tables: Json
    """Its tables, as they came."""


@dataclass(frozen=True)
class Refused:
    """It was refused."""

    code: ErrorCode
    """Why."""
    method: str | None
    """The method that failed, where the text names it."""
    server: Json | None
    """The fields of the server's answer, where the command passes them on."""


@dataclass(frozen=True)
class RefusedAtLogin:
    """The connection was refused after a server answered, or could not be made."""

    code: ErrorCode
    """Why."""
    server: ServerError | None
    """What the server said of it."""


@dataclass(frozen=True)
class Misused:
    """The CTI model threw."""

    misuse: Misuse
    """What."""


@dataclass(frozen=True)
class RefusedByServer:
    """The server's own refusal, passed on as it is."""

    server: Json
    """The fields of the answer."""


@dataclass(frozen=True)
class CtiInitialized:
    """`initialized`: connected."""


@dataclass(frozen=True)
class CtiError:
    """`error`"""

    code: ErrorCode
    """Which error."""
    source: CtiErrorSource
    """Where it comes from."""
    kind: CtiErrorKind
    """Of what kind it is."""


@dataclass(frozen=True)
class CtiDisconnected:
    """`disconnected`"""

    reason: DisconnectReason
    """Why."""


@dataclass(frozen=True)
class CtiAgentStateChanged:
    """`agentStateChanged`"""

    status: WebStatus
    """The web status."""


@dataclass(frozen=True)
class CtiCallCentreStateChanged:
    """`callCentreStateChanged`"""

    active: bool
    """Whether the agent is in the call centre."""


@dataclass(frozen=True)
class CtiLineStateChanged:
    """`lineStateChanged`"""

    features: Features
    """What can be done on the line."""


@dataclass(frozen=True)
class CtiCallStarted:
    """`callStarted`"""

    call: CtiCall
    """The call."""


@dataclass(frozen=True)
class CtiCommutationStarted:
    """`commutationStarted`"""

    call: CtiCall
    """The call."""


@dataclass(frozen=True)
class CtiHold:
    """`hold`"""

    call: CtiCall
    """The call."""


@dataclass(frozen=True)
class CtiUnhold:
    """`unhold`"""

    call: CtiCall
    """The call."""


@dataclass(frozen=True)
class CtiCallFinished:
    """`callFinished`"""

    call: CtiCall
    """The call."""


@dataclass(frozen=True)
class CtiCallInfoChanged:
    """`callInfoChanged`: a consultation takes the place of another."""

    call: CtiCall
    """The new consultation."""
    replaced: str
    """The id of the one it replaces."""


CommandResult = Union[Done, UserStatus, Datasets, Refused, RefusedAtLogin, Misused, RefusedByServer]
"""How a command ended."""

ProviderEvent = Union[
    CtiInitialized,
    CtiError,
    CtiDisconnected,
    CtiAgentStateChanged,
    CtiCallCentreStateChanged,
    CtiLineStateChanged,
    CtiCallStarted,
    CtiCommutationStarted,
    CtiHold,
    CtiUnhold,
    CtiCallFinished,
    CtiCallInfoChanged,
]
"""What the provider of the CTI model announces."""


class Timeline:
    """What went on on a call, as text and pictures. Made by `Call.timeline()`."""

    __slots__ = ("_facts", "_offset")

    def __init__(self, facts: _native.CallFacts, utc_offset: timedelta) -> None:
        self._facts = facts
        self._offset = offset(utc_offset) // 1_000_000

    def text(self) -> str:
        """For people, line by line; each with the record that proves it."""
        return self._facts.text(self._offset)

    def svg(self) -> str:
        """The timeline as one picture, self-contained."""
        return self._facts.svg(self._offset)

    def ladder(self) -> str:
        """Who did what to whom, in order, as text."""
        return self._facts.ladder(self._offset)

    def ladder_svg(self) -> str:
        """The ladder as one picture, self-contained."""
        return self._facts.ladder_svg(self._offset)

    def mermaid(self) -> str:
        """The ladder as a Mermaid sequence diagram, for wikis and tickets."""
        return self._facts.mermaid(self._offset)

    def html(self) -> str:
        """A page with both pictures and the list of what happened, self-contained."""
        return self._facts.html(self._offset)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return "<Timeline: print it, or show it in a notebook>"

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_html_(self) -> str:
        return f"<div>{self.svg()}</div>"


def _who(party: Party) -> str:
    known = [str(part) for part in (party.name, party.phone) if part]
    return " ".join(known) or "somebody"
