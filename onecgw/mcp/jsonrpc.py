"""The JSON-RPC codec: ids are echoed byte for byte, large results are never decoded."""

import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeVar

import attrs
import msgspec

from onecgw.mcp.rpc_errors import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, RpcError
from onecgw.text import json_fault, well_formed_json

T = TypeVar("T")

MAX_BATCH: Final = 50  # messages in one body: each may be a report that 1C has to compute

_ABSENT: Final = msgspec.Raw(b"")
_EMPTY_ARRAY: Final = re.compile(rb"\[\s*\]")


@attrs.frozen(kw_only=True)
class Message:
    """One message of a client.

    request_id: as it was sent; b"" = a notification.
    method: "" = a response.
    params: the JSON object as it was sent; of a response the whole message; b"" = none.
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
_decoder: Final[Callable[[Any], msgspec.json.Decoder[Any]]] = functools.cache(msgspec.json.Decoder)


def encode(value: object) -> bytes:
    """A value as JSON in UTF-8; half a character in a text becomes U+FFFD."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return well_formed_json(json.dumps(value).encode("ascii"))


def read_batch(body: bytes) -> list[bytes]:
    """The messages of a batch; they are not decoded.

    Raises:
        RpcError: -32700, not JSON in UTF-8; -32600, an empty or too long batch.
    """
    try:
        _check_utf8(body)
        messages = [bytes(message) for message in _read_items(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_json(body, error) from error
    if not 0 < len(messages) <= MAX_BATCH:
        raise RpcError(INVALID_REQUEST, f"a batch holds 1 to {MAX_BATCH} messages")
    return messages


def read_message(raw: bytes) -> Message:
    """Read one message and check its shape.

    Raises:
        RpcError: -32700 or -32600, with the id if it could be read.
    """
    try:
        _check_utf8(raw)
        envelope = _read_envelope(raw)
    except msgspec.ValidationError as error:
        raise RpcError(INVALID_REQUEST, "a message is a JSON object") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_json(raw, error) from error
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
    """Read the parameters of a method as a value of the shape; absent ones are an empty object.

    Raises:
        RpcError: -32602, with the place and what was expected.
    """
    try:
        value: T = _decoder(shape).decode(params or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RpcError(INVALID_PARAMS, f"invalid params: {error}") from error
    return value


def result(request_id: bytes, *members: bytes) -> bytes:
    """A response whose result object has the members, given in pieces, as in `"a":1,"b":2`."""
    return b"".join((b'{"jsonrpc":"2.0","id":', request_id, b',"result":{', *members, b"}}"))


def error(problem: RpcError, request_id: bytes) -> bytes:
    """A response that reports an error; without the member id if none could be read."""
    fields: dict[str, object] = {"code": problem.code, "message": problem.message}
    if problem.data is not None:
        fields["data"] = problem.data
    head = b'"id":%b,' % request_id if request_id else b""
    return b'{"jsonrpc":"2.0",%b"error":%b}' % (head, encode(fields))


def notification(method: str, params: object) -> bytes:
    """A notification to the client."""
    return encode({"jsonrpc": "2.0", "method": method, "params": params})


def request(request_id: str, method: str, params: object) -> bytes:
    """A request to the client (handshake era only)."""
    return encode({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})


def members(fields: Mapping[str, object]) -> bytes:
    """The members of an object without its braces, for `result`."""
    return encode(fields)[1:-1]


def _check_utf8(body: bytes) -> None:
    """Check the encoding of the whole body: msgspec does not check values that it skips."""
    if not body.isascii():
        body.decode("utf-8")


def _read_id(raw: bytes) -> bytes:
    if not raw or raw[:1] == b'"' or raw.removeprefix(b"-").isdigit():
        return raw
    raise RpcError(INVALID_REQUEST, "id must be a string or an integer")


def _read_method(raw: bytes, request_id: bytes) -> str:
    if raw[:1] != b'"':
        raise RpcError(INVALID_REQUEST, "method must be a string", request_id=request_id)
    return _read_text(raw)


def _not_json(body: bytes, error: Exception) -> RpcError:
    return RpcError(PARSE_ERROR, f"the body is not JSON in UTF-8: {json_fault(body, error)}")
