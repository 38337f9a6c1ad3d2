"""An error → the JSON body and headers of an HTTP answer: one table for every REST surface."""

import json
from typing import Any

import msgspec

from onecgw.errors import (
    MethodNotAllowed,
    MisplacedToken,
    OnecError,
    OnecgwError,
    Unauthorized,
    ValidationFailed,
)
from onecgw.text import well_formed_json
from onecgw.web.asgi import Response, json_response


def problem_response(error: OnecgwError, *, request_id: str) -> Response:
    """The answer that tells a REST caller what went wrong."""
    body: dict[str, Any] = {"error": error.code, "message": error.message}
    headers = [(b"x-request-id", request_id.encode("ascii"))]
    match error:
        case OnecError():
            # `onec_error` is what the service before this one said; the class stands beside it.
            body = {"error": OnecError.code, "code": error.code, "message": error.message}
        case ValidationFailed():
            body["message"] = "the arguments are not valid"
            body["problems"] = [
                {"path": problem.path, "message": problem.message} for problem in error.problems
            ]
        case Unauthorized() | MisplacedToken():
            headers.append((b"www-authenticate", error.challenge.encode("ascii")))
        case MethodNotAllowed():
            headers.append((b"allow", ", ".join(error.allowed).encode("ascii")))
    if error.retry_after_seconds is not None:
        headers.append((b"retry-after", str(error.retry_after_seconds).encode("ascii")))
    body["request_id"] = request_id
    return json_response(error.http_status, _encoded(body), headers=headers)


def _encoded(body: dict[str, Any]) -> bytes:
    """The body as JSON, whatever its texts hold: an error must reach the caller."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return well_formed_json(json.dumps(body).encode("ascii"))
