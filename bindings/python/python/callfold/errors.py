"""Exceptions: one base, with the code that every surface of callfold has for the same trouble."""

from __future__ import annotations

from typing import Any, Mapping

__all__ = [
    "CallfoldError",
    "CommandRefused",
    "DamagedError",
    "FileError",
    "InternalError",
    "InvalidArgument",
    "LineError",
    "LogError",
    "NewsMissed",
    "NotThere",
    "SimulatorError",
    "TableError",
    "UseError",
    "ClosedError",
]


class CallfoldError(Exception):
    """The base of all exceptions of callfold.

    >>> import callfold
    >>> try:
    ...     callfold.open("/no/such/place")
    ... except callfold.CallfoldError as error:
    ...     print(error.code, error.name)
    5101 store_missing
    """

    code: int
    """The number of what went wrong: the same on every surface, and never reused. `callfold.problem_codes()` lists them."""
    name: str
    """Its name, such as `store_missing`."""
    context: Mapping[str, str]
    """What it is about: `path`, `stream`, `seq`, `host`, … Never a secret, and nobody's name or number."""

    def __init__(
        self, message: str, code: int = 5902, name: str = "unknown", context: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.name = name
        self.context = dict(context or {})

    @classmethod
    def of(cls, code: int, name: str, message: str, context: Mapping[str, str] | None = None) -> CallfoldError:
        """An exception of this class, with its code."""
        return cls(message, code, name, context)

    def __str__(self) -> str:
        return str(self.args[0])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r}, code={self.code}, name={self.name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.args[0], self.code, self.name, dict(self.context)), self.__extra())

    def __extra(self) -> dict[str, Any]:
        own = {"code", "name", "context"}
        return {key: value for key, value in self.__dict__.items() if key not in own}


class InvalidArgument(CallfoldError, ValueError):
    """An argument makes no sense: the message says which one, and what would."""


class LogError(CallfoldError):
    """A log cannot do what was asked: it is in use, read-only, of a newer version, …"""


class NotThere(LogError, LookupError):
    """What was asked for is not in the log: a store, a stream, a record, a call, a time."""


class DamagedError(LogError):
    """A store or an exported log is damaged. Nothing of it was changed."""


class FileError(CallfoldError, OSError):
    """A file cannot be read or written, or is none of callfold's."""

    def __init__(
        self, message: str, code: int = 5902, name: str = "unknown", context: Mapping[str, str] | None = None
    ) -> None:
        CallfoldError.__init__(self, message, code, name, context)


class LineError(CallfoldError, ConnectionError):
    """A line cannot be connected, or was lost."""

    def __init__(
        self, message: str, code: int = 5902, name: str = "unknown", context: Mapping[str, str] | None = None
    ) -> None:
        CallfoldError.__init__(self, message, code, name, context)


class NewsMissed(LineError):
    """Events were read too slowly, and some were passed over. Iterating goes on with the next; `line.view` has what the
    missed ones came to."""


class CommandRefused(CallfoldError):
    """A command was refused, by the rules or by the server."""

    result: Any = None
    """How the command ended: `Refused`, `RefusedAtLogin`, `RefusedByServer` or `Misused`."""

    @property
    def reason(self) -> Any:
        """The protocol's code for it (`ErrorCode`), if it has one."""
        return getattr(self.result, "code", None)

    def __str__(self) -> str:
        # What the server said besides stands in the result: it may name people.
        return super().__str__() if self.reason is None else f"refused: {self.reason}"


class TableError(CallfoldError):
    """A table cannot be made."""


class SimulatorError(CallfoldError):
    """The simulator cannot do what was asked."""


class UseError(CallfoldError, RuntimeError):
    """Used as it must not be: from two threads at once, twice, before it was begun."""


class ClosedError(CallfoldError, ValueError):
    """The log, line or simulator was closed."""


class InternalError(CallfoldError):
    """callfold itself is at fault. Please tell us, with the message."""


_NOT_THERE = {"store_missing", "no_stream", "no_record", "too_early"}
_DAMAGED = {"store_damaged", "export_changed", "export_cut_short", "bad_record", "keys_failed", "reading_broke_off"}
_CLOSED = {"log_closed", "line_closed", "simulator_closed"}
_FAMILIES: dict[int, type[CallfoldError]] = {
    50: InvalidArgument,
    51: LogError,
    52: FileError,
    53: LineError,
    54: CommandRefused,
    55: TableError,
    56: SimulatorError,
    57: UseError,
    59: InternalError,
}


def error_of(code: int, name: str, message: str, context: Mapping[str, str]) -> CallfoldError:
    """The exception for a code: what the native half raises."""
    if name in _NOT_THERE:
        kind: type[CallfoldError] = NotThere
    elif name in _DAMAGED:
        kind = DamagedError
    elif name in _CLOSED:
        kind = ClosedError
    elif name == "news_missed":
        kind = NewsMissed
    elif name == "unknown_name":
        kind = InvalidArgument
    else:
        kind = _FAMILIES.get(code // 100, CallfoldError)
    return kind.of(code, name, message, context)
