"""JSON-RPC messages as bytes: read without losing a byte of the id, written without re-dumping."""

import json
import re
from collections.abc import Mapping
from typing import Final, Literal, TypeVar

import attrs
import msgspec

from onecgw.mcp.rpc_errors import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, RpcError
from onecgw.text import well_formed_json, without_bom

T = TypeVar("T")

MAX_BATCH: Final = 50  # messages in one body; a report each is already more than 1C should get

_BREAKS: Final = (b"\n", b"\r", b"\t")
_ABSENT: Final = msgspec.Raw(b"")
_EMPTY_ARRAY: Final = re.compile(rb"\[\s*\]")


@attrs.frozen(kw_only=True)
class Message:
    """One message of a client.

    request_id: as it was sent, for the echo; b"" for a notification.
    method: "" for a response.
    params: the JSON object as it was sent; for a response the whole message; b"" for none.
    """

    kind: Literal["request", "notification", "response"]
    request_id: bytes = b""
    method: str = ""
    params: bytes = b""


class _Envelope(msgspec.Struct, gc=False):
    jsonrpc: msgspec.Raw = _ABSENT
    id: msgspec.Raw = _ABSENT
    method: msgspec.Raw = _ABSENT
    params: msgspec.Raw = _ABSENT
    result: msgspec.Raw = _ABSENT
    error: msgspec.Raw = _ABSENT


_read_envelope: Final = msgspec.json.Decoder(_Envelope).decode
_read_items: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_read_text: Final = msgspec.json.Decoder(str).decode
_encode: Final = msgspec.json.Encoder().encode


def encode(value: object) -> bytes:
    """A value as JSON in UTF-8; half a character in a text becomes U+FFFD."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return well_formed_json(json.dumps(value).encode("ascii"))


def read_body(body: bytes) -> bytes | list[bytes]:
    """The one message of a body, or those of a batch, not yet read.

    Raises:
        RpcError: -32700, not JSON in UTF-8; -32600, an empty or too long batch.
    """
    body = without_bom(body)  # 1C's own HTTP client writes one
    try:
        if not body.isascii():
            body.decode("utf-8")  # the scanner below does not look inside the strings it skips
        if body.lstrip()[:1] != b"[":
            return body
        items = [bytes(item) for item in _read_items(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, _not_json(error)) from error
    if not 0 < len(items) <= MAX_BATCH:
        raise RpcError(INVALID_REQUEST, f"a batch holds 1 to {MAX_BATCH} messages")
    return items


def read_message(raw: bytes) -> Message:
    """One message, its shape checked.

    Raises:
        RpcError: -32700 or -32600, with the id if that could be read.
    """
    try:
        envelope = _read_envelope(raw)
    except msgspec.ValidationError as error:
        raise RpcError(INVALID_REQUEST, "a message is a JSON object") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, _not_json(error)) from error
    request_id = _read_id(bytes(envelope.id))
    if bytes(envelope.jsonrpc) != b'"2.0"':
        raise RpcError(INVALID_REQUEST, 'jsonrpc must be "2.0"', request_id=request_id)
    if not envelope.method:
        if request_id and (envelope.result or envelope.error):
            return Message(kind="response", request_id=request_id, params=raw)
        raise RpcError(INVALID_REQUEST, "method is missing", request_id=request_id)
    params = bytes(envelope.params)
    if params == b"null" or _EMPTY_ARRAY.fullmatch(params):  # some clients send these for none
        params = b""
    if params and params[:1] != b"{":
        raise RpcError(INVALID_REQUEST, "params must be an object", request_id=request_id)
    return Message(
        kind="request" if request_id else "notification",
        request_id=request_id,
        method=_read_method(bytes(envelope.method), request_id),
        params=params,
    )


def read_params(params: bytes, shape: type[T]) -> T:
    """The parameters of a method as a value of the shape; absent ones are an empty object.

    Raises:
        RpcError: -32602, with the place and what was expected.
    """
    try:
        return msgspec.json.decode(params or b"{}", type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RpcError(INVALID_PARAMS, f"invalid params: {error}") from error


def is_text(raw: bytes | msgspec.Raw) -> bool:
    """Whether a JSON value is a string."""
    return bytes(raw)[:1] == b'"'


def is_object(raw: bytes | msgspec.Raw) -> bool:
    """Whether a JSON value is an object."""
    return bytes(raw)[:1] == b"{"


def result(request_id: bytes, *members: bytes) -> bytes:
    """A response whose result has the given members, as in `"a":1,"b":2`, in pieces."""
    return b"".join((b'{"jsonrpc":"2.0","id":', request_id, b',"result":{', *members, b"}}"))


def error(problem: RpcError, request_id: bytes) -> bytes:
    """A response that reports an error; without an id if none could be read."""
    fields: dict[str, object] = {"code": problem.code, "message": problem.message}
    if problem.data is not None:
        fields["data"] = problem.data
    head = b'"id":%b,' % request_id if request_id else b""
    return b'{"jsonrpc":"2.0",%b"error":%b}' % (head, encode(fields))


def notification(method: str, params: object) -> bytes:
    """A notification to the client."""
    return encode({"jsonrpc": "2.0", "method": method, "params": params})


def request(request_id: str, method: str, params: object) -> bytes:
    """A request to the client (legacy era only)."""
    return encode({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})


def on_one_line(document: bytes) -> bytes:
    """A JSON document without the line breaks and tabs between its tokens.

    Inside of strings JSON has them escaped only.
    """
    if any(sign in document for sign in _BREAKS):
        return document.translate(None, b"".join(_BREAKS))
    return document


def escaped(document: bytes) -> bytes:
    """A JSON document on one line as the inside of a JSON string.

    By then nothing but quotes and backslashes has to be escaped, and two passes over the bytes
    cost a fraction of what decoding and encoding megabytes of Cyrillic does.
    """
    return document.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def members(fields: Mapping[str, object]) -> bytes:
    """The members of an object, for `result`."""
    return encode(fields)[1:-1]


def _read_id(raw: bytes) -> bytes:
    if not raw or is_text(raw) or raw.removeprefix(b"-").isdigit():
        return raw
    raise RpcError(INVALID_REQUEST, "id must be a string or an integer")


def _read_method(raw: bytes, request_id: bytes) -> str:
    if not is_text(raw):
        raise RpcError(INVALID_REQUEST, "method must be a string", request_id=request_id)
    return _read_text(raw)


def _not_json(error: Exception) -> str:
    reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return f"the body is not JSON in UTF-8: {reason}"
