"""The same tool call in other stacks; runs in the environment of the extra `bench`, without onecgw.

Each checks the token and the arguments, calls 1C and passes its answer on; none has an audit, a
queue, a breaker or a deadline.
"""

import hashlib
import logging
import socket
import sys
from typing import Annotated, Any, Final

TOKEN: Final = "peer-token-0123456789abcdef"
_CALLERS: Final = {hashlib.sha256(TOKEN.encode()).hexdigest(): "bench"}


def _is_known(authorization: str) -> bool:
    token = authorization.removeprefix("Bearer ")
    return hashlib.sha256(token.encode()).hexdigest() in _CALLERS


def _client(onec_url: str) -> Any:
    import httpx2

    limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=1000)
    return httpx2.AsyncClient(base_url=onec_url, limits=limits, timeout=60)


def _authenticated(app: Any) -> Any:
    async def check(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            authorization = dict(scope["headers"]).get(b"authorization", b"").decode()
            if not _is_known(authorization):
                await send({"type": "http.response.start", "status": 401, "headers": []})
                await send({"type": "http.response.body"})
                return
        await app(scope, receive, send)

    return check


def mcp_app(onec_url: str, *, is_sdk: bool) -> Any:
    client = _client(onec_url)

    async def resolve_customer(query: str, limit: int = 10) -> dict[str, Any]:
        answer = await client.post("/resolve/customer", json={"query": query, "limit": limit})
        return answer.json()

    async def stock_balance(group_by: list[str]) -> dict[str, Any]:
        answer = await client.post("/reports/stock", json={"groupBy": group_by})
        return answer.json()

    if is_sdk:
        from mcp.server import MCPServer

        server: Any = MCPServer("bench")
        server.tool()(resolve_customer)
        server.tool()(stock_balance)
        return _authenticated(server.streamable_http_app(json_response=True, stateless_http=True))
    from fastmcp import FastMCP

    fast: Any = FastMCP("bench")
    fast.tool(resolve_customer)
    fast.tool(stock_balance)
    return _authenticated(fast.http_app(json_response=True, stateless_http=True))


def fastapi_app(onec_url: str) -> Any:
    from fastapi import Body, FastAPI, Header, HTTPException
    from pydantic import BaseModel, Field

    class Resolve(BaseModel):
        query: str = Field(min_length=1)
        limit: int = Field(default=10, ge=1, le=100)

    class Stock(BaseModel):
        group_by: list[str]

    client, app = _client(onec_url), FastAPI()

    def check(authorization: str) -> None:
        if not _is_known(authorization):
            raise HTTPException(401)

    @app.post("/resolve/customer")
    async def resolve(
        request: Annotated[Resolve, Body()],
        authorization: Annotated[str, Header()],
    ) -> Any:
        check(authorization)
        answer = await client.post("/resolve/customer", json=request.model_dump())
        return answer.json()

    @app.post("/reports/stock")
    async def stock(
        request: Annotated[Stock, Body()],
        authorization: Annotated[str, Header()],
    ) -> Any:
        check(authorization)
        return (await client.post("/reports/stock", json=request.model_dump())).json()

    return app


def starlette_app(onec_url: str) -> Any:
    import orjson
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    client = _client(onec_url)

    async def relay(request: Any) -> Any:
        if not _is_known(request.headers["authorization"]):
            return Response(status_code=401)
        arguments = orjson.loads(await request.body())
        answer = await client.post(request.url.path, content=orjson.dumps(arguments))
        body = orjson.dumps(orjson.loads(answer.content))
        return Response(body, media_type="application/json")

    return Starlette(
        routes=[
            Route(path, relay, methods=["POST"]) for path in ("/resolve/customer", "/reports/stock")
        ]
    )


def granian_app() -> Any:
    """The application that a worker of Granian makes."""
    import os

    return starlette_app(os.environ["BENCH_ONEC_URL"])


def main() -> None:
    what, onec_url = sys.argv[1:]
    logging.disable(logging.INFO)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    if what == "starlette":
        import os

        from granian import Granian

        os.environ["BENCH_ONEC_URL"] = onec_url
        server: Any = Granian(
            "tests.bench.peers:granian_app",
            factory=True,
            interface="asgi",
            address="127.0.0.1",
            port=port,
            loop="uvloop",
            log_enabled=False,
        )
        print(f"http://127.0.0.1:{port}", flush=True)
        server.serve()
        return
    import uvicorn

    app = fastapi_app(onec_url) if what == "fastapi" else mcp_app(onec_url, is_sdk=what == "sdk")

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            print(f"http://127.0.0.1:{port}", flush=True)

    Announcing(
        uvicorn.Config(
            app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="error"
        )
    ).run()


if __name__ == "__main__":
    main()
