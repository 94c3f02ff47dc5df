"""Tables: the same rows in every library, chosen as asked, and nothing copied that need not be."""

from __future__ import annotations

import datetime as dt
import importlib
import re
from collections import Counter
from typing import Any, Callable, Iterable, Optional

import duckdb
import pandas
import polars
import pyarrow
import pytest
from conftest import ROOT, Rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import callfold
from callfold import Table, events

TABLES = ["calls", "events", "commands", "time"]
TIME_KEYS = ["stream", "agent", "day"]
CLASSES = {re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower(): cls for cls in events.Event.__subclasses__()}
NUMBERS = ["102", "103", "+79161234567", "101", "nobody"]

# The log is shared and only read, so that it does not matter how often it is used.
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def table_of(log: callfold.Log, name: str) -> Table:
    tables: dict[str, Callable[[], Table]] = {
        "calls": log.calls,
        "events": log.events,
        "commands": log.commands,
        "time": log.time,
    }
    return tables[name]()


def plain(value: Any) -> Any:
    """A cell as every library has it: lengths of time and times as microseconds."""
    if value is None or value is pandas.NaT or value is pandas.NA:
        return None
    if isinstance(value, dt.timedelta):
        return value // dt.timedelta(microseconds=1)
    if isinstance(value, dt.datetime):
        assert value.utcoffset() == dt.timedelta(), "times are told in UTC"
        return (value - dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)) // dt.timedelta(microseconds=1)
    if isinstance(value, dt.date):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def plain_rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: plain(value) for name, value in row.items()} for row in rows]


# ---- the same in every library ----


@pytest.mark.parametrize("name", TABLES)
def test_polars_has_the_rows_that_pyarrow_has(whole: callfold.Log, name: str) -> None:
    table = table_of(whole, name)
    frame = table.to_polars()
    assert len(table) > 0
    assert plain_rows(frame.to_dicts()) == plain_rows(table.to_arrow().to_pylist())


