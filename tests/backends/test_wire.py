from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio

from onecgw.backends.errors.failures import Reply
from onecgw.backends.http.connection import (
    Connection,
    ConnectionEnded,
    IdleConnections,
    connect_error_text,
)
from onecgw.backends.http.response_reader import ResponseReader
from onecgw.errors import OnecUnavailable
from tests.builders.certificate import make_contexts
from tests.builders.onec_client import SETTINGS, call, client_of
from tests.builders.onec_server import ReceivedRequest, Wire, onec_server

REQUEST = b"GET / HTTP/1.1\r\nHost: 1c.example.org\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def _connected() -> tuple[Connection, trio.SocketStream]:
    ours, theirs = trio.socket.socketpair()
    return Connection(trio.SocketStream(ours)), trio.SocketStream(theirs)


async def _exchange(connection: Connection) -> Reply:
    """The answer to a request, which the peer may have sent already."""
    reader = ResponseReader(max_bytes=1_000_000)
    await connection.exchange(REQUEST, reader)
    return reader.finish()


async def test_interim_answers_are_passed_over() -> None:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await wire.answer(b"{}")

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            assert await onec.fetch(call()) == b"{}"


async def test_connection_that_is_gone_while_the_question_is_sent_has_ended() -> None:
    connection, peer = _connected()
    await peer.aclose()
    with pytest.raises(ConnectionEnded):
        await _exchange(connection)
    connection.close()


async def test_connection_whose_answer_was_not_read_is_not_kept() -> None:
    connection, peer = _connected()
    await peer.send_all(ANSWER[:-1])
    with trio.move_on_after(0.01):
        await _exchange(connection)
    idle = IdleConnections()
    idle.give_back(connection)
    assert idle.take() is None
    assert await peer.receive_some() != b""  # the question
    assert await peer.receive_some() == b""  # and the end
    await peer.aclose()


async def _read_whole(connection: Connection, peer: trio.SocketStream) -> None:
    await peer.send_all(ANSWER)
    assert (await _exchange(connection)).body == b"{}"


async def test_connection_that_sends_bytes_without_a_request_is_not_used_again() -> None:
    connection, peer = _connected()
    await _read_whole(connection, peer)
    idle = IdleConnections()
    idle.give_back(connection)
    await peer.send_all(ANSWER)  # the answer to another call, if it were taken for ours
    assert idle.take() is None
    await peer.aclose()


@pytest.mark.parametrize("rest", [ANSWER, b"garbage", ANSWER[:20]])
async def test_connection_that_says_more_than_the_answer_is_not_used_again(rest: bytes) -> None:
    connection, peer = _connected()
    await peer.send_all(ANSWER + rest)
    assert (await _exchange(connection)).body == b"{}"
    idle = IdleConnections()
    idle.give_back(connection)
    assert idle.take() is None
    await peer.aclose()


class _Cork(trio.abc.Stream):
    """Holds back what is sent, to send it as one segment."""

    def __init__(self, socket: trio.SocketStream) -> None:
        self._socket = socket
        self.is_in = False
        self._held = b""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._held += bytes(data)
        await trio.lowlevel.checkpoint()
        if not self.is_in:
            held, self._held = self._held, b""
            await self._socket.send_all(held)

    async def wait_send_all_might_not_block(self) -> None:
        await self._socket.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._socket.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self._socket.aclose()


@attrs.frozen
class _TlsPeer:
    stream: trio.SSLStream[_Cork]
    cork: _Cork

    async def say(self, *records: bytes) -> None:
        """Send records in one segment."""
        self.cork.is_in = True
        for record in records[:-1]:
            await self.stream.send_all(record)
        self.cork.is_in = False
        await self.stream.send_all(records[-1])


@asynccontextmanager
async def _connected_by_tls(folder: Path) -> AsyncIterator[tuple[Connection, _TlsPeer]]:
    server, client = make_contexts(folder, "localhost")
    ours, theirs = trio.socket.socketpair()
    tcp = trio.SocketStream(ours)
    stream = trio.SSLStream(tcp, client, server_hostname="localhost")
    cork = _Cork(trio.SocketStream(theirs))
    peer = trio.SSLStream(cork, server, server_side=True)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.do_handshake)
            nursery.start_soon(peer.do_handshake)
        yield Connection(tcp, stream), _TlsPeer(peer, cork)
    ours.close()
    theirs.close()


