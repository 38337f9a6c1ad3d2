"""POST /mcp: one protocol message per request, answered as JSON, or as a stream when it must be."""

import re
from collections.abc import Callable
from functools import partial
from typing import Final

import attrs

from onecgw.auth.caller import Caller
from onecgw.auth.context import CallContext
from onecgw.mcp.engine import Engine, Incoming, Outgoing
from onecgw.mcp.rpc_errors import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    MISSING_CLIENT_CAPABILITY,
    PARSE_ERROR,
    SESSION_NOT_FOUND,
    UNSUPPORTED_VERSION,
    RpcError,
    ScopeRequired,
    StreamRequired,
)
from onecgw.mcp.validation import HeaderMirror
from onecgw.web.asgi import Request, RunWhileConnected, Send
from onecgw.web.sse import SseResponse, run_alive

Challenge = Callable[[Caller, frozenset[str], str], str]
"""Called with the caller, the scopes that a call needs and the request id; WWW-Authenticate."""

OK: Final = 200
ACCEPTED: Final = 202
FORBIDDEN: Final = 403
NOT_ACCEPTABLE: Final = 406

# Source: MCP 2026-07-28, streamable HTTP. An internal error (-32603) has status 200.
STATELESS_STATUS: Final = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    INVALID_PARAMS: 400,
    HEADER_MISMATCH: 400,
    MISSING_CLIENT_CAPABILITY: 400,
    UNSUPPORTED_VERSION: 400,
    METHOD_NOT_FOUND: 404,
}
# In the handshake era an error has status 200, unless the body is no message of the protocol.
HANDSHAKE_STATUS: Final = {PARSE_ERROR: 400, INVALID_REQUEST: 400, SESSION_NOT_FOUND: 404}

_STREAMABLE: Final = re.compile(r"text/event-stream|text/\*|\*/\*")
_MIRRORED: Final = ("mcp-protocol-version", "mcp-method", "mcp-name")


@attrs.frozen(kw_only=True)
class McpHandler:
    """Answers MCP messages over HTTP.

    challenge: what WWW-Authenticate says of a call that the person could allow; None without
        OAuth.
    """

    engine: Engine
    challenge: Challenge | None = None

    async def __call__(
        self,
        request: Request,
        context: CallContext,
        body: bytes,
        run: RunWhileConnected,
        send: Send,
    ) -> None:
        """Answer one message; a client that disconnects cancels its call."""
        accept, session_id, version, method, name = map(
            request.value, ("accept", "mcp-session-id", *_MIRRORED)
        )
        response = SseResponse(
            send,
            can_stream=accept is not None and _STREAMABLE.search(accept) is not None,
            request_id=context.request_id,
        )
        incoming = Incoming(
            body=body,
            context=context,
            channel=response,
            mirror=HeaderMirror(
                version=version,
                method=method,
                name=name,
                duplicated=next(filter(request.repeated.__contains__, _MIRRORED), ""),
            ),
            session_id=session_id or "",
        )
        await run_alive(run, response, partial(self._answer, incoming, response))

    async def _answer(self, incoming: Incoming, response: SseResponse) -> None:
        outgoing, context = await self.engine.handle(incoming), incoming.context
        challenge = ""
        if isinstance(outgoing.problem, ScopeRequired) and self.challenge is not None:
            challenge = self.challenge(
                context.caller, outgoing.problem.required, context.request_id
            )
        await response.finish(
            outgoing.body,
            status=_status(outgoing),
            session_id=outgoing.session_id,
            challenge=challenge,
        )


def _status(outgoing: Outgoing) -> int:
    if outgoing.body is None:
        return ACCEPTED
    problem: RpcError | None = outgoing.problem
    if problem is None:
        return OK
    if isinstance(problem, StreamRequired):
        return NOT_ACCEPTABLE
    if isinstance(problem, ScopeRequired):
        return FORBIDDEN
    return (STATELESS_STATUS if outgoing.is_stateless else HANDSHAKE_STATUS).get(problem.code, OK)
