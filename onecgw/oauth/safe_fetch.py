"""An HTTPS GET that only goes to public addresses: the guard against SSRF."""

import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

import attrs
import trio

from onecgw.backends.http.connection import (
    Connection,
    ConnectionEnded,
    NotHttp,
    connect_error_text,
)
from onecgw.backends.http.response_reader import ResponseReader
from onecgw.errors import OnecBadResponse

SECONDS: Final = 5
MAX_BODY_BYTES: Final = 5 * 1024
HTTPS_PORT: Final = 443
_REQUEST: Final = (
    "GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
    "User-Agent: onecgw\r\nConnection: close\r\n\r\n"
)
_LOOK_UPS: Final = trio.CapacityLimiter(4)
"""Threads that look up names which clients chose."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str], Awaitable[list[Address]]]

# Networks whose addresses embed an IPv4 address, which is the one that is reached.
_TUNNELS: Final = tuple(
    map(
        ipaddress.IPv6Network,
        ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::ffff:0:0/96", "::/96"),
    )
)
# Networks that are not public, although ipaddress of Python 3.11 says so: 6to4 relays (RFC 7526),
# documentation (RFC 9637), former site-local addresses (RFC 3879).
_NOT_PUBLIC: Final = tuple(map(ipaddress.ip_network, ("192.88.99.0/24", "3fff::/20", "fec0::/10")))


class FetchFailed(Exception):
    """A document could not be fetched or is not acceptable; the text is for the log."""


@attrs.frozen(kw_only=True)
class FetchedDocument:
    """The body of a 200. max_age_seconds: from Cache-Control; None if it has none."""

    body: bytes
    max_age_seconds: int | None


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet."""
    if isinstance(address, ipaddress.IPv6Address) and any(address in net for net in _TUNNELS):
        return False
    if any(address in net for net in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def resolve_name(host: str) -> list[Address]:
    """Every address of a name.

    Raises:
        FetchFailed: the name has none.
    """
    try:
        # Not trio.socket: a look-up that hangs keeps its thread beyond its deadline, and the
        # threads of trio.socket are needed for the address of 1C.
        found = await trio.to_thread.run_sync(
            partial(socket.getaddrinfo, host, HTTPS_PORT, type=socket.SOCK_STREAM),
            limiter=_LOOK_UPS,
            abandon_on_cancel=True,
        )
    except OSError as error:
        raise FetchFailed(f"the name {host} has no address") from error
    return [ipaddress.ip_address(sockaddr[0]) for *_, sockaddr in found]


@attrs.frozen(kw_only=True)
class DocumentFetcher:
    """Fetches small JSON documents over HTTPS.

    It connects to the address that was checked, because a second look-up may return another one.
    Redirects are not followed, and no proxy is used.

    resolve, allows, context, port: changed by tests only.
    """

    resolve: Resolve = resolve_name
    allows: Callable[[Address], bool] = is_public
    context: ssl.SSLContext = attrs.field(factory=ssl.create_default_context)
    port: int = HTTPS_PORT

    async def fetch(self, host: str, target: str) -> FetchedDocument:
        """The document at `https://{host}{target}`.

        Raises:
            FetchFailed: the document cannot be fetched or is not acceptable.
        """
        with trio.move_on_after(SECONDS):
            addresses = await self.resolve(host)
            if not addresses or not all(map(self.allows, addresses)):
                raise FetchFailed(f"{host} leads to an address that is not public")
            try:
                return await self._get(addresses[0], host, target)
            except (OSError, ConnectionEnded, NotHttp) as error:
                raise FetchFailed(f"{host}: {connect_error_text(error)}") from error
            except OnecBadResponse as error:
                limit = f"larger than {MAX_BODY_BYTES} bytes, or wrongly compressed"
                raise FetchFailed(f"the document of {host} is {limit}") from error
        raise FetchFailed(f"{host} did not answer within {SECONDS} s")

    async def _get(self, address: Address, host: str, target: str) -> FetchedDocument:
        tcp = await trio.open_tcp_stream(str(address), self.port)
        tls = trio.SSLStream(tcp, self.context, server_hostname=host, https_compatible=True)
        connection, reader = Connection(tcp, tls), _MetadataReader(max_bytes=MAX_BODY_BYTES)
        try:
            request = _REQUEST.format(target=target, host=host)
            await connection.exchange(request.encode("ascii"), reader)
        finally:
            connection.close()
        document = reader.finish()
        return FetchedDocument(body=document.body, max_age_seconds=_max_age(document.headers))


class _MetadataReader(ResponseReader):
    """Takes an answer if its head is that of a JSON document."""

    def begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        super().begin(status, headers)
        if status != HTTPStatus.OK:
            raise FetchFailed(f"the status is {status}, not 200")
        media_type = self.reply().headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise FetchFailed("the document is not JSON by its Content-Type")


def _max_age(headers: Mapping[str, str]) -> int | None:
    """The seconds for which Cache-Control lets a document be kept; None if it does not say."""
    for part in headers.get("cache-control", "").lower().split(","):
        name, _, value = part.strip().partition("=")
        if name in ("no-store", "no-cache"):
            return 0
        if name == "max-age" and value.isascii() and value.isdigit():
            return int(value[:9])
    return None
