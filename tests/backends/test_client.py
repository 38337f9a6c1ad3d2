import base64
import gzip
import json
from collections.abc import Awaitable, Callable

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from onecgw.auth.caller import RESOLVE, SALES, Caller
from onecgw.auth.context import CallContext
from onecgw.auth.key_verification import InvalidKey, UncheckedKey, ValidKey
from onecgw.backends.base import BackendCall
from onecgw.backends.http import client as client_module
from onecgw.backends.scheduling.deadline import deadline
from onecgw.catalogue.capabilities import Capabilities
from onecgw.errors import (
    OnecBadResponse,
    OnecError,
    OnecFailed,
    OnecTimeout,
    OnecUnavailable,
)
from onecgw.settings import OnecAuthSettings, Secret
from tests.builders.onec_client import SETTINGS, call, client_of, recorded
from tests.builders.onec_server import Play, ReceivedRequest, Wire, onec_server

OK = b'{"columns":[],"rows":[]}'


@pytest.fixture(autouse=True)
def _no_pause_before_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LOCKED_PAUSE_SECONDS", (0.0, 0.0))


async def _good(_: ReceivedRequest, wire: Wire) -> None:
    await wire.answer(OK)


def _in_order(*plays: Play) -> Play:
    """Each request gets the next play; the last one goes on."""
    left = list(plays)

    async def play(request: ReceivedRequest, wire: Wire) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(request, wire)

    return play


def _says(answer: bytes) -> Play:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(answer)

    return play


async def _reset(_: ReceivedRequest, wire: Wire) -> None:
    await wire.reset()


async def _close(_: ReceivedRequest, wire: Wire) -> None:
    await wire.close()


async def test_body_and_headers_reach_1c_as_the_contract_says() -> None:
    settings = attrs.evolve(
        SETTINGS,
        auth=OnecAuthSettings(username="Робот", password=Secret("пароль:1")),
        tenant_header="X-Tenant",
        default_tenant="acme",
    )
    question = BackendCall(
        operation="resolve/customer",
        body='{"query":"Ромашка"}'.encode(),
        context=CallContext(
            caller=Caller(sub="анна smith", scopes=frozenset({SALES, RESOLVE})),
            request_id="r-77",
            surface="mcp",
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    )
    async with onec_server(_good) as server, client_of(server.base_url, settings) as onec:
        with trio.fail_after(5):
            await onec.fetch(question)
        [request] = server.requests
    assert (request.method, request.path) == ("POST", "/base/hs/mcp/resolve/customer")
    assert request.body == '{"query":"Ромашка"}'.encode()
    host = request.headers.pop("host")
    assert host == server.base_url.split("/")[2]
    assert request.headers == {
        "authorization": f"Basic {base64.b64encode('Робот:пароль:1'.encode()).decode()}",
        "content-type": "application/json",
        "content-length": str(len(question.body)),
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "onecgw",
        "x-mcp-sub": "%D0%B0%D0%BD%D0%BD%D0%B0%20smith",
        "x-mcp-scopes": "mcp:resolve,mcp:report:sales",
        "x-request-id": "r-77",
        "x-tenant": "acme",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }


@pytest.mark.parametrize("broken", ["a\r\nX-MCP-Scopes: all", "a\nb", "a\rb", "a\0b"])
async def test_line_break_in_a_header_never_reaches_1c(broken: str) -> None:
    async with onec_server(_good) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            with pytest.raises(ValueError, match="a header holds a line break"):
                await onec.fetch(call(request_id=broken))
            assert await onec.fetch(call()) == OK
        assert len(server.requests) == 1
        assert onec.state().in_flight == 0


async def test_bearer_token_is_sent_when_it_is_the_scheme() -> None:
    settings = attrs.evolve(SETTINGS, auth=OnecAuthSettings(type="bearer", token=Secret("t0ken")))
    async with onec_server(_good) as server, client_of(server.base_url, settings) as onec:
        with trio.fail_after(5):
            await onec.fetch(call())
        assert server.requests[0].headers["authorization"] == "Bearer t0ken"


async def test_no_authorization_is_sent_to_a_publication_that_names_its_user() -> None:
    settings = attrs.evolve(SETTINGS, auth=OnecAuthSettings(type="none"))
    async with onec_server(_good) as server, client_of(server.base_url, settings) as onec:
        with trio.fail_after(5):
            await onec.fetch(call())
        assert "authorization" not in server.requests[0].headers


async def test_slash_at_the_end_of_base_url_is_accepted() -> None:
    async with onec_server(_good) as server, client_of(server.base_url + "/") as onec:
        with trio.fail_after(5):
            await onec.fetch(call())
        assert server.requests[0].path == "/base/hs/mcp/reports/sales"


async def test_connection_is_kept_for_the_next_call(transport: str) -> None:
    async with onec_server(_good) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            for _ in range(5):
                await onec.fetch(call())
        assert server.connections == {"direct": 1, "httpx": 5}[transport]  # decision 63


async def test_gzip_and_chunks_are_unpacked() -> None:
    packed = gzip.compress(b'{"rows": [[1E-7, 0.10]]}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in packed) + b"0\r\n\r\n"
    async with onec_server(_says(head + chunks)) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            assert await onec.fetch(call()) == b'{"rows":[[1E-7,0.10]]}'


async def test_answer_that_ends_with_its_connection_is_whole() -> None:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + OK)
        await wire.close()

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            assert await onec.fetch(call()) == OK


@pytest.mark.parametrize("first", [_reset, _close, _says(recorded("nginx-502"))])
async def test_call_that_found_1c_unavailable_is_made_once_more(first: Play) -> None:
    async with (
        onec_server(_in_order(first, _good)) as server,
        client_of(server.base_url) as onec,
    ):
        with trio.fail_after(5):
            assert await onec.fetch(call()) == OK
        assert len(server.requests) == 2


@pytest.mark.parametrize("fate", [_reset, _close])
async def test_call_that_finds_1c_unavailable_twice_fails(fate: Play) -> None:
    async with onec_server(fate) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5), pytest.raises(OnecUnavailable) as failed:
            await onec.fetch(call())
        assert len(server.requests) == 2
    assert failed.value.message == "1C is not reachable"
    assert failed.value.retry_after_seconds == 10


