"""The machine, fed by hand: every kind of input, hostile ones, and no secret anywhere."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from datetime import datetime, timedelta, timezone
from hashlib import md5
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
from conftest import VECTORS, session_name, sessions
from hypothesis import given, settings
from hypothesis import strategies as st

import callfold
from callfold import Close, Command, Connection, Dial, LineState, Machine, Send, Step, UnreadableReason, events

START = datetime(2026, 1, 12, 6, tzinfo=timezone.utc)
CANARY = "canary-Pa55w0rd"
URL = "ws://pbx.example:4066"

# What a server answers, by the method that was asked: as in the recorded sessions, and no more than is needed.
ANSWERS: dict[str, dict[str, Any]] = {
    "login": {"userid": "u-1", "sessionid": "canary-session"},
    "getversion": {"version": {"dated": 150601, "build": "2.12"}, "alloweddbstoredprocs": {"changepassword": True}},
    "getmyuserinfo": {"mainpbxnumber": "101", "username": "Ivan Ivanov", "hasline": True, "isoperator": True},
    "getcurrentqueue": {"queue": []},
    "cc_getlunchtypes": {"items": [{"id": 1, "name": "Lunch"}]},
    "getuserstate": {"userstateid": 1, "oncallcenter": False, "onccmanual": False, "onlunch": False, "onredirect": False},
}


class Server:
    """Answers what a machine sends, and keeps what was told."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.now = START
        self.steps: list[Step] = []

    def took(self, step: Step) -> None:
        self.steps.append(step)
        for effect in step.effects:
            self.now += timedelta(milliseconds=1)
            match effect:
                case Dial(socket=socket):
                    self.took(self.machine.opened(self.now, socket))
                case Send(socket=socket, method=method, frame=str(frame)):
                    self.answer(socket, method, json.loads(frame)[1])
                case Close(socket=socket):
                    self.took(self.machine.closed(self.now, socket))

    def answer(self, socket: int, method: str, body: dict[str, Any]) -> None:
        qid = {"qid": body["qid"]}
        name, answer = ("pong", qid) if method == "ping" else (f"{method}result", {**qid, "result": 1, **ANSWERS.get(method, {})})
        self.took(self.machine.frame(self.now, socket, json.dumps([name, answer])))

    @property
    def events(self) -> list[events.Event]:
        return [event for step in self.steps for event in step.events]


@pytest.fixture()
def server() -> Server:
    """A machine that logged in."""
    server = Server(Machine())
    server.took(server.machine.connect(START, URL, "ivanov", password=CANARY))
    return server


# ---- a login ----


def test_a_login_goes_through_by_hand(server: Server) -> None:
    names = [type(event) for event in server.events]
    order = [events.Connecting, events.SocketWon, events.LoggedIn, events.ServerVersionTold, events.AgentTold]
    assert [kind for kind in names if kind in order] == order
    view = server.machine.view
    assert view.connection in (Connection.LOADING, Connection.CONNECTED)
    assert (view.agent.login, view.agent.user, view.agent.number) == ("ivanov", "u-1", "101")
    assert view.server.dated == 150601
    assert dict(view.directory.reasons) == {1: "Lunch"}
    assert server.machine.sockets == [1]


def test_what_is_to_be_done_is_told_in_order() -> None:
    step = Machine().connect(START, [URL, "wss://other.example"], "ivanov", password=CANARY)
    assert step.effects == [Dial(1, URL), Dial(2, "wss://other.example:443")]
    match step:
        case Step([events.CommandGiven(name=name), *_], [Dial(socket=socket), *_]):
            assert (name, socket) == (callfold.CommandName.CONNECT, 1)
        case _:
            pytest.fail(f"{step} is not taken apart")


def test_the_first_socket_that_answers_wins() -> None:
    machine = Machine()
    machine.connect(START, [URL, "wss://other.example"], "ivanov", password=CANARY)
    pings = machine.opened(START, 2).effects
    assert [type(effect) for effect in pings] == [Send]
    qid = json.loads(pings[0].frame)[1]["qid"]  # type: ignore[union-attr]
    step = machine.frame(START, 2, json.dumps(["pong", {"qid": qid}]))
    assert events.SocketWon in [type(event) for event in step.events]
    assert Close(1) in step.effects or events.SocketGivenUp in [type(event) for event in step.events]
    assert machine.sockets == [2]


