"""JSON-RPC errors: the codes, the exceptions, and how OnecgwErrors become errors or texts."""

from typing import Final

from onecgw.errors import NotFound, OnecgwError, ValidationFailed
from onecgw.locales import Language
from onecgw.locales.text import in_language, join_texts, say

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
# Source: MCP 2026-07-28, basic, "Error Codes".
HEADER_MISMATCH: Final = -32020
MISSING_CLIENT_CAPABILITY: Final = -32021
UNSUPPORTED_VERSION: Final = -32022
# The code of the official SDKs; the specification fixes only the status, HTTP 404.
SESSION_NOT_FOUND: Final = -32001
# Up to 2025-11-25; in later revisions an unknown resource is INVALID_PARAMS.
RESOURCE_NOT_FOUND: Final = -32002


class RpcError(Exception):
    """The response to a request is a JSON-RPC error.

    data: the member `data` of the error; None = it has none.
    request_id: the id to echo, as it was sent; b"" = it could not be read.
    """

    def __init__(
        self, code: int, message: str, *, data: object = None, request_id: bytes = b""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = str(message)
        self.data = data
        self.request_id = request_id


class ClientLacks(RpcError):
    """The call needs a capability (elicitation, sampling, roots) the client does not declare."""

    def __init__(self, *capabilities: str) -> None:
        super().__init__(
            MISSING_CLIENT_CAPABILITY,
            f"the client does not offer what this call needs: {', '.join(capabilities)}",
            data={"requiredCapabilities": {capability: {} for capability in capabilities}},
        )


class ScopeRequired(RpcError):
    """The call needs scopes that the person may grant to the client but has not granted.

    required: every scope that the call needs.
    """

    def __init__(self, message: str, required: frozenset[str]) -> None:
        super().__init__(INVALID_REQUEST, message)
        self.required = required


class StreamRequired(RpcError):
    """The method answers with a stream, and the client does not accept one."""

    def __init__(self) -> None:
        super().__init__(INVALID_REQUEST, "this method answers with text/event-stream only")


def rpc_error(error: OnecgwError, language: Language) -> RpcError:
    """The JSON-RPC error for a failure of a prompt, a resource or a completion.

    The failure of a tool is a result that the model reads instead; see `tool_error_text`.
    """
    if isinstance(error, NotFound | ValidationFailed):
        return RpcError(INVALID_PARAMS, in_language(error.message, language))
    return RpcError(INTERNAL_ERROR, tool_error_text(error, language))


def tool_error_text(error: OnecgwError, language: Language) -> str:
    """The text of a tool result that reports a failure: the stable code, then the message."""
    language = error.language or language  # the call may have named another one
    wait = error.retry_after_seconds
    tail = say("errors.try_again", seconds=wait) if wait is not None else ""
    return f"{error.code}: {join_texts(' ', (error.message, tail)).in_language(language)}"
