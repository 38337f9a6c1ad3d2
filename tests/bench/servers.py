"""The gateway, and the echo that it is compared with; each prints its URL."""

import argparse
import socket
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs
import trio

from onecgw.app.serve import serve_gateway
from onecgw.app.serve_demo import DEMO_API_TOKEN, DEMO_MCP_TOKEN, demo_settings, with_oauth
from onecgw.auth.caller import ALL_SCOPES
from onecgw.mcp.validation import STATELESS_VERSION
from onecgw.oauth.secrets import open_secrets, pkce_challenge
from onecgw.oauth.storage.grants import insert_grant
from onecgw.oauth.storage.local_keys import add_key
from onecgw.oauth.storage.tokens import Code, insert_code
from onecgw.oauth.token_grants import CodeExchange, TokenLifetimes, exchange_code
from onecgw.observability.logging import set_up_logging
from onecgw.settings import ApiSettings, AuditSettings, DatabaseSettings, LimitsSettings, Secret
from onecgw.storage.database import Database
from tests.bench.load import Surface, json_body
from tests.builders.grant_records import GRANT, VERIFIER
from tests.builders.mcp_engine import stateless

OAUTH_TOKEN: Final = "ocg_at_" + "b" * 43
IN_FLIGHT_LIMIT: Final = 4_000
LIFETIMES: Final = TokenLifetimes(access=3600, refresh=86_400, grant=86_400)


def resolve_arguments(number: int) -> dict[str, Any]:
    """A query that no other call sends: equal ones in flight would share an answer."""
    return {"query": f"Покупець {number}"}


def report_arguments(_number: int) -> dict[str, Any]:
    return {"group_by": ["product"], "top": 5000}


def rest_surface(path: str, make: Any, *, token: str = DEMO_API_TOKEN) -> Surface:
    return Surface(
        path=path,
        make_body=lambda number: json_body(make(number)),
        headers={"Authorization": f"Bearer {token}"},
    )


def mcp_surface(tool: str, make: Any, *, token: str = DEMO_MCP_TOKEN) -> Surface:
    """The stateless era."""
    return Surface(
        path="/mcp",
        make_body=lambda number: json_body(
            stateless("tools/call", request_id=number, name=tool, arguments=make(number))
        ),
        headers={
            "Authorization": f"Bearer {token}",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": STATELESS_VERSION,
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        },
        marker=b'"structuredContent"',
    )


def session_surface(port: int, token: str = DEMO_MCP_TOKEN) -> Surface:
    """The handshake era, with a session that is opened here."""
    import httpx

    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
    }
    params = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    }
    hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
    answer = httpx.post(f"http://127.0.0.1:{port}/mcp", json=hello, headers=headers)
    session = answer.raise_for_status().headers["mcp-session-id"]

    def make_body(number: int) -> bytes:
        call = {"name": "resolve_customer", "arguments": resolve_arguments(number)}
        message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call}
        return json_body(message)

    del headers["Content-Type"]
    return Surface(
        path="/mcp",
        make_body=make_body,
        headers={**headers, "Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-06-18"},
        marker=b'"structuredContent"',
    )


async def bare_echo(scope: Any, receive: Any, send: Any) -> None:
    """The least that an ASGI application can do with a request; none of our code."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def serve_echo() -> None:
    """Serve the echo on stock Hypercorn's Trio worker."""
    import hypercorn.trio
    from hypercorn.config import Config

    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.accesslog = config.errorlog = None
    served: Any = bare_echo
    await hypercorn.trio.serve(served, config, mode="asgi")


def fill_login(store: Database, settings: Any) -> None:
    """Make a login whose access token is OAUTH_TOKEN."""
    oauth_secrets, now = open_secrets(settings.secrets_path), int(time.time())

    def transition(db: sqlite3.Connection) -> None:
        account, key = add_key(db, oauth_secrets, name="B", scopes=frozenset(ALL_SCOPES), now=now)
        grant = attrs.evolve(
            GRANT,
            sub=account.sub,
            resource=settings.resource,
            key_hash=oauth_secrets.hash(key, "key"),
            key_ciphertext=oauth_secrets.encrypt(key, purpose=f"grant {GRANT.id}"),
            expires_at=now + 60,
            verified_at=now,
        )
        insert_grant(db, grant, created_at=now)
        code = Code(
            hash=b"code",
            grant_id=grant.id,
            redirect_uri="http://127.0.0.1/cb",
            challenge=pkce_challenge(VERIFIER),
            expires_at=now + 60,
        )
        insert_code(db, code)
        exchange = CodeExchange(
            code_hash=b"code",
            client_id=grant.client_id,
            redirect_uri=None,
            resource=None,
            verifier=VERIFIER,
            access_hash=oauth_secrets.hash(OAUTH_TOKEN, "access token"),
            refresh_hash=b"refresh",
        )
        exchange_code(db, exchange, LIFETIMES, now=now)

    store.write_here(transition)


async def serve(options: argparse.Namespace) -> None:
    """Serve the gateway as it is run for good: with its database, audit, queue and breaker."""
    set_up_logging(level="info", log_format=options.log_format)
    settings = demo_settings(base_url=options.onec, port=0, password="bench-password")
    if options.oauth:
        settings = with_oauth(settings, options.folder)
        settings = attrs.evolve(settings, oauth=attrs.evolve(settings.oauth, keys="local"))
        database = Database(settings.database.path)
        fill_login(database, settings)
        database.close()
    limits = LimitsSettings(
        calls_per_minute=0, max_result_bytes=16 * 2**20, default_rows=5000, max_rows=100_000
    )
    onec = attrs.evolve(
        settings.onec,
        max_concurrency=options.max_concurrency,
        max_queue=10_000,
        timeout_ms=60_000,
        report_timeout_ms=60_000,
    )
    settings = attrs.evolve(
        settings,
        limits=limits,
        onec=onec,
        # As behind a proxy: one address alone may not open so many connections at once.
        server=attrs.evolve(
            settings.server, max_connections=IN_FLIGHT_LIMIT, trusted_proxies=("127.0.0.1",)
        ),
        database=DatabaseSettings(path=options.folder / "onecgw.db"),
        audit=AuditSettings(on_failure=options.on_failure),
        api=ApiSettings(bearer_token=Secret(DEMO_API_TOKEN), scopes=ALL_SCOPES),
    )
    await serve_gateway(settings, announce=partial(print, flush=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("echo", "gateway"))
    parser.add_argument("onec", nargs="?", default="")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--oauth", action="store_true")
    parser.add_argument("--on-failure", default="deny")
    parser.add_argument("--log-format", default="json")
    parser.add_argument("--max-concurrency", type=int, default=2_000)
    options = parser.parse_args()
    trio.run(serve_echo) if options.what == "echo" else trio.run(serve, options)


if __name__ == "__main__":
    main()
