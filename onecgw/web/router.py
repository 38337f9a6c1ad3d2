"""The first ASGI room: guards every request, sends it to its endpoint, lets Quart have the rest."""

import logging
from collections.abc import Awaitable, Callable, Mapping

import attrs
import msgspec

from onecgw.web.asgi import (
    Message,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    json_response,
    new_request_id,
    read_head,
    send_response,
)
from onecgw.web.host_policy import HostPolicy

log = logging.getLogger(__name__)

Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]

SHOWN_CHARACTERS = 100
PREFLIGHT_SECONDS = b"600"
EXPOSED_HEADERS = b"mcp-session-id, mcp-protocol-version, www-authenticate, x-request-id"


@attrs.frozen(kw_only=True)
class Front:
    """Host and Origin checks on every path, CORS for allowed origins, and the machine surfaces.

    endpoints: path → what answers it, without Quart's machinery in between (which costs as much
        as the rest of the call). everything_else: Quart. unguarded: those that look at Origin
        themselves, be it to answer any or to tell a person, on a page, that it is a foreign one.
    """

    hosts: HostPolicy
    endpoints: Mapping[str, Endpoint]
    everything_else: Endpoint
    unguarded: Mapping[str, Endpoint] = attrs.field(factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection scope of ASGI."""
        if scope["type"] != "http":
            await self.everything_else(scope, receive, send)
            return
        request = read_head(scope)
        origin = request.value("origin")
        unguarded = self.unguarded.get(scope["path"])
        if refusal := self._refusal(request, None if unguarded else origin):
            await send_response(send, refusal)
            return
        if unguarded is not None:
            await unguarded(scope, receive, send)
            return
        if origin is not None:
            if request.method == "OPTIONS" and request.value("access-control-request-method"):
                await send_response(send, _preflight(request, origin))
                return
            send = _with_cors(send, origin)
        await self.endpoints.get(scope["path"], self.everything_else)(scope, receive, send)

    def _refusal(self, request: Request, origin: str | None) -> Response | None:
        if not self.hosts.allows_host(request):
            message = "the gateway does not go by this Host; see server.allowed_hosts"
            return _refused(421, "misdirected_request", message, ", ".join(request.values("host")))
        if origin is not None and not self.hosts.allows_origin(origin):
            message = "pages of this Origin may not call the gateway; see server.allowed_origins"
            return _refused(403, "forbidden_origin", message, origin)
        return None


def _refused(status: int, code: str, message: str, value: str) -> Response:
    request_id = new_request_id()
    fields = {"request_id": request_id, "reason": code, "value": value[:SHOWN_CHARACTERS]}
    log.warning("front.refused", extra={"fields": fields})
    body = {"error": code, "message": message, "request_id": request_id}
    return json_response(status, msgspec.json.encode(body))


def _preflight(request: Request, origin: str) -> Response:
    asked = request.value("access-control-request-headers") or ""
    return Response(
        status=204,
        headers=(
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-methods", b"POST, GET"),
            (b"access-control-allow-headers", asked.encode("latin-1")),
            (b"access-control-max-age", PREFLIGHT_SECONDS),
            (b"vary", b"origin"),
        ),
    )


def _with_cors(send: Send, origin: str) -> Send:
    async def send_with_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message["headers"],
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-expose-headers", EXPOSED_HEADERS),
                (b"vary", b"origin"),
            ]
        await send(message)

    return send_with_cors
