"""GET /readyz: whether calls can be answered, for load balancers and administrators."""

from http import HTTPStatus

import attrs
import msgspec

from onecgw.backends.base import BackendState
from onecgw.web.asgi import Response, json_response


@attrs.frozen(kw_only=True)
class Readiness:
    """What stands between a call and its answer.

    is_writable: the database; True where nothing is kept. onec: None where it is not known.
    A 1C that is down does not make the gateway unready: it answers, with an error that says so.
    """

    is_writable: bool = True
    onec: BackendState | None = None


def readiness_response(readiness: Readiness) -> Response:
    """200 if calls can be answered, else 503; reasons stand in the log, not here."""
    is_ready = readiness.is_writable
    body: dict[str, object] = {
        "status": "ok" if is_ready else "unavailable",
        "database": "ok" if readiness.is_writable else "not writable",
    }
    if (onec := readiness.onec) is not None:
        seen = onec.last_success_at
        body["onec"] = {
            "breaker": str(onec.breaker),
            "in_flight": onec.in_flight,
            "waiting": onec.waiting,
            "last_success_at": seen.isoformat(timespec="seconds") if seen else None,
        }
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return json_response(status, msgspec.json.encode(body))
