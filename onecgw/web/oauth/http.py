"""The common shape of the OAuth endpoints: one request read whole, errors as their RFCs say."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import attrs
import msgspec

from onecgw.errors import (
    InvalidRequest,
    MethodNotAllowed,
    OnecgwError,
    PayloadTooLarge,
    RateLimited,
)
from onecgw.oauth.context import Origin
from onecgw.oauth.oauth_error import (
    INVALID_CLIENT,
    INVALID_REQUEST,
    TEMPORARILY_UNAVAILABLE,
    OauthProblem,
)
from onecgw.web.asgi import (
    ClientGone,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    json_response,
    new_request_id,
    read_body,
    read_head,
    send_response,
)
from onecgw.web.bearer import names_token
from onecgw.web.client_ip import ClientAddresses

log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 16 * 1024
# RFC 6749, 5.1: MUST include no-store where there are tokens.
NO_STORE: Final = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
_OPEN: Final = ((b"access-control-allow-origin", b"*"),)


@attrs.frozen(kw_only=True)
class Visit:
    """A request that was read whole."""

    request: Request
    query: bytes
    body: bytes
    origin: Origin


Handler = Callable[[Visit], Awaitable[Response]]


@attrs.frozen(kw_only=True)
class Door:
    """One endpoint of OAuth as an ASGI application.

    handlers: by method. is_open: whether pages of any origin may call it; nothing there depends
    on cookies. addresses: who is calling.
    """

    handlers: dict[str, Handler]
    addresses: ClientAddresses
    is_open: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = read_head(scope)
        origin = Origin(request_id=new_request_id(), ip=self.addresses.of(request))
        try:
            response = await self._respond(scope, receive, request, origin)
        except ClientGone:
            return
        except OauthProblem as problem:
            response = problem_answer(problem)
        except OnecgwError as error:
            response = _error_answer(error)
        except Exception:  # the outermost border: a defect of ours ends one request, not more
            log.exception("oauth.defect", extra={"fields": {"request_id": origin.request_id}})
            response = json_answer(500, {"error": "server_error"}, headers=NO_STORE)
        headers = [*response.headers, (b"x-request-id", origin.request_id.encode("ascii"))]
        if self.is_open:
            headers.extend(_OPEN)
        await send_response(send, attrs.evolve(response, headers=tuple(headers)))

    async def _respond(
        self, scope: Scope, receive: Receive, request: Request, origin: Origin
    ) -> Response:
        if request.method == "OPTIONS" and self.is_open:
            return self._preflight(request)
        handler = self.handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            raise MethodNotAllowed(*self.handlers)
        body = await read_body(receive, max_bytes=MAX_BODY_BYTES)
        visit = Visit(request=request, query=scope["query_string"], body=body, origin=origin)
        return await handler(visit)

    def _preflight(self, request: Request) -> Response:
        asked = request.value("access-control-request-headers") or "content-type"
        methods = ", ".join((*self.handlers, "OPTIONS"))
        return Response(
            status=204,
            headers=(
                (b"access-control-allow-methods", methods.encode("ascii")),
                (b"access-control-allow-headers", asked.encode("latin-1")),
                (b"access-control-max-age", b"600"),
            ),
        )


def json_answer(
    status: int, body: object, *, headers: Iterable[tuple[bytes, bytes]] = ()
) -> Response:
    """An answer in JSON."""
    return json_response(status, msgspec.json.encode(body), headers=headers)


def problem_answer(problem: OauthProblem) -> Response:
    """An error of OAuth as JSON."""
    headers = list(NO_STORE)
    if problem.error == INVALID_CLIENT:
        # RFC 6749, 5.2: MUST include WWW-Authenticate where the client used it; it never hurts.
        headers.append((b"www-authenticate", b'Basic realm="onecgw"'))
    body = {"error": problem.error, "error_description": problem.description}
    return json_answer(problem.status, body, headers=headers)


def refuse_tokens(query: bytes) -> None:
    """Refuse a token in the address: it stands in histories and logs.

    Raises:
        OauthProblem: there is one.
    """
    if names_token(query):
        raise OauthProblem(INVALID_REQUEST, "tokens do not belong into the address")


def _error_answer(error: OnecgwError) -> Response:
    """A failure that has no name in OAuth, worded so that its clients understand it."""
    headers = list(NO_STORE)
    name = INVALID_REQUEST
    match error:
        case MethodNotAllowed():
            headers.append((b"allow", ", ".join(error.allowed).encode("ascii")))
        case RateLimited():
            name = "slow_down"
        case PayloadTooLarge() | InvalidRequest():
            pass
        case _:
            name = TEMPORARILY_UNAVAILABLE
    if error.retry_after_seconds is not None:
        headers.append((b"retry-after", str(error.retry_after_seconds).encode("ascii")))
    body = {"error": name, "error_description": error.message}
    return json_answer(error.http_status, body, headers=headers)
