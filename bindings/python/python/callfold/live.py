"""Live lines for asyncio, and a simulated PBX to try them on."""

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, AsyncIterator, Awaitable, Iterable, Literal, Mapping, Sequence, Union

from . import _native
from ._native import Command, Outside
from ._times import micros
from .errors import ClosedError, FileError, InvalidArgument, UseError
from .events import Event
from .log import Log, open
from .model import CommandResult, View
from .words import AgentState, WebStatus

__all__ = ["Account", "Busy", "Connecting", "Line", "Outside", "OutsideNumber", "Simulator", "connect"]

Status = Union[AgentState, WebStatus, str]


def connect(
    url: str | Sequence[str],
    login: str,
    password: str | None = None,
    store: Log | str | os.PathLike[str] | None = None,
    *,
    session: str | None = None,
    stream: str | None = None,
    workplace: str | None = None,
    expires: int | None = None,
    insecure_ws: bool = False,
    authority: str | bytes | None = None,
    reconnect: bool | tuple[timedelta, timedelta] = True,
    buffer: int = 1_024,
    cti: bool = False,
    operator: bool = True,
) -> Connecting:
    """An agent's line on a server, for `async with`: connects, and says goodbye at the end.

    >>> import asyncio, callfold
    >>> async def calls() -> None:
    ...     with callfold.Simulator([callfold.Account("ivanov", "Secret1", "101", name="Ivan")]) as pbx:
    ...         async with callfold.connect(pbx.url, "ivanov", "Secret1") as line:
    ...             await line.call("+79161234567")
    ...             print(line.view.agent.number)
    >>> asyncio.run(calls())
    101

    `url` is one address, or several of one server, of which the first that answers is taken. `password`, or the id of a
    `session` from before, proves who the agent is; neither is kept longer than the line.

    With a `store` (a log that is open, or a directory, which is made) every input is recorded before it has an effect, in
    the stream of the name `stream` (the login, if it is not given); a line that is connected again goes on with its stream.

    Certificates are verified as the system does, and by an `authority` of your own (PEM text, or the path of a file).
    Plain `ws` goes to this machine only, unless `insecure_ws` allows it: whoever reads the network can then log in as the
    agent. A lost connection is made again, after a wait that doubles from the first to the longest of `reconnect`
    (1 s to 60 s); `False` leaves it lost.

    `buffer` says how much a slow reader may be behind before it misses events (`NewsMissed`). `cti` keeps the CTI model.

    Raises `CommandRefused` when the server refuses the login, `LineError` when no connection comes about.
    """
    urls = [url] if isinstance(url, str) else list(url)
    if not urls:
        raise InvalidArgument.of(5001, "bad_argument", "no address is given", {})
    if isinstance(reconnect, bool):
        waits = (timedelta(seconds=1), timedelta(seconds=60)) if reconnect else None
    elif not (isinstance(reconnect, tuple) and len(reconnect) == 2):
        raise TypeError("reconnect is True, False, or two timedeltas: the first wait and the longest")
    else:
        waits = reconnect
        if not (timedelta() < waits[0] <= waits[1]):
            raise InvalidArgument.of(5002, "bad_range", "reconnect: the first wait, and the longest", {})
    if not 1 <= buffer <= 1_048_576:
        raise InvalidArgument.of(5002, "bad_range", f"a buffer holds from 1 to 1,048,576 events, not {buffer}", {})
    wanted = {
        "addresses": urls,
        "login": login,
        "password": password,
        "session": session,
        "workplace": workplace,
        "expires": expires,
        "insecure_ws": insecure_ws,
        "authority": _pem(authority),
        "reconnect": None if waits is None else (micros(waits[0]), micros(waits[1])),
        "buffer": buffer,
        "cti": cti,
        "operator": operator,
        "stream": login if stream is None else stream,
    }
    return Connecting(wanted, store)


def _pem(authority: str | bytes | None) -> bytes | None:
    if authority is None or isinstance(authority, bytes):
        return authority
    if "-----BEGIN" in authority:
        return authority.encode()
    try:
        return Path(authority).read_bytes()
    except OSError as error:
        why = f"{authority}: {error.strerror or error}"
        raise FileError.of(5201, "file_failed", why, {"path": str(authority)}) from error


