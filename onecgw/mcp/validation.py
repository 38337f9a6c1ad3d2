"""The checks that a request passes before its method runs, in the specification's order."""

import base64
import binascii
from typing import Final

import attrs
import msgspec

from onecgw.mcp import jsonrpc
from onecgw.mcp.client_info import ClientInfo, read_client
from onecgw.mcp.rpc_errors import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    UNSUPPORTED_VERSION,
    RpcError,
)

STATELESS_VERSION: Final = "2026-07-28"
HANDSHAKE_VERSIONS: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
SUPPORTED_VERSIONS: Final = (STATELESS_VERSION, *HANDSHAKE_VERSIONS)  # newest first
# The only revision in which one body may hold several messages. Revisions before 2025-06-18 had
# no version header, so a body without the header may be of this one.
BATCH_VERSION: Final = "2025-03-26"

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
class HeaderMirror:
    """The values of a message that HTTP headers repeat; None = the header was not sent.

    duplicated: the name of a header that was sent twice; "" = none was.
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
    # Source: OpenAI Apps SDK, "_meta fields the client provides". MCP itself has no locale.
    locale: msgspec.Raw = msgspec.field(name="openai/locale", default=_ABSENT)


class _Params(msgspec.Struct, gc=False):
    meta: msgspec.Raw = msgspec.field(name="_meta", default=_ABSENT)
    name: msgspec.Raw = _ABSENT
    uri: msgspec.Raw = _ABSENT
    request_id: msgspec.Raw = msgspec.field(name="requestId", default=_ABSENT)


_OPTIONAL: Final = ("client", "log_level", "progress_token", "traceparent", "locale")
_read_params: Final = msgspec.json.Decoder(_Params).decode
_read_meta: Final = msgspec.json.Decoder(Meta).decode
NO_META: Final = Meta()


def read_meta(message: jsonrpc.Message) -> Meta:
    """Read `params._meta`; NO_META if it is absent or no object, or the message a response."""
    if not message.params or message.kind == "response":
        return NO_META
    raw = _read_params(message.params).meta
    if not _starts_with(raw, b"{"):
        return NO_META
    meta = _read_meta(raw)
    for name in _OPTIONAL:
        if bytes(getattr(meta, name)) == b"null":  # null means absent
            setattr(meta, name, _ABSENT)
    return meta


def is_stateless(meta: Meta, version_header: str | None) -> bool:
    """Whether a message is of the stateless era, by its own version or else by the header."""
    return bool(meta.version) or (
        version_header is not None and version_header not in HANDSHAKE_VERSIONS
    )


def check_batch(version_header: str | None) -> None:
    """Check that the revision allows several messages in one body.

    Raises:
        RpcError: -32600, it does not.
    """
    if version_header not in {None, BATCH_VERSION}:
        raise RpcError(INVALID_REQUEST, "a body holds one message in this revision")


def check_stateless(
    message: jsonrpc.Message, meta: Meta, mirror: HeaderMirror | None
) -> ClientInfo:
    """Check a request of the stateless era and return the client that sent it.

    Args:
        message: the request.
        meta: its `_meta`.
        mirror: the headers; None = the transport has none.

    Raises:
        RpcError: -32602, -32020 or -32022, whichever check fails first.
    """
    version = _read_text(meta.version)
    if version is None or not _starts_with(meta.capabilities, b"{"):
        raise RpcError(
            INVALID_PARAMS,
            f"params._meta must hold {_PREFIX}protocolVersion (a string) and "
            f"{_PREFIX}clientCapabilities (an object)",
        )
    if mirror is not None:
        _check_headers(mirror, message, version)
    if version != STATELESS_VERSION:
        raise RpcError(
            UNSUPPORTED_VERSION,
            "unsupported protocol version",
            data={"supported": SUPPORTED_VERSIONS, "requested": version},
        )
    return read_client(bytes(meta.client), bytes(meta.capabilities))


def check_log_level(level: object) -> str:
    """Check that the value is one of LOG_LEVELS and return it.

    Raises:
        RpcError: -32602, it is not.
    """
    if level not in LOG_LEVELS:
        raise RpcError(INVALID_PARAMS, f"the log level must be one of {', '.join(LOG_LEVELS)}")
    return str(level)


def read_log_level(meta: Meta) -> str | None:
    """The least severe log message that the request wants; None = it wants none.

    Raises:
        RpcError: -32602, it is not one of LOG_LEVELS.
    """
    if not meta.log_level:
        return None
    return check_log_level(jsonrpc.read_params(bytes(meta.log_level), object))


def read_progress_token(meta: Meta) -> bytes:
    """The token for progress notifications, as it was sent; b"" = none."""
    token = bytes(meta.progress_token)
    return token if _starts_with(token, b'"') or token.removeprefix(b"-").isdigit() else b""


def read_traceparent(meta: Meta) -> str:
    """The W3C trace context of the request; "" = none."""
    return _read_text(meta.traceparent) or ""


def read_locale(meta: Meta) -> str:
    """The locale of the person, as the client says it; "" if it does not."""
    return _read_text(meta.locale) or ""


def read_cancelled(params: bytes) -> bytes:
    """The id, as it was sent, of the request that `notifications/cancelled` names; b"" = none."""
    return bytes(_read_params(params or b"{}").request_id)


def _check_headers(mirror: HeaderMirror, message: jsonrpc.Message, version: str) -> None:
    if mirror.duplicated:
        raise RpcError(HEADER_MISMATCH, f"the header {mirror.duplicated} was sent twice")
    _check_header("MCP-Protocol-Version", mirror.version, version)
    _check_header("Mcp-Method", mirror.method, message.method)
    member = NAMED_BY.get(message.method)
    if member is not None:
        name = _read_text(getattr(_read_params(message.params), member))
        _check_header("Mcp-Name", _decode_sentinel(mirror.name), name)


def _check_header(header: str, sent: str | None, expected: str | None) -> None:
    if sent is None:
        raise RpcError(HEADER_MISMATCH, f"the header {header} is missing or malformed")
    if sent != expected:
        raise RpcError(HEADER_MISMATCH, f"the header {header} does not match the body")


def _decode_sentinel(value: str | None) -> str | None:
    """Decode a header value that is wrapped in `=?base64?…?=`; None = it is malformed."""
    if value is None or not value.isascii():
        return None
    if not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    payload = value.removeprefix("=?base64?").removesuffix("?=")
    try:
        decoded = base64.b64decode(payload, validate=True)
        # Only the canonical encoding is accepted: a proxy would take two encodings of one name
        # for two names.
        canonical = base64.b64encode(decoded).decode("ascii") == payload
        return decoded.decode("utf-8") if canonical else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _starts_with(raw: bytes | msgspec.Raw, sign: bytes) -> bool:
    return bytes(raw)[:1] == sign


def _read_text(raw: msgspec.Raw) -> str | None:
    """The text of a JSON string; None = the value is no string."""
    return msgspec.json.decode(raw, type=str) if _starts_with(raw, b'"') else None
