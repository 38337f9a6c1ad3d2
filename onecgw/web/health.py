"""GET /livez and /health: the process answers. GET /readyz: calls can be answered."""

from http import HTTPStatus

import msgspec
from quart import Blueprint
from quart import Response as QuartResponse

from onecgw.web.asgi import Response, json_response
from onecgw.web.quart_errors import to_quart
from onecgw.web.readiness import CheckReadiness, Readiness


async def always_ready() -> Readiness:
    """The readiness of a gateway that depends on nothing."""
    return Readiness()


def make_health_blueprint(check_readiness: CheckReadiness) -> Blueprint:
    """The routes for load balancers and administrators."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/livez")  # the name that Kubernetes and others expect
    @blueprint.get("/health")
    async def health() -> QuartResponse:
        return QuartResponse('{"status":"ok"}', content_type="application/json")

    @blueprint.get("/readyz")
    async def ready() -> QuartResponse:
        return to_quart(readiness_response(await check_readiness()))

    return blueprint


def readiness_response(readiness: Readiness) -> Response:
    """200 if calls can be answered, else 503; the reasons are in the log, not here."""
    is_ready = readiness.is_writable
    body: dict[str, object] = {
        "status": "ok" if is_ready else "unavailable",
        "database": "ok" if readiness.is_writable else "not writable",
    }
    if (onec := readiness.onec) is not None:
        last_success_at = onec.last_success_at
        body["onec"] = {
            "breaker": str(onec.breaker),
            "in_flight": onec.in_flight,
            "waiting": onec.waiting,
            "last_success_at": last_success_at and last_success_at.isoformat(timespec="seconds"),
        }
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return json_response(status, msgspec.json.encode(body))
