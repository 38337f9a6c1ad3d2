"""POST /mcp: one protocol message per request, answered as JSON, or as a stream when it must be."""

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
from onecgw.web.asgi import Receive, Request, Send
from onecgw.web.sse import SseResponse, respond_while_connected

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

_READ: Final = frozenset(
    {
        b"accept",
        b"mcp-method",
        b"mcp-name",
        b"mcp-protocol-version",
        b"mcp-session-id",
    }
)
_MIRRORED: Final = ("mcp-protocol-version", "mcp-method", "mcp-name")
_STREAMABLE: Final = ("text/event-stream", "text/*", "*/*")


@attrs.frozen(kw_only=True)
class _Headers:
    """The headers that matter here, each once, and which of them came twice."""

    values: dict[str, str]
    repeated: frozenset[str]

    @classmethod
    def of(cls, request: Request) -> "_Headers":
        values: dict[str, str] = {}
        repeated: set[str] = set()
        for name, value in request.headers:
            if name in _READ:
                key = name.decode("ascii")
                if key in values:
                    repeated.add(key)
                else:
                    values[key] = value.decode("latin-1").strip(" \t")
        return cls(values=values, repeated=frozenset(repeated))

    @property
    def mirror(self) -> HeaderMirror:
        """What the protocol repeats in headers."""
        return HeaderMirror(
            version=self.values.get("mcp-protocol-version"),
            method=self.values.get("mcp-method"),
            name=self.values.get("mcp-name"),
            duplicated=next((name for name in _MIRRORED if name in self.repeated), ""),
        )

    @property
    def accepts_stream(self) -> bool:
        accept = self.values.get("accept", "")
        return any(media_type in accept for media_type in _STREAMABLE)


@attrs.frozen(kw_only=True)
class McpHandler:
    """Answers MCP messages over HTTP.

    challenge: what WWW-Authenticate says of a call that the person could allow; None without
        OAuth.
    """

    engine: Engine
    challenge: Challenge | None = None

    async def __call__(
        self, request: Request, context: CallContext, body: bytes, receive: Receive, send: Send
    ) -> None:
        """Answer one message; a client that disconnects cancels its call."""
        headers = _Headers.of(request)
        response = SseResponse(
            send, can_stream=headers.accepts_stream, request_id=context.request_id
        )
        answer = partial(self._answer, headers, context, body, response)
        await respond_while_connected(receive, response, answer)

    async def _answer(
        self, headers: _Headers, context: CallContext, body: bytes, response: SseResponse
    ) -> None:
        outgoing = await self.engine.handle(
            Incoming(
                body=body,
                context=context,
                channel=response,
                mirror=headers.mirror,
                session_id=headers.values.get("mcp-session-id", ""),
            )
        )
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
