"""ASGI middleware that makes calls fail according to a fault plan."""

from random import Random
from typing import Any, Final

import trio

from onecgw.demo import asgi_responses
from onecgw.demo.fault_plan import BadFault, FaultPlan, parse_faults
from onecgw.demo.fault_responses import FAULT_RESPONSES
from onecgw.demo.resettable_stream import CURRENT_CONNECTION

FAULT_HEADER: Final = b"x-demo-fault"
_HEALTH: Final = "/mcp/health"


class FaultMiddleware:
    """An ASGI application that wraps another one and makes its calls fail."""

    def __init__(self, app: asgi_responses.App, plan: FaultPlan | None) -> None:
        self._app = app
        self._plan = plan
        self._left = None if plan is None else plan.times
        self._random = Random(0)  # noqa: S311 - the same calls fail in every run

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Answer one call, with or without a fault."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            plan = self._drawn_plan(scope)
            _check_connection(plan)
        except BadFault as error:
            await asgi_responses.send_refusal(send, str(error))
            return
        if plan is None:
            await self._app(scope, receive, send)
            return
        pause = plan.faults.get("jitter", 0.0) * self._random.random()
        await trio.sleep(plan.faults.get("latency", 0.0) + pause)
        if not await _go_wrong(plan, receive, send):
            await self._spoil(plan, scope, receive, send=send)

    def _drawn_plan(self, scope: asgi_responses.Event) -> FaultPlan | None:
        """The plan of this call: that of its own header, otherwise that of the run, or None."""
        for name, value in scope["headers"]:
            if name.lower() == FAULT_HEADER:
                own = parse_faults(value.decode("latin-1"))
                if own.times is not None:
                    raise BadFault("times means nothing for one call; only --fault has it")
                return own if self._random.random() < own.rate else None
        plan = self._plan
        if plan is None or self._left == 0 or self._random.random() >= plan.rate:
            return None
        # `times` counts the user's calls, not the gateway's own health checks.
        if self._left is not None and scope["path"] != _HEALTH:
            self._left -= 1
        return plan

    async def _spoil(
        self,
        plan: FaultPlan,
        scope: asgi_responses.Event,
        receive: asgi_responses.Receive,
        *,
        send: asgi_responses.Send,
    ) -> None:
        """Let the service answer, and send a damaged copy of the answer."""
        faults, connection = plan.faults, CURRENT_CONNECTION.get()
        answer = asgi_responses.ResponseRecorder()
        await self._app(scope, receive, answer.record)
        if "broken_json" in faults:
            answer.replace(answer.body[: len(answer.body) * 2 // 3])
        if "wrong_shape" in faults:
            answer.replace(b'{"result":"ok","data":[1,2,3]}')
        if "cp1251" in faults:
            body = answer.body.decode("utf-8").encode("cp1251", errors="replace")
            answer.replace(body)
            answer.headers[b"content-type"] = b"application/json; charset=windows-1251"
        await answer.send_start(send)
        if connection is not None and "reset_after" in faults:
            connection.reset()
        elif connection is not None and "truncated" in faults:
            await asgi_responses.send_body(send, answer.body[: len(answer.body) // 2], more=True)
            await connection.aclose()
        elif "drip" in faults:
            await asgi_responses.drip(send, answer.body, faults["drip"])
        else:
            await asgi_responses.send_body(send, answer.body)


_ON_CONNECTION: Final = frozenset({"reset_before", "reset_after", "truncated"})


def _check_connection(plan: FaultPlan | None) -> None:
    needs_connection = plan is not None and not _ON_CONNECTION.isdisjoint(plan.faults)
    if needs_connection and CURRENT_CONNECTION.get() is None:
        raise BadFault("this fault needs a socket; in memory there is none")


async def _go_wrong(
    plan: FaultPlan, receive: asgi_responses.Receive, send: asgi_responses.Send
) -> bool:
    """Apply a fault that needs no answer of the service; return False if none is planned."""
    faults, connection = plan.faults, CURRENT_CONNECTION.get()
    response = next((name for name in FAULT_RESPONSES if name in faults), None)
    if "hang" in faults:
        await asgi_responses.wait_disconnect(receive)
    elif connection is not None and "reset_before" in faults:
        connection.reset()
    elif response is not None:
        await asgi_responses.send_fault_response(send, FAULT_RESPONSES[response])
    elif "huge" in faults:
        await asgi_responses.send_huge(send, faults["huge"])
    elif "gzip_bomb" in faults:
        await asgi_responses.send_bomb(send, faults["gzip_bomb"])
    else:
        return False
    return True
