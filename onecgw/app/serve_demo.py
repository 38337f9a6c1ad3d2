"""Serve the gateway in front of a demo 1C in the same process."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import attrs
import trio

from onecgw.app.serve import serve_gateway, wait_signal
from onecgw.app.stdio import serve_own_client
from onecgw.auth.caller import ALL_SCOPES
from onecgw.demo.server import serve_demo_onec
from onecgw.errors import ConfigError
from onecgw.serving import find_free_port
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

BackendName = Literal["http_service", "odata"]

LOOPBACK: Final = "127.0.0.1"
DEMO_MCP_TOKEN: Final = "demo-mcp-token"  # noqa: S105 - public on purpose, loopback only
DEMO_API_TOKEN: Final = "demo-api-token"  # noqa: S105 - the same
DEMO_PASSWORD: Final = "demo-onec-password"  # noqa: S105 - of a demo 1C on loopback
DEMO_LOGIN: Final = "Шлюз"  # Cyrillic logins are normal in 1C


@attrs.frozen(kw_only=True)
class DemoOnec:
    """The demo 1C of one kind.

    build: makes its ASGI application, for the keywords `login` and `password`.
    backend: what the gateway asks it through.
    path: what its address has after the host.
    """

    build: Callable[..., Any]
    backend: BackendName = "http_service"
    path: str = ""


async def serve_demo(
    onec: DemoOnec,
    *,
    port: int,
    announce: Callable[[str], None],
    oauth_folder: Path | None = None,
) -> None:
    """Serve the gateway on loopback, and the demo 1C on another port.

    Args:
        onec: the demo 1C.
        port: of the gateway; 0: a free one.
        announce: called with the gateway's URL.
        oauth_folder: where OAuth keeps its data; None: static tokens instead of OAuth.

    Raises:
        ConfigError: the address cannot be bound.
    """
    password = secrets.token_urlsafe()
    async with _open_demo_onec(onec, password=password) as base_url:
        settings = demo_settings(
            base_url=base_url, port=port, password=password, backend=onec.backend
        )
        if oauth_folder is not None:
            settings = with_oauth(settings, oauth_folder)
        await serve_gateway(settings, port_option="--port", announce=announce)


async def serve_demo_stdio(onec: DemoOnec) -> None:
    """Serve the client that started this process, on stdin and stdout, with a demo 1C."""
    password = secrets.token_urlsafe()
    async with _open_demo_onec(onec, password=password) as base_url:
        await serve_own_client(
            demo_settings(base_url=base_url, port=0, password=password, backend=onec.backend)
        )


async def serve_demo_onec_alone(
    onec: DemoOnec, *, port: int, announce: Callable[[str], None]
) -> None:
    """Serve only the demo 1C until SIGTERM or SIGINT.

    Args:
        onec: the demo 1C.
        port: on loopback; 0: a free one.
        announce: called with the text about its URL and login.

    Raises:
        ConfigError: the address cannot be bound.
    """
    async with _open_demo_onec(onec, password=DEMO_PASSWORD, port=port) as base_url:
        announce(
            f"The demo 1C is up. onec.backend: {onec.backend}, onec.base_url: {base_url}\n"
            f"onec.auth.username: {DEMO_LOGIN}, onec.auth.password: {DEMO_PASSWORD}"
        )
        await wait_signal()


@asynccontextmanager
async def _open_demo_onec(onec: DemoOnec, *, password: str, port: int = 0) -> AsyncIterator[str]:
    """Serve the demo 1C while the block runs; yield its onec.base_url."""
    app = onec.build(login=DEMO_LOGIN, password=password)
    async with trio.open_nursery() as nursery:
        try:
            url = await nursery.start(partial(serve_demo_onec, app, host=LOOPBACK, port=port))
        except OSError as error:
            raise ConfigError(f"cannot listen on {LOOPBACK} port {port}: {error}") from error
        yield f"{url}{onec.path}"
        nursery.cancel_scope.cancel()


def demo_settings(
    *, base_url: str, port: int, password: str, backend: BackendName = "http_service"
) -> Settings:
    """Return the settings of the demo: on loopback, with static tokens and all scopes."""
    return Settings(
        server=ServerSettings(host=LOOPBACK, port=port),
        onec=OnecSettings(
            backend=backend,
            base_url=base_url,
            auth=OnecAuthSettings(username=DEMO_LOGIN, password=Secret(password)),
        ),
        mcp=McpSettings(bearer_token=Secret(DEMO_MCP_TOKEN)),
        # The scopes of MCP, so that both surfaces give the same figures.
        api=ApiSettings(bearer_token=Secret(DEMO_API_TOKEN), scopes=ALL_SCOPES),
        oauth=OauthSettings(enabled=False),
        audit=AuditSettings(retention_days=0),
    )


def with_oauth(settings: Settings, folder: Path) -> Settings:
    """Return the settings of the demo with OAuth: clients log in with the keys of its accounts."""
    port = settings.server.port or find_free_port(LOOPBACK)
    return attrs.evolve(
        settings,
        server=attrs.evolve(settings.server, port=port),
        mcp=McpSettings(),
        # A demo fetches nothing from the internet.
        oauth=OauthSettings(public_url=f"http://{LOOPBACK}:{port}", cimd="off"),
        database=DatabaseSettings(path=folder / "onecgw.db"),
        audit=AuditSettings(),
    )
