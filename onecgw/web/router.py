"""The first ASGI application: Host and Origin checks, CORS, and the way to each endpoint."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping

import attrs

from onecgw.web.asgi import (
    Message,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    new_request_id,
    read_head,
    send_response,
)
from onecgw.web.host_policy import HostPolicy
from onecgw.web.problems import Header, error_response

log = logging.getLogger(__name__)

AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

LOGGED_CHARACTERS = 100
# Host names, addresses and origins; no label is as long as a token or key.
_LABEL = r"[A-Za-z0-9-]{1,24}"
_HOSTS = re.compile(rf"([a-z]+://)?({_LABEL}(\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
PREFLIGHT_SECONDS = b"600"
EXPOSED_HEADERS = b"mcp-session-id, mcp-protocol-version, www-authenticate, x-request-id"


@attrs.frozen(kw_only=True)
class Router:
    """Checks Host on every path and Origin on most, and calls the endpoint of the path.

    endpoints: by path; they bypass Quart, which would cost as much as the rest of the call.
    fallback: all other paths; it is Quart.
    public_paths: path → its methods; pages of any origin may call them. Nothing there depends on
        cookies.
    login_paths: the pages of a login. They check Origin themselves, to refuse on a page, and no
        script of another origin may read them.
    """

    hosts: HostPolicy
    endpoints: Mapping[str, AsgiApp]
    fallback: AsgiApp
    public_paths: Mapping[str, str] = attrs.field(factory=dict)
    login_paths: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection scope."""
        if scope["type"] != "http":
            await self.fallback(scope, receive, send)
            return
        request, path = read_head(scope), scope["path"]
        origin = request.value("origin")
        public_methods = self.public_paths.get(path)
        checks_origin = public_methods is None and path not in self.login_paths
        if refusal := self._refusal(request, origin if checks_origin else None):
            await send_response(send, refusal)
            return
        if public_methods is not None:
            cors = _cors_headers("*")
        elif checks_origin and origin is not None:
            cors = _cors_headers(origin)
        else:
            cors = ()
        if request.method == "OPTIONS" and (
            public_methods is not None
            or (cors and request.value("access-control-request-method") is not None)
        ):
            await send_response(send, _preflight(request, cors, public_methods))
            return
        if cors:
            send = _with_headers(send, cors)
        await self.endpoints.get(path, self.fallback)(scope, receive, send)

    def _refusal(self, request: Request, origin: str | None) -> Response | None:
        """The response to a request that is not for the gateway. origin: None = not checked."""
        if not self.hosts.allows_host(request.values("host")):
            message = "the gateway does not go by this Host; see server.allowed_hosts"
            return _refuse(421, "misdirected_request", message, ", ".join(request.values("host")))
        if origin is not None and not self.hosts.allows_origin(origin):
            message = "pages of this Origin may not call the gateway; see server.allowed_origins"
            return _refuse(403, "forbidden_origin", message, origin)
        return None


def _refuse(status: int, code: str, message: str, value: str) -> Response:
    request_id = new_request_id()
    # A Host that is none may be a credential in the wrong place.
    shown = value[:LOGGED_CHARACTERS] if _HOSTS.fullmatch(value) else "not readable"
    fields = {"request_id": request_id, "reason": code, "value": shown}
    log.warning("router.refused", extra={"fields": fields, "is_anonymous": True})
    return error_response(status, code, request_id=request_id, message=message)


def _cors_headers(origin: str) -> tuple[Header, ...]:
    allowed = (b"access-control-allow-origin", origin.encode("latin-1"))
    if origin == "*":
        return (allowed,)
    return (allowed, (b"access-control-expose-headers", EXPOSED_HEADERS), (b"vary", b"origin"))


def _preflight(request: Request, cors: tuple[Header, ...], public_methods: str | None) -> Response:
    methods = public_methods or "POST, GET"
    headers = request.value("access-control-request-headers")
    if headers is None:
        headers = "content-type" if public_methods else ""
    return Response(
        status=204,
        headers=(
            *(header for header in cors if header[0] != b"access-control-expose-headers"),
            (b"access-control-allow-methods", methods.encode("ascii")),
            (b"access-control-allow-headers", headers.encode("latin-1")),
            (b"access-control-max-age", PREFLIGHT_SECONDS),
        ),
    )


def _with_headers(send: Send, headers: tuple[Header, ...]) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return send_with_headers
