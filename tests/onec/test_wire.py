from functools import partial

import attrs
import pytest
import trio

from onecgw.errors import OnecUnavailable
from onecgw.onec import exchange
from onecgw.onec.wire import Connection, ConnectionEnded, IdleConnections, why_not
from tests.fakes.onec_server import Asked, Wire, onec_server
from tests.onec.talking import SETTINGS, call, client_of

HEADERS = [(b"host", b"1c.example.org")]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def _connected() -> tuple[Connection, trio.SocketStream]:
    ours, theirs = trio.socket.socketpair()
    return Connection(trio.SocketStream(ours), ours), trio.SocketStream(theirs)


async def test_interim_answers_are_passed_over() -> None:
    async def play(_: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await wire.answer(b"{}")

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            assert await onec.post(call()) == b"{}"


async def test_connection_that_is_gone_while_the_question_is_sent_has_ended() -> None:
    connection, peer = _connected()
    await peer.aclose()
    with pytest.raises(ConnectionEnded):
        await connection.ask(b"GET", b"/", HEADERS, b"")
    connection.close()


async def test_connection_whose_answer_was_not_read_is_not_kept() -> None:
    connection, peer = _connected()
    await peer.send_all(ANSWER)
    await connection.ask(b"GET", b"/", HEADERS, b"")
    idle = IdleConnections()
    idle.give_back(connection)
    assert idle.take() is None
    assert await peer.receive_some() != b""  # the question
    assert await peer.receive_some() == b""  # and the end
    await peer.aclose()


async def _read_whole(connection: Connection, peer: trio.SocketStream) -> None:
    await peer.send_all(ANSWER)
    await connection.ask(b"GET", b"/", HEADERS, b"")
    while await connection.read():
        pass


async def test_connection_that_says_something_unasked_is_not_used_again() -> None:
    connection, peer = _connected()
    await _read_whole(connection, peer)
    idle = IdleConnections()
    idle.give_back(connection)
    await peer.send_all(ANSWER)  # somebody else's answer, if we took it for ours
    assert idle.take() is None
    await peer.aclose()


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

    monkeypatch.setattr(exchange, "connect", connect)
    settings = attrs.evolve(SETTINGS, connect_timeout_ms=50)
    async with client_of("http://1c.example.org/hs", settings) as onec:
        with trio.fail_after(5), pytest.raises(OnecUnavailable):
            await onec.post(call())


async def test_https_to_a_port_without_tls_is_unavailable_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
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
                await onec.post(call())
        nursery.cancel_scope.cancel()
    [record] = [record for record in caplog.records if record.msg == "onec.failed"]
    assert "WRONG_VERSION_NUMBER" in vars(record)["fields"]["reason"]


def test_reason_of_a_connection_is_its_innermost_one() -> None:
    refused = ConnectionRefusedError(111, "Connection refused")
    error = OSError("all attempts failed")
    error.__cause__ = ExceptionGroup("two addresses", [refused, OSError("unreachable")])
    assert why_not(error) == "[Errno 111] Connection refused"