async def test_closed_port_is_unavailable() -> None:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with client_of(f"http://127.0.0.1:{port}/hs") as onec:
            with trio.fail_after(5), pytest.raises(OnecUnavailable):
                await onec.fetch(call())


async def test_keep_alive_connection_that_1c_has_closed_costs_nothing() -> None:
    closed = trio.Event()

    async def answer_and_close(_: ReceivedRequest, wire: Wire) -> None:
        await wire.answer(OK)
        await wire.close()
        closed.set()

    async with (
        onec_server(_in_order(answer_and_close, _good)) as server,
        client_of(server.base_url) as onec,
    ):
        with trio.fail_after(5):
            await onec.fetch(call())
            await closed.wait()
            assert await onec.fetch(call()) == OK
        assert server.connections == 2


async def test_lock_is_tried_once_more_and_then_reported() -> None:
    locked = _says(recorded("platform-500-locked"))
    async with (
        onec_server(_in_order(locked, _good)) as server,
        client_of(server.base_url) as onec,
    ):
        with trio.fail_after(5):
            assert await onec.fetch(call()) == OK
        assert len(server.requests) == 2


async def test_retry_that_the_deadline_leaves_no_time_for_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "LOCKED_PAUSE_SECONDS", (60.0, 60.0))
    locked = _says(recorded("platform-500-locked"))
    async with onec_server(locked) as server, client_of(server.base_url) as onec:
        with trio.fail_after(10), pytest.raises(OnecError) as failed, deadline(5_000):
            await onec.fetch(call())
        assert failed.value.code == "onec_locked"
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (
            b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"rows"',
            "1C's answer is truncated: the connection ended",
        ),
        (
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"row\r\n',
            "1C's answer is truncated: the connection ended",
        ),
        (b"SSH-2.0-server\r\n\r\n", "what answers at onec.base_url does not speak HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
            "1C's answer is in a Content-Encoding that was not offered",
        ),
    ],
)
async def test_answer_that_is_not_whole_http_is_a_bad_response_and_not_retried(
    answer: bytes, wrong: str
) -> None:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(answer)
        await wire.close()

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5), pytest.raises(OnecBadResponse) as failed:
            await onec.fetch(call())
        assert failed.value.message == wrong
        assert len(server.requests) == 1