async def _ask_and_give_back(connection: Connection, peer: _TlsPeer, *said: bytes) -> int:
    """How many connections can be used again."""
    await peer.say(*said)
    assert (await _exchange(connection)).body == b"{}"
    idle = IdleConnections()
    idle.give_back(connection)
    return int(idle.take() is not None)


async def test_tls_connection_is_kept_for_the_next_call(tmp_path: Path) -> None:
    async with _connected_by_tls(tmp_path) as (connection, peer):
        assert await _ask_and_give_back(connection, peer, ANSWER) == 1
        assert await _ask_and_give_back(connection, peer, ANSWER) == 1


@pytest.mark.parametrize(
    "said",
    [(ANSWER + ANSWER,), (ANSWER, ANSWER), (ANSWER, b"garbage"), (ANSWER[:-2] + b"{}!",)],
    ids=["one record", "two records", "garbage in the next", "garbage in the same"],
)
async def test_tls_connection_that_says_more_than_the_answer_is_not_used_again(
    tmp_path: Path, said: tuple[bytes, ...]
) -> None:
    async with _connected_by_tls(tmp_path) as (connection, peer):
        assert await _ask_and_give_back(connection, peer, *said) == 0


async def test_tls_connection_that_sends_bytes_without_a_request_is_not_used_again(
    tmp_path: Path,
) -> None:
    async with _connected_by_tls(tmp_path) as (connection, peer):
        await peer.say(ANSWER)
        assert (await _exchange(connection)).body == b"{}"
        idle = IdleConnections()
        idle.give_back(connection)
        await peer.say(ANSWER)
        assert idle.take() is None


async def test_second_answer_in_the_same_segment_never_meets_the_next_caller() -> None:
    async def play(request: ReceivedRequest, wire: Wire) -> None:
        mine = b'{"for":"%b"}' % request.headers["x-mcp-sub"].encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
        await wire.send(head % len(mine) + mine + ANSWER)

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            for sub in ("anna", "boris", "cleo"):
                assert await onec.fetch(call(sub=sub)) == b'{"for":"%b"}' % sub.encode()


async def test_second_attempt_trusts_no_idle_connection() -> None:
    old: set[int] = set()
    all_there = trio.Event()

    async def play(request: ReceivedRequest, wire: Wire) -> None:
        if request.connection in old:
            await wire.reset()
            return
        if not all_there.is_set():
            old.add(request.connection)
            if len(old) == 4:
                all_there.set()
            await all_there.wait()
        await wire.answer(b"{}")

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                for number in range(4):
                    nursery.start_soon(onec.fetch, call(sub=str(number)))
            assert await onec.fetch(call()) == b"{}"
        assert server.connections == 5


async def test_connection_that_was_idle_too_long_is_not_trusted(
    autojump_clock: trio.testing.MockClock,
) -> None:
    connection, peer = _connected()
    await _read_whole(connection, peer)
    idle = IdleConnections()
    idle.give_back(connection)
    autojump_clock.jump(31)
    assert idle.take() is None
    await peer.aclose()


async def test_connecting_has_its_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(*_: object) -> Connection:
        await trio.sleep_forever()
        raise AssertionError

    monkeypatch.setattr("onecgw.backends.http.direct_transport.connect", connect)
    settings = attrs.evolve(SETTINGS, connect_timeout_ms=50)
    async with client_of("http://1c.example.org/hs", settings) as onec:
        with trio.fail_after(5), pytest.raises(OnecUnavailable):
            await onec.fetch(call())


async def test_https_to_a_port_without_tls_is_unavailable_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture, transport: str
) -> None:
    async def speak_plainly(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with trio.open_nursery() as nursery:
        [listener] = await nursery.start(
            partial(trio.serve_tcp, speak_plainly, 0, host="127.0.0.1")
        )
        port = listener.socket.getsockname()[1]
        async with client_of(f"https://127.0.0.1:{port}/hs") as onec:
            with trio.fail_after(5), pytest.raises(OnecUnavailable):
                await onec.fetch(call())
        nursery.cancel_scope.cancel()
    [record] = [record for record in caplog.records if record.msg == "onec.failed"]
    known = {"direct": "WRONG_VERSION_NUMBER", "httpx": "Unreachable"}  # httpx drops the reason
    assert known[transport] in vars(record)["fields"]["reason"]


def test_reason_of_a_connection_is_its_innermost_one() -> None:
    refused = ConnectionRefusedError(111, "Connection refused")
    error = OSError("all attempts failed")
    error.__cause__ = ExceptionGroup("two addresses", [refused, OSError("unreachable")])
    assert connect_error_text(error) == "[Errno 111] Connection refused"
