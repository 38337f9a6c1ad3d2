"""Lifetimes: what the gateway needs is opened here, served, and closed in order."""

import logging
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from onecgw.assistant import make_features
from onecgw.audit import AuditTrail
from onecgw.catalogue import Catalogue
from onecgw.demo.books import Books
from onecgw.demo.faults import FaultPlan
from onecgw.demo.server import serve_demo_onec
from onecgw.demo.service import build_demo_app
from onecgw.errors import ConfigError, OnecTimeout, StorageUnavailable
from onecgw.gateway import Gateway
from onecgw.identity import CheckKey, KeyVerdict, UncheckedKey
from onecgw.mcp.engine import Engine
from onecgw.oauth.grants import sweep
from onecgw.oauth.opening import open_realm
from onecgw.oauth.vault import open_vault
from onecgw.onec.cache import AnswerCache
from onecgw.onec.client import OnecClient
from onecgw.onec.deadline import deadline
from onecgw.serving import find_free_port, serve_app
from onecgw.settings import (
    ApiSettings,
    AuditSettings,
    DatabaseSettings,
    McpSettings,
    OauthSettings,
    OnecAuthSettings,
    OnecSettings,
    Secret,
    ServerSettings,
    Settings,
)
from onecgw.store import Store
from onecgw.tools import ALL
from onecgw.web.app import build_app
from onecgw.web.oauth import OauthSite, open_site

log = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"
DEMO_MCP_TOKEN: Final = "demo-mcp-token"  # noqa: S105 - public on purpose, loopback only
DEMO_API_TOKEN: Final = "demo-api-token"  # noqa: S105 - the same
DEMO_PASSWORD: Final = "demo-onec-password"  # noqa: S105 - of a 1C that is alone on loopback
DEMO_LOGIN: Final = "Шлюз"  # Cyrillic logins are normal in 1C
DEMO_REPORT_TIMEOUT_MS: Final = 45_000
SWEEP_SECONDS: Final = 600
CACHE_MAX_ENTRIES: Final = 10_000
CACHE_MAX_BYTES: Final = 32 * 1024 * 1024


@attrs.frozen(kw_only=True)
class House:
    """Everything that is served.

    site: None without OAuth. store: None where nothing is kept. sealing_key: of MCP sessions,
    None for one of this process alone.
    """

    gateway: Gateway
    site: OauthSite | None
    store: Store | None
    sealing_key: bytes | None

    async def probe(self) -> str:
        """Why the database cannot be written now; "" if it can."""
        return await self.store.probe() if self.store is not None else ""


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """What the settings describe, with its database and its connections, closed at the end.

    Raises:
        ConfigError: the database or the secrets file cannot be used.
    """
    store = _open_store(settings)
    trail = AuditTrail(
        store if settings.audit.retention_days else None,
        retention_days=settings.audit.retention_days,
        on_failure=settings.audit.on_failure,
    )
    client = OnecClient(settings.onec, max_response_bytes=settings.limits.max_response_bytes)
    try:
        gateway = _make_gateway(settings, client, trail)
        site, realm, sealing_key = None, None, None
        if settings.oauth.enabled and store is not None:
            vault = open_vault(settings.secrets_path)
            sealing_key = vault.subkey("mcp sessions")
            realm = open_realm(
                settings,
                store=store,
                vault=vault,
                audit=trail,
                check_key=_check_key_in(client, settings.onec.timeout_ms),
            )
            site = open_site(realm)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trail.run)
            if realm is not None and store is not None:
                nursery.start_soon(_sweep_logins, store)
                nursery.start_soon(realm.clients.documents.test)
            yield House(gateway=gateway, site=site, store=store, sealing_key=sealing_key)
            nursery.cancel_scope.cancel()
    finally:
        await client.aclose()
        if store is not None:
            store.close()


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """The gateway of a house, for calls that do not come over HTTP."""
    async with open_house(settings) as house:
        yield house.gateway


def _open_store(settings: Settings) -> Store | None:
    if not settings.oauth.enabled and not settings.audit.retention_days:
        return None
    return Store(settings.database.path)


def _check_key_in(client: OnecClient, timeout_ms: int) -> CheckKey:
    """What asks 1C about a key, within the deadline of any call."""

    async def check(key: str, request_id: str) -> KeyVerdict:
        try:
            with deadline(timeout_ms):
                return await client.verify_key(key, request_id)
        except OnecTimeout as error:
            return UncheckedKey(error=error)

    return check


async def _sweep_logins(store: Store) -> None:
    while True:
        with suppress(StorageUnavailable):  # the next round will do
            await store.write(lambda db: sweep(db, now=int(time.time())))
        await trio.sleep(SWEEP_SECONDS)


def _make_gateway(settings: Settings, client: OnecClient, trail: AuditTrail) -> Gateway:
    return Gateway(
        catalogue=Catalogue(ALL, settings.limits),
        client=client,
        cache=_make_cache(settings.onec.resolve_cache_ttl_sec),
        balances=_make_cache(settings.onec.balance_cache_ttl_sec),
        onec=settings.onec,
        limits=settings.limits,
        audit=trail,
        admit=trail.admit,
    )


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

    async with open_house(settings) as house:
        engine = Engine(make_features(house.gateway), sealing_key=house.sealing_key)

        async def wait_stop() -> None:
            await wait_signal()
            engine.hub.close()  # else the streams that listen for changes take all of the grace

        await serve_app(
            build_app(settings, house.gateway, engine, site=house.site, probe=house.probe),
            host=settings.server.host,
            port=settings.server.port,
            grace_seconds=settings.shutdown_grace_seconds,
            wait_stop=wait_stop,
            announce=started,
        )
    log.info("serve.stopped")


async def serve_demo(
    books: Books,
    faults: FaultPlan | None,
    *,
    port: int,
    announce: Callable[[str], None],
    logins: Path | None = None,
) -> None:
    """Serve the gateway on loopback in front of a demo 1C on a socket of its own.

    Args:
        books: what the demo 1C answers from.
        faults: what goes wrong in it, None = nothing.
        port: of the gateway; 0 = a free one.
        announce: told the gateway's URL.
        logins: a folder for what OAuth keeps; None = static tokens instead of logins.

    Raises:
        ConfigError: the address cannot be bound.
    """
    password = secrets.token_urlsafe()
    app = build_demo_app(books, login=DEMO_LOGIN, password=password, faults=faults)
    async with trio.open_nursery() as nursery:
        base_url = await nursery.start(partial(serve_demo_onec, app, host=LOOPBACK, port=0))
        settings = demo_settings(base_url=base_url, port=port, password=password)
        if logins is not None:
            settings = with_logins(settings, logins)
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
        audit=AuditSettings(retention_days=0),
    )


def with_logins(settings: Settings, folder: Path) -> Settings:
    """The settings of the demo with OAuth on: clients log in with the keys of its people."""
    port = settings.server.port or find_free_port(LOOPBACK)
    return attrs.evolve(
        settings,
        server=attrs.evolve(settings.server, port=port),
        mcp=McpSettings(),
        # Nothing is fetched from the internet by a demo.
        oauth=OauthSettings(public_url=f"http://{LOOPBACK}:{port}", cimd="off"),
        database=DatabaseSettings(path=folder / "onecgw.db"),
        audit=AuditSettings(),
    )


async def wait_signal() -> None:
    """Return when the process is told to stop."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("serve.stopping", extra={"fields": {"signal": signal.Signals(number).name}})
            return
