"""Changes of what is offered, handed to the clients that listen for them (subscriptions/listen)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs
import trio

from onecgw.errors import RateLimited
from onecgw.mcp.providers import ListKind

MAX_LISTENERS_PER_CALLER: Final = 8
MAX_WATCHED_URIS: Final = 100


@attrs.frozen(kw_only=True)
class Filter:
    """What a client wants to hear of."""

    lists: frozenset[ListKind] = frozenset()
    uris: frozenset[str] = frozenset()


@attrs.frozen
class Change:
    """The list of a kind has changed, or, with a URI, that one resource."""

    kind: ListKind
    uri: str = ""


class Listener:
    """One open stream. A change that was not delivered yet is not queued twice."""

    def __init__(self, wanted: Filter) -> None:
        self._wanted = wanted
        self._changes: dict[Change, None] = {}
        self._something = trio.Event()
        self._closed = False

    def offer(self, change: Change) -> None:
        """Queue the change if it is wanted."""
        wanted = (
            change.uri in self._wanted.uris if change.uri else change.kind in self._wanted.lists
        )
        if wanted:
            self._changes[change] = None
            self._something.set()

    def close(self) -> None:
        """End the stream once what is queued has been delivered."""
        self._closed = True
        self._something.set()

    async def wait_changes(self) -> list[Change]:
        """The changes since the last time; empty when the server ends the stream."""
        if not self._closed:
            await self._something.wait()
        self._something = trio.Event()
        changes, self._changes = list(self._changes), {}
        return changes


class Hub:
    """All open streams of this process."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}
        self._closed = False

    @contextmanager
    def listening(self, sub: str, wanted: Filter) -> Iterator[Listener]:
        """A stream of the caller's.

        Raises:
            RateLimited: the caller has MAX_LISTENERS_PER_CALLER open already.
        """
        mine = self._listeners.setdefault(sub, [])
        if len(mine) >= MAX_LISTENERS_PER_CALLER:
            raise RateLimited(f"{MAX_LISTENERS_PER_CALLER} streams are open already; close one")
        listener = Listener(wanted)
        if self._closed:
            listener.close()
        mine.append(listener)
        try:
            yield listener
        finally:
            mine.remove(listener)
            if not mine:
                self._listeners.pop(sub, None)

    def notify_lists_changed(self, kind: ListKind) -> None:
        """Tell every client that listens that the tools, prompts or resources have changed."""
        self._offer(Change(kind))

    def notify_resource_updated(self, uri: str) -> None:
        """Tell every client that watches the resource."""
        self._offer(Change("resources", uri))

    def close(self) -> None:
        """End every stream in good order, and every later one at once."""
        self._closed = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.close()

    def _offer(self, change: Change) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.offer(change)
