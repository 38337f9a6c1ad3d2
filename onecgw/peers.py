"""What the worker processes of one gateway send to each other; one process has no peers."""

from collections.abc import Callable
from typing import Any, Final

Handler = Callable[[Any], object]
"""Takes one value that another process published."""

CANCELLED: Final = "mcp.cancelled"
RESPONDED: Final = "mcp.responded"
LOG_LEVEL: Final = "mcp.log_level"
CALL_RATE: Final = "gateway.call_rate"
LOGIN_RATE: Final = "oauth.rate"
WRONG_KEY: Final = "oauth.wrong_key"
SCRAPE: Final = "metrics.scrape"
SCRAPED: Final = "metrics.scraped"


class Peers:
    """The other processes: a value that is published reaches each of them once, in order.

    A topic has one handler, the last one that was set: that of the settings in use.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._send: Callable[[str, object], None] | None = None

    def connect(self, send: Callable[[str, object], None]) -> None:
        """Set what carries a topic and its value to the other processes."""
        self._send = send

    def subscribe(self, topic: str, handler: Handler) -> None:
        """Set what is done with the values of a topic."""
        self._handlers[topic] = handler

    def publish(self, topic: str, value: object) -> None:
        """Send a value to the other processes; do nothing if there are none."""
        if self._send is not None:
            self._send(topic, value)

    def deliver(self, topic: str, value: object) -> None:
        """Handle a value that another process published."""
        handler = self._handlers.get(topic)
        if handler is not None:
            handler(value)