@pytest.mark.parametrize("name", TABLES)
def test_pandas_has_the_rows_that_pyarrow_has(whole: callfold.Log, name: str) -> None:
    table = table_of(whole, name)
    frame = table.to_pandas()
    assert list(frame.columns) == table.column_names
    # What is missing in a column of objects or words is told by pandas as NaN.
    rows = [
        {key: None if isinstance(value, float) and value != value else value for key, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]
    assert plain_rows(rows) == plain_rows(table.to_arrow().to_pylist())


@pytest.mark.parametrize("name", TABLES)
def test_duckdb_has_the_rows_that_pyarrow_has(whole: callfold.Log, name: str) -> None:
    table = table_of(whole, name)
    arrow = table.to_arrow()
    # DuckDB reads durations as intervals, of which months and days are apart: microseconds are compared.
    lengths = [field.name for field in arrow.schema if pyarrow.types.is_duration(field.type)]
    times = [field.name for field in arrow.schema if pyarrow.types.is_timestamp(field.type)]
    replaced = [f'epoch_us("{column}") AS "{column}"' for column in lengths + times]
    stars = f"* REPLACE ({', '.join(replaced)})" if replaced else "*"
    with duckdb.connect() as connection:
        connection.register("rows", table)
        asked = connection.execute(f"SELECT {stars} FROM rows")
        columns = [column[0] for column in asked.description or []]
        told = [dict(zip(columns, row)) for row in asked.fetchall()]
    assert plain_rows(told) == plain_rows(arrow.to_pylist())


def test_duckdb_finds_a_table_by_the_name_of_its_variable(whole: callfold.Log) -> None:
    calls = whole.calls()
    found = duckdb.sql("SELECT count(*), count(answered) FROM calls").fetchall()
    arrow = calls.to_arrow()
    assert found == [(len(calls), len(calls) - arrow["answered"].null_count)]


@pytest.mark.parametrize("name", TABLES)
def test_libraries_take_a_table_without_its_help(whole: callfold.Log, name: str) -> None:
    table = table_of(whole, name)
    assert pyarrow.table(table).equals(table.to_arrow())
    assert polars.DataFrame(table).equals(table.to_polars())
    assert pyarrow.schema(table).equals(table.to_arrow().schema, check_metadata=True)


# ---- what the columns are ----


def promised(name: str) -> list[tuple[str, str, bool]]:
    """The columns of a table by the promise that the engine keeps: name, type, whether it may be missing."""
    text = (ROOT / "core" / "callfold" / "src" / "tables" / "schemas.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{name}/\d+\n((?:  .*\n?)+)", text, re.MULTILINE)
    assert found, f"no columns are promised for {name}"
    columns = []
    for line in found.group(1).splitlines():
        column, of = line.strip().split(": ", 1)
        columns.append((column, of.removesuffix(" or null"), of.endswith(" or null")))
    return columns


def arrow_name(of: pyarrow.DataType) -> str:
    if pyarrow.types.is_dictionary(of):
        return f"Dictionary({str(of.index_type).capitalize()}, Utf8)"
    if pyarrow.types.is_list(of):
        return "List(non-null Utf8)" if not of.value_field.nullable else "List(Utf8)"
    names = {
        "string": "Utf8",
        "bool": "Boolean",
        "date32[day]": "Date32",
        "timestamp[us, tz=UTC]": 'Timestamp(µs, "UTC")',
        "duration[us]": "Duration(µs)",
    }
    return names.get(str(of), str(of).replace("uint", "UInt").replace("int", "Int") if "uint" in str(of) else str(of))


@pytest.mark.parametrize("name", ["calls", "events", "commands"])
def test_columns_are_the_promised_ones(whole: callfold.Log, name: str) -> None:
    schema = table_of(whole, name).to_arrow().schema
    columns = [(field.name, arrow_name(field.type).replace("UIInt", "UInt"), field.nullable) for field in schema]
    assert columns == promised(name)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_which_version_its_columns_are_of(whole: callfold.Log, name: str) -> None:
    metadata = table_of(whole, name).to_arrow().schema.metadata
    assert metadata == {b"callfold.table": f"{name}/1".encode()}


def test_times_are_aware_in_every_library(whole: callfold.Log) -> None:
    calls = whole.calls(columns=["began", "answered"])
    assert calls.to_arrow().schema.field("began").type == pyarrow.timestamp("us", tz="UTC")
    assert calls.to_polars().schema["began"] == polars.Datetime("us", time_zone="UTC")
    assert str(calls.to_pandas()["began"].dt.tz) == "UTC"
    assert duckdb.sql("SELECT typeof(began) FROM calls LIMIT 1").fetchall() == [("TIMESTAMP WITH TIME ZONE",)]


def test_lengths_of_time_are_durations_in_every_library(whole: callfold.Log) -> None:
    calls = whole.calls(columns=["talk"])
    assert calls.to_arrow().schema.field("talk").type == pyarrow.duration("us")
    assert calls.to_polars().schema["talk"] == polars.Duration("us")
    assert calls.to_pandas()["talk"].dtype == "timedelta64[us]"
    assert duckdb.sql("SELECT typeof(talk) FROM calls LIMIT 1").fetchall() == [("INTERVAL",)]


def test_words_are_dictionaries_in_every_library(whole: callfold.Log) -> None:
    calls = whole.calls(columns=["outcome"])
    assert pyarrow.types.is_dictionary(calls.to_arrow().schema.field("outcome").type)
    assert calls.to_polars().schema["outcome"] in (polars.Categorical, polars.Enum)
    assert isinstance(calls.to_pandas()["outcome"].dtype, pandas.CategoricalDtype)


def test_whole_numbers_that_may_be_missing_stay_whole_in_pandas(whole: callfold.Log) -> None:
    frame = whole.commands().to_pandas()
    kinds = {"code": "UInt16", "done_seq": "UInt64", "requests": "UInt32", "effect_seq": "UInt64"}
    for column, of in kinds.items():
        assert str(frame[column].dtype) == of
    assert frame["code"].isna().any(), "some commands have no code, or nothing is shown"
    assert set(frame["code"].dropna()) == {
        code for code in whole.commands().to_arrow()["code"].to_pylist() if code is not None
    }


def test_options_of_pandas_are_passed_on(whole: callfold.Log) -> None:
    frame = whole.commands().to_pandas(types_mapper=None, strings_to_categorical=True)
    assert isinstance(frame["target"].dtype, pandas.CategoricalDtype)


@pytest.mark.parametrize(
    ("name", "column", "words"),
    [
        ("calls", "direction", callfold.Direction),
        ("calls", "outcome", callfold.Outcome),
        ("calls", "ended_by", callfold.EndedBy),
        ("calls", "transfer_kind", callfold.TransferKind),
        ("time", "kind", callfold.TimeKind),
        ("commands", "name", callfold.CommandName),
        ("events", "line", callfold.LineState),
        ("events", "command_name", callfold.CommandName),
    ],
)
def test_the_words_of_a_column_are_those_of_the_enumeration(
    rows: Rows, name: str, column: str, words: type[callfold.Word]
) -> None:
    told = {row[column] for row in rows[name]} - {None}
    assert told
    assert told <= {word.value for word in words}


def test_events_are_named_as_their_classes_are(rows: Rows) -> None:
    assert {row["event"] for row in rows["events"]} <= set(CLASSES)


# ---- nothing copied ----


def buffers(table: pyarrow.Table) -> list[tuple[int, int]]:
    """Address and size of every buffer, those of dictionaries apart: importers share these among batches."""
    found = []
    for column in table.columns:
        for chunk in column.chunks:
            for buffer in chunk.buffers():
                if buffer is not None:
                    found.append((buffer.address, buffer.size))
    return found


@pytest.mark.parametrize("name", TABLES)
def test_pyarrow_reads_the_memory_of_the_table(whole: callfold.Log, name: str) -> None:
    # Two readers of the same table see the same addresses, and pyarrow allocates nothing for them: nobody copied.
    table = table_of(whole, name)
    before = pyarrow.total_allocated_bytes()
    first, second = table.to_arrow(), table.to_arrow()
    assert pyarrow.total_allocated_bytes() == before
    assert buffers(first)
    assert buffers(first) == buffers(second)


def test_memory_lives_as_long_as_its_last_reader(whole: callfold.Log) -> None:
    table = whole.events()
    rows = plain_rows(table.to_arrow().to_pylist())
    arrow = table.to_arrow()
    del table
    assert plain_rows(arrow.to_pylist()) == rows


def test_a_selection_is_of_the_same_memory(whole: callfold.Log) -> None:
    table = whole.calls()
    arrow = table.to_arrow()
    chosen = table.select(["talk", "call"]).to_arrow()
    assert chosen.column_names == ["talk", "call"]
    assert buffers(chosen) == buffers(arrow.select(["talk", "call"]))


def test_batches_are_of_the_same_memory_and_have_every_row(whole: callfold.Log) -> None:
    table = whole.events()
    arrow = table.to_arrow()
    batches = [batch.to_arrow() for batch in table.batches()]
    assert pyarrow.concat_tables(batches).equals(arrow)
    assert {at for at, _ in buffers(arrow)} == {at for batch in batches for at, _ in buffers(batch)}


def test_many_rows_come_in_several_batches(tmp_path: Any, vectors: list[Any]) -> None:
    # A batch has 65,536 rows at most.
    with callfold.in_memory() as log:
        for path in vectors:
            for copy in range(8):
                log.import_traces(path, name=f"{path.stem} {copy}")
        table = log.events(columns=["stream", "seq", "place", "event"])
    batches = list(table.batches())
    assert len(batches) > 1
    assert sum(len(batch) for batch in batches) == len(table)
    assert pyarrow.concat_tables([batch.to_arrow() for batch in batches]).equals(table.to_arrow())
    # Words have one dictionary for each batch; readers must find the same words through all of them.
    told = Counter(table.to_arrow()["event"].to_pylist())
    assert told == Counter(table.to_polars()["event"].to_list())
    assert told == Counter(table.to_pandas()["event"])


def test_its_size_in_memory_is_about_that_of_its_buffers(whole: callfold.Log) -> None:
    table = whole.events()
    assert table.to_arrow().nbytes <= table.nbytes


# ---- columns ----


@pytest.mark.parametrize("name", ["calls", "events", "commands"])
def test_only_the_columns_that_are_named_come_in_their_order(whole: callfold.Log, name: str) -> None:
    every = table_of(whole, name).column_names
    wanted = [every[3], every[0], every[2]]
    asked: Callable[..., Table] = getattr(whole, name)
    table = asked(columns=wanted)
    assert table.column_names == wanted
    assert table.to_arrow().equals(table_of(whole, name).to_arrow().select(wanted))


@pytest.mark.parametrize("name", ["calls", "events", "commands"])
def test_an_unknown_column_is_refused_with_those_there_are(whole: callfold.Log, name: str) -> None:
    asked: Callable[..., Table] = getattr(whole, name)
    with pytest.raises(callfold.InvalidArgument, match='"lenght".*stream') as refused:
        asked(columns=["stream", "lenght"])
    assert refused.value.name == "unknown_name"


def test_a_column_is_named_as_it_is(whole: callfold.Log) -> None:
    assert whole.calls().select("talk").column_names == ["talk"]


def test_detail_can_be_asked_for_alone(whole: callfold.Log, rows: Rows) -> None:
    details = whole.events(columns=["detail"]).to_arrow()["detail"].to_pylist()
    assert details == [row["detail"] for row in rows["events"]]


# ---- filters ----

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
MOMENTS = {"calls": "began", "events": "at", "commands": "asked"}


def about(name: str, row: dict[str, Any]) -> Any:
    return row["target" if name == "commands" else "number"]


def by_hand(
    rows: Rows,
    name: str,
    *,
    start: Optional[dt.datetime] = None,
    end: Optional[dt.datetime] = None,
    number: Optional[str] = None,
    stream: Optional[set[str]] = None,
    event: Optional[set[str]] = None,
) -> list[dict[str, Any]]:
    return [
        row
        for row in rows[name]
        if (start is None or row[MOMENTS[name]] >= start)
        and (end is None or row[MOMENTS[name]] < end)
        and (number is None or about(name, row) == number)
        and (stream is None or row["stream"] in stream)
        and (event is None or row["event"] in event)
    ]


def same_rows(table: Table, rows: list[dict[str, Any]]) -> bool:
    # Streams are told in order of their numbers, and so are the rows of the whole table.
    return plain_rows(table.to_arrow().to_pylist()) == plain_rows(rows)


moments = st.integers(-1_000, 40_000).map(
    lambda milliseconds: dt.datetime(2026, 1, 12, 6, tzinfo=dt.timezone.utc) + dt.timedelta(milliseconds=milliseconds)
)


@pytest.mark.parametrize("name", ["calls", "events", "commands"])
@SHARED
@given(bounds=st.tuples(st.none() | moments, st.none() | moments), data=st.data())
def test_a_range_of_time_is_what_filtering_by_hand_gives(
    whole: callfold.Log,
    rows: Rows,
    name: str,
    bounds: tuple[Optional[dt.datetime], Optional[dt.datetime]],
    data: st.DataObject,
) -> None:
    start, end = bounds
    if start is not None and end is not None and end < start:
        start, end = end, start
    # A bound that is a row's own moment shows whether the range is half-open.
    own = data.draw(st.sampled_from([row[MOMENTS[name]] for row in rows[name]]))
    start = data.draw(st.sampled_from([start, min(own, end) if end else own]))
    asked: Callable[..., Table] = getattr(whole, name)
    assert same_rows(asked(start=start, end=end), by_hand(rows, name, start=start, end=end))


@pytest.mark.parametrize("name", ["calls", "events", "commands"])
def test_a_range_has_its_beginning_and_not_its_end(whole: callfold.Log, rows: Rows, name: str) -> None:
    asked: Callable[..., Table] = getattr(whole, name)
    moment = rows[name][len(rows[name]) // 2][MOMENTS[name]]
    at = sum(row[MOMENTS[name]] == moment for row in rows[name])
    just_after = moment + dt.timedelta(microseconds=1)
    assert at > 0
    assert len(asked(start=moment, end=just_after)) == at
    assert len(asked(start=moment, end=moment)) == 0
    assert len(asked(end=moment)) + len(asked(start=moment)) == len(rows[name])


@pytest.mark.parametrize("name", ["calls", "events", "commands"])
def test_a_moment_is_told_in_microseconds_or_in_any_zone(whole: callfold.Log, rows: Rows, name: str) -> None:
    asked: Callable[..., Table] = getattr(whole, name)
    moment = rows[name][len(rows[name]) // 2][MOMENTS[name]]
    wanted = by_hand(rows, name, start=moment)
    moscow = moment.astimezone(dt.timezone(dt.timedelta(hours=3)))
    assert same_rows(asked(start=moscow), wanted)
    assert same_rows(asked(start=(moment - EPOCH) // dt.timedelta(microseconds=1)), wanted)


@pytest.mark.parametrize("number", ["102", "103", "+79161234567", "nobody"])
@pytest.mark.parametrize("name", ["events", "commands"])
def test_a_number_is_what_filtering_by_hand_gives(whole: callfold.Log, rows: Rows, name: str, number: str) -> None:
    asked: Callable[..., Table] = getattr(whole, name)
    wanted = by_hand(rows, name, number=number)
    assert bool(wanted) == (number != "nobody")
    assert same_rows(asked(number=number), wanted)


@pytest.mark.parametrize("number", NUMBERS)
def test_calls_with_a_number_have_it_at_the_other_end_at_some_time(whole: callfold.Log, rows: Rows, number: str) -> None:
    # A call's row tells the first at the other end; who came later is in its legs.
    with_it = set()
    for stream, id in {(row["stream"], row["call"]) for row in rows["calls"]}:
        for call in whole.find(id, stream):
            others = [call.other, *(leg.who for leg in call.legs)]
            others += [leg.who for spell in call.conferences for leg in spell.members]
            others += [transfer.with_ for transfer in call.transfers if transfer.with_ is not None]
            if any(other.number == number for other in others):
                with_it.add((stream, id))
    found = whole.calls(number=number, columns=["stream", "call"]).to_arrow().to_pylist()
    assert {(row["stream"], row["call"]) for row in found} <= with_it
    first = {(row["stream"], row["call"]) for row in rows["calls"] if row["number"] == number}
    assert first <= {(row["stream"], row["call"]) for row in found}


@pytest.mark.parametrize("name", ["calls", "events", "commands"])
@SHARED
@given(data=st.data())
def test_streams_are_what_filtering_by_hand_gives(whole: callfold.Log, rows: Rows, name: str, data: st.DataObject) -> None:
    every = whole.streams
    chosen = data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=5, unique_by=lambda one: one.number))
    chosen.sort(key=lambda one: one.number)
    told: list[Any] = [data.draw(st.sampled_from([one, one.name, one.number])) for one in chosen]
    asked: Callable[..., Table] = getattr(whole, name)
    wanted = by_hand(rows, name, stream={one.name for one in chosen})
    assert same_rows(asked(stream=told if len(told) > 1 else told[0]), wanted)


def test_an_agent_has_all_or_none_of_it(whole: callfold.Log, rows: Rows) -> None:
    for name in ("calls", "events", "commands"):
        asked: Callable[..., Table] = getattr(whole, name)
        assert len(asked(agent="ivanov")) == len(rows[name])
        assert len(asked(agent="nobody")) == 0
        assert asked(agent="nobody").column_names == asked().column_names
    assert whole.time(agent="ivanov").to_arrow().equals(whole.time().to_arrow())
    assert len(whole.time(agent="nobody")) == 0


@SHARED
@given(chosen=st.dictionaries(st.sampled_from(sorted(CLASSES)), st.booleans(), min_size=1, max_size=4))
def test_kinds_of_events_are_what_filtering_by_hand_gives(
    whole: callfold.Log, rows: Rows, chosen: dict[str, bool]
) -> None:
    names = set(chosen)
    told: list[Any] = [CLASSES[name] if as_class else name for name, as_class in chosen.items()]
    wanted = by_hand(rows, "events", event=names)
    event = told[0] if len(told) == 1 else told
    assert same_rows(whole.events(event=event), wanted)
    assert whole.count_events(event=event) == len(wanted)


@SHARED
@given(
    bounds=st.tuples(moments, moments).map(sorted),
    number=st.none() | st.sampled_from(NUMBERS),
    stream=st.none() | st.sampled_from(["hold-and-back", "fuzz-cti-calm-4", "ivr"]),
    event=st.none() | st.sampled_from(["line_changed", "command_done", "line_started"]),
)
def test_filters_of_events_work_together(
    whole: callfold.Log,
    rows: Rows,
    bounds: list[dt.datetime],
    number: Optional[str],
    stream: Optional[str],
    event: Optional[str],
) -> None:
    start, end = bounds
    wanted = by_hand(
        rows,
        "events",
        start=start,
        end=end,
        number=number,
        stream={stream} if stream else None,
        event={event} if event else None,
    )
    assert same_rows(whole.events(start=start, end=end, number=number, stream=stream, event=event), wanted)
    assert whole.count_events(start=start, end=end, number=number, stream=stream, event=event) == len(wanted)


# ---- time ----


def lengths(rows: Iterable[dict[str, Any]], *keys: str) -> Counter[tuple[Any, ...]]:
    """Microseconds by these keys."""
    sums: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        sums[tuple(row[key] for key in keys)] += plain(row["length"])
    return sums


ENDS = {"leaving", "disconnected", "connect_failed", "connection_dropped"}


def balance_of(rows: Rows, stream: str, last: Optional[dt.datetime]) -> int:
    """How long an agent was logged in on a stream, added up from the events by hand."""
    total, since = 0, None
    for row in rows["events"]:
        if row["stream"] != stream:
            continue
        if row["event"] == "logged_in" and since is None:
            since = row["at"]
        if row["event"] in ENDS and since is not None:
            total += plain(row["at"] - since)
            since = None
    # Whoever is not logged out has been logged in until the last record.
    return total if since is None or last is None else total + plain(last - since)


@SHARED
@given(by=st.lists(st.sampled_from(TIME_KEYS), unique=True))
def test_time_is_the_same_however_it_is_grouped(whole: callfold.Log, rows: Rows, by: list[Any]) -> None:
    grouped = whole.time(by).to_arrow().to_pylist()
    assert lengths(grouped, *by, "kind") == lengths(rows["time"], *by, "kind")


@SHARED
@given(hours=st.integers(-24, 24))
def test_time_is_the_same_wherever_midnight_is(whole: callfold.Log, hours: int) -> None:
    shifted = whole.time("day", utc_offset=dt.timedelta(hours=hours)).to_arrow().to_pylist()
    assert lengths(shifted, "kind") == lengths(whole.time([]).to_arrow().to_pylist(), "kind")
    # Every session began at six in the morning, UTC, and is short.
    began = dt.datetime(2026, 1, 12, 6) + dt.timedelta(hours=hours)
    assert {row["day"] for row in shifted} <= {began.date(), (began + dt.timedelta(hours=1)).date()}


def test_time_of_a_stream_is_the_time_that_the_agent_was_logged_in(whole: callfold.Log, rows: Rows) -> None:
    by_stream = lengths(rows["time"], "stream")
    # A connection that came back within one login is told as unknown time, so that only streams with one login can be added
    # up by hand.
    compared = 0
    for stream in whole.streams:
        told = [row["event"] for row in rows["events"] if row["stream"] == stream.name]
        logins = told.count("logged_in")
        if logins == 1:
            assert by_stream[(stream.name,)] == balance_of(rows, stream.name, stream.last), stream.name
            compared += 1
    assert compared > 40


def test_a_call_has_the_same_time_in_each_table(whole: callfold.Log, rows: Rows) -> None:
    kinds = {kind: f"time_{kind.value.replace('-', '_')}" for kind in callfold.TimeKind}
    by_row: Counter[tuple[Any, ...]] = Counter()
    for row in rows["calls"]:
        for kind, column in kinds.items():
            by_row[(row["stream"], row["call"], kind.value)] += plain(row[column])
    by_call = lengths(whole.time(["stream", "call"]).to_arrow().to_pylist(), "stream", "call", "kind")
    # What no time went to has no row.
    assert +by_call == +by_row


def test_a_row_of_a_call_has_the_lengths_that_the_call_has(whole: callfold.Log, rows: Rows) -> None:
    # Calls without a chain may share an id within their stream, so that calls are compared as bags.
    told = Counter(
        (row["stream"], row["call"], row["began_seq"], row["talk"], row["held"], row["waited"]) for row in rows["calls"]
    )
    found = Counter(
        (stream, id, call.began.seq, call.talk, call.held, call.waited)
        for stream, id in {(row["stream"], row["call"]) for row in rows["calls"]}
        for call in whole.find(id, stream)
    )
    assert found == told


def test_days_are_told_whole(whole: callfold.Log) -> None:
    day = dt.date(2026, 1, 12)
    after = day + dt.timedelta(days=1)
    assert whole.time(start=day, end=after).to_arrow().equals(whole.time().to_arrow())
    assert len(whole.time(start=after)) == 0
    assert len(whole.time(end=day)) == 0
    assert len(whole.time(start=day, end=day)) == 0


# ---- none ----


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_log_has_empty_tables_with_the_same_columns(whole: callfold.Log, name: str) -> None:
    with callfold.in_memory() as log:
        empty = table_of(log, name)
    assert len(empty) == 0
    assert empty.to_arrow().schema.equals(table_of(whole, name).to_arrow().schema, check_metadata=True)
    assert empty.to_polars().schema == table_of(whole, name).to_polars().schema
    assert list(empty.to_pandas().columns) == empty.column_names
    assert sum(len(batch) for batch in empty.batches()) == 0


@pytest.mark.parametrize(
    ("method", "library"), [("to_arrow", "pyarrow"), ("to_polars", "polars"), ("to_pandas", "pandas")]
)
def test_a_library_that_is_missing_is_named_with_the_way_to_get_it(
    whole: callfold.Log, monkeypatch: pytest.MonkeyPatch, method: str, library: str
) -> None:
    real = importlib.import_module

    def without(name: str, package: Optional[str] = None) -> Any:
        if name == library:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(ModuleNotFoundError, match=f"pip install {library}") as missing:
        getattr(whole.calls(), method)()
    assert missing.value.name == library


def test_what_a_library_itself_misses_is_told_as_it_is(whole: callfold.Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str, package: Optional[str] = None) -> Any:
        raise ModuleNotFoundError("No module named 'numpy'", name="numpy")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="numpy"):
        whole.calls().to_pandas()


# ---- how it looks ----


def test_repr_tells_the_size_and_columns_and_no_cell(whole: callfold.Log, rows: Rows) -> None:
    shown = repr(whole.calls())
    assert shown == f"<Table: {len(rows['calls'])} rows of 43 columns: stream, call, chain, direction, callback, number, …>"


def test_a_notebook_shows_the_first_rows(whole: callfold.Log) -> None:
    shown = whole.calls()._repr_html_()
    assert "<table" in shown
    assert "answer-from-application" in shown
    assert shown.endswith(f"<p>{len(whole.calls())} rows × 43 columns</p>")


def test_a_notebook_without_pandas_shows_the_size(whole: callfold.Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str, package: Optional[str] = None) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", none)
    assert whole.calls()._repr_html_().startswith("<code>&lt;Table: ")
