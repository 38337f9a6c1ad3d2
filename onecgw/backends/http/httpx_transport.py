"""httpx as the transport to 1C, for what our own connections cannot do: an HTTP proxy.

This is the only module that imports httpx, and it is imported only where it is used. It costs some
times as much per call as `direct_transport`.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Self, cast

import httpx
import trio

from onecgw.backends.http.connection import ConnectionEnded, NotHttp, connect_error_text
from onecgw.backends.http.response_reader import ResponseReader
from onecgw.backends.http.transport import (
    CLEAN_UP_SECONDS,
    Header,
    Unreachable,
    header_lines,
    standing_headers,
    tls_context,
)
from onecgw.errors import OnecError
from onecgw.settings import OnecSettings


class HttpxTransport:
    """Carries requests over an httpx transport.

    Args:
        settings: where 1C is, who the gateway is there, and the proxy.
        transport: for tests; the default opens sockets.
    """

    def __init__(
        self, settings: OnecSettings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._transport = transport or httpx.AsyncHTTPTransport(
            verify=tls_context(settings),
            proxy=settings.proxy.value if settings.proxy else None,
            trust_env=False,
            # httpcore keeps a connection with bytes beyond an answer, which would be taken for the
            # next caller's (decision 22). So none is kept.
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        self._base_url = settings.base_url.rstrip("/")
        host = httpx.URL(self._base_url).netloc.decode("ascii")
        self._standing = standing_headers(settings, host=host)
        # httpx counts each phase by itself; the deadline of the call covers them all.
        self._extensions = {"timeout": {"connect": settings.connect_timeout_ms / 1000}}

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Sequence[Header],
        body: bytes,
        reader: ResponseReader,
    ) -> None:
        """Send one request with the standing headers and these; pass its answer to the reader."""
        header_lines(headers)  # refuses what must not be sent
        length = (("Content-Length", str(len(body))),) if body else ()
        request = httpx.Request(
            method,
            self._base_url + path,
            headers=[
                (name.encode(), value.encode())
                for name, value in (*self._standing, *headers, *length)
            ],
            stream=_Body(body),
            extensions=self._extensions,
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.RemoteProtocolError as error:
            if "disconnected" in str(error):  # httpcore's text for an end before the answer
                raise ConnectionEnded(str(error)) from error
            raise NotHttp(str(error)) from error
        except (httpx.ReadError, httpx.WriteError) as error:
            raise ConnectionEnded(str(error)) from error
        except httpx.TransportError as error:
            raise Unreachable(connect_error_text(error)) from error
        try:
            reader.begin(response.status_code, response.headers.raw)
            await _read_body(response, reader)
        except httpx.TransportError as error:
            raise ConnectionEnded(str(error)) from error
        finally:
            with trio.move_on_after(CLEAN_UP_SECONDS, shield=True):
                await response.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of a request; httpx's own is a generator, which a cancelled call leaves behind."""

    def __init__(self, body: bytes) -> None:
        self._parts = [body] if body else []

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._parts:
            raise StopAsyncIteration
        return self._parts.pop()


async def _read_body(response: httpx.Response, reader: ResponseReader) -> None:
    refusal: OnecError | None = None
    stream = cast(httpx.AsyncByteStream, response.stream)
    try:
        async with aclosing(cast(AsyncGenerator[bytes, None], aiter(stream))) as chunks:
            async for chunk in chunks:
                if refusal is None:
                    try:
                        await reader.feed(chunk)
                    except OnecError as error:
                        # httpx leaves unfinished generators when a read stops early. They end by
                        # the failure of the next read.
                        refusal = error
                        await response.aclose()
    except httpx.TransportError:
        if refusal is None:
            raise
    if refusal is not None:
        raise refusal
