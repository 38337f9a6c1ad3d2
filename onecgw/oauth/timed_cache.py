"""A cache whose concurrent loads of one key are a single load."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import attrs
import trio

T = TypeVar("T")
Loader = Callable[[], Awaitable[tuple[T, float]]]
"""Returns a value and for how many seconds it may be kept; 0: it is only given to the waiters."""


@attrs.frozen(kw_only=True)
class _CachedValue(Generic[T]):
    value: T
    loaded_at: float
    kept_seconds: float


@attrs.define
class _Load(Generic[T]):
    """A load that is running. entry: None until it has succeeded."""

    ended: trio.Event = attrs.field(factory=trio.Event)
    entry: _CachedValue[T] | None = None


class TimedCache(Generic[T]):
    """Keeps values by key, each for its own time.

    Args:
        max_entries: the oldest entry is dropped beyond that.
        now: the clock, in seconds since the epoch.
    """

    def __init__(self, *, max_entries: int, now: Callable[[], float]) -> None:
        self._max_entries = max_entries
        self._now = now
        self._entries: OrderedDict[Hashable, _CachedValue[T]] = OrderedDict()
        self._loads: dict[Hashable, _Load[T]] = {}

    async def get(self, key: Hashable, load: Loader[T]) -> T:
        """The value of a key, loaded if it is not kept.

        Cancellation and failure of the loading caller are not shared: the next waiter loads.
        """
        while True:
            entry = self._entries.get(key)
            # After the clock was set back, `loaded_at` lies in the future: the entry is then as old
            # as the difference, or it would be kept until the clock gets there again.
            if entry is not None and abs(self._now() - entry.loaded_at) < entry.kept_seconds:
                return entry.value
            running = self._loads.get(key)
            if running is None:
                return await self._load(key, load)
            await running.ended.wait()
            if running.entry is not None:
                return running.entry.value

    async def _load(self, key: Hashable, load: Loader[T]) -> T:
        running = self._loads[key] = _Load()
        try:
            value, kept_seconds = await load()
            entry = _CachedValue(value=value, loaded_at=self._now(), kept_seconds=kept_seconds)
            running.entry = entry
            self._entries.pop(key, None)
            if kept_seconds:
                self._entries[key] = entry
                if len(self._entries) > self._max_entries:
                    self._entries.popitem(last=False)
            return value
        finally:
            del self._loads[key]
            running.ended.set()
