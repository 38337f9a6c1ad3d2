"""MCP over stdin and stdout: one message per line, for clients that start a local process."""

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import BinaryIO, Final

import attrs
import trio

from onecgw.auth.caller import Caller
from onecgw.auth.context import CallContext
from onecgw.mcp.engine import Engine, Incoming

TICK_SECONDS: Final = 1
MAX_LINE_BYTES: Final = 16 * 1024 * 1024
READ_BYTES: Final = 1024 * 1024
LAST_ANSWERS_SECONDS: Final = 60  # for what still runs when stdin ends: `echo … | onecgw stdio`

_NO_LINE_BREAKS: Final = bytes.maketrans(b"\r\n", b"  ")


class _Out:
    """The one channel that every request shares."""

    can_stream = True

    def __init__(self, stdout: trio.abc.SendStream) -> None:
        self._stdout = stdout
        self._turn = trio.Lock()

    async def send(self, message: bytes) -> None:
        # Outside of its strings JSON may hold line breaks; inside they are escaped.
        line = message.translate(_NO_LINE_BREAKS) + b"\n"
        # A client that is gone closes stdin as well, and that ends the server.
        with suppress(trio.BrokenResourceError):
            async with self._turn:
                await self._stdout.send_all(line)


@attrs.define
class _Running:
    """One request's way back, and how it shows that it is alive."""

    out: _Out
    pulse: Callable[[], Awaitable[None]] | None = None
    can_stream: bool = True

    async def send(self, message: bytes) -> None:
        await self.out.send(message)

    def pulse_with(self, pulse: Callable[[], Awaitable[None]]) -> None:
        self.pulse = pulse


class _Server:
    def __init__(self, engine: Engine, caller: Caller, stdout: trio.abc.SendStream) -> None:
        self._engine = engine
        self._caller = caller
        self._out = _Out(stdout)
        self._running: dict[int, _Running] = {}
        self._session_id = ""

    async def answer(self, line: bytes, number: int) -> None:
        channel = self._running[number] = _Running(self._out)
        try:
            outgoing = await self._engine.handle(
                Incoming(
                    body=line,
                    context=CallContext(
                        caller=self._caller, request_id=f"stdio-{number}", surface="mcp"
                    ),
                    channel=channel,
                    session_id=self._session_id,
                )
            )
        finally:
            del self._running[number]
        self._session_id = outgoing.session_id or self._session_id
        if outgoing.body is not None:
            await self._out.send(outgoing.body)

    async def tick(self) -> None:
        while True:
            await trio.sleep(TICK_SECONDS)
            for channel in list(self._running.values()):
                if channel.pulse is not None:
                    await channel.pulse()


async def serve_stdio(
    engine: Engine,
    caller: Caller,
    *,
    stdin: trio.abc.ReceiveStream,
    stdout: trio.abc.SendStream,
) -> None:
    """Serve one client until stdin ends, then give what runs LAST_ANSWERS_SECONDS to end.

    Args:
        engine: what answers.
        caller: whoever started the process.
        stdin: messages, one per line.
        stdout: messages, one per line; nothing else may write there.
    """
    server = _Server(engine, caller, stdout)
    async with trio.open_nursery() as ticking:
        ticking.start_soon(server.tick)
        async with trio.open_nursery() as nursery:
            number = 0
            async for line in _lines(stdin):
                number += 1
                nursery.start_soon(server.answer, line, number)
                # A request must be under way before the line that cancels it is looked at.
                await trio.lowlevel.checkpoint()
            engine.subscriptions.close()
            nursery.cancel_scope.deadline = trio.current_time() + LAST_ANSWERS_SECONDS
        ticking.cancel_scope.cancel()


async def serve_process(engine: Engine, caller: Caller) -> None:
    """Serve the client at this process's own stdin and stdout, until stdin ends.

    Whatever else the process prints must go to stderr.
    """
    await serve_stdio(
        engine, caller, stdin=_FileIn(sys.stdin.buffer), stdout=_FileOut(sys.stdout.buffer)
    )


class _FileIn(trio.abc.ReceiveStream):
    """A file that is read in a thread: a pipe, a terminal or a disk file, on any system."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        # A blocked read cannot be interrupted; the thread is left to the end of the process.
        return await trio.to_thread.run_sync(
            os.read, self._file.fileno(), max_bytes or READ_BYTES, abandon_on_cancel=True
        )

    async def aclose(self) -> None:
        self._file.close()


class _FileOut(trio.abc.SendStream):
    """A file that is written in a thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        try:
            await trio.to_thread.run_sync(self._write, data)
        except (BrokenPipeError, ValueError) as error:  # ValueError: the file was closed
            raise trio.BrokenResourceError from error

    def _write(self, data: bytes | bytearray | memoryview) -> None:
        self._file.write(data)
        self._file.flush()

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        self._file.close()


async def _lines(stdin: trio.abc.ReceiveStream) -> AsyncIterator[bytes]:
    """Each line that is not empty, without its end; the last one needs none."""
    rest = b""
    while data := await stdin.receive_some(READ_BYTES):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line.strip():
                yield line
        if len(rest) > MAX_LINE_BYTES:
            break  # refused as what it is, a piece of JSON; what follows cannot be told from it
    if rest.strip():
        yield rest
