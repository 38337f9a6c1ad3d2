"""The engine with the fixtures of the conformance suite on a socket.

python -m tests.conformance.server --port 8090 [--token T]
"""

import argparse
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import trio

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.mcp.engine import Engine
from onecgw.mcp.subscriptions import Subscriptions
from onecgw.serving import serve_app
from onecgw.settings import Secret, ServerSettings
from onecgw.web.asgi import Receive, Request, Scope, Send
from onecgw.web.bearer import StaticBearer
from onecgw.web.client_ip import ClientAddresses
from onecgw.web.host_policy import make_host_policy
from onecgw.web.router import Router
from tests.builders.mcp_engine import make_endpoint
from tests.conformance.fixtures import make_fixtures

HOST = "127.0.0.1"
TESTER = Caller(sub="tester", scopes=frozenset(ALL_SCOPES))


async def _nothing_else(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("only /mcp is mounted")


def make_app(engine: Engine, *, token: str | None) -> Router:
    """The fixtures at /mcp behind the guard that production has."""

    async def admit_anyone(_request: Request, _request_id: str) -> Caller:
        return TESTER

    authenticate = (
        StaticBearer(Secret(token), TESTER, ClientAddresses(())) if token else admit_anyone
    )
    endpoint = make_endpoint(engine, authenticate=authenticate)
    return Router(
        hosts=make_host_policy(ServerSettings(host=HOST)),
        endpoints={"/mcp": endpoint, "/mcp/": endpoint},
        fallback=_nothing_else,
    )


async def serve_fixtures(port: int, *, token: str | None, announce: Callable[[str], None]) -> None:
    """Serve until cancelled; announce gets the URL of the endpoint."""
    subscriptions = Subscriptions()
    app = make_app(Engine(make_fixtures(subscriptions), subscriptions=subscriptions), token=token)
    await serve_app(
        app, host=HOST, port=port, grace_seconds=1, announce=lambda url: announce(f"{url}/mcp")
    )


@asynccontextmanager
async def running_fixtures(*, token: str | None = None) -> AsyncIterator[str]:
    """The fixtures on a free port; yields the URL of the endpoint."""
    url: list[str] = []
    listening = trio.Event()

    def announce(said: str) -> None:
        url.append(said)
        listening.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(serve_fixtures, 0, token=token, announce=announce))
        await listening.wait()
        yield url[0]
        nursery.cancel_scope.cancel()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token")
    options = parser.parse_args()
    show = partial(print, flush=True)  # the program that started this one waits for the line
    trio.run(partial(serve_fixtures, options.port, token=options.token, announce=show))


if __name__ == "__main__":
    main()