def test_a_refused_socket_is_no_error() -> None:
    machine = Machine()
    machine.connect(START, URL, "ivanov", password=CANARY)
    step = machine.refused(START, 1)
    assert machine.sockets == []
    assert machine.timeout is not None or any(isinstance(event, events.ConnectFailed) for event in step.events)


def test_a_goodbye_ends_the_connection(server: Server) -> None:
    server.took(server.machine.command(server.now, Command.disconnect()))
    assert server.machine.view.connection is Connection.OFFLINE
    assert any(isinstance(event, events.Disconnected) for event in server.events)


# ---- inputs of every kind ----


def test_events_say_when_they_were_decided(server: Server) -> None:
    assert all(event.at is not None and START <= event.at <= server.now for event in server.events)
    assert all(event.seq is None and event.turn is None for event in server.events)
    assert server.machine.now == server.now


def test_a_binary_message_is_unreadable(server: Server) -> None:
    [event] = server.machine.binary(server.now, 1, b"\x00\xff").events
    assert isinstance(event, events.FrameUnreadable)
    assert event.why.reason is UnreadableReason.BINARY
    assert event.is_finding


def test_a_frame_on_a_dead_socket_counts_for_nothing(server: Server) -> None:
    before = server.machine.view
    [event] = server.machine.frame(server.now, 99, '["pong",{}]').events
    assert isinstance(event, events.FrameOnDeadSocket)
    assert event.socket == 99
    assert server.machine.view == before


def test_a_clock_that_steps_back_is_told_and_held(server: Server) -> None:
    back = timedelta(seconds=3)
    told = server.machine.binary(server.now - back, 1, b"").events
    [stepped] = [event for event in told if isinstance(event, events.ClockSteppedBack)]
    assert stepped.by == back
    assert server.machine.now == server.now


def test_a_connection_that_is_lost_makes_the_line_stale(server: Server) -> None:
    server.machine.closed(server.now, 1)
    assert server.machine.sockets == []
    assert server.machine.view.connection is not Connection.CONNECTED


def test_a_timer_fires_when_it_is_due_and_not_before(server: Server) -> None:
    machine = Machine()
    machine.connect(START, URL, "ivanov", password=CANARY)
    due = machine.timeout
    assert due is not None and due > START
    assert machine.wake(due - timedelta(microseconds=1)) is None
    assert machine.now == START, "a timer that is not due is no input"
    step = machine.wake(due)
    assert step is not None
    assert machine.now == due
    # Again until none is: it comes to rest.
    for _ in range(100):
        if machine.wake(due) is None:
            break
    else:
        pytest.fail("a timer is due for ever")
    assert machine.timeout is None or machine.timeout > due


def test_a_machine_without_a_timer_has_nothing_to_wake_for() -> None:
    machine = Machine()
    assert machine.timeout is None
    assert machine.wake(START) is None


