"""What a client may cause without progress, and before its caller is known."""

import socket
from collections import Counter
from contextlib import AsyncExitStack, ExitStack, suppress
from typing import Any, cast

import h2.events
import pytest
import trio
import trio.testing
from h2.errors import ErrorCodes

from onecgw.serving import budget, server, turns
from onecgw.serving.budget import ClientBudgets, ConnectionBudget
from onecgw.serving.listener import listen
from onecgw.serving.turns import TokenBucket
from onecgw.web.asgi import admit
from tests.builders.http_server import (
    GET,
    QUICKLY_SECONDS,
    App,
    Http2Client,
    LateAnswer,
    answer,
    app_of,
    ask,
    assert_it_serves,
    echo,
    read_answer,
    read_to_end,
    serving,
)

CHUNKED = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
HALF_FORM = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\na"
FRAMES = {
    "PING": "000008 06 00 00000000 0000000000000000",
    "WINDOW_UPDATE": "000004 08 00 00000000 00000001",
    "PRIORITY": "000005 02 00 00000003 00000001 10",
    "unknown": "000000 c8 00 00000000",
    "SETTINGS": "000000 04 00 00000000",
}


async def test_a_bucket_keeps_between_its_largest_debt_and_its_capacity(
    autojump_clock: trio.testing.MockClock,
) -> None:
    bucket = TokenBucket(10, 2, max_debt_seconds=5)
    debts = []
    for units, seconds in ((10, 0), (1, 0), (-20, 0), (11, 0.25), (0, 1), (5, 0), (100, 4)):
        bucket.take(units)
        debts.append(bucket.debt_seconds)
        autojump_clock.jump(seconds)

    assert debts == pytest.approx([0, 0.5, 0, 0.5, 0.25, 1.75, 5], abs=1e-6)
    assert bucket.debt_seconds == pytest.approx(1)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
async def test_frames_without_progress_end_their_connection(frame: str) -> None:
    async with serving() as served, await Http2Client.open(served) as client:
        with suppress(trio.BrokenResourceError):
            await client.stream.send_all(bytes.fromhex(frame) * (budget.EVENTS_AT_ONCE + 1_000))

        ended = await client.wait(h2.events.ConnectionTerminated)
        assert ended.error_code == ErrorCodes.ENHANCE_YOUR_CALM
        await assert_it_serves(served)


async def test_a_head_that_does_not_end_takes_little_memory() -> None:
    part = "004000 09 00 00000001" + "00" * 2**14
    async with serving() as served, await Http2Client.open(served) as client:
        with suppress(trio.BrokenResourceError):
            await client.stream.send_all(bytes.fromhex("000000 01 00 00000001" + part * 4))

        ended = await client.wait(h2.events.ConnectionTerminated)
        assert ended.error_code == ErrorCodes.ENHANCE_YOUR_CALM
        await assert_it_serves(served)


async def test_a_client_changes_its_settings_a_few_times() -> None:
    async with serving() as served, await Http2Client.open(served) as client:
        await client.stream.send_all(bytes.fromhex(FRAMES["SETTINGS"]) * 10)
        assert await client.body_of(await client.ask()) == b"GET /path h "
        await client.stream.send_all(bytes.fromhex(FRAMES["SETTINGS"]) * 20)

        ended = await client.wait(h2.events.ConnectionTerminated)
        assert ended.error_code == ErrorCodes.ENHANCE_YOUR_CALM


async def test_many_small_requests_are_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "EVENTS_AT_ONCE", 100)
    monkeypatch.setattr(budget, "EVENTS_PER_SECOND", 0.1)
    async with serving() as served, await served.connect() as stream:
        for _ in range(300):
            await stream.send_all(GET)
            assert (await read_answer(stream)).endswith(b"GET /path h ")


async def test_acknowledgements_of_answers_are_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "EVENTS_AT_ONCE", 100)
    monkeypatch.setattr(budget, "EVENTS_PER_SECOND", 0.1)
    async with serving() as served, await Http2Client.open(served) as client:
        for _ in range(200):
            stream_id = await client.ask()
            assert await client.body_of(stream_id) == b"GET /path h "
            await client.stream.send_all(bytes.fromhex(FRAMES["WINDOW_UPDATE"]) * 2)


