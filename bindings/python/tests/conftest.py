"""What the tests share: the recorded sessions of the repository, and logs of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Iterator

import pytest

import callfold

ROOT = Path(__file__).resolve().parents[3]
PYTHON = Path(__file__).resolve().parents[1]
VECTORS = ROOT / "tests" / "vectors"
SESSIONS = 93


def manifest() -> list[dict[str, Any]]:
    """What the manifest says of every recorded session."""
    told = json.loads((VECTORS / "manifest.json").read_text(encoding="utf-8"))
    files: list[dict[str, Any]] = told["files"]
    assert told["format"] == 1
    assert told["count"] == len(files) == SESSIONS, "the manifest has not all sessions"
    return files


def sessions() -> list[Path]:
    """Every recorded session of the manifest. One that is missing is a failure, not a session less."""
    paths = []
    for file in manifest():
        path = VECTORS / file["path"]
        assert path.is_file(), f"the recorded session {file['path']} is missing"
        assert path.stat().st_size == file["size"], f"the recorded session {file['path']} is not the one of the manifest"
        paths.append(path)
    return sorted(paths)


def session_name(path: Path) -> str:
    """The session as the manifest calls it."""
    return path.relative_to(VECTORS).as_posix()


@pytest.fixture(scope="session")
def vectors() -> list[Path]:
    return sessions()


@pytest.fixture(scope="session")
def hold_and_back() -> Path:
    return VECTORS / "named" / "hold-and-back.jsonl"


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[callfold.Log]:
    """A store with all recorded sessions. It is for reading: tests share it."""
    place = tmp_path_factory.mktemp("logs") / "store"
    callfold.import_traces(sessions(), place)
    with callfold.open(place) as log:
        yield log


class Rows(dict[str, list[dict[str, Any]]]):
    """Tables row by row. Whoever prints a failure with them wants no megabyte of it."""

    def __repr__(self) -> str:
        return f"<Rows of {', '.join(self)}>"


@pytest.fixture(scope="session")
def rows(whole: callfold.Log) -> Rows:
    """Every table of `whole`, row by row, for filtering by hand."""
    tables = {
        "calls": whole.calls(),
        "events": whole.events(),
        "commands": whole.commands(),
        "time": whole.time(("stream", "agent", "day")),
    }
    return Rows({name: table.to_arrow().to_pylist() for name, table in tables.items()})


@pytest.fixture()
def store(tmp_path: Path, hold_and_back: Path) -> Iterator[callfold.Log]:
    """A store of its own with one session."""
    place = tmp_path / "store"
    callfold.import_traces(hold_and_back, place)
    with callfold.open(place) as log:
        yield log


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