COMMANDS: list[Command] = [
    Command.call("102"),
    Command.call("102", party_first=True),
    Command.intercom("102"),
    Command.answer(),
    Command.end_call(),
    Command.end_call("102", "103"),
    Command.hold(),
    Command.toggle(),
    Command.transfer(),
    Command.transfer("102"),
    Command.commutate(),
    Command.conference("102", "103"),
    Command.ghost("listen", "102"),
    Command.set_status("break", 1),
    Command.set_user_status("ready"),
    Command.set_redirect_number("102"),
    Command.set_redirect_number(),
    Command.exec("method", {"a": [1, None, "x"]}),
    Command.trigger_custom_event("name", ["102"], {"data": True}),
    Command.call_journal("chain"),
    Command.model_make_call("102"),
    Command.model_answer_call(),
    Command.model_drop_call(),
    Command.model_hold_or_unhold_call(),
    Command.model_make_consult_call("102"),
    Command.model_transfer_call(),
    Command.model_cancel_transfer(),
    Command.model_blind_transfer_call("102"),
    Command.model_set_agent_state("ready"),
    Command.model_set_wrap_up_user_state(True),
    Command.model_change_call_centre_state(True),
    Command.disconnect(),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
@pytest.mark.parametrize("cti", [False, True])
def test_every_command_is_taken_and_told(command: Command, cti: bool) -> None:
    machine = Machine(cti=cti)
    told = machine.command(START, command).events
    [given] = [event for event in told if isinstance(event, events.CommandGiven)]
    assert given.name == command.name
    assert given.target == command.target


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_a_value_and_shows_no_number(command: Command) -> None:
    assert command == command
    assert [other for other in COMMANDS if other == command] == [command]
    assert "102" not in repr(command)
    assert command.name in {name.value for name in callfold.CommandName}


def test_what_a_command_cannot_be_made_of_is_refused() -> None:
    jobs: list[Callable[[], object]] = [
        lambda: Command.ghost("shout", "102"),
        lambda: Command.exec("method", {1: object()}),
        lambda: Command.exec("method", object()),
        lambda: Command.conference("102", room=-(2**70)),
    ]
    for job in jobs:
        with pytest.raises((callfold.InvalidArgument, TypeError)):
            job()


def test_a_mode_is_live_or_replay() -> None:
    assert repr(Machine("replay")) == repr(Machine("live")) == "<Machine: offline, line unknown>"


# ---- hostile inputs ----

HOSTILE = {
    "nothing": "",
    "NUL": "\x00" * 64,
    "a lone surrogate": '["pong",{"qid":"\ud800"}]',
    "surrogates that are no pair": '["\udfff\ud800",{}]',
    "two megabytes": '["pong",{"qid":"' + "x" * 2_000_000 + '"}]',
    "six megabytes": "x" * 6_000_000,
    "deep lists": "[" * 200_000,
    "deep objects": '["a",' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]",
    "no pair": "[1,2,3]",
    "a pair of wrong types": "[1,2]",
    "no JSON": "{",
    "a key twice": '["pong",{"qid":"1","qid":"2"}]',
    "a number beyond all bounds": '["phoneevent_ringstarted",{"chainid":1e999,"number":' + "9" * 400 + "}]",
    "an unknown event": '["' + "e" * 200 + '",{}]',
    "an astral name": '["\U0001f600",{}]',
    "half a multipart": '["multipart",{"id":"m","count":65,"number":-1,"content":"%%%"}]',
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("mode", ["live", "replay"])
def test_hostile_text_is_told_and_never_raises(name: str, mode: Any) -> None:
    machine = Machine(mode, cti=True)
    machine.connect(START, URL, "ivanov", password=CANARY)
    machine.opened(START, 1)
    step = machine.frame(START, 1, HOSTILE[name])
    for event in step.events:
        assert repr(event)
        assert json.loads(event.to_json())
        assert pickle.loads(pickle.dumps(event)) == event
    assert machine.view.connection is Connection.DIALLING
    assert Machine.restore(machine.snapshot()).view == machine.view


@pytest.mark.parametrize(
    "message",
    [b"\xff\xfe not text", '["pong",{"qid":"x"}]'.encode("utf-16"), b"\xed\xa0\x80"],
    ids=["bytes", "utf-16", "surrogate"],
)
def test_a_long_message_that_is_not_utf_8_is_told_as_that(message: bytes) -> None:
    # A piece is JSON; what the pieces make together is not even text. The piece is written like those of a session.
    recorded = (VECTORS / "named" / "multipart.jsonl").read_text(encoding="utf-8").splitlines()
    pieces = [line["in"] for line in map(json.loads, recorded) if "in" in line and "multipart" in line["in"][0].lower()]
    name, fields = pieces[0]
    content = max((key for key in fields if isinstance(fields[key], str)), key=lambda key: len(fields[key]))
    count = next(key for key in fields if "count" in key.lower() or "total" in key.lower())
    whole = {key: 0 if isinstance(value, int) else value for key, value in fields.items()}
    whole.update({content: base64.b64encode(message).decode(), count: 1})
    machine = Machine()
    machine.connect(START, URL, "ivanov", password=CANARY)
    machine.opened(START, 1)
    [event] = machine.frame(START, 1, json.dumps([name, whole])).events
    assert isinstance(event, events.FrameUnreadable)
    assert event.why.reason == "not UTF-8"


texts = st.text(alphabet=st.characters(), max_size=200)
bodies = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
WIRE = [
    "pong", "loginresult", "linestatechanged", "userstatechanged", "phoneevent_ringstarted", "phoneevent_commstarted",
    "phoneevent_commstopped", "flashstatechanged", "getextendedlineinforesult", "getuserstateresult", "customevent",
    "confcompositionchanged", "queuechanged", "getversionresult", "getmyuserinforesult", "multipart", "websocketredirect",
]
KEYS = ["qid", "result", "userid", "chainid", "number", "abonents", "lineinfo", "hold", "userstateid", "content", "url", "error"]
frames = st.tuples(
    st.sampled_from(WIRE), st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), bodies, max_size=6)
).map(lambda pair: json.dumps(list(pair)))
inputs = st.one_of(
    st.tuples(st.just("frame"), texts | frames),
    st.tuples(st.just("binary"), st.binary(max_size=40)),
    st.tuples(st.sampled_from(["opened", "refused", "closed"]), st.none()),
    st.tuples(st.just("command"), st.sampled_from(COMMANDS)),
    st.tuples(st.just("connect"), st.text(max_size=30)),
    st.tuples(st.just("wake"), st.none()),
)


