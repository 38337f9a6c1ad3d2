"""The methods of both eras: tools, prompts, resources, completion."""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from onecgw.auth.signing import Signer
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
from onecgw.mcp.results import MethodResult, ToolResult, tool_members
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


_TextArguments = dict[str, str | None]


class _Cursor(msgspec.Struct, gc=False):
    cursor: str | None = None


class _InputParams(msgspec.Struct, gc=False):
    responses: dict[str, object] | None = msgspec.field(name="inputResponses", default=None)
    state: str | None = msgspec.field(name="requestState", default=None)


class _CallTool(msgspec.Struct, gc=False):
    name: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class _GetPrompt(msgspec.Struct, gc=False):
    name: str
    arguments: _TextArguments | None = None


class _ReadResource(msgspec.Struct, gc=False):
    uri: str


class _Argument(msgspec.Struct, gc=False):
    name: str
    value: str | None = None


class _CompletionContext(msgspec.Struct, gc=False):
    arguments: _TextArguments | None = None


class _Complete(msgspec.Struct, gc=False):
    ref: dict[str, object]
    argument: _Argument
    context: _CompletionContext | None = None


def shared_methods(providers: Providers, signer: Signer) -> dict[str, Method]:
    """The methods of what is mounted, by their names."""
    found: dict[str, Method] = {}
    if (tools := providers.tools) is not None:
        found["tools/list"] = partial(_list_tools, tools, providers.add_pages)
        found["tools/call"] = partial(_with_input, signer, partial(_call_tool, tools))
    if (prompts := providers.prompts) is not None:
        found["prompts/list"] = partial(_list_all, "prompts", prompts.list_prompts)
        found["prompts/get"] = partial(_with_input, signer, partial(_get_prompt, prompts))
    if (resources := providers.resources) is not None:
        list_templates = partial(_list_all, "resourceTemplates", resources.list_templates)
        found["resources/list"] = partial(_list_all, "resources", resources.list_resources)
        found["resources/templates/list"] = list_templates
        found["resources/read"] = partial(_with_input, signer, partial(_read_resource, resources))
    if providers.completions is not None:
        found["completion/complete"] = partial(_complete, providers.completions)
    return found


async def _with_input(signer: Signer, method: Method, request: RequestContext) -> MethodResult:
    """Run a method; in the stateless era, the input that it needs becomes its result.

    The specification allows this for tools/call, prompts/get and resources/read only.
    """
    request.start_pulse()
    sub = request.context.sub
    params = jsonrpc.read_params(request.params, _InputParams)
    if request.is_stateless and (params.state or params.responses):
        request.responses = read_responses(
            signer,
            subject_of(sub, request.method, request.params),
            state=params.state,
            responses=params.responses or {},
        )
    try:
        return await method(request)
    except InputRequired as pause:
        subject = subject_of(sub, request.method, request.params)
        members = input_required_members(signer, subject, pause)
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


async def _call_tool(tools: ToolProvider, request: RequestContext) -> MethodResult:
    params = jsonrpc.read_params(request.params, _CallTool)
    arguments = bytes(params.arguments)
    if arguments == b"null":  # some clients send null when there are no arguments
        arguments = b"{}"
    if arguments[:1] != b"{":
        raise RpcError(INVALID_PARAMS, "arguments must be an object")
    try:
        result = await tools.call_tool(params.name, arguments, request)
    except NotFound as error:
        raise RpcError(INVALID_PARAMS, f"unknown tool: {_echo(params.name)}") from error
    except OnecgwError as error:
        result = ToolResult(text=tool_error_text(error, request.context.language), is_error=True)
    except ClientLacks as error:
        if request.is_stateless:
            raise
        result = ToolResult(text=error.message, is_error=True)
    return MethodResult(tool_members(result))


async def _get_prompt(prompts: PromptProvider, request: RequestContext) -> MethodResult:
    params = jsonrpc.read_params(request.params, _GetPrompt)
    try:
        prompt = await prompts.get_prompt(params.name, _given(params.arguments), request)
    except NotFound as error:
        raise RpcError(INVALID_PARAMS, f"unknown prompt: {_echo(params.name)}") from error
    except OnecgwError as error:
        raise rpc_error(error, request.context.language) from error
    return MethodResult((jsonrpc.members(prompt),))


async def _read_resource(resources: ResourceProvider, request: RequestContext) -> MethodResult:
    uri = jsonrpc.read_params(request.params, _ReadResource).uri
    try:
        contents = await resources.read_resource(uri, request)
    except NotFound as error:
        code = INVALID_PARAMS if request.is_stateless else RESOURCE_NOT_FOUND
        raise RpcError(code, "unknown resource", data={"uri": uri}) from error
    except OnecgwError as error:
        raise rpc_error(error, request.context.language) from error
    return MethodResult((jsonrpc.members({"contents": contents}),))


async def _complete(completions: CompletionProvider, request: RequestContext) -> MethodResult:
    params = jsonrpc.read_params(request.params, _Complete)
    request.start_pulse()
    try:
        found = await completions.complete(
            params.ref,
            argument=params.argument.name,
            value=params.argument.value or "",
            known=_given(params.context.arguments if params.context else None),
            request=request,
        )
    except OnecgwError as error:
        raise rpc_error(error, request.context.language) from error
    values = list(found.values[:MAX_COMPLETIONS])
    total = len(found.values) if found.total is None else found.total
    completion: dict[str, object] = {"values": values, "total": total}
    completion["hasMore"] = found.has_more or total > len(values)
    if found.has_more:
        del completion["total"]
    return MethodResult((jsonrpc.members({"completion": completion}),))


def _given(arguments: _TextArguments | None) -> dict[str, str]:
    """The arguments that are not null, which means absent."""
    return {name: text for name, text in (arguments or {}).items() if text is not None}


def _echo(name: str) -> str:
    return name if len(name) <= MAX_ECHO_CHARACTERS else f"{name[:MAX_ECHO_CHARACTERS]}…"
