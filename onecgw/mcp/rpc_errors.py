"""What went wrong, as JSON-RPC says it: the codes, and one table from our errors to them."""

from typing import Final

from onecgw.errors import NotFound, OnecgwError, ValidationFailed

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
# Source: MCP 2026-07-28, basic, "Error Codes".
HEADER_MISMATCH: Final = -32020
MISSING_CLIENT_CAPABILITY: Final = -32021
UNSUPPORTED_VERSION: Final = -32022
# The code that the official SDKs use for it; the specification only fixes HTTP 404.
SESSION_NOT_FOUND: Final = -32001
# Up to 2025-11-25; since then an unknown resource is INVALID_PARAMS.
LEGACY_RESOURCE_NOT_FOUND: Final = -32002


class RpcError(Exception):
    """A request that is answered with a JSON-RPC error.

    data: further facts, as JSON values; None for none.
    request_id: the id to echo, as it was sent; b"" if it could not be read.
    """

    def __init__(
        self, code: int, message: str, *, data: object = None, request_id: bytes = b""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.request_id = request_id


class ClientLacks(RpcError):
    """The call needs something that the client did not declare: elicitation, sampling or roots."""

    def __init__(self, *capabilities: str) -> None:
        super().__init__(
            MISSING_CLIENT_CAPABILITY,
            f"the client does not offer what this call needs: {', '.join(capabilities)}",
            data={"requiredCapabilities": {capability: {} for capability in capabilities}},
        )


class ScopeRequired(RpcError):
    """The person could allow the call, but has not; a client may ask for it.

    required: the scopes that the call needs, all of them.
    """

    def __init__(self, message: str, required: frozenset[str]) -> None:
        super().__init__(INVALID_REQUEST, message)
        self.required = required


class StreamRequired(RpcError):
    """The answer is a stream, and the client does not accept one."""

    def __init__(self) -> None:
        super().__init__(INVALID_REQUEST, "this method answers with text/event-stream only")


def rpc_error(error: OnecgwError) -> RpcError:
    """How a failure of a prompt, a resource or a completion is answered.

    A tool's failure is a result that the model can read: `tool_error_text`.
    """
    if isinstance(error, NotFound | ValidationFailed):
        return RpcError(INVALID_PARAMS, error.message)
    return RpcError(INTERNAL_ERROR, tool_error_text(error))


def tool_error_text(error: OnecgwError) -> str:
    """The text of a tool result that reports a failure: the stable code, then what to do."""
    wait = error.retry_after_seconds
    tail = f" (try again in {wait} s)" if wait is not None else ""
    return f"{error.code}: {error.message}{tail}"