@settings(deadline=None, max_examples=300)
@given(
    steps=st.lists(st.tuples(inputs, st.integers(-5_000_000, 120_000_000), st.integers(0, 4)), max_size=25),
    cti=st.booleans(),
    mode=st.sampled_from(["live", "replay"]),
)
def test_any_inputs_in_any_order_never_raise(
    steps: list[tuple[tuple[str, Any], int, int]], cti: bool, mode: Any
) -> None:
    machine = Machine(mode, cti=cti)
    now = START
    told = 0
    for (kind, what), later, socket in steps:
        now += timedelta(microseconds=later)
        step: Optional[Step]
        if kind == "frame":
            step = machine.frame(now, socket, what)
        elif kind == "binary":
            step = machine.binary(now, socket, what)
        elif kind == "command":
            step = machine.command(now, what)
        elif kind == "connect":
            step = machine.connect(now, [URL, what], "ivanov", password=CANARY)
        elif kind == "wake":
            step = machine.wake(now)
        else:
            step = getattr(machine, kind)(now, socket)
        for event in step.events if step else []:
            told += 1
            # Every field can be read, and told again.
            assert all(hasattr(event, name) for name in event.__match_args__)
            assert pickle.loads(pickle.dumps(event)) == event
            assert CANARY not in repr(event) + event.to_json()
        view = machine.view
        assert view.at == machine.now
        assert isinstance(view.line, LineState)
    assert repr(machine).startswith("<Machine: ")
    assert Machine.restore(machine.snapshot()).view == machine.view


@settings(deadline=None, max_examples=200)
@given(text=st.text(alphabet=st.characters(exclude_categories=()), max_size=400))
def test_any_text_at_all_is_a_frame(text: str) -> None:
    # Lone surrogates are among them.
    machine = Machine()
    machine.connect(START, URL, "ivanov", password=CANARY)
    machine.opened(START, 1)
    assert all(event.to_json() for event in machine.frame(START, 1, text).events)


# ---- the same again ----


@pytest.mark.parametrize("path", sessions(), ids=session_name)
def test_the_same_inputs_give_the_same_events(path: Path) -> None:
    with callfold.open(path) as log:
        [stream] = log.streams
        machine = Machine("replay", cti=stream.cti)
        for record in log.records():
            step = machine.handle(record)
            assert [event.to_json() for event in step.events] == [event.to_json() for event in record.events]
            assert [type(event) for event in step.events] == [type(event) for event in record.events]
        assert plain(machine.view) == plain(log.at(stream.records))


