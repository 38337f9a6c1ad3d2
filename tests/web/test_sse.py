"""What keeps streams alive: one task for all calls of a process."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from onecgw.web.asgi import Message
from onecgw.web.sse import KEEP_ALIVE_SECONDS, TICK_SECONDS, SseResponse, run_alive


async def run(work: Callable[[], Awaitable[None]]) -> None:
    await work()


async def drop(_message: Message) -> None:
    await trio.lowlevel.checkpoint()


def responding(send: Any = drop) -> SseResponse:
    return SseResponse(send, can_stream=True, request_id="r-1")


async def test_a_client_that_does_not_read_holds_up_no_other_stream(
    autojump_clock: MockClock,
) -> None:
    sent: list[Message] = []

    async def hang(_message: Message) -> None:
        await trio.sleep_forever()

    async def note(message: Message) -> None:
        sent.append(message)

    async def work() -> None:
        await trio.sleep(2 * KEEP_ALIVE_SECONDS + 5)

    with trio.move_on_after(3 * KEEP_ALIVE_SECONDS):
        async with trio.open_nursery() as nursery:
            for send in (hang, note):
                nursery.start_soon(run_alive, run, responding(send), work)

    assert [message.get("body") for message in sent] == [None, *[b": keep-alive\n\n"] * 2]


async def test_a_pulse_begins_after_a_second_and_ends_with_the_call(
    autojump_clock: MockClock,
) -> None:
    pulses: list[float] = []

    async def other() -> None:
        await trio.sleep(0.5)

    async def pulse() -> None:
        pulses.append(trio.current_time())

    async def work() -> None:
        response.pulse_with(pulse)
        await trio.sleep(4.5 * TICK_SECONDS)

    # Another call has started the ticker at another moment.
    async with trio.open_nursery() as nursery:
        nursery.start_soon(run_alive, run, responding(), other)
        await trio.sleep(0.3)
        response, began = responding(), trio.current_time()
        await run_alive(run, response, work)
    await trio.sleep(10)

    assert [round(at - began, 3) for at in pulses] == [1.7, 2.7, 3.7]


async def test_a_pulse_that_fails_ends_neither_the_process_nor_other_calls(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    response = responding()

    async def fail() -> None:
        raise KeyError("private")

    async def work() -> None:
        response.pulse_with(fail)
        await trio.sleep(2.5 * TICK_SECONDS)

    await run_alive(run, response, work)

    assert {record.msg for record in caplog.records} == {"sse.tick_failed"}