async def test_small_chunks_end_their_connection() -> None:
    async with serving() as served:
        answered = await ask(served, CHUNKED + b"1\r\na\r\n" * (budget.EVENTS_AT_ONCE + 1_000))

        assert answered.startswith(b"HTTP/1.1 429 ")
        await assert_it_serves(served)


async def test_large_chunks_are_read_to_the_end() -> None:
    part = b"100\r\n" + b"a" * 256 + b"\r\n"
    async with serving() as served, await served.connect() as stream:
        await stream.send_all(CHUNKED + part * (budget.EVENTS_AT_ONCE + 1_000) + b"0\r\n\r\n")

        assert (await read_answer(stream)).endswith(b"a" * 1000)


@pytest.mark.parametrize("length", [b"Transfer-Encoding: chunked", b"Content-Length: 99999"])
async def test_an_answer_before_the_body_says_that_the_connection_ends(length: bytes) -> None:
    @app_of
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"no", 404)

    async with serving(refuse) as served:
        answered = await ask(served, b"POST / HTTP/1.1\r\nHost: h\r\n" + length + b"\r\n\r\n")

    assert b"connection: close" in answered.lower()


async def test_the_rest_of_a_request_is_not_wanted_after_its_answer() -> None:
    @app_of
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"no", 404)

    async with serving(refuse) as served, await Http2Client.open(served) as client:
        refused = await client.ask(method="POST", end=False)

        assert await client.status_of(refused) == 404
        reset = await client.wait(h2.events.StreamReset, refused)
        assert reset.error_code == ErrorCodes.NO_ERROR


def admitting_gets(app: App) -> App:
    """Make known whoever sends a GET."""

    async def admitting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            admit(scope)
        await app(scope, receive, send)

    return admitting


async def is_open(stream: trio.SocketStream) -> bool:
    """Whether the server has not closed a connection on which it sends nothing."""
    with trio.move_on_after(0.1) as waited, suppress(trio.BrokenResourceError):
        await stream.receive_some()
    return waited.cancelled_caught


async def test_half_requests_of_unknown_callers_make_room_for_known_ones() -> None:
    async with (
        serving(admitting_gets(echo), is_known=False, max_connections=2) as served,
        await served.connect() as known,
        await served.connect() as unknown,
    ):
        await known.send_all(GET)
        await read_answer(known)
        await unknown.send_all(HALF_FORM)
        async with await served.connect() as another:
            await another.send_all(GET)
            assert (await read_answer(another)).endswith(b"GET /path h ")

        assert await read_to_end(unknown) == b""
        await known.send_all(GET)
        assert (await read_answer(known)).endswith(b"GET /path h ")


@pytest.mark.parametrize(("proxies", "open_"), [((), 3), (("127.0.0.0/8",), 6)])
async def test_an_address_has_a_share_of_the_connections_and_a_proxy_all(
    proxies: tuple[str, ...], open_: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MIN_ADDRESS_CONNECTIONS", 3)
    async with (
        serving(max_connections=10, trusted_proxies=proxies) as served,
        AsyncExitStack() as stack,
    ):
        streams = [await stack.enter_async_context(await served.connect()) for _ in range(6)]

        for closed in streams[: 6 - open_]:
            assert await read_to_end(closed) == b""
        assert all([await is_open(stream) for stream in streams[6 - open_ :]])


async def test_an_exhausted_address_gets_no_further_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget, "ADDRESS_UNITS_AT_ONCE", 20)
    monkeypatch.setattr(budget, "ADDRESS_UNITS_PER_SECOND", 0.1)
    async with serving() as served:
        for _ in range(5):
            async with await served.connect():
                pass

        with suppress(trio.BrokenResourceError):
            assert await ask(served, GET) == b""


async def test_an_exhausted_address_with_a_known_caller_gets_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget, "ADDRESS_UNITS_AT_ONCE", 20)
    monkeypatch.setattr(budget, "ADDRESS_UNITS_PER_SECOND", 0.1)
    async with serving(admitting_gets(echo), is_known=False) as served:
        await ask(served, GET[:-2] + b"Connection: close\r\n\r\n")
        for _ in range(5):
            async with await served.connect() as half:
                await half.send_all(HALF_FORM)

        async with await served.connect() as stream:
            await stream.send_all(GET)
            assert (await read_answer(stream)).endswith(b"GET /path h ")


