"""Errors: one base, a class and a number for each, and nothing personal in them."""

from __future__ import annotations

import copy
import pickle
import shutil
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import ROOT, sessions

import callfold
from callfold import CallfoldError, Command, Machine, errors, events
from callfold._names import error_of

NOW = datetime(2026, 1, 12, 6, tzinfo=timezone.utc)
NUMBERS = ROOT / "core" / "callfold" / "src" / "problem" / "numbers.txt"


# ---- the table of codes ----


def test_codes_are_the_promised_numbers() -> None:
    promised = [tuple(line.split(" ")) for line in NUMBERS.read_text(encoding="utf-8").splitlines()]
    assert [(str(code), name) for code, name, _ in callfold.problem_codes()] == promised
    assert len(promised) > 60


def test_every_code_says_what_it_means() -> None:
    for code, name, text in callfold.problem_codes():
        assert text.strip(), (code, name)


@pytest.mark.parametrize(("code", "name", "text"), callfold.problem_codes(), ids=[name for _, name, _ in callfold.problem_codes()])
def test_every_code_has_a_class(code: int, name: str, text: str) -> None:
    error = error_of(code, name, text, {"path": "somewhere"})
    assert isinstance(error, CallfoldError)
    # The base alone is for codes of a family that this version does not know.
    assert type(error) is not CallfoldError
    assert (error.code, error.name, str(error), dict(error.context)) == (code, name, text, {"path": "somewhere"})
    assert repr(error) == f"{type(error).__name__}({text!r}, code={code}, name={name!r})"


@pytest.mark.parametrize("kind", [pickle.dumps, copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"])
def test_every_error_survives_pickle_and_copy(kind: Callable[[Any], Any]) -> None:
    for code, name, text in callfold.problem_codes():
        error = error_of(code, name, text, {"path": "somewhere"})
        error.__notes__ = ["seen at noon"]
        again = kind(error)
        if isinstance(again, bytes):
            again = pickle.loads(again)
        assert type(again) is type(error)
        assert (again.code, again.name, str(again), again.context) == (code, name, text, error.context)
        assert again.__notes__ == ["seen at noon"]


def test_a_code_of_the_future_is_still_an_error_of_callfold() -> None:
    error = error_of(9901, "from_the_future", "something new", {})
    assert type(error) is CallfoldError
    assert error.code == 9901


def test_every_class_is_under_the_one_base_and_in_the_package() -> None:
    classes = [getattr(errors, name) for name in errors.__all__]
    for cls in classes:
        assert issubclass(cls, CallfoldError)
        assert getattr(callfold, cls.__name__) is cls
        assert cls.__doc__


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (callfold.InvalidArgument, ValueError),
        (callfold.NotThere, LookupError),
        (callfold.FileError, OSError),
        (callfold.LineError, ConnectionError),
        (callfold.UseError, RuntimeError),
        (callfold.ClosedError, ValueError),
    ],
)
def test_an_error_is_also_what_python_calls_it(cls: type[CallfoldError], builtin: type[Exception]) -> None:
    assert issubclass(cls, builtin)
    error = cls("why", 5001, "bad_argument", {"path": "p"})
    assert str(error) == "why"
    assert error.context == {"path": "p"}


def test_a_refusal_without_a_result_can_be_read() -> None:
    error = error_of(5401, "command_refused", "refused", {})
    assert isinstance(error, callfold.CommandRefused)
    assert error.reason is None


# ---- what raises what ----


def raised(wanted: type[CallfoldError], name: str, job: Callable[[], object]) -> CallfoldError:
    """The error of a job: of this class and name, with the number of that name, and it can be kept."""
    numbers = {name: code for code, name, _ in callfold.problem_codes()}
    with pytest.raises(CallfoldError) as caught:
        job()
    error = caught.value
    assert type(error) is wanted
    assert (error.name, error.code) == (name, numbers[name])
    assert str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.code, again.name, str(again), again.context) == (
        wanted,
        error.code,
        name,
        str(error),
        error.context,
    )
    return error


def test_a_path_where_nothing_is(tmp_path: Path) -> None:
    place = tmp_path / "none"
    error = raised(callfold.NotThere, "store_missing", lambda: callfold.open(place))
    assert error.context == {"path": str(place)}
    assert not place.exists()


