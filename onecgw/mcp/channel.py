"""The way back to the client while its request runs."""

from collections.abc import Awaitable, Callable
from typing import Protocol


class Channel(Protocol):
    """What a transport offers to a running request."""

    @property
    def can_stream(self) -> bool:
        """Whether messages can be sent before the answer."""
        ...

    async def send(self, message: bytes) -> None:
        """Send a notification or a request; dropped if the channel cannot stream."""
        ...

    def pulse_with(self, pulse: Callable[[], Awaitable[None]]) -> None:
        """Have the transport call `pulse` once a second until the answer is there."""
        ...


class NoChannel:
    """A request that is answered in a batch: nothing can be sent before its answer."""

    can_stream = False

    async def send(self, message: bytes) -> None:
        """Drop it."""

    def pulse_with(self, pulse: Callable[[], Awaitable[None]]) -> None:
        """There is nothing to keep alive."""
