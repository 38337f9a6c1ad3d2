"""One HTTP exchange with 1C: a question out, an answer read whole, inflated and bounded.

This is the only module that imports httpx.
"""

import base64
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import urlsplit

import attrs
import h11
import httpx
import trio

from onecgw.backends.errors.failures import UNAVAILABLE, UNAVAILABLE_SECONDS, Reply
from onecgw.backends.http.connection import (
    Connection,
    ConnectionEnded,
    IdleConnections,
    connect,
    connect_error_text,
)
from onecgw.backends.http.inflate import Inflater
from onecgw.errors import OnecBadResponse, OnecUnavailable
from onecgw.locales.text import say
from onecgw.settings import OnecAuthSettings, OnecSettings

Transport = httpx.AsyncBaseTransport

FAILURE_BODY_BYTES: Final = 64 * 1024  # of an error page; its reason stands at the beginning
# Some services answer a POST with 201; a proxy that changes an answer makes it 203.
GOOD_STATUSES: Final = frozenset(
    {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}
)
CLEAN_UP_SECONDS: Final = 1  # for giving up a connection


@attrs.frozen(kw_only=True)
class HttpRequest:
    """One request to 1C.

    path: below base_url, as in `/mcp/reports/sales`, with the query if there is one.
    body: an empty one makes the request a GET.
    headers: beside those that every request has.
    sub: in whose name; calls take turns by it. request_id: for the log.
    """

    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...]
    sub: str
    request_id: str

    @property
    def method(self) -> str:
        """GET without a body, else POST."""
        return "POST" if self.body else "GET"