async def test_failure_whose_page_breaks_off_keeps_the_class_of_its_status() -> None:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n<html>")
        await wire.close()

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5), pytest.raises(OnecError) as failed:
            await onec.fetch(call())
    assert failed.value.code == "onec_not_published"


async def test_reset_in_the_middle_of_the_body_is_a_truncated_answer() -> None:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
        await wait_all_tasks_blocked()
        await wire.reset()

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5), pytest.raises(OnecBadResponse, match="truncated"):
            await onec.fetch(call())


async def test_answer_over_the_limit_is_refused_before_it_is_read_to_its_end() -> None:
    hung_up = trio.Event()

    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                await wire.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        except trio.BrokenResourceError:
            hung_up.set()

    async with (
        onec_server(play) as server,
        client_of(server.base_url, max_response_bytes=300_000) as onec,
    ):
        with trio.fail_after(5):
            with pytest.raises(OnecBadResponse, match="larger than 300000 bytes"):
                await onec.fetch(call())
            await hung_up.wait()


async def test_gzip_bomb_in_an_error_page_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    head = f"HTTP/1.1 500 X\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    async with (
        onec_server(_says(head.encode() + bomb)) as server,
        client_of(server.base_url) as onec,
    ):
        with trio.fail_after(5), pytest.raises(OnecFailed, match="an error without a reason"):
            await onec.fetch(call())