class Connecting:
    """A line that is about to be connected: `async with` it."""

    __slots__ = ("_line", "_opened", "_store", "_used", "_wanted")

    def __init__(self, wanted: dict[str, Any], store: Log | str | os.PathLike[str] | None) -> None:
        self._wanted = wanted
        self._store = store
        # The log that was opened for this line alone, to be closed with it.
        self._opened: Log | None = None
        self._line: Line | None = None
        self._used = False

    def __repr__(self) -> str:
        # Somebody may have put a password there.
        addresses = ", ".join(re.sub(r"//[^/]*@", "//", address) for address in self._wanted["addresses"])
        return f"<connect {self._wanted['login']!r} to {addresses}>"

    def __reduce__(self) -> Any:
        raise TypeError("what is to be connected has a password, and is not pickled")

    async def __aenter__(self) -> Line:
        if self._used:
            raise UseError.of(5705, "already_used", "this was entered before: call connect() for each line", {})
        self._used = True
        store = self._store
        log = store if isinstance(store, Log) else None
        if store is not None and not isinstance(store, Log):
            log = self._opened = await _opened(store)
        try:
            try:
                opening = _native.open_line(self._wanted, None if log is None else log._log)
            finally:
                # Given away, and not to be found here afterwards.
                self._wanted = {**self._wanted, "password": None, "session": None}
            native = await opening
            self._line = line = Line(native, log)
            try:
                await native.connect()
            except BaseException:
                await _last(native.close())
                raise
            return line
        except BaseException:
            self._close_log()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._line is not None:
                await _last(self._line._line.close())
        finally:
            self._close_log()

    def _close_log(self) -> None:
        if self._opened is not None:
            self._opened.close()


async def _opened(store: str | os.PathLike[str]) -> Log:
    """The log in a directory, opened beside the loop."""
    opening = asyncio.get_running_loop().run_in_executor(None, lambda: open(store, create=True))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # It opens all the same; nobody wants it any more.
        opening.add_done_callback(lambda done: None if done.exception() else done.result().close())
        raise


async def _last(closing: Awaitable[None]) -> None:
    """Waits for a goodbye, also while being cancelled: it takes some seconds at most."""
    goodbye = asyncio.ensure_future(closing)
    try:
        await asyncio.shield(goodbye)
    except asyncio.CancelledError:
        await asyncio.wait([goodbye])
        raise


