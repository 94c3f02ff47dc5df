"""Live lines, over sockets, against the simulated PBX."""

from __future__ import annotations

import asyncio
import functools
import gc
import hashlib
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any, Awaitable, Callable, Coroutine, Iterator, Literal

import pytest
from conftest import ROOT

import callfold
from callfold import (
    Account,
    AgentState,
    CallfoldError,
    ClosedError,
    Command,
    CommandRefused,
    Connection,
    DisconnectReason,
    Done,
    ErrorCode,
    Event,
    InvalidArgument,
    Line,
    LineError,
    LineState,
    LogError,
    Misused,
    NewsMissed,
    OutsideNumber,
    Party,
    Refused,
    RefusedAtLogin,
    Simulator,
    UseError,
    UserStatus,
    View,
    connect,
    events,
)

CUSTOMER = "+79161234567"
SESSION = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
MODES: tuple[Literal["listen", "help", "conference"], ...] = ("help", "conference", "listen")
LIMIT = 30.0
"""Nothing is measured by it: what would hang fails."""
SOON = (timedelta(milliseconds=20), timedelta(milliseconds=200))
"""How soon a lost connection is made again."""

Test = Callable[..., Coroutine[Any, Any, None]]


def live(test: Test) -> Test:
    """A test in a loop, which fails where it would hang."""

    @functools.wraps(test)
    async def limited(*args: Any, **kwargs: Any) -> None:
        await asyncio.wait_for(test(*args, **kwargs), LIMIT)

    marked: Test = pytest.mark.asyncio(limited)
    return marked


async def soon(line: Line, is_so: Callable[[View], bool]) -> View:
    """Waits, from event to event, until the view is so."""
    news = line.events()
    view = line.view
    if is_so(view):
        return view
    async for _ in news:
        view = line.view
        if is_so(view):
            return view
    raise AssertionError(f"the line ended before: {view}")


async def becomes(is_so: Callable[[], bool]) -> None:
    """Waits for something that no event tells of, such as what somebody outside does."""
    while not is_so():
        await asyncio.sleep(0.01)


async def refused(command: Awaitable[object], code: ErrorCode) -> CommandRefused:
    with pytest.raises(CommandRefused) as caught:
        await command
    assert caught.value.reason is code
    assert (caught.value.code, caught.value.name) == (5401, "command_refused")
    assert caught.value.context["code"] == str(int(code))
    return caught.value


def accounts() -> list[Account]:
    return [
        Account("ivanov", "Secret1", "101", name="Ivan Ivanov", session=SESSION),
        Account("petrova", "Secret2", "102", name="Anna Petrova", chief="ivanov"),
        Account("sidorov", "Secret3", "103", answers_by_hand=True),
        Account("desk", "Secret4", "104", desktop=True),
    ]


@pytest.fixture()
def pbx() -> Iterator[Simulator]:
    customer = OutsideNumber(CUSTOMER, "Max")
    with Simulator(accounts(), outside=[customer], queues=["700"], menus={"800": "Menu"}, spare=["109"]) as pbx:
        yield pbx


def ivanov(pbx: Simulator, **more: Any) -> callfold.Connecting:
    return connect(pbx.url, "ivanov", "Secret1", **more)


def petrova(pbx: Simulator, **more: Any) -> callfold.Connecting:
    return connect(pbx.url, "petrova", "Secret2", **more)


async def talk(pbx: Simulator, line: Line, number: str = "101") -> callfold.Outside:
    """The customer calls, and is answered at the phone."""
    customer = pbx.external_call(CUSTOMER, number)
    await soon(line, lambda view: view.line is LineState.RING)
    pbx.answer(number)
    await soon(line, lambda view: view.line is LineState.TALK)
    return customer


def with_whom(view: View) -> list[str]:
    return sorted(str(party.phone) for party in view.parties)


def held(view: View) -> str | None:
    return str(view.held.phone) if isinstance(view.held, Party) else None


# ---- connecting ----