async def test_a_stop_waits_for_known_callers_and_not_for_unknown_ones() -> None:
    late = LateAnswer()

    async with (
        serving(admitting_gets(late.app), is_known=False) as served,
        await served.connect() as known,
        await served.connect() as unknown,
    ):
        await known.send_all(GET)
        await late.requested.wait()
        await unknown.send_all(HALF_FORM)
        await trio.testing.wait_all_tasks_blocked(0.01)
        served.stop.set()
        await trio.testing.wait_all_tasks_blocked(server.UNKNOWN_GRACE_SECONDS + 0.1)
        assert not served.ended.is_set()
        late.release.set()

        assert (await read_to_end(known)).endswith(b"late")
        with trio.fail_after(QUICKLY_SECONDS):
            await served.ended.wait()


async def test_a_stop_with_unknown_callers_alone_is_short() -> None:
    late = LateAnswer()

    async with serving(late.app, is_known=False) as served, await served.connect() as unknown:
        await unknown.send_all(HALF_FORM)
        await late.requested.wait()
        served.stop.set()
        with trio.fail_after(QUICKLY_SECONDS):
            await served.ended.wait()


async def test_unknown_callers_wait_for_their_units_and_known_ones_do_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    budgets = ClientBudgets(())
    unknown, known, elsewhere = (
        budgets.open("192.0.2.1"),
        budgets.open("192.0.2.1"),
        budgets.open("192.0.2.2"),
    )
    known.charge_request()
    known.admit()
    unknown.charge(budget.ADDRESS_UNITS_AT_ONCE + budget.ADDRESS_UNITS_PER_SECOND)

    for _ in range(budget.FIRST_TURNS):
        await unknown.wait_turn()
    began = trio.current_time()
    await known.wait_turn()
    assert trio.current_time() == began
    await elsewhere.wait_turn()
    assert trio.current_time() - began < 1
    await unknown.wait_turn()
    assert trio.current_time() - began == pytest.approx(1)


async def test_a_new_connection_of_a_known_address_does_not_wait_behind_other_addresses(
    autojump_clock: trio.testing.MockClock,
) -> None:
    budgets = ClientBudgets(())
    budgets.open("192.0.2.1").admit()
    flood = budgets.open("192.0.2.2")
    flood.charge(turns.UNITS_PER_TURN * (budget.TURNS_AT_ONCE + budget.TURNS_PER_SECOND))

    waited = []
    for address, seconds_later in (("192.0.2.1", 0), ("192.0.2.3", 0), ("192.0.2.1", 60)):
        autojump_clock.jump(seconds_later)
        if seconds_later:
            flood.charge(turns.UNITS_PER_TURN * (budget.TURNS_AT_ONCE + budget.TURNS_PER_SECOND))
        began = trio.current_time()
        await budgets.open(address).wait_turn()
        waited.append(trio.current_time() - began)

    assert waited == pytest.approx([0, 1, 1], abs=0.01)


async def test_first_turns_of_a_known_address_do_not_wait_for_its_debt(
    autojump_clock: trio.testing.MockClock,
) -> None:
    budgets = ClientBudgets(())
    flood = budgets.open("192.0.2.1")

    waited = []
    for is_known in (False, True):
        if is_known:
            budgets.open("192.0.2.1").admit()
        flood.charge(10 * budget.ADDRESS_UNITS_PER_SECOND)  # a debt of MAX_DEBT_SECONDS
        one = budgets.open("192.0.2.1")
        for _ in range(budget.FIRST_TURNS + 1):
            began = trio.current_time()
            await one.wait_turn()
            waited.append(trio.current_time() - began)

    debt, none = budget.MAX_DEBT_SECONDS, [0.0] * budget.FIRST_TURNS
    assert waited == pytest.approx([debt, *none, *none, debt], abs=0.01)