def test_a_directory_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    error = raised(callfold.LogError, "not_a_store", lambda: callfold.open(tmp_path))
    assert error.context == {"path": str(tmp_path)}
    raised(callfold.LogError, "not_a_store", lambda: callfold.open(tmp_path, create=True))
    assert [place.name for place in tmp_path.iterdir()] == ["note.txt"]


def test_a_file_that_is_to_be_made_a_store(tmp_path: Path) -> None:
    place = tmp_path / "note.txt"
    place.write_text("hello")
    raised(callfold.LogError, "not_a_store", lambda: callfold.open(place, create=True))
    assert place.read_text() == "hello"


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    place = tmp_path / "note.txt"
    place.write_text("hello\n")
    error = raised(callfold.FileError, "not_a_trace", lambda: callfold.open(place))
    assert error.context.get("path") == str(place)


def test_a_file_that_cannot_be_read(tmp_path: Path, store: callfold.Log) -> None:
    error = raised(callfold.FileError, "file_failed", lambda: store.import_traces(tmp_path / "none.jsonl"))
    assert error.context.get("path") == str(tmp_path / "none.jsonl")


def test_a_file_that_cannot_be_written(tmp_path: Path, store: callfold.Log) -> None:
    error = raised(callfold.FileError, "file_failed", lambda: store.export(tmp_path / "no" / "such" / "log.jsonl"))
    assert error.context.get("path") == str(tmp_path / "no" / "such" / "log.jsonl")


def test_a_store_that_is_open_already(store: callfold.Log) -> None:
    assert store.path is not None
    path = store.path
    error = raised(callfold.LogError, "store_in_use", lambda: callfold.open(path))
    assert error.context == {"path": str(path)}


