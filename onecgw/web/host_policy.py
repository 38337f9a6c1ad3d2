"""The accepted Host and Origin headers: the guard against DNS rebinding."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import attrs

from onecgw.settings import ServerSettings
from onecgw.web.client_ip import parse_address

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


@attrs.frozen(kw_only=True)
class HostPolicy:
    """The hosts of the gateway, and the browser origins that may call it.

    hosts: without ports; None = any, if the gateway listens beyond loopback and no name is set.
    origins: compared exactly. allows_loopback_origins: whether loopback is allowed on any port.
    """

    hosts: frozenset[str] | None
    origins: frozenset[str]
    allows_loopback_origins: bool

    def allows_host(self, values: Sequence[str]) -> bool:
        """Whether a request has exactly one Host, and it is one of the gateway's.

        Args:
            values: of its `Host` fields.
        """
        if len(values) != 1:
            return False
        name = _host_name(values[0])
        return (
            self.hosts is None
            or name in self.hosts
            # In DNS rebinding, Host is a name of the attacker, never an IP address. Probes and
            # people on the network use addresses.
            or (not self.allows_loopback_origins and parse_address(name.strip("[]")) is not None)
        )

    def allows_origin(self, origin: str) -> bool:
        """Whether pages of an origin may call the gateway; `null` never may."""
        if origin in self.origins:
            return True
        if not self.allows_loopback_origins:
            return False
        scheme, _, host = origin.partition("://")
        return scheme in ("http", "https") and _host_name(host) in LOOPBACK_NAMES


def make_host_policy(server: ServerSettings, issuer: str = "") -> HostPolicy:
    """The policy that follows from the listening address, `allowed_hosts` and the public URLs."""
    is_loopback = _is_loopback(server.host)
    names = {_host_name(name) for name in server.allowed_hosts}
    origins = set(server.allowed_origins)
    for url in filter(None, (server.public_url, issuer)):
        names.add(_host_name(urlsplit(url).netloc))
        origins.add(url)
    return HostPolicy(
        hosts=frozenset(names | LOOPBACK_NAMES) if names or is_loopback else None,
        origins=frozenset(origins),
        allows_loopback_origins=is_loopback,
    )


def _host_name(value: str) -> str:
    """The host without its port, in lower case; an IPv6 address keeps its brackets."""
    name, colon, port = value.lower().rpartition(":")
    return name if colon and port.isascii() and port.isdigit() else value.lower()


def _is_loopback(host: str) -> bool:
    address = parse_address(host.strip("[]"))
    return host.lower() == "localhost" if address is None else address.is_loopback
