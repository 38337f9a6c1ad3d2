"""What tools and methods return, and the JSON that it becomes."""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from onecgw.mcp import jsonrpc

SUBSCRIPTION_ID: Final = "io.modelcontextprotocol/subscriptionId"

# How long a client may keep a result. Lists, and the instructions of server/discover, depend on the
# caller's scopes, which can be withdrawn.
LIST_TTL_MS: Final = 60_000
CACHE_HINTS: Final = dict.fromkeys(
    (
        "server/discover",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "resources/read",
    ),
    b'"ttlMs":%d,"cacheScope":"private"' % LIST_TTL_MS,
)

_LINE_BREAKS: Final = (b"\n", b"\r", b"\t")

JsonObject = Mapping[str, object]
# Pieces of JSON, in order. `jsonrpc.result` joins them once, because each copy of a large answer
# costs as much as reading it.
Pieces = tuple[bytes, ...]


@attrs.frozen(kw_only=True)
class ToolResult:
    """What a tool returns.

    body: a JSON object in UTF-8; it is sent as structuredContent and, as text, as the first
        content block. None = `text` is the first block.
    text: the first block when there is no body; "" = there is no such block.
    blocks: further content blocks (image, audio, resource …) as the protocol writes them.
    is_error: the call failed, and the model can read why and correct it.
    """

    body: bytes | None = None
    text: str = ""
    blocks: tuple[JsonObject, ...] = ()
    is_error: bool = False


@attrs.frozen
class MethodResult:
    """What a method returns.

    members: the members of the result object, as in `"a":1,"b":2`, without the braces.
    issued_session_id: a session that begins with this result; "" = none.
    """

    members: Pieces = ()
    kind: Literal["complete", "input_required"] = "complete"
    issued_session_id: str = ""


def tool_members(result: ToolResult) -> Pieces:
    """The members of the result of tools/call."""
    tail = b',"isError":true' if result.is_error else b""
    blocks = [jsonrpc.encode(block) for block in result.blocks]
    if result.body is None:
        first = [jsonrpc.encode({"type": "text", "text": result.text})] if result.text else []
        return (b'"content":[', b",".join(first + blocks), b"]", tail)
    body = on_one_line(result.body)
    return (
        b'"content":[{"type":"text","text":"',
        escaped(body),
        b'"}',
        *[b"," + block for block in blocks],
        b'],"structuredContent":',
        body,
        tail,
    )


def stateless_members(
    server_info: bytes, result: MethodResult, *, method: str, message_id: bytes
) -> Pieces:
    """The members of a result, with those that every result of the stateless era carries.

    Args:
        server_info: the server's name and version, a JSON object.
        result: what the method returned.
        method: its name.
        message_id: the id of the request, as it was sent.
    """
    hints = CACHE_HINTS.get(method, b"") if result.kind == "complete" else b""
    subscription = (
        b',"%b":%b' % (SUBSCRIPTION_ID.encode("ascii"), message_id)
        if method == "subscriptions/listen"
        else b""
    )
    common = b'"resultType":"%b","_meta":{"io.modelcontextprotocol/serverInfo":%b%b}' % (
        result.kind.encode("ascii"),
        server_info,
        subscription,
    )
    return (*result.members, b"," if result.members else b"", hints, b"," if hints else b"", common)


def on_one_line(document: bytes) -> bytes:
    """A JSON document without the line breaks and tabs between its tokens.

    Inside strings JSON allows them only in escaped form, so no text changes.
    """
    if any(sign in document for sign in _LINE_BREAKS):
        return document.translate(None, b"".join(_LINE_BREAKS))
    return document


def escaped(document: bytes) -> bytes:
    """A JSON document on one line, escaped to stand inside a JSON string.

    Such a document holds no control characters, so quotes and backslashes are all that has to be
    escaped. Two passes over the bytes cost a fraction of decoding and encoding megabytes of
    Cyrillic.
    """
    return document.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
