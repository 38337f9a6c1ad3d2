"""Every fault of the demo 1C at once, many callers: right answers or right errors, and no leaks."""

import gc
import itertools
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, Literal

import attrs
import httpx
import pytest
import trio
from trio.testing import MockClock

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.backends.base import BackendCall
from onecgw.backends.http import client as client_module
from onecgw.backends.http.connection import Connection
from onecgw.backends.http.httpx_transport import HttpxTransport
from onecgw.backends.http_service.backend import HttpServiceBackend
from onecgw.backends.scheduling.deadline import deadline
from onecgw.demo.fault_middleware import FAULT_HEADER, FaultMiddleware
from onecgw.demo.fault_plan import FAULTS
from onecgw.demo.server import serve_demo_onec
from onecgw.errors import OnecError
from onecgw.settings import OnecSettings
from tests.builders.onec_client import recorded, recorded_names

CALLERS: Final = 50
CALLS_EACH: Final = 12
DEADLINE_MS: Final = 400
MAX_RESPONSE_BYTES: Final = 300_000
VALUES: Final = {
    "latency": "latency=20ms",
    "jitter": "jitter=20ms",
    "drip": "drip=1ms",
    "huge": "huge=1mb",
    "gzip_bomb": "gzip_bomb=4mb",
}
GOOD: Final = {"latency", "jitter", "drip", "cp1251", "wrong_shape"}  # the gateway checks shapes
# The error that the caller gets when the last attempt of its call had this fault.
ERRORS: Final = {
    "hang": "onec_timeout",
    "unauthorized": "onec_auth",
    "forbidden": "onec_forbidden",
    "blocked": "onec_maintenance",
    "not_published": "onec_not_published",
    "session_expired": "onec_failed",
    "failed": "onec_failed",
    "licence": "onec_license",
    "locked": "onec_locked",
    "bad_gateway": "onec_unavailable",
    "unavailable": "onec_unavailable",
    "gateway_timeout": "onec_unavailable",
    "redirect": "onec_redirect",
    "truncated": "onec_bad_response",
    "broken_json": "onec_bad_response",
    "huge": "onec_bad_response",
    "gzip_bomb": "onec_bad_response",
    "reset_before": "onec_unavailable",
    "reset_after": "onec_bad_response",
}


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    """A service whose answer says for whom it is; a session is given to who asks for one."""
    while (await receive()).get("more_body", False):
        pass
    received = {name.decode(): value.decode() for name, value in scope["headers"]}
    headers = [(b"content-type", b"application/json")]
    if received.get("ibsession") == "start":
        headers.append((b"set-cookie", b"ibsession=%d; path=/" % random.getrandbits(40)))
    content = {
        "sub": received.get("x-mcp-sub"),
        "request": received.get("x-request-id"),
        "pad": "x" * 200,
    }
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})


