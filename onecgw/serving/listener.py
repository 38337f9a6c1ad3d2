"""Listening sockets, and ports that are bound before anything listens."""

import socket
from typing import Final

from onecgw.errors import ConfigError

BACKLOG: Final = 4_096  # a burst of connections from one address must not delay others


def listen(host: str, port: int, *, shares_port: bool = False) -> socket.socket:
    """Return a socket that listens. shares_port: whether other processes listen on it as well.

    Raises:
        ConfigError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server(
            (host, port), family=family, backlog=BACKLOG, reuse_port=shares_port
        )
    except (OSError, OverflowError) as error:
        raise ConfigError(f"cannot listen on {host} port {port}: {error}") from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def find_free_port(host: str) -> int:
    """Return a free port, for a server whose settings must contain its own address."""
    with listen(host, 0) as listener:
        port: int = listener.getsockname()[1]
        return port


def require_free_port(host: str, port: int, *, option: str) -> None:
    """Check that a port can be bound, before anything is built that takes time.

    Args:
        host: the address to bind.
        port: 0: a free one, which is always there.
        option: what changes the port, for the message.

    Raises:
        ConfigError: it cannot be bound.
    """
    try:
        listen(host, port).close()
    except ConfigError as error:
        raise ConfigError(f"{error}. Another port can be given with {option}") from error


def reserve_port(host: str, port: int) -> socket.socket:
    """Bind a port for processes that listen on it with `shares_port`, and do not listen.

    Raises:
        ConfigError: it cannot be bound.
    """
    # With SO_REUSEPORT alone, a second gateway of the same user would get half of the connections.
    with listen(host, port) as free:
        reserved = socket.socket(free.family)
    try:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            reserved.setsockopt(socket.SOL_SOCKET, option, 1)
        reserved.bind((host, port))
    except OSError as error:
        reserved.close()
        raise ConfigError(f"cannot listen on {host} port {port}: {error}") from error
    return reserved
