"""Lifetimes: what the gateway needs is opened here, served, and closed in order."""

import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import trio

from onecgw.assistant import make_features
from onecgw.audit import log_audit
from onecgw.catalogue import Catalogue
from onecgw.gateway import Gateway
from onecgw.mcp.engine import Engine
from onecgw.onec.cache import AnswerCache
from onecgw.onec.client import OnecClient
from onecgw.serving import serve_app
from onecgw.settings import Settings
from onecgw.tools import ALL
from onecgw.web.app import build_app

log = logging.getLogger(__name__)

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
            cache=AnswerCache(
                ttl_seconds=settings.onec.resolve_cache_ttl_sec,
                max_entries=CACHE_MAX_ENTRIES,
                max_bytes=CACHE_MAX_BYTES,
            ),
            onec=settings.onec,
            limits=settings.limits,
            audit=log_audit,
        )
    finally:
        await client.aclose()


async def serve_gateway(
    settings: Settings,
    *,
    announce: Callable[[str], None],
    task_status: "trio.TaskStatus[str]" = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until SIGTERM or SIGINT; running calls may end, then everything is closed.

    Args:
        settings: the whole configuration.
        announce: told the URL as soon as connections are accepted.
        task_status: told the same.

    Raises:
        ConfigError: the address cannot be bound.
    """
    async with open_gateway(settings) as gateway, trio.open_nursery() as nursery:
        app = build_app(settings, gateway, Engine(make_features(gateway)))
        url = await nursery.start(
            partial(
                serve_app,
                app,
                host=settings.server.host,
                port=settings.server.port,
                grace_seconds=settings.shutdown_grace_seconds,
                wait_stop=wait_signal,
            )
        )
        log.info("serve.started", extra={"fields": {"url": url}})
        announce(url)
        task_status.started(url)
    log.info("serve.stopped")


async def wait_signal() -> None:
    """Return when the process is told to stop."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("serve.stopping", extra={"fields": {"signal": signal.Signals(number).name}})
            return
