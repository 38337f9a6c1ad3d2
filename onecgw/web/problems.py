"""Error responses: every JSON body that says what went wrong."""

from collections.abc import Iterable
from typing import Any, Final

from onecgw.errors import (
    InvalidRequest,
    MethodNotAllowed,
    MisplacedToken,
    OnecError,
    OnecgwError,
    PayloadTooLarge,
    RateLimited,
    Unauthorized,
    ValidationFailed,
)
from onecgw.mcp.jsonrpc import encode
from onecgw.oauth.oauth_error import OAuthError
from onecgw.web.asgi import Response, json_response

Header = tuple[bytes, bytes]

NO_STORE: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
)


def problem_response(error: OnecgwError, *, request_id: str) -> Response:
    """The response of the REST routes and of /mcp to an error."""
    members: dict[str, Any] = {"message": str(error.message)}
    headers = [(b"x-request-id", request_id.encode("ascii")), *_headers_of(error)]
    code = error.code
    match error:
        case OnecError():
            # The service before this one answered `onec_error`; the class stands in `code`.
            code, members = OnecError.code, {"code": error.code, "message": str(error.message)}
        case ValidationFailed():
            members["message"] = str(error.summary)
            members["problems"] = [
                {"path": problem.path, "message": str(problem.message)}
                for problem in error.problems
            ]
        case Unauthorized() | MisplacedToken():
            headers.append((b"www-authenticate", error.challenge.encode("ascii")))
    return error_response(
        error.http_status, code, request_id=request_id, headers=headers, **members
    )


def error_response(
    status: int,
    error: str,
    *,
    request_id: str,
    headers: Iterable[Header] = (),
    **members: object,
) -> Response:
    """An error that has no class of its own, such as an unknown path or a foreign Host."""
    body = {"error": error, **members, "request_id": request_id}
    return json_response(status, encode(body), headers=headers)


def oauth_error_response(error: OAuthError | OnecgwError, *, request_id: str) -> Response:
    """The response of an OAuth endpoint to an error. Source: RFC 6749, 5.2."""
    headers = [(b"x-request-id", request_id.encode("ascii")), *NO_STORE]
    code: str
    if isinstance(error, OAuthError):
        status, code, description = error.status, error.error, error.description
        if code == "invalid_client":
            # RFC 6749, 5.2: MUST be sent if the client used the Authorization header.
            headers.append((b"www-authenticate", b'Basic realm="onecgw"'))
    else:
        status, code, description = error.http_status, _oauth_code(error), str(error.message)
        headers.extend(_headers_of(error))
    body = {"error": code, "error_description": description}
    return json_response(status, encode(body), headers=headers)


def _oauth_code(error: OnecgwError) -> str:
    match error:
        case RateLimited():
            return "slow_down"
        case MethodNotAllowed() | PayloadTooLarge() | InvalidRequest():
            return "invalid_request"
        case _:
            return "temporarily_unavailable"


def _headers_of(error: OnecgwError) -> list[Header]:
    headers = []
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", ", ".join(error.allowed).encode("ascii")))
    if error.retry_after_seconds is not None:
        headers.append((b"retry-after", str(error.retry_after_seconds).encode("ascii")))
    return headers
