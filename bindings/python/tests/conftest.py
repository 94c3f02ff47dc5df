"""What the tests share: the recorded sessions of the repository, and logs of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Iterator

import pytest

import callfold

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / "tests" / "vectors"
MANIFEST = json.loads((VECTORS / "manifest.json").read_text(encoding="utf-8"))


def sessions() -> list[Path]:
    """Every recorded session of the manifest. One that is missing is a failure, not a session less."""
    return [VECTORS / name for name in sorted(MANIFEST["files"])]


@pytest.fixture(scope="session")
def vectors() -> list[Path]:
    return sessions()


@pytest.fixture(scope="session")
def hold_and_back() -> Path:
    return VECTORS / "named" / "hold-and-back.jsonl"


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[callfold.Log]:
    """A store with all recorded sessions."""
    place = tmp_path_factory.mktemp("logs") / "store"
    callfold.import_traces(sessions(), place)
    with callfold.open(place) as log:
        yield log


@pytest.fixture()
def store(tmp_path: Path, hold_and_back: Path) -> Iterator[callfold.Log]:
    """A store of its own with one session."""
    place = tmp_path / "store"
    callfold.import_traces(hold_and_back, place)
    with callfold.open(place) as log:
        yield log


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