class Saboteur:
    """Chooses a fault for every request, and remembers which it chose for which call."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._random = random.Random(11)  # noqa: S311 - the same faults in every run
        faults = sorted(FAULTS)
        self._random.shuffle(faults)
        self._faults = itertools.cycle(faults)
        self._faulty = FaultMiddleware(_echo, None)
        self.chosen: dict[str, list[str]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        fault = ""
        if scope["type"] == "http" and self._random.random() < self._rate:
            fault = next(self._faults)
            plan = VALUES.get(fault, fault).encode()
            scope = {**scope, "headers": [*scope["headers"], (FAULT_HEADER, plan)]}
        if scope["type"] == "http":
            call = dict(scope["headers"]).get(b"x-request-id", b"").decode()
            self.chosen.setdefault(call, []).append(fault)
        await self._faulty(scope, receive, send)


@attrs.frozen(kw_only=True)
class Outcome:
    sub: str
    request_id: str
    code: str
    seconds: float


async def _ask(
    client: HttpServiceBackend, sub: str, request_id: str, timeout_ms: int = DEADLINE_MS
) -> Outcome:
    call = BackendCall(
        operation="resolve/customer",
        body=b'{"query":"x"}',
        context=CallContext(
            caller=Caller(sub=sub, scopes=frozenset(ALL_SCOPES)),
            request_id=request_id,
            surface="mcp",
        ),
    )
    started = trio.current_time()
    try:
        with deadline(timeout_ms):
            answer = json.loads(await client.fetch(call))
    except OnecError as error:
        code = error.code
    else:
        if "sub" in answer:  # it is the answer to this caller and to no other
            assert (answer["sub"], answer["request"]) == (sub, request_id)
        code = "ok"
    return Outcome(sub=sub, request_id=request_id, code=code, seconds=trio.current_time() - started)


def _allowed(chosen: list[str]) -> Iterable[str]:
    last = chosen[-1] if chosen else ""
    yield ERRORS.get(last, "ok")
    yield "onec_timeout"  # a busy machine, a hung place in front of this call


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0  # noqa: PTH208 - a count


def _alive(kind: type) -> int:
    gc.collect()
    return sum(isinstance(thing, kind) for thing in gc.get_objects())


@pytest.mark.parametrize("mode", ["auto", "client"])
@pytest.mark.parametrize("rate", [0.1, 0.5])
async def test_every_call_ends_well_or_with_the_right_error_and_nothing_leaks(
    rate: float, mode: Literal["auto", "client"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "LOCKED_PAUSE_SECONDS", (0.0, 0.01))
    monkeypatch.setattr(client_module, "FINISH_SECONDS", 0.05)
    saboteur = Saboteur(rate)
    outcomes: list[Outcome] = []
    files, tasks = _open_files(), trio.lowlevel.current_statistics().tasks_living
    async with trio.open_nursery() as nursery:
        url = await nursery.start(_serve, saboteur)
        settings = attrs.evolve(
            OnecSettings(base_url=url),
            max_concurrency=CALLERS,
            breaker_failures=0,
            session_mode=mode,
        )
        client = HttpServiceBackend(settings, max_response_bytes=MAX_RESPONSE_BYTES)

        async def be_a_caller(number: int) -> None:
            for turn in range(CALLS_EACH):
                outcome = await _ask(client, f"s{number}", f"{number}-{turn}")
                outcomes.append(outcome)

        with trio.fail_after(60):
            async with trio.open_nursery() as callers:
                for number in range(CALLERS):
                    callers.start_soon(be_a_caller, number)
            state = client.state()
            assert (state.in_flight, state.waiting) == (0, 0)
            assert state.idle_sessions <= (CALLERS if mode == "client" else 0)
            await client.aclose()
        nursery.cancel_scope.cancel()
    assert _open_files() <= files
    assert trio.lowlevel.current_statistics().tasks_living == tasks
    assert {kind: _alive(kind) for kind in (Connection, BackendCall)} == {
        Connection: 0,
        BackendCall: 0,
    }
    wrong = [
        (outcome, saboteur.chosen.get(outcome.request_id))
        for outcome in outcomes
        if outcome.code not in _allowed(saboteur.chosen.get(outcome.request_id, []))
    ]
    assert wrong == []
    assert len(outcomes) == CALLERS * CALLS_EACH
    assert {fault for faults in saboteur.chosen.values() for fault in faults} >= set(FAULTS)


async def test_minute_of_work_on_a_bad_1c_keeps_every_deadline_and_serves_every_caller(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    chance = random.Random(5)  # noqa: S311 - the same minute in every run
    bad = [name for name in recorded_names() if not name.endswith("-200")]
    settings = OnecSettings(base_url="http://onec.invalid/hs")

    async def onec(request: httpx.Request) -> httpx.Response:
        await trio.sleep(chance.expovariate(2))
        match chance.random():
            case draw if draw < 0.02:
                await trio.sleep_forever()
            case draw if draw < 0.06:
                raise httpx.ConnectError("refused")
            case draw if draw < 0.1:
                raise httpx.ReadError("reset")
            case draw if draw < 0.3:
                head, _, body = recorded(chance.choice(bad)).partition(b"\r\n\r\n")
                return httpx.Response(int(head[9:12]), stream=httpx.ByteStream(body))
        content = {"sub": request.headers["x-mcp-sub"], "request": request.headers["x-request-id"]}
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(content).encode()))

    client = HttpServiceBackend(
        settings,
        max_response_bytes=MAX_RESPONSE_BYTES,
        transport=HttpxTransport(settings, httpx.MockTransport(onec)),
    )
    outcomes: list[Outcome] = []

    async def be_a_caller(number: int) -> None:
        for turn in itertools.count():
            outcome = await _ask(client, f"s{number}", f"{number}-{turn}", settings.timeout_ms)
            outcomes.append(outcome)
            await trio.sleep(chance.uniform(0, 2))

    with trio.move_on_after(60):
        async with trio.open_nursery() as callers:
            for number in range(CALLERS):
                callers.start_soon(be_a_caller, number)
    assert max(outcome.seconds for outcome in outcomes) <= settings.timeout_ms / 1000 + 0.001
    well = Counter(outcome.sub for outcome in outcomes if outcome.code == "ok")
    assert len(well) == CALLERS
    assert max(well.values()) < 4 * min(well.values())
    assert {outcome.code for outcome in outcomes} <= {"ok", *ERRORS.values(), "onec_rejected"}
    assert (client.state().in_flight, client.state().waiting) == (0, 0)


async def _serve(
    saboteur: Saboteur, task_status: "trio.TaskStatus[str]" = trio.TASK_STATUS_IGNORED
) -> None:
    await serve_demo_onec(saboteur, host="127.0.0.1", port=0, task_status=task_status)
