"""The HTTP service of the demo 1C: the whole contract over the books."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final

import attrs
import msgspec
import trio
from quart import Response, request
from quart_trio import QuartTrio

from onecgw.auth.caller import ALL_SCOPES, RESOLVE, SALES
from onecgw.demo.accounts import BY_KEY
from onecgw.demo.books import Books
from onecgw.demo.fault_middleware import FaultMiddleware
from onecgw.demo.fault_plan import FaultPlan
from onecgw.demo.fault_responses import FAULT_RESPONSES
from onecgw.demo.fixed_reports import FIXED_REPORTS
from onecgw.demo.report_answers import answer_report
from onecgw.demo.report_requests import Body, RequestError, Scopes, check_keys
from onecgw.demo.reports import TABULAR
from onecgw.demo.resolvers import RESOLVERS, answer_product_details, answer_resolver
from onecgw.demo.session_cookies import SessionCookies
from onecgw.demo.simulation.company import BASE_CURRENCY

# How many calls run at once, each in its thread with its own connection.
_MAX_THREADS: Final = 4
_MAX_REQUEST_BYTES: Final = 1024 * 1024
_JSON: Final = "application/json; charset=utf-8"

Answer = Callable[[Body, Scopes], dict[str, object]]


@attrs.frozen
class Endpoint:
    """One call of the contract."""

    path: str
    scope: str | None
    answer: Answer


def build_demo_app(
    books: Books, *, login: str, password: str, faults: FaultPlan | None = None
) -> QuartTrio:
    """The service as an ASGI application, under an empty base.

    Args:
        books: what it answers from.
        login: the technical user; basic authentication is checked on every call.
        password: likewise.
        faults: what goes wrong on its own; a call's X-Demo-Fault header wins over it.
    """
    app = QuartTrio("onecgw.demo")
    app.config["MAX_CONTENT_LENGTH"] = _MAX_REQUEST_BYTES
    limiter = trio.CapacityLimiter(_MAX_THREADS)
    sessions = SessionCookies()

    @app.before_request
    async def admit() -> Response | None:
        given = request.authorization
        if given is None or (given.username, given.password) != (login, password):
            return _fault_response("unauthorized")
        if sessions.expired(dict(request.cookies)):
            return _fault_response("session_expired")
        return None

    @app.after_request
    async def keep_session(response: Response) -> Response:
        directive = request.headers.get("IBSession")
        cookie = sessions.after_call(directive, dict(request.cookies))
        if cookie is not None:
            response.headers.add("Set-Cookie", cookie)
        return response

    for endpoint in endpoints(books):
        app.add_url_rule(
            endpoint.path,
            endpoint.path,
            partial(_serve, endpoint, limiter=limiter),
            methods=["POST"],
        )

    @app.get("/mcp/health")
    async def health() -> Response:
        return _reply(
            {
                "status": "ok",
                "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
                "base_currency": BASE_CURRENCY,
                "as_of": books.today.isoformat(),
                "firms": [firm.cell for firm in books.catalogues["firms"].items],
                "capabilities": {"profile": "demo"},
            }
        )

    @app.errorhandler(404)
    async def not_published(_: Exception) -> Response:
        return _fault_response("not_published")

    app.asgi_app = FaultMiddleware(app.asgi_app, faults)  # type: ignore[method-assign] # a layer around it
    return app


def endpoints(books: Books) -> list[Endpoint]:
    """Every call of the contract but health."""
    return [
        *(
            Endpoint(f"/mcp/resolve/{one.path}", one.scope, partial(answer_resolver, one, books))
            for one in RESOLVERS
        ),
        Endpoint("/mcp/resolve/product_details", RESOLVE, partial(answer_product_details, books)),
        *(
            Endpoint(f"/mcp/reports/{one.path}", one.scope, partial(answer_report, one, books))
            for one in TABULAR
        ),
        *(
            Endpoint(f"/mcp/reports/{path}", SALES, partial(answer, books))
            for path, answer in FIXED_REPORTS.items()
        ),
        Endpoint("/mcp/auth/verify", None, _verify),
    ]


async def _serve(endpoint: Endpoint, *, limiter: trio.CapacityLimiter) -> Response:
    try:
        scopes = _scopes(endpoint.scope, request.headers.get("X-MCP-Scopes"))
        body = _body(await request.get_data())
        found = await trio.to_thread.run_sync(endpoint.answer, body, scopes, limiter=limiter)
    except RequestError as refusal:
        error = {"error": refusal.code, "message": refusal.message}
        return _reply(error, refusal.status)
    return _reply(found)


def _scopes(needed: str | None, header: str | None) -> Scopes:
    """The caller's scopes; the service checks them again, whatever the gateway did."""
    if needed is None:
        return frozenset()
    if header is None:
        raise RequestError("forbidden", "the header X-MCP-Scopes is missing", status=403)
    scopes = frozenset(header.split(","))
    if needed not in scopes:
        raise RequestError("forbidden", f"this call needs the scope {needed}", status=403)
    return scopes.intersection(ALL_SCOPES)


def _body(raw: bytes | str) -> Body:
    try:
        body = json.loads(raw)
        # Lone surrogates pass the parser, but no answer could repeat them.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise RequestError(
            "invalid_json", "the body is not JSON in UTF-8, or nested too deep"
        ) from error
    if not isinstance(body, dict):
        raise RequestError("invalid_json", "the body is not a JSON object")
    return body


def _verify(body: Body, _: Scopes) -> dict[str, object]:
    """Whose key it is."""
    check_keys(body, ("key",))
    key = body.get("key")
    account = BY_KEY.get(key) if isinstance(key, str) else None
    if account is None:
        raise RequestError("invalid_key", "nobody has this key", status=403)
    return {"sub": account.sub, "name": account.name, "scopes": list(account.scopes)}


# Decimals leave as JSON numbers with exactly their digits.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def _reply(body: Mapping[str, object], status: int = 200) -> Response:
    return Response(_ENCODER.encode(body), status=status, content_type=_JSON)


def _fault_response(name: str) -> Response:
    found = FAULT_RESPONSES[name]
    response = Response(found.body, status=found.status, content_type=found.content_type)
    response.headers.extend(found.headers)
    return response
