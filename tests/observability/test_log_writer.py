"""A log that is not read holds up nothing, and says what it has lost."""

import json
import logging
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import trio

from onecgw.observability.log_writer import QueuedHandler, write_whole
from tests.builders.http_server import read_answer
from tests.hostile.gateway import CALL

PIPE_BYTES = 64 * 1024
CALLS = 500
START_SECONDS = 60


def make_record(number: int) -> logging.LogRecord:
    return logging.LogRecord("onecgw.x", logging.INFO, "", 0, f"line {number}", None, None)


def test_lines_that_are_not_read_are_dropped_and_counted() -> None:
    reader, writer = os.pipe()
    handler = QueuedHandler(partial(write_whole, writer), max_lines=10)
    handler.setFormatter(logging.Formatter("%(message)s %(fields)s", defaults={"fields": ""}))
    sent = PIPE_BYTES // len("line 10000 \n") + 10_000

    for number in range(sent):
        handler.emit(make_record(number))
    text = ""
    while "log.dropped" not in text:
        text += os.read(reader, PIPE_BYTES).decode()
    handler.flush()
    os.set_blocking(reader, False)
    try:
        while True:
            text += os.read(reader, PIPE_BYTES).decode()
    except BlockingIOError:
        pass
    os.close(reader)

    lines = text.splitlines()
    dropped = [int(line.split("'lines': ")[1].rstrip("}")) for line in lines if "dropped" in line]
    assert len(lines) - len(dropped) + sum(dropped) == sent


def test_a_line_is_written_when_the_log_is_flushed() -> None:
    reader, writer = os.pipe()
    handler = QueuedHandler(partial(write_whole, writer))

    handler.emit(make_record(1))
    handler.flush()

    assert os.read(reader, 100) == b"line 1\n"
    os.close(reader)
    os.close(writer)


def test_a_reader_that_has_gone_ends_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    handler = QueuedHandler(partial(write_whole, writer))

    handler.emit(make_record(1))
    handler.flush()
    handler.emit(make_record(2))
    handler.flush()
    os.close(writer)


def test_the_last_lines_of_a_process_are_written() -> None:
    code = (
        "import logging; from onecgw.observability.logging import set_up_logging;"
        "set_up_logging(level='info', log_format='json');"
        "[logging.getLogger('onecgw.x').info('event %d', n) for n in range(1000)]"
    )
    done = subprocess.run(  # noqa: S603 - this Python
        [sys.executable, "-c", code], capture_output=True, check=True
    )

    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert events == [f"event {number}" for number in range(1000)]


async def test_a_gateway_whose_log_is_not_read_goes_on_and_stops(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.hostile.gateway", str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as process:  # noqa: ASYNC220, S603
        try:
            assert process.stdout is not None
            with trio.fail_after(START_SECONDS):
                line = await trio.to_thread.run_sync(process.stdout.readline)
                port = int(line.rpartition(b":")[2])
                async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                    for _ in range(CALLS):  # their lines fill the pipe
                        await stream.send_all(CALL)
                        assert (await read_answer(stream)).startswith(b"HTTP/1.1 200 ")
                process.terminate()
                await trio.to_thread.run_sync(process.wait)
            assert process.returncode == 0
            assert process.stderr is not None
            # The pipe was full; a page of it may be half used.
            assert len(process.stderr.read()) > PIPE_BYTES // 2
        finally:
            process.kill()
