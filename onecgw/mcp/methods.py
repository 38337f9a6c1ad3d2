"""The methods that both eras share: tools, prompts, resources, completion."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import msgspec

from onecgw.auth.signing import Sealer
from onecgw.errors import NotFound, OnecgwError
from onecgw.mcp import jsonrpc
from onecgw.mcp.calls import Call, Method, Pieces, Result
from onecgw.mcp.client_info import PAGES
from onecgw.mcp.input_required import InputRequired, Rounds, input_required, open_rounds, subject_of
from onecgw.mcp.providers import (
    Completions,
    Features,
    JsonObject,
    Pages,
    Prompts,
    Resources,
    ToolResult,
    Tools,
)
from onecgw.mcp.request_context import Exchange
from onecgw.mcp.requests_in_flight import Inflight
from onecgw.mcp.rpc_errors import (
    INVALID_PARAMS,
    LEGACY_RESOURCE_NOT_FOUND,
    ClientLacks,
    RpcError,
    rpc_error,
    tool_error_text,
)

MAX_COMPLETIONS: Final = 100  # MCP, completion, "Completion Results"
MAX_ECHO_CHARACTERS: Final = 100


_TextArguments = dict[str, str | None]


class _Page(msgspec.Struct, gc=False):
    cursor: str | None = None


class _Repeated(msgspec.Struct, gc=False, kw_only=True):
    """What a request carries when it is made again with the answers to our questions."""

    responses: dict[str, object] | None = msgspec.field(name="inputResponses", default=None)
    state: str | None = msgspec.field(name="requestState", default=None)


class _CallTool(_Repeated, gc=False, kw_only=True):
    name: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class _GetPrompt(_Repeated, gc=False, kw_only=True):
    name: str
    arguments: _TextArguments | None = None


class _ReadResource(_Repeated, gc=False, kw_only=True):
    uri: str


class _Argument(msgspec.Struct, gc=False):
    name: str
    value: str | None = None


class _Context(msgspec.Struct, gc=False):
    arguments: _TextArguments | None = None


class _Complete(msgspec.Struct, gc=False):
    ref: dict[str, object]
    argument: _Argument
    context: _Context | None = None


def shared_methods(features: Features, *, sealer: Sealer, inflight: Inflight) -> dict[str, Method]:
    """The methods of what is mounted, by their names."""
    run = _Runner(sealer, inflight)
    found: dict[str, Method] = {}
    if features.tools is not None:
        found["tools/list"] = partial(_list_tools, features.tools, features.pages)
        found["tools/call"] = partial(_call_tool, features.tools, run)
    if features.prompts is not None:
        found["prompts/list"] = partial(_list_all, "prompts", features.prompts.list_prompts)
        found["prompts/get"] = partial(_get_prompt, features.prompts, run)
    if (mounted := features.resources) is not None:
        found["resources/list"] = partial(_list_all, "resources", mounted.list_resources)
        found["resources/templates/list"] = partial(
            _list_all, "resourceTemplates", mounted.list_templates
        )
        found["resources/read"] = partial(_read_resource, mounted, run)
    if features.completions is not None:
        found["completion/complete"] = partial(_complete, features.completions, run)
    return found


class _Runner:
    """Runs the code of a feature with an exchange, and takes care of its questions."""

    def __init__(self, sealer: Sealer, inflight: Inflight) -> None:
        self._sealer = sealer
        self._inflight = inflight

    async def __call__(
        self,
        call: Call,
        work: Callable[[Exchange], Awaitable[Pieces]],
        *,
        target: str = "",
        arguments: bytes = b"{}",
        repeated: _Repeated | None = None,
    ) -> Result:
        if not call.modern:
            ask = partial(self._inflight.ask, channel=call.channel, sub=call.context.sub)
            return Result(await work(_exchange(call, ask)))
        rounds = self._rounds(call, target, arguments, repeated)
        try:
            return Result(await work(_exchange(call, rounds.ask)))
        except InputRequired as pause:
            if repeated is None:  # the specification lets only three methods ask
                raise RuntimeError(f"{call.method} must not ask the client") from pause
            subject = subject_of(call.method, target, arguments)
            asked = input_required(self._sealer, pause, sub=call.context.sub, subject=subject)
            return Result((asked,), kind="input_required")

    def _rounds(
        self, call: Call, target: str, arguments: bytes, repeated: _Repeated | None
    ) -> Rounds:
        if repeated is None or not (repeated.state or repeated.responses):
            return Rounds({})
        return open_rounds(
            self._sealer,
            sub=call.context.sub,
            subject=subject_of(call.method, target, arguments),
            state=repeated.state,
            responses=repeated.responses or {},
        )


def _exchange(call: Call, ask: Callable[..., Awaitable[dict[str, JsonObject]]]) -> Exchange:
    return Exchange(
        context=call.context,
        client=call.client,
        channel=call.channel,
        progress_token=call.progress_token,
        log_level=call.log_level,
        ask=ask,
    )


async def _list_all(member: str, list_items: Callable[..., bytes], call: Call) -> Result:
    if jsonrpc.read_params(call.params, _Page).cursor is not None:
        raise RpcError(INVALID_PARAMS, "unknown cursor: every list has one page")
    return Result((b'"%b":' % member.encode("ascii"), list_items(call.context)))


async def _list_tools(tools: Tools, pages: Pages | None, call: Call) -> Result:
    if pages is None or PAGES not in call.client.capabilities:
        return await _list_all("tools", tools.list_tools, call)
    return await _list_all(
        "tools", lambda context: pages.with_pages(tools.list_tools(context)), call
    )


async def _call_tool(tools: Tools, run: _Runner, call: Call) -> Result:
    params = jsonrpc.read_params(call.params, _CallTool)
    arguments = bytes(params.arguments)
    if arguments == b"null":  # some clients send it for none
        arguments = b"{}"
    if not jsonrpc.is_object(arguments):
        raise RpcError(INVALID_PARAMS, "arguments must be an object")

    async def work(exchange: Exchange) -> Pieces:
        try:
            return _tool_members(await tools.call_tool(params.name, arguments, exchange))
        except NotFound as error:
            raise RpcError(INVALID_PARAMS, f"unknown tool: {_echo(params.name)}") from error
        except OnecgwError as error:
            return _tool_members(ToolResult(text=tool_error_text(error), is_error=True))
        except ClientLacks as error:
            if call.modern:
                raise
            return _tool_members(ToolResult(text=error.message, is_error=True))

    return await run(call, work, target=params.name, arguments=arguments, repeated=params)


async def _get_prompt(prompts: Prompts, run: _Runner, call: Call) -> Result:
    params = jsonrpc.read_params(call.params, _GetPrompt)
    arguments = _given(params.arguments)
    as_sent = jsonrpc.encode(arguments)

    async def work(exchange: Exchange) -> Pieces:
        try:
            return (jsonrpc.members(await prompts.get_prompt(params.name, arguments, exchange)),)
        except NotFound as error:
            raise RpcError(INVALID_PARAMS, f"unknown prompt: {_echo(params.name)}") from error
        except OnecgwError as error:
            raise rpc_error(error) from error

    return await run(call, work, target=params.name, arguments=as_sent, repeated=params)


async def _read_resource(resources: Resources, run: _Runner, call: Call) -> Result:
    params = jsonrpc.read_params(call.params, _ReadResource)

    async def work(exchange: Exchange) -> Pieces:
        try:
            contents = await resources.read_resource(params.uri, exchange)
        except NotFound as error:
            code = INVALID_PARAMS if call.modern else LEGACY_RESOURCE_NOT_FOUND
            raise RpcError(code, "unknown resource", data={"uri": params.uri}) from error
        except OnecgwError as error:
            raise rpc_error(error) from error
        return (jsonrpc.members({"contents": contents}),)

    return await run(call, work, target=params.uri, repeated=params)


async def _complete(completions: Completions, run: _Runner, call: Call) -> Result:
    params = jsonrpc.read_params(call.params, _Complete)

    async def work(exchange: Exchange) -> Pieces:
        try:
            found = await completions.complete(
                params.ref,
                argument=params.argument.name,
                value=params.argument.value or "",
                known=_given(params.context.arguments if params.context else None),
                exchange=exchange,
            )
        except OnecgwError as error:
            raise rpc_error(error) from error
        values = list(found.values[:MAX_COMPLETIONS])
        total = len(found.values) if found.total is None else found.total
        completion: dict[str, object] = {"values": values, "total": total}
        completion["hasMore"] = found.has_more or total > len(values)
        if found.has_more:
            del completion["total"]
        return (jsonrpc.members({"completion": completion}),)

    return await run(call, work)


def _tool_members(result: ToolResult) -> Pieces:
    rest = [jsonrpc.encode(block) for block in result.blocks]
    tail = b',"isError":true' if result.is_error else b""
    if result.body is None:
        first = [jsonrpc.encode({"type": "text", "text": result.text})] if result.text else []
        return (b'"content":[', b",".join(first + rest), b"]", tail)
    body = jsonrpc.on_one_line(result.body)
    return (
        b'"content":[{"type":"text","text":"',
        jsonrpc.escaped(body),
        b'"}',
        *(b"," + block for block in rest),
        b'],"structuredContent":',
        body,
        tail,
    )


def _given(arguments: _TextArguments | None) -> dict[str, str]:
    """The arguments that are not null, which means absent."""
    return {name: text for name, text in (arguments or {}).items() if text is not None}


def _echo(name: str) -> str:
    return name if len(name) <= MAX_ECHO_CHARACTERS else f"{name[:MAX_ECHO_CHARACTERS]}…"
