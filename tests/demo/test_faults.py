"""Every fault of the demo 1C: as it looks on the connection, and as the gateway understands it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import httpx
import pytest
import trio
import trio.testing

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.backends.http import client as client_module
from onecgw.backends.http_service.backend import HttpServiceBackend
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL
from onecgw.demo.books import Books
from onecgw.demo.fault_plan import FAULTS, BadFault, FaultPlan, parse_faults
from onecgw.demo.fault_responses import FAULT_RESPONSES
from onecgw.errors import (
    OnecAuth,
    OnecBadResponse,
    OnecError,
    OnecFailed,
    OnecForbidden,
    OnecLicense,
    OnecLocked,
    OnecMaintenance,
    OnecNotPublished,
    OnecRedirect,
    OnecTimeout,
    OnecUnavailable,
)
from onecgw.gateway.service import Gateway, ToolCall
from onecgw.gateway.upstream import Sources
from onecgw.settings import LimitsSettings, OnecAuthSettings, OnecSettings, Secret
from onecgw.storage.audit_log import AuditRecord
from tests.builders.demo_server import AUTH, LOGIN, PASSWORD, client_in_memory, demo_on_socket
from tests.builders.gateway_rig import make_cache

LIMIT_SECONDS = 20  # for what must end long before
ASK = {"query": "каса"}
PATH = "/mcp/resolve/cash"


@pytest.fixture(autouse=True)
def _no_pause_before_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LOCKED_PAUSE_SECONDS", (0.0, 0.0))


@asynccontextmanager
async def gateway_to(
    url: str,
    *,
    timeout_ms: int = 10_000,
    max_response_bytes: int = 1024 * 1024,
    session_mode: Literal["auto", "client"] = "auto",
) -> AsyncIterator[Gateway]:
    """The gateway in front of a demo 1C, with its own client."""
    onec = OnecSettings(
        base_url=url,
        auth=OnecAuthSettings(username=LOGIN, password=Secret(PASSWORD)),
        timeout_ms=timeout_ms,
        session_mode=session_mode,
    )
    limits = LimitsSettings(max_response_bytes=max_response_bytes)
    backend = HttpServiceBackend(onec, max_response_bytes=max_response_bytes)
    audit: list[AuditRecord] = []
    try:
        yield Gateway(
            catalogue=Catalogue(ALL, limits),
            sources=Sources(
                backend=backend, resolver_cache=make_cache(0), balance_cache=make_cache(0)
            ),
            onec=onec,
            audit=audit.append,
        )
    finally:
        await backend.aclose()


async def ask(gateway: Gateway) -> bytes:
    caller = Caller(sub="tester", scopes=frozenset(ALL_SCOPES))
    arguments = '{"query":"каса"}'.encode()
    context = CallContext(caller=caller, request_id="r-1", surface="mcp")
    call = ToolCall(context=context, tool="resolve_cash", arguments=arguments)
    with trio.fail_after(LIMIT_SECONDS):
        return (await gateway.call(call)).body


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("unauthorized", OnecAuth),
        ("forbidden", OnecForbidden),
        ("blocked", OnecMaintenance),
        ("not_published", OnecNotPublished),
        ("failed", OnecFailed),
        ("licence", OnecLicense),
        ("locked", OnecLocked),
        ("bad_gateway", OnecUnavailable),
        ("unavailable", OnecUnavailable),
        ("gateway_timeout", OnecUnavailable),
        ("redirect", OnecRedirect),
        ("truncated", OnecBadResponse),
        ("broken_json", OnecBadResponse),
        ("wrong_shape", OnecBadResponse),
        ("huge=4mb", OnecBadResponse),
        ("gzip_bomb=4mb", OnecBadResponse),
        ("reset_before", OnecUnavailable),
    ],
)
async def test_gateway_names_the_fault(
    small_books: Books, fault: str, error: type[OnecError]
) -> None:
    plan = parse_faults(fault)
    async with demo_on_socket(small_books, plan) as url, gateway_to(url) as gateway:
        with pytest.raises(OnecError) as caught:
            await ask(gateway)
    assert type(caught.value) is error
    assert "<" not in caught.value.message


@pytest.mark.parametrize(
    "fault", ["locked", "bad_gateway", "unavailable", "gateway_timeout", "reset_before"]
)
async def test_gateway_recovers_from_a_fault_that_happens_once(
    small_books: Books, fault: str
) -> None:
    plan = parse_faults(f"{fault},times=1")
    async with demo_on_socket(small_books, plan) as url, gateway_to(url) as gateway:
        assert "Головна каса" in (await ask(gateway)).decode()


async def test_gateway_reports_an_answer_that_is_lost_after_its_headers(
    small_books: Books,
) -> None:
    plan = parse_faults("reset_after")
    async with demo_on_socket(small_books, plan) as url, gateway_to(url) as gateway:
        with pytest.raises(OnecBadResponse):
            await ask(gateway)


@pytest.mark.parametrize("fault", ["hang", "latency=60s", "drip=10s"])
async def test_gateway_gives_up_at_its_deadline(small_books: Books, fault: str) -> None:
    plan = parse_faults(fault)
    async with (
        demo_on_socket(small_books, plan) as url,
        gateway_to(url, timeout_ms=200) as gateway,
    ):
        with pytest.raises(OnecTimeout):
            await ask(gateway)


@pytest.mark.parametrize("fault", ["cp1251", "latency=5ms", "jitter=5ms", "drip=1ms"])
async def test_gateway_does_not_mind(small_books: Books, fault: str) -> None:
    plan = parse_faults(fault)
    async with demo_on_socket(small_books, plan) as url, gateway_to(url) as gateway:
        assert "Головна каса" in (await ask(gateway)).decode()


async def test_gateway_says_why_1c_failed(small_books: Books) -> None:
    plan = parse_faults("failed")
    async with demo_on_socket(small_books, plan) as url, gateway_to(url) as gateway:
        with pytest.raises(OnecFailed, match="Деление на 0"):
            await ask(gateway)


async def test_expired_session_of_a_client_that_keeps_none_ends_the_call(
    small_books: Books,
) -> None:
    plan = parse_faults("session_expired")
    async with demo_on_socket(small_books, plan) as url, gateway_to(url) as gateway:
        with pytest.raises(OnecFailed, match="session"):
            await ask(gateway)


async def test_client_that_keeps_sessions_gets_over_the_end_of_one(small_books: Books) -> None:
    plan = parse_faults("session_expired,times=1")
    async with (
        demo_on_socket(small_books, plan) as url,
        gateway_to(url, session_mode="client") as gateway,
    ):
        assert "Головна каса" in (await ask(gateway)).decode()


@pytest.mark.parametrize("name", FAULT_RESPONSES)
async def test_a_call_requests_a_fault_by_its_header(small_books: Books, name: str) -> None:
    async with client_in_memory(small_books) as client:
        spoiled = await client.post(PATH, json=ASK, headers={"X-Demo-Fault": name})
        good = await client.post(PATH, json=ASK)
    assert (spoiled.status_code, spoiled.content) == (
        FAULT_RESPONSES[name].status,
        FAULT_RESPONSES[name].body,
    )
    assert good.status_code == 200


@pytest.mark.parametrize(("fault", "pauses"), [("latency", [10.0] * 5), ("jitter", None)])
async def test_answer_comes_later_by_all_of_the_time_or_a_random_part(
    small_books: Books,
    autojump_clock: trio.testing.MockClock,
    fault: str,
    pauses: list[float] | None,
) -> None:
    seen = []
    async with client_in_memory(small_books) as client:
        for _ in range(5):
            began = autojump_clock.current_time()
            # A fault that happens before the service is called needs no thread: the clock may jump.
            await client.post(PATH, json=ASK, headers={"X-Demo-Fault": f"{fault}=10s,failed"})
            seen.append(autojump_clock.current_time() - began)
    if pauses is None:
        assert len(set(seen)) == 5
        assert all(0 < pause < 10 for pause in seen)
    else:
        assert seen == pytest.approx(pauses)


async def test_answer_in_another_charset_says_so(small_books: Books) -> None:
    async with client_in_memory(small_books) as client:
        plain = await client.post(PATH, json=ASK)
        other = await client.post(PATH, json=ASK, headers={"X-Demo-Fault": "cp1251"})
    assert other.headers["content-type"] == "application/json; charset=windows-1251"
    assert other.content == plain.content.decode("utf-8").encode("cp1251", errors="replace")
    assert other.content != plain.content


async def test_answer_is_spoiled_by_the_header_of_a_call(small_books: Books) -> None:
    async with client_in_memory(small_books) as client:
        broken, shapeless, huge, bomb = [
            await client.post(PATH, json=ASK, headers={"X-Demo-Fault": fault})
            for fault in ("broken_json", "wrong_shape", "huge=1mb", "gzip_bomb=1mb")
        ]
    with pytest.raises(json.JSONDecodeError):
        broken.json()
    assert "candidates" not in shapeless.json()
    assert [len(answer.content) >= 1024 * 1024 for answer in (huge, bomb)] == [True, True]
    assert bomb.headers["content-encoding"] == "gzip"
    assert bomb.num_bytes_downloaded < 10_000


async def test_call_that_hangs_by_its_header_is_never_answered(
    small_books: Books, autojump_clock: trio.testing.MockClock
) -> None:
    assert autojump_clock is not None
    async with client_in_memory(small_books) as client:
        with trio.move_on_after(3_600) as waited:
            await client.post(PATH, json=ASK, headers={"X-Demo-Fault": "hang"})
    assert waited.cancelled_caught


async def test_header_of_a_call_wins_over_the_plan_of_the_run(small_books: Books) -> None:
    async with client_in_memory(small_books, faults=parse_faults("bad_gateway")) as client:
        answer = await client.post(PATH, json=ASK, headers={"X-Demo-Fault": "locked"})
    assert answer.status_code == 500


async def test_rate_spoils_a_part_of_the_calls(small_books: Books) -> None:
    async with client_in_memory(small_books, faults=parse_faults("bad_gateway,rate=0.5")) as client:
        seen = [(await client.post(PATH, json=ASK)).status_code for _ in range(40)]
    assert 10 < seen.count(502) < 30
    assert seen.count(200) == 40 - seen.count(502)


async def test_header_of_a_call_may_leave_it_to_chance_but_not_count(small_books: Books) -> None:
    async with client_in_memory(small_books) as client:
        never = await client.post(PATH, json=ASK, headers={"X-Demo-Fault": "failed,rate=0"})
        counted = await client.post(PATH, json=ASK, headers={"X-Demo-Fault": "failed,times=1"})
    assert never.status_code == 200
    assert (counted.status_code, counted.json()["error"]) == (400, "bad_fault")
    assert "times" in counted.json()["message"]


async def test_health_uses_up_no_counted_fault(small_books: Books) -> None:
    plan = parse_faults("bad_gateway,times=1")
    async with client_in_memory(small_books, faults=plan) as client:
        looks = [(await client.get("/mcp/health")).status_code for _ in range(2)]
        calls = [(await client.post(PATH, json=ASK)).status_code for _ in range(2)]
    assert (looks, calls) == ([502, 502], [502, 200])


async def test_connection_is_reset_before_or_after_the_headers(small_books: Books) -> None:
    async with (
        demo_on_socket(small_books) as url,
        httpx.AsyncClient(
            base_url=url, auth=AUTH, headers={"X-MCP-Scopes": ",".join(ALL_SCOPES)}
        ) as client,
    ):
        with pytest.raises(httpx.ReadError):
            await client.post(PATH, json=ASK, headers={"X-Demo-Fault": "reset_before"})
        request = client.build_request(
            "POST", PATH, json=ASK, headers={"X-Demo-Fault": "reset_after"}
        )
        with pytest.raises(httpx.ReadError):
            await client.send(request)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(PATH, json=ASK, headers={"X-Demo-Fault": "truncated"})
        # The server lives on.
        assert (await client.post(PATH, json=ASK)).status_code == 200


async def test_fault_on_the_wire_is_refused_where_there_is_no_wire(small_books: Books) -> None:
    async with client_in_memory(small_books) as client:
        answer = await client.post(PATH, json=ASK, headers={"X-Demo-Fault": "reset_before"})
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_fault")


async def test_server_ends_while_a_call_hangs(small_books: Books) -> None:
    with trio.fail_after(LIMIT_SECONDS):
        async with demo_on_socket(small_books, parse_faults("hang")) as url:
            port = int(url.rpartition(":")[2])
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            await stream.send_all(b"GET /mcp/health HTTP/1.1\r\nHost: demo\r\n\r\n")
            await trio.testing.wait_all_tasks_blocked()
        await stream.aclose()


def test_plan_is_read_from_text() -> None:
    assert parse_faults("latency=2s, rate=0.1") == FaultPlan(faults={"latency": 2.0}, rate=0.1)
    assert parse_faults("jitter=20ms,gzip_bomb=1.5mb,times=3") == FaultPlan(
        faults={"jitter": 0.02, "gzip_bomb": 1.5}, times=3
    )
    assert parse_faults("drip,huge") == FaultPlan(faults={"drip": 0.05, "huge": 64.0})


@pytest.mark.parametrize(
    "text",
    ["", "rate=0.5", "flood", "latency=2", "latency=-1s", "hang=1s", "hang,rate=2", "hang,times=0"],
)
def test_text_that_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(BadFault):
        parse_faults(text)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_named_alone(name: str) -> None:
    assert set(parse_faults(name).faults) == {name}
