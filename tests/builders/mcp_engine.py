"""An engine with a few tools whose steps a test decides, and a channel that remembers."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import msgspec

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.auth.context import CallContext
from onecgw.errors import NotFound
from onecgw.mcp.engine import Engine, Incoming, Outgoing
from onecgw.mcp.providers import Providers, ServerInfo
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import ToolResult
from onecgw.mcp.validation import STATELESS_VERSION, HeaderMirror
from onecgw.web.bearer import Authenticate
from onecgw.web.endpoint import ToolEndpoint
from onecgw.web.mcp import McpHandler

ALICE = Caller(sub="alice", scopes=frozenset(ALL_SCOPES))
BOB = Caller(sub="bob", scopes=frozenset(ALL_SCOPES))
INFO = ServerInfo(name="onecgw", title="Gateway", version="0", instructions="Resolve names first.")
META = "io.modelcontextprotocol/"
SERVER_INFO = {f"{META}serverInfo": {"name": "onecgw", "title": "Gateway", "version": "0"}}
KEY = b"k" * 32

ToolBody = Callable[[bytes, RequestContext], Awaitable[ToolResult]]


@attrs.define
class Recorder:
    """A channel that keeps what is sent."""

    can_stream: bool = True
    sent: list[Any] = attrs.field(factory=list)
    pulse: Callable[[], Awaitable[None]] | None = None
    on_send: Callable[[Any], Awaitable[None]] | None = None

    async def send(self, message: bytes) -> None:
        if self.can_stream:
            self.sent.append(msgspec.json.decode(message))
            if self.on_send is not None:
                await self.on_send(self.sent[-1])

    def pulse_with(self, pulse: Callable[[], Awaitable[None]]) -> None:
        self.pulse = pulse


@attrs.define
class ScriptedTools:
    """Tools by name, each a function."""

    bodies: dict[str, ToolBody]

    def list_tools(self, _context: CallContext) -> bytes:
        return msgspec.json.encode(
            [{"name": name, "inputSchema": {"type": "object"}} for name in self.bodies]
        )

    async def call_tool(self, name: str, arguments: bytes, request: RequestContext) -> ToolResult:
        if name not in self.bodies:
            raise NotFound(name)
        return await self.bodies[name](arguments, request)


async def echo(arguments: bytes, _request: RequestContext) -> ToolResult:
    return ToolResult(body=arguments)


def make_engine(key: bytes = KEY, **bodies: ToolBody) -> Engine:
    """An engine with these tools, and `echo`."""
    return Engine(
        Providers(info=INFO, tools=ScriptedTools({"echo": echo, **bodies})), signing_key=key
    )


def stateless(
    method: str, *, request_id: Any = 1, meta: Any = None, **params: Any
) -> dict[str, Any]:
    """A request of the stateless era."""
    full = {f"{META}protocolVersion": STATELESS_VERSION, f"{META}clientCapabilities": {}} | (
        meta or {}
    )
    return {
        "jsonrpc": "2.0",
        "id": request_id,
        "method": method,
        "params": {**params, "_meta": full},
    }


def handshake(method: str, *, request_id: Any = 1, **params: Any) -> dict[str, Any]:
    """A request of the handshake era."""
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def mirror_of(message: dict[str, Any]) -> HeaderMirror:
    """The headers that a correct client sends with a stateless message."""
    params = message["params"]
    return HeaderMirror(
        version=params["_meta"].get(f"{META}protocolVersion"),
        method=message["method"],
        name=params.get("name", params.get("uri")),
    )


def make_endpoint(
    engine: Engine, *, authenticate: Authenticate, max_request_bytes: int = 1_048_576
) -> ToolEndpoint:
    """The engine at an HTTP path."""
    return ToolEndpoint(
        handler=McpHandler(engine=engine),
        surface="mcp",
        authenticate=authenticate,
        max_request_bytes=max_request_bytes,
    )


async def send(engine: Engine, message: Any, **incoming: Any) -> Outgoing:
    """The engine's answer to a message (a value, or bytes as they are)."""
    body = message if isinstance(message, bytes) else msgspec.json.encode(message)
    context = CallContext(
        caller=incoming.pop("caller", ALICE),
        request_id=incoming.pop("request_id", "r-1"),
        surface="mcp",
        traceparent=incoming.pop("traceparent", None),
    )
    defaults: dict[str, Any] = {"context": context, "channel": Recorder()}
    is_stateless = isinstance(message, dict) and "_meta" in message.get("params", {})
    if is_stateless and "mirror" not in incoming:
        defaults["mirror"] = mirror_of(message)
    return await engine.handle(Incoming(body=body, **(defaults | incoming)))


async def ask(engine: Engine, message: Any, **incoming: Any) -> Any:
    """The same, decoded."""
    body = (await send(engine, message, **incoming)).body
    return None if body is None else msgspec.json.decode(body)
