"""What was decided on an input, in past tense: one class for each kind of event.

Events come from a machine, a line or a record; `match` takes them apart:

>>> from callfold import Machine, LineState, events
>>> def told(event: events.Event) -> str:
...     match event:
...         case events.LineChanged(to=LineState.TALK):
...             return "they talk"
...         case events.CommandDone(name=name):
...             return f"{name} is done"
...         case _:
...             return event.event_name

Announced events are those that the reference client tells its application; the others are quiet facts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from . import _native
from ._personal import Json, PersonName, PhoneNumber
from .model import (
    AgentFacts,
    CommandResult,
    Conference,
    CtiModel,
    DirectoryUser,
    HeldConference,
    Party,
    ProviderEvent,
    ServerError,
    Unreadable,
)
from .words import (
    AgentState,
    Answering,
    Bound,
    CommandName,
    DisconnectReason,
    ErrorCode,
    LineState,
    NativeName,
    PhoneEvent,
    RefusedPart,
    WebStatus,
)


class Event(_native.Event):
    """The base of all events."""

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()


class Connecting(Event):
    """A connection was asked for (announced `connecting`)."""

    __slots__ = ()
    __match_args__ = ("login",)

    login: str
    """As whom."""


class Dialled(Event):
    """A socket was dialled."""

    __slots__ = ()
    __match_args__ = ("socket", "url")

    socket: int
    """Its name."""
    url: str
    """Where to."""


class SocketGivenUp(Event):
    """A socket was given up before it won."""

    __slots__ = ()
    __match_args__ = ("socket",)

    socket: int
    """Its name."""


class SocketWon(Event):
    """The first socket that answered; the others are closed."""

    __slots__ = ()
    __match_args__ = ("socket",)

    socket: int
    """Its name."""


class LoggedIn(Event):
    """The login was accepted."""

    __slots__ = ()
    __match_args__ = ("user",)

    user: str
    """The agent's user id."""


class ServerVersionTold(Event):
    """The server told its version."""

    __slots__ = ()
    __match_args__ = ("dated", "build", "procedures")

    dated: int | None
    """`version.dated`"""
    build: str | None
    """`version.build`"""
    procedures: tuple[str, ...]
    """Stored procedures that may be run, in lower case."""


class AgentTold(Event):
    """The server told who the agent is."""

    __slots__ = ()
    __match_args__ = ("number", "name", "operator")

    number: PhoneNumber | None
    """The agent's number."""
    name: PersonName | None
    """The agent's name."""
    operator: bool
    """Whether the agent is an operator."""


class BreakReasonsTold(Event):
    """The reasons for a break, by id."""

    __slots__ = ()
    __match_args__ = ("reasons",)

    reasons: tuple[tuple[int, str], ...]
    """Id and name."""


class RedirectNumberTold(Event):
    """The number that calls are redirected to, or none."""

    __slots__ = ()
    __match_args__ = ("number",)

    number: PhoneNumber | None
    """The number."""


class NumberPlanTold(Event):
    """The number plan, with the state of each number."""

    __slots__ = ()
    __match_args__ = ("numbers",)

    numbers: tuple[tuple[PhoneNumber, int], ...]
    """Number and state (1 free, 2 no phone, 5 busy)."""


class NumberStateTold(Event):
    """A number of the plan changed its state."""

    __slots__ = ()
    __match_args__ = ("number", "state")

    number: PhoneNumber
    """The number."""
    state: int
    """Its state."""


class UsersTold(Event):
    """The users and their numbers."""

    __slots__ = ()
    __match_args__ = ("users",)

    users: tuple[DirectoryUser, ...]
    """Every user."""


class Connected(Event):
    """Login and loading are through (announced `connect`)."""
    __slots__ = ()
    __match_args__ = ()


class ConnectFailed(Event):
    """The connection could not be made (announced `connectError`)."""

    __slots__ = ()
    __match_args__ = ("code", "server")

    code: ErrorCode
    """Why."""
    server: ServerError | None
    """What the server said of it."""


class Leaving(Event):
    """The goodbye was said; the close is awaited."""
    __slots__ = ()
    __match_args__ = ()


class Disconnected(Event):
    """The connection is closed (announced `disconnect`)."""

    __slots__ = ()
    __match_args__ = ("reason",)

    reason: DisconnectReason
    """Why."""


class ConnectionDropped(Event):
    """
    The connection went before it was made, and nobody was told (as the reference client has it).
    """
    __slots__ = ()
    __match_args__ = ()


