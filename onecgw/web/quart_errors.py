"""Errors of Quart's routes → the gateway's error responses."""

import logging
from collections.abc import Container
from http import HTTPStatus
from typing import Final

from quart import Response as QuartResponse
from quart import g, request
from quart_trio import QuartTrio
from werkzeug import exceptions
from werkzeug.datastructures import Headers

from onecgw.errors import InvalidRequest, MethodNotAllowed, OnecgwError, PayloadTooLarge
from onecgw.oauth.oauth_error import OAuthError
from onecgw.web.asgi import FORM_SECONDS, Response, json_response, new_request_id
from onecgw.web.problems import NO_STORE, error_response, oauth_error_response, problem_response

log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 16 * 1024


def install_error_handlers(app: QuartTrio, oauth_paths: Container[str]) -> None:
    """Limit request bodies, and answer every error in JSON; at oauth_paths, that of RFC 6749."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["BODY_TIMEOUT"] = FORM_SECONDS

    @app.before_request
    async def set_request_id() -> None:
        g.request_id = new_request_id()

    @app.errorhandler(Exception)
    async def respond(error: Exception) -> QuartResponse:
        if request.path in oauth_paths:
            return to_quart(_oauth_response(_translate(error), g.request_id))
        return to_quart(_response(error, g.request_id))


def to_quart(response: Response) -> QuartResponse:
    """The same response as Quart's class."""
    headers = Headers(
        [(name.decode("ascii"), value.decode("latin-1")) for name, value in response.headers]
    )
    return QuartResponse(response.body, response.status, headers)


def _translate(error: Exception) -> Exception:
    """Quart's own errors as the gateway's, for the descriptions that OAuth demands."""
    match error:
        case exceptions.RequestEntityTooLarge():
            return PayloadTooLarge(f"the request body is larger than {MAX_BODY_BYTES} bytes")
        case exceptions.RequestTimeout():
            return InvalidRequest(f"the request body took longer than {FORM_SECONDS} s")
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed(*_declared_methods(error))
        case _:
            return error


def _oauth_response(error: Exception, request_id: str) -> Response:
    if isinstance(error, OAuthError | OnecgwError):
        return oauth_error_response(error, request_id=request_id)
    log.error("oauth.defect", exc_info=error, extra={"fields": {"request_id": request_id}})
    headers = ((b"x-request-id", request_id.encode("ascii")), *NO_STORE)
    return json_response(500, b'{"error":"server_error"}', headers=headers)


def _response(error: Exception, request_id: str) -> Response:
    if isinstance(error, OnecgwError):
        return problem_response(error, request_id=request_id)
    status, headers = HTTPStatus.INTERNAL_SERVER_ERROR, []
    if isinstance(error, exceptions.MethodNotAllowed):
        headers.append((b"allow", ", ".join(_declared_methods(error)).encode("ascii")))
    if isinstance(error, exceptions.HTTPException) and error.code is not None:
        status = HTTPStatus(error.code)
    else:
        log.error("app.defect", exc_info=error, extra={"fields": {"request_id": request_id}})
    code = status.phrase.lower().replace(" ", "_")
    return error_response(
        status, code, request_id=request_id, headers=headers, message=status.phrase
    )


def _declared_methods(error: exceptions.MethodNotAllowed) -> list[str]:
    """The methods of a route, without HEAD and OPTIONS, which Quart adds."""
    return sorted({*(error.valid_methods or ())} - {"HEAD", "OPTIONS"})
