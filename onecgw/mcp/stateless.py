"""The methods of the stateless era: server/discover and subscriptions/listen."""

from functools import partial
from typing import Final

import msgspec

from onecgw.errors import RateLimited
from onecgw.mcp import jsonrpc
from onecgw.mcp.calls import Call, Method, Pieces, Result
from onecgw.mcp.capabilities import capabilities_of
from onecgw.mcp.providers import Features, ListKind
from onecgw.mcp.rpc_errors import INVALID_PARAMS, RpcError, StreamRequired
from onecgw.mcp.subscriptions import MAX_WATCHED_URIS, Change, Filter, Hub
from onecgw.mcp.versions import SUPPORTED

SUBSCRIPTION_ID: Final = "io.modelcontextprotocol/subscriptionId"

# How long an answer may be kept. What is listed depends on the caller's scopes, which can be
# taken away; what is discovered changes with the program.
DISCOVER_TTL_MS: Final = 3_600_000
LIST_TTL_MS: Final = 60_000
CACHE_HINTS: Final = {
    "server/discover": b'"ttlMs":%d,"cacheScope":"public"' % DISCOVER_TTL_MS,
    **dict.fromkeys(
        (
            "tools/list",
            "prompts/list",
            "resources/list",
            "resources/templates/list",
            "resources/read",
        ),
        b'"ttlMs":%d,"cacheScope":"private"' % LIST_TTL_MS,
    ),
}


class _Wanted(msgspec.Struct, gc=False):
    tools: bool | None = msgspec.field(name="toolsListChanged", default=False)
    prompts: bool | None = msgspec.field(name="promptsListChanged", default=False)
    resources: bool | None = msgspec.field(name="resourcesListChanged", default=False)
    uris: list[str] | None = msgspec.field(name="resourceSubscriptions", default=None)


class _Listen(msgspec.Struct, gc=False):
    notifications: _Wanted


def modern_methods(features: Features, hub: Hub) -> dict[str, Method]:
    """The methods that only the modern era has, by their names."""
    discovered = jsonrpc.members(
        {
            "supportedVersions": SUPPORTED,
            "capabilities": capabilities_of(features, modern=True),
            **({"instructions": features.info.instructions} if features.info.instructions else {}),
        }
    )
    return {
        "server/discover": partial(_discover, Result((discovered,))),
        "subscriptions/listen": partial(_listen, features, hub),
    }


def modern_result(server_info: bytes, call: Call, result: Result) -> Pieces:
    """The members of a result with what every modern result carries.

    Args:
        server_info: the server's name and version, a JSON object.
        call: what was asked.
        result: what the method answered.
    """
    hints = CACHE_HINTS.get(call.method, b"") if result.kind == "complete" else b""
    subscription = (
        b',"%b":%b' % (SUBSCRIPTION_ID.encode("ascii"), call.message_id)
        if call.method == "subscriptions/listen"
        else b""
    )
    common = b'"resultType":"%b","_meta":{"io.modelcontextprotocol/serverInfo":%b%b}' % (
        result.kind.encode("ascii"),
        server_info,
        subscription,
    )
    return (*result.members, b"," if result.members else b"", hints, b"," if hints else b"", common)


async def _discover(discovered: Result, _call: Call) -> Result:
    return discovered


async def _listen(features: Features, hub: Hub, call: Call) -> Result:
    """Tell the caller what changes, until it closes the stream or the server ends it."""
    if not call.channel.can_stream:
        raise StreamRequired
    wanted = _honoured(features, jsonrpc.read_params(call.params, _Listen).notifications)
    try:
        with hub.listening(call.context.sub, wanted) as listener:
            await _notify(call, "subscriptions/acknowledged", notifications=_spelled(wanted))
            while changes := await listener.wait_changes():
                for change in changes:
                    await _tell(call, change)
    except RateLimited as error:
        raise RpcError(INVALID_PARAMS, error.message) from error
    return Result()


def _honoured(features: Features, wanted: _Wanted) -> Filter:
    uris = wanted.uris or []
    if len(uris) > MAX_WATCHED_URIS:
        raise RpcError(INVALID_PARAMS, f"one stream watches at most {MAX_WATCHED_URIS} resources")
    asked: tuple[tuple[ListKind, bool], ...] = (
        ("tools", bool(wanted.tools) and features.tools is not None),
        ("prompts", bool(wanted.prompts) and features.prompts is not None),
        ("resources", bool(wanted.resources) and features.resources is not None),
    )
    return Filter(
        lists=frozenset(kind for kind, is_asked in asked if is_asked),
        uris=frozenset(uris if features.resource_updates else ()),
    )


def _spelled(wanted: Filter) -> dict[str, object]:
    spelled: dict[str, object] = {f"{kind}ListChanged": True for kind in sorted(wanted.lists)}
    if wanted.uris:
        spelled["resourceSubscriptions"] = sorted(wanted.uris)
    return spelled


async def _tell(call: Call, change: Change) -> None:
    if change.uri:
        await _notify(call, "resources/updated", uri=change.uri)
    else:
        await _notify(call, f"{change.kind}/list_changed")


async def _notify(call: Call, method: str, **params: object) -> None:
    meta = {SUBSCRIPTION_ID: msgspec.Raw(call.message_id)}
    await call.channel.send(
        jsonrpc.notification(f"notifications/{method}", {**params, "_meta": meta})
    )