async def test_spent_first_turns_leave_the_ordinary_turns(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "FIRST_TURNS_AT_ONCE", 2)
    monkeypatch.setattr(budget, "FIRST_TURNS_PER_SECOND", 0.01)
    budgets = ClientBudgets(())
    budgets.open("192.0.2.1").admit()

    waited = []
    for debt_seconds in (0, 0, 1, 1):
        flood = budgets.open("192.0.2.1")
        one = budgets.open("192.0.2.1")
        one.accept()  # takes one as well
        flood.charge(10 * budget.ADDRESS_UNITS_PER_SECOND * debt_seconds)
        began = trio.current_time()
        await one.wait_turn()
        waited.append(trio.current_time() - began)

    debt = budget.MAX_DEBT_SECONDS
    assert waited == pytest.approx([0, 0, debt, debt], abs=0.01)


async def test_connections_of_known_callers_give_their_first_turns_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    budgets = ClientBudgets(())
    budgets.open("192.0.2.1").admit()
    began = trio.current_time()

    for _ in range(2 * budget.FIRST_TURNS_AT_ONCE):  # at the same moment
        one = budgets.open("192.0.2.1")
        one.accept()
        for _ in range(budget.FIRST_TURNS - 1):
            await one.wait_turn()
        one.charge_request()
        one.admit()
        one.close()

    assert one.address is not None
    assert not one.address.first_turns.are_spent
    assert trio.current_time() == pytest.approx(began, abs=0.01)


async def test_few_unknown_callers_have_a_turn_in_the_same_pass_of_the_event_loop() -> None:
    class Passes(trio.abc.Instrument):
        count = 0

        def before_io_wait(self, timeout: float) -> None:  # noqa: ARG002 - of the interface
            self.count += 1

    passes, taken = Passes(), []
    trio.lowlevel.add_instrument(passes)
    budgets = ClientBudgets(())

    async def have_turn(number: int) -> None:
        await budgets.open(f"192.0.2.{number}").wait_turn()
        taken.append(passes.count)

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(have_turn, number)

    assert max(Counter(taken).values()) == turns.TURNS_IN_A_PASS


async def test_an_address_in_debt_has_fewer_events_on_each_connection() -> None:
    budgets = ClientBudgets(())
    calm, owing = budgets.open("192.0.2.1"), budgets.open("192.0.2.2")
    known = budgets.open("192.0.2.2")
    known.admit()
    budgets.open("192.0.2.2").charge(2 * budget.ADDRESS_UNITS_AT_ONCE)

    spent = []
    for events in (budget.EVENTS_IN_DEBT - 1, 2):
        for one in (calm, owing, known):
            one.charge(events)
            spent.append(one.is_spent)

    assert spent == [False, False, False, False, True, False]


async def test_what_follows_the_end_of_an_http2_connection_takes_no_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget, "EVENTS_AT_ONCE", 50)
    taken = []

    async def count_turn(self: ConnectionBudget) -> None:
        taken.append(self)
        await trio.lowlevel.checkpoint()

    monkeypatch.setattr(ConnectionBudget, "wait_turn", count_turn)
    async with serving() as served, await Http2Client.open(served) as client:
        del taken[:]
        with suppress(trio.BrokenResourceError):
            await client.stream.send_all(bytes.fromhex(FRAMES["PING"]) * 400)
        await client.wait(h2.events.ConnectionTerminated)
        await read_to_end(client.stream)

    assert len(taken) <= 3


async def test_who_gets_no_turn_for_long_is_given_up(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "MAX_DEBT_SECONDS", 60)
    one = ClientBudgets(()).open("192.0.2.1")
    one.charge(10 * budget.ADDRESS_UNITS_PER_SECOND)

    began = trio.current_time()
    with pytest.raises(turns.BudgetExhausted):
        await one.wait_turn()
    assert trio.current_time() - began == pytest.approx(turns.MAX_WAIT_SECONDS)


async def test_a_connection_is_unknown_again_after_many_refusals() -> None:
    one = ClientBudgets(()).open("192.0.2.1")
    assert not one.is_known
    one.charge_request()
    one.admit()

    known = []
    for _ in range(budget.REFUSALS_BEFORE_UNKNOWN + 1):
        known.append(one.is_known)
        one.charge_request()

    assert known == [True] * (budget.REFUSALS_BEFORE_UNKNOWN + 1)
    assert not one.is_known


