"""One HTTP exchange with 1C: a question out, an answer read whole, inflated and bounded.

This is the only module that imports httpx.
"""

import base64
import ssl
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpx
import trio

from onecgw.errors import OnecBadResponse, OnecUnavailable
from onecgw.onec.failures import UNAVAILABLE, UNAVAILABLE_SECONDS, Reply
from onecgw.onec.inflate import Inflater
from onecgw.settings import OnecAuthSettings, OnecSettings

Transport = httpx.AsyncBaseTransport

FAILURE_BODY_BYTES: Final = 64 * 1024  # of an error page; its reason stands at the beginning
CLEAN_UP_SECONDS: Final = 1  # for giving up a connection
IDLE_CONNECTION_SECONDS: Final = 60


class Exchange:
    """Speaks HTTP/1.1 to the service at base_url.

    Args:
        settings: where 1C is, and who the gateway is there.
        max_response_bytes: the largest answer, inflated.
        transport: for tests; the default opens sockets.
    """

    def __init__(
        self, settings: OnecSettings, *, max_response_bytes: int, transport: Transport | None
    ) -> None:
        self._transport = transport or _socket_transport(settings)
        self._max_response_bytes = max_response_bytes
        self._base_url = settings.base_url.rstrip("/")
        self._urls: dict[str, httpx.URL] = {}
        self._headers = (
            ("Authorization", _authorization(settings.auth)),
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip"),
            ("User-Agent", "onecgw"),
            *_tenant(settings),
        )
        # Everything but the connecting is bounded by the caller's deadline alone.
        self._extensions = {"timeout": {"connect": settings.connect_timeout_ms / 1000}}

    async def send(
        self, method: str, path: str, *, body: bytes, headers: Iterable[tuple[str, str]]
    ) -> Reply:
        """The answer to one request, whatever its status.

        Cancellation closes the connection.

        Raises:
            OnecUnavailable: no connection, or it ended before the answer began.
            OnecBadResponse: the answer is not HTTP, ends early, is too large or wrongly packed.
        """
        request = httpx.Request(
            method,
            self._url(path),
            headers=[*self._headers, *headers],
            content=body or None,
            extensions=self._extensions,
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.RemoteProtocolError as error:
            if "disconnected" in str(error):
                raise _unavailable() from error
            raise OnecBadResponse("what answers at onec.base_url does not speak HTTP") from error
        except httpx.TransportError as error:
            raise _unavailable() from error
        try:
            return await self._read(response)
        except httpx.TransportError as error:
            raise OnecBadResponse("1C's answer is truncated: the connection ended") from error
        finally:
            with trio.move_on_after(CLEAN_UP_SECONDS, shield=True):
                await response.aclose()

    async def aclose(self) -> None:
        """Close every connection, within CLEAN_UP_SECONDS."""
        with trio.move_on_after(CLEAN_UP_SECONDS, shield=True):
            await self._transport.aclose()

    async def _read(self, response: httpx.Response) -> Reply:
        good = response.status_code == HTTPStatus.OK
        max_bytes = self._max_response_bytes if good else FAILURE_BODY_BYTES
        headers = response.headers
        body = b""
        try:
            inflater = Inflater(headers.get("content-encoding", ""), max_bytes=max_bytes)
            async for chunk in response.aiter_raw():
                inflater.feed(chunk)
            body = inflater.finish()
        except OnecBadResponse:
            if good:
                raise
            # Of a failure the status says enough.
        return Reply(
            status=response.status_code,
            headers=headers,
            body=body,
            cookies=tuple(headers.get_list("set-cookie")),
        )

    def _url(self, path: str) -> httpx.URL:
        url = self._urls.get(path)
        if url is None:  # parsed once per path, of which there are as many as tools
            url = self._urls[path] = httpx.URL(self._base_url + path)
        return url


def _unavailable() -> OnecUnavailable:
    return OnecUnavailable(UNAVAILABLE, retry_after_seconds=UNAVAILABLE_SECONDS)


def _authorization(auth: OnecAuthSettings) -> str:
    if auth.type == "bearer":
        return f"Bearer {auth.token.value if auth.token else ''}"
    password = auth.password.value if auth.password else ""
    pair = f"{auth.username or ''}:{password}".encode()  # UTF-8: Cyrillic logins are normal
    return f"Basic {base64.b64encode(pair).decode('ascii')}"


def _tenant(settings: OnecSettings) -> tuple[tuple[str, str], ...]:
    if settings.tenant_header and settings.default_tenant:
        return ((settings.tenant_header, settings.default_tenant),)
    return ()


def tls_context(settings: OnecSettings) -> ssl.SSLContext:
    """What 1C's certificate is checked against: the system's CAs, and `onec.ca_file`."""
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        context.load_verify_locations(settings.ca_file)
    return context


def _socket_transport(settings: OnecSettings) -> Transport:
    secure = urlsplit(settings.base_url).scheme == "https"
    return httpx.AsyncHTTPTransport(
        verify=tls_context(settings) if secure else False,
        http1=True,
        http2=False,
        trust_env=False,
        limits=httpx.Limits(
            max_connections=settings.max_concurrency,
            max_keepalive_connections=settings.max_concurrency,
            keepalive_expiry=IDLE_CONNECTION_SECONDS,
        ),
    )
