"""Replay: every recorded session gives what the engine gives everywhere, however many run at a time."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, VECTORS, digest, manifest, session_name, sessions

import callfold
from callfold import Connection

TOLD = ROOT / "tests" / "told.json"
# Time is told apart, that of calls that went on too: a session says when it ended, and a stream knows nothing of what came
# after its last record.
TABLES = ["events", "calls", "commands"]
NAMED = ["hold-and-back", "conference-from-talk", "cti-blind-transfer", "connection-lost", "ivr", "multipart"]


def told() -> dict[str, dict[str, str]]:
    """What the engine makes of each session, as digests that were not made by way of Python."""
    files: dict[str, dict[str, str]] = json.loads(TOLD.read_text(encoding="utf-8"))["files"]
    return files


def lines(texts: list[str]) -> str:
    """The digest of texts, each with a newline after it."""
    return digest("".join(f"{text}\n" for text in texts).encode())


def calls_of(log: callfold.Log) -> list[callfold.Call]:
    """Every call of a log, in order of when it began."""
    ids = dict.fromkeys(log.calls(columns=["call"]).to_arrow()["call"].to_pylist())
    found = [call for id in ids for call in log.find(id)]
    return sorted(found, key=lambda call: (call.began.at, call.began.seq))


def rows_of(one: callfold.Replayed) -> dict[str, list[dict[str, Any]]]:
    rows = {name: getattr(one, name).to_arrow().to_pylist() for name in TABLES}
    for call in rows["calls"]:
        if call["ended"] is None:
            for column in [column for column in call if column.startswith("time_")]:
                del call[column]
    return rows


def test_there_is_a_digest_of_every_session() -> None:
    assert sorted(told()) == sorted(file["path"] for file in manifest())


@pytest.mark.parametrize("path", sessions(), ids=session_name)
def test_a_session_is_told_as_the_engine_tells_it(path: Path) -> None:
    [replayed] = callfold.replay(path, threads=1, announcements=True)
    assert replayed.announcements is not None
    with callfold.in_memory() as log:
        log.import_traces(path)
        calls = calls_of(log)
        assert len(calls) == len(replayed.calls)
    assert {
        "announced": digest(replayed.announcements),
        "events": lines(replayed.events.to_arrow()["detail"].to_pylist()),
        "calls": lines([call.to_json() for call in calls]),
    } == told()[session_name(path)]


def moment_of_end(path: Path) -> int:
    """When a session ends, in microseconds after its beginning, as its last line says."""
    return int(json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["t"]) * 1_000


def total(table: callfold.Table) -> timedelta:
    return sum(table.to_arrow()["length"].to_pylist(), timedelta())


def test_one_thread_and_four_give_the_same_in_the_same_order(vectors: list[Path]) -> None:
    one = callfold.replay(vectors, threads=1, announcements=True)
    four = callfold.replay(vectors, threads=4, announcements=True)
    assert len(one) == len(vectors)
    # Tables are no part of `==`.
    assert one == four
    assert [rows_of(each) for each in one] == [rows_of(each) for each in four]


def test_a_thread_for_each_processor_is_the_default(vectors: list[Path]) -> None:
    assert callfold.replay(vectors[:8]) == callfold.replay(vectors[:8], threads=1)


def test_a_store_replays_to_the_tables_of_its_sessions(whole: callfold.Log, vectors: list[Path]) -> None:
    from_files = {one.name: one for one in callfold.replay(vectors)}
    from_store = callfold.replay(whole)
    assert [one.name for one in from_store] == [stream.name for stream in whole.streams]
    for one in from_store:
        assert one.path == whole.path
        assert rows_of(one) == rows_of(from_files[one.name]), one.name
        assert one.name == from_files[one.name].path.stem
        assert (one.inputs, one.talks, one.refused, one.title, one.cti) == (
            from_files[one.name].inputs,
            from_files[one.name].talks,
            from_files[one.name].refused,
            from_files[one.name].title,
            from_files[one.name].cti,
        )


def test_time_of_a_stream_is_that_of_its_session_until_the_last_record(whole: callfold.Log, vectors: list[Path]) -> None:
    streams = {stream.name: stream for stream in whole.streams}
    from_store = {one.name: one for one in callfold.replay(whole)}
    for session in callfold.replay(vectors):
        stream = streams[session.name]
        assert stream.last is not None
        rest = timedelta(microseconds=moment_of_end(session.path)) - (stream.last - stream.began)
        more = total(session.time) - total(from_store[session.name].time)
        # Whoever is logged out at the last record has no time after it.
        logged_in = whole.at(stream.records, stream).connection in (Connection.LOADING, Connection.CONNECTED)
        assert more in ((rest,) if logged_in else (timedelta(), rest)), session.name


def test_a_store_replays_to_its_own_tables(whole: callfold.Log) -> None:
    # The store tells what was decided then, the replay what is decided now: the engine is the same.
    for one in callfold.replay(whole):
        assert one.time.to_arrow().equals(whole.time(stream=one.name).to_arrow()), one.name
    details = [row for one in callfold.replay(whole) for row in one.events.to_arrow()["detail"].to_pylist()]
    assert details == whole.events(columns=["detail"]).to_arrow()["detail"].to_pylist()


def test_a_store_in_a_directory_is_opened_and_closed_again(tmp_path: Path, hold_and_back: Path) -> None:
    callfold.import_traces(hold_and_back, tmp_path / "store")
    [replayed] = callfold.replay(tmp_path / "store")
    assert rows_of(replayed) == rows_of(callfold.replay(hold_and_back)[0])
    with callfold.open(tmp_path / "store") as log:
        assert len(log.streams) == 1


def test_an_export_replays_to_the_tables_of_its_sessions(whole: callfold.Log, tmp_path: Path) -> None:
    place = tmp_path / "log.jsonl"
    whole.export(place, stream=NAMED)
    replayed = callfold.replay(place)
    assert sorted(one.name for one in replayed) == sorted(NAMED)
    for one in replayed:
        [session] = callfold.replay(VECTORS / "named" / f"{one.name}.jsonl")
        assert rows_of(one) == rows_of(session)


def test_a_store_announces_what_its_session_announces_but_for_requests(hold_and_back: Path) -> None:
    [session] = callfold.replay(hold_and_back, announcements=True)
    with callfold.open(hold_and_back) as log:
        [stream] = callfold.replay(log, announcements=True)
    assert session.announcements is not None and stream.announcements is not None
    every = session.announcements.splitlines()
    kept = [line for line in every if "wire" not in json.loads(line)]
    assert len(kept) < len(every)
    assert stream.announcements.splitlines() == kept


def test_a_packed_session_is_the_session(tmp_path: Path, hold_and_back: Path) -> None:
    packed = tmp_path / "session.jsonl.gz"
    packed.write_bytes(gzip.compress(hold_and_back.read_bytes()))
    [one], [other] = callfold.replay(packed, announcements=True), callfold.replay(hold_and_back, announcements=True)
    assert one.announcements == other.announcements
    assert rows_of(one) == rows_of(other)


def test_announcements_are_none_unless_they_are_asked_for(hold_and_back: Path) -> None:
    assert callfold.replay(hold_and_back)[0].announcements is None


def test_files_stores_and_logs_may_be_mixed(tmp_path: Path, hold_and_back: Path, store: callfold.Log) -> None:
    replayed = callfold.replay([hold_and_back, store, str(hold_and_back)])
    assert [one.path for one in replayed] == [hold_and_back, store.path, hold_and_back]
    assert not store.closed


def test_nothing_replays_to_nothing() -> None:
    assert callfold.replay([]) == []


def test_the_last_line_of_unknown_kind_is_counted(tmp_path: Path, hold_and_back: Path) -> None:
    place = tmp_path / "session.jsonl"
    place.write_bytes(hold_and_back.read_bytes() + b'{"t":99999999,"weather":"fine"}\n')
    assert callfold.replay(place)[0].unknown_lines == 1
    assert callfold.replay(hold_and_back)[0].unknown_lines == 0


def test_progress_is_told_how_many_are_done(vectors: list[Path]) -> None:
    told: list[tuple[int, int]] = []
    callfold.replay(vectors[:5], progress=lambda done, of: told.append((done, of)))
    assert told == [(done, 5) for done in range(1, 6)]


def test_what_progress_raises_breaks_it_off(vectors: list[Path]) -> None:
    def enough(done: int, of: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        callfold.replay(vectors, threads=2, progress=enough)


@pytest.mark.parametrize("threads", [-1, 0])
def test_a_senseless_number_of_threads_is_refused(hold_and_back: Path, threads: int) -> None:
    with pytest.raises(callfold.InvalidArgument, match="threads"):
        callfold.replay(hold_and_back, threads=threads)


def test_a_file_that_is_none_is_told_with_its_path(tmp_path: Path, vectors: list[Path]) -> None:
    place = tmp_path / "note.txt"
    place.write_text("hello\n")
    with pytest.raises(callfold.FileError) as bad:
        callfold.replay([*vectors[:3], place, *vectors[3:6]])
    assert bad.value.name == "not_a_trace"
    # Of many files, whoever asks has to learn which one it is.
    assert bad.value.context.get("path") == str(place)


def test_a_session_that_is_cut_within_a_line_is_told_with_the_line(tmp_path: Path, hold_and_back: Path) -> None:
    place = tmp_path / "cut.jsonl"
    data = hold_and_back.read_bytes()
    place.write_bytes(data[: len(data) // 2])
    with pytest.raises(callfold.FileError) as bad:
        callfold.replay(place)
    assert bad.value.name == "bad_trace"
    assert int(bad.value.context["line"]) == data[: len(data) // 2].count(b"\n") + 1


def test_a_session_that_is_not_there_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(callfold.NotThere):
        callfold.replay(tmp_path / "none.jsonl")


def test_a_closed_log_cannot_be_replayed(hold_and_back: Path) -> None:
    log = callfold.open(hold_and_back)
    log.close()
    with pytest.raises(callfold.ClosedError):
        callfold.replay(log)


def test_repr_tells_of_nobody(hold_and_back: Path) -> None:
    [replayed] = callfold.replay(hold_and_back, announcements=True)
    assert "79161234567" not in repr(replayed)
    assert "Secret1" not in repr(replayed)
    assert replayed.announcements is not None and b"Secret1" not in replayed.announcements
