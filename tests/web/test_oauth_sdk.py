"""The official Python SDK's OAuth client against a gateway on a socket."""

import gc
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import httpx
import httpx2
import pytest
import trio
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from pydantic import AnyUrl

from onecgw.auth.caller import ALL_SCOPES
from onecgw.serving import serve_app
from tests.builders.login_forms import log_in
from tests.builders.oauth_rig import MAY, OWNER_KEY, OauthRig, open_oauth

TEST_SECONDS = 30
# The SDK leaves the generators of a finished event stream to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator:ResourceWarning")


@pytest.fixture(autouse=True)
def _garbage_of_one_test_stays_there() -> Iterator[None]:
    yield
    gc.collect()


@attrs.define
class Storage:
    """What a client keeps on its disk."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@attrs.define
class Person:
    """Logs in when the client opens a browser; counts how often."""

    untick: frozenset[str] = frozenset()
    tick: frozenset[str] = frozenset()
    logins: int = 0
    location: str = ""

    async def open_browser(self, url: str) -> None:
        self.logins += 1
        async with httpx.AsyncClient() as http:
            self.location = await log_in(
                http, url, key=OWNER_KEY, untick=self.untick, tick=self.tick
            )

    async def come_back(self) -> AuthorizationCodeResult:
        query = parse_qs(urlsplit(self.location).query)
        return AuthorizationCodeResult(
            code=query["code"][0], state=query["state"][0], iss=query["iss"][0]
        )


@asynccontextmanager
async def serving(
    tmp_path: Path, port: int, *, wrap: Callable[[Any], Any] = lambda app: app, **options: Any
) -> AsyncIterator[OauthRig]:
    """The gateway on a port of loopback. wrap: what stands before it."""
    options = {"public_url": f"http://127.0.0.1:{port}"} | options
    async with open_oauth(tmp_path, **options) as oauth:
        is_up = trio.Event()
        stop = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                partial(
                    serve_app,
                    wrap(oauth.app),
                    host="127.0.0.1",
                    port=port,
                    grace_seconds=1,
                    wait_stop=stop.wait,
                    announce=lambda _: is_up.set(),
                )
            )
            await is_up.wait()
            yield oauth
            stop.set()


@asynccontextmanager
async def connected(port: int, provider: OAuthClientProvider, mode: Any) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(auth=provider, timeout=TEST_SECONDS) as http,
        Client(
            streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http), mode=mode
        ) as client,
    ):
        yield client


def make_provider(port: int, storage: Storage, person: Person) -> OAuthClientProvider:
    return OAuthClientProvider(
        server_url=f"http://127.0.0.1:{port}/mcp",
        client_metadata=OAuthClientMetadata(
            client_name="SDK", redirect_uris=[AnyUrl("http://localhost:3030/callback")]
        ),
        storage=storage,
        redirect_handler=person.open_browser,
        callback_handler=person.come_back,
    )


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize("mode", ["2026-07-28", "auto", "legacy"])
async def test_the_sdk_logs_in_refreshes_steps_up_and_survives_a_restart(
    tmp_path: Path, mode: str
) -> None:
    port, storage, person = find_port(), Storage(), Person(untick=frozenset({"mcp:report:stock"}))
    with trio.fail_after(TEST_SECONDS):
        async with serving(tmp_path, port) as oauth:
            provider = make_provider(port, storage, person)
            async with connected(port, provider, mode) as client:
                # From a 401 to a result.
                result = await client.call_tool("sales_report", {"period": MAY})
                assert result.structured_content is not None
                assert result.structured_content["rows"] == [["2026-05-01"]]
                assert person.logins == 1
                # The access token gets old: the client refreshes, without the person.
                first = storage.tokens
                provider.context.token_expiry_time = 1.0
                await client.call_tool("sales_report", {"period": MAY})
                assert storage.tokens is not None
                assert first is not None
                assert storage.tokens.refresh_token != first.refresh_token
                assert person.logins == 1
                # A tool that the person has not allowed: they must agree again.
                person.untick = frozenset()
                await client.call_tool("stock_balance", {})
                assert person.logins == 2
                assert "mcp:report:stock" in (storage.tokens.scope or "").split()
            assert {grant["sub"] for grant in oauth.rows("grants")} == {"owner"}

        # The gateway is started anew, the client too: the login is still valid.
        async with (
            serving(tmp_path, port),
            connected(port, make_provider(port, storage, person), mode) as client,
        ):
            await client.call_tool("stock_balance", {})
    assert person.logins == 2
    assert set((storage.tokens.scope or "").split()) < set(ALL_SCOPES)
