"""Open `subscriptions/listen` streams, and the changes that are sent on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs
import trio

from onecgw.errors import RateLimited
from onecgw.mcp.providers import ListKind

MAX_SUBSCRIPTIONS_PER_CALLER: Final = 8
MAX_WATCHED_URIS: Final = 100


@attrs.frozen(kw_only=True)
class SubscriptionFilter:
    """The lists and resources whose changes a client wants."""

    lists: frozenset[ListKind] = frozenset()
    uris: frozenset[str] = frozenset()


@attrs.frozen
class ListChange:
    """The list of a kind has changed or, with a URI, that one resource."""

    kind: ListKind
    uri: str = ""


class Subscription:
    """One open stream of a caller. A change that waits to be sent is not queued twice."""

    def __init__(self, sub: str, wanted: SubscriptionFilter) -> None:
        self.sub: Final = sub
        self._wanted = wanted
        self._changes: dict[ListChange, None] = {}
        self._wake = trio.Event()
        self._closed = False

    def offer(self, change: ListChange) -> None:
        """Queue the change if the client wants it."""
        wanted = (
            change.uri in self._wanted.uris if change.uri else change.kind in self._wanted.lists
        )
        if wanted:
            self._changes[change] = None
            self._wake.set()

    def close(self) -> None:
        """End the stream after the queued changes."""
        self._closed = True
        self._wake.set()

    async def wait_changes(self) -> list[ListChange]:
        """Wait for changes and return them; an empty list means that the stream has ended."""
        if not self._closed:
            await self._wake.wait()
        self._wake = trio.Event()
        changes, self._changes = list(self._changes), {}
        return changes


class Subscriptions:
    """All open streams of this process."""

    def __init__(self) -> None:
        self._open: list[Subscription] = []
        self._closed = False

    @contextmanager
    def subscribed(self, sub: str, wanted: SubscriptionFilter) -> Iterator[Subscription]:
        """Open a stream for the caller.

        Raises:
            RateLimited: the caller has MAX_SUBSCRIPTIONS_PER_CALLER open already.
        """
        if sum(other.sub == sub for other in self._open) >= MAX_SUBSCRIPTIONS_PER_CALLER:
            raise RateLimited(f"{MAX_SUBSCRIPTIONS_PER_CALLER} streams are open already; close one")
        subscription = Subscription(sub, wanted)
        if self._closed:
            subscription.close()
        self._open.append(subscription)
        try:
            yield subscription
        finally:
            self._open.remove(subscription)

    def notify_lists_changed(self, kind: ListKind) -> None:
        """Send the clients that subscribed to it a change of the tools, prompts or resources."""
        self._offer(ListChange(kind))

    def notify_resource_updated(self, uri: str) -> None:
        """Send the clients that subscribed to it a change of one resource."""
        self._offer(ListChange("resources", uri))

    def close(self) -> None:
        """End every open stream, and every later one as soon as it is opened."""
        self._closed = True
        for subscription in self._open:
            subscription.close()

    def _offer(self, change: ListChange) -> None:
        for subscription in self._open:
            subscription.offer(change)
