"""What the native half makes its values of: the classes and words here, by the names that the engine has for them."""

from __future__ import annotations

import enum
import re
from datetime import datetime, timedelta
from typing import Any

from . import events, model, words
from ._personal import Json, PersonName, PhoneNumber
from ._times import EPOCH, date_of, time_of
from .errors import error_of
from .machine import Close, Dial, Send
from .model import Totals
from .words import Features

__all__ = [
    "CLASSES",
    "CODES",
    "EPOCH",
    "EVENTS",
    "Features",
    "Json",
    "PersonName",
    "PhoneNumber",
    "Totals",
    "WORDS",
    "date_of",
    "datetime",
    "error_of",
    "time_of",
    "timedelta",
]

_STRUCTS = (
    model.Agent,
    model.AgentFacts,
    model.Call,
    model.CommandEffect,
    model.CommandTrail,
    model.Competitor,
    model.Conference,
    model.ConferenceSpell,
    model.CtiCall,
    model.CtiModel,
    model.DirectoryUser,
    model.Gap,
    model.HoldSpell,
    model.Irregularity,
    model.Leg,
    model.Link,
    model.Menu,
    model.Moment,
    model.OtherSide,
    model.Party,
    model.PartyUser,
    model.RequestTrail,
    model.Server,
    model.ServerError,
    model.Spell,
    model.Transfer,
    model.Unreadable,
    model.View,
)

_RESULTS = (
    model.Done,
    model.UserStatus,
    model.Datasets,
    model.Refused,
    model.RefusedAtLogin,
    model.Misused,
    model.RefusedByServer,
)

_PROVIDER = (
    model.CtiInitialized,
    model.CtiError,
    model.CtiDisconnected,
    model.CtiAgentStateChanged,
    model.CtiCallCentreStateChanged,
    model.CtiLineStateChanged,
    model.CtiCallStarted,
    model.CtiCommutationStarted,
    model.CtiHold,
    model.CtiUnhold,
    model.CtiCallFinished,
    model.CtiCallInfoChanged,
)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


CLASSES: dict[str, type] = {
    **{cls.__name__: cls for cls in _STRUCTS},
    **{f"CommandResult.{cls.__name__}": cls for cls in _RESULTS},
    **{f"ProviderEvent.{cls.__name__[len('Cti'):]}": cls for cls in _PROVIDER},
    "Held.Conference": model.HeldConference,
    "Change.Line": model.LineBecame,
    "RequestFate.Failed": model.RequestFailed,
    "Effect.Dial": Dial,
    "Effect.Send": Send,
    "Effect.Close": Close,
}

EVENTS: dict[str, type[events.Event]] = {_snake(cls.__name__): cls for cls in events.Event.__subclasses__()}

_WORDS = [
    cls
    for cls in vars(words).values()
    if isinstance(cls, enum.EnumMeta) and issubclass(cls, words.Word) and cls is not words.Word
]

WORDS: dict[str, Any] = {
    f"{cls.__name__}.{_camel(word.name)}": word for cls in _WORDS for word in cls
}

CODES: dict[int, words.Code] = {
    int(code): code for codes in (words.ErrorCode, words.DisconnectReason) for code in codes
}
