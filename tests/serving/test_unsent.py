"""Answers that wait until their clients read share a bound."""

from contextlib import suppress
from functools import partial
from typing import Any

import h2.events
import pytest
import trio
import trio.testing

from onecgw.serving.unsent import UnsentAnswers
from tests.builders.http_server import (
    GET,
    Http2Client,
    answer,
    app_of,
    assert_nothing_stays,
    read_to_end,
    serving,
)

LAST_GET = GET[:-2] + b"Connection: close\r\n\r\n"
LARGE = b"a" * 16 * 1024 * 1024  # more than the buffers of the sockets take


@app_of
async def answer_much(scope: Any, receive: Any, send: Any) -> None:
    """An answer that a client must read before it is sent."""
    await answer(send, LARGE)


def test_the_answer_whose_client_has_read_nothing_for_longest_ends() -> None:
    unsent, ended = UnsentAnswers(100), list[str]()
    for name, left_bytes in (("a", 60), ("b", 40), ("a", 50), ("c", 20), ("a", 0), ("d", 200)):
        unsent.update(name, left_bytes, partial(ended.append, name))

    assert ended == ["b", "c"]
    assert unsent.size_bytes == 200


@pytest.mark.parametrize(("max_bytes", "is_whole"), [(len(LARGE), False), (3 * len(LARGE), True)])
async def test_a_slow_reader_ends_where_answers_need_more_than_the_bound(
    max_bytes: int, is_whole: bool
) -> None:
    async with (
        serving(answer_much, max_unsent_bytes=max_bytes) as served,
        await served.connect() as slow,
        await served.connect() as reader,
    ):
        await slow.send_all(LAST_GET)
        assert await slow.receive_some(1)
        await reader.send_all(LAST_GET)

        assert len(await read_to_end(reader)) > len(LARGE)
        assert (len(await read_to_end(slow)) > len(LARGE)) is is_whole
        await assert_nothing_stays(served)


async def test_an_http2_answer_without_a_window_ends_as_well() -> None:
    async with (
        serving(answer_much, max_unsent_bytes=len(LARGE)) as served,
        await Http2Client.open(served) as slow,
        await served.connect() as reader,
    ):
        await slow.ask()
        await slow.wait(h2.events.ResponseReceived)
        await reader.send_all(LAST_GET)

        assert len(await read_to_end(reader)) > len(LARGE)
        with suppress(trio.BrokenResourceError):
            assert len(await read_to_end(slow.stream)) < len(LARGE)
        await assert_nothing_stays(served)