@pytest.mark.parametrize("damage", ["zeroed", "cut", "garbage"])
def test_a_damaged_store(tmp_path: Path, hold_and_back: Path, damage: str) -> None:
    good = tmp_path / "store"
    callfold.import_traces(hold_and_back, good)
    bad = tmp_path / "bad"
    shutil.copytree(good, bad)
    # The largest file is the one with the records.
    file = max((place for place in bad.rglob("*") if place.is_file()), key=lambda place: place.stat().st_size)
    data = file.read_bytes()
    file.write_bytes({"zeroed": bytes(len(data)), "cut": data[: len(data) // 3], "garbage": b"\xa5" * len(data)}[damage])
    # That it was closed in good order is not said any more once somebody has opened it.
    before = {place: place.read_bytes() for place in bad.rglob("*") if place.is_file() and place.name != "closed"}
    error = raised(callfold.DamagedError, "store_damaged", lambda: callfold.open(bad))
    assert error.context
    assert {place: place.read_bytes() for place in before} == before, "a damaged store is left as it is"


def test_a_stream_that_is_not_there(store: callfold.Log) -> None:
    error = raised(callfold.NotThere, "no_stream", lambda: store.stream("nobody"))
    assert error.context == {"stream": "nobody"}
    raised(callfold.NotThere, "no_stream", lambda: store.stream(99))
    for job in (
        lambda: store.calls(stream="nobody"),
        lambda: store.events(stream=["nobody"]),
        lambda: store.commands(stream=99),
        lambda: store.time(stream="nobody"),
        lambda: store.find("id", "nobody"),
        lambda: store.find(stream=7),
        lambda: store.near("id", "nobody"),
        lambda: store.lint(stream="nobody"),
        lambda: store.diff(stream=["nobody"]),
        lambda: store.at(1, "nobody"),
        lambda: list(store.records("nobody")),
        lambda: store.verify(stream="nobody"),
        lambda: store.count_events(stream="nobody"),
    ):
        raised(callfold.NotThere, "no_stream", job)


def test_no_stream_is_named(store: callfold.Log) -> None:
    raised(callfold.InvalidArgument, "bad_argument", lambda: store.calls(stream=[]))


def test_a_stream_has_to_be_said_where_there_are_several(whole: callfold.Log) -> None:
    for job in (lambda: whole.at(1), lambda: whole.records()):
        error = raised(callfold.InvalidArgument, "bad_argument", job)
        assert "answer-from-application" in str(error)


def test_a_call_that_is_not_there(store: callfold.Log) -> None:
    error = raised(callfold.NotThere, "no_record", lambda: store.call("none"))
    assert error.context == {"call": "none"}


def test_a_call_that_is_in_several_streams(whole: callfold.Log, rows: dict[str, list[dict[str, Any]]]) -> None:
    ids = [row["call"] for row in rows["calls"]]
    id = next(id for id in ids if ids.count(id) > 1)
    error = raised(callfold.InvalidArgument, "bad_argument", lambda: whole.call(id))
    assert error.context == {"call": id}


@pytest.mark.parametrize("record", [0, 132, 10**9])
def test_a_record_that_is_not_there(store: callfold.Log, record: int) -> None:
    error = raised(callfold.NotThere, "no_record", lambda: store.at(record))
    assert error.context["last"] == "131"


def test_a_record_before_the_first(store: callfold.Log) -> None:
    raised(callfold.InvalidArgument, "bad_range", lambda: store.at(-1))


def test_a_time_before_the_beginning(store: callfold.Log) -> None:
    raised(callfold.NotThere, "too_early", lambda: store.at(NOW - timedelta(days=1)))


NAIVE = datetime(2026, 1, 12, 6)


@pytest.mark.parametrize(
    "job",
    [
        lambda log: log.at(NAIVE),
        lambda log: log.calls(start=NAIVE),
        lambda log: log.calls(end=NAIVE),
        lambda log: log.events(start=NAIVE),
        lambda log: log.events(start=NAIVE, end=NAIVE),
        lambda log: log.count_events(end=NAIVE),
        lambda log: log.commands(start=NAIVE),
        lambda log: log.find(start=NAIVE),
        lambda log: log.lint(end=NAIVE),
        lambda log: log.report(start=NAIVE),
        lambda log: log.time("call", start=NAIVE),
        lambda log: Machine().opened(NAIVE, 1),
        lambda log: Machine().frame(NAIVE, 1, "x"),
        lambda log: Machine().wake(NAIVE),
        lambda log: Machine().command(NAIVE, Command.answer()),
        lambda log: Machine().view.state_json(NAIVE),
    ],
)
def test_a_naive_time_is_refused_with_a_hint(store: callfold.Log, job: Callable[[callfold.Log], object]) -> None:
    error = raised(callfold.InvalidArgument, "time_without_zone", lambda: job(store))
    assert "timezone.utc" in str(error)
    assert error.context == {"time": "2026-01-12T06:00:00"}


@pytest.mark.parametrize(
    "job",
    [
        lambda log: log.calls(start=NOW, end=NOW - timedelta(seconds=1)),
        lambda log: log.events(start=2, end=1),
        lambda log: log.commands(start=NOW, end=1),
        lambda log: log.count_events(start=10**18, end=NOW),
        lambda log: log.time(start=NOW.date(), end=NOW.date() - timedelta(days=1)),
        lambda log: log.find(start=NOW, end=1),
        lambda log: log.find(at_least=timedelta(2), at_most=timedelta(1)),
        lambda log: log.lint(start=2, end=1),
        lambda log: log.report(start=NOW, end=NOW - timedelta(seconds=1)),
    ],
)
def test_a_range_that_ends_before_it_begins(store: callfold.Log, job: Callable[[callfold.Log], object]) -> None:
    raised(callfold.InvalidArgument, "bad_range", lambda: job(store))


@pytest.mark.parametrize(
    "job",
    [
        lambda log: log.at(2**64),
        lambda log: log.events(start=2**63),
        lambda log: log.calls(end=-(2**63) - 1),
        lambda log: list(log.records(first=-1)),
        lambda log: list(log.records(first=2**64)),
        lambda log: Machine().opened(2**63, 1),
        lambda log: log.time(utc_offset=timedelta.max),
        lambda log: log.find(most=-1),
        lambda log: log.find(at_least=timedelta(-1)),
        lambda log: log.find(at_most=timedelta.max),
        lambda log: log.lint(start=2**63),
        lambda log: log.report(listed=-1),
        lambda log: log.report(longest=2**64),
        lambda log: log.report(threshold=timedelta(-1)),
        lambda log: log.report(short_abandon=timedelta.max),
        lambda log: log.report(utc_offset=timedelta(days=2)),
    ],
)
def test_a_number_that_is_out_of_all_bounds(store: callfold.Log, job: Callable[[callfold.Log], object]) -> None:
    with pytest.raises(CallfoldError) as refused:
        job(store)
    assert isinstance(refused.value, (callfold.InvalidArgument, callfold.NotThere))


@pytest.mark.parametrize(
    "job",
    [
        lambda log: log.time(start=NOW),
        lambda log: log.time(end=5),
        lambda log: log.time("call", start=NOW.date()),
        lambda log: log.time(number="101"),
        lambda log: log.time(["call", "day"]),
        lambda log: callfold.open("x", durability="now"),  # type: ignore[arg-type]
        lambda log: callfold.open("x", durability=timedelta(0)),
        lambda log: log.export("x", format="csv"),
        lambda log: log.import_traces(["a", "b"], name="one"),
        lambda log: log.find(outcome=[]),
        lambda log: log.lint(kind=[]),
        lambda log: log.diff(stream=[]),
        lambda log: Machine("dead"),  # type: ignore[arg-type]
    ],
)
def test_an_argument_that_makes_no_sense(store: callfold.Log, job: Callable[[callfold.Log], object]) -> None:
    raised(callfold.InvalidArgument, "bad_argument", lambda: job(store))


@pytest.mark.parametrize(
    "job",
    [
        lambda log: log.calls(columns=["nope"]),
        lambda log: log.events(columns=["seq", "nope"]),
        lambda log: log.calls().select(["nope"]),
        lambda log: log.time(["nope"]),
        lambda log: log.events(event="nope"),
        lambda log: log.events(event=int),
        lambda log: log.count_events(event=["line_changed", "nope"]),
        lambda log: log.find(outcome="nope"),
        lambda log: log.find(outcome=["busy", "not_answered"]),
        lambda log: log.lint(kind="nope"),
        lambda log: log.lint(kind=["damaged", "talk without ring"]),
        lambda log: log.export("x.csv", table="nope"),
        lambda log: log.export("x.xlsx", table="calls"),
        lambda log: log.export("x", table="calls"),
    ],
)
def test_an_unknown_name(store: callfold.Log, job: Callable[[callfold.Log], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    raised(callfold.InvalidArgument, "unknown_name", lambda: job(store))
    assert not list(tmp_path.glob("x*"))


@pytest.mark.parametrize(
    "job",
    [
        lambda log: callfold.open(5),
        lambda log: log.at("noon"),
        lambda log: log.at(True),
        lambda log: log.at(1.5),
        lambda log: log.calls(start="2026-01-12"),
        lambda log: log.calls(number=101),
        lambda log: log.calls(stream=1.5),
        lambda log: log.calls(stream=True),
        lambda log: log.time(utc_offset=3),
        lambda log: log.verify(progress=5),
        lambda log: log.find(5),
        lambda log: log.find(name=5),
        lambda log: log.find(outcome=5),
        lambda log: log.find(at_least=5),
        lambda log: log.find(most="many"),
        lambda log: log.find(stream=["one", "two"]),
        lambda log: log.near(5),
        lambda log: log.lint(kind=5),
        lambda log: log.diff("other"),
        lambda log: log.report(agent=5),
        lambda log: log.report(agent=["ivanov", 5]),
        lambda log: log.report(threshold=20),
        lambda log: log.report(threshold=None),
        lambda log: log.report(listed=True),
        lambda log: Machine().frame(NOW, 1, b"bytes"),
        lambda log: Machine().binary(NOW, 1, "text"),
        lambda log: Machine().opened(NOW, "one"),
        lambda log: Machine().command(NOW, "answer"),
        lambda log: Machine.restore("text"),
        lambda log: Machine().handle(5),
        lambda log: callfold.replay(5),
    ],
)
def test_a_wrong_type_is_a_type_error(store: callfold.Log, job: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as wrong:
        job(store)
    # It says what is wrong, and not only that something in here is.
    assert "Wanted" not in str(wrong.value)


@pytest.mark.parametrize(
    "job",
    [
        lambda log: log.streams,
        lambda log: log.stream("x"),
        lambda log: log.calls(),
        lambda log: log.events(),
        lambda log: log.count_events(),
        lambda log: log.commands(),
        lambda log: log.time(),
        lambda log: log.call("x"),
        lambda log: log.find("x"),
        lambda log: log.find(held=True),
        lambda log: log.near("x"),
        lambda log: log.lint(),
        lambda log: log.diff(),
        lambda log: log.report(),
        lambda log: callfold.in_memory().diff(log),
        lambda log: log.at(1, "x"),
        lambda log: log.at(1),
        lambda log: list(log.records("x")),
        lambda log: log.verify(),
        lambda log: log.head(),
        lambda log: log.export("x"),
        lambda log: log.export("x.csv", table="calls"),
        lambda log: log.import_traces("x"),
        lambda log: log.erase("nobody"),
        lambda log: log.sync(),
    ],
)
def test_a_closed_log_says_so(hold_and_back: Path, job: Callable[[callfold.Log], object]) -> None:
    log = callfold.open(hold_and_back)
    log.close()
    raised(callfold.ClosedError, "log_closed", lambda: job(log))


def in_a_thread(job: Callable[[], object]) -> BaseException | None:
    """What a job raises in a thread of its own."""
    raised: list[BaseException | None] = [None]

    def run() -> None:
        try:
            job()
        except BaseException as error:
            raised[0] = error

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised[0]


def test_a_machine_that_is_fed_from_two_threads() -> None:
    machine = Machine()
    machine.opened(NOW, 1)
    error = in_a_thread(lambda: machine.opened(NOW, 2))
    assert isinstance(error, callfold.UseError)
    assert (error.code, error.name) == (5701, "used_at_once")
    assert "hand_over" in str(error)


def test_another_thread_may_look_at_a_machine_and_take_it_over() -> None:
    machine = Machine()
    machine.opened(NOW, 1)
    assert in_a_thread(lambda: (machine.view, machine.timeout, machine.sockets, machine.snapshot())) is None
    machine.hand_over()
    assert in_a_thread(lambda: machine.opened(NOW, 2)) is None
    with pytest.raises(callfold.UseError):
        machine.opened(NOW, 3)
    with pytest.raises(callfold.UseError):
        machine.hand_over()


def test_a_login_without_a_secret_is_refused_by_the_rules() -> None:
    step = Machine().connect(NOW, "ws://pbx.example:4066", "ivanov")
    [done] = [event for event in step.events if isinstance(event, events.CommandDone)]
    assert done.result.code == callfold.ErrorCode.NO_CREDENTIAL
    assert step.effects == []


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x00" * 100, b"\xff" * 100])
def test_a_snapshot_that_is_none(data: bytes) -> None:
    raised(callfold.LogError, "bad_snapshot", lambda: Machine.restore(data))


def test_a_name_that_is_taken(store: callfold.Log, hold_and_back: Path) -> None:
    error = raised(callfold.LogError, "name_taken", lambda: store.import_traces(hold_and_back))
    assert error.context["name"] == "hold-and-back"


@pytest.mark.parametrize("text", ["", "1", " 101", "101 "])
def test_what_cannot_be_erased(store: callfold.Log, text: str) -> None:
    raised(callfold.LogError, "not_erasable", lambda: store.erase(text))


# ---- nobody's name in them ----


def test_errors_tell_of_no_person_and_no_secret(whole: callfold.Log, tmp_path: Path) -> None:
    personal = ["79161234567", "Secret1", "Иванов", "Ромашка"]
    session = sessions()[0].read_text(encoding="utf-8")
    assert all(text in session for text in ("79161234567", "Secret1", "Иванов"))
    place = tmp_path / "bad.jsonl"
    jobs: list[Callable[[], object]] = [lambda: whole.erase(" +79161234567"), lambda: whole.time(number="+79161234567")]
    # A session that breaks off within each of its lines, and one whose lines are no JSON.
    lines = session.splitlines(keepends=True)
    for number, line in enumerate(lines[1:60], start=1):
        for broken in (line[: len(line) * 2 // 3], line.replace("{", "[", 1), line.replace('"t":', '"t":"x",')):
            text = "".join([*lines[:number], broken])
            jobs.append(lambda text=text: (place.write_text(text), callfold.replay(place)))  # type: ignore[misc]
    failed = 0
    for job in jobs:
        try:
            job()
        except CallfoldError as error:
            failed += 1
            told = f"{error} {error!r} {error.context} {error.args}"
            assert not [text for text in personal if text in told]
    assert failed > 100


def test_a_machine_tells_no_secret_when_it_refuses() -> None:
    machine = Machine()
    machine.connect(NOW, "ws://pbx.example:4066", "ivanov", password="canary-password")
    error = in_a_thread(lambda: machine.connect(NOW, "ws://x", "ivanov", password="canary-password"))
    assert isinstance(error, callfold.UseError)
    assert "canary" not in f"{error} {error!r} {error.context}"