class Line:
    """An agent's line, connected. Made by `connect`.

    Commands are awaited: they return how they ended, or raise `CommandRefused`. A command whose waiting is cancelled takes
    its course all the same. `async for event in line` tells what happens.
    """

    __slots__ = ("_events", "_line", "_log")

    def __init__(self, native: _native.Line, log: Log | None) -> None:
        self._line = native
        self._log = log
        # From here on: what the login brings is told too.
        self._events = Events(native.news())

    # ---- what is so, and what happens ----

    @property
    def view(self) -> View:
        """What is so now. Its `turn` says which events are in it: those with a `turn` up to this one."""
        return self._line.view

    @property
    def log(self) -> Log | None:
        """The log that it is recorded in, if it is."""
        return self._log

    @property
    def stream(self) -> str | None:
        """The stream that it is recorded in, if it is."""
        return self._line.stream

    def __aiter__(self) -> AsyncIterator[Event]:
        """What happens, from connecting on: each event once, whoever iterates."""
        return self._events

    def events(self) -> Events:
        """What happens from now on, for one more reader."""
        return Events(self._line.news())

    async def until(self, wanted: type[Event] | tuple[type[Event], ...]) -> Event:
        """The next event of a kind; those before it are read over. Raises `ClosedError` if the line ends without."""
        async for event in self:
            if isinstance(event, wanted):
                return event
        raise ClosedError.of(5301, "line_closed", "the line ended before that happened", {})

    async def ended(self) -> None:
        """Waits until the line has ended. Raises why, if it ended by a fault, such as a full disk."""
        await self._line.ended()

    # ---- commands ----

    async def do(self, command: Command) -> CommandResult:
        """Gives a command, and waits for its result."""
        return await self._line.command(command)

    async def call(self, number: str, *, party_first: bool = False) -> CommandResult:
        """Calls a number; while talking, as a consultation. The agent's own phone rings first, unless `party_first`.

        It is done when the server has agreed: that the other answers is an event.
        """
        return await self.do(Command.call(number, party_first=party_first))

    async def intercom(self, number: str) -> CommandResult:
        """Calls a number so that its phone answers by itself."""
        return await self.do(Command.intercom(number))

    async def answer(self) -> CommandResult:
        """Answers the ringing call, if the phone can be told to."""
        return await self.do(Command.answer())

    async def end_call(self, *targets: str) -> CommandResult:
        """Ends the call, or parts with the given parties of a conference."""
        return await self.do(Command.end_call(*targets))

    async def hold(self) -> CommandResult:
        """Puts on hold, or takes back."""
        return await self.do(Command.hold())

    async def toggle(self) -> CommandResult:
        """Changes between the call and the held one."""
        return await self.do(Command.toggle())

    async def transfer(self, number: str | None = None) -> CommandResult:
        """Passes the call on to a number. Without one, and with someone held, the two are connected, and the command is
        refused all the same, as the reference client has it: `commutate` is for that."""
        return await self.do(Command.transfer(number))

    async def commutate(self) -> CommandResult:
        """Connects the held party and the present one, and leaves."""
        return await self.do(Command.commutate())

    async def conference(self, *numbers: str) -> CommandResult:
        """Makes a conference with these numbers, or invites them to it. Without any: of the call and the held one."""
        return await self.do(Command.conference(*numbers))

    async def ghost(self, mode: Literal["listen", "help", "conference"], target: str) -> CommandResult:
        """Joins a subordinate's call: to listen, to help, or for all to hear."""
        return await self.do(Command.ghost(mode, target))

    async def set_status(self, status: Status, reason: int | str | None = None) -> CommandResult:
        """Sets the user status: `ready`, `readyCC`, `readyCCManual`, `busy`, `dnd`, `redirect` or `break`, with the reason
        (an id of the server's, or a text) of a break."""
        return await self.do(Command.set_user_status(status, reason))

    async def redirect_to(self, number: str = "") -> CommandResult:
        """Sets the number that calls are redirected to; forgets it, if it is empty."""
        return await self.do(Command.set_redirect_number(number))

    async def exec(self, method: str, params: Mapping[str, Any] | None = None) -> CommandResult:
        """Calls a method of the server, or one of its stored procedures."""
        return await self.do(Command.exec(method, None if params is None else dict(params)))

    async def disconnect(self) -> CommandResult:
        """Logs out and closes the connection. The line stays, and can be connected again."""
        return await self.do(Command.disconnect())

    async def connect(self) -> CommandResult:
        """Connects again, after `disconnect` or a loss that is not made good by itself."""
        return await self._line.connect()

    async def close(self) -> None:
        """Says goodbye to the server, waits for its close, and ends the line. `async with` does it."""
        await _last(self._line.close())

    def __repr__(self) -> str:
        view = self.view
        return f"<Line: {view.connection}, {view.line}>"


class Events:
    """What happens on a line, one event after another: an asynchronous iterator. It ends with the line."""

    __slots__ = ("_missed", "_news", "_ready")

    def __init__(self, news: _native.Happening) -> None:
        self._news = news
        self._ready: list[Event] = []
        self._missed: BaseException | None = None

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> Event:
        while not self._ready:
            if self._missed is not None:
                missed, self._missed = self._missed, None
                raise missed
            # Nothing is awaited from the taking to the keeping: tasks that iterate together lose nothing.
            events, self._missed, ended = self._news.take()
            self._ready = events[::-1]
            if not events and self._missed is None:
                if ended:
                    raise StopAsyncIteration
                await self._news.wait()
        return self._ready.pop()


# ---- the simulated PBX ----


