"""Whose request it is: the address of the client, also behind a proxy that is trusted."""

import ipaddress
from collections.abc import Iterable
from typing import Final

from onecgw.web.asgi import Request

IPV6_SITE_BITS: Final = 64  # one customer has at least this network, so it counts as one

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ClientAddresses:
    """Reads the client's address.

    Args:
        trusted: proxies whose X-Forwarded-For is believed, as `server.trusted_proxies`.
    """

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted: tuple[Network, ...] = tuple(map(ipaddress.ip_network, trusted))

    def of(self, request: Request) -> str:
        """The socket's peer, or what trusted proxies say of it.

        X-Forwarded-For is read from the right: its left is whatever the client wrote.
        """
        last = _parse(request.peer)
        if last is None:
            return request.peer
        if not self._trusts(last):
            return str(last)
        hops = [hop for line in request.values("x-forwarded-for") for hop in line.split(",")]
        while hops and self._trusts(last):
            hop = _parse(_without_port(hops.pop().strip()))
            if hop is None:
                break
            last = hop
        return str(last)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def limit_key(address: str) -> str:
    """What requests of an address are counted under: an IPv6 customer has many addresses."""
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_SITE_BITS), strict=False))
    return address


def _without_port(hop: str) -> str:
    """IIS writes `192.0.2.1:50123` and `[2001:db8::1]:50123`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    host, colon, _ = hop.partition(":")
    return host if colon and hop.count(":") == 1 else hop


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
