"""The gateway that a process serves; a reload puts one with other settings in its place."""

import ssl
from typing import Any, Final

import attrs
import trio

from onecgw.app.lifespan import Application, ProcessState, open_application
from onecgw.app.process_tuning import set_up_collector
from onecgw.app.scrape import make_render_metrics
from onecgw.mcp.requests_in_flight import RESPONSE_SECONDS
from onecgw.observability.logging import set_log_style
from onecgw.settings import Settings
from onecgw.web.app import build_app


@attrs.define(kw_only=True)
class _Generation:
    """One application with its settings, and its requests that run.

    tls: None without TLS. certificate_expires_at: in seconds since the epoch; None without TLS.
    """

    settings: Settings
    application: Application
    app: Any
    tls: ssl.SSLContext | None = None
    certificate_expires_at: float | None = None
    running: int = 0
    is_retired: trio.Event = attrs.field(factory=trio.Event)
    is_idle: trio.Event = attrs.field(factory=trio.Event)

    def retire(self) -> None:
        """Take no further requests; the application closes after those that run."""
        self.application.engine.subscriptions.close()
        self.is_retired.set()
        if not self.running:
            self.is_idle.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        self.running += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.running -= 1
            if self.is_retired.is_set() and not self.running:
                self.is_idle.set()


class ServedGateway:
    """An ASGI application whose settings can be exchanged while requests run.

    A request is answered with the settings with which it began. Counters, and exchanges that a
    client continues in another request, belong to the process: a reload does not end them.

    Args:
        nursery: as long as the gateway is served; runs the applications.
        state: of this process.
    """

    def __init__(self, nursery: trio.Nursery, state: ProcessState) -> None:
        self._nursery = nursery
        self._state: Final = state
        self._current: _Generation
        self._prepared: _Generation | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Serve one request, or the lifespan, in which the application has nothing to do."""
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await self._current(scope, receive, send)

    @property
    def settings(self) -> Settings:
        """The settings in use."""
        return self._current.settings

    def read_tls(self) -> ssl.SSLContext:
        """What new TLS connections are made with.

        Raises:
            RuntimeError: the gateway has no certificate.
        """
        if self._current.tls is None:
            raise RuntimeError("there is no certificate")
        return self._current.tls

    async def prepare(self, settings: Settings) -> None:
        """Open an application with these settings beside the one in use.

        Raises:
            ConfigError: it cannot be opened; nothing has changed.
        """
        self.abandon()
        self._prepared = await self._nursery.start(self._run, settings)

    async def exchange(self, settings: Settings) -> None:
        """Answer new requests with these settings.

        Raises:
            ConfigError: they cannot be used; nothing has changed.
        """
        await self.prepare(settings)
        self.commit()

    def close(self) -> None:
        """Close the application after its requests, when no further ones come."""
        self.abandon()
        self._current.retire()

    def commit(self) -> None:
        """Answer new requests by the prepared application."""
        prepared, before = self._prepared, getattr(self, "_current", None)
        if prepared is None:
            return
        self._prepared, self._current = None, prepared
        self._state.metrics.follow(prepared.application.metric_sources)
        self._state.metrics.certificate_expires_at = prepared.certificate_expires_at
        if before is None:
            return
        set_log_style(level=prepared.settings.log.level, log_format=prepared.settings.log.format)
        if before.settings.onec == prepared.settings.onec:
            # Until the base reports its capabilities again, those known before are used.
            known = before.application.gateway.catalogue.capabilities
            prepared.application.gateway.catalogue.capabilities = known
        before.retire()

    def abandon(self) -> None:
        """Close the prepared application, if there is one."""
        if self._prepared is not None:
            self._prepared.retire()
            self._prepared = None

    def close_streams(self) -> None:
        """End the streams of changes, which would otherwise use up the grace period of a stop."""
        self._current.application.engine.subscriptions.close()

    async def _run(
        self,
        settings: Settings,
        task_status: trio.TaskStatus[_Generation] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        tls, context, expires_at = settings.server.tls, None, None
        if tls.cert is not None and tls.key is not None:
            # Without TLS, the modules that read certificates are not loaded: they take 2 MB.
            from onecgw.tls_certificate import read_certificate  # noqa: PLC0415

            certificate = read_certificate(tls.cert, tls.key)
            context, expires_at = certificate.context, certificate.expires_at.timestamp()
        async with open_application(settings, state=self._state) as application:
            app = build_app(
                settings,
                application.gateway,
                application.engine,
                authorization_server=application.authorization_server,
                check_readiness=application.readiness,
                render_metrics=make_render_metrics(self._state, settings.server.workers),
                peers=self._state.peers,
            )
            generation = _Generation(
                settings=settings,
                application=application,
                app=app,
                tls=context,
                certificate_expires_at=expires_at,
            )
            task_status.started(generation)
            await generation.is_retired.wait()
            # The longest that a call takes is a person's answer, and the call itself after it.
            seconds = RESPONSE_SECONDS + settings.shutdown_grace_seconds
            with trio.move_on_after(seconds):
                await generation.is_idle.wait()
        if generation is not self._current:
            set_up_collector()