async def test_slow_drip_cannot_stretch_the_deadline(mock_clock: MockClock) -> None:
    async def drip(_request: ReceivedRequest, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            await wire.send(b" ")
            await wait_all_tasks_blocked()  # it has been read
            mock_clock.jump(0.02)

    async with onec_server(drip) as server, client_of(server.base_url) as onec:
        with trio.fail_after(1), pytest.raises(OnecTimeout, match="within 150 ms"), deadline(150):
            await onec.fetch(call())


async def test_caller_that_goes_away_ends_its_call_in_1c_at_once() -> None:
    hung_up = trio.Event()
    arrived = trio.Event()

    async def work_for_ever(_: ReceivedRequest, wire: Wire) -> None:
        arrived.set()
        await wire.wait_until_the_gateway_hangs_up()
        hung_up.set()

    async with onec_server(work_for_ever) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(onec.fetch, call())
                await arrived.wait()
                nursery.cancel_scope.cancel()
            await hung_up.wait()
        assert onec.state().in_flight == 0


async def test_cancelled_calls_never_leave_the_pool_stuck() -> None:
    settings = attrs.evolve(SETTINGS, max_concurrency=2)
    silent = True

    async def play(_: ReceivedRequest, wire: Wire) -> None:
        if silent:
            await wire.wait_until_the_gateway_hangs_up()
        else:
            await wire.answer(OK)

    async with onec_server(play) as server, client_of(server.base_url, settings) as onec:
        with trio.fail_after(10):
            for steps in (0, 1, 2, 3, 5, 8, 13, 21, 50):
                async with trio.open_nursery() as nursery:
                    for number in range(6):
                        nursery.start_soon(onec.fetch, call(sub=str(number)))
                    for _ in range(steps):
                        await trio.lowlevel.checkpoint()
                    nursery.cancel_scope.cancel()
            silent = False
            async with trio.open_nursery() as nursery:
                for number in range(20):
                    nursery.start_soon(onec.fetch, call(sub=str(number)))
        assert onec.state().in_flight == onec.state().waiting == 0
    assert server.most_in_flight <= 2


async def test_1c_never_has_more_calls_or_connections_than_max_concurrency() -> None:
    settings = attrs.evolve(SETTINGS, max_concurrency=3)

    full, go_on = trio.Event(), trio.Event()

    async def play(_: ReceivedRequest, wire: Wire) -> None:
        if server.in_flight == 3:
            full.set()
        await go_on.wait()
        await wire.answer(OK)

    async with onec_server(play) as server, client_of(server.base_url, settings) as onec:
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                for number in range(30):
                    nursery.start_soon(onec.fetch, call(sub=str(number % 4)))
                await full.wait()
                await wait_all_tasks_blocked()  # a fourth would be there by now
                go_on.set()
        assert (server.most_in_flight, server.most_open_connections) == (3, 3)


async def test_every_caller_gets_its_own_answer() -> None:
    async def echo(request: ReceivedRequest, wire: Wire) -> None:
        keys = ("x-mcp-sub", "x-request-id")
        await wire.answer(json.dumps({key: request.headers[key] for key in keys}).encode())

    async def ask(post: Callable[[BackendCall], Awaitable[bytes]], number: int) -> None:
        sub, request_id = f"s{number % 7}", f"r{number}"
        answer = json.loads(await post(call(sub=sub, request_id=request_id)))
        assert answer == {"x-mcp-sub": sub, "x-request-id": request_id}

    async with onec_server(echo) as server, client_of(server.base_url) as onec:
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                for number in range(100):
                    nursery.start_soon(ask, onec.fetch, number)
    assert len(server.requests) == 100


async def test_breaker_spares_1c_and_lets_one_call_probe(mock_clock: MockClock) -> None:
    mock_clock.rate = 1
    settings = attrs.evolve(SETTINGS, breaker_failures=2, breaker_pause_ms=60_000)
    down = True

    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(recorded("nginx-502") if down else b"")
        if not down:
            await wire.answer(OK)

    async with onec_server(play) as server, client_of(server.base_url, settings) as onec:
        with trio.fail_after(65):
            for _ in range(5):
                with pytest.raises(OnecUnavailable):
                    await onec.fetch(call())
            assert len(server.requests) == 4  # two calls with their retries
            assert onec.state().breaker == "open"
            down = False
            mock_clock.jump(60)
            assert await onec.fetch(call()) == OK
            assert onec.state().breaker == "closed"
            assert onec.state().last_success_at is not None


async def test_1c_that_answers_with_an_error_is_not_unavailable() -> None:
    settings = attrs.evolve(SETTINGS, breaker_failures=1)
    async with (
        onec_server(_says(recorded("platform-500-ru"))) as server,
        client_of(server.base_url, settings) as onec,
    ):
        with trio.fail_after(5):
            for _ in range(3):
                with pytest.raises(OnecFailed):
                    await onec.fetch(call())
        assert len(server.requests) == 3


async def test_health_is_read_with_get() -> None:
    async with onec_server(_says(b"")) as server, client_of(server.base_url) as onec:
        server.play = _good
        with trio.fail_after(5):
            assert await onec.capabilities() == Capabilities()
        [request] = server.requests
        assert (request.method, request.path, request.body) == ("GET", "/base/hs/mcp/health", b"")


_NO_SUCH_KEY = b'{"error":"invalid_key","message":"no such key"}'


def _status(status: str, body: bytes) -> Play:
    return _says(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


async def test_valid_key_has_an_account() -> None:
    body = '{"sub":"u-1","name":"Ганна","scopes":["mcp:resolve","mcp:else"]}'.encode()
    async with onec_server(_status("200 OK", body)) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            verdict = await onec.verify_key("k-1", "r-1")
        assert verdict == ValidKey(sub="u-1", name="Ганна", scopes=frozenset({RESOLVE}))
        assert (server.requests[0].path, server.requests[0].body) == (
            "/base/hs/mcp/auth/verify",
            b'{"key":"k-1"}',
        )


async def test_a_name_is_cut_where_the_pages_end() -> None:
    body = b'{"sub":"%s","name":"%s"}' % (b"u" * 200, b"n" * 201)
    async with onec_server(_status("200 OK", body)) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            verdict = await onec.verify_key("k-1", "r-1")
    assert verdict == ValidKey(sub="u" * 200, name="n" * 200, scopes=frozenset())


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found"])
async def test_key_that_1c_itself_denies_is_invalid(status: str) -> None:
    async with (
        onec_server(_status(status, _NO_SUCH_KEY)) as server,
        client_of(server.base_url) as onec,
    ):
        with trio.fail_after(5):
            assert await onec.verify_key("k-1", "r-1") == InvalidKey()


@pytest.mark.parametrize(
    ("play", "code"),
    [
        (_says(recorded("apache-401")), "onec_auth"),
        (_says(recorded("platform-403-json")), "onec_forbidden"),
        (_says(recorded("platform-403-blocked")), "onec_maintenance"),
        (_says(recorded("apache-404")), "onec_not_published"),
        (_says(recorded("nginx-502")), "onec_unavailable"),
        (_status("400 Bad Request", _NO_SUCH_KEY), "onec_rejected"),
        (_status("404 Not Found", b'{"error":"Not Found"}'), "onec_not_published"),
        (_status("401 No", b'{"error":"Unauthorized"}'), "onec_auth"),
        (_status("200 OK", b'{"name":"x"}'), "onec_bad_response"),
        (_status("200 OK", b'{"sub":""}'), "onec_bad_response"),
        (_status("200 OK", b'{"sub":"%s"}' % (b"u" * 201)), "onec_bad_response"),
        (_status("200 OK", b'{"sub":7}'), "onec_bad_response"),
        (_reset, "onec_unavailable"),
    ],
)
async def test_key_that_could_not_be_verified_is_unchecked(play: Play, code: str) -> None:
    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            verdict = await onec.verify_key("k-1", "r-1")
    assert isinstance(verdict, UncheckedKey)
    assert verdict.error.code == code


async def test_key_is_in_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="onecgw")
    async with (
        onec_server(_status("401 No", _NO_SUCH_KEY)) as server,
        client_of(server.base_url) as onec,
    ):
        with trio.fail_after(5):
            await onec.verify_key("secret-key-1", "r-1")
    assert caplog.records
    assert not [record for record in caplog.records if "secret-key-1" in str(vars(record))]


async def test_good_call_is_one_debug_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="onecgw")
    async with onec_server(_good) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            await onec.fetch(call())
    [record] = caplog.records
    fields = dict(vars(record)["fields"])
    assert isinstance(fields.pop("duration_ms"), int)
    assert (record.msg, fields) == (
        "onec.call",
        {
            "path": "/mcp/reports/sales",
            "request_id": "r-1",
            "sub": "anna",
            "attempt": 1,
            "bytes": len(OK),
        },
    )


