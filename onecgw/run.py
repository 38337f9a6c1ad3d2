"""Lifetimes: what the gateway needs is opened here, served, and closed in order."""

import logging
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import trio

from onecgw.assistant import make_features
from onecgw.audit import log_audit
from onecgw.catalogue import Catalogue
from onecgw.demo.books import Books
from onecgw.demo.faults import FaultPlan
from onecgw.demo.server import serve_demo_onec
from onecgw.demo.service import build_demo_app
from onecgw.errors import ConfigError
from onecgw.gateway import Gateway
from onecgw.mcp.engine import Engine
from onecgw.onec.cache import AnswerCache
from onecgw.onec.client import OnecClient
from onecgw.serving import serve_app
from onecgw.settings import (
    ApiSettings,
    McpSettings,
    OauthSettings,
    OnecAuthSettings,
    OnecSettings,
    Secret,
    ServerSettings,
    Settings,
)
from onecgw.tools import ALL
from onecgw.web.app import build_app

log = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"
DEMO_MCP_TOKEN: Final = "demo-mcp-token"  # noqa: S105 - public on purpose, loopback only
DEMO_API_TOKEN: Final = "demo-api-token"  # noqa: S105 - the same
DEMO_PASSWORD: Final = "demo-onec-password"  # noqa: S105 - of a 1C that is alone on loopback
DEMO_LOGIN: Final = "Шлюз"  # Cyrillic logins are normal in 1C
DEMO_REPORT_TIMEOUT_MS: Final = 45_000
CACHE_MAX_ENTRIES: Final = 10_000
CACHE_MAX_BYTES: Final = 32 * 1024 * 1024


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """A gateway with its connections to 1C, closed at the end."""
    client = OnecClient(settings.onec, max_response_bytes=settings.limits.max_response_bytes)
    try:
        yield Gateway(
            catalogue=Catalogue(ALL, settings.limits),
            client=client,
            cache=_make_cache(settings.onec.resolve_cache_ttl_sec),
            balances=_make_cache(settings.onec.balance_cache_ttl_sec),
            onec=settings.onec,
            limits=settings.limits,
            audit=log_audit,
        )
    finally:
        await client.aclose()


def _make_cache(ttl_seconds: int) -> AnswerCache:
    return AnswerCache(
        ttl_seconds=ttl_seconds, max_entries=CACHE_MAX_ENTRIES, max_bytes=CACHE_MAX_BYTES
    )


async def serve_gateway(
    settings: Settings, *, announce: Callable[[str], None] = lambda _: None
) -> None:
    """Serve until SIGTERM or SIGINT; running calls may end, then everything is closed.

    Args:
        settings: the whole configuration.
        announce: told the URL as soon as connections are accepted.

    Raises:
        ConfigError: the address cannot be bound.
    """

    def started(url: str) -> None:
        log.info("serve.started", extra={"fields": {"url": url}})
        announce(url)

    async with open_gateway(settings) as gateway:
        await serve_app(
            build_app(settings, gateway, Engine(make_features(gateway))),
            host=settings.server.host,
            port=settings.server.port,
            grace_seconds=settings.shutdown_grace_seconds,
            wait_stop=wait_signal,
            announce=started,
        )
    log.info("serve.stopped")


async def serve_demo(
    books: Books, faults: FaultPlan | None, *, port: int, announce: Callable[[str], None]
) -> None:
    """Serve the gateway on loopback in front of a demo 1C on a socket of its own.

    Args:
        books: what the demo 1C answers from.
        faults: what goes wrong in it, None = nothing.
        port: of the gateway; 0 = a free one.
        announce: told the gateway's URL.

    Raises:
        ConfigError: the address cannot be bound.
    """
    password = secrets.token_urlsafe()
    app = build_demo_app(books, login=DEMO_LOGIN, password=password, faults=faults)
    async with trio.open_nursery() as nursery:
        base_url = await nursery.start(partial(serve_demo_onec, app, host=LOOPBACK, port=0))
        settings = demo_settings(base_url=base_url, port=port, password=password)
        await serve_gateway(settings, announce=announce)
        nursery.cancel_scope.cancel()


async def serve_demo_onec_alone(
    books: Books, faults: FaultPlan | None, *, port: int, announce: Callable[[str], None]
) -> None:
    """Serve only the demo 1C until SIGTERM or SIGINT.

    Args:
        books: what it answers from.
        faults: what goes wrong in it, None = nothing.
        port: on loopback; 0 = a free one.
        announce: told where it is and how to log in.

    Raises:
        ConfigError: the address cannot be bound.
    """
    app = build_demo_app(books, login=DEMO_LOGIN, password=DEMO_PASSWORD, faults=faults)
    async with trio.open_nursery() as nursery:
        try:
            serve = partial(serve_demo_onec, app, host=LOOPBACK, port=port)
            base_url = await nursery.start(serve)
        except OSError as error:
            raise ConfigError(f"cannot listen on {LOOPBACK} port {port}: {error}") from error
        announce(
            f"The demo 1C is up. onec.base_url: {base_url}\n"
            f"onec.auth.username: {DEMO_LOGIN}, onec.auth.password: {DEMO_PASSWORD}"
        )
        await wait_signal()
        nursery.cancel_scope.cancel()


def demo_settings(*, base_url: str, port: int, password: str) -> Settings:
    """The settings of the demo: everything open, on loopback, with static tokens."""
    return Settings(
        server=ServerSettings(host=LOOPBACK, port=port),
        onec=OnecSettings(
            base_url=base_url,
            report_timeout_ms=DEMO_REPORT_TIMEOUT_MS,
            auth=OnecAuthSettings(username=DEMO_LOGIN, password=Secret(password)),
        ),
        mcp=McpSettings(bearer_token=Secret(DEMO_MCP_TOKEN)),
        api=ApiSettings(bearer_token=Secret(DEMO_API_TOKEN)),
        oauth=OauthSettings(enabled=False),
    )


async def wait_signal() -> None:
    """Return when the process is told to stop."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("serve.stopping", extra={"fields": {"signal": signal.Signals(number).name}})
            return
