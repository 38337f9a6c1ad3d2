"""The checks a request passes before anything is done for it, in the specification's order."""

import base64
import binascii
from typing import Final

import attrs
import msgspec

from onecgw.mcp import jsonrpc
from onecgw.mcp.client_info import Client, read_client
from onecgw.mcp.rpc_errors import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    UNSUPPORTED_VERSION,
    RpcError,
)
from onecgw.mcp.versions import BATCHES, LEGACY, MODERN, SUPPORTED

# Source: MCP 2026-07-28, streamable HTTP, "Standard Request Headers".
NAMED_BY: Final = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}

LOG_LEVELS: Final = (
    "debug",
    "info",
    "notice",
    "warning",
    "error",
    "critical",
    "alert",
    "emergency",
)

_PREFIX: Final = "io.modelcontextprotocol/"
_ABSENT: Final = msgspec.Raw(b"")


@attrs.frozen(kw_only=True)
class Mirror:
    """What the transport repeats of a message outside of it (HTTP headers); None if not sent.

    duplicated: the name of a header that was sent twice; "" for none.
    """

    version: str | None = None
    method: str | None = None
    name: str | None = None
    duplicated: str = ""


class Meta(msgspec.Struct, gc=False):
    """The members of `params._meta` that the engine reads, as they were sent."""

    version: msgspec.Raw = msgspec.field(name=f"{_PREFIX}protocolVersion", default=_ABSENT)
    capabilities: msgspec.Raw = msgspec.field(name=f"{_PREFIX}clientCapabilities", default=_ABSENT)
    client: msgspec.Raw = msgspec.field(name=f"{_PREFIX}clientInfo", default=_ABSENT)
    log_level: msgspec.Raw = msgspec.field(name=f"{_PREFIX}logLevel", default=_ABSENT)
    progress_token: msgspec.Raw = msgspec.field(name="progressToken", default=_ABSENT)
    traceparent: msgspec.Raw = _ABSENT


class _MetaOnly(msgspec.Struct, gc=False):
    meta: msgspec.Raw = msgspec.field(name="_meta", default=_ABSENT)


class _Named(msgspec.Struct, gc=False):
    name: msgspec.Raw = _ABSENT
    uri: msgspec.Raw = _ABSENT


_OPTIONAL: Final = ("client", "log_level", "progress_token", "traceparent")
_read_meta_only: Final = msgspec.json.Decoder(_MetaOnly).decode
_read_meta: Final = msgspec.json.Decoder(Meta).decode
_read_named: Final = msgspec.json.Decoder(_Named).decode
NO_META: Final = Meta()


def read_meta(params: bytes) -> Meta:
    """`params._meta`; empty if it is absent or no object; null members are absent."""
    if not params:
        return NO_META
    raw = bytes(_read_meta_only(params).meta)
    if not jsonrpc.is_object(raw):
        return NO_META
    meta = _read_meta(raw)
    for name in _OPTIONAL:
        if bytes(getattr(meta, name)) == b"null":  # null means absent
            setattr(meta, name, _ABSENT)
    return meta


def is_modern(meta: Meta, version_header: str | None) -> bool:
    """The era of a message, from its own version or else from the header."""
    return bool(meta.version) or (version_header is not None and version_header not in LEGACY)


def admit_batch(version_header: str | None) -> None:
    """Let a body hold several messages, where the revision allows it.

    Raises:
        RpcError: -32600, it does not.
    """
    if version_header not in {None, BATCHES}:
        raise RpcError(INVALID_REQUEST, "a body holds one message in this revision")


def admit_modern(message: jsonrpc.Message, meta: Meta, mirror: Mirror | None) -> Client:
    """The client that sends a modern request, once the request is found to be in order.

    Args:
        message: the request.
        meta: its `_meta`.
        mirror: the headers; None where the transport has none.

    Raises:
        RpcError: -32602, -32020 or -32022, whichever check fails first.
    """
    if not jsonrpc.is_text(meta.version) or not jsonrpc.is_object(meta.capabilities):
        raise RpcError(
            INVALID_PARAMS,
            f"params._meta must hold {_PREFIX}protocolVersion (a string) and "
            f"{_PREFIX}clientCapabilities (an object)",
        )
    version = msgspec.json.decode(meta.version, type=str)
    if mirror is not None:
        _compare(mirror, message, version)
    if version != MODERN:
        raise RpcError(
            UNSUPPORTED_VERSION,
            "unsupported protocol version",
            data={"supported": SUPPORTED, "requested": version},
        )
    return read_client(bytes(meta.client), bytes(meta.capabilities))


def read_log_level(meta: Meta) -> str | None:
    """The least severe log message that the request asks for; None for none.

    Raises:
        RpcError: -32602, not a level.
    """
    if not meta.log_level:
        return None
    level = jsonrpc.read_params(bytes(meta.log_level), object)
    if level not in LOG_LEVELS:
        raise RpcError(INVALID_PARAMS, f"the log level must be one of {', '.join(LOG_LEVELS)}")
    return str(level)


def read_progress_token(meta: Meta) -> bytes:
    """The token for progress notifications, as it was sent; b"" for none."""
    token = bytes(meta.progress_token)
    return token if jsonrpc.is_text(token) or token.removeprefix(b"-").isdigit() else b""


def read_traceparent(meta: Meta) -> str:
    """The W3C trace context of the request; "" for none."""
    if not jsonrpc.is_text(meta.traceparent):
        return ""
    return msgspec.json.decode(meta.traceparent, type=str)


def _compare(mirror: Mirror, message: jsonrpc.Message, version: str) -> None:
    if mirror.duplicated:
        raise RpcError(HEADER_MISMATCH, f"the header {mirror.duplicated} was sent twice")
    _equal("MCP-Protocol-Version", mirror.version, version)
    _equal("Mcp-Method", mirror.method, message.method)
    member = NAMED_BY.get(message.method)
    if member is not None:
        raw = getattr(_read_named(message.params), member)
        name = msgspec.json.decode(raw, type=str) if jsonrpc.is_text(raw) else None
        _equal("Mcp-Name", _decode_sentinel(mirror.name), name)


def _equal(header: str, said: str | None, meant: str | None) -> None:
    if said is None:
        raise RpcError(HEADER_MISMATCH, f"the header {header} is missing or malformed")
    if said != meant:
        raise RpcError(HEADER_MISMATCH, f"the header {header} does not match the body")


def _decode_sentinel(value: str | None) -> str | None:
    """A header's value, out of `=?base64?…?=` if it is wrapped so; None if that is malformed."""
    if value is None or not value.isascii():
        return None
    if not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    payload = value.removeprefix("=?base64?").removesuffix("?=")
    try:
        decoded = base64.b64decode(payload, validate=True)
        # Only the canonical form: two spellings of one name would be two names to a proxy.
        canonical = base64.b64encode(decoded).decode("ascii") == payload
        return decoded.decode("utf-8") if canonical else None
    except (binascii.Error, UnicodeDecodeError):
        return None


class _Cancelled(msgspec.Struct, gc=False):
    request_id: msgspec.Raw = msgspec.field(name="requestId", default=_ABSENT)


def read_cancelled(params: bytes) -> bytes:
    """The id, as it was sent, of the request that a client no longer wants; b"" for none."""
    return bytes(msgspec.json.decode(params or b"{}", type=_Cancelled).request_id)
