"""The methods of both eras: tools, prompts, resources, completion."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import msgspec

from onecgw.auth.signing import Sealer
from onecgw.errors import NotFound, OnecgwError
from onecgw.mcp import jsonrpc
from onecgw.mcp.client_info import PAGES
from onecgw.mcp.input_required import (
    InputRequired,
    input_required_members,
    read_responses,
    subject_of,
)
from onecgw.mcp.providers import (
    CompletionProvider,
    PromptProvider,
    Providers,
    ResourceProvider,
    ToolProvider,
)
from onecgw.mcp.request_context import Method, RequestContext
from onecgw.mcp.results import MethodResult, Pieces, ToolResult, tool_members
from onecgw.mcp.rpc_errors import (
    INVALID_PARAMS,
    RESOURCE_NOT_FOUND,
    ClientLacks,
    RpcError,
    rpc_error,
    tool_error_text,
)

MAX_COMPLETIONS: Final = 100  # MCP, completion, "Completion Results"
MAX_ECHO_CHARACTERS: Final = 100


class _Cursor(msgspec.Struct, gc=False):
    cursor: str | None = None


class _InputParams(msgspec.Struct, gc=False, kw_only=True):
    """Params of the three methods that may need input; a repeated call carries the responses."""

    responses: dict[str, object] = msgspec.field(name="inputResponses", default_factory=dict)
    state: str | None = msgspec.field(name="requestState", default=None)


class _CallTool(_InputParams, gc=False, kw_only=True):
    name: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class _GetPrompt(_InputParams, gc=False, kw_only=True):
    name: str
    arguments: dict[str, str] | None = None


class _ReadResource(_InputParams, gc=False, kw_only=True):
    uri: str


class _Argument(msgspec.Struct, gc=False):
    name: str
    value: str


class _CompletionContext(msgspec.Struct, gc=False):
    arguments: dict[str, str] = {}


class _Complete(msgspec.Struct, gc=False):
    ref: dict[str, object]
    argument: _Argument
    context: _CompletionContext | None = None


def shared_methods(providers: Providers, sealer: Sealer) -> dict[str, Method]:
    """The methods of what is mounted, by their names."""
    found: dict[str, Method] = {}
    if (tools := providers.tools) is not None:
        found["tools/list"] = partial(_list_tools, tools, providers.add_pages)
        found["tools/call"] = partial(_call_tool, tools, sealer)
    if (prompts := providers.prompts) is not None:
        found["prompts/list"] = partial(_list_all, "prompts", prompts.list_prompts)
        found["prompts/get"] = partial(_get_prompt, prompts, sealer)
    if (resources := providers.resources) is not None:
        list_templates = partial(_list_all, "resourceTemplates", resources.list_templates)
        found["resources/list"] = partial(_list_all, "resources", resources.list_resources)
        found["resources/templates/list"] = list_templates
        found["resources/read"] = partial(_read_resource, resources, sealer)
    if providers.completions is not None:
        found["completion/complete"] = partial(_complete, providers.completions)
    return found


async def _run(
    work: Callable[[], Awaitable[Pieces]],
    *,
    sealer: Sealer,
    request: RequestContext,
    params: _InputParams,
    target: str,
    arguments: bytes = b"{}",
) -> MethodResult:
    """Run the code of a provider; if it needs input in the stateless era, that is the result."""
    request.start_pulse()
    if request.is_stateless and (params.state or params.responses):
        request.responses = read_responses(
            sealer,
            sub=request.context.sub,
            subject=subject_of(request.method, target, arguments),
            state=params.state,
            responses=params.responses,
        )
    try:
        return MethodResult(await work())
    except InputRequired as pause:
        subject = subject_of(request.method, target, arguments)
        members = input_required_members(sealer, pause, sub=request.context.sub, subject=subject)
        return MethodResult((members,), kind="input_required")


async def _list_all(
    member: str, list_items: Callable[..., bytes], request: RequestContext
) -> MethodResult:
    if jsonrpc.read_params(request.params, _Cursor).cursor is not None:
        raise RpcError(INVALID_PARAMS, "unknown cursor: every list has one page")
    return MethodResult((b'"%b":' % member.encode("ascii"), list_items(request.context)))


async def _list_tools(
    tools: ToolProvider, add_pages: Callable[[bytes], bytes] | None, request: RequestContext
) -> MethodResult:
    if add_pages is None or not request.supports(PAGES):
        return await _list_all("tools", tools.list_tools, request)
    return await _list_all("tools", lambda context: add_pages(tools.list_tools(context)), request)


async def _call_tool(tools: ToolProvider, sealer: Sealer, request: RequestContext) -> MethodResult:
    params = jsonrpc.read_params(request.params, _CallTool)
    arguments = bytes(params.arguments)
    if arguments == b"null":  # some clients send null when there are no arguments
        arguments = b"{}"
    if arguments[:1] != b"{":
        raise RpcError(INVALID_PARAMS, "arguments must be an object")

    async def work() -> Pieces:
        try:
            return tool_members(await tools.call_tool(params.name, arguments, request))
        except NotFound as error:
            raise RpcError(INVALID_PARAMS, f"unknown tool: {_echo(params.name)}") from error
        except OnecgwError as error:
            return tool_members(ToolResult(text=tool_error_text(error), is_error=True))
        except ClientLacks as error:
            if request.is_stateless:
                raise
            return tool_members(ToolResult(text=error.message, is_error=True))

    return await _run(
        work,
        sealer=sealer,
        request=request,
        params=params,
        target=params.name,
        arguments=arguments,
    )


async def _get_prompt(
    prompts: PromptProvider, sealer: Sealer, request: RequestContext
) -> MethodResult:
    params = jsonrpc.read_params(request.params, _GetPrompt)
    arguments = params.arguments or {}

    async def work() -> Pieces:
        try:
            return (jsonrpc.members(await prompts.get_prompt(params.name, arguments, request)),)
        except NotFound as error:
            raise RpcError(INVALID_PARAMS, f"unknown prompt: {_echo(params.name)}") from error
        except OnecgwError as error:
            raise rpc_error(error) from error

    return await _run(
        work,
        sealer=sealer,
        request=request,
        params=params,
        target=params.name,
        arguments=jsonrpc.encode(arguments),
    )


async def _read_resource(
    resources: ResourceProvider, sealer: Sealer, request: RequestContext
) -> MethodResult:
    params = jsonrpc.read_params(request.params, _ReadResource)

    async def work() -> Pieces:
        try:
            contents = await resources.read_resource(params.uri, request)
        except NotFound as error:
            code = INVALID_PARAMS if request.is_stateless else RESOURCE_NOT_FOUND
            raise RpcError(code, "unknown resource", data={"uri": params.uri}) from error
        except OnecgwError as error:
            raise rpc_error(error) from error
        return (jsonrpc.members({"contents": contents}),)

    return await _run(work, sealer=sealer, request=request, params=params, target=params.uri)


async def _complete(completions: CompletionProvider, request: RequestContext) -> MethodResult:
    params = jsonrpc.read_params(request.params, _Complete)
    request.start_pulse()
    try:
        found = await completions.complete(
            params.ref,
            argument=params.argument.name,
            value=params.argument.value,
            known=params.context.arguments if params.context else {},
            request=request,
        )
    except OnecgwError as error:
        raise rpc_error(error) from error
    values = list(found.values[:MAX_COMPLETIONS])
    total = len(found.values) if found.total is None else found.total
    completion = {"values": values, "total": total, "hasMore": total > len(values)}
    return MethodResult((jsonrpc.members({"completion": completion}),))


def _echo(name: str) -> str:
    return name if len(name) <= MAX_ECHO_CHARACTERS else f"{name[:MAX_ECHO_CHARACTERS]}…"
