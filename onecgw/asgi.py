"""The gateway as an ASGI application, for `hypercorn -k trio onecgw.asgi:app`.

docs/reference/http.md says what `onecgw serve` does beyond this.
"""

from typing import Any, Final

from onecgw.app.lifespan import open_application
from onecgw.app.scrape import make_render_metrics
from onecgw.app.startup import open_settings
from onecgw.errors import ConfigError, leaves
from onecgw.web.app import build_app


class LifespanApp:
    """An ASGI application that opens the gateway at the lifespan's startup.

    The settings are read then, from CONFIG_PATH or the default places. The server is told that
    the shutdown is complete after the database and the connections to 1C are closed.
    """

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Serve one request, or the whole lifespan."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        # Servers expect the startup message to be received before anything fails.
        received = [await receive()]

        async def receive_next() -> Any:  # noqa: ANN401 - ASGI
            return received.pop() if received else await receive()

        async def send_startup(message: Any) -> None:  # noqa: ANN401 - ASGI
            if message["type"] != "lifespan.shutdown.complete":
                await send(message)

        try:
            settings = open_settings()
            async with open_application(settings) as application:
                self._app = build_app(
                    settings,
                    application.gateway,
                    application.engine,
                    authorization_server=application.authorization_server,
                    check_readiness=application.readiness,
                    render_metrics=make_render_metrics(application.state, workers=1),
                )
                await self._app(scope, receive_next, send_startup)
                application.engine.subscriptions.close()
        except* ConfigError as group:
            message = "\n".join(str(error) for error in leaves(group))
            await send({"type": "lifespan.startup.failed", "message": message})
        else:
            await send({"type": "lifespan.shutdown.complete"})


app: Final = LifespanApp()
