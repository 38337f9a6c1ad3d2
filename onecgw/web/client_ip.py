"""The IP address of the client, also behind trusted proxies."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from onecgw.web.asgi import Request

KEPT_ADDRESSES: Final = 4_096  # looked up once; every request names one
IPV6_SITE_BITS: Final = 64  # the smallest network of one customer

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ClientAddresses:
    """Finds the address of the client.

    Args:
        trusted: the proxies of `server.trusted_proxies`; only their X-Forwarded-For is used.
    """

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted: tuple[Network, ...] = tuple(map(ipaddress.ip_network, trusted))
        self._look_up = lru_cache(maxsize=KEPT_ADDRESSES)(self._look_up_anew)

    def of(self, request: Request) -> str:
        """The address of the socket's peer, or of the client before the trusted proxies.

        X-Forwarded-For is read from the right, because the client can send its left part itself.
        """
        last = self._look_up(request.peer)
        if last is None:
            return request.peer
        address, is_trusted = last
        if not is_trusted:
            return address
        hops = [hop for line in request.values("x-forwarded-for") for hop in line.split(",")]
        while hops and is_trusted:
            last = self._look_up(_without_port(hops.pop().strip()))
            if last is None:
                break
            address, is_trusted = last
        return address

    def _look_up_anew(self, text: str) -> tuple[str, bool] | None:
        """Return the address and whether it is that of a trusted proxy; None if it is none."""
        address = parse_address(text)
        if address is None:
            return None
        return str(address), any(address in network for network in self._trusted)


def limit_key(address: str) -> str:
    """The key of rate limits for an address: of an IPv6 address, its network of IPV6_SITE_BITS."""
    parsed = parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_SITE_BITS), strict=False))
    return address


def _without_port(hop: str) -> str:
    """The address without the port that IIS appends: `192.0.2.1:50123`, `[2001:db8::1]:50123`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    host, colon, _ = hop.partition(":")
    return host if colon and hop.count(":") == 1 else hop


def parse_address(text: str) -> Address | None:
    """The IP address in a text, an IPv4 address in IPv6 as IPv4; None if the text is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
