"""Logs: opened, read at any moment, verified, taken out and in, erased from, shared and broken off."""

from __future__ import annotations

import csv
import gc
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import pyarrow
import pyarrow.parquet
import pytest
from conftest import PYTHON, ROOT, VECTORS, session_name, sessions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import callfold
from callfold import Head, Log, Machine, Record, View

CALLER = "+79161234567"
NAMED = ["hold-and-back", "conference-from-talk", "cti-blind-transfer", "connection-lost", "multipart"]


def named(name: str) -> Path:
    return VECTORS / "named" / f"{name}.jsonl"


def so(view: View) -> dict[str, Any]:
    """What a view says was so, without which moment it is of."""
    return {
        name: getattr(view, name) for name in view.__dataclass_fields__ if name not in ("at", "seq", "turn", "_seen")
    }


def told(record: Record) -> tuple[Any, ...]:
    return (record.seq, record.at, record.input.to_json(), [event.to_json() for event in record.events], record.hash)


def files_of(place: Path) -> dict[Path, bytes]:
    return {path.relative_to(place): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


# ---- opened and closed ----


def test_a_recorded_session_opens_as_a_log(hold_and_back: Path) -> None:
    before = hold_and_back.read_bytes()
    with callfold.open(hold_and_back) as log:
        [stream] = log.streams
        assert (stream.name, stream.agent, stream.mode, stream.cti) == ("hold-and-back", "ivanov", "replay", False)
        assert stream.began == datetime(2026, 1, 12, 6, tzinfo=timezone.utc)
        assert log.path == hold_and_back
        assert repr(log) == f"<Log: 1 stream, {stream.records} records>"
    assert hold_and_back.read_bytes() == before


def test_a_path_may_be_text_or_any_path(hold_and_back: Path) -> None:
    with callfold.open(str(hold_and_back)) as log:
        assert log.path == hold_and_back


def zstd(data: bytes, place: Path) -> None:
    with pyarrow.CompressedOutputStream(str(place), "zstd") as out:
        out.write(data)


@pytest.mark.parametrize("packing", ["gz", "zst"])
@pytest.mark.parametrize("what", ["trace", "export"])
def test_a_packed_file_opens_as_what_is_in_it(tmp_path: Path, hold_and_back: Path, packing: str, what: str) -> None:
    plain = hold_and_back
    if what == "export":
        plain = tmp_path / "plain.jsonl"
        with callfold.open(hold_and_back) as log:
            log.export(plain)
    packed = tmp_path / f"packed.jsonl.{packing}"
    if packing == "gz":
        packed.write_bytes(gzip.compress(plain.read_bytes()))
    else:
        zstd(plain.read_bytes(), packed)
    with callfold.open(packed) as one, callfold.open(plain) as other:
        # A session begins a chain of its own each time it is taken in; an export keeps the one it has.
        assert [told(record)[:4] for record in one.records()] == [told(record)[:4] for record in other.records()]
        assert what == "trace" or one.head() == other.head()


def test_a_store_is_made_if_it_is_wanted(tmp_path: Path) -> None:
    place = tmp_path / "new" / "store"
    with pytest.raises(callfold.NotThere):
        callfold.open(place)
    place.parent.mkdir()
    with callfold.open(place, create=True) as log:
        assert log.streams == []
        assert repr(log) == "<Log: 0 streams, 0 records>"
        assert log.path == place
    with callfold.open(place) as log:
        assert log.streams == []


@pytest.mark.skipif(os.name != "posix", reason="there are modes on POSIX alone")
def test_only_its_owner_may_read_a_store(tmp_path: Path, hold_and_back: Path) -> None:
    callfold.import_traces(hold_and_back, tmp_path / "store")
    for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("durability", ["always", "never", timedelta(milliseconds=5), timedelta(microseconds=1)])
def test_what_was_written_is_there_again_however_durable(tmp_path: Path, hold_and_back: Path, durability: Any) -> None:
    with callfold.open(tmp_path / "store", create=True, durability=durability) as log:
        log.import_traces(hold_and_back)
        log.sync()
        heads = log.head()
    with callfold.open(tmp_path / "store") as log:
        assert log.head() == heads
        assert log.verify(rerun=True)


def test_a_store_has_one_owner_at_a_time(store: Log) -> None:
    assert store.path is not None
    with pytest.raises(callfold.LogError, match="open already"):
        callfold.open(store.path)
    path = store.path
    store.close()
    with callfold.open(path) as again:
        assert len(again.streams) == 1


def test_closing_twice_is_no_error(hold_and_back: Path) -> None:
    log = callfold.open(hold_and_back)
    assert not log.closed
    log.close()
    log.close()
    assert log.closed
    assert repr(log) == "<Log: closed>"
    assert log.path == hold_and_back


def test_with_closes_also_when_something_is_raised(tmp_path: Path, hold_and_back: Path) -> None:
    callfold.import_traces(hold_and_back, tmp_path / "store")
    with pytest.raises(ZeroDivisionError), callfold.open(tmp_path / "store") as log:
        raise ZeroDivisionError
    assert log.closed
    callfold.open(tmp_path / "store").close()


def test_a_log_that_is_forgotten_is_closed(tmp_path: Path, hold_and_back: Path) -> None:
    callfold.import_traces(hold_and_back, tmp_path / "store")
    log = callfold.open(tmp_path / "store")
    del log
    gc.collect()
    callfold.open(tmp_path / "store").close()


def test_what_was_read_stays_when_the_log_is_closed(store: Log) -> None:
    table, view, call = store.calls(), store.at(100), store.call(store.calls().to_arrow()["call"][0].as_py())
    records = list(store.records())
    store.close()
    assert len(table.to_arrow()) == 1
    assert view.actions("101") is not None
    assert call.timeline().text()
    assert records[0].events[0].to_json()


# ---- streams, calls, moments, records ----


def test_a_stream_is_found_by_name_and_number(whole: Log) -> None:
    for stream in whole.streams:
        assert whole.stream(stream.name) == whole.stream(stream.number) == stream
    assert [stream.number for stream in whole.streams] == list(range(len(sessions())))
    assert {stream.name for stream in whole.streams} == {path.stem for path in sessions()}


def test_a_stream_shows_no_title_and_no_hash(whole: Log) -> None:
    shown = repr(whole.stream("hold-and-back"))
    assert "title" not in shown and "numbers" not in shown and "head" not in shown


def test_a_call_is_found_by_its_chain_and_stream(whole: Log) -> None:
    for row in whole.calls(stream="hold-and-back").to_arrow().to_pylist():
        call = whole.call(row["call"], "hold-and-back")
        assert (call.id, call.stream, call.began.at, call.outcome) == (
            row["call"],
            "hold-and-back",
            row["began"],
            row["outcome"],
        )
        assert [trail.id for trail in call.trails] == list(call.commands)
        assert json.loads(call.to_json())["outcome"] == row["outcome"]
        assert whole.call(row["call"], whole.stream("hold-and-back")) == call


def test_every_part_of_a_call_in_several_streams_is_found(whole: Log) -> None:
    rows = whole.calls(columns=["stream", "call"]).to_arrow().to_pylist()
    for id in {row["call"] for row in rows}:
        found = whole.find(id)
        assert sorted(str(call.stream) for call in found) == sorted(row["stream"] for row in rows if row["call"] == id)
        assert [call.began.at for call in found] == sorted(call.began.at for call in found)
    assert whole.find("nothing") == []


def folded(log: Log, upto: Callable[[Record], bool]) -> Machine:
    """A machine that was fed the inputs of a log as far as they count."""
    [stream] = log.streams
    machine = Machine(stream.mode, cti=stream.cti)  # type: ignore[arg-type]
    for record in log.records():
        if not upto(record):
            break
        machine.handle(record)
    return machine


@pytest.mark.parametrize("path", sessions()[::6], ids=session_name)
def test_a_view_at_a_record_is_what_folding_to_it_gives(path: Path) -> None:
    with callfold.open(path) as log:
        [stream] = log.streams
        machine = Machine("replay", cti=stream.cti)
        for record in log.records():
            machine.handle(record)
            if record.seq % 13 == 0 or record.seq in (1, stream.records):
                view = log.at(record.seq)
                assert so(view) == so(machine.view), record.seq
                assert (view.at, view.seq, view.turn) == (record.at, record.seq, None)


@pytest.mark.parametrize("name", NAMED)
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_view_at_a_time_is_what_folding_to_it_gives(whole: Log, name: str, data: st.DataObject) -> None:
    stream = whole.stream(name)
    assert stream.last is not None
    length = (stream.last - stream.began) // timedelta(microseconds=1)
    when = stream.began + timedelta(microseconds=data.draw(st.integers(0, length + 1_000_000)))
    machine, last = Machine("replay", cti=stream.cti), 0
    for record in whole.records(stream):
        if record.at > when:
            break
        machine.handle(record)
        last = record.seq
    view = whole.at(when, name)
    assert so(view) == so(machine.view)
    assert (view.at, view.seq) == (when, last)
    moscow = when.astimezone(timezone(timedelta(hours=3)))
    assert so(whole.at(moscow, stream)) == so(view)


def test_beyond_the_end_it_is_as_at_the_end(whole: Log) -> None:
    for stream in whole.streams:
        end = whole.at(stream.records, stream)
        later = whole.at(datetime(2100, 1, 1, tzinfo=timezone.utc), stream)
        assert so(later) == so(end)
        assert later.seq == stream.records


def test_before_the_beginning_nothing_is(whole: Log) -> None:
    stream = whole.stream("hold-and-back")
    first = next(whole.records(stream))
    assert whole.at(first.at, stream).seq is not None
    with pytest.raises(callfold.NotThere) as early:
        whole.at(first.at - timedelta(microseconds=1), stream)
    assert early.value.name == "too_early"


def test_records_are_numbered_chained_and_read_from_anywhere(whole: Log) -> None:
    for stream in whole.streams[::9]:
        records = list(whole.records(stream))
        assert [record.seq for record in records] == list(range(1, stream.records + 1))
        assert records[-1].hash == stream.head
        assert len({record.hash for record in records}) == len(records)
        assert all(event.seq == record.seq and event.at == record.at for record in records for event in record.events)
        assert [told(one) for one in whole.records(stream, first=40)] == [told(one) for one in records[39:]]
        assert list(whole.records(stream, first=stream.records + 1)) == []


def test_records_are_the_events_of_the_table(whole: Log) -> None:
    for stream in whole.streams[::9]:
        rows = whole.events(stream=stream).to_arrow().to_pylist()
        events = [(record.seq, event) for record in whole.records(stream) for event in record.events]
        assert [(row["seq"], row["event"], row["detail"]) for row in rows] == [
            (seq, event.event_name, event.to_json()) for seq, event in events
        ]


def test_records_are_read_beyond_what_is_fetched_at_once(tmp_path: Path) -> None:
    # A thousand are fetched at a time.
    machine = max(sessions(), key=lambda path: path.stat().st_size)
    lines = machine.read_text(encoding="utf-8").splitlines()
    with callfold.in_memory() as log:
        log.import_traces(machine)
        count = log.streams[0].records
    assert len(lines) > 0
    with callfold.in_memory() as log:
        # As many pings as it takes: every frame is a record.
        session = lines[:1] + [line for line in lines[1:] if '"end"' not in line]
        last = json.loads(session[-1])["t"]
        session += [json.dumps({"t": last + n, "in": ["pong", {"qid": str(n)}]}) for n in range(2_500)]
        place = tmp_path / "long.jsonl"
        place.write_text("\n".join(session) + "\n", encoding="utf-8")
        log.import_traces(place)
        seqs = [record.seq for record in log.records()]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= count and len(seqs) > 2_500


def test_an_input_shows_only_its_kind(whole: Log) -> None:
    kinds = set()
    for record in whole.records("hold-and-back"):
        kinds.add(record.input.kind)
        assert repr(record.input) == f"<Input {record.input.kind}>"
        assert record.input.at == record.at
        assert (record.input.text is None) == (record.input.kind != "frame")
        assert "Secret1" not in record.input.to_json()
        assert json.loads(record.input.to_json())
        assert CALLER not in repr(record)
    assert {"command", "opened", "frame", "timer"} <= kinds


# ---- whole, damaged, cut off ----


def test_a_good_log_is_good(whole: Log) -> None:
    for rerun in (False, True):
        report = whole.verify(rerun=rerun, heads=whole.head())
        assert report and report.is_good and not report.is_damaged
        assert report.missing == ()
        assert [stream.stream for stream in report.streams] == [stream.name for stream in whole.streams]
        assert sum(stream.records for stream in report.streams) == sum(stream.records for stream in whole.streams)
        assert [stream.head for stream in report.streams] == [stream.head for stream in whole.streams]
        assert all(stream.is_good and stream.findings == () and stream.found == 0 for stream in report.streams)


def test_one_stream_may_be_verified(whole: Log) -> None:
    assert [stream.stream for stream in whole.verify(stream="ivr").streams] == ["ivr"]


@pytest.mark.parametrize("seed", range(12))
def test_a_flipped_byte_never_makes_it_another_log(tmp_path: Path, hold_and_back: Path, seed: int) -> None:
    import random

    place = tmp_path / "store"
    callfold.import_traces(hold_and_back, place)
    with callfold.open(place) as log:
        good = [told(record) for record in log.records()]
        heads = log.head()
    file = max((path for path in place.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    data = bytearray(file.read_bytes())
    # Only bytes in use: a store is mostly room for more.
    used = [at for at, byte in enumerate(data) if byte]
    at = random.Random(seed).choice(used)
    data[at] ^= 0x40
    file.write_bytes(data)
    try:
        with callfold.open(place) as log:
            report = log.verify(rerun=True, heads=heads)
            # Either it is found, or it was a byte that says nothing.
            if report.is_good:
                assert [told(record) for record in log.records()] == good
    except callfold.CallfoldError as error:
        assert isinstance(error, (callfold.DamagedError, callfold.LogError)), repr(error)


def test_flipping_what_a_record_says_is_found(tmp_path: Path, hold_and_back: Path) -> None:
    place = tmp_path / "store"
    callfold.import_traces(hold_and_back, place)
    found = 0
    for file in [path for path in place.rglob("*") if path.is_file()]:
        data = file.read_bytes()
        for match in list(re.finditer(rb"phoneevent_\w+|linestatechanged|getextendedlineinforesult", data))[::4]:
            bad = bytearray(data)
            bad[match.start() + 3] ^= 0x01
            copy = tmp_path / "copy"
            shutil.copytree(place, copy)
            (copy / file.relative_to(place)).write_bytes(bad)
            try:
                with callfold.open(copy) as log:
                    report = log.verify()
                    if not report:
                        assert report.is_damaged
                        assert report.streams[0].findings[0].is_damage
                        assert not report.streams[0].is_good
                        found += 1
            except callfold.DamagedError:
                found += 1
            shutil.rmtree(copy)
    assert found > 0, "no record says anything in the clear: the test flips nothing"


def test_a_tampered_export_is_refused(tmp_path: Path, hold_and_back: Path) -> None:
    place = tmp_path / "log.jsonl"
    with callfold.open(hold_and_back) as log:
        log.export(place)
    lines = place.read_text(encoding="utf-8").splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if "phoneevent_commstarted" in line)
    tampered = {
        "changed": [*lines[:number], lines[number].replace("commstarted", "commstopped"), *lines[number + 1 :]],
        "taken out": [*lines[:number], *lines[number + 1 :]],
        "moved": [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]],
        "twice": [*lines[:number], lines[number], *lines[number:]],
    }
    for what, changed in tampered.items():
        place.write_text("".join(changed), encoding="utf-8")
        with pytest.raises(callfold.DamagedError) as damaged:
            callfold.open(place)
        assert damaged.value.name in ("export_changed", "bad_record"), what
        with callfold.in_memory() as log:
            with pytest.raises(callfold.DamagedError):
                log.import_traces(place)
            assert log.streams == [], "it is taken in whole or not at all"


def test_an_export_that_is_cut_short_is_refused(tmp_path: Path, hold_and_back: Path) -> None:
    place = tmp_path / "log.jsonl"
    with callfold.open(hold_and_back) as log:
        log.export(place)
    lines = place.read_text(encoding="utf-8").splitlines(keepends=True)
    place.write_text("".join(lines[:-10]), encoding="utf-8")
    with pytest.raises(callfold.DamagedError) as cut:
        callfold.open(place)
    assert cut.value.name in ("export_cut_short", "export_changed")


def test_a_head_shows_that_the_end_was_cut_off(tmp_path: Path, hold_and_back: Path) -> None:
    # The same session without its last lines is a whole log of its own; only the head that was kept knows of more.
    short = tmp_path / "short.jsonl"
    lines = hold_and_back.read_text(encoding="utf-8").splitlines(keepends=True)
    short.write_text("".join(lines[: len(lines) * 3 // 4]), encoding="utf-8")
    with callfold.open(hold_and_back) as log:
        heads = log.head()
    with callfold.open(short) as log:
        assert log.verify()
        report = log.verify(heads=heads)
        assert not report and report.is_damaged
        assert report.missing or report.streams[0].findings


def test_a_head_of_a_stream_that_is_gone_is_missed(store: Log) -> None:
    [head] = store.head()
    other = Head("another", "0" * len(head.origin), 7, "0" * len(head.hash))
    report = store.verify(heads=[head, other])
    assert report.missing == ("another",)
    assert report.is_damaged and not report


def test_a_head_is_kept_as_a_line_of_json(whole: Log) -> None:
    for head in whole.head():
        line = head.to_json()
        assert "\n" not in line
        assert Head.from_json(line) == head
        stream = whole.stream(head.stream)
        assert (head.seq, head.hash) == (stream.records, stream.head)


def test_senseless_heads_are_refused(store: Log) -> None:
    with pytest.raises(callfold.FileError) as bad:
        store.verify(heads=[Head("x", "not hex", -1, "")])
    assert bad.value.name == "not_heads"


# ---- out and in ----


def test_an_export_taken_in_exports_the_same_bytes(whole: Log, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    count = whole.export(first)
    assert count == sum(stream.records for stream in whole.streams)
    with callfold.open(tmp_path / "store", create=True) as log:
        [taken] = log.import_traces(first)
        assert list(taken.streams) == [stream.name for stream in whole.streams]
        assert (taken.path, taken.unknown_lines) == (first, 0)
        assert log.export(second) == count
        assert log.head() == whole.head()
        assert log.calls().to_arrow().equals(whole.calls().to_arrow())
    assert second.read_bytes() == first.read_bytes()


def test_streams_may_be_exported_alone(whole: Log, tmp_path: Path) -> None:
    place = tmp_path / "log.jsonl"
    whole.export(place, stream=["ivr", "hold-and-back"])
    with callfold.open(place) as log:
        assert {stream.name for stream in log.streams} == {"ivr", "hold-and-back"}


def test_an_export_that_is_broken_off_leaves_what_was_there(whole: Log, tmp_path: Path) -> None:
    place = tmp_path / "log.jsonl"
    place.write_text("before")

    def enough(done: int, of: int) -> None:
        raise RuntimeError("enough")

    for table in (None, "calls"):
        with pytest.raises(RuntimeError):
            whole.export(place, table=table, format=None if table is None else "csv", progress=enough)  # type: ignore[arg-type]
        assert place.read_text() == "before"
        assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("table", ["events", "calls", "commands"])
def test_a_parquet_file_has_the_rows_of_the_table(whole: Log, tmp_path: Path, table: Any) -> None:
    place = tmp_path / "table.parquet"
    count = whole.export(place, table=table)
    read = pyarrow.parquet.read_table(place)
    wanted = getattr(whole, table)().to_arrow()
    assert count == len(wanted) > 0
    assert read.column_names == wanted.column_names
    assert read.to_pylist() == wanted.to_pylist()


@pytest.mark.parametrize("table", ["events", "calls", "commands"])
def test_a_csv_file_has_the_rows_of_the_table(whole: Log, tmp_path: Path, table: Any) -> None:
    place = tmp_path / "table.csv"
    count = whole.export(place, table=table)
    with place.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = getattr(whole, table)().to_arrow()
    assert count == len(rows) == len(wanted)
    # Lengths are whole microseconds in CSV, and their columns say so.
    assert [name.removesuffix("_us") for name in rows[0]] == wanted.column_names
    assert [row["stream"] for row in rows] == wanted["stream"].to_pylist()


def test_time_is_exported_by_agent_and_day(whole: Log, tmp_path: Path) -> None:
    place = tmp_path / "time.parquet"
    whole.export(place, table="time")
    read = pyarrow.parquet.read_table(place)
    assert sum(read["length"].to_pylist(), timedelta()) == sum(
        whole.time().to_arrow()["length"].to_pylist(), timedelta()
    )


def test_a_format_may_be_named_against_the_name_of_the_file(store: Log, tmp_path: Path) -> None:
    store.export(tmp_path / "calls.dat", table="calls", format="parquet")
    assert len(pyarrow.parquet.read_table(tmp_path / "calls.dat")) == 1


def test_sessions_are_taken_in_under_their_own_names_or_another(hold_and_back: Path) -> None:
    with callfold.in_memory() as log:
        [taken] = log.import_traces(hold_and_back)
        assert (taken.path, taken.streams, taken.unknown_lines) == (hold_and_back, ("hold-and-back",), 0)
        [taken] = log.import_traces(str(hold_and_back), name="two")
        assert taken.streams == ("two",)
        one, two = log.calls(stream="hold-and-back"), log.calls(stream="two")
        assert one.select(["call", "talk"]).to_arrow().equals(two.select(["call", "talk"]).to_arrow())


def test_a_session_that_breaks_off_leaves_what_came_before(tmp_path: Path, hold_and_back: Path) -> None:
    place = tmp_path / "cut.jsonl"
    data = hold_and_back.read_bytes()
    place.write_bytes(data[: len(data) // 2])
    with callfold.in_memory() as log, callfold.open(hold_and_back) as good:
        with pytest.raises(callfold.FileError):
            log.import_traces(place)
        records = [told(record) for record in log.records()]
        assert 0 < len(records) < good.streams[0].records
        assert [one[:4] for one in records] == [told(record)[:4] for record in good.records()][: len(records)]
        assert log.verify(rerun=True)


def test_import_traces_makes_the_store(tmp_path: Path) -> None:
    taken = callfold.import_traces([named("ivr"), named("multipart")], tmp_path / "store")
    assert [one.streams for one in taken] == [("ivr",), ("multipart",)]
    with callfold.open(tmp_path / "store") as log:
        assert [stream.name for stream in log.streams] == ["ivr", "multipart"]


# ---- forgotten ----


def test_a_dry_run_erases_nothing(store: Log) -> None:
    before = [told(record) for record in store.records()]
    would = store.erase(CALLER, dry_run=True)
    assert would.texts > 0 and would.records > 0 and would.still_readable == ()
    assert [told(record) for record in store.records()] == before
    assert len(store.calls(number=CALLER)) == 1


def test_a_number_that_was_erased_is_in_no_file_and_no_answer(tmp_path: Path, hold_and_back: Path) -> None:
    place = tmp_path / "store"
    callfold.import_traces(hold_and_back, place)
    digits = CALLER.lstrip("+").encode()
    with callfold.open(place) as log:
        would = log.erase(CALLER, dry_run=True)
        times = log.time().to_arrow()
        heads = log.head()
        calls = log.calls().select(["call", "began", "ended", "talk", "held", "waited", "outcome"]).to_arrow()
        erased = log.erase(CALLER)
        assert (erased.texts, erased.records) == (would.texts, would.records)
        # Times, totals and the chain are what they were.
        assert log.time().to_arrow().equals(times)
        assert log.head() == heads
        assert log.calls().select(calls.column_names).to_arrow().equals(calls)
        report = log.verify(heads=heads)
        assert report
        assert report.streams[0].erased == erased.records
        told_of = [log.events().to_arrow().to_pylist(), log.calls().to_arrow().to_pylist(), log.commands().to_arrow().to_pylist()]
        told_of.append([told(record) for record in log.records()])
        told_of.append([log.at(seq).state_json(0) for seq in range(1, log.streams[0].records + 1)])
        call = log.call(log.calls().to_arrow()["call"][0].as_py())
        told_of.append([call.to_json(), call.timeline().text(), call.timeline().html(), call.timeline().ladder()])
        assert digits.decode() not in repr(told_of)
        assert len(log.calls(number=CALLER)) == 0
        assert log.erase(CALLER).records == 0
        log.export(tmp_path / "log.jsonl")
    for path, data in {**files_of(place), Path("export"): (tmp_path / "log.jsonl").read_bytes()}.items():
        assert digits not in data, path
    with callfold.open(place) as log:
        assert log.verify(heads=heads)


def test_a_name_can_be_erased(store: Log) -> None:
    name = "ООО Ромашка"
    assert store.calls().to_arrow()["name"].to_pylist() == [name]
    assert store.erase(name).records > 0
    assert name not in repr(store.events().to_arrow().to_pylist())


def test_somebody_unknown_is_erased_without_a_trace(store: Log) -> None:
    erased = store.erase("+70000000000")
    assert (erased.texts, erased.records, erased.still_readable) == (0, 0, ())


# ---- long work ----


def jobs(tmp_path: Path) -> dict[str, Callable[[Log, Any], object]]:
    return {
        "verify": lambda log, progress: log.verify(rerun=True, progress=progress),
        "events": lambda log, progress: log.events(progress=progress),
        "count_events": lambda log, progress: log.count_events(progress=progress),
        "export": lambda log, progress: log.export(tmp_path / "log.jsonl", progress=progress),
        "export table": lambda log, progress: log.export(tmp_path / "e.parquet", table="events", progress=progress),
        "import": lambda log, progress: log.import_traces(named("ivr"), name="again", progress=progress),
        "erase": lambda log, progress: log.erase(CALLER, progress=progress),
        "find": lambda log, progress: log.find(held=True, progress=progress),
        "near": lambda log, progress: log.near("nothing", progress=progress),
        "lint": lambda log, progress: log.lint(progress=progress),
        "diff": lambda log, progress: log.diff(progress=progress),
        "diff with another": lambda log, progress: log.diff(log, progress=progress),
        "report": lambda log, progress: log.report(progress=progress),
    }


@pytest.fixture()
def fresh(tmp_path: Path) -> Any:
    """A store with all sessions in which nothing was looked up yet: the index of calls is still to be made."""
    callfold.import_traces(sessions(), tmp_path / "store")
    with callfold.open(tmp_path / "store") as log:
        yield log


@pytest.mark.parametrize("name", [*jobs(Path()), "calls", "commands", "time", "call"])
def test_what_progress_raises_ends_the_work_and_the_log_goes_on(fresh: Log, tmp_path: Path, name: str) -> None:
    more: dict[str, Callable[[Log, Any], object]] = {
        **jobs(tmp_path),
        "calls": lambda log, progress: log.calls(progress=progress),
        "commands": lambda log, progress: log.commands(progress=progress),
        "time": lambda log, progress: log.time(progress=progress),
        "call": lambda log, progress: log.find("x", progress=progress),
    }

    class Enough(Exception):
        pass

    told: list[tuple[int, int]] = []

    def enough(done: int, of: int) -> None:
        told.append((done, of))
        raise Enough

    with pytest.raises(Enough):
        more[name](fresh, enough)
    assert len(told) == 1, "nobody is told after it was ended"
    done, of = told[0]
    assert 0 <= done and (of == 0 or done <= of)
    assert fresh.verify()
    # And once more, to its end.
    told.clear()
    more[name](fresh, lambda done, of: told.append((done, of)))


def test_progress_is_told_how_far_it_is(whole: Log) -> None:
    told: list[tuple[int, int]] = []
    whole.verify(rerun=True, progress=lambda done, of: told.append((done, of)))
    # Of all streams together, from nothing on.
    records = sum(stream.records for stream in whole.streams)
    assert told[0] == (0, records)
    assert told == sorted(told) and all(done <= of == records for done, of in told)


# What a process does that is broken off with Ctrl-C. `working` comes from within the work: then it is under way.
WORKER = """
import sys, threading
import callfold

store, job = sys.argv[1:]
log = callfold.open(store)
last = (0, 0)

def progress(done, of):
    global last
    if last == (0, 0):
        print("working", flush=True)
    last = (done, of)

count = 0
try:
    # So often that only Ctrl-C ends it soon.
    for _ in range(100_000):
        if job == "verify":
            log.verify(rerun=True, progress=progress)
        elif job == "events":
            log.events(progress=progress)
        elif job == "lint":
            log.lint(progress=progress)
        elif job == "diff":
            log.diff(progress=progress)
        else:
            callfold.replay(log, progress=progress)
        count += 1
except KeyboardInterrupt:
    print("interrupted", flush=True)
    assert log.verify(stream=0)
    log.close()
    print("closed", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.parametrize("job", ["verify", "events", "lint", "diff", "replay"])
def test_ctrl_c_ends_long_work_soon(tmp_path: Path, job: str) -> None:
    place = tmp_path / "store"
    with callfold.open(place, create=True, durability="never") as log:
        for copy in range(6):
            for path in sessions():
                log.import_traces(path, name=f"{path.stem} {copy}")
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(place), job], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    # Work that never tells how far it is would be waited for without end.
    guard = threading.Timer(60, process.kill)
    guard.start()
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        guard.cancel()
        process.kill()
        process.wait()
    assert out == "interrupted\nclosed\n", err
    assert process.returncode == 0, err
    with callfold.open(place) as log:
        assert log.verify(rerun=True)


@pytest.mark.parametrize("name", [*jobs(Path()), "replay"])
def test_other_threads_run_during_long_work(tmp_path: Path, fresh: Log, name: str) -> None:
    # With this interval no thread is made to give way: another one runs only if the work lets it.
    work = {**jobs(tmp_path), "replay": lambda log, progress: callfold.replay(log, progress=progress)}[name]
    interval = sys.getswitchinterval()
    stop, count = threading.Event(), 0

    def counting() -> None:
        nonlocal count
        while not stop.is_set():
            count += 1
            # Lets the interpreter's lock go.
            time.sleep(0)

    sys.setswitchinterval(1_000)
    thread = threading.Thread(target=counting)
    thread.start()
    try:
        before = count
        work(fresh, None)
        during = count - before
    finally:
        stop.set()
        sys.setswitchinterval(interval)
        thread.join()
    assert during > 0


def test_four_threads_at_once_read_the_same(whole: Log) -> None:
    def look(_: int) -> tuple[Any, ...]:
        with_calls = whole.calls().to_arrow()
        id = with_calls["call"][0].as_py()
        return (
            with_calls.to_pylist(),
            whole.events().to_arrow()["detail"].to_pylist(),
            whole.time().to_arrow().to_pylist(),
            whole.verify(rerun=True),
            [told(record) for record in whole.records("ivr")],
            so(whole.at(60, "ivr")),
            [call.to_json() for call in whole.find(id)],
            [call.id for call in whole.find(held=True)],
            whole.lint(),
            whole.diff(),
            whole.report(),
        )

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(look, range(8))
    assert all(other == first for other in others)


def test_four_threads_at_once_build_the_index_once(fresh: Log) -> None:
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda _: fresh.calls().to_arrow(), range(4)))
    assert len(tables[0]) > 0
    assert all(table.equals(tables[0]) for table in tables)


def test_a_log_that_is_closed_while_it_is_read_is_read_to_its_end_or_not_at_all(fresh: Log) -> None:
    begun = threading.Event()

    def read() -> int:
        return len(fresh.events(progress=lambda done, of: begun.set()))

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        assert begun.wait(60), "nobody is told how far it is"
        fresh.close()
        assert reading.result() > 10_000
    with pytest.raises(callfold.ClosedError):
        fresh.calls()


# ---- memory ----


def resident() -> int:
    """Bytes of memory that this process has, in RAM."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(cycle: Callable[[], object], cycles: int, warm: int) -> int:
    """How much memory so many cycles take that do not give it back, after some that fill what is kept once."""
    for _ in range(warm):
        cycle()
    gc.collect()
    before = resident()
    for _ in range(cycles):
        cycle()
    gc.collect()
    return resident() - before


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is told by /proc on Linux alone")
def test_opening_reading_and_closing_leaks_no_more_than_the_database_does(tmp_path: Path, hold_and_back: Path) -> None:
    place = tmp_path / "store"
    callfold.import_traces(hold_and_back, place)

    def cycle(where: Path) -> None:
        with callfold.open(where) as log:
            assert len(log.calls().to_arrow()) == 1
            log.at(100)

    # A file's log is in memory and goes whole; a leak of a view (2 KiB and more) would be 4 MiB.
    assert growth(lambda: cycle(hold_and_back), cycles=2_000, warm=500) < 1024 * 1024
    # sled keeps some 5 KiB of such a store for good each time it is closed (ARCHITECTURE). A directory or an index that
    # we kept as well would be more than that.
    assert growth(lambda: cycle(place), cycles=200, warm=100) < 200 * 12 * 1024


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is told by /proc on Linux alone")
def test_values_errors_and_machines_leak_nothing(hold_and_back: Path) -> None:
    log = callfold.open(hold_and_back)
    id = log.calls().to_arrow()["call"][0].as_py()
    now = datetime(2026, 1, 12, tzinfo=timezone.utc)

    def cycle() -> None:
        log.at(100)
        log.call(id).to_json()
        log.calls().to_arrow()
        next(log.records())
        with pytest.raises(callfold.NotThere):
            log.stream("nobody")
        machine = Machine()
        machine.connect(now, "ws://x", "ivanov", password="x")
        repr(machine.frame(now, 1, '["x",{}]'))
        with callfold.in_memory():
            pass

    assert growth(cycle, cycles=2_000, warm=500) < 512 * 1024


def test_the_soak_runs_and_says_what_it_found(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(PYTHON / "tests" / "soak.py"), "20"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"20 cycles in .* s: .* KiB more", done.stdout)
