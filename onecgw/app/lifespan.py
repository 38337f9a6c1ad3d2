"""The composition root: the gateway with its database, its backend and its engine, one lifetime."""

import hmac
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

import attrs
import trio

from onecgw.app.metrics import Metrics, MetricSources
from onecgw.app.tracing import Tracer
from onecgw.auth.key_verification import KeyVerdict, UncheckedKey, VerifyKey
from onecgw.backends.base import Backend, keep_capabilities_fresh
from onecgw.backends.http_service.backend import HttpServiceBackend
from onecgw.backends.scheduling.answer_cache import AnswerCache
from onecgw.backends.scheduling.deadline import deadline
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.tools import ALL, left_out_by
from onecgw.errors import OnecTimeout, StorageUnavailable
from onecgw.gateway.service import Gateway
from onecgw.gateway.upstream import Sources
from onecgw.mcp.engine import Engine, Ongoing
from onecgw.mcp.handshake import LogLevels
from onecgw.mcp.requests_in_flight import RequestsInFlight
from onecgw.mcp_content import make_providers
from onecgw.oauth.factory import AuthorizationServer, open_authorization_server
from onecgw.oauth.secrets import open_secrets
from onecgw.oauth.storage.grant_queries import LoginCounts, count_logins
from onecgw.oauth.storage.grants import delete_expired
from onecgw.peers import Peers
from onecgw.settings import Settings
from onecgw.storage.audit_log import AuditLog, AuditRecord
from onecgw.storage.database import Database
from onecgw.web.readiness import Readiness

log = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 600
CACHE_MAX_ENTRIES: Final = 10_000
CACHE_MAX_BYTES: Final = 32 * 1024 * 1024


@attrs.frozen(kw_only=True)
class ProcessState:
    """What outlives a reload of the settings: counters, what clients have begun, and the peers.

    worker: the number of this process, from 1 on; 0 if there is no other. tracer: None: no traces.
    """

    worker: int = 0
    tracer: Tracer | None = None
    peers: Peers = attrs.field(factory=Peers)
    metrics: Metrics = attrs.field(factory=Metrics)
    ongoing: Ongoing = attrs.field()

    @ongoing.default
    def _make_ongoing(self) -> Ongoing:
        return Ongoing(requests=RequestsInFlight(self.peers), log_levels=LogLevels(self.peers))


@attrs.frozen(kw_only=True)
class Application:
    """Everything that is served.

    authorization_server: None without OAuth. store: None where nothing is kept.
    """

    gateway: Gateway
    engine: Engine
    backend: Backend
    state: ProcessState
    metric_sources: MetricSources
    authorization_server: AuthorizationServer | None
    store: Database | None

    async def readiness(self) -> Readiness:
        """Whether calls can be answered, and how 1C is doing."""
        problem = await self.store.probe() if self.store is not None else ""
        return Readiness(is_writable=not problem, onec=self.backend.state())


@asynccontextmanager
async def open_application(
    settings: Settings, *, state: ProcessState | None = None
) -> AsyncIterator[Application]:
    """Open what the settings describe, with its database and its connections; close it at the end.

    Args:
        settings: the whole configuration.
        state: of this process, whose metrics follow the application when the caller says so; None:
            a new one, whose metrics follow it.

    Raises:
        ConfigError: the database or the secrets file cannot be used.
    """
    is_alone, state = state is None, state or ProcessState()
    is_stored = settings.oauth.enabled or settings.audit.retention_days
    store = Database(settings.database.path) if is_stored else None
    audit_log = AuditLog(
        store if settings.audit.retention_days else None,
        retention_days=settings.audit.retention_days,
        on_failure=settings.audit.on_failure,
    )
    backend = _make_backend(settings, keeps_files=store is not None)
    try:
        gateway, caches = _make_gateway(settings, backend, audit_log, state)
        server, signing_key = None, _signing_key(settings)
        if settings.oauth.enabled and store is not None:
            oauth_secrets = open_secrets(settings.secrets_path)
            signing_key = oauth_secrets.session_key()
            server = open_authorization_server(
                settings,
                store=store,
                oauth_secrets=oauth_secrets,
                audit=audit_log,
                confirm=audit_log.confirm,
                verify_key=_verify_key_in(backend, settings.onec.timeout_ms),
            )
        engine = Engine(make_providers(gateway), signing_key=signing_key, ongoing=state.ongoing)
        sources = MetricSources(
            read_state=backend.state,
            caches=caches,
            count_logins=partial(_count_logins, store if server is not None else None),
        )

        def apply_capabilities(capabilities: Capabilities) -> None:
            before = gateway.catalogue.capabilities
            gateway.catalogue.capabilities = capabilities
            if capabilities.publishes_the_same(before):
                return
            for kind in ("tools", "prompts", "resources"):
                engine.subscriptions.notify_lists_changed(kind)

        if is_alone:
            state.metrics.follow(sources)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(audit_log.run)
            refresh_ms = settings.onec.resolver_deadline_ms
            nursery.start_soon(
                partial(keep_capabilities_fresh, backend, apply_capabilities, timeout_ms=refresh_ms)
            )
            nursery.start_soon(backend.run)
            if store is not None:
                nursery.start_soon(_delete_expired, store, audit_log)
            if server is not None:
                nursery.start_soon(server.clients.documents.keep_testing)
            yield Application(
                gateway=gateway,
                engine=engine,
                backend=backend,
                state=state,
                metric_sources=sources,
                authorization_server=server,
                store=store,
            )
            nursery.cancel_scope.cancel()
    finally:
        await backend.aclose()
        if store is not None:
            store.close()


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """Open the application and yield its gateway, for calls that do not come over HTTP."""
    async with open_application(settings) as application:
        yield application.gateway


