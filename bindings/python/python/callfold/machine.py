"""The machine, fed by hand: for programs that have a socket of their own, and for trying out what a server may say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Iterable, Literal, Sequence, Union

from . import _native
from ._native import Command, Step
from ._times import When

if TYPE_CHECKING:
    from .log import Record
    from .model import View

__all__ = ["Close", "Command", "Dial", "Effect", "Machine", "Send", "Step"]


@dataclass(frozen=True)
class Dial:
    """Open a WebSocket with subprotocol `json`. Answer with `Machine.opened` or `Machine.refused`."""

    socket: int
    """The machine's name for it."""
    url: str
    """Where to. Only that host; `wss` never becomes `ws`."""


@dataclass(frozen=True)
class Send:
    """Send a frame."""

    socket: int
    """On which socket."""
    method: str
    """What is asked."""
    frame: str | None = field(repr=False)
    """The frame's text. That of a login has what proves who the agent is: keep it nowhere. None for the login of a recorded
    session, of which nobody has the secret."""


@dataclass(frozen=True)
class Close:
    """Close a socket, after what was sent. Answer with `Machine.closed`."""

    socket: int
    """Which."""


Effect = Union[Dial, Send, Close]
"""What a machine wants done."""


class Machine:
    """The reducer for one agent's line: pure, without a clock, sockets or threads.

    Feed it everything that happens, in order, with the time; do what it wants done; come back when it says.

    >>> from datetime import datetime, timezone
    >>> machine = Machine()
    >>> now = datetime(2026, 1, 12, 6, 0, tzinfo=timezone.utc)
    >>> step = machine.connect(now, "ws://pbx.example:4066", "ivanov", password="not in a file")
    >>> step.effects
    [Dial(socket=1, url='ws://pbx.example:4066')]
    >>> machine.opened(now, 1).effects
    [Send(socket=1, method='ping')]

    A machine is fed from one thread: the first that feeds it (`hand_over` gives it to another). The same inputs give the
    same events and effects, on every machine and in every language.
    """

    __slots__ = ("_machine",)

    def __init__(
        self, mode: Literal["live", "replay"] = "live", *, cti: bool = False, operator: bool = True
    ) -> None:
        """A machine that knows nothing yet.

        `mode`: whether a live server is at the other end, or a session of the reference client is replayed. `cti` keeps the
        CTI model; an `operator` enters the call centre on connecting.
        """
        self._machine = _native.Machine(mode, cti, operator)

    @classmethod
    def restore(cls, snapshot: bytes) -> Machine:
        """The machine that was kept by `snapshot`. Its sockets are gone: tell it so (`closed`) for each of `sockets`."""
        self = cls.__new__(cls)
        self._machine = _native.Machine.restore(snapshot)
        return self

    def snapshot(self) -> bytes:
        """All that the machine knows, for `restore`. It has names and numbers in it, and no secret."""
        return self._machine.snapshot()

    def connect(
        self,
        at: When,
        url: str | Sequence[str],
        login: str,
        *,
        password: str | None = None,
        session: str | None = None,
        workplace: str | None = None,
        expires: int | None = None,
        cti: bool = False,
    ) -> Step:
        """The application wants to connect: to one address, or to several, of which the first that answers is taken.

        The secret is kept for writing the login frame, and is in no event, view or snapshot. With `cti` the CTI model
        connects, which connects again by itself.
        """
        urls = [url] if isinstance(url, str) else list(url)
        return self._machine.connect(at, urls, login, password, session, workplace, expires, cti)

    def command(self, at: When, command: Command) -> Step:
        """The application commands something. What is refused is told by the event `CommandDone`."""
        return self._machine.command(at, command)

    def opened(self, at: When, socket: int) -> Step:
        """A socket that was dialled is open."""
        return self._machine.opened(at, socket)

    def refused(self, at: When, socket: int) -> Step:
        """A socket that was dialled could not be opened."""
        return self._machine.refused(at, socket)

    def closed(self, at: When, socket: int) -> Step:
        """An open socket was closed, by either side."""
        return self._machine.closed(at, socket)

    def frame(self, at: When, socket: int, text: str) -> Step:
        """A text message came. Any text is taken: what cannot be read is an event that says why."""
        return self._machine.frame(at, socket, text)

    def binary(self, at: When, socket: int, data: bytes) -> Step:
        """A binary message came. The protocol has none; it is told as unreadable."""
        return self._machine.binary(at, socket, data)

    def handle(self, record: Record) -> Step:
        """The input of a record of a log, once more."""
        given = getattr(record, "input", None)
        if given is None:
            raise TypeError(f"a record of a log is handled, not {type(record).__name__}")
        return self._machine.handle(given)

    def catch_up(self, records: Iterable[Record]) -> int:
        """The inputs of many records, and only what they lead to is wanted: the machine is then where they leave it. How many
        events there were. Other threads run meanwhile."""
        return self._machine.catch_up([record.input for record in records])

    def wake(self, at: When) -> Step | None:
        """It is `at`: handles the timer that is due, if one is; none if not. Call it again until none is."""
        return self._machine.wake(at)

    @property
    def timeout(self) -> datetime | None:
        """When to come back with `wake`. It changes with every input."""
        return self._machine.timeout

    @property
    def now(self) -> datetime:
        """The moment of the last input; 1970 before the first."""
        return self._machine.now

    @property
    def sockets(self) -> list[int]:
        """The sockets that the machine takes to be dialled or open."""
        return self._machine.sockets

    @property
    def view(self) -> View:
        """What is so now."""
        return self._machine.view

    def hand_over(self) -> None:
        """Lets another thread feed the machine: the first that does so from now on."""
        self._machine.hand_over()

    def __repr__(self) -> str:
        view = self.view
        return f"<Machine: {view.connection}, line {view.line}>"
