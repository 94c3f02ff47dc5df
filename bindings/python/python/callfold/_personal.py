"""Text that is about people, and text from servers: kept in full, and not shown where something is printed for diagnosis."""

from __future__ import annotations

import json
from typing import Any


class _Hidden(str):
    """Text whose `repr` tells its length only. It is the text itself for everything else: `print`, `==`, tables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} characters)"


class PhoneNumber(_Hidden):
    """A phone number, as it was told.

    >>> number = PhoneNumber("+79161234567")
    >>> number == "+79161234567"
    True
    >>> number
    PhoneNumber(12 characters)
    """

    __slots__ = ()


class PersonName(_Hidden):
    """A person's name, as it was told."""

    __slots__ = ()


class Json(_Hidden):
    """JSON text that a server or an application passed on."""

    __slots__ = ()

    def load(self) -> Any:
        """What it says, as plain Python values.

        >>> Json('{"result": 1}').load()
        {'result': 1}
        """
        return json.loads(self)
