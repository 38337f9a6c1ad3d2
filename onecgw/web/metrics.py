"""GET /metrics: what the gateway counts, for Prometheus."""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Final

from quart import Blueprint, Response, request

from onecgw.errors import Unauthorized
from onecgw.settings import Secret
from onecgw.web.asgi import Request, read_head
from onecgw.web.bearer import BAD_TOKEN, bearer_token

PATH: Final = "/metrics"
RenderMetrics = Callable[[], Awaitable[bytes]]
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
# A proxy on this computer also connects from the loopback, for clients anywhere.
_PROXY_HEADERS: Final = ("x-forwarded-for", "forwarded", "x-real-ip", "via")


def make_metrics_blueprint(render: RenderMetrics, token: Secret | None) -> Blueprint:
    """The route of the metrics.

    Args:
        render: returns them in Prometheus's text format.
        token: of `metrics.bearer_token`; None: only this computer may read them.
    """
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get(PATH, provide_automatic_options=False)
    async def metrics() -> Response:
        require_access(read_head(dict(request.scope)), token)
        return Response(await render(), content_type=CONTENT_TYPE)

    return blueprint


def require_access(head: Request, token: Secret | None) -> None:
    """Check that a request comes directly from this computer, or has the token.

    Raises:
        Unauthorized: neither.
    """
    if _is_local(head):
        return
    if token is None:
        message = "only this computer may read the metrics; set metrics.bearer_token"
        raise Unauthorized(message, challenge=BAD_TOKEN)
    if not hmac.compare_digest(bearer_token(head), token.value.encode("utf-8")):
        raise Unauthorized("the bearer token is not that of the metrics", challenge=BAD_TOKEN)


def _is_local(head: Request) -> bool:
    if any(head.value(name) is not None for name in _PROXY_HEADERS):
        return False
    try:
        return ipaddress.ip_address(head.peer).is_loopback
    except ValueError:  # a socket without an address
        return False