@dataclass(frozen=True)
class Account:
    """A user of the simulated PBX: who logs in, and which phone is theirs."""

    login: str
    """Who logs in."""
    password: str = field(repr=False)
    """With which password."""
    number: str = field(repr=False)
    """The number of their phone."""
    name: str | None = field(default=None, repr=False)
    """The user's name; the login, if none is given."""
    operator: bool = True
    """Whether the user is an operator of the call centre."""
    chief: str | None = None
    """The login of the user who controls this one."""
    answers_by_hand: bool = False
    """The phone cannot be answered from an application."""
    desktop: bool = False
    """The user sits at the desktop client: a login is refused."""
    session: str | None = field(default=None, repr=False)
    """A session from before, that a client may log in with in place of the password."""


Busy = timedelta(days=-1)
"""Of somebody outside: is busy."""


@dataclass(frozen=True)
class OutsideNumber:
    """Who is behind a number outside."""

    number: str = field(repr=False)
    """The number."""
    name: str = field(default="", repr=False)
    """The name that the PBX has for it."""
    answers_after: timedelta | None = None
    """After which time they answer by themselves; none waits until told (`Simulator.answer`), `Busy` is busy."""


class Simulator:
    """An Oktell server on a socket of this machine, for tests. It speaks the protocol: clients cannot tell it from a PBX.

    What people do at phones are methods; all may be called from any thread and return at once. A phone is named by an
    agent's number, or by what `external_call` returned. `with` stops it at the end.

    >>> from callfold import Account, Simulator
    >>> with Simulator([Account("ivanov", "Secret1", "101")]) as pbx:
    ...     customer = pbx.external_call("+79161234567", "101")
    ...     pbx.answer("101")
    ...     pbx.outside(customer)
    'talking'
    """

    __slots__ = ("_simulator",)

    def __init__(
        self,
        users: Iterable[Account] = (Account("ivanov", "Secret1", "101", "Ivan Ivanov"),),
        *,
        outside: Iterable[OutsideNumber] = (),
        queues: Iterable[str] = (),
        menus: Mapping[str, str] | None = None,
        spare: Iterable[str] = (),
        reasons: Mapping[int, str] | None = None,
        dated: int = 150_601,
        licences: int | None = None,
        out_of_service: bool = False,
        seed: int = 0,
        bind: str = "127.0.0.1:0",
        tls: tuple[bytes, bytes] | None = None,
    ) -> None:
        """Starts to serve.

        `queues` are numbers of the call centre; `menus` voice menus, by number; `spare` numbers without a phone; `reasons`
        those for a break, by id. `dated` is the server's date (`yymmdd`): methods that are younger are not known. `seed` is
        what ids are drawn from: the same one and the same requests give the same frames. With `tls`, a certificate and
        its key in PEM, it speaks `wss`.

        Raises `SimulatorError` if the address is taken, the certificate no good, or a number or login given twice.
        """
        layout = {
            "users": [
                {
                    "login": user.login,
                    "password": user.password,
                    "number": user.number,
                    "name": user.name,
                    "operator": user.operator,
                    "chief": user.chief,
                    "answers_by_hand": user.answers_by_hand,
                    "desktop": user.desktop,
                    "session": user.session,
                }
                for user in users
            ],
            "outside": [
                (who.number, who.name, None if who.answers_after is None else micros(who.answers_after))
                for who in outside
            ],
            "queues": list(queues),
            "menus": list((menus or {}).items()),
            "spare": list(spare),
            "reasons": list((reasons or {1: "Lunch", 2: "Break"}).items()),
            "dated": dated,
            "licences": licences,
            "out_of_service": out_of_service,
            "seed": seed,
            "bind": bind,
            "tls": tls,
        }
        self._simulator = _native.Simulator(layout)

    @property
    def url(self) -> str:
        """What a client connects to."""
        return self._simulator.url

    @property
    def running(self) -> bool:
        """Whether it still serves."""
        return self._simulator.running

    def stop(self) -> None:
        """Stops: every connection is cut, and the address is free. Stopping twice is no error."""
        self._simulator.stop()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Simulator: {self.url if self.running else 'stopped'}>"

    def external_call(self, from_: str, to: str) -> Outside:
        """Somebody outside calls a number. What is returned names them at their phone."""
        return self._simulator.external_call(from_, to)

    def dial(self, line: str, number: str) -> None:
        """An agent dials a number by hand."""
        self._simulator.dial(line, number)

    def answer(self, phone: str | Outside) -> None:
        """A ringing phone is answered."""
        self._simulator.answer(phone)

    def decline(self, phone: str | Outside) -> None:
        """A ringing phone is declined."""
        self._simulator.decline(phone)

    def hang_up(self, phone: str | Outside) -> None:
        """A phone is hung up."""
        self._simulator.hang_up(phone)

    def hold(self, line: str) -> None:
        """An agent works the hold at the phone."""
        self._simulator.hold(line)

    def choose(self, phone: str | Outside, number: str) -> None:
        """Whoever hears a voice menu chooses a number."""
        self._simulator.choose(phone, number)

    def conference(self, line: str, *others: str) -> str:
        """A conference is opened at another client of the agent's. Its id."""
        return self._simulator.conference(line, list(others))

    def invite(self, line: str, number: str) -> None:
        """A number is invited to the conference that the agent is on, at another client of the agent's."""
        self._simulator.invite(line, number)

    def set_agent(
        self,
        line: str,
        state: Literal["ready", "break", "dnd", "busy"],
        *,
        call_centre: bool = False,
        reason: int | None = None,
    ) -> None:
        """The agent's state is set at another client of theirs: also whether they work in the call centre, and the id of the
        reason for a break."""
        self._simulator.set_agent(line, state, call_centre, reason)

    def unplug(self, line: str) -> None:
        """An agent's phone loses its connection."""
        self._simulator.unplug(line)

    def plug_in(self, line: str) -> None:
        """An agent's phone is there again."""
        self._simulator.plug_in(line)

    def outside(self, who: Outside) -> str:
        """What somebody outside does: `calling`, `ringing`, `talking`, `held`, `conference` or `gone`."""
        return self._simulator.outside(who)

    def find_outside(self, number: str) -> Outside | None:
        """Who has this number outside and is on a call, if anybody is."""
        return self._simulator.find_outside(number)

    def say(self, line: str, frame: str) -> int:
        """Sends any text to the clients of an agent. How many there are."""
        return self._simulator.say(line, frame)

    def cut(self, line: str) -> int:
        """Cuts the connections of an agent, without a word. How many there were."""
        return self._simulator.cut(line)

    def freeze(self, line: str) -> int:
        """The connections of an agent stay open and go dead. How many there were."""
        return self._simulator.freeze(line)

    def set_faults(
        self,
        *,
        latency: timedelta = timedelta(),
        jitter: timedelta = timedelta(),
        duplicates: int = 0,
        disorder: int = 0,
        silent: Iterable[str] = (),
        instead: Mapping[str, Mapping[str, Any]] | None = None,
        late: Mapping[str, timedelta] | None = None,
        cut_at: Iterable[str] = (),
        cut_after: Iterable[timedelta] = (),
        seed: int = 0,
    ) -> None:
        """Misbehaves from now on; without arguments, not at all.

        Every message takes `latency`, and up to `jitter` more. One in so many comes twice (`duplicates`) or is overtaken
        (`disorder`). Methods that are `silent` get no answer; some get this one `instead`, or theirs `late`. Connections are
        cut when a method is asked (`cut_at`), or so long after they were opened (`cut_after`), once each.
        """
        self._simulator.set_faults(
            {
                "latency": micros(latency),
                "jitter": micros(jitter),
                "duplicates": duplicates,
                "disorder": disorder,
                "silent": list(silent),
                "instead": [(method, json.dumps(dict(answer))) for method, answer in (instead or {}).items()],
                "late": {method: micros(by) for method, by in (late or {}).items()},
                "cut_at": list(cut_at),
                "cut_after": [micros(after) for after in cut_after],
                "seed": seed,
            }
        )
