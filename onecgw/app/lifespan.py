"""What is served: the gateway with its database, its connections and its engine, one lifetime."""

import hmac
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

import attrs
import trio

from onecgw.auth.key_verification import CheckKey, KeyVerdict, UncheckedKey
from onecgw.backends.http_service.capabilities import keep_capabilities_fresh
from onecgw.backends.http_service.client import OnecClient
from onecgw.backends.scheduling.answer_cache import AnswerCache
from onecgw.backends.scheduling.deadline import deadline
from onecgw.catalogue.declaration import Capabilities
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL
from onecgw.errors import OnecTimeout, StorageUnavailable
from onecgw.gateway.service import Gateway
from onecgw.gateway.upstream import Sources
from onecgw.mcp.engine import Engine
from onecgw.mcp_content import make_features
from onecgw.oauth.factory import open_authorization_server
from onecgw.oauth.secrets import open_secrets
from onecgw.oauth.storage.grants import delete_expired
from onecgw.settings import Settings
from onecgw.storage.audit_log import AuditTrail
from onecgw.storage.database import Store
from onecgw.web.health import Readiness
from onecgw.web.oauth.blueprint import OAuthSite, make_oauth_site

log = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 600
CACHE_MAX_ENTRIES: Final = 10_000
CACHE_MAX_BYTES: Final = 32 * 1024 * 1024


@attrs.frozen(kw_only=True)
class House:
    """Everything that is served.

    site: None without OAuth. store: None where nothing is kept.
    """

    gateway: Gateway
    engine: Engine
    client: OnecClient
    site: OAuthSite | None
    store: Store | None

    async def look(self) -> Readiness:
        """Whether calls can be answered, and how 1C is doing."""
        problem = await self.store.probe() if self.store is not None else ""
        return Readiness(is_writable=not problem, onec=self.client.state())


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
        site, server, sealing_key = None, None, _sealing_key(settings)
        if settings.oauth.enabled and store is not None:
            oauth_secrets = open_secrets(settings.secrets_path)
            sealing_key = oauth_secrets.session_key()
            server = open_authorization_server(
                settings,
                store=store,
                oauth_secrets=oauth_secrets,
                audit=trail,
                check_key=_check_key_in(client, settings.onec.timeout_ms),
            )
            site = make_oauth_site(server, settings)
        engine = Engine(make_features(gateway), sealing_key=sealing_key)

        def trim(capabilities: Capabilities) -> None:
            gateway.catalogue.capabilities = capabilities
            for kind in ("tools", "prompts", "resources"):
                engine.hub.notify_lists_changed(kind)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(trail.run)
            nursery.start_soon(
                partial(keep_capabilities_fresh, client, trim, timeout_ms=settings.onec.timeout_ms)
            )
            nursery.start_soon(client.end_sessions_given_up)
            if server is not None and store is not None:
                nursery.start_soon(_delete_expired_logins, store)
                nursery.start_soon(server.clients.documents.keep_testing)
            yield House(gateway=gateway, engine=engine, client=client, site=site, store=store)
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


def _sealing_key(settings: Settings) -> bytes | None:
    """The key of MCP sessions without OAuth: derived from the static token."""
    token = settings.mcp.bearer_token
    if token is None:
        return None
    return hmac.digest(token.value.encode("utf-8"), b"onecgw mcp sessions", "sha256")


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


async def _delete_expired_logins(store: Store) -> None:
    while True:
        with suppress(StorageUnavailable):  # the next round will do
            await store.write(lambda db: delete_expired(db, now=int(time.time())))
        await trio.sleep(SWEEP_SECONDS)


def _make_gateway(settings: Settings, client: OnecClient, trail: AuditTrail) -> Gateway:
    return Gateway(
        catalogue=Catalogue(ALL, settings.limits),
        sources=Sources(
            client=client,
            found=_make_cache(settings.onec.resolve_cache_ttl_sec),
            balances=_make_cache(settings.onec.balance_cache_ttl_sec),
        ),
        onec=settings.onec,
        limits=settings.limits,
        audit=trail,
        admit=trail.admit,
    )


def _make_cache(ttl_seconds: int) -> AnswerCache:
    return AnswerCache(
        ttl_seconds=ttl_seconds, max_entries=CACHE_MAX_ENTRIES, max_bytes=CACHE_MAX_BYTES
    )