@live
async def test_a_line_is_connected_and_closed(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        view = line.view
        assert view.connection is Connection.CONNECTED
        assert view.line is LineState.READY
        assert (view.agent.login, view.agent.number, view.agent.name) == ("ivanov", "101", "Ivan Ivanov")
        assert view.stale_since is None
        assert repr(line) == "<Line: connected, ready>"
        assert (line.log, line.stream) == (None, None)
        assert pbx.say("101", '["nothing",{}]') == 1
    assert line.view.connection is Connection.OFFLINE
    await becomes(lambda: pbx.say("101", '["nothing",{}]') == 0)


@live
async def test_what_the_server_has_is_in_the_directory(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        directory = line.view.directory
        assert {"101", "102", "103", "104"} <= set(directory.numbers)
        assert directory.reasons == {1: "Lunch", 2: "Break"}
        anna = directory.user("102")
        assert anna is not None and anna.name == "Anna Petrova" and anna.subordinate
        assert "call" in line.view.actions("102")


@live
@pytest.mark.parametrize(
    ("login", "password", "code"),
    [
        ("ivanov", "secret1 but wrong", ErrorCode.WRONG_LOGIN),
        ("nobody", "Secret1", ErrorCode.WRONG_LOGIN),
        ("desk", "Secret4", ErrorCode.DESKTOP_CLIENT_IN_USE),
    ],
)
async def test_a_login_is_refused(pbx: Simulator, login: str, password: str, code: ErrorCode) -> None:
    with pytest.raises(CommandRefused) as caught:
        async with connect(pbx.url, login, password):
            pytest.fail("the body of a line that is not there ran")
    assert caught.value.reason is code
    assert isinstance(caught.value.result, RefusedAtLogin)
    assert caught.value.result.server is not None
    # What the server says of it may name people: it stands in the result alone.
    assert caught.value.result.server.message
    assert str(caught.value.result.server.message) not in str(caught.value) + repr(caught.value.result)


@live
async def test_a_login_without_password_and_session_is_refused(pbx: Simulator) -> None:
    with pytest.raises(CommandRefused) as caught:
        await connect(pbx.url, "ivanov").__aenter__()
    assert caught.value.reason is ErrorCode.NO_CREDENTIAL


@live
async def test_a_login_is_refused_by_a_server_with_all_licences_taken() -> None:
    with Simulator(accounts(), licences=1) as pbx:
        async with ivanov(pbx):
            with pytest.raises(CommandRefused) as caught:
                await petrova(pbx).__aenter__()
    assert caught.value.reason is ErrorCode.LICENCE_LIMIT


@live
async def test_a_login_is_refused_by_a_server_that_is_out_of_service() -> None:
    with Simulator(accounts(), out_of_service=True) as pbx:
        with pytest.raises(CommandRefused) as caught:
            await ivanov(pbx).__aenter__()
    assert caught.value.reason is ErrorCode.SERVICE_NOT_AVAILABLE


@live
async def test_a_session_from_before_logs_in(pbx: Simulator) -> None:
    async with connect(pbx.url, "ivanov", session=SESSION) as line:
        assert line.view.agent.number == "101"


@live
async def test_a_session_that_never_was_is_refused(pbx: Simulator) -> None:
    with pytest.raises(CommandRefused) as caught:
        await connect(pbx.url, "ivanov", session="11111111-2222-3333-4444-555555555555").__aenter__()
    assert caught.value.reason is ErrorCode.BAD_SESSION


@live
async def test_the_first_of_several_addresses_that_answers_is_taken(pbx: Simulator, nobody: str) -> None:
    async with connect([nobody, pbx.url], "ivanov", "Secret1") as line:
        assert line.view.connection is Connection.CONNECTED


@pytest.fixture()
def nobody() -> str:
    """An address at which nobody listens any more."""
    with Simulator() as gone:
        return gone.url


@live
async def test_where_nobody_listens_no_connection_comes_about(nobody: str) -> None:
    with pytest.raises(LineError):
        await connect(nobody, "ivanov", "Secret1").__aenter__()


@live
@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1", "ws://", "ws://a b", "ws://127.0.0.1:99999"])
async def test_an_address_that_is_none_is_refused_as_one_of_ours(url: str) -> None:
    with pytest.raises((LineError, InvalidArgument)):
        await connect(url, "ivanov", "Secret1").__aenter__()


@pytest.mark.parametrize(
    "more",
    [
        {"reconnect": (timedelta(seconds=2), timedelta(seconds=1))},
        {"reconnect": (timedelta(), timedelta(seconds=1))},
        {"reconnect": (timedelta(seconds=-1), timedelta(seconds=1))},
        {"buffer": 0},
        {"buffer": -1},
    ],
)
def test_arguments_out_of_range_are_refused_at_once(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        connect("ws://127.0.0.1:1", "ivanov", "Secret1", **more)


def test_no_address_is_refused_at_once() -> None:
    with pytest.raises(InvalidArgument):
        connect([], "ivanov", "Secret1")


@pytest.mark.parametrize("buffer", [2**40, 2**62, 2**70])
def test_a_buffer_larger_than_memory_is_refused_or_no_trouble(buffer: int) -> None:
    # In a program of its own, which it may take down.
    ran = run_script(
        SCRIPT
        + f"""
async def try_it():
    try:
        async with callfold.connect(pbx.url, "ivanov", "Secret1", buffer={buffer}) as line:
            assert line.view.connection == "connected"
    except (callfold.InvalidArgument, OverflowError) as error:
        assert "buffer" in str(error), error
asyncio.run(try_it())
"""
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@live
async def test_what_connects_is_used_once(pbx: Simulator) -> None:
    connecting = ivanov(pbx)
    async with connecting:
        with pytest.raises(UseError):
            await connecting.__aenter__()
    with pytest.raises(UseError):
        await connecting.__aenter__()


def test_what_connects_shows_no_secret() -> None:
    shown = repr(connect("ws://127.0.0.1:1", "ivanov", "Canary-9137", session="Canary-9138"))
    assert "ivanov" in shown and "ws://127.0.0.1:1" in shown
    assert "Canary" not in shown
    assert "Canary" not in repr(connect("ws://ivanov:Canary-9137@127.0.0.1:1", "ivanov", "Secret1"))


# ---- commands ----


@live
async def test_commands_are_refused_where_nothing_goes_on(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        await refused(line.answer(), ErrorCode.INCORRECT_STATE)
        await refused(line.end_call(), ErrorCode.INCORRECT_STATE)
        await refused(line.hold(), ErrorCode.INCORRECT_STATE)
        await refused(line.toggle(), ErrorCode.NOTHING_TO_TOGGLE)
        await refused(line.transfer(CUSTOMER), ErrorCode.NOTHING_TO_TRANSFER)
        await refused(line.transfer(), ErrorCode.BAD_NUMBER_FOR_TRANSFER)
        await refused(line.commutate(), ErrorCode.INCORRECT_STATE)
        await refused(line.conference(), ErrorCode.BAD_STATE_FOR_CONFERENCE)
        error = await refused(line.call(""), ErrorCode.BAD_NUMBER)
        assert error.result == Refused(ErrorCode.BAD_NUMBER, None, None)
        assert str(ErrorCode.BAD_NUMBER) in str(error)
        # None of it did any harm.
        assert line.view.line is LineState.READY
        assert line.view.connection is Connection.CONNECTED


@live
async def test_a_call_to_who_cannot_be_called_is_refused(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        for number in ("109", "1"):
            error = await refused(line.call(number), ErrorCode.AUTOCALL_FAILED)
            assert isinstance(error.result, Refused) and isinstance(error.result.server, callfold.Json)
            assert error.result.server.load()["result"] == 0
        # Nobody's number is in what is printed of it.
        assert "109" not in str(error) + repr(error) + repr(error.context)


@live
async def test_an_outgoing_call_from_ring_to_end(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        done = await line.call(CUSTOMER)
        assert isinstance(done, Done)
        await soon(line, lambda view: view.line is LineState.BACK_RING)
        await line.answer()
        view = await soon(line, lambda view: view.line is LineState.CALL)
        assert with_whom(view) == [CUSTOMER]
        customer = pbx.find_outside(CUSTOMER)
        assert customer is not None
        pbx.answer(customer)
        view = await soon(line, lambda view: view.line is LineState.TALK)
        assert view.talk_since is not None and view.talk_since.tzinfo is timezone.utc
        assert pbx.outside(customer) == "talking"
        assert isinstance(await line.end_call(), Done)
        view = await soon(line, lambda view: view.line is LineState.READY)
        assert view.parties == () and view.talk_since is None
        assert pbx.outside(customer) == "gone"


@live
async def test_a_call_may_ring_the_other_side_first(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        await line.call(CUSTOMER, party_first=True)
        await soon(line, lambda view: view.line is LineState.BACK_CALL)
        customer = pbx.find_outside(CUSTOMER)
        assert customer is not None
        ringing = customer
        await becomes(lambda: pbx.outside(ringing) == "ringing")
        pbx.answer(customer)
        await soon(line, lambda view: view.line is LineState.BACK_RING)
        pbx.answer("101")
        await soon(line, lambda view: view.line is LineState.TALK)


@live
async def test_an_incoming_call_is_answered(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        customer = pbx.external_call(CUSTOMER, "101")
        view = await soon(line, lambda view: view.line is LineState.RING)
        assert with_whom(view) == [CUSTOMER]
        await line.answer()
        await soon(line, lambda view: view.line is LineState.TALK)
        assert pbx.outside(customer) == "talking"
        pbx.hang_up(customer)
        await soon(line, lambda view: view.line is LineState.READY)


@live
async def test_an_incoming_call_is_declined(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        customer = pbx.external_call(CUSTOMER, "101")
        await soon(line, lambda view: view.line is LineState.RING)
        await line.end_call()
        await soon(line, lambda view: view.line is LineState.READY)
        assert pbx.outside(customer) == "gone"


@live
async def test_a_phone_that_is_answered_by_hand_only_cannot_be_told_to(pbx: Simulator) -> None:
    async with connect(pbx.url, "sidorov", "Secret3") as line:
        pbx.external_call(CUSTOMER, "103")
        await soon(line, lambda view: view.line is LineState.RING)
        await refused(line.answer(), ErrorCode.ANSWER_NOT_SUPPORTED)
        assert line.view.answering is callfold.Answering.NOT_SUPPORTED
        pbx.answer("103")
        await soon(line, lambda view: view.line is LineState.TALK)


@live
async def test_hold_and_back(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        customer = await talk(pbx, line)
        await line.hold()
        view = await soon(line, lambda view: view.held is not None)
        assert (held(view), view.line, view.parties) == (CUSTOMER, LineState.READY, ())
        assert pbx.outside(customer) == "held"
        await line.hold()
        view = await soon(line, lambda view: view.held is None and view.line is LineState.TALK)
        assert with_whom(view) == [CUSTOMER]


@live
async def test_a_consultation_toggled_and_connected(pbx: Simulator) -> None:
    async with ivanov(pbx) as line, petrova(pbx) as anna:
        customer = await talk(pbx, line)
        await line.call("102")
        await soon(line, lambda view: view.line is LineState.CALL and held(view) == CUSTOMER)
        await soon(anna, lambda view: view.line is LineState.RING)
        await anna.answer()
        await soon(line, lambda view: view.line is LineState.TALK and with_whom(view) == ["102"])
        await line.toggle()
        await soon(line, lambda view: held(view) == "102" and with_whom(view) == [CUSTOMER])
        await line.toggle()
        await soon(line, lambda view: held(view) == CUSTOMER and with_whom(view) == ["102"])
        await line.commutate()
        await soon(line, lambda view: view.line is LineState.READY and view.held is None)
        await soon(anna, lambda view: with_whom(view) == [CUSTOMER])
        assert pbx.outside(customer) == "talking"


@live
async def test_a_transfer_without_a_number_connects_the_two(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        customer = await talk(pbx, line)
        await line.call("102")
        pbx.answer("102")
        await soon(line, lambda view: view.line is LineState.TALK and held(view) == CUSTOMER)
        # The two are connected, and the reference client says that the number is bad all the same.
        await refused(line.transfer(), ErrorCode.BAD_NUMBER_FOR_TRANSFER)
        await soon(line, lambda view: view.line is LineState.READY and view.held is None)
        assert pbx.outside(customer) == "talking"


@live
async def test_a_blind_transfer(pbx: Simulator) -> None:
    async with ivanov(pbx) as line, petrova(pbx) as anna:
        customer = await talk(pbx, line)
        await line.transfer("102")
        await soon(line, lambda view: view.line is LineState.READY)
        view = await soon(anna, lambda view: view.line is LineState.RING)
        assert with_whom(view) == [CUSTOMER]
        await anna.answer()
        await soon(anna, lambda view: view.line is LineState.TALK)
        assert pbx.outside(customer) == "talking"


@live
async def test_a_conference_and_its_end(pbx: Simulator) -> None:
    async with ivanov(pbx) as line, petrova(pbx) as anna:
        customer = await talk(pbx, line)
        await line.conference("102")
        await soon(anna, lambda view: view.line is LineState.RING)
        await anna.answer()
        three = ["+79161234567", "101", "102"]
        view = await soon(line, lambda view: with_whom(view) == three)
        assert view.conference is not None and not view.conference.ghost
        await soon(anna, lambda view: with_whom(view) == three)
        assert pbx.outside(customer) == "conference"
        # The customer is put out by who made it.
        await line.end_call(CUSTOMER)
        await soon(line, lambda view: with_whom(view) == ["101", "102"])
        assert pbx.outside(customer) == "gone"
        await line.end_call("101")
        await soon(line, lambda view: view.line is LineState.READY and view.conference is None)
        await soon(anna, lambda view: view.line is LineState.READY and view.conference is None)


@live
async def test_a_chief_joins_a_talk_unheard(pbx: Simulator) -> None:
    async with ivanov(pbx) as line, petrova(pbx) as anna:
        await refused(line.ghost("listen", "103"), ErrorCode.NO_RIGHTS)
        customer = await talk(pbx, anna, "102")
        await line.ghost("listen", "102")
        view = await soon(line, lambda view: view.line is LineState.TALK and with_whom(view) == ["101", "102"])
        assert view.conference is not None and view.conference.ghost
        # Neither side notices.
        assert with_whom(anna.view) == [CUSTOMER]
        assert pbx.outside(customer) == "talking"
        for mode in MODES:
            await line.ghost(mode, "102")
        pbx.hang_up(customer)
        await soon(line, lambda view: view.line is LineState.READY)


@live
async def test_a_ghost_s_mode_is_one_of_three(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        with pytest.raises(InvalidArgument, match="listen"):
            await line.ghost("shout", "102")  # type: ignore[arg-type]


@live
async def test_an_intercom_call_is_answered_by_the_phone(pbx: Simulator) -> None:
    async with ivanov(pbx) as line, petrova(pbx) as anna:
        await line.intercom("102")
        await soon(line, lambda view: view.line is LineState.BACK_RING)
        pbx.answer("101")
        await soon(line, lambda view: view.line is LineState.TALK)
        await soon(anna, lambda view: view.line is LineState.TALK)


@live
async def test_every_status_is_set(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        for status in ("readyCC", "readyCCManual", "busy", "dnd", "ready"):
            done = await line.set_status(status)
            assert isinstance(done, UserStatus)
            assert done.state == status
            assert line.view.agent.state == status
        done = await line.set_status(AgentState.BREAK, 2)
        assert isinstance(done, UserStatus) and done.state is AgentState.BREAK
        assert (line.view.agent.break_reason, line.view.agent.status) == (2, AgentState.BREAK)
        await refused(line.set_status("asleep"), ErrorCode.UNKNOWN_USER_STATUS)
        await refused(line.set_status(AgentState.NO_PHONE), ErrorCode.UNSETTABLE_USER_STATUS)


@live
async def test_calls_are_redirected_once_a_number_is_known(pbx: Simulator) -> None:
    async with ivanov(pbx) as line, petrova(pbx) as anna:
        await refused(line.set_status("redirect"), ErrorCode.NO_REDIRECT_NUMBER)
        await line.redirect_to("102")
        assert line.view.agent.redirect_number == "102"
        done = await line.set_status("redirect")
        assert isinstance(done, UserStatus) and done.status is AgentState.REDIRECT
        pbx.external_call(CUSTOMER, "101")
        await soon(anna, lambda view: view.line is LineState.RING)
        assert line.view.line is LineState.READY
        await line.redirect_to()
        assert line.view.agent.redirect_number is None


@live
async def test_methods_of_the_server_are_called(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        done = await line.exec("getversion")
        assert isinstance(done, Done) and isinstance(done.server, callfold.Json)
        assert done.server.load()["result"] == 1
        error = await refused(line.exec("no_such_method", {"a": [1, None, "b"]}), ErrorCode.METHOD_FAILED)
        assert error.result.method == "no_such_method"


@live
async def test_params_that_are_no_json_are_refused(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        for params in ({"a": object()}, {"a": b"bytes"}, {"a": {1, 2}}, {"a": float("nan")}, {"a": "\ud800"}):
            with pytest.raises(InvalidArgument) as caught:
                await line.exec("getversion", params)
            assert caught.value.name == "not_json"
        assert isinstance(await line.exec("getversion"), Done)


@live
async def test_a_command_that_was_made_is_given(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        assert isinstance(await line.do(Command.set_user_status("ready")), UserStatus)
        assert isinstance(await line.do(Command.trigger_custom_event("x", ["102"], {"a": 1})), Done)
        with pytest.raises(TypeError):
            await line.do("answer")  # type: ignore[arg-type]


@live
async def test_the_model_s_commands_are_misused_where_they_would_throw(pbx: Simulator) -> None:
    async with ivanov(pbx, cti=True) as line:
        assert line.view.cti is not None and line.view.cti.connected
        with pytest.raises(CommandRefused) as caught:
            await line.do(Command.model_make_call(""))
        assert isinstance(caught.value.result, Misused)
        assert (caught.value.code, caught.value.name) == (5402, "command_misused")
        assert caught.value.reason is None
        assert caught.value.context == {"misuse": str(caught.value.result.misuse)}


@live
async def test_the_model_tells_of_a_call(pbx: Simulator) -> None:
    async with ivanov(pbx, cti=True) as line:
        news = line.events()
        await talk(pbx, line)
        view = line.view
        assert view.cti is not None
        assert [call.state for call in view.cti.calls] == [callfold.CallState.CONNECTED]
        async for event in news:
            if isinstance(event, events.Provider) and isinstance(event.event, callfold.CtiCallStarted):
                break
    async with ivanov(pbx) as line:
        assert line.view.cti is None


@live
async def test_commands_may_be_given_at_once(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        results = await asyncio.gather(*(line.exec("getversion") for _ in range(100)))
        assert all(isinstance(result, Done) for result in results)
        mixed = await asyncio.gather(line.hold(), line.exec("getversion"), line.toggle(), return_exceptions=True)
        assert [type(result) for result in mixed] == [CommandRefused, Done, CommandRefused]


@live
async def test_the_queue_and_a_menu_are_seen(pbx: Simulator) -> None:
    async with ivanov(pbx) as line, petrova(pbx) as anna:
        customer = pbx.external_call(CUSTOMER, "700")
        view = await soon(line, lambda view: len(view.queue) == 1)
        assert view.queue[0].phone == CUSTOMER
        await anna.set_status("readyCC")
        view = await soon(anna, lambda view: view.line is LineState.RING)
        assert with_whom(view) == [CUSTOMER]
        await anna.answer()
        await soon(anna, lambda view: view.line is LineState.TALK)
        assert pbx.outside(customer) == "talking"

        pbx.dial("101", "800")
        view = await soon(line, lambda view: view.line is LineState.TALK)
        menu = view.parties[0].menu
        assert menu is not None and menu.name == "Menu"


# ---- events and the view ----


@live
async def test_events_are_in_order_and_have_their_turn_and_time(pbx: Simulator) -> None:
    log = callfold.in_memory()
    async with ivanov(pbx, store=log) as line:
        await talk(pbx, line)
        await line.end_call()
        await soon(line, lambda view: view.line is LineState.READY)
    told = [event async for event in line]
    assert isinstance(told[0], events.CommandGiven) or isinstance(told[0], events.Connecting)
    assert isinstance([event for event in told if isinstance(event, events.Disconnected)][-1], Event)
    turns = [event.turn for event in told]
    seqs = [event.seq for event in told]
    ats = [event.at for event in told]
    assert None not in turns and None not in seqs and None not in ats
    assert turns == sorted(turns, key=lambda turn: turn or 0)
    assert seqs == sorted(seqs, key=lambda seq: seq or 0)
    assert all(at is not None and at.tzinfo is timezone.utc for at in ats)
    assert ats == sorted(ats, key=lambda at: at.timestamp() if at else 0.0)
    assert {"connected", "line_changed", "command_done", "disconnected"} <= {event.event_name for event in told}
    states = [event.to for event in told if isinstance(event, events.LineChanged)]
    begun = states.index(LineState.RING)
    assert states[begun : begun + 3] == [LineState.RING, LineState.TALK, LineState.READY]


@live
async def test_what_the_login_brings_is_told_by_the_line_itself(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        names = []
        async for event in line:
            names.append(event.event_name)
            if isinstance(event, events.Connected):
                break
        assert names.index("logged_in") < names.index("connected")


@live
async def test_a_line_that_is_not_recorded_has_events_without_a_record(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        event = await line.until(events.Connected)
        assert event.seq is None and event.turn is not None


@live
async def test_the_view_has_every_event_that_was_told(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        news = line.events()
        customer = await talk(pbx, line)
        pbx.hang_up(customer)
        async for event in news:
            view = line.view
            assert event.turn is not None and view.turn is not None
            assert view.turn >= event.turn
            if isinstance(event, events.LineChanged) and view.turn == event.turn:
                assert view.line is event.to
            if isinstance(event, events.LineChanged) and event.to is LineState.READY:
                break


@live
async def test_the_view_has_a_command_s_result_when_it_returns(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        for _ in range(50):
            for status in ("dnd", "ready"):
                await line.set_status(status)
                assert line.view.agent.status == status


@live
async def test_several_readers_are_told_the_same(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        readers = [line.events() for _ in range(4)]
        await talk(pbx, line)
        await line.end_call()
        await soon(line, lambda view: view.line is LineState.READY)
        await line.close()
        told = [[(event.turn, event.to_json()) async for event in reader] for reader in readers]
        assert told[0] and all(other == told[0] for other in told)


@live
async def test_a_reader_is_told_what_comes_after_it_was_made(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        before = line.view.turn
        news = line.events()
        await line.set_status("dnd")
        first = await news.__anext__()
        assert first.turn is not None and before is not None and first.turn > before
        assert isinstance(first, events.CommandGiven)


@live
async def test_each_event_is_told_once_to_two_who_iterate_the_line(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        whole = line.events()
        told: list[tuple[int | None, str]] = []

        async def read() -> None:
            async for event in line:
                await asyncio.sleep(0)  # so that the others come in between
                told.append((event.turn, event.to_json()))

        readers = [asyncio.ensure_future(read()) for _ in range(3)]
        for _ in range(30):
            await line.set_status("dnd")
            await line.set_status("ready")
        await line.close()
        await asyncio.gather(*readers)
        all_of_it = [(event.turn, event.to_json()) async for event in whole]
        since = all_of_it[0][0]
        assert since is not None
        shared = [one for one in told if one[0] is not None and one[0] >= since]
        assert sorted(map(repr, shared)) == sorted(map(repr, all_of_it))


@live
async def test_a_reader_whose_waiting_is_cancelled_loses_nothing(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        whole, interrupted = line.events(), line.events()
        waiting = asyncio.ensure_future(interrupted.__anext__())
        await asyncio.sleep(0)
        doing = asyncio.ensure_future(line.set_status("dnd"))
        await asyncio.sleep(0)
        # The loop is held up, so that the event is there, and on its way, when the waiting for it is cancelled.
        time.sleep(0.5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await doing
        await line.close()
        told = [event.to_json() async for event in whole]
        assert told
        assert [event.to_json() async for event in interrupted] == told


@live
async def test_a_reader_with_a_time_limit_loses_nothing(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        whole, hasty = line.events(), line.events()
        told: list[str] = []

        async def act() -> None:
            for _ in range(100):
                await line.set_status("dnd")
                await line.set_status("ready")
            await line.close()

        acting = asyncio.ensure_future(act())
        while True:
            try:
                told.append((await asyncio.wait_for(hasty.__anext__(), 0.0005)).to_json())
            except asyncio.TimeoutError:
                continue
            except StopAsyncIteration:
                break
        await acting
        assert told == [event.to_json() async for event in whole]


@live
async def test_a_slow_reader_misses_events_and_goes_on(pbx: Simulator) -> None:
    async with ivanov(pbx, buffer=4) as line:
        slow = line.events()
        for _ in range(20):
            await line.set_status("dnd")
            await line.set_status("ready")
        await line.set_status("break", 1)
        with pytest.raises(NewsMissed) as caught:
            async for event in slow:
                pass
        assert (caught.value.code, caught.value.name) == (5303, "news_missed")
        assert isinstance(caught.value, LineError)
        # What it missed is in the view.
        assert line.view.agent.state is AgentState.BREAK
        # The last ones are still told, and what comes is too.
        turns: list[int] = []
        async for event in slow:
            assert event.turn is not None
            turns.append(event.turn)
            if event.turn == line.view.turn:
                break
        assert turns == sorted(turns) and isinstance(event, Event)


@live
async def test_until_reads_on_to_an_event_of_a_kind(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        assert isinstance(await line.until(events.Connected), events.Connected)
        waiting = asyncio.ensure_future(line.until((events.LineChanged, events.Disconnected)))
        pbx.external_call(CUSTOMER, "101")
        changed = await waiting
        assert isinstance(changed, events.LineChanged)
        while changed.to is not LineState.RING:
            changed = await line.until(events.LineChanged)
            assert isinstance(changed, events.LineChanged)


@live
async def test_until_ends_with_the_line(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        waiting = asyncio.ensure_future(line.until(events.ConferenceEntered))
        await asyncio.sleep(0)
    with pytest.raises(ClosedError):
        await waiting
    with pytest.raises(StopAsyncIteration):
        await line.events().__anext__()


# ---- loss and return ----


@live
async def test_a_cut_connection_is_made_again(pbx: Simulator) -> None:
    async with ivanov(pbx, reconnect=SOON) as line:
        customer = await talk(pbx, line)
        news = line.events()
        assert pbx.cut("101") == 1
        kinds = []
        async for event in news:
            kinds.append(type(event))
            if isinstance(event, events.Disconnected):
                assert event.reason is DisconnectReason.CONNECTION_CLOSED
            if isinstance(event, events.Connected):
                break
        assert kinds.index(events.Disconnected) < kinds.index(events.Connected)
        assert events.LineWentStale in kinds
        view = await soon(line, lambda view: view.stale_since is None)
        assert view.line is LineState.TALK and with_whom(view) == [CUSTOMER]
        assert pbx.outside(customer) == "talking"
        assert isinstance(await line.exec("getversion"), Done)


@live
async def test_a_lost_connection_stays_lost_where_it_is_not_to_be_made_again(pbx: Simulator) -> None:
    async with ivanov(pbx, reconnect=False) as line:
        pbx.cut("101")
        view = await soon(line, lambda view: view.connection is Connection.OFFLINE)
        assert view.stale_since is not None
        with pytest.raises(CommandRefused):
            await line.call(CUSTOMER)
        assert pbx.say("101", "x") == 0
        # Until it is told to.
        await line.connect()
        assert line.view.connection is Connection.CONNECTED


@live
async def test_a_command_that_was_lost_with_its_connection_is_refused(pbx: Simulator) -> None:
    async with ivanov(pbx, reconnect=SOON) as line:
        pbx.set_faults(cut_at=["getversion"])
        error = await refused(line.exec("getversion"), ErrorCode.METHOD_FAILED)
        assert isinstance(error.result, Refused)
        await soon(line, lambda view: view.connection is Connection.CONNECTED)
        assert isinstance(await line.exec("getversion"), Done)


@live
async def test_a_line_outlives_its_server() -> None:
    with Simulator(accounts()) as first:
        bind = first.url.removeprefix("ws://")
        connecting = ivanov(first, reconnect=SOON)
        line = await connecting.__aenter__()
        news = line.events()
        first.stop()
        async for event in news:
            if isinstance(event, events.Disconnected):
                break
        with Simulator(accounts(), bind=bind) as second:
            async for event in news:
                if isinstance(event, events.Connected):
                    break
            assert line.view.connection is Connection.CONNECTED
            assert second.say("101", "x") == 1
            await connecting.__aexit__(None, None, None)


@live
async def test_a_frozen_server_does_not_hold_up_the_goodbye(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        assert pbx.freeze("101") == 1
    assert line.view.connection is Connection.OFFLINE


@live
async def test_a_line_is_disconnected_and_connected_again(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        news = line.events()
        assert isinstance(await line.disconnect(), Done)
        async for event in news:
            if isinstance(event, events.Disconnected):
                assert event.reason is DisconnectReason.BY_USER
                break
        await soon(line, lambda view: view.connection is Connection.OFFLINE)
        assert isinstance(await line.connect(), Done)
        await soon(line, lambda view: view.connection is Connection.CONNECTED)
        assert pbx.say("101", "x") == 1


# ---- cancellation, and the ends of lines ----


@live
async def test_a_command_whose_waiting_is_cancelled_takes_its_course(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        news = line.events()
        pbx.set_faults(late={"getversion": timedelta(milliseconds=300)})
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(line.exec("getversion"), 0.05)
        async for event in news:
            if isinstance(event, events.CommandDone):
                assert isinstance(event.result, Done)
                break
        task = asyncio.ensure_future(line.exec("getversion"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        pbx.set_faults()
        assert isinstance(await line.exec("getversion"), Done)
        assert line.view.connection is Connection.CONNECTED


@live
async def test_cancelling_leaves_no_error_behind(pbx: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    async with ivanov(pbx) as line:
        for command in (line.hold, line.answer, lambda: line.exec("no_such_method"), line.events().__anext__):
            task: asyncio.Future[object] = asyncio.ensure_future(command())
            await asyncio.sleep(0)
            time.sleep(0.05)  # its answer is there, and not yet heard
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert isinstance(await line.exec("getversion"), Done)
    gc.collect()
    await asyncio.sleep(0)
    assert unheard == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@live
async def test_connecting_is_cancelled(pbx: Simulator) -> None:
    pbx.set_faults(latency=timedelta(milliseconds=200))
    task = asyncio.ensure_future(ivanov(pbx).__aenter__())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    pbx.set_faults()
    await becomes(lambda: pbx.say("101", "x") == 0)


@live
async def test_an_exception_in_the_body_closes_the_line(pbx: Simulator) -> None:
    class Ours(Exception):
        pass

    with pytest.raises(Ours):
        async with ivanov(pbx) as line:
            raise Ours
    assert line.view.connection is Connection.OFFLINE
    await becomes(lambda: pbx.say("101", "x") == 0)


@live
async def test_a_closed_line_is_refused_everything_but_closing(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        pass
    uses: list[Callable[[], Awaitable[object]]] = [
        lambda: line.call(CUSTOMER),
        line.answer,
        line.disconnect,
        line.connect,
        lambda: line.set_status("ready"),
    ]
    for use in uses:
        with pytest.raises(ClosedError) as caught:
            await use()
        assert (caught.value.code, caught.value.name) == (5301, "line_closed")
    await line.close()
    await line.close()
    await line.ended()
    assert "offline" in repr(line)


@live
async def test_a_command_that_waits_when_the_line_is_closed_is_told_so(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        pbx.set_faults(silent=["getversion"])
        waiting = asyncio.ensure_future(line.exec("getversion"))
        await asyncio.sleep(0)
        await line.close()
        with pytest.raises((ClosedError, CommandRefused)):
            await waiting


@live
async def test_the_end_of_a_line_is_awaited(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        ending = asyncio.ensure_future(line.ended())
        await asyncio.sleep(0)
        assert not ending.done()
    await ending


@live
async def test_a_line_that_nobody_has_any_more_is_closed(pbx: Simulator) -> None:
    connecting: callfold.Connecting | None = ivanov(pbx)
    assert connecting is not None
    line: Line | None = await connecting.__aenter__()
    assert line is not None and pbx.say("101", "x") == 1
    del line, connecting
    gc.collect()
    await becomes(lambda: pbx.say("101", "x") == 0)


# ---- recording ----


def recorded(log: callfold.Log, stream: str = "ivanov") -> list[tuple[int, str]]:
    return [(record.seq, event.to_json()) for record in log.records(stream) for event in record.events]


@live
async def test_the_log_has_what_was_told_record_by_record(pbx: Simulator, tmp_path: Path) -> None:
    place = tmp_path / "made" / "here"
    place.parent.mkdir()
    async with ivanov(pbx, store=place) as line:
        assert line.stream == "ivanov"
        assert line.log is not None and line.log.path == place
        await talk(pbx, line)
        await line.hold()
        await soon(line, lambda view: view.held is not None)
        await line.hold()
        await soon(line, lambda view: view.line is LineState.TALK)
        await line.end_call()
        await soon(line, lambda view: view.line is LineState.READY)
    assert line.log.closed
    told = [(event.seq, event.to_json()) async for event in line]
    with callfold.open(place) as log:
        assert log.verify(rerun=True).is_good
        assert recorded(log) == told
        assert log.stream("ivanov").agent == "ivanov"
        calls = log.calls().to_arrow().to_pylist()
        assert [(call["direction"], call["outcome"]) for call in calls] == [("incoming", "answered")]


@live
async def test_a_log_that_is_open_is_recorded_in_and_stays_open(pbx: Simulator, tmp_path: Path) -> None:
    with callfold.open(tmp_path / "store", create=True) as log:
        async with ivanov(pbx, store=log, stream="desk 1") as line, petrova(pbx, store=log) as anna:
            assert (line.stream, anna.stream) == ("desk 1", "petrova")
            assert line.log is log
            await talk(pbx, line)
        assert not log.closed
        assert sorted(stream.name for stream in log.streams) == ["desk 1", "petrova"]
        assert log.verify(rerun=True).is_good


@live
async def test_a_log_is_read_while_it_is_recorded(pbx: Simulator) -> None:
    log = callfold.in_memory()
    async with ivanov(pbx, store=log) as line:
        await talk(pbx, line)
        event = await line.until(events.Connected)
        assert event.seq is not None
        assert any(isinstance(one, events.Connected) for one in list(log.records("ivanov"))[event.seq - 1].events)
        assert log.at(event.seq, "ivanov").connection is Connection.CONNECTED
        assert [call["outcome"] for call in log.calls().to_arrow().to_pylist()] == ["open"]
        assert log.verify(rerun=True).is_good
        await line.end_call()
        await soon(line, lambda view: view.line is LineState.READY)
        assert [call["outcome"] for call in log.calls().to_arrow().to_pylist()] == ["answered"]


@live
async def test_a_line_that_is_connected_again_goes_on_with_its_stream(pbx: Simulator, tmp_path: Path) -> None:
    place = tmp_path / "store"
    last = 0
    for _ in range(3):
        async with ivanov(pbx, store=place) as line:
            event = await line.until(events.Connected)
            assert event.seq is not None and event.seq > last
            last = event.seq
    with callfold.open(place) as log:
        assert [stream.name for stream in log.streams] == ["ivanov"]
        assert log.verify(rerun=True).is_good
        ends = [event for record in log.records("ivanov") for event in record.events]
        assert sum(isinstance(event, events.Connected) for event in ends) == 3


@live
async def test_the_gap_of_a_lost_connection_is_in_the_log(pbx: Simulator) -> None:
    log = callfold.in_memory()
    async with ivanov(pbx, store=log, reconnect=SOON) as line:
        await line.until(events.Connected)
        pbx.cut("101")
        await line.until(events.LineWentStale)
        await line.until(events.Connected)
    names = [event.event_name for record in log.records("ivanov") for event in record.events]
    assert names.count("connected") == 2 and "line_went_stale" in names
    assert log.verify(rerun=True).is_good


@live
async def test_the_stream_of_another_agent_is_refused(pbx: Simulator) -> None:
    log = callfold.in_memory()
    async with ivanov(pbx, store=log):
        pass
    before = log.stream("ivanov").records
    with pytest.raises(LogError) as caught:
        await petrova(pbx, store=log, stream="ivanov").__aenter__()
    assert caught.value.name == "stream_of_another"
    assert log.stream("ivanov").records == before
    assert pbx.say("102", "x") == 0


@live
async def test_two_lines_never_record_in_one_stream_at_once(pbx: Simulator) -> None:
    log = callfold.in_memory()
    async with ivanov(pbx, store=log) as line:
        with pytest.raises(CallfoldError):
            await ivanov(pbx, store=log).__aenter__()
        # The first one does not suffer from it.
        assert isinstance(await line.exec("getversion"), Done)
    assert log.verify(rerun=True).is_good


@live
async def test_a_store_that_is_in_use_is_refused(pbx: Simulator, tmp_path: Path) -> None:
    with callfold.open(tmp_path / "store", create=True):
        with pytest.raises(LogError) as caught:
            await ivanov(pbx, store=tmp_path / "store").__aenter__()
    assert caught.value.name == "store_in_use"


@live
async def test_a_store_is_free_again_after_a_login_that_was_refused(pbx: Simulator, tmp_path: Path) -> None:
    with pytest.raises(CommandRefused):
        await connect(pbx.url, "ivanov", "wrong", tmp_path / "store").__aenter__()
    with callfold.open(tmp_path / "store") as log:
        assert log.verify(rerun=True).is_good
        assert log.stream("ivanov").records > 0


@live
async def test_a_log_that_is_closed_while_it_is_recorded_is_whole_when_the_line_ends(
    pbx: Simulator, tmp_path: Path
) -> None:
    place = tmp_path / "store"
    log = callfold.open(place, create=True)
    async with ivanov(pbx, store=log) as line:
        log.close()
        with pytest.raises(ClosedError):
            log.calls()
        assert isinstance(await line.exec("getversion"), Done)
    told = [(event.seq, event.to_json()) async for event in line]
    with callfold.open(place) as again:
        assert recorded(again) == told
        assert again.verify(rerun=True).is_good


@live
async def test_a_closed_log_is_refused(pbx: Simulator) -> None:
    log = callfold.in_memory()
    log.close()
    with pytest.raises(ClosedError):
        await ivanov(pbx, store=log).__aenter__()


# ---- TLS ----


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """An authority of our own, and a certificate of 127.0.0.1 that it signed."""
    place = tmp_path_factory.mktemp("tls")

    def openssl(*args: str) -> None:
        subprocess.run(["openssl", *args], cwd=place, check=True, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=ours")
    openssl("req", *new, "-keyout", "pbx.key", "-out", "pbx.csr", "-subj", "/CN=pbx")
    (place / "ext").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n", encoding="ascii")
    sign = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext")
    openssl("x509", "-req", "-in", "pbx.csr", *sign, "-out", "pbx.pem")
    return {name: (place / name).read_bytes() for name in ("ca.pem", "pbx.pem", "pbx.key")}


@pytest.fixture()
def secure(authority: dict[str, bytes]) -> Iterator[Simulator]:
    with Simulator(accounts(), tls=(authority["pbx.pem"], authority["pbx.key"])) as pbx:
        yield pbx


@live
async def test_tls_with_an_authority_of_one_s_own(
    secure: Simulator, authority: dict[str, bytes], tmp_path: Path
) -> None:
    assert secure.url.startswith("wss://")
    file = tmp_path / "ca.pem"
    file.write_bytes(authority["ca.pem"])
    for given in (authority["ca.pem"], authority["ca.pem"].decode("ascii"), str(file)):
        async with ivanov(secure, authority=given) as line:
            assert line.view.connection is Connection.CONNECTED
            assert isinstance(await line.exec("getversion"), Done)


@live
async def test_a_certificate_of_nobody_we_trust_is_refused(secure: Simulator) -> None:
    with pytest.raises(LineError) as caught:
        await ivanov(secure).__aenter__()
    assert caught.value.name == "tls_failed"
    assert "Secret1" not in str(caught.value)


@live
async def test_a_server_that_speaks_no_tls_is_no_server_for_wss(pbx: Simulator) -> None:
    with pytest.raises(LineError):
        await connect(pbx.url.replace("ws://", "wss://"), "ivanov", "Secret1").__aenter__()


@live
@pytest.mark.parametrize(
    "authority_",
    [b"", b"no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
)
async def test_an_authority_that_is_none_is_refused(secure: Simulator, authority_: str | bytes) -> None:
    with pytest.raises(LineError) as caught:
        await ivanov(secure, authority=authority_).__aenter__()
    assert caught.value.name == "bad_authority"


def test_the_file_of_an_authority_that_is_not_there_is_an_error_of_files(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        connect("wss://127.0.0.1:1", "ivanov", "Secret1", authority=str(tmp_path / "no.pem"))


@live
@pytest.mark.parametrize("url", ["ws://192.0.2.1:4066", "192.0.2.1", "ws://[2001:db8::1]:4066"])
async def test_plain_ws_to_another_machine_is_refused(url: str) -> None:
    with pytest.raises(LineError) as caught:
        await connect(url, "ivanov", "Secret1").__aenter__()
    assert caught.value.name == "plain_refused"
    assert "wss" in str(caught.value)


@live
async def test_plain_ws_to_another_machine_is_dialled_where_it_is_allowed() -> None:
    task = asyncio.ensure_future(connect("ws://192.0.2.1:4066", "ivanov", "Secret1", insecure_ws=True).__aenter__())
    # Nobody is there: what comes of it is the network's to say, but it is not refused beforehand.
    done, _ = await asyncio.wait([task], timeout=0.5)
    if done:
        assert getattr(task.exception(), "name", None) != "plain_refused"
        assert isinstance(task.exception(), CallfoldError)
    else:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# ---- secrets ----

CANARY = "Canary-Пароль-9137"
GUID_CANARY = "0badc0de-1111-4222-8333-444455556666"


def tells(text: str | bytes) -> list[str]:
    """Which secrets a text has: the password, its digest on the wire, the session."""
    data = text.encode() if isinstance(text, str) else text
    signs = {
        "password": CANARY.encode(),
        "as the wire has it": CANARY.encode("cp1251"),
        "escaped": CANARY.encode("unicode_escape"),
        "digest": hashlib.md5(CANARY.encode("cp1251")).hexdigest().encode(),
        "lower digest": hashlib.md5(CANARY.lower().encode("cp1251")).hexdigest().encode(),
        "session": GUID_CANARY.encode(),
    }
    return [name for name, sign in signs.items() if sign.lower() in data.lower()]


def test_the_canaries_are_found_where_they_are() -> None:
    assert tells(f"x {CANARY} y") == ["password"]
    assert tells(GUID_CANARY) == ["session"]


@live
async def test_no_secret_is_in_what_is_shown_or_stored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = Account("ivanov", CANARY, "101", session=GUID_CANARY)
    assert tells(repr(account) + str(account)) == []
    place = tmp_path / "store"
    for proof in ({"password": CANARY}, {"session": GUID_CANARY}):
        with Simulator([account]) as pbx:
            assert tells(repr(pbx)) == []
            connecting = connect(pbx.url, "ivanov", store=place, reconnect=SOON, **proof)  # type: ignore[arg-type]
            assert tells(repr(connecting) + str(connecting)) == []
            async with connecting as line:
                assert tells(repr(line) + str(line) + repr(line.view) + line.view._repr_html_()) == []
                assert tells(repr(vars_of(connecting)) + repr(vars_of(line))) == []
                await line.set_status("dnd")
                assert line.log is not None
                for record in line.log.records("ivanov"):
                    assert tells(record.input.to_json() + (record.input.text or "") + repr(record)) == []
            async for event in line:
                assert tells(repr(event) + event.to_json()) == []
    files = [file for file in place.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert tells(file.read_bytes()) == [], file
    with callfold.open(place) as log:
        log.export(tmp_path / "export.jsonl")
    assert tells((tmp_path / "export.jsonl").read_bytes()) == []
    assert tells(caplog.text) == []


def vars_of(thing: object) -> dict[str, object]:
    """What can be reached from an object of ours."""
    return {name: getattr(thing, name) for name in getattr(type(thing), "__slots__", ())}


@live
async def test_no_secret_is_in_a_traceback(pbx: Simulator, nobody: str) -> None:
    for url, more in (
        (pbx.url, {"password": CANARY}),
        (pbx.url, {"session": GUID_CANARY}),
        (nobody, {"password": CANARY}),
        ("ws://192.0.2.1:1", {"password": CANARY}),
        ("wss://127.0.0.1:1", {"password": CANARY, "authority": b"none"}),
    ):
        connecting = connect(url, "ivanov", **more)
        del more
        with pytest.raises(CallfoldError) as caught:
            await connecting.__aenter__()
        error = caught.value
        assert tells(str(error) + repr(error) + repr(error.args) + repr(dict(error.context))) == []
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        ours = [frame for frame in told.stack if Path(frame.filename).parent.name == "callfold"]
        assert ours
        # This function's own variables are its own affair.
        assert tells("\n".join(shown for frame in ours for shown in (frame.locals or {}).values())) == []


def test_a_command_shows_no_number() -> None:
    exec_ = Command.exec("x", {"a": CUSTOMER})
    for command in (Command.call(CUSTOMER), Command.transfer(CUSTOMER), Command.conference(CUSTOMER), exec_):
        assert CUSTOMER not in repr(command) and CUSTOMER not in str(command)


# ---- many lines, loops and threads ----


@live
async def test_two_lines_in_one_loop_do_not_hear_each_other(pbx: Simulator) -> None:
    async with ivanov(pbx) as line, petrova(pbx) as anna:
        pbx.external_call(CUSTOMER, "102")
        await soon(anna, lambda view: view.line is LineState.RING)
        assert line.view.line is LineState.READY
        assert line.view.agent.login == "ivanov" and anna.view.agent.login == "petrova"
        await line.close()
        await anna.answer()
        await soon(anna, lambda view: view.line is LineState.TALK)


def test_loops_may_follow_each_other(pbx: Simulator) -> None:
    async def once() -> LineState:
        async with ivanov(pbx) as line:
            await talk(pbx, line)
            await line.end_call()
            view = await soon(line, lambda view: view.line is LineState.READY)
            return view.line

    for _ in range(3):
        assert asyncio.run(asyncio.wait_for(once(), LIMIT)) is LineState.READY


@live
async def test_many_lines_at_once() -> None:
    numbers = [str(number) for number in range(1_000, 1_050)]
    with Simulator([Account(f"agent{number}", f"Secret{number}", number) for number in numbers]) as pbx:
        log = callfold.in_memory()
        async with AsyncExitStack() as stack:
            lines = await asyncio.gather(
                *(
                    stack.enter_async_context(connect(pbx.url, f"agent{number}", f"Secret{number}", log))
                    for number in numbers
                )
            )
            assert [line.view.agent.number for line in lines] == numbers
            for number in numbers:
                pbx.external_call(f"+7916000{number}", number)
            views = await asyncio.gather(*(soon(line, lambda view: view.line is LineState.RING) for line in lines))
            assert [with_whom(view) for view in views] == [[f"+7916000{number}"] for number in numbers]
            await asyncio.gather(*(line.answer() for line in lines))
            await asyncio.gather(*(soon(line, lambda view: view.line is LineState.TALK) for line in lines))
        assert len(log.streams) == 50
        assert log.verify().is_good


def test_a_line_lives_in_the_loop_of_a_thread(pbx: Simulator) -> None:
    seen: list[LineState] = []

    async def answer() -> None:
        async with ivanov(pbx) as line:
            await talk(pbx, line)
            seen.append(line.view.line)

    def run() -> None:
        asyncio.run(asyncio.wait_for(answer(), LIMIT))

    threads = [threading.Thread(target=run, daemon=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert seen == [LineState.TALK]


@live
async def test_the_view_is_read_from_any_thread(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        wrong: list[object] = []
        stop = threading.Event()

        def look() -> None:
            last = 0
            while not stop.is_set():
                view = line.view
                if view.turn is None or view.turn < last or view.agent.login != "ivanov":
                    wrong.append(view)
                last = view.turn or 0

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(20):
                await line.set_status("dnd")
                await line.set_status("ready")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert wrong == []


def test_a_command_outside_of_a_loop_is_refused(pbx: Simulator) -> None:
    lines: list[Line] = []

    async def leave() -> None:
        lines.append(await ivanov(pbx).__aenter__())

    asyncio.run(leave())
    assert lines[0].view.connection is Connection.CONNECTED
    coroutine = lines[0].exec("getversion")
    with pytest.raises(RuntimeError):
        coroutine.send(None)


def run_script(body: str, *, interrupt: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs a program of its own, to its end."""
    with subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            if interrupt:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=LIMIT)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


SCRIPT = """
import asyncio, callfold
pbx = callfold.Simulator()
kept = []
async def main():
    line = await callfold.connect(pbx.url, "ivanov", "Secret1").__aenter__()
    kept.append(line)
    assert line.view.connection == "connected"
"""


def test_a_program_ends_with_a_line_open() -> None:
    ran = run_script(SCRIPT + "asyncio.run(main())\nprint('end')\n")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "end\n", "")


def test_a_program_ends_with_somebody_reading() -> None:
    reading = """
async def read():
    await main()
    async def all_of_it():
        async for event in kept[0]:
            pass
    kept.append(asyncio.ensure_future(all_of_it()))
    await asyncio.sleep(0.1)
asyncio.run(read())
print("end")
"""
    ran = run_script(SCRIPT + reading)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "end\n", "")


UNDER_WAY = """
async def leave():
    await main()
    kept.extend(asyncio.ensure_future(kept[0].exec("getversion")) for _ in range(200))
    await asyncio.sleep(0)
asyncio.run(leave())
"""
IN_ORDER = """
async def leave():
    async with callfold.connect(pbx.url, "ivanov", "Secret1") as line:
        await line.exec("getversion")
asyncio.run(leave())
"""


@pytest.mark.parametrize("leaving", [UNDER_WAY, IN_ORDER], ids=["much under way", "in order"])
def test_programs_end_without_a_crash(leaving: str) -> None:
    # Whether something under way meets the end of the interpreter is a matter of chance: often enough, it does.
    with ThreadPoolExecutor(2) as pool:
        ran = list(pool.map(lambda _: run_script(SCRIPT + leaving), range(24)))
    assert [(program.returncode, program.stderr) for program in ran] == [(0, "")] * 24


def test_ctrl_c_ends_a_program_with_a_line_open() -> None:
    waiting = """
async def wait():
    async with callfold.connect(pbx.url, "ivanov", "Secret1") as line:
        print("ready")
        async for event in line:
            pass
try:
    asyncio.run(wait())
except KeyboardInterrupt:
    print("interrupted", pbx.say("101", "x"))
"""
    ran = run_script(SCRIPT + waiting, interrupt=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "interrupted 0\n", "")


# ---- a server that misbehaves ----


@live
async def test_a_line_stands_a_server_that_doubles_and_delays(pbx: Simulator) -> None:
    pbx.set_faults(latency=timedelta(milliseconds=5), jitter=timedelta(milliseconds=10), duplicates=3, seed=7)
    async with ivanov(pbx) as line:
        customer = await talk(pbx, line)
        await line.hold()
        await soon(line, lambda view: held(view) == CUSTOMER)
        await line.hold()
        await soon(line, lambda view: view.line is LineState.TALK and view.held is None)
        pbx.hang_up(customer)
        await soon(line, lambda view: view.line is LineState.READY)


@live
async def test_an_answer_in_the_place_of_the_server_s_is_taken(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        pbx.set_faults(instead={"getversion": {"result": 0, "error": 77, "errormsg": "not today"}})
        error = await refused(line.exec("getversion"), ErrorCode.METHOD_FAILED)
        assert error.result.server.load()["errormsg"] == "not today"
        pbx.set_faults()
        assert isinstance(await line.exec("getversion"), Done)


@live
async def test_frames_that_cannot_be_read_are_told_and_do_no_harm(pbx: Simulator) -> None:
    async with ivanov(pbx) as line:
        news = line.events()
        for frame in ("", "x", "[", "{}", "[1]", '["a",{"b":', "\0", "\U0001f600", '["no_such_event",{}]', "[" * 1000):
            assert pbx.say("101", frame) == 1
        unreadable = 0
        async for event in news:
            if isinstance(event, events.FrameUnreadable):
                assert event.is_finding
                unreadable += 1
                if unreadable == 9:
                    break
        assert isinstance(await line.exec("getversion"), Done)


@live
async def test_a_server_that_is_cut_while_the_login_goes_on_refuses_or_takes_it(pbx: Simulator) -> None:
    pbx.set_faults(cut_at=["login"])
    with pytest.raises((LineError, CommandRefused)):
        await ivanov(pbx, reconnect=False).__aenter__()
    async with ivanov(pbx) as line:
        assert line.view.connection is Connection.CONNECTED


def test_what_was_opened_before_a_fork_is_refused_in_the_child(tmp_path: Path) -> None:
    program = """
import os, sys
import callfold

log = callfold.open(sys.argv[1], create=True)
log.import_traces(sys.argv[2])
with callfold.Simulator() as pbx:
    child = os.fork()
    if child == 0:
        refused = []
        for work in (log.calls, log.close, lambda: pbx.external_call("+79161234567", "101"), lambda: len(log.streams)):
            try:
                work()
            except callfold.UseError as error:
                refused.append(error.name)
        os._exit(0 if refused == ["after_fork"] * 4 else 1)
    assert os.waitpid(child, 0)[1] == 0
assert log.verify(rerun=True) and len(log.calls()) == 1
log.close()
with callfold.open(sys.argv[1]) as again:
    assert again.verify(rerun=True)
"""
    session = ROOT / "tests" / "vectors" / "named" / "hold-and-back.jsonl"
    arguments = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "store"), str(session)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_progress_that_uses_the_log_is_refused_and_does_not_wait_for_ever(tmp_path: Path) -> None:
    with callfold.in_memory() as log:
        log.import_traces(ROOT / "tests" / "vectors" / "named" / "hold-and-back.jsonl")
        for work in (log.calls, log.time, log.verify, lambda **to: log.erase("+79161234567", **to)):
            with pytest.raises(callfold.UseError) as refused:
                work(progress=lambda done, of: log.streams)
            assert refused.value.name == "used_at_once"
        assert len(log.calls()) == 1


def test_another_interpreter_of_the_process_is_refused() -> None:
    program = """
import _xxsubinterpreters as interpreters
import callfold

other = interpreters.create()
try:
    interpreters.run_string(other, "import callfold")
except interpreters.RunFailedError as error:
    assert "ImportError" in str(error), error
else:
    raise SystemExit("it was loaded twice")
interpreters.destroy(other)
with callfold.Simulator() as pbx:
    assert pbx.running
"""
    try:
        import _xxsubinterpreters  # noqa: F401
    except ModuleNotFoundError:
        # Python 3.13 has another name for them, and refuses extensions of one interpreter by itself.
        return
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