class HttpTransport:
    """Speaks HTTP/1.1 to the service at base_url.

    Args:
        settings: where 1C is, and who the gateway is there.
        max_response_bytes: the largest answer, inflated.
        transport: for tests; the default opens sockets.
    """

    def __init__(
        self, settings: OnecSettings, *, max_response_bytes: int, transport: Transport | None
    ) -> None:
        self._transport = transport or _SocketTransport(settings)
        self._max_response_bytes = max_response_bytes
        self._base_url = settings.base_url.rstrip("/")
        self._urls: dict[str, httpx.URL] = {}
        self._headers = _encoded(
            (
                ("Host", httpx.URL(self._base_url).netloc.decode("ascii")),
                ("Authorization", _authorization(settings.auth)),
                ("Accept", "application/json"),
                ("Accept-Encoding", "gzip"),
                ("User-Agent", "onecgw"),
                *_tenant(settings),
            )
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes,
        headers: Iterable[tuple[str, str]],
        on_cookies: Callable[[Sequence[str]], None] = lambda _: None,
    ) -> Reply:
        """The answer to one request, whatever its status.

        Cancellation closes the connection. on_cookies gets every Set-Cookie before the body is
        read, which may fail or be cancelled.

        Raises:
            OnecUnavailable: no connection, or it ended before the answer began.
            OnecBadResponse: the answer is not HTTP, ends early, is too large or wrongly packed.
        """
        length = ((b"Content-Length", b"%d" % len(body)),) if body else ()
        # With complete headers and a stream httpx adds none of its own, which is most of its cost.
        request = httpx.Request(
            method,
            self._url(path),
            headers=(*self._headers, *_encoded(headers), *length),
            stream=httpx.ByteStream(body),
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.RemoteProtocolError as error:
            raise OnecBadResponse(say("onec.no_http")) from error
        except httpx.TransportError as error:
            raise OnecUnavailable(
                say(UNAVAILABLE), retry_after_seconds=UNAVAILABLE_SECONDS
            ) from error
        try:
            reply = await self._read(response, on_cookies)
            await response.aclose()
        except httpx.TransportError as error:
            raise OnecBadResponse(say("onec.connection_ended")) from error
        else:
            return reply
        finally:
            if not response.is_closed:
                with trio.move_on_after(CLEAN_UP_SECONDS, shield=True):
                    await response.aclose()

    async def aclose(self) -> None:
        """Close every connection, within CLEAN_UP_SECONDS."""
        with trio.move_on_after(CLEAN_UP_SECONDS, shield=True):
            await self._transport.aclose()

    async def _read(
        self, response: httpx.Response, on_cookies: Callable[[Sequence[str]], None]
    ) -> Reply:
        good = response.status_code in GOOD_STATUSES
        max_bytes = self._max_response_bytes if good else FAILURE_BODY_BYTES
        body = b""
        pairs = [
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in response.headers.raw
        ]
        headers = dict(pairs)
        on_cookies([value for name, value in pairs if name == "set-cookie"])
        try:
            inflater = Inflater(headers.get("content-encoding", ""), max_bytes=max_bytes)
            try:
                await _read_body(response, inflater)
            finally:
                body = inflater.kept()
        except (OnecBadResponse, httpx.TransportError):
            if good:
                raise  # of a failure the beginning says enough
        return Reply(
            status=response.status_code,
            headers=headers,
            body=body,
        )

    def _url(self, path: str) -> httpx.URL:
        if "?" in path:  # as many as there are requests
            return httpx.URL(self._base_url + path)
        url = self._urls.get(path)
        if url is None:  # parsed once per path; there are as many paths as tools
            url = self._urls[path] = httpx.URL(self._base_url + path)
        return url


async def _read_body(response: httpx.Response, inflater: Inflater) -> None:
    stream = cast(httpx.AsyncByteStream, response.stream)
    # httpx's own iterators leave a trail of unfinished generators when a read stops early.
    async with aclosing(cast(AsyncGenerator[bytes, None], aiter(stream))) as chunks:
        async for chunk in chunks:
            inflater.feed(chunk)
    inflater.finish()


def _encoded(headers: Iterable[tuple[str, str]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode("ascii"), value.encode()) for name, value in headers)


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


class _SocketTransport(Transport):
    """The httpx transport that uses our own connections.

    httpx's default transport costs four times as much per call, and its pool is quadratic in the
    calls in flight (docs/explanation/decisions/0012).
    """

    def __init__(self, settings: OnecSettings) -> None:
        secure = urlsplit(settings.base_url).scheme == "https"
        self._tls = tls_context(settings) if secure else None
        self._connect_seconds = settings.connect_timeout_ms / 1000
        self._idle = IdleConnections()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        connection = self._idle.take() or await self._connect(request.url)
        try:
            head = await connection.ask(
                request.method.encode("ascii"),
                request.url.raw_path,
                request.headers.raw,
                await request.aread(),
            )
        except ConnectionEnded as error:
            connection.close()
            self._idle.close()  # a restart or a firewall ended the others as well
            raise httpx.ReadError("the connection ended before the answer") from error
        except h11.RemoteProtocolError as error:
            connection.close()
            raise httpx.RemoteProtocolError(str(error)) from error
        except BaseException:
            connection.close()
            raise
        return httpx.Response(
            head.status, headers=head.headers, stream=_Body(connection, self._idle)
        )

    async def aclose(self) -> None:
        self._idle.close()

    async def _connect(self, url: httpx.URL) -> Connection:
        try:
            with trio.fail_after(self._connect_seconds):
                return await connect(url.host, url.port, self._tls)
        except trio.TooSlowError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except (OSError, trio.BrokenResourceError) as error:
            raise httpx.ConnectError(connect_error_text(error)) from error


class _Body(httpx.AsyncByteStream):
    """The rest of an answer; its connection goes back when it was read to the end."""

    def __init__(self, connection: Connection, idle: IdleConnections) -> None:
        self._connection = connection
        self._idle = idle

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while chunk := await self._connection.read():
                yield chunk
        except (ConnectionEnded, h11.RemoteProtocolError) as error:
            raise httpx.ReadError("the connection ended within the answer") from error

    async def aclose(self) -> None:
        self._idle.give_back(self._connection)