def _signing_key(settings: Settings) -> bytes | None:
    """The key of MCP sessions without a secrets file: it lasts as long as the token does."""
    token = settings.mcp.bearer_token
    if token is None:
        return None
    return hmac.digest(token.value.encode("utf-8"), b"onecgw mcp sessions", "sha256")


def _make_backend(settings: Settings, *, keeps_files: bool) -> Backend:
    max_bytes = settings.limits.max_response_bytes
    if settings.onec.max_concurrency * max_bytes > settings.onec.max_memory_bytes:
        # Not an error: answers of that size are rare, and those that do not fit are refused.
        fields = {
            "onec.max_memory_bytes": settings.onec.max_memory_bytes,
            "onec.max_concurrency": settings.onec.max_concurrency,
            "limits.max_response_bytes": max_bytes,
        }
        log.warning("onec.memory_below_concurrency", extra={"fields": fields})
    if settings.onec.backend == "odata":
        # A tenth of the start, which a base with our HTTP service does not need.
        from onecgw.backends.odata.backend import ODataBackend  # noqa: PLC0415

        folder = settings.database.path.parent if keeps_files else None
        return ODataBackend(settings.onec, max_response_bytes=max_bytes, cache_folder=folder)
    return HttpServiceBackend(settings.onec, max_response_bytes=max_bytes)


def _verify_key_in(backend: Backend, timeout_ms: int) -> VerifyKey:
    """A function that verifies a key in 1C within the deadline of any call."""

    async def check(key: str, request_id: str) -> KeyVerdict:
        try:
            with deadline(timeout_ms):
                return await backend.verify_key(key, request_id)
        except OnecTimeout as error:
            return UncheckedKey(error=error)

    return check


async def _delete_expired(store: Database, audit_log: AuditLog) -> None:
    while True:
        with suppress(StorageUnavailable):  # the next round tries again
            await store.write_slices(lambda db: delete_expired(db, now=int(time.time())))
            await audit_log.sweep()
        await trio.sleep(SWEEP_SECONDS)


def _make_gateway(
    settings: Settings, backend: Backend, audit_log: AuditLog, state: ProcessState
) -> tuple[Gateway, dict[str, AnswerCache]]:
    catalogue = Catalogue(ALL, settings.limits, left_out=left_out_by(settings.mcp.toolsets))
    sources = Sources(
        backend=backend,
        resolver_cache=_make_cache(settings.onec.resolve_cache_ttl_sec),
        balance_cache=_make_cache(settings.onec.balance_cache_ttl_sec),
    )

    def record_call(record: AuditRecord) -> None:
        audit_log(record)
        state.metrics.observe(record)
        if state.tracer is not None:
            state.tracer.take_call(record)

    gateway = Gateway(
        catalogue=catalogue,
        sources=sources,
        onec=settings.onec,
        audit=record_call,
        admit=audit_log.admit,
        peers=state.peers,
        confirm=audit_log.confirm,
    )
    return gateway, {"resolvers": sources.resolver_cache, "balances": sources.balance_cache}


def _count_logins(store: Database | None) -> LoginCounts | None:
    if store is None:
        return None
    try:
        return store.read(lambda db: count_logins(db, now=int(time.time())))
    except StorageUnavailable:  # the other metrics are still of use
        return None


def _make_cache(ttl_seconds: int) -> AnswerCache:
    return AnswerCache(
        ttl_seconds=ttl_seconds, max_entries=CACHE_MAX_ENTRIES, max_bytes=CACHE_MAX_BYTES
    )
