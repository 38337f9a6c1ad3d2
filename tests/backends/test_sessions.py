import itertools

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from onecgw.backends.http.client import FINISH_PAUSE_SECONDS
from onecgw.errors import OnecBadResponse, OnecError
from tests.builders.onec_client import SETTINGS, call, client_of, recorded
from tests.builders.onec_server import ReceivedRequest, Wire, onec_server

OK = b'{"rows":[]}'
CLIENT = attrs.evolve(SETTINGS, session_mode="client")


class SessionKeeper:
    """A publication with reuseSessions=use: gives out sessions and refuses those it lost."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.alive: set[str] = set()
        self.busy: set[str] = set()
        self.used_twice_at_once = False
        self.said: list[tuple[str | None, str | None]] = []
        self.answer = OK

    async def play(self, request: ReceivedRequest, wire: Wire) -> None:
        cookie, wish = request.headers.get("cookie"), request.headers.get("ibsession")
        self.said.append((cookie, wish))
        if cookie is None and wish is None:
            await wire.send(recorded("platform-400-session-wanted"))
            return
        set_cookie: tuple[str, ...] = ()
        if cookie is None:
            number = f"ibsession=s{next(self._numbers)}"
            self.alive.add(number)
            set_cookie = (f"Set-Cookie: {number}; path=/base; HttpOnly",)
        elif cookie not in self.alive:
            await wire.send(recorded("platform-406"))
            return
        else:
            self.used_twice_at_once |= cookie in self.busy
            self.busy.add(cookie)
            await wait_all_tasks_blocked(0.001)
            self.busy.discard(cookie)
        if wish == "finish" and cookie is not None:
            self.alive.discard(cookie)
        await wire.answer(self.answer, headers=set_cookie)


async def test_client_mode_starts_a_session_and_comes_back_to_it() -> None:
    keeper = SessionKeeper()
    async with onec_server(keeper.play) as server, client_of(server.base_url, CLIENT) as onec:
        with trio.fail_after(5):
            for _ in range(3):
                await onec.fetch(call())
        assert keeper.said == [(None, "start"), ("ibsession=s1", None), ("ibsession=s1", None)]
        assert onec.state().idle_sessions == 1


async def test_expired_session_is_replaced_within_the_call() -> None:
    keeper = SessionKeeper()
    async with onec_server(keeper.play) as server, client_of(server.base_url, CLIENT) as onec:
        with trio.fail_after(5):
            await onec.fetch(call())
            keeper.alive.clear()
            assert await onec.fetch(call()) == OK
        assert keeper.said[1:] == [("ibsession=s1", None), (None, "start")]
        assert keeper.alive == {"ibsession=s2"}


async def test_sessions_end_at_shutdown() -> None:
    keeper = SessionKeeper()
    async with onec_server(keeper.play) as server:
        async with client_of(server.base_url, CLIENT) as onec:
            with trio.fail_after(5):
                async with trio.open_nursery() as nursery:
                    for number in range(4):
                        nursery.start_soon(onec.fetch, call(sub=str(number)))
            assert len(keeper.alive) == onec.state().idle_sessions > 0
        assert keeper.alive == set()
        assert keeper.said[-1][1] == "finish"


async def test_one_call_per_session_at_a_time_and_no_more_sessions_than_calls() -> None:
    keeper = SessionKeeper()
    settings = attrs.evolve(CLIENT, max_concurrency=3)
    async with onec_server(keeper.play) as server, client_of(server.base_url, settings) as onec:
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                for number in range(30):
                    nursery.start_soon(onec.fetch, call(sub=str(number % 5)))
        assert not keeper.used_twice_at_once
        assert len(keeper.alive) <= 3
        assert onec.state().idle_sessions <= 3


async def test_session_of_a_cancelled_call_is_not_used_again_but_finished() -> None:
    keeper = SessionKeeper()
    arrived = trio.Event()

    async def play(request: ReceivedRequest, wire: Wire) -> None:
        if request.headers.get("x-mcp-sub") == "slow":
            arrived.set()
            await wire.wait_until_the_gateway_hangs_up()
        else:
            await keeper.play(request, wire)

    async with onec_server(play) as server, client_of(server.base_url, CLIENT) as onec:
        with trio.fail_after(5):
            await onec.fetch(call())
            async with trio.open_nursery() as nursery:
                nursery.start_soon(onec.fetch, call(sub="slow"))
                await arrived.wait()
                nursery.cancel_scope.cancel()
            await onec.fetch(call())
        assert keeper.said == [(None, "start"), (None, "start")]
    assert keeper.said[2:] == [("ibsession=s1", "finish"), ("ibsession=s2", "finish")]
    assert keeper.alive == set()


@attrs.frozen
class _Breaking:
    """Starts a session for each call whose sub is `bad`, and breaks its answer in some way."""

    keeper: SessionKeeper
    answer: bytes
    hangs_up: bool
    begun: trio.Event = attrs.field(factory=trio.Event)

    async def play(self, request: ReceivedRequest, wire: Wire) -> None:
        if request.headers.get("x-mcp-sub") != "bad":
            await self.keeper.play(request, wire)
            return
        cookie = request.headers.get("cookie", "ibsession=new")
        self.keeper.alive.add(cookie)
        set_cookie = f"\r\nSet-Cookie: {cookie}; path=/".encode()
        await wire.send(self.answer.replace(b"\r\n", set_cookie + b"\r\n", 1))
        self.begun.set()
        if self.hangs_up:
            await wire.close()
        else:
            await wire.wait_until_the_gateway_hangs_up()


_CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"
_LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b" " * 2_000_000


@pytest.mark.parametrize("calls_before", [0, 1])
@pytest.mark.parametrize(("answer", "hangs_up"), [(_CUT, True), (_LARGE, False)])
async def test_session_whose_answer_is_of_no_use_is_finished(
    answer: bytes, hangs_up: bool, calls_before: int
) -> None:
    keeper = SessionKeeper()
    async with onec_server(_Breaking(keeper, answer, hangs_up).play) as server:
        async with client_of(server.base_url, CLIENT) as onec:
            with trio.fail_after(5):
                for _ in range(calls_before):
                    await onec.fetch(call())
                with pytest.raises(OnecBadResponse):
                    await onec.fetch(call(sub="bad"))
            assert len(keeper.alive) == 1
        assert keeper.alive == set()


async def test_session_that_a_call_was_given_before_it_was_cancelled_is_finished() -> None:
    keeper = SessionKeeper()
    breaking = _Breaking(keeper, _CUT, hangs_up=False)
    async with onec_server(breaking.play) as server:
        async with client_of(server.base_url, CLIENT) as onec:
            with trio.fail_after(5):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(onec.fetch, call(sub="bad"))
                    await breaking.begun.wait()
                    await wait_all_tasks_blocked(0.01)
                    nursery.cancel_scope.cancel()
            assert len(keeper.alive) == 1
        assert keeper.alive == set()


async def test_sessions_given_up_are_finished_while_the_gateway_runs(
    mock_clock: MockClock,
) -> None:
    keeper = SessionKeeper()
    breaking = _Breaking(keeper, _CUT, hangs_up=True)
    finishes = 0
    failed, finished = trio.Event(), trio.Event()

    async def play(request: ReceivedRequest, wire: Wire) -> None:
        nonlocal finishes
        if request.headers.get("ibsession") != "finish":
            await breaking.play(request, wire)
            return
        finishes += 1
        if finishes == 1:
            await wire.close()
            failed.set()
        else:
            await keeper.play(request, wire)
            finished.set()

    mock_clock.rate = 1
    async with onec_server(play) as server, client_of(server.base_url, CLIENT) as onec:
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(onec.run)
                with pytest.raises(OnecBadResponse):
                    await onec.fetch(call(sub="bad"))
                await failed.wait()
                await wait_all_tasks_blocked(0.01)
                assert len(keeper.alive) == 1
                mock_clock.jump(FINISH_PAUSE_SECONDS)
                await finished.wait()
                nursery.cancel_scope.cancel()
        assert keeper.alive == set()
        assert onec.state().in_flight == 0


async def test_auto_mode_says_nothing_until_the_publication_asks_for_it() -> None:
    keeper = SessionKeeper()
    async with onec_server(keeper.play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            assert await onec.fetch(call()) == OK
            assert await onec.fetch(call()) == OK
        assert keeper.said == [(None, None), (None, "start"), ("ibsession=s1", None)]


async def test_off_mode_says_nothing_and_keeps_no_cookie() -> None:
    said: list[tuple[str | None, str | None]] = []

    async def play(request: ReceivedRequest, wire: Wire) -> None:
        said.append((request.headers.get("cookie"), request.headers.get("ibsession")))
        await wire.answer(OK, headers=("Set-Cookie: ibsession=s1; path=/", "Set-Cookie: other=2"))

    settings = attrs.evolve(SETTINGS, session_mode="off")
    async with onec_server(play) as server, client_of(server.base_url, settings) as onec:
        with trio.fail_after(5):
            for _ in range(2):
                await onec.fetch(call())
    assert said == [(None, None), (None, None)]


async def test_off_mode_reports_to_the_administrator_what_the_publication_wants() -> None:
    settings = attrs.evolve(SETTINGS, session_mode="off")
    keeper = SessionKeeper()
    async with onec_server(keeper.play) as server, client_of(server.base_url, settings) as onec:
        with (
            trio.fail_after(5),
            pytest.raises(OnecError, match=r"set onec\.session_mode to client"),
        ):
            await onec.fetch(call())
    assert keeper.said == [(None, None)]


async def test_shutdown_does_not_wait_long_for_a_1c_that_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("onecgw.backends.http.client.FINISH_SECONDS", 0.05)
    keeper = SessionKeeper()

    async def play(request: ReceivedRequest, wire: Wire) -> None:
        if request.headers.get("ibsession") == "finish":
            await wire.wait_until_the_gateway_hangs_up()
        else:
            await keeper.play(request, wire)

    async with onec_server(play) as server:
        with trio.fail_after(2):
            async with client_of(server.base_url, CLIENT) as onec:
                await onec.fetch(call())