class LineWentStale(Event):
    """What the line, hold and parties are is not known any more."""

    __slots__ = ()
    __match_args__ = ("since",)

    since: datetime
    """Since when."""


class LineKnownAgain(Event):
    """A line picture was read again."""
    __slots__ = ()
    __match_args__ = ()


class LineChanged(Event):
    """The line entered a state (announced `stateChange`)."""

    __slots__ = ()
    __match_args__ = ("to", "from_")

    to: LineState
    """The state."""
    from_: LineState
    """The state before."""


class LineStopped(Event):
    """The old state ended (announced `…Stop`)."""

    __slots__ = ()
    __match_args__ = ("state", "parties")

    state: LineState
    """The old state."""
    parties: tuple[Party, ...] | None
    """With whom; None where the line is put to `disconnected` without a picture."""


class LineStarted(Event):
    """The new state began (announced `…Start`)."""

    __slots__ = ()
    __match_args__ = ("state", "parties")

    state: LineState
    """The new state."""
    parties: tuple[Party, ...]
    """With whom: the parties now, or those from before if there are none."""


class TalkClockSet(Event):
    """The talk clock was set."""

    __slots__ = ()
    __match_args__ = ("since",)

    since: datetime
    """When the talk began."""


class TalkClockStopped(Event):
    """The talk clock was stopped."""
    __slots__ = ()
    __match_args__ = ()


class AnsweringFound(Event):
    """Whether the phone can be answered from the application."""

    __slots__ = ()
    __match_args__ = ("answering",)

    answering: Answering
    """What was found."""


class PartiesChanged(Event):
    """The list of parties changed (announced `abonentsChange`)."""

    __slots__ = ()
    __match_args__ = ("parties",)

    parties: tuple[Party, ...]
    """The list."""


class PartiesRefreshed(Event):
    """The list of parties was renewed, and nobody told."""

    __slots__ = ()
    __match_args__ = ("parties",)

    parties: tuple[Party, ...]
    """The list."""


class HoldEntered(Event):
    """Someone entered hold (announced `holdAbonentEnter`)."""

    __slots__ = ()
    __match_args__ = ("held",)

    held: Party | HeldConference
    """Who."""


class HoldLeft(Event):
    """Someone left hold (announced `holdAbonentLeave`)."""

    __slots__ = ()
    __match_args__ = ("held",)

    held: Party | HeldConference
    """Who."""


class HoldChanged(Event):
    """Hold changed (announced `holdStateChange`)."""

    __slots__ = ()
    __match_args__ = ("held",)

    held: Party | HeldConference | None
    """Who is held, if anyone."""


class HoldRefreshed(Event):
    """The data of the one held were renewed, and nobody told."""

    __slots__ = ()
    __match_args__ = ("held",)

    held: Party | HeldConference
    """Who is held."""


class ConferenceChanged(Event):
    """A conference became ours, or none is."""

    __slots__ = ()
    __match_args__ = ("conference",)

    conference: str | None
    """Which."""


class ConferenceInfoTold(Event):
    """What is known of our conference."""

    __slots__ = ()
    __match_args__ = ("ghost",)

    ghost: bool
    """Whether we are in it as a ghost."""


class ConferenceEntered(Event):
    """A competitor entered while talking (announced `conferenceAbonentEnter`)."""

    __slots__ = ()
    __match_args__ = ("party",)

    party: Party
    """Who."""


class ConferenceLeft(Event):
    """A competitor left while talking (announced `conferenceAbonentLeave`)."""

    __slots__ = ()
    __match_args__ = ("party",)

    party: Party
    """Who."""


class QueueEntered(Event):
    """Someone entered the queue (announced `queueAbonentEnter`)."""

    __slots__ = ()
    __match_args__ = ("party",)

    party: Party
    """Who."""


class QueueLeft(Event):
    """Someone left the queue (announced `queueAbonentLeave`)."""

    __slots__ = ()
    __match_args__ = ("party",)

    party: Party
    """Who."""


class QueueChanged(Event):
    """The queue changed (announced `queueChange`)."""

    __slots__ = ()
    __match_args__ = ("parties",)

    parties: tuple[Party, ...]
    """The whole queue as told."""


class CallCentreChanged(Event):
    """The agent entered or left the call centre (announced `callCenterStateChange`)."""

    __slots__ = ()
    __match_args__ = ("active",)

    active: bool
    """Whether in it."""


class AgentFactsTold(Event):
    """What the server says of the agent."""

    __slots__ = ()
    __match_args__ = ("facts",)

    facts: AgentFacts
    """All of it."""


