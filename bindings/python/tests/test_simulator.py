"""The simulated PBX: how it is laid out, what people do at its phones, and what it refuses."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from datetime import timedelta
from typing import Any, Callable, Iterator

import pytest
from test_live import CUSTOMER, becomes, held, live, soon, talk, with_whom

import callfold
from callfold import (
    Account,
    Busy,
    CallfoldError,
    ClosedError,
    CommandRefused,
    Done,
    InvalidArgument,
    LineState,
    Outside,
    OutsideNumber,
    Simulator,
    SimulatorError,
    connect,
)


@pytest.fixture()
def pbx() -> Iterator[Simulator]:
    users = [
        Account("ivanov", "Secret1", "101", "Ivan"),
        Account("petrova", "Secret2", "102"),
        Account("sidorov", "Secret3", "103"),
    ]
    with Simulator(users, outside=[OutsideNumber(CUSTOMER, "Max")], menus={"800": "Menu"}) as pbx:
        yield pbx


def not_possible(deed: Callable[..., object], *args: object) -> SimulatorError:
    with pytest.raises(SimulatorError) as caught:
        deed(*args)
    assert (caught.value.code, caught.value.name) == (5605, "simulator_not_possible")
    assert str(caught.value)
    return caught.value


# ---- its life ----


def test_it_serves_on_this_machine_until_it_is_stopped() -> None:
    with Simulator() as pbx:
        assert pbx.running
        assert pbx.url.startswith("ws://127.0.0.1:")
        assert repr(pbx) == f"<Simulator: {pbx.url}>"
    assert not pbx.running
    assert repr(pbx) == "<Simulator: stopped>"
    pbx.stop()


def test_a_stopped_one_is_refused_everything() -> None:
    pbx = Simulator()
    customer = pbx.external_call(CUSTOMER, "101")
    pbx.stop()
    deeds: list[Callable[[], object]] = [
        lambda: pbx.external_call(CUSTOMER, "101"),
        lambda: pbx.dial("101", CUSTOMER),
        lambda: pbx.answer("101"),
        lambda: pbx.answer(customer),
        lambda: pbx.decline("101"),
        lambda: pbx.hang_up("101"),
        lambda: pbx.hold("101"),
        lambda: pbx.choose(customer, "101"),
        lambda: pbx.conference("101", CUSTOMER),
        lambda: pbx.invite("101", CUSTOMER),
        lambda: pbx.set_agent("101", "ready"),
        lambda: pbx.unplug("101"),
        lambda: pbx.plug_in("101"),
        lambda: pbx.outside(customer),
        lambda: pbx.find_outside(CUSTOMER),
        lambda: pbx.say("101", "x"),
        lambda: pbx.cut("101"),
        lambda: pbx.freeze("101"),
        lambda: pbx.set_faults(),
    ]
    for deed in deeds:
        with pytest.raises(ClosedError) as caught:
            deed()
        assert (caught.value.code, caught.value.name) == (5606, "simulator_closed")


def test_its_address_is_free_when_it_is_stopped() -> None:
    with Simulator() as first:
        bind = first.url[len("ws://") :]
    for _ in range(5):
        with Simulator(bind=bind) as again:
            assert again.url == first.url


def test_its_address_is_free_when_nobody_has_it_any_more() -> None:
    pbx = Simulator()
    bind = pbx.url[len("ws://") :]
    del pbx
    gc.collect()

    async def come() -> None:
        def free() -> bool:
            try:
                Simulator(bind=bind).stop()
            except SimulatorError:
                return False
            return True

        await asyncio.wait_for(becomes(free), 30)

    asyncio.run(come())


def test_an_address_that_is_taken_is_refused() -> None:
    with Simulator() as first:
        with pytest.raises(SimulatorError) as caught:
            Simulator(bind=first.url[len("ws://") :])
    assert (caught.value.code, caught.value.name) == (5601, "simulator_cannot_listen")


@pytest.mark.parametrize("bind", ["", "nowhere", "127.0.0.1", "127.0.0.1:99999", "192.0.2.1:0"])
def test_an_address_that_cannot_be_listened_on_is_refused(bind: str) -> None:
    with pytest.raises(SimulatorError) as caught:
        Simulator(bind=bind)
    assert caught.value.name == "simulator_cannot_listen"


@live
async def test_it_is_stopped_with_lines_connected(pbx: Simulator) -> None:
    async with connect(pbx.url, "ivanov", "Secret1", reconnect=False) as line:
        pbx.stop()
        await soon(line, lambda view: view.connection is callfold.Connection.OFFLINE)


@live
async def test_it_is_stopped_when_the_body_fails() -> None:
    class Ours(Exception):
        pass

    with pytest.raises(Ours):
        with Simulator() as pbx:
            raise Ours
    assert not pbx.running


@pytest.mark.parametrize("tls", [(b"", b""), (b"no certificate", b"no key")])
def test_a_certificate_that_is_none_is_refused(tls: tuple[bytes, bytes]) -> None:
    with pytest.raises(SimulatorError) as caught:
        Simulator(tls=tls)
    assert (caught.value.code, caught.value.name) == (5602, "simulator_bad_certificate")


def test_a_client_that_speaks_nonsense_does_not_stop_it(pbx: Simulator) -> None:
    host, port = pbx.url[len("ws://") :].split(":")
    for nonsense in (b"", b"\0" * 1_000, b"GET / HTTP/1.1\r\n\r\n", b"x" * 100_000):
        with socket.create_connection((host, int(port))) as client:
            try:
                client.sendall(nonsense)
            except ConnectionError:
                pass  # it may hang up on us before all is sent

    async def still() -> str | None:
        async with connect(pbx.url, "ivanov", "Secret1") as line:
            return line.view.agent.number

    assert asyncio.run(asyncio.wait_for(still(), 30)) == "101"


# ---- its layout ----


@pytest.mark.parametrize(
    ("layout", "code", "name"),
    [
        ({"users": [Account("a", "x", "101"), Account("a", "y", "102")]}, 5604, "simulator_login_twice"),
        ({"users": [Account("a", "x", "101"), Account("b", "y", "101")]}, 5603, "simulator_number_twice"),
        ({"queues": ["101"]}, 5603, "simulator_number_twice"),
        ({"queues": ["700", "700"]}, 5603, "simulator_number_twice"),
        ({"queues": ["700"], "menus": {"700": "Menu"}}, 5603, "simulator_number_twice"),
        ({"spare": ["101"]}, 5603, "simulator_number_twice"),
        ({"outside": [OutsideNumber("101")]}, 5603, "simulator_number_twice"),
    ],
)
def test_a_login_or_number_that_is_given_twice_is_refused(layout: dict[str, Any], code: int, name: str) -> None:
    with pytest.raises(SimulatorError) as caught:
        Simulator(**layout)
    assert (caught.value.code, caught.value.name) == (code, name)


@live
async def test_there_is_one_user_if_none_is_given() -> None:
    with Simulator() as pbx:
        async with connect(pbx.url, "ivanov", "Secret1") as line:
            assert (line.view.agent.number, line.view.agent.name) == ("101", "Ivan Ivanov")
            assert line.view.directory.reasons == {1: "Lunch", 2: "Break"}


@live
async def test_a_user_without_a_name_has_the_login_for_one(pbx: Simulator) -> None:
    async with connect(pbx.url, "petrova", "Secret2") as line:
        assert line.view.agent.name == "petrova"


@live
async def test_who_is_no_operator_is_told_so() -> None:
    with Simulator([Account("a", "x", "101", operator=False), Account("b", "y", "102")]) as pbx:
        async with connect(pbx.url, "a", "x") as a, connect(pbx.url, "b", "y") as b:
            assert (a.view.agent.operator, b.view.agent.operator) == (False, True)


@live
async def test_the_server_tells_its_date_and_its_reasons() -> None:
    with Simulator(dated=140_101, reasons={7: "Training"}) as pbx:
        async with connect(pbx.url, "ivanov", "Secret1") as line:
            assert line.view.server.dated == 140_101
            assert line.view.directory.reasons == {7: "Training"}


@live
async def test_the_same_seed_gives_the_same_ids() -> None:
    async def user(seed: int) -> str | None:
        with Simulator(seed=seed) as pbx:
            async with connect(pbx.url, "ivanov", "Secret1") as line:
                return line.view.agent.user

    assert await user(5) == await user(5)
    assert await user(5) != await user(6)


@live
async def test_who_is_outside_answers_by_themselves_or_is_busy() -> None:
    outside = [OutsideNumber("+70000000001", "Prompt", timedelta()), OutsideNumber("+70000000002", "Engaged", Busy)]
    with Simulator(outside=outside) as pbx:
        async with connect(pbx.url, "ivanov", "Secret1") as line:
            pbx.dial("101", "+70000000001")
            view = await soon(line, lambda view: view.line is LineState.TALK)
            assert with_whom(view) == ["+70000000001"]
            assert view.parties[0].name == "Prompt"
            await line.end_call()
            await soon(line, lambda view: view.line is LineState.READY)
            # The tone is heard for a while.
            pbx.dial("101", "+70000000002")
            await soon(line, lambda view: view.line is LineState.CALL)
            view = await soon(line, lambda view: view.line is LineState.READY)


@live
async def test_a_number_outside_may_be_short_or_is_refused() -> None:
    try:
        pbx = Simulator(outside=[OutsideNumber("201", "Short")])
    except SimulatorError:
        return
    with pbx:
        async with connect(pbx.url, "ivanov", "Secret1") as line:
            assert isinstance(await line.call("201"), Done)


# ---- what people do ----


def test_a_call_from_outside_is_answered_held_and_ended(pbx: Simulator) -> None:
    customer = pbx.external_call(CUSTOMER, "101")
    assert pbx.outside(customer) == "calling"
    pbx.answer("101")
    assert pbx.outside(customer) == "talking"
    pbx.hold("101")
    assert pbx.outside(customer) == "held"
    pbx.hold("101")
    assert pbx.outside(customer) == "talking"
    pbx.hang_up(customer)
    assert pbx.outside(customer) == "gone"


def test_a_call_from_outside_is_declined(pbx: Simulator) -> None:
    customer = pbx.external_call(CUSTOMER, "101")
    pbx.decline("101")
    assert pbx.outside(customer) == "gone"


def test_a_number_outside_is_dialled_and_answered(pbx: Simulator) -> None:
    assert pbx.find_outside(CUSTOMER) is None
    pbx.dial("101", CUSTOMER)
    customer = pbx.find_outside(CUSTOMER)
    assert customer is not None and pbx.outside(customer) == "ringing"
    pbx.answer(customer)
    assert pbx.outside(customer) == "talking"
    pbx.hang_up("101")
    assert pbx.outside(customer) == "gone"
    assert pbx.find_outside(CUSTOMER) is None


@live
async def test_a_conference_at_another_client(pbx: Simulator) -> None:
    async with connect(pbx.url, "ivanov", "Secret1") as line, connect(pbx.url, "petrova", "Secret2") as anna:
        identity = pbx.conference("101", "102", CUSTOMER)
        assert isinstance(identity, str) and identity
        view = await soon(line, lambda view: with_whom(view) == [CUSTOMER, "101", "102"])
        assert view.conference is not None and view.conference.id == identity
        await soon(anna, lambda view: view.conference is not None and view.line is LineState.TALK)
        customer = pbx.find_outside(CUSTOMER)
        assert customer is not None and pbx.outside(customer) == "conference"
        async with connect(pbx.url, "sidorov", "Secret3") as third:
            pbx.invite("101", "103")
            await soon(third, lambda view: view.line is LineState.RING)
            pbx.answer("103")
            await soon(line, lambda view: "103" in with_whom(view))


def test_a_menu_leads_on(pbx: Simulator) -> None:
    customer = pbx.external_call(CUSTOMER, "800")
    assert pbx.outside(customer) == "talking"
    pbx.choose(customer, "101")
    assert pbx.outside(customer) == "calling"
    pbx.answer("101")
    assert pbx.outside(customer) == "talking"


@live
async def test_an_agent_is_set_at_another_client(pbx: Simulator) -> None:
    async with connect(pbx.url, "ivanov", "Secret1") as line:
        pbx.set_agent("101", "break", call_centre=True, reason=2)
        view = await soon(line, lambda view: view.agent.state == "break")
        assert view.agent.break_reason == 2
        pbx.set_agent("101", "dnd")
        await soon(line, lambda view: view.agent.state == "dnd")
        pbx.set_agent("101", "busy")
        await soon(line, lambda view: view.agent.state == "busy")
        pbx.set_agent("101", "ready")
        await soon(line, lambda view: view.agent.state == "ready")


@live
async def test_a_phone_is_unplugged_and_plugged_in(pbx: Simulator) -> None:
    async with connect(pbx.url, "ivanov", "Secret1") as line:
        customer = await talk(pbx, line)
        pbx.unplug("101")
        await soon(line, lambda view: view.line is LineState.DISCONNECTED)
        assert pbx.outside(customer) == "gone"
        not_possible(pbx.answer, "101")
        pbx.plug_in("101")
        await soon(line, lambda view: view.line is LineState.READY)


@live
async def test_a_hold_at_the_phone_is_seen_on_the_line(pbx: Simulator) -> None:
    async with connect(pbx.url, "ivanov", "Secret1") as line:
        await talk(pbx, line)
        pbx.hold("101")
        await soon(line, lambda view: held(view) == CUSTOMER)
        pbx.hold("101")
        await soon(line, lambda view: view.held is None and with_whom(view) == [CUSTOMER])


def test_what_is_not_possible_is_refused(pbx: Simulator) -> None:
    not_possible(pbx.answer, "101")
    not_possible(pbx.decline, "101")
    not_possible(pbx.hang_up, "101")
    not_possible(pbx.hold, "101")
    not_possible(pbx.choose, "101", "102")
    not_possible(pbx.invite, "101", "102")
    gone = pbx.external_call(CUSTOMER, "101")
    pbx.hang_up(gone)
    not_possible(pbx.answer, gone)
    not_possible(pbx.hang_up, gone)


def test_a_phone_that_is_not_there_is_refused(pbx: Simulator) -> None:
    not_possible(pbx.dial, "999", "101")
    not_possible(pbx.answer, "999")
    not_possible(pbx.hold, "999")
    not_possible(pbx.unplug, "999")
    not_possible(pbx.plug_in, "999")
    not_possible(pbx.set_agent, "999", "ready")
    not_possible(pbx.conference, "999", "101")
    assert (pbx.say("999", "x"), pbx.cut("999"), pbx.freeze("999")) == (0, 0, 0)


def test_a_phone_is_text_or_somebody_outside(pbx: Simulator) -> None:
    for phone in (101, None, b"101", ["101"]):
        with pytest.raises(TypeError):
            pbx.answer(phone)  # type: ignore[arg-type]


def test_an_agent_s_state_is_one_of_four(pbx: Simulator) -> None:
    with pytest.raises(InvalidArgument, match="ready"):
        pbx.set_agent("101", "asleep")  # type: ignore[arg-type]


def test_somebody_outside_is_one_for_each_call(pbx: Simulator) -> None:
    one, other = pbx.external_call(CUSTOMER, "101"), pbx.external_call(CUSTOMER, "102")
    assert isinstance(one, Outside)
    assert one == one and one != other and len({one, other, one}) == 2
    assert CUSTOMER not in repr(one)


def test_who_is_outside_one_simulator_is_not_outside_another(pbx: Simulator) -> None:
    customer = pbx.external_call(CUSTOMER, "101")
    with Simulator() as other:
        assert other.outside(customer) == "gone"
        not_possible(other.answer, customer)


def test_reprs_show_nobody_s_password_or_number() -> None:
    account = Account("ivanov", "Canary-9137", "101", session="Canary-9138")
    assert "Canary" not in repr(account) + str(account)
    assert CUSTOMER not in repr(OutsideNumber(CUSTOMER, "Max"))


# ---- faults ----


@live
async def test_a_connection_is_cut_when_a_method_is_asked_once(pbx: Simulator) -> None:
    soonest = (timedelta(milliseconds=20), timedelta(milliseconds=100))
    async with connect(pbx.url, "ivanov", "Secret1", reconnect=soonest) as line:
        pbx.set_faults(cut_at=["getversion"])
        with pytest.raises(CommandRefused):
            await line.exec("getversion")
        await soon(line, lambda view: view.connection is callfold.Connection.CONNECTED and view.stale_since is None)
        assert isinstance(await line.exec("getversion"), Done)


@live
async def test_a_connection_is_cut_some_time_after_it_was_opened(pbx: Simulator) -> None:
    pbx.set_faults(cut_after=[timedelta(milliseconds=300)])
    async with connect(pbx.url, "ivanov", "Secret1", reconnect=False) as line:
        await soon(line, lambda view: view.connection is callfold.Connection.OFFLINE)
    async with connect(pbx.url, "ivanov", "Secret1", reconnect=False) as line:
        assert isinstance(await line.exec("getversion"), Done)


def test_faults_that_make_no_sense_are_refused(pbx: Simulator) -> None:
    for faults in ({"latency": 5}, {"duplicates": -1}, {"disorder": 2**40}, {"late": {"x": 1}}, {"instead": {"x": 1}}):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            pbx.set_faults(**faults)
    with pytest.raises((CallfoldError, TypeError)):
        pbx.set_faults(instead={"x": {"a": object()}})


# ---- threads ----


def test_threads_may_share_it(pbx: Simulator) -> None:
    wrong: list[BaseException] = []
    numbers = ["101", "102", "103"]

    def work(number: str) -> None:
        try:
            for _ in range(50):
                customer = pbx.external_call(CUSTOMER, number)
                pbx.answer(number)
                assert pbx.outside(customer) == "talking"
                pbx.hang_up(number)
                assert pbx.outside(customer) == "gone"
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_it_is_stopped_while_threads_use_it() -> None:
    pbx = Simulator()
    ends: list[BaseException] = []
    begun = threading.Barrier(4)

    def work() -> None:
        begun.wait()
        try:
            while True:
                pbx.find_outside(CUSTOMER)
        except BaseException as error:
            ends.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait()
    pbx.stop()
    for thread in threads:
        thread.join()
    assert [type(end) for end in ends] == [ClosedError] * 3
