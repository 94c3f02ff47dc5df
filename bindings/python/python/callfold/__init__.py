"""callfold: what a PBX says and what its agents do, folded into one log, as tables, calls, views and live lines.

- `open` a log, and ask it for `calls`, `events`, `time` and `commands` as tables for pandas, polars, pyarrow and DuckDB, for
  one `call` with its timeline, for what was so `at` any moment, and whether it is whole (`verify`).
- `replay` recorded sessions and stores by the rules of today; feed a `Machine` by hand.
- `connect` to a server with asyncio, and command an agent's line; try it on a `Simulator`.

>>> import callfold
>>> with callfold.open("tests/vectors/named/hold-and-back.jsonl") as log:
...     calls = log.calls().to_arrow()
>>> calls.select(["direction", "outcome", "talk"]).to_pylist()
[{'direction': 'incoming', 'outcome': 'answered', 'talk': datetime.timedelta(seconds=11, microseconds=80000)}]
"""

from __future__ import annotations

from . import events
from ._native import Command, Directory, Outside, Step, __version__
from ._native import problem_codes as problem_codes
from ._personal import Json, PersonName, PhoneNumber
from .errors import (
    CallfoldError,
    ClosedError,
    CommandRefused,
    DamagedError,
    FileError,
    InternalError,
    InvalidArgument,
    LineError,
    LogError,
    NewsMissed,
    NotThere,
    SimulatorError,
    TableError,
    UseError,
)
from .events import Event
from .live import Account, Busy, Connecting, Events, Line, OutsideNumber, Simulator, connect
from .log import (
    Erased,
    Finding,
    Head,
    Imported,
    Log,
    LogWarning,
    Record,
    Report,
    StreamInfo,
    StreamReport,
    in_memory,
    open,
)
from .machine import Close, Dial, Effect, Machine, Send
from .model import *  # noqa: F403
from .model import __all__ as _model
from .replay import Replayed, import_traces, replay
from .table import Table
from .words import *  # noqa: F403
from .words import __all__ as _words

__all__ = [
    "Account",
    "Busy",
    "CallfoldError",
    "Close",
    "ClosedError",
    "Command",
    "CommandRefused",
    "Connecting",
    "DamagedError",
    "Dial",
    "Directory",
    "Effect",
    "Erased",
    "Event",
    "Events",
    "FileError",
    "Finding",
    "Head",
    "Imported",
    "InternalError",
    "InvalidArgument",
    "Json",
    "Line",
    "LineError",
    "Log",
    "LogError",
    "LogWarning",
    "Machine",
    "NewsMissed",
    "NotThere",
    "Outside",
    "OutsideNumber",
    "PersonName",
    "PhoneNumber",
    "Record",
    "Replayed",
    "Report",
    "Send",
    "Simulator",
    "SimulatorError",
    "Step",
    "StreamInfo",
    "StreamReport",
    "Table",
    "TableError",
    "UseError",
    "__version__",
    "connect",
    "events",
    "import_traces",
    "in_memory",
    "open",
    "problem_codes",
    "replay",
    *_model,
    *_words,
]