def plain(view: callfold.View) -> dict[str, Any]:
    """A view without its place: which record it is of is known to a log alone."""
    return {name: getattr(view, name) for name in view.__dataclass_fields__ if name not in ("at", "seq", "turn", "_seen")}


@pytest.mark.parametrize("name", ["hold-and-back", "conference-from-talk", "cti-blind-transfer"])
def test_a_snapshot_goes_on_where_it_was_taken(name: str) -> None:
    with callfold.open(VECTORS / "named" / f"{name}.jsonl") as log:
        records = list(log.records())
        cti = log.streams[0].cti
    machine = Machine("replay", cti=cti)
    for place, record in enumerate(records):
        if place % 17 == 0:
            restored = Machine.restore(machine.snapshot())
            assert restored.view == machine.view
            assert restored.sockets == machine.sockets
            assert restored.timeout == machine.timeout
            assert restored.snapshot() == machine.snapshot()
            machine = restored
        step = machine.handle(record)
        assert [event.to_json() for event in step.events] == [event.to_json() for event in record.events]


# ---- secrets ----


def test_a_password_is_nowhere_but_in_the_login_frame(server: Server) -> None:
    secrets = [CANARY, md5(CANARY.encode()).hexdigest(), "canary-session"]
    shown = [repr(server.machine), repr(server.machine.view), server.machine.snapshot().decode("latin-1")]
    for step in server.steps:
        shown += [repr(step), *(repr(effect) for effect in step.effects)]
        for event in step.events:
            shown += [repr(event), event.to_json(), pickle.dumps(event).decode("latin-1")]
    view = server.machine.view
    shown += [pickle.dumps(view).decode("latin-1"), view.state_json(server.now), view._repr_html_()]
    for secret in secrets:
        assert not [text[:80] for text in shown if secret in text]


def test_the_login_frame_has_what_proves_who_the_agent_is(server: Server) -> None:
    # Or the test above shows nothing.
    logins = [
        effect
        for step in server.steps
        for effect in step.effects
        if isinstance(effect, Send) and effect.method == "login"
    ]
    assert len(logins) == 1
    assert logins[0].frame is not None
    assert json.loads(logins[0].frame)[1]["userlogin"] == "ivanov"
    assert CANARY not in logins[0].frame, "a password goes hashed"
    assert repr(logins[0]) == "Send(socket=1, method='login')"


def test_a_session_id_is_a_secret_too() -> None:
    server = Server(Machine())
    server.took(server.machine.connect(START, URL, "ivanov", session="canary-session-given"))
    sent = [effect.frame for step in server.steps for effect in step.effects if isinstance(effect, Send)]
    assert any("canary-session-given" in frame for frame in sent if frame is not None)
    assert "canary-session-given" not in repr(server.steps) + repr(server.events)
    assert b"canary-session-given" not in server.machine.snapshot()


def test_a_restored_machine_has_no_secret_to_write_a_login_with() -> None:
    machine = Machine()
    machine.connect(START, URL, "ivanov", password=CANARY)
    restored = Machine.restore(machine.snapshot())
    ping = restored.opened(START, 1).effects[0]
    assert isinstance(ping, Send) and ping.frame is not None
    step = restored.frame(START, 1, json.dumps(["pong", {"qid": json.loads(ping.frame)[1]["qid"]}]))
    assert step.effects == [Send(1, "login", None)]


# ---- objects ----


def test_a_step_shows_its_events_and_effects() -> None:
    step = Machine().connect(START, URL, "ivanov", password=CANARY)
    assert repr(step).startswith("Step(events=[CommandGiven(")
    assert repr(step).endswith("effects=[Dial(socket=1, url='ws://pbx.example:4066')])")


def test_effects_are_values() -> None:
    assert Dial(1, URL) == Dial(1, URL)
    assert hash(Close(1)) == hash(Close(1))
    assert copy.deepcopy(Send(1, "ping", "[]")) == Send(1, "ping", "[]")
    with pytest.raises(AttributeError):
        Close(1).socket = 2  # type: ignore[misc]
