"""Our own connections to 1C: a request is one send, its head was built before.

Hot: every call to 1C goes through it. It must not build what is the same in every call, nor parse
addresses: the head of a path is made once, and only the headers of the call are added. httpx makes
objects of requests, headers and URLs, which costs more than the sending (decision 63).
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlsplit

import trio

from onecgw.backends.http.connection import (
    Connection,
    ConnectionEnded,
    IdleConnections,
    connect,
    connect_error_text,
)
from onecgw.backends.http.response_reader import ResponseReader
from onecgw.backends.http.transport import (
    Header,
    Unreachable,
    header_lines,
    standing_headers,
    tls_context,
)
from onecgw.settings import OnecSettings

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# What stands in a target as it is (RFC 3986, 3.3 and 3.4); "%" because escapes are kept.
_IN_TARGETS: Final = "%:/?[]@!$&'()*+,;=~|\\^"


class DirectTransport:
    """Carries requests over connections that it keeps for the next ones.

    Args:
        settings: where 1C is, and who the gateway is there.
    """

    def __init__(self, settings: OnecSettings) -> None:
        url = urlsplit(settings.base_url)
        self._host: Final = url.hostname or ""
        self._port: Final = url.port or _DEFAULT_PORTS[url.scheme]
        self._base_path = url.path.rstrip("/")
        self._tls = tls_context(settings) if url.scheme == "https" else None
        self._connect_seconds = settings.connect_timeout_ms / 1000
        host = f"[{self._host}]" if ":" in self._host else self._host
        if self._port != _DEFAULT_PORTS[url.scheme]:
            host = f"{host}:{self._port}"
        self._standing = header_lines(standing_headers(settings, host=host))
        self._heads: dict[tuple[str, str], bytes] = {}
        self._idle = IdleConnections()

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
        head = self._heads.get((method, path)) or self._make_head(method, path)
        length = b"Content-Length: %d\r\n" % len(body) if body else b""
        request = b"%b%b%b\r\n%b" % (head, header_lines(headers), length, body)
        connection = self._idle.take() or await self._connect()
        try:
            await connection.exchange(request, reader)
        except ConnectionEnded:
            if not reader.has_begun:
                self._idle.close()  # a restart or a firewall ended the others as well
            raise
        finally:
            self._idle.give_back(connection)

    async def aclose(self) -> None:
        """Close every connection."""
        self._idle.close()

    def _make_head(self, method: str, path: str) -> bytes:
        target = quote(f"{self._base_path}{path}", safe=_IN_TARGETS)
        head = f"{method} {target} HTTP/1.1\r\n".encode("ascii") + self._standing
        if "?" not in path:  # there are as many paths as tools, and endless queries
            self._heads[method, path] = head
        return head

    async def _connect(self) -> Connection:
        try:
            with trio.fail_after(self._connect_seconds):
                return await connect(self._host, self._port, self._tls)
        except trio.TooSlowError as error:
            raise Unreachable("no connection in time") from error
        except (OSError, trio.BrokenResourceError) as error:
            raise Unreachable(connect_error_text(error)) from error