async def test_the_addresses_of_one_ipv6_site_share_a_budget() -> None:
    budgets = ClientBudgets(["2001:db8:1::/48"])

    one, same, other, proxy, mapped, plain = (
        budgets.open(peer).address
        for peer in (
            "2001:db8::1",
            "2001:db8::2",
            "2001:db8:0:1::1",
            "2001:db8:1::1",
            "::ffff:192.0.2.1",
            "192.0.2.1",
        )
    )
    assert one is same
    assert one is not other
    assert proxy is None
    assert mapped is plain


async def test_addresses_are_forgotten_when_they_owe_nothing(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "ADDRESSES_KEPT", 2)
    budgets = ClientBudgets(())
    kept = budgets.open("192.0.2.1").address
    left = budgets.open("192.0.2.2")
    left.close()
    budgets.open("192.0.2.3").close()
    autojump_clock.jump(10)
    budgets.open("192.0.2.4")

    assert budgets.open("192.0.2.1").address is kept
    assert budgets.open("192.0.2.2").address is not left.address


async def test_a_busy_event_loop_closes_no_connection_whose_turn_has_come(
    autojump_clock: trio.testing.MockClock,
) -> None:
    budgets = ClientBudgets(("192.0.2.0/24",))
    for _ in range(budget.TURNS_AT_ONCE):
        await budgets.open("192.0.2.1").wait_turn()
    late = budgets.open("192.0.2.1")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(late.wait_turn)
        await trio.testing.wait_all_tasks_blocked()
        autojump_clock.jump(2 * turns.MAX_WAIT_SECONDS)


async def test_who_is_behind_too_many_others_gets_no_turn_and_takes_none(
    autojump_clock: trio.testing.MockClock,
) -> None:
    budgets = ClientBudgets(("192.0.2.0/24",))
    at_once = budget.TURNS_AT_ONCE + turns.MAX_WAIT_SECONDS * budget.TURNS_PER_SECOND
    refused: list[int] = []

    async def wait(number: int) -> None:
        try:
            await budgets.open("192.0.2.1").wait_turn()
        except turns.BudgetExhausted:
            refused.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(at_once + 50):
            nursery.start_soon(wait, number)
    assert len(refused) == 50


async def test_more_connections_are_accepted_the_longer_the_event_loop_was_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn, waiting = 0, 5 * server.ACCEPTED_AT_ONCE
    accepted: Counter[int] = Counter()

    def begin(_: Any, sock: socket.socket, *__: Any) -> None:
        sock.close()
        accepted[turn] += 1

    wait_readable = trio.lowlevel.wait_readable

    async def wait_a_second(sock: socket.socket) -> None:
        nonlocal turn
        await wait_readable(sock)
        turn += bool(accepted)

    monkeypatch.setattr(trio.lowlevel, "wait_readable", wait_a_second)
    monkeypatch.setattr(server, "perf_counter", lambda: float(turn))
    monkeypatch.setattr(server._OpenConnections, "_begin", begin)  # noqa: SLF001
    opened = server._OpenConnections(  # noqa: SLF001
        cast("Any", None), ClientBudgets(()), max_connections=100, tls=None
    )
    with listen("127.0.0.1", 0) as listener, ExitStack() as clients:
        for _ in range(waiting):
            clients.enter_context(socket.create_connection(listener.getsockname()))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(opened.accept, listener, nursery)
            with trio.fail_after(QUICKLY_SECONDS):
                while accepted.total() < waiting:
                    await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    assert list(accepted.values()) == [server.ACCEPTED_AT_ONCE, waiting - server.ACCEPTED_AT_ONCE]


async def test_a_flood_from_many_addresses_does_not_search_them_at_each_connection(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "ADDRESSES_KEPT", 2)
    budgets = ClientBudgets(())
    for number in range(4):  # the last one searches
        budgets.open(f"192.0.2.{number}")
    left = budgets.open("198.51.100.1")
    left.close()

    kept: list[bool] = []
    for seconds in (budget.FORGET_SECONDS / 2, budget.FORGET_SECONDS):
        autojump_clock.jump(seconds)
        budgets.open(f"203.0.113.{len(kept)}")
        kept.append(budgets.open("198.51.100.1").address is left.address)
        left.close()

    assert kept == [True, False]
