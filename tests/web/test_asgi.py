from collections.abc import Iterator

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from onecgw.errors import InvalidRequest, PayloadTooLarge
from onecgw.web.asgi import (
    BODY_SECONDS,
    ClientGone,
    Message,
    Receive,
    read_body,
    read_head,
    run_while_connected,
)


def receiving(*messages: Message) -> Receive:
    queue: Iterator[Message] = iter(messages)

    async def receive() -> Message:
        await trio.lowlevel.checkpoint()
        message = next(queue, None)
        if message is None:
            await trio.sleep_forever()
            raise AssertionError
        return message

    return receive


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_in_parts_is_joined() -> None:
    receive = receiving(part(b'{"a'), part(b'":1'), part(b"}", more=False))

    assert await read_body(receive, max_bytes=7) == b'{"a":1}'


async def test_a_body_is_refused_at_the_first_byte_too_many_not_at_its_end() -> None:
    receive = receiving(part(b"x" * 5), part(b"x"))

    with trio.fail_after(5), pytest.raises(PayloadTooLarge, match="larger than 5 bytes"):
        await read_body(receive, max_bytes=5)


async def test_a_body_that_ends_early_or_drips_for_ever_is_given_up(
    autojump_clock: MockClock,
) -> None:
    with pytest.raises(ClientGone):
        await read_body(receiving(part(b"x"), {"type": "http.disconnect"}), max_bytes=5)
    began = trio.current_time()
    with pytest.raises(InvalidRequest, match="took longer than 30 s"):
        await read_body(receiving(part(b"x")), max_bytes=5)
    assert trio.current_time() - began == pytest.approx(BODY_SECONDS, abs=1)


async def test_work_ends_by_itself_or_when_the_client_leaves() -> None:
    ended: list[str] = []

    async def finish() -> None:
        ended.append("finished")

    async def hang() -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.append("cancelled")

    with trio.fail_after(5):
        await run_while_connected({}, receiving(), finish)
        await run_while_connected({}, receiving(part(b""), {"type": "http.disconnect"}), hang)

    assert ended == ["finished", "cancelled"]


def test_header_names_are_lowered_and_kept_in_order() -> None:
    request = read_head(
        {
            "type": "http",
            "method": "POST",
            "path": "/mcp",
            "headers": [(b"Accept", b"a"), (b"X-Y", b"1"), (b"accept", b"b")],
            "client": ("127.0.0.1", 5),
        }
    )

    assert request.values("accept") == ["a", "b"]
    assert (request.value("x-y"), request.value("missing")) == ("1", None)
    assert request.peer == "127.0.0.1"