class StatusChanged(Event):
    """The web status changed (announced `statusChange`)."""

    __slots__ = ()
    __match_args__ = ("to", "from_")

    to: WebStatus
    """The status."""
    from_: WebStatus | None
    """The status before; none at first."""


class AgentStateChanged(Event):
    """User state, user status or break reason changed (announced `userStateChange`)."""

    __slots__ = ()
    __match_args__ = ("state", "status", "reason")

    state: AgentState
    """What the agent does."""
    status: AgentState
    """What the agent has chosen."""
    reason: int | str | None
    """Why on break."""


class CommandGiven(Event):
    """The application gave a command."""

    __slots__ = ()
    __match_args__ = ("id", "name", "target")

    id: int
    """Its name in the log."""
    name: CommandName
    """Which command."""
    target: PhoneNumber | None
    """The number or user that it names, if it names one."""


class RequestSent(Event):
    """A request was sent for a command."""

    __slots__ = ()
    __match_args__ = ("command", "qid", "method")

    command: int
    """For which."""
    qid: int
    """Its id on the wire."""
    method: str
    """The wire's method."""


class RequestAnswered(Event):
    """The server answered a request that was sent for a command."""

    __slots__ = ()
    __match_args__ = ("command", "qid", "accepted")

    command: int
    """For which."""
    qid: int
    """Its id on the wire."""
    accepted: bool
    """Whether it agreed."""


class RequestFailed(Event):
    """
    A request that was sent for a command had no answer in time, or was lost with its connection.
    """

    __slots__ = ()
    __match_args__ = ("command", "qid", "code")

    command: int
    """For which."""
    qid: int
    """Its id on the wire."""
    code: ErrorCode
    """Why."""


class CommandDone(Event):
    """A command ended (announced as its result)."""

    __slots__ = ()
    __match_args__ = ("id", "name", "result")

    id: int
    """Its name in the log."""
    name: CommandName
    """Which command."""
    result: CommandResult
    """How."""


class Provider(Event):
    """The CTI provider announced something."""

    __slots__ = ()
    __match_args__ = ("event",)

    event: ProviderEvent
    """What."""


class CtiModelChanged(Event):
    """The values of the CTI model changed."""

    __slots__ = ()
    __match_args__ = ("model",)

    model: CtiModel
    """All of them."""


class PhoneReported(Event):
    """The server reported something about the phone (announced as the native event)."""

    __slots__ = ()
    __match_args__ = ("event", "chain", "commutation", "conference")

    event: PhoneEvent
    """What."""
    chain: str | None
    """On which chain."""
    commutation: str | None
    """In which commutation."""
    conference: str | None
    """In which conference, for a conference's commutation."""


class FlashReported(Event):
    """The hold was worked (announced as the native event `flashstatechanged`)."""

    __slots__ = ()
    __match_args__ = ("kind",)

    kind: int | None
    """`flashtypeid`: 1 put, 2 return, 3 abort, 4 lost, 5 switch, …"""


class NativeEvent(Event):
    """The server sent another event that is known (announced as the native event)."""

    __slots__ = ()
    __match_args__ = ("name",)

    name: NativeName
    """Its name."""


class CustomEvent(Event):
    """The server passed a custom event on (announced `customEvent`)."""

    __slots__ = ()
    __match_args__ = ("name", "parameter")

    name: str
    """Its name."""
    parameter: Json | None
    """What it carries."""


class UnknownEvent(Event):
    """The server sent an event that this engine does not know."""

    __slots__ = ()
    __match_args__ = ("name",)

    name: str
    """Its name, cut to 64 bytes."""


class FrameUnreadable(Event):
    """A message could not be read; the record has it as it came."""

    __slots__ = ()
    __match_args__ = ("why",)

    why: Unreadable
    """Why, and where."""


class MultipartRefused(Event):
    """A piece of a long message was refused, and the message given up."""

    __slots__ = ()
    __match_args__ = ("why",)

    why: RefusedPart
    """Why."""


class BoundHit(Event):
    """The server told of more than is kept; what is over the bound was left out."""

    __slots__ = ()
    __match_args__ = ("bound",)

    bound: Bound
    """Which bound."""


class FrameOnDeadSocket(Event):
    """A frame came on a socket that has been given up. It counts for nothing."""

    __slots__ = ()
    __match_args__ = ("socket",)

    socket: int
    """Which socket."""


class ClockSteppedBack(Event):
    """The clock stood before that of the last input: time was held there."""

    __slots__ = ()
    __match_args__ = ("by",)

    by: timedelta
    """By how much."""
