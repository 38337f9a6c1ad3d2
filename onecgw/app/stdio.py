"""MCP over stdin and stdout: one message per line, for clients that start a local process."""

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import BinaryIO, Final

import attrs
import trio

from onecgw.app.lifespan import open_application
from onecgw.auth.caller import Caller
from onecgw.auth.context import CallContext
from onecgw.locales import DEFAULT_LANGUAGE, Language
from onecgw.mcp.engine import Engine, Incoming
from onecgw.settings import Settings

STDIO_SUB: Final = "stdio"  # the `sub` of the caller that started the process
PULSE_SECONDS: Final = 1  # how often running requests report that they are alive
MAX_LINE_BYTES: Final = 16 * 1024 * 1024
READ_BYTES: Final = 1024 * 1024
LAST_ANSWERS_SECONDS: Final = 60  # for requests that run when stdin ends: `echo … | onecgw stdio`

_NO_LINE_BREAKS: Final = bytes.maketrans(b"\r\n", b"  ")


@attrs.define
class _RequestChannel:
    """The channel of one request: its messages, and the function that reports progress."""

    write: Callable[[bytes], Awaitable[None]]
    pulse: Callable[[], Awaitable[None]] | None = None
    can_stream: bool = True

    async def send(self, message: bytes) -> None:
        await self.write(message)

    def pulse_with(self, pulse: Callable[[], Awaitable[None]]) -> None:
        self.pulse = pulse


class _StdioServer:
    def __init__(self, engine: Engine, context: CallContext, stdout: trio.abc.SendStream) -> None:
        self._engine = engine
        self._context = context
        self._stdout = stdout
        self._writing = trio.Lock()
        self._running: dict[int, _RequestChannel] = {}
        self._session_id = ""

    async def answer(self, line: bytes, number: int) -> None:
        channel = self._running[number] = _RequestChannel(self._write)
        try:
            outgoing = await self._engine.handle(
                Incoming(
                    body=line,
                    context=attrs.evolve(self._context, request_id=f"stdio-{number}"),
                    channel=channel,
                    session_id=self._session_id,
                )
            )
        finally:
            del self._running[number]
        self._session_id = outgoing.session_id or self._session_id
        if outgoing.body is not None:
            await self._write(outgoing.body)

    async def _write(self, message: bytes) -> None:
        # JSON may contain line breaks between its tokens; inside strings they are escaped.
        line = message.translate(_NO_LINE_BREAKS) + b"\n"
        # A client that has ended also closes stdin, and that ends the server.
        with suppress(trio.BrokenResourceError):
            async with self._writing:
                await self._stdout.send_all(line)

    async def send_pulses(self) -> None:
        while True:
            await trio.sleep(PULSE_SECONDS)
            for channel in list(self._running.values()):
                if channel.pulse is not None:
                    await channel.pulse()


async def serve_stdio(
    engine: Engine,
    caller: Caller,
    *,
    stdin: trio.abc.ReceiveStream | None = None,
    stdout: trio.abc.SendStream | None = None,
    language: Language = DEFAULT_LANGUAGE,
) -> None:
    """Serve one client until stdin ends, then wait up to LAST_ANSWERS_SECONDS for running requests.

    Args:
        engine: handles the messages.
        caller: the principal of every message.
        stdin: messages, one per line; None: stdin of this process.
        stdout: messages, one per line; nothing else may write there. None: that of this process.
        language: of the texts where a call names none.
    """
    context = CallContext(caller=caller, request_id="stdio", surface="mcp", language=language)
    stdin, stdout = stdin or _FileIn(sys.stdin.buffer), stdout or _FileOut(sys.stdout.buffer)
    server = _StdioServer(engine, context, stdout)
    async with trio.open_nursery() as pulses:
        pulses.start_soon(server.send_pulses)
        async with trio.open_nursery() as nursery:
            number = 0
            async for line in _lines(stdin):
                number += 1
                nursery.start_soon(server.answer, line, number)
                # A request must have begun before the next line, which may cancel it, is read.
                await trio.lowlevel.checkpoint()
            engine.subscriptions.close()
            nursery.cancel_scope.deadline = trio.current_time() + LAST_ANSWERS_SECONDS
        pulses.cancel_scope.cancel()


async def serve_own_client(settings: Settings) -> None:
    """Serve the client that started this process, on stdin and stdout, until stdin ends.

    The client has mcp.scopes and does not log in, because a program that may start the process may
    also read its settings. So OAuth is not opened, and its settings are not needed.

    Raises:
        ConfigError: the database cannot be used.
    """
    local = attrs.evolve(settings, oauth=attrs.evolve(settings.oauth, enabled=False))
    async with open_application(local) as application:
        caller = Caller(sub=STDIO_SUB, scopes=frozenset(settings.mcp.scopes))
        await serve_stdio(application.engine, caller, language=settings.mcp.language)


class _FileIn(trio.abc.ReceiveStream):
    """A file read in a thread: a pipe, a terminal or a disk file, on any system."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        # A blocking read cannot be interrupted; the thread ends with the process.
        return await trio.to_thread.run_sync(
            os.read, self._file.fileno(), max_bytes or READ_BYTES, abandon_on_cancel=True
        )

    async def aclose(self) -> None:
        self._file.close()


class _FileOut(trio.abc.SendStream):
    """A file written in a thread."""

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
    """Yield each non-empty line without its line break; the last line needs none."""
    rest = b""
    while data := await stdin.receive_some(READ_BYTES):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line.strip():
                yield line
        if len(rest) > MAX_LINE_BYTES:
            break  # yielded below and refused as invalid JSON; the rest belongs to the same line
    if rest.strip():
        yield rest
