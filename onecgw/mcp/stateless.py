"""The methods of the stateless era: server/discover and subscriptions/listen."""

from functools import partial

import msgspec

from onecgw.errors import RateLimited
from onecgw.mcp import jsonrpc
from onecgw.mcp.providers import ListKind, Providers
from onecgw.mcp.request_context import Method, RequestContext
from onecgw.mcp.results import SUBSCRIPTION_ID, MethodResult
from onecgw.mcp.rpc_errors import INVALID_PARAMS, RpcError, StreamRequired
from onecgw.mcp.subscriptions import (
    MAX_WATCHED_URIS,
    ListChange,
    SubscriptionFilter,
    Subscriptions,
)
from onecgw.mcp.validation import SUPPORTED_VERSIONS


class _Wanted(msgspec.Struct, gc=False):
    tools: bool | None = msgspec.field(name="toolsListChanged", default=False)
    prompts: bool | None = msgspec.field(name="promptsListChanged", default=False)
    resources: bool | None = msgspec.field(name="resourcesListChanged", default=False)
    uris: list[str] | None = msgspec.field(name="resourceSubscriptions", default=None)


class _Listen(msgspec.Struct, gc=False):
    notifications: _Wanted


def stateless_methods(providers: Providers, subscriptions: Subscriptions) -> dict[str, Method]:
    """The methods that only the stateless era has, by their names."""
    return {
        "server/discover": partial(_discover, providers),
        "subscriptions/listen": partial(_listen, providers, subscriptions),
    }


async def _discover(providers: Providers, request: RequestContext) -> MethodResult:
    discovered = {
        "supportedVersions": SUPPORTED_VERSIONS,
        "capabilities": providers.capabilities(is_stateless=True),
        **providers.info.instructions_member(request.context),
    }
    return MethodResult((jsonrpc.members(discovered),))


async def _listen(
    providers: Providers, subscriptions: Subscriptions, request: RequestContext
) -> MethodResult:
    """Send the caller changes until it closes the stream or the server ends it."""
    if not request.channel.can_stream:
        raise StreamRequired
    wanted = _read_filter(providers, jsonrpc.read_params(request.params, _Listen).notifications)
    acknowledged: dict[str, object] = {f"{kind}ListChanged": True for kind in sorted(wanted.lists)}
    if wanted.uris:
        acknowledged["resourceSubscriptions"] = sorted(wanted.uris)
    try:
        with subscriptions.subscribed(request.context.sub, wanted) as subscription:
            await _notify(request, "subscriptions/acknowledged", notifications=acknowledged)
            while changes := await subscription.wait_changes():
                for change in changes:
                    await _send_change(request, change)
    except RateLimited as error:
        raise RpcError(INVALID_PARAMS, error.message) from error
    return MethodResult()


def _read_filter(providers: Providers, wanted: _Wanted) -> SubscriptionFilter:
    """What the client wants, as far as the server has it."""
    uris = wanted.uris or []
    if len(uris) > MAX_WATCHED_URIS:
        raise RpcError(INVALID_PARAMS, f"one stream watches at most {MAX_WATCHED_URIS} resources")
    offered: dict[ListKind, object] = {
        "tools": wanted.tools and providers.tools,
        "prompts": wanted.prompts and providers.prompts,
        "resources": wanted.resources and providers.resources,
    }
    return SubscriptionFilter(
        lists=frozenset(kind for kind, provider in offered.items() if provider),
        uris=frozenset(uris if providers.resource_updates else ()),
    )


async def _send_change(request: RequestContext, change: ListChange) -> None:
    if change.uri:
        await _notify(request, "resources/updated", uri=change.uri)
    else:
        await _notify(request, f"{change.kind}/list_changed")


async def _notify(request: RequestContext, method: str, **params: object) -> None:
    meta = {SUBSCRIPTION_ID: msgspec.Raw(request.message_id)}
    await request.channel.send(
        jsonrpc.notification(f"notifications/{method}", {**params, "_meta": meta})
    )