async def test_call_that_runs_out_of_time_says_where_it_was(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="onecgw")

    async def silent(_: ReceivedRequest, wire: Wire) -> None:
        await wire.wait_until_the_gateway_hangs_up()

    async with onec_server(silent) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5), pytest.raises(OnecTimeout), deadline(50):
            await onec.fetch(call())
    [record] = caplog.records
    fields = vars(record)["fields"]
    assert (record.msg, fields["phase"], fields["why"]) == ("onec.cancelled", "asking", "deadline")


async def test_waiting_for_a_turn_is_part_of_the_deadline(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="onecgw")
    arrived = trio.Event()

    async def silent(_: ReceivedRequest, wire: Wire) -> None:
        arrived.set()
        await wire.wait_until_the_gateway_hangs_up()

    settings = attrs.evolve(SETTINGS, max_concurrency=1)
    async with onec_server(silent) as server, client_of(server.base_url, settings) as onec:
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(onec.fetch, call(sub="first"))
                await arrived.wait()
                with pytest.raises(OnecTimeout), deadline(50):
                    await onec.fetch(call(sub="second"))
                nursery.cancel_scope.cancel()
        assert len(server.requests) == 1
    second = vars(caplog.records[0])["fields"]
    assert (second["sub"], second["phase"], second["why"]) == ("second", "waiting", "deadline")


async def test_line_that_is_full_is_a_refusal_that_says_when_to_come_back() -> None:
    arrived = trio.Event()

    async def silent(_: ReceivedRequest, wire: Wire) -> None:
        arrived.set()
        await wire.wait_until_the_gateway_hangs_up()

    settings = attrs.evolve(SETTINGS, max_concurrency=1, max_queue=0)
    async with onec_server(silent) as server, client_of(server.base_url, settings) as onec:
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(onec.fetch, call())
                await arrived.wait()
                with pytest.raises(OnecUnavailable, match="1C is busy") as refused:
                    await onec.fetch(call(sub="second"))
                nursery.cancel_scope.cancel()
        assert refused.value.retry_after_seconds == 1
        assert onec.state().breaker == "closed"
