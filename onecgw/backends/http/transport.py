"""One HTTP exchange with 1C: a request out, its answer read whole, and what went wrong otherwise.

Two transports carry it: our own connections (`direct_transport`), and httpx, which can use a proxy
(`httpx_transport`).
"""

import base64
import ssl
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import attrs
import trio

from onecgw.backends.errors.failures import UNAVAILABLE, UNAVAILABLE_SECONDS, Reply
from onecgw.backends.http.connection import ConnectionEnded, NotHttp
from onecgw.backends.http.memory import Lease
from onecgw.backends.http.response_reader import GOOD_STATUSES, ResponseReader, ignore_cookies
from onecgw.errors import OnecBadResponse, OnecUnavailable
from onecgw.locales.text import say
from onecgw.settings import OnecAuthSettings, OnecSettings

__all__ = ["GOOD_STATUSES", "HttpRequest", "HttpTransport", "Transport", "tls_context"]

CLEAN_UP_SECONDS: Final = 1  # for giving up connections

Header = tuple[str, str]


class Unreachable(Exception):
    """There is no connection, for the reason in its text."""


class Transport(Protocol):
    """Carries requests to the service at base_url; cancellation closes the connection."""

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Sequence[Header],
        body: bytes,
        reader: ResponseReader,
    ) -> None:
        """Send one request with the standing headers and these; pass its answer to the reader.

        Raises:
            Unreachable: there is no connection.
            ConnectionEnded: before the answer was whole.
            NotHttp: what answers is not HTTP.
            OnecError: the reader refused the answer.
            ValueError: a header holds a line break or a zero.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


@attrs.frozen(kw_only=True)
class HttpRequest:
    """One request to 1C.

    path: below base_url, as in `/mcp/reports/sales`, with the query if there is one.
    body: an empty one makes the request a GET.
    headers: beside those that every request has.
    sub: in whose name; calls take turns by it. request_id: for the log.
    memory: where its answer is counted until the call ends; None = until it is read.
    """

    path: str
    body: bytes = b""
    headers: tuple[Header, ...]
    sub: str
    request_id: str
    memory: Lease | None = None

    @property
    def method(self) -> str:
        """GET without a body, else POST."""
        return "POST" if self.body else "GET"


class HttpTransport:
    """Speaks HTTP/1.1 to the service at base_url.

    Args:
        settings: where 1C is, who the gateway is there, and which transport is used.
        max_response_bytes: the largest answer, inflated.
        transport: for tests; the default is that of the settings.
    """

    def __init__(
        self, settings: OnecSettings, *, max_response_bytes: int, transport: Transport | None
    ) -> None:
        self._transport = transport or _make_transport(settings)
        self._max_response_bytes = max_response_bytes

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes,
        headers: Sequence[Header],
        on_cookies: Callable[[Sequence[str]], None] = ignore_cookies,
        memory: Lease | None = None,
    ) -> Reply:
        """The answer to one request, whatever its status.

        Cancellation closes the connection. on_cookies gets every Set-Cookie before the body is
        read, which may fail or be cancelled.

        Raises:
            OnecUnavailable: no connection, or it ended before the answer began.
            MemorySpent: there is no memory for the answer.
            OnecBadResponse: the answer is not HTTP, ends early, is too large or wrongly packed.
        """
        reader = ResponseReader(
            max_bytes=self._max_response_bytes, memory=memory, on_cookies=on_cookies
        )
        try:
            await self._transport.exchange(method, path, headers=headers, body=body, reader=reader)
            return reader.finish()
        except OnecBadResponse:
            if reader.is_failure:
                return reader.reply()
            raise
        except (ConnectionEnded, NotHttp) as error:
            if reader.is_failure:
                return reader.reply()
            raise _failure(error, has_begun=reader.has_begun) from error
        except Unreachable as error:
            raise OnecUnavailable(
                say(UNAVAILABLE), retry_after_seconds=UNAVAILABLE_SECONDS
            ) from error

    async def aclose(self) -> None:
        """Close every connection, within CLEAN_UP_SECONDS."""
        with trio.move_on_after(CLEAN_UP_SECONDS, shield=True):
            await self._transport.aclose()


def _failure(error: ConnectionEnded | NotHttp, *, has_begun: bool) -> Exception:
    """What a caller is told of an answer that broke off or is none."""
    if isinstance(error, NotHttp):
        if has_begun:
            return OnecBadResponse(say("onec.broken_framing"))
        return OnecBadResponse(say("onec.no_http"))
    if has_begun:
        return OnecBadResponse(say("onec.connection_ended"))
    return OnecUnavailable(say(UNAVAILABLE), retry_after_seconds=UNAVAILABLE_SECONDS)


def _make_transport(settings: OnecSettings) -> Transport:
    """The transport that the settings choose; httpx is imported where it is used."""
    if settings.uses_httpx:
        from onecgw.backends.http.httpx_transport import HttpxTransport  # noqa: PLC0415

        return HttpxTransport(settings)
    from onecgw.backends.http.direct_transport import DirectTransport  # noqa: PLC0415

    return DirectTransport(settings)


def standing_headers(settings: OnecSettings, *, host: str) -> tuple[Header, ...]:
    """The headers of every request.

    Args:
        settings: who the gateway is in 1C.
        host: the Host header.
    """
    headers = (
        ("Host", host),
        *_authorization(settings.auth),
        ("Accept", "application/json"),
        ("Accept-Encoding", "gzip"),
        ("User-Agent", "onecgw"),
    )
    if settings.tenant_header and settings.default_tenant:
        return (*headers, (settings.tenant_header, settings.default_tenant))
    return headers


def header_lines(headers: Sequence[Header]) -> bytes:
    """Headers as they stand in a request.

    Raises:
        ValueError: one holds a line break or a zero.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers]).encode()
    if not lines.count(b"\r") == lines.count(b"\n") == len(headers) or b"\0" in lines:
        raise ValueError("a header holds a line break or a zero")
    return lines


def _authorization(auth: OnecAuthSettings) -> tuple[tuple[str, str], ...]:
    if auth.type == "none":
        return ()
    if auth.type == "bearer":
        return (("Authorization", f"Bearer {auth.token.value if auth.token else ''}"),)
    password = auth.password.value if auth.password else ""
    pair = f"{auth.username or ''}:{password}".encode()  # UTF-8: Cyrillic logins are normal
    return (("Authorization", f"Basic {base64.b64encode(pair).decode('ascii')}"),)


def tls_context(settings: OnecSettings) -> ssl.SSLContext:
    """What 1C's certificate is checked against: the system's CAs, and `onec.ca_file`."""
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        context.load_verify_locations(settings.ca_file)
    return context
